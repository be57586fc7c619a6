"""Who the plugin is and what it can do."""

from __future__ import annotations

from typing import Final

from v5_core.plugins import Capability, Manifest, Support, SupportLevel
from v5_plugin_phc.config import PhcConfig
from v5_plugin_phc.hooks import HOOK_DIALECT, RECEIPT_LAYOUT
from v5_plugin_phc.writer import WRITE_CUSTOMERS

__all__ = ["MANIFEST"]

MANIFEST: Final = Manifest(
    slug="phc",
    title="PHC CS",
    vendor="V5",
    version="0.1.0",
    config_model=PhcConfig,
    capabilities={
        Capability.READ_DOCUMENTS: Support(SupportLevel.FULL),
        Capability.READ_DOCUMENT_CHANGES: Support(SupportLevel.FULL),
        Capability.READ_CUSTOMERS: Support(SupportLevel.FULL),
        Capability.READ_PRODUCTS: Support(SupportLevel.FULL),
        Capability.WRITE_CUSTOMERS: WRITE_CUSTOMERS,
        Capability.HOOK_DIALECT: HOOK_DIALECT,
        Capability.RECEIPT_LAYOUT: RECEIPT_LAYOUT,
    },
)
