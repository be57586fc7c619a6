"""Rate limits: sliding windows counted by the `limits` library."""

from __future__ import annotations

from limits import parse
from limits.storage import storage_from_string
from limits.strategies import SlidingWindowCounterRateLimiter

from v5_core.errors import RetryableError

__all__ = ["Limiter", "TooManyError"]


class TooManyError(RetryableError):
    """More requests than are allowed."""

    code = "too_many"
    status = 429


class Limiter:
    """Counts by rule and key."""

    def __init__(self, storage: str) -> None:
        self._limiter = SlidingWindowCounterRateLimiter(storage_from_string(storage))

    def hit(self, rule: str, *key: str) -> None:
        """Counts one.

        Raises:
            TooManyError: The rule's number is used up.
        """
        if not self._limiter.hit(parse(rule), *key):
            raise TooManyError("Too many requests; wait and try again.", retry_after=float(parse(rule).get_expiry()))

    def check(self, rule: str, *key: str) -> None:
        """Raises when the number is used up, without counting."""
        if not self._limiter.test(parse(rule), *key):
            raise TooManyError("Too many failed attempts; wait and try again.", retry_after=float(parse(rule).get_expiry()))
