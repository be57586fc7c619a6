"""Settings of one Sifarma installation."""

from __future__ import annotations

from pydantic import Field

from v5_core.model import Code
from v5_core.plugins import PluginConfig
from v5_core.sources.localtime import Zone

__all__ = ["SifarmaConfig"]


class SifarmaConfig(PluginConfig):
    """Where Sifarma puts its exports, and which pharmacy it serves.

    Attributes:
        export_folder: Folder of the Infoprex export (Sifarma 2000 writes to `PRODUTOS` in `EXPORTDATA` on its own disk).
        source: Name of this installation; never change it afterwards, it is part of every document's identity.
        store: Store code in V5.
        zone: IANA zone of the pharmacy's clocks.
    """

    export_folder: str = Field(min_length=1, max_length=1000)
    source: Code = "sifarma"
    store: Code
    zone: Zone = "Europe/Lisbon"
