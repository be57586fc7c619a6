"""SAF-T (PT) 1.00_01 to 1.04_01, read as a stream and leniently: what real files get wrong is repaired, reported, or rejected alone.

::

    with read(path, zone=ZoneInfo("Europe/Lisbon"), store="L1") as file:
        for item in file:           # Customer, Product, SalesDocument, Rejected, Finding; in the file's order, findings last
            ...
        file.header                 # known from the first item on
"""

from v5_core.sources.saft._checks import load_key
from v5_core.sources.saft._reader import Contents, Item, SaftFile, read
from v5_core.sources.saft._types import Finding, Header

__all__ = ["Contents", "Finding", "Header", "Item", "SaftFile", "load_key", "read"]
