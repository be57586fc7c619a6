"""Expiry and adjustments."""

from __future__ import annotations

from datetime import datetime

from v5_core.ledger._types import AccountState, Outcome
from v5_core.programme import Policies


def expire(state: AccountState, entry: str, *, at: datetime) -> Outcome:
    """Takes out what lapsed by `at`; held points lapse when their hold is released."""
    raise NotImplementedError


def adjust(
    state: AccountState, entry: str, points: int, *, at: datetime, policies: Policies, expires_at: datetime | None = None
) -> Outcome:
    """Adds or takes points by hand (also opening balances)."""
    raise NotImplementedError
