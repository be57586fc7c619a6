"""Reading the ERPs: one runner per source; whatever a plugin does, the others and the tills go on."""

from __future__ import annotations

import json
import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import pydantic

from v5_agent.bounded import Bounded, HangingError
from v5_agent.config import SourceConfig, wrong_settings
from v5_agent.outbox import Outbox
from v5_core.errors import AuthError, ConfigError, ContractViolationError, FatalError, RecordRejectedError, RetryableError
from v5_core.model import Customer, Product, SalesDocument
from v5_core.plugins import Batch, Capability, CheckResult, Cursor, LoadedPlugin, Plugin, PluginConfig, Rejected, Stream

__all__ = ["PollReport", "Source", "SourceState"]

_log = logging.getLogger(__name__)
_STREAMS: Final = {
    Stream.CUSTOMERS: (Capability.READ_CUSTOMERS, Customer),
    Stream.PRODUCTS: (Capability.READ_PRODUCTS, Product),
    Stream.DOCUMENTS: (Capability.READ_DOCUMENTS, SalesDocument),
    Stream.DOCUMENT_CHANGES: (Capability.READ_DOCUMENT_CHANGES, SalesDocument),
}
_SETTINGS_WAIT: Final = timedelta(minutes=5)
_LONGEST_WAIT: Final = 300.0
_REREAD: Final = "reread:"
_LONGEST_FINDING: Final = 500


@dataclass(slots=True)
class PollReport:
    """What one poll of one source did."""

    read: int = 0
    captured: int = 0
    rejected: int = 0
    problem: str = ""


@dataclass(slots=True)
class SourceState:
    """What the health page says of a source."""

    ok: bool = True
    problem: str = ""
    failures: int = 0
    last_read: datetime | None = None
    last_record: datetime | None = None
    stopped: bool = False
    not_before: datetime | None = None
    findings: deque[str] = field(default_factory=lambda: deque(maxlen=20))


class Source:
    """One configured ERP. `poll` is called by one thread at a time; a second caller waits."""

    def __init__(
        self,
        config: SourceConfig,
        loaded: LoadedPlugin | None,
        outbox: Outbox,
        clock: Callable[[], datetime],
        *,
        zone: str,
        store: str,
        timeout: float,
    ) -> None:
        self.config = config
        self.key = config.key
        self.state = SourceState()
        self._outbox = outbox
        self._clock = clock
        self._timeout = timeout
        self._lock = threading.Lock()
        self._reads = Bounded(self.key)
        self._checks = Bounded(f"{self.key}-check")
        self._plugin: Plugin | None = None
        self._settings: PluginConfig | None = None
        try:
            self._plugin, self._settings = self._ready(loaded, zone, store)
        except ConfigError as error:
            self._stop(error.message)

    def check(self) -> CheckResult:
        """Can the ERP be reached and read? Never raises."""
        if self._plugin is None or self._settings is None:
            return CheckResult(ok=False, problem=self.state.problem)
        call = partial(self._plugin.check, self._settings, now=self._clock())
        try:
            found: object = self._checks.call(call, min(self._timeout, 30.0))
            if not isinstance(found, CheckResult):
                raise ContractViolationError(f"check gave {type(found).__name__}, not a CheckResult")
            return found
        except Exception as error:  # noqa: BLE001 - a vendor's code may raise anything
            return CheckResult(ok=False, problem=_words(error))

    def poll(self, stop: threading.Event, *, force: bool = False) -> PollReport:
        """Reads every stream until nothing more is there. Never raises.

        Args:
            stop: Set when the agent ends; a long first read stops between two batches.
            force: A person asked: the waiting time after a failure is not observed.
        """
        with self._lock:
            report = PollReport()
            if self._plugin is None or (self.state.stopped and not force):
                report.problem = self.state.problem
                return report
            if not force and self.state.not_before and self.state.not_before > self._clock():
                report.problem = self.state.problem
                return report
            try:
                for stream, (capability, _) in _STREAMS.items():
                    if self._plugin.manifest.supports(capability):
                        self._drain(stream, stream.value, report, stop, since=None)
                self._rereads(report, stop)
            except Exception as error:  # noqa: BLE001 - a vendor's code may raise anything, and must not take the agent down
                self._failed(error)
                report.problem = self.state.problem
            else:
                self._recovered()
            return report

    def abandon(self) -> None:
        """The agent ends; a plugin that hangs is left behind."""
        self._reads.abandon()
        self._checks.abandon()

    def reread(self, stream: str, since: datetime | None, signal_id: str) -> None:
        """Notes a wish to read again; the next polls do it beside the live reading, with a cursor of its own."""
        wanted = [one for one in _STREAMS if one.value == stream or not stream]
        with self._outbox.transaction() as tx:
            for one in wanted:
                mark = json.dumps({"since": since.isoformat() if since else "", "stream": one.value})
                tx.execute("INSERT OR IGNORE INTO meta (key, value) VALUES (?, ?)", (f"{_REREAD}{self.key}:{signal_id}:{one.value}", mark))

    # ── inside ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
    def _ready(self, loaded: LoadedPlugin | None, zone: str, store: str) -> tuple[Plugin, PluginConfig]:
        if loaded is None:
            raise ConfigError(f"no plugin {self.config.slug!r} is installed: see `v5-agent plugins list`")
        if loaded.plugin is None:
            raise ConfigError(f"the plugin {loaded.slug!r} cannot be loaded: {loaded.problem}")
        model = loaded.plugin.manifest.config_model
        settings = dict(self.config.config)
        for name, value in (
            ("zone", self.config.zone or zone),
            ("timezone", self.config.zone or zone),
            ("store", store),
            ("source", self.key),
        ):
            if name in model.model_fields and name not in settings and value:
                settings[name] = value
        try:
            return loaded.plugin, model.model_validate(settings)
        except pydantic.ValidationError as error:
            raise ConfigError(f"[[source]] {self.key}: {wrong_settings(error)}") from None

    def _drain(
        self, stream: Stream, mark: str, report: PollReport, stop: threading.Event, *, since: datetime | None, again: bool = False
    ) -> bool:
        while not stop.is_set():
            cursor = self._outbox.cursor(self.key, mark)
            batch = self._read(stream, cursor)
            records = [one for one in batch.records if since is None or not isinstance(one, SalesDocument) or one.issued_at >= since]
            now = self._clock()
            if records or batch.rejected or batch.cursor != cursor:
                report.captured += self._outbox.capture(self.key, mark, records, batch.rejected, batch.cursor, now, again=again)
                self._acknowledge(stream, batch.cursor)
            report.read += len(batch.records)
            report.rejected += len(batch.rejected)
            self.state.last_read = now
            self.state.last_record = now if batch.records else self.state.last_record
            self.state.findings.extend(finding[:_LONGEST_FINDING] for finding in batch.findings)
            if batch.complete:
                return True
            if batch.cursor == cursor:
                raise ContractViolationError("read says there is more but does not move its cursor")
        return False

    def _read(self, stream: Stream, cursor: Cursor | None) -> Batch:
        plugin, settings = self._loaded()
        call = partial(plugin.read, stream, cursor, self.config.limit, config=settings, now=self._clock())
        batch: object = self._reads.call(call, self._timeout)
        if not isinstance(batch, Batch):
            raise ContractViolationError(f"read gave {type(batch).__name__}, not a Batch")
        expected = _STREAMS[stream][1]
        if any(not isinstance(one, expected) for one in batch.records):
            raise ContractViolationError(f"the stream {stream.value} may only give {expected.__name__} records")
        try:
            json.dumps(batch.cursor)
        except (TypeError, ValueError):
            raise ContractViolationError("the cursor is not JSON") from None
        return batch

    def _acknowledge(self, stream: Stream, cursor: Cursor | None) -> None:
        # The rows are safe; a plugin that cannot tidy up behind itself is a finding, not a reason to stop.
        plugin, settings = self._loaded()
        try:
            self._reads.call(partial(plugin.acknowledge, stream, cursor, config=settings), self._timeout)
        except HangingError:
            raise
        except Exception as error:  # noqa: BLE001 - a vendor's code may raise anything
            self.state.findings.append(f"after reading {stream.value}: {_words(error)}")
            _log.warning("source %s could not acknowledge %s: %s", self.key, stream.value, type(error).__name__)

    def _rereads(self, report: PollReport, stop: threading.Event) -> None:
        for row in self._outbox.db.read("SELECT key, value FROM meta WHERE key LIKE ? ORDER BY key", (f"{_REREAD}{self.key}:%",)):
            wish = json.loads(row["value"])
            since = datetime.fromisoformat(wish["since"]) if wish["since"] else None
            stream, mark = Stream(wish["stream"]), str(row["key"])
            supported = self._plugin is not None and self._plugin.manifest.supports(_STREAMS[stream][0])
            if not supported or self._drain(stream, mark, report, stop, since=since, again=True):
                with self._outbox.transaction() as tx:
                    tx.execute("DELETE FROM meta WHERE key = ?", (mark,))
                    tx.execute("DELETE FROM watermark WHERE source = ? AND stream = ?", (self.key, mark))

    def _loaded(self) -> tuple[Plugin, PluginConfig]:
        if self._plugin is None or self._settings is None:
            raise ConfigError(self.state.problem)
        return self._plugin, self._settings

    def _failed(self, error: Exception) -> None:
        state, now = self.state, self._clock()
        state.failures += 1
        first = state.ok
        state.ok, state.problem = False, _words(error)
        wait = timedelta(seconds=min(_LONGEST_WAIT, 2.0 ** min(state.failures, 9)))
        if isinstance(error, RecordRejectedError):
            rejected = Rejected(error.ref, error.error_code, error.message)
            with self._outbox.transaction() as tx:
                self._outbox.set_aside(tx, self.key, rejected, now)
        elif isinstance(error, ConfigError | AuthError):
            wait = _SETTINGS_WAIT
        elif isinstance(error, RetryableError) and error.retry_after is not None:
            wait = timedelta(seconds=error.retry_after)
        elif isinstance(error, FatalError) and error.error_code in {"disk", "corrupt"}:
            # Ours, not the plugin's: nothing was dropped, the cursor stands where it was, and it goes on once there is room.
            wait = timedelta(0)
            _log.critical("capture from %s stops: %s", self.key, error.message)
        elif isinstance(error, FatalError | ContractViolationError):
            self._stop(state.problem)
        state.not_before = now + wait
        if first:
            _log.error("source %s: %s", self.key, state.problem)

    def _recovered(self) -> None:
        if not self.state.ok:
            _log.warning("source %s reads again", self.key)
        self.state.ok, self.state.problem, self.state.failures = True, "", 0
        self.state.not_before, self.state.stopped = None, False

    def _stop(self, problem: str) -> None:
        self.state.ok, self.state.stopped, self.state.problem = False, True, problem


def _words(error: Exception) -> str:
    # Only what was meant for people is shown: a driver's message may hold the connection string.
    message = getattr(error, "message", None)
    return str(message) if message else f"unexpected {type(error).__name__} in the plugin"
