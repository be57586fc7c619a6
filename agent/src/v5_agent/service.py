"""The running agent: what is polled when, what follows what, and how it ends."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self

from apscheduler.executors.pool import ThreadPoolExecutor as SchedulerPool
from apscheduler.schedulers.background import BackgroundScheduler

import v5_agent
from v5_agent import health, signals
from v5_agent.capture import PollReport, Source
from v5_agent.client import Action, CloudClient, LineDownError
from v5_agent.config import AgentConfig
from v5_agent.effects import Effects
from v5_agent.identity import Identity
from v5_agent.line import Line
from v5_agent.local import Local
from v5_agent.notify import notify
from v5_agent.outbox import FILE, Outbox
from v5_agent.replica import ReplicaStore, pull
from v5_agent.sender import PAUSED, Sender, SendReport
from v5_agent.till import Till
from v5_core.errors import FatalError
from v5_core.plugins import LoadedPlugin
from v5_core.push import Signal

__all__ = ["Agent", "utc_now"]

_log = logging.getLogger(__name__)
_CHECK_SECONDS: Final = 120


def utc_now() -> datetime:
    """The machine's clock: the one place where it is read."""
    return datetime.now(UTC)


class Agent:
    """All parts joined. `start` begins the loops; without it every step can be called by itself."""

    def __init__(
        self,
        folder: Path,
        config: AgentConfig,
        identity: Identity | None,
        plugins: Mapping[str, LoadedPlugin],
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.folder = folder
        self.config = config
        self.identity = identity
        self._clock = clock
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._scheduler: BackgroundScheduler | None = None
        self._threads: list[threading.Thread] = []
        self._checks: dict[str, str] = {}
        self._pull_lock = threading.Lock()
        self._wanted_replica = 0
        timing = config.timing
        self.outbox = Outbox(folder / FILE)
        try:
            self.replica = ReplicaStore(folder, zone=config.store.zone, language=config.store.language)
        except BaseException:
            self.outbox.close()
            raise
        self.line = Line(self.outbox, probe=timing.probe, jitter=timing.recovery_jitter)
        self.client = (
            CloudClient(identity, self.outbox, clock, url=config.cloud.url, timeout=config.cloud.timeout_seconds) if identity else None
        )
        effects = Effects(self.outbox)
        self.local = Local(self.replica, self.outbox, effects, clock, lambda: self.client is not None and self.line.online)
        self.till = Till(
            self.local,
            self.outbox,
            effects,
            self.line,
            self.client,
            clock,
            answer_seconds=config.hooks.answer_ms / 1000,
            wake=self._wake.set,
        )
        store = config.store.code or (identity.store if identity else "")
        self.sources = {
            one.key: Source(
                one, plugins.get(one.slug), self.outbox, clock, zone=config.store.zone, store=store, timeout=timing.read_timeout
            )
            for one in config.source
            if one.enabled
        }
        self.sender = (
            Sender(self.outbox, self.client, self.line, clock, on_signal=self._obey, on_progress=lambda: notify("WATCHDOG=1"))
            if self.client
            else None
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def store(self) -> str:
        """The store's code."""
        return self.config.store.code or (self.identity.store if self.identity else "")

    def now(self) -> datetime:
        """By the agent's clock."""
        return self._clock()

    # ── one step at a time ─────────────────────────────────────────────────────────────────────────────────────────────────
    def poll(self, name: str = "", *, force: bool = False) -> dict[str, PollReport]:
        """Reads the sources now; one after the other, so that a person sees what each did."""
        if self.outbox.meta(PAUSED) and not force:
            return {}
        chosen = {key: source for key, source in self.sources.items() if not name or key == name}
        reports = {key: source.poll(self._stop, force=force) for key, source in chosen.items()}
        if any(report.captured for report in reports.values()):
            self._wake.set()
        return reports

    def send(self, *, force: bool = False, idle: bool = False) -> SendReport:
        """Sends what waits."""
        if self.sender is None:
            return SendReport(problem="not enrolled")
        report = self.sender.run(force=force, idle=idle)
        if report.replica_version > self.replica.facts.version:
            self._wanted_replica = report.replica_version
        return report

    def pull(self, *, force: bool = False) -> int:
        """Brings the replica up to date; says how many customers changed.

        Raises:
            LineDownError: No answer.
            FatalError: An answer that cannot be used.
        """
        if self.client is None or not (force or self.line.online):
            return 0
        try:
            with self._pull_lock:
                changed = pull(self.replica, self.outbox, self.client, self._clock())
        except LineDownError as error:
            self.line.down(self._clock(), error.message)
            raise
        self._wanted_replica = 0
        return changed

    def heartbeat(self, *, force: bool = False) -> bool:
        """Tells the cloud how it is here; doubles as the probe while the line is down. Whether the cloud heard."""
        now = self._clock()
        if self.client is None or not (force or self.line.may_try(now)):
            return False
        seen = self.health()
        body = {
            "version": v5_agent.__version__,
            "queue_depth": seen.queue_depth,
            "oldest_unsent_seconds": int(seen.oldest_unsent_seconds),
            "quarantined": seen.quarantined,
            "last_error": seen.last_error[:500],
            "plugins": [{"slug": one.slug, "ok": one.ok, "problem": one.problem[:500]} for one in seen.sources],
            "clock_offset": int(seen.clock_offset),
        }
        try:
            answer = self.client.post_model("/v1/agents/heartbeat", body)
        except LineDownError as error:
            self.line.down(self._clock(), error.message)
            return False
        if answer.action is not Action.DONE:
            if answer.action is not Action.QUARANTINE:
                self.line.down(self._clock(), answer.detail, answer.retry_after)
            return False
        self.client.learn_time(answer.data.get("server_time"), self._clock())
        if self.line.up(self._clock()):
            self._wake.set()
        return True

    def check(self) -> dict[str, str]:
        """Asks every source whether its ERP can be reached; the problem of each, empty when well."""
        found = {key: source.check() for key, source in self.sources.items()}
        self._checks = {key: "" if one.ok else one.problem or "cannot be reached" for key, one in found.items()}
        return self._checks

    def health(self) -> health.Health:
        """How it is here."""
        facts = self.replica.facts
        return health.measure(
            folder=self.folder,
            outbox=self.outbox,
            identity=self.identity,
            line=self.line,
            clock_offset=self.client.clock_offset if self.client else 0.0,
            sources=self.sources,
            checks=self._checks,
            replica_version=facts.version,
            pulled_at=facts.pulled_at,
            company=facts.company,
            now=self._clock(),
        )

    def send_now(self) -> dict[str, Any]:
        """Sends without waiting for anything."""
        report = self.send(force=True)
        return {"sent": asdict(report), "queue_depth": self.outbox.stats().queued}

    def pull_now(self) -> dict[str, Any]:
        """Fetches the replica without waiting for anything."""
        try:
            changed, problem = self.pull(force=True), ""
        except (LineDownError, FatalError) as error:
            changed, problem = 0, error.message
        return {"changed": changed, "version": self.replica.facts.version, "problem": problem}

    def all_now(self, name: str = "") -> dict[str, Any]:
        """Poll, send, pull: what demo, tests and installers want instead of waiting."""
        polled = {key: asdict(report) for key, report in self.poll(name, force=True).items()}
        sent = self.send_now()
        return {"polled": polled, **sent, "replica": self.pull_now()}

    # ── loops ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
    def start(self) -> None:
        """Begins polling, sending and telling; returns at once."""
        timing = self.config.timing
        sending = threading.Thread(target=self._send_loop, name="sender")
        sending.start()
        self._threads.append(sending)
        pool = SchedulerPool(max_workers=len(self.sources) + 4)
        scheduler = BackgroundScheduler(
            executors={"default": pool}, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}, timezone=UTC
        )
        now = utc_now()
        for key, source in self.sources.items():
            scheduler.add_job(
                self._guarded(self.poll, key), "interval", seconds=source.config.poll or timing.poll, next_run_time=now, id=f"poll-{key}"
            )
        if self.client:
            scheduler.add_job(self._guarded(self.heartbeat), "interval", seconds=timing.heartbeat, next_run_time=now, id="heartbeat")
            scheduler.add_job(self._guarded(self.pull), "interval", seconds=timing.replica, next_run_time=now, id="replica")
        if self.sources:
            scheduler.add_job(self._guarded(self.check), "interval", seconds=_CHECK_SECONDS, next_run_time=now, id="check")
        scheduler.add_job(self._guarded(self.outbox.housekeeping, self._clock), "cron", hour=4, minute=10, id="housekeeping")
        scheduler.start()
        self._scheduler = scheduler

    def close(self) -> None:
        """Ends every loop, then closes the files; a plugin that hangs is left behind."""
        self._stop.set()
        self._wake.set()
        for source in self.sources.values():
            source.abandon()
        if self._scheduler:
            self._scheduler.shutdown(wait=True)
            self._scheduler = None
        for thread in self._threads:
            thread.join()
        self.till.close()
        if self.client:
            self.client.close()
        self.replica.close()
        self.outbox.close()

    def _send_loop(self) -> None:
        # The watchdog is pinged from here, not from a timer: a process whose sender hangs must be restarted.
        last_idle = utc_now()
        while not self._stop.is_set():
            notify("WATCHDOG=1")
            try:
                idle = bool(self.outbox.meta(PAUSED)) and (utc_now() - last_idle).total_seconds() > self.config.timing.probe
                last_idle = utc_now() if idle else last_idle
                self.send(idle=idle)
                self.outbox.db.fold()
                if not self.line.online:
                    self.heartbeat()  # with nothing queued this is the probe; once an interval, like any
                if self._wanted_replica > self.replica.facts.version:
                    self.pull()
            except (LineDownError, FatalError) as error:
                _log.error("sending: %s", error.message)
            except Exception:  # noqa: BLE001 - the loop must outlive any mistake
                _log.exception("sending failed; it goes on")
            self._wake.wait(self.config.timing.send)
            self._wake.clear()

    def _guarded(self, function: Callable[..., object], *arguments: object) -> Callable[[], None]:
        def run() -> None:
            if self._stop.is_set():
                return
            try:
                function(*(one() if callable(one) else one for one in arguments))
            except (LineDownError, FatalError) as error:
                _log.error("%s: %s", getattr(function, "__name__", "job"), error.message)
            except Exception:  # noqa: BLE001 - the loop must outlive any mistake
                _log.exception("%s failed; it goes on", getattr(function, "__name__", "job"))

        return run

    def _obey(self, signal: Signal) -> None:
        signals.obey(signal, self)
