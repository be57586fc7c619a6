"""Expiry and adjustments."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from v5_core.ledger._types import AccountState, Counter, Operation, Outcome
from v5_core.ledger._work import Work, lapsed
from v5_core.programme import Policies

__all__ = ["adjust", "expire"]


def expire(state: AccountState, entry: str, *, at: datetime) -> Outcome:
    """Takes out what lapsed by `at`; points that a hold reserves stay until it is captured or released."""
    work = Work(state, entry, at)
    for lot in state.lots:
        if lot.free > 0 and lapsed(lot, at):
            work.lots[lot.lot_id] = replace(lot, remaining=lot.held, expired=lot.expired + lot.free)
            work.allocate(Operation.EXPIRE, lot.lot_id, lot.free, ("", ""))
            work.post(Operation.EXPIRE, Counter.EXPIRED, -lot.free, lot.programme, lot.rule)
    return work.done()


def adjust(
    state: AccountState, entry: str, points: int, *, at: datetime, policies: Policies, expires_at: datetime | None = None
) -> Outcome:
    """Adds or takes points by hand; also opening balances of cards that come from another system.

    Args:
        state: The account as loaded.
        entry: The adjustment's id; who and why is kept with it by the caller.
        points: Positive adds a lot, negative draws from the lots; what is not there is a debt, or left (policy "clip").
        at: When.
        policies: Of the programme.
        expires_at: Of the added lot.
    """
    work = Work(state, entry, at, fifo=policies.lots == "fifo")
    if points > 0:
        work.add(points, "", "adjustment", expires_at=expires_at)
        work.post(Operation.ADJUST, Counter.ADJUSTED, points)
        work.repay()
    elif points < 0:
        drawn = work.draw(-points, Operation.ADJUST, debt=policies.negative_balance == "allow")
        work.clipped = -points - drawn
        if drawn:
            work.post(Operation.ADJUST, Counter.ADJUSTED, -drawn)
    return work.done()
