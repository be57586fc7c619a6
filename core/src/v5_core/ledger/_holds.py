"""Holds: points reserved for a payment. Capture is part of booking the document that names the hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from v5_core.errors import ConflictError, NotFoundError
from v5_core.ledger._types import AccountState, Hold, HoldState, InsufficientPointsError, Operation, Outcome
from v5_core.ledger._views import available
from v5_core.ledger._work import Work
from v5_core.programme import Policies

__all__ = ["place_hold", "release_hold"]

_DEFAULT: Final = Policies()


def place_hold(state: AccountState, hold_id: str, points: int, *, at: datetime, expires_at: datetime, policies: Policies) -> Outcome:
    """Reserves points, tied to their lots from now on.

    Raises:
        InsufficientPointsError: Fewer are available.
        ConflictError: A hold of this id is open, or nothing is asked for.
    """
    if points <= 0:
        raise ConflictError("a hold needs points")
    if any(hold.hold_id == hold_id for hold in state.holds):
        raise ConflictError(f"hold {hold_id!r} exists already")
    if available(state, at) < points:
        raise InsufficientPointsError("fewer points are available than asked for")
    work = Work(state, hold_id, at, fifo=policies.lots == "fifo")
    work.draw(points, Operation.SPEND, debt=False)
    parts = tuple([(lot_id, drawn) for (_, _, _, lot_id, _, _), drawn in work.allocations.items()])
    # Reserved, not drawn: the points stay in the lot, marked as held.
    work.allocations.clear()
    for lot_id, part in parts:
        work.move(lot_id, part, held=part)
    work.holds[hold_id] = Hold(hold_id, state.account, points, at, expires_at, parts)
    return work.done()


def release_hold(
    state: AccountState, hold_id: str, *, at: datetime, timed_out: bool = False, policies: Policies = _DEFAULT
) -> Outcome:  # fmt: skip
    """Sets a hold free; what lapsed meanwhile goes with the next expiry run.

    Args:
        state: The account, with its open holds.
        hold_id: Which one.
        at: When.
        timed_out: It lapsed by itself (kept apart for people who look).
        policies: Of the programme: which of the points that are free now repay a debt.

    Raises:
        NotFoundError: It is not among the open holds.
    """
    work = Work(state, hold_id, at, fifo=policies.lots == "fifo")
    hold = work.holds.get(hold_id)
    if hold is None or not hold.is_open:
        raise NotFoundError(f"hold {hold_id!r} is not open")
    for lot_id, part in hold.parts:
        work.move(lot_id, 0, held=-part)
    work.holds[hold_id] = replace(hold, state=HoldState.TIMED_OUT if timed_out else HoldState.RELEASED)
    work.repay()
    return work.done()
