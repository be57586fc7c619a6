"""What an account shows."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from v5_core.ledger._rest import SHOWN
from v5_core.ledger._types import AccountState
from v5_core.ledger._work import lapsed, usable
from v5_core.model import Balance

__all__ = ["available", "balance_view", "held_points", "pending_points"]


def available(state: AccountState, at: datetime) -> int:
    """Points that can be spent: not held, not pending, not lapsed, open debts taken off (so it may be negative)."""
    rest = state.rest.summed(at)
    here = sum([lot.free for lot in state.lots if not lapsed(lot, at) and usable(lot, at)])
    return here + rest.points - rest.lapsed - rest.pending


def pending_points(state: AccountState, at: datetime) -> int:
    """Points that came already and cannot be spent yet."""
    return sum([lot.free for lot in state.lots if not lapsed(lot, at) and not usable(lot, at)]) + state.rest.summed(at).pending


def held_points(state: AccountState) -> int:
    """Points that open holds reserve."""
    return sum([hold.points for hold in state.holds if hold.is_open])


def balance_view(state: AccountState, *, at: datetime, zone: ZoneInfo, within: timedelta = SHOWN) -> Balance:
    """The balance as tills and receipts show it.

    Args:
        state: The account as loaded.
        at: Now.
        zone: The store's; `expiring_on` is the last day there on which the points count.
        within: How far ahead an expiry is worth showing; `SHOWN` at most.
    """
    until = at + min(within, SHOWN)
    ends: dict[datetime, int] = {}
    for lot in state.lots:
        if lot.free > 0 and lot.expires_at is not None and at < lot.expires_at <= until:
            ends[lot.expires_at] = ends.get(lot.expires_at, 0) + lot.free
    rest = state.rest.summed(at)
    if rest.points and rest.ends_at is not None and rest.ends_at <= until:
        ends[rest.ends_at] = ends.get(rest.ends_at, 0) + rest.ending
    nearest = min(ends, default=None)
    return Balance(
        available=available(state, at),
        held=held_points(state),
        expiring=0 if nearest is None else ends[nearest],
        expiring_on=None if nearest is None else (nearest - timedelta(microseconds=1)).astimezone(zone).date(),
    )
