"""V5's adapter for PHC CS: reads sales, their later changes, customers and articles from PHC's own database."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from v5_core.errors import ConfigError, V5Error
from v5_core.plugins import Batch, CheckResult, Cursor, Manifest, PluginConfig, Stream
from v5_core.sources.sql import reading
from v5_plugin_phc.config import PhcConfig
from v5_plugin_phc.manifest import MANIFEST
from v5_plugin_phc.queries import Shape
from v5_plugin_phc.reader import Reader, shape_of

__all__ = ["PhcPlugin", "plugin"]


class PhcPlugin:
    """The plugin. Its memory is a convenience, lost without harm: which columns a database has, and when its days were last compared."""

    manifest: Manifest = MANIFEST

    def __init__(self) -> None:
        self._agreed: dict[tuple[str, str, Stream], datetime] = {}
        self._shapes: dict[str, tuple[datetime, Shape]] = {}

    def check(self, config: PluginConfig, *, now: datetime) -> CheckResult:
        """Connects, looks for tables and columns, and reads the company's record."""
        settings = _settings(config)
        try:
            with reading(settings.url, seconds=settings.timeout_seconds) as connection:
                shape = shape_of(connection)
                name, tax_number = Reader(connection, settings, shape, now=now, recount=False).company()
        except V5Error as error:
            return CheckResult(ok=False, problem=error.message)
        scan = "ftid" if "ftid" in shape["ft"] else "date and time"
        series = "yes" if shape["serieat"] else "no"
        tax = settings.tax_number or tax_number
        details = {"company": name, "tax number": tax, "scan": scan, "communicated series": series}
        if not tax:
            return CheckResult(
                ok=False, problem="the issuer's tax number is unknown: set `tax_number`, or grant SELECT on e1", details=details
            )
        return CheckResult(ok=True, details=details)

    def read(self, stream: Stream, cursor: Cursor | None, limit: int, *, config: PluginConfig, now: datetime) -> Batch:
        """Up to `limit` records; see `reader`."""
        settings = _settings(config)
        key = (settings.place, settings.source, stream)
        agreed = self._agreed.get(key)
        due = agreed is None or not timedelta() <= now - agreed < timedelta(minutes=settings.rescan_minutes)
        with reading(settings.url, seconds=settings.timeout_seconds) as connection:
            reader = Reader(connection, settings, self._shape(connection, settings, now), now=now, recount=due)
            try:
                batch = reader.read(stream, cursor, limit)
            except DBAPIError:
                self._shapes.pop(settings.place, None)  # perhaps the ERP was upgraded: look at its columns again next time
                raise
        if reader.counts_agree:
            self._agreed[key] = now
        return batch

    def _shape(self, connection: Connection, settings: PhcConfig, now: datetime) -> Shape:
        """Columns of this database; looked up once an hour, for it takes a statement a table."""
        known = self._shapes.get(settings.place)
        if known is None or not timedelta() <= now - known[0] < timedelta(hours=1):
            known = self._shapes[settings.place] = (now, shape_of(connection))
        return known[1]

    def acknowledge(self, stream: Stream, cursor: Cursor | None, *, config: PluginConfig) -> None:
        """Nothing to do: the database keeps its rows."""

    def receipt_layouts(self) -> tuple[str, ...]:
        """None yet: PHC's receipts are captured from the fiscal QR code."""
        return ()


def _settings(config: PluginConfig) -> PhcConfig:
    if not isinstance(config, PhcConfig):
        raise ConfigError("these are not settings of the PHC plugin")
    return config


plugin: Final = PhcPlugin()
