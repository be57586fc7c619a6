"""Holds."""

from __future__ import annotations

from datetime import datetime

from v5_core.ledger._types import AccountState, Outcome
from v5_core.programme import Policies


def place_hold(state: AccountState, hold_id: str, points: int, *, at: datetime, expires_at: datetime, policies: Policies) -> Outcome:
    """Reserves points.

    Raises:
        InsufficientPointsError: Fewer are available.
    """
    raise NotImplementedError


def release_hold(state: AccountState, hold_id: str, *, at: datetime, timed_out: bool = False) -> Outcome:
    """Sets a hold free.

    Raises:
        ConflictError: It is not open.
    """
    raise NotImplementedError
