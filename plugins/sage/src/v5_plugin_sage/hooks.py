"""Sage's own calls at sale time and its receipts: not implemented.

Sage 50c calls an extender (`OnValidating`, `OnSave`, `OnAction` for discounts) inside its own 32-bit Windows process; such an extender
would call the agent's REST operations.
"""

from __future__ import annotations

from typing import Final

from v5_core.plugins import Support, SupportLevel

__all__ = ["HOOK_DIALECT", "RECEIPT_LAYOUT"]

HOOK_DIALECT: Final = Support(SupportLevel.NOT_IMPLEMENTED)
RECEIPT_LAYOUT: Final = Support(SupportLevel.NOT_IMPLEMENTED)
