"""The line to the cloud: up, down, or asked to rest. Kept in the outbox, so that a restart does not start hammering again."""

from __future__ import annotations

import json
import logging
import random
import threading
from datetime import UTC, datetime, timedelta
from typing import Final

from v5_agent.outbox import Outbox

__all__ = ["Line", "backoff"]

_log = logging.getLogger(__name__)
_META: Final = "line"
_BASE: Final = 2.0
_CAP: Final = 300.0
_LONGEST_REST: Final = 3600.0


def backoff(attempts: int) -> timedelta:
    """Full jitter over a doubling wait: stores that failed together do not come back together."""
    return timedelta(seconds=random.uniform(0.5, min(_CAP, _BASE * 2 ** min(attempts, 10))))  # noqa: S311 - jitter, not a secret


class Line:
    """A breaker: one failure opens it; while open one probe an interval goes out; the first answer closes it."""

    def __init__(self, outbox: Outbox, *, probe: float, jitter: float) -> None:
        self._outbox = outbox
        self._probe = probe
        self._jitter = jitter
        self._lock = threading.Lock()
        self._since: datetime | None = None
        self._next: datetime | None = None
        self.reason = ""
        stored = outbox.meta(_META)
        if stored:
            values = json.loads(stored)
            self._since = datetime.fromisoformat(values["since"])
            self._next = datetime.fromisoformat(values["next"])
            self.reason = values["reason"]

    @property
    def online(self) -> bool:
        """Whether the last thing we know is that the cloud answers."""
        return self._since is None

    @property
    def down_since(self) -> datetime | None:
        """When it went down."""
        return self._since

    def may_try(self, now: datetime) -> bool:
        """Whether a request may go out; while down, true once an interval, for whoever asks first."""
        with self._lock:
            if self._next is None or self._next <= now:
                if self._since is not None:
                    self._next = now + timedelta(seconds=self._probe)
                else:
                    self._next = None
                return True
            return False

    def down(self, now: datetime, reason: str, retry_after: float | None = None) -> None:
        """A request failed, or the cloud asked to rest."""
        rest = min(retry_after, _LONGEST_REST) if retry_after is not None else self._probe
        with self._lock:
            first = self._since is None
            self._since = self._since or now
            self._next = now + timedelta(seconds=rest)
            self.reason = reason
            state = json.dumps({"since": self._since.isoformat(), "next": self._next.isoformat(), "reason": reason})
        self._outbox.set_meta(_META, state)
        if first:
            _log.warning("the cloud cannot be reached (%s): events wait in the outbox", reason)

    def up(self, now: datetime) -> bool:
        """The cloud answered. True when it was down before; then the flood waits a random moment (`may_try`)."""
        with self._lock:
            since, self._since, self.reason = self._since, None, ""
            if since is None:
                return False
            pause = random.uniform(0, self._jitter)  # noqa: S311 - jitter, not a secret
            self._next = now + timedelta(seconds=pause) if pause else None
        with self._outbox.transaction() as tx:
            tx.execute("DELETE FROM meta WHERE key = ?", (_META,))
        _log.warning("the cloud answers again after %d s", int((now - since.astimezone(UTC)).total_seconds()))
        return True
