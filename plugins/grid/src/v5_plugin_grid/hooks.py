"""Calls at sale time: none.

SAF-T is an export made after the sale; a till that wants benefits at the sale calls the agent's REST or SOAP operations, and the sale
comes here again later as the same document. GRID's receipts are captured from their fiscal QR code; no layout of its own exists yet.
"""

from __future__ import annotations

from typing import Final

from v5_core.plugins import Support, SupportLevel

__all__ = ["HOOK_DIALECT", "RECEIPT_LAYOUT"]

HOOK_DIALECT: Final = Support(SupportLevel.UNSUPPORTED)
RECEIPT_LAYOUT: Final = Support(SupportLevel.NOT_IMPLEMENTED)
