"""The vendor's contract: what a plugin is, how it is found, and what it may raise."""

from v5_core.plugins._contract import (
    CONTRACT_VERSION,
    Batch,
    Capability,
    Change,
    CheckResult,
    Cursor,
    Manifest,
    Plugin,
    PluginConfig,
    Record,
    Rejected,
    Stream,
    Support,
    SupportLevel,
)
from v5_core.plugins._loading import LoadedPlugin, load_plugins

__all__ = [
    "CONTRACT_VERSION",
    "Batch",
    "Capability",
    "Change",
    "CheckResult",
    "Cursor",
    "LoadedPlugin",
    "Manifest",
    "Plugin",
    "PluginConfig",
    "Record",
    "Rejected",
    "Stream",
    "Support",
    "SupportLevel",
    "load_plugins",
]
