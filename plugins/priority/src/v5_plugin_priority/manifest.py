"""Who the plugin is and what it can do. Declare a capability when its tests in the kit pass, not before."""

from __future__ import annotations

from typing import Final

from v5_core.plugins import Capability, Manifest, Support, SupportLevel
from v5_plugin_priority.config import PriorityConfig
from v5_plugin_priority.hooks import HOOK_DIALECT, RECEIPT_LAYOUT
from v5_plugin_priority.writer import WRITE_CUSTOMERS

__all__ = ["MANIFEST"]

_NOT_YET: Final = Support(SupportLevel.NOT_IMPLEMENTED)

MANIFEST: Final = Manifest(
    slug="priority",
    title="Priority",
    vendor="V5",
    version="0.1.0",
    config_model=PriorityConfig,
    capabilities={
        Capability.READ_DOCUMENTS: _NOT_YET,
        Capability.READ_DOCUMENT_CHANGES: _NOT_YET,
        Capability.READ_CUSTOMERS: _NOT_YET,
        Capability.READ_PRODUCTS: _NOT_YET,
        Capability.WRITE_CUSTOMERS: WRITE_CUSTOMERS,
        Capability.HOOK_DIALECT: HOOK_DIALECT,
        Capability.RECEIPT_LAYOUT: RECEIPT_LAYOUT,
    },
)
