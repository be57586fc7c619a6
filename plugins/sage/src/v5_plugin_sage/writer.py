"""Writing back to Sage: not implemented.

Sage 100 chains its documents by hash and 50c by signature: nothing may ever be inserted into their tables from outside.
"""

from __future__ import annotations

from typing import Final

from v5_core.plugins import Support, SupportLevel

__all__ = ["WRITE_CUSTOMERS"]

WRITE_CUSTOMERS: Final = Support(SupportLevel.NOT_IMPLEMENTED)
