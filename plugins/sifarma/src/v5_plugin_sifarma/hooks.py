"""Sifarma's own calls at sale time and its receipts: not implemented."""

from __future__ import annotations

from typing import Final

from v5_core.plugins import Support, SupportLevel

__all__ = ["HOOK_DIALECT", "RECEIPT_LAYOUT"]

HOOK_DIALECT: Final = Support(SupportLevel.NOT_IMPLEMENTED)
RECEIPT_LAYOUT: Final = Support(SupportLevel.NOT_IMPLEMENTED)
