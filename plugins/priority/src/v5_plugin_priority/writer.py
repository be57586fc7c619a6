"""Writing back to Priority: not implemented."""

from __future__ import annotations

from typing import Final

from v5_core.plugins import Support, SupportLevel

__all__ = ["WRITE_CUSTOMERS"]

WRITE_CUSTOMERS: Final = Support(SupportLevel.NOT_IMPLEMENTED)
