"""Rate limits: sliding windows, counted in memory on SQLite (one process) and in the database on PostgreSQL (any number).

A process takes a hundredth of a limit at once from the database and counts that down by itself, so a busy key costs one statement
in a hundred requests, and the limits of a service hold whatever process a request meets. Limits below 200 are taken one by one:
those guard secrets, and are hit by failures only.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Protocol

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from sqlalchemy import func

from v5_cloud.kit.database import Database
from v5_cloud.kit.tenant import DIRECTORY, Repository, Scope
from v5_cloud.models import RateWindow
from v5_core.errors import RetryableError

__all__ = ["Limiter", "TooManyError"]

_PARTS: Final = 100
# What the database said of a used-up key counts so long here.
_FRESH: Final = 1.0
_MANY: Final = 10_000
_parsed = lru_cache(maxsize=100)(parse)

# A row counts this window and the one before it, which weighs less the older this one is. Another transaction may have begun the next
# window while this one waited for the row: then it counts there.
_TAKE: Final = """
WITH clock AS (SELECT extract(epoch FROM clock_timestamp()) / :seconds AS t)
INSERT INTO rate_window AS kept (tenant_id, key, number, taken, before, until)
SELECT :tenant, :key, floor(t), :amount, 0, clock_timestamp() + make_interval(secs => 2 * :seconds) FROM clock
ON CONFLICT (tenant_id, key) DO UPDATE SET
  number = greatest(kept.number, excluded.number),
  taken = CASE WHEN kept.number >= excluded.number THEN kept.taken ELSE 0 END + excluded.taken,
  before = CASE WHEN kept.number >= excluded.number THEN kept.before WHEN kept.number = excluded.number - 1 THEN kept.taken ELSE 0 END,
  until = excluded.until
WHERE CASE WHEN kept.number >= excluded.number THEN kept.taken ELSE 0 END + excluded.taken
  + CASE WHEN kept.number >= excluded.number THEN kept.before WHEN kept.number = excluded.number - 1 THEN kept.taken ELSE 0 END
  * (SELECT ceil(t) - t FROM clock) <= :most
RETURNING ceil(kept.taken + kept.before * (SELECT ceil(t) - t FROM clock))
"""
_COUNT: Final = """
WITH clock AS (SELECT extract(epoch FROM clock_timestamp()) / :seconds AS t)
SELECT ceil(CASE WHEN number >= floor(t) THEN taken + before * (ceil(t) - t)
                 WHEN number = floor(t) - 1 THEN taken * (ceil(t) - t) ELSE 0 END)
FROM rate_window, clock WHERE tenant_id = :tenant AND key = :key
"""


class TooManyError(RetryableError):
    """More requests than are allowed."""

    code = "too_many"
    status = 429


class _Counter(Protocol):
    def take(self, rule: RateLimitItem, key: tuple[str, ...]) -> bool: ...
    def spent(self, rule: RateLimitItem, key: tuple[str, ...]) -> bool: ...
    def forget(self) -> None: ...


class Limiter:
    """Counts by rule (`20/minute`) and key."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._counter: _Counter = _InMemory() if database.is_sqlite else _Shared(database, clock)

    def hit(self, rule: str, *key: str) -> None:
        """Counts one.

        Raises:
            TooManyError: The rule's number is used up.
        """
        if not self._counter.take(_parsed(rule), key):
            raise TooManyError("Too many requests; wait and try again.", retry_after=float(_parsed(rule).get_expiry()))

    def check(self, rule: str, *key: str) -> None:
        """Raises when the number is used up, without counting. Another process may have used it up: then the next `hit` here says so."""
        if self._counter.spent(_parsed(rule), key):
            raise TooManyError("Too many failed attempts; wait and try again.", retry_after=float(_parsed(rule).get_expiry()))

    def forget(self) -> None:
        """Takes away counters that say nothing any more; part of the housekeeping."""
        self._counter.forget()


class _InMemory:
    def __init__(self) -> None:
        self._windows = SlidingWindowCounterRateLimiter(MemoryStorage())

    def take(self, rule: RateLimitItem, key: tuple[str, ...]) -> bool:
        return self._windows.hit(rule, *key)

    def spent(self, rule: RateLimitItem, key: tuple[str, ...]) -> bool:
        return not self._windows.test(rule, *key)

    def forget(self) -> None:
        """The library does so itself."""


@dataclass(slots=True)
class _Share:
    """What this process knows of a key: requests it may still count by itself, and whether the number is used up."""

    left: int
    spent: bool
    fresh_until: float
    known_until: float


class _Shared:
    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        self._shares: dict[tuple[str, ...], _Share] = {}

    def take(self, rule: RateLimitItem, key: tuple[str, ...]) -> bool:
        name, now = (str(rule), *key), self._clock()
        with self._lock:
            share = self._share(name, now)
            if share is not None and share.left > 0:
                share.left -= 1
                return True
            if share is not None and share.spent and share.fresh_until > now:
                return False
        amount = max(1, rule.amount // _PARTS)
        with self._database.write(Scope(DIRECTORY)) as session:
            found = _Windows(session, Scope(DIRECTORY)).take(rule, _hash(name), amount)
        self._keep(name, amount - 1 if found is not None else 0, spent=found is None or found >= rule.amount, rule=rule)
        return found is not None

    def spent(self, rule: RateLimitItem, key: tuple[str, ...]) -> bool:
        name, now = (str(rule), *key), self._clock()
        with self._lock:
            share = self._share(name, now)
            # Nothing failed here lately: the usual case, and no statement.
            if share is None or share.left > 0:
                return False
            if share.fresh_until > now:
                return share.spent
        with self._database.read(Scope(DIRECTORY)) as session:
            spent = _Windows(session, Scope(DIRECTORY)).count(rule, _hash(name)) >= rule.amount
        self._keep(name, 0, spent=spent, rule=rule)
        return spent

    def forget(self) -> None:
        with self._database.write(Scope(DIRECTORY)) as session:
            _Windows(session, Scope(DIRECTORY)).forget()

    def _share(self, name: tuple[str, ...], now: float) -> _Share | None:
        share = self._shares.get(name)
        return share if share is not None and share.known_until > now else None

    def _keep(self, name: tuple[str, ...], left: int, *, spent: bool, rule: RateLimitItem) -> None:
        now = self._clock()
        with self._lock:
            if len(self._shares) > _MANY:
                self._shares = {one: share for one, share in self._shares.items() if share.known_until > now}
            before = self._share(name, now)
            left += before.left if before is not None else 0
            self._shares[name] = _Share(left, spent, now + _FRESH, now + rule.get_expiry())


class _Windows(Repository):
    """The counters' rows, all in the directory's scope. The time is the database's: one clock for all processes."""

    def take(self, rule: RateLimitItem, key: str, amount: int) -> int | None:
        """Counts `amount` and gives the sum after it; None, and nothing is counted, when that were too many."""
        values = {"key": key, "amount": amount, "seconds": rule.get_expiry(), "most": rule.amount}
        found = self.session.execute(self.text(_TAKE), values).scalar()
        return None if found is None else int(found)

    def count(self, rule: RateLimitItem, key: str) -> int:
        """The sum as it is."""
        return int(self.session.execute(self.text(_COUNT), {"key": key, "seconds": rule.get_expiry()}).scalar() or 0)

    def forget(self) -> None:
        """Takes away counters that say nothing any more."""
        self.session.execute(self.delete(RateWindow).where(RateWindow.until < func.clock_timestamp()))


def _hash(name: tuple[str, ...]) -> str:
    return hashlib.sha256("\x00".join(name).encode()).hexdigest()[:32]
