"""PHC's own calls at sale time: not implemented.

PHC CS Web raises events (`AposAssinatura`, `AposCancelar`) whose reaction is a script; such a script can call the agent's REST or
SOAP operations as they are, so that no dialect is needed for it. No layout for PHC's receipts exists yet: they are captured from the
fiscal QR code.
"""

from __future__ import annotations

from typing import Final

from v5_core.plugins import Support, SupportLevel

__all__ = ["HOOK_DIALECT", "RECEIPT_LAYOUT"]

HOOK_DIALECT: Final = Support(SupportLevel.NOT_IMPLEMENTED)
RECEIPT_LAYOUT: Final = Support(SupportLevel.NOT_IMPLEMENTED)
