"""From the outbox to the cloud: small signed batches in order, each event acknowledged by itself, nothing ever given up."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import ValidationError

from v5_agent.client import Action, Answer, CloudClient, LineDownError
from v5_agent.line import Line, backoff
from v5_agent.outbox import Outbox, Queued
from v5_core.push import EventResult, PushReply, Signal

__all__ = ["PAUSED", "SendReport", "Sender"]

_log = logging.getLogger(__name__)
MOST_EVENTS: Final = 100
MOST_BYTES: Final = 256 * 1024 - 4096
PAUSED: Final = "paused"
_SLOWLY: Final = 300.0
_MOST_SIGNALS: Final = 100


@dataclass(slots=True)
class SendReport:
    """What one run did. `problem` is set when it stopped early."""

    accepted: int = 0
    duplicates: int = 0
    quarantined: int = 0
    postponed: int = 0
    batches: int = 0
    problem: str = ""
    replica_version: int = 0


class Sender:
    """Owns the order and the pace. One run at a time."""

    def __init__(
        self,
        outbox: Outbox,
        client: CloudClient,
        line: Line,
        clock: Callable[[], datetime],
        *,
        on_signal: Callable[[Signal], None],
        on_progress: Callable[[], None] = lambda: None,
    ) -> None:
        self._outbox = outbox
        self._client = client
        self._line = line
        self._clock = clock
        self._on_signal = on_signal
        self._on_progress = on_progress
        self._lock = threading.Lock()
        self._limit = MOST_EVENTS
        self._obeyed: list[str] = []

    def run(self, *, force: bool = False, idle: bool = False) -> SendReport:
        """Sends until the queue is empty, the line fails, or somebody must look.

        Args:
            force: A person asked: the line is tried although it is thought down, waiting rows are not left waiting.
            idle: Also ask with an empty batch when nothing is queued (for signals).
        """
        report = SendReport()
        with self._lock:
            while True:
                self._on_progress()
                now = self._clock()
                rows, damaged = self._outbox.due(now, limit=self._limit, max_bytes=MOST_BYTES, force=force)
                for row in damaged:
                    _log.error("event %s in the outbox is damaged on disk: set aside", row.event_id)
                    self._outbox.quarantine(row.event_id, "damaged", "the stored bytes do not fit their checksum", now)
                    report.quarantined += 1
                if damaged:
                    continue
                paused = self._outbox.meta(PAUSED)
                if paused is not None and not (idle or force):
                    report.problem = "paused by the cloud"
                    return report
                if (not rows and not idle) or not (force or self._line.may_try(now)):
                    report.problem = "" if self._line.online else self._line.reason
                    return report
                probing = not self._line.online and not force
                batch = [] if paused else rows[:1] if probing else rows
                if not self._batch(batch, report) or not batch:
                    return report
                force = force and not report.postponed
                idle = False

    def _batch(self, rows: list[Queued], report: SendReport) -> bool:
        """One request; whether to go on."""
        now = self._clock()
        try:
            answer = self._client.post("/v1/push", self._body(rows), attempts=3)
        except LineDownError as error:
            self._line.down(self._clock(), error.message)
            self._outbox.postpone((row.event_id for row in rows), now, error.message)
            report.problem = error.message
            return False
        report.batches += 1
        return self._obey(answer, rows, report)

    def _body(self, rows: list[Queued]) -> bytes:
        # The stored bytes go out as they are; only the frame around them is made here.
        last = not self._outbox.db.read("SELECT 1 FROM outbox WHERE state = 'queued' AND seq > ? LIMIT 1", (rows[-1].seq if rows else 0,))
        marks = (
            self._outbox.db.read("SELECT source, stream, cursor_json FROM watermark WHERE cursor_json IS NOT NULL") if last and rows else []
        )
        frame: dict[str, Any] = {
            "agent": self._client.agent,
            "sequence": rows[0].seq if rows else 0,
            "cursors": {f"{mark['source']}/{mark['stream']}": mark["cursor_json"] for mark in marks},
        }
        if self._obeyed:
            frame["obeyed"] = self._obeyed
        return json.dumps(frame, separators=(",", ":")).encode()[:-1] + b',"events":[' + b",".join(row.payload for row in rows) + b"]}"

    def _obey(self, answer: Answer, rows: list[Queued], report: SendReport) -> bool:
        now = self._clock()
        what = answer.action
        if what is Action.RETRY:
            reason = f"HTTP {answer.status}"
            self._line.down(now, reason, answer.retry_after)
            self._outbox.postpone((row.event_id for row in rows), now, reason)
            report.problem = reason
            return False
        if what is Action.SLOW:
            _log.error("the cloud's address answers HTTP %d: wrong address or version? Events are kept", answer.status)
            self._line.down(now, f"HTTP {answer.status}: wrong address or version?", answer.retry_after or _SLOWLY)
            report.problem = answer.detail
            return False
        if what is Action.PAUSE:
            _log.error("the cloud refuses this agent (%s): enrol it again; events are kept", answer.code)
            self._line.down(now, f"refused ({answer.code}): enrol again", answer.retry_after or _SLOWLY)
            report.problem = f"refused ({answer.code}): enrol again"
            return False
        self._line.up(now)
        if what is Action.DONE:
            return self._settle(answer, rows, report, now)
        if len(rows) > 1:
            self._limit = max(1, len(rows) // 2)
            return True
        self._single(what, answer, rows, report, now)
        return True

    def _single(self, what: Action, answer: Answer, rows: list[Queued], report: SendReport, now: datetime) -> None:
        """A whole request about one event was refused: now it is known which one it is."""
        self._limit = MOST_EVENTS
        for row in rows:
            if what is Action.DUPLICATE:
                self._outbox.mark_sent([row.event_id], now)
                report.duplicates += 1
            elif what is Action.ALONE:
                self._outbox.postpone([row.event_id], now + backoff(row.attempts), answer.detail)
                report.postponed += 1
            else:
                code = "too_large" if what is Action.HALVE else answer.code
                self._outbox.quarantine(row.event_id, code, answer.detail, now)
                report.quarantined += 1

    def _settle(self, answer: Answer, rows: list[Queued], report: SendReport, now: datetime) -> bool:
        try:
            reply = PushReply.model_validate_json(answer.raw, extra="ignore")
        except ValidationError:
            self._line.down(now, "an answer that is not the cloud's")
            report.problem = "an answer that is not the cloud's"
            return False
        self._client.learn_time(reply.server_time.isoformat(), now)
        self._limit = min(MOST_EVENTS, self._limit * 2)
        results = {result.event_id: result for result in reply.results}
        done: list[str] = []
        for row in rows:
            result = results.get(row.event_id) or EventResult(event_id=row.event_id, status="retry", message="no result")
            if result.status in {"accepted", "duplicate"}:
                done.append(row.event_id)
                report.accepted += result.status == "accepted"
                report.duplicates += result.status == "duplicate"
            elif result.status == "rejected":
                self._outbox.quarantine(row.event_id, result.code or "rejected", result.message, now)
                report.quarantined += 1
            else:
                wait = backoff(row.attempts) if answer.retry_after is None else timedelta(seconds=answer.retry_after)
                self._outbox.postpone([row.event_id], now + wait, result.message or "retry")
                report.postponed += 1
        self._outbox.mark_sent(done, now)
        report.replica_version = max(report.replica_version, reply.replica_version)
        # Told in the next batch; the cloud gives a signal again until then, and `on_signal` obeys each once.
        self._obeyed = []
        for signal in reply.signals[:_MOST_SIGNALS]:
            self._on_signal(signal)
            self._obeyed.append(signal.signal_id)
        return True
