"""What an account shows."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from v5_core.ledger._types import AccountState
from v5_core.model import Balance


def available(state: AccountState, at: datetime) -> int:
    """Points that can be spent: not held, not lapsed, open debts taken off (so it may be negative)."""
    raise NotImplementedError


def held_points(state: AccountState) -> int:
    """Points that open holds reserve."""
    raise NotImplementedError


def balance_view(state: AccountState, *, at: datetime, zone: ZoneInfo, within: timedelta = timedelta(days=60)) -> Balance:
    """The balance as tills and receipts show it; `expiring` is what lapses first, when that is within `within`."""
    raise NotImplementedError
