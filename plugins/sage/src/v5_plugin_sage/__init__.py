"""V5's adapter for Sage."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from v5_core.errors import ConfigError
from v5_core.plugins import Batch, CheckResult, Cursor, Manifest, PluginConfig, Stream
from v5_plugin_sage import reader
from v5_plugin_sage.config import SageConfig
from v5_plugin_sage.manifest import MANIFEST

__all__ = ["SagePlugin", "plugin"]


class SagePlugin:
    """What the entry point gives. It is synchronous; the runner owns threads, time-outs, the outbox and the cloud."""

    manifest: Manifest = MANIFEST

    def check(self, config: PluginConfig, *, now: datetime) -> CheckResult:
        """Whether Sage can be reached and read."""
        return reader.check(_settings(config))

    def read(self, stream: Stream, cursor: Cursor | None, limit: int, *, config: PluginConfig, now: datetime) -> Batch:
        """One batch after the cursor; an empty one leaves the cursor as it is."""
        return reader.read(stream, cursor, limit, _settings(config), now=now)

    def acknowledge(self, stream: Stream, cursor: Cursor | None, *, config: PluginConfig) -> None:
        """The batch is durable; a file adapter archives its file here."""

    def receipt_layouts(self) -> tuple[str, ...]:
        """Layouts for capture from print; none."""
        return ()


def _settings(config: PluginConfig) -> SageConfig:
    if not isinstance(config, SageConfig):
        raise ConfigError("these are not settings of the Sage plugin")
    return config


plugin: Final = SagePlugin()
