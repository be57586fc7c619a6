"""A document booked: the difference between what it should have done and what it did."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from v5_core.ledger._types import AccountState, Allocation, Booked, Counter, HoldState, Operation, Outcome, Target
from v5_core.ledger._work import Work
from v5_core.programme import Policies

__all__ = ["book"]

Tag = tuple[str, str]


def book(state: AccountState, entry: str, booked: Booked, target: Target, *, at: datetime, policies: Policies) -> Outcome:
    """Brings what a document did to an account from `booked` to `target`; nothing to do gives an empty outcome.

    A first booking, a revision, a cancellation (`Target()`) and a return are all the same operation. Points to take that are not there
    become a debt, which later earnings repay first (policy "allow"), or are left (policy "clip"). Points spent that were not
    there (a sale made while the line was down) always become a debt, for the sale is a fact. A hold that is no longer
    open is passed over: its points are drawn like any others. Cancel the returns of a sale before the sale.

    Args:
        state: The account as loaded.
        entry: The document's first key.
        booked: What it booked before; `Booked()` when it is new.
        target: What it should have done, all in all.
        at: The document's instant (for a cancellation: when it was cancelled).
        policies: Of the programme: order of lots, and negative balances.
    """
    work = Work(state, entry, at, more=booked.lots, fifo=policies.lots == "fifo")
    # Spending first: a sale does not spend what it earns itself.
    _spent(work, booked, target)
    _given(work, booked, target)
    _earned(work, booked, target, clip=policies.negative_balance == "clip")
    work.repay()
    return work.done()


def _earned(work: Work, booked: Booked, target: Target, *, clip: bool) -> None:
    wanted: dict[Tag, int] = {}
    for earned in target.earned:
        wanted[earned.programme, earned.rule] = wanted.get((earned.programme, earned.rule), 0) + earned.points
    for share in target.taken:
        wanted[share.programme, share.rule] = wanted.get((share.programme, share.rule), 0) - share.points
    have: dict[Tag, int] = {}
    for lot in booked.lots:
        if lot.entry == work.entry and lot.debt is None:
            have[lot.programme, lot.rule] = have.get((lot.programme, lot.rule), 0) + lot.points
    own = [row for row in booked.allocations if row.entry == work.entry and row.operation is Operation.TAKE]
    for row in own:
        have[row.programme, row.rule] = have.get((row.programme, row.rule), 0) - row.points
    lapses = {(earned.programme, earned.rule): earned.expires_at for earned in target.earned}
    differences = {tag: wanted.get(tag, 0) - have.get(tag, 0) for tag in sorted(wanted.keys() | have.keys())}
    # First what comes, then what goes: a revision that only moves points from one rule to another must find them.
    for tag, difference in differences.items():
        if difference > 0:
            _earn(work, tag, difference, [row for row in own if (row.programme, row.rule) == tag], lapses.get(tag))
    for tag, difference in differences.items():
        if difference < 0:
            _take(work, tag, -difference, target.original, clip=clip)


def _earn(work: Work, tag: Tag, points: int, taken: list[Allocation], expires_at: datetime | None) -> None:
    # What the document itself took before comes back to its lots; only what is more than that is a new lot.
    back = _refill(work, taken, points, Operation.TAKE)
    if back:
        work.post(Operation.TAKE, Counter.ISSUED, back, *tag)
    if points > back:
        work.add(points - back, *tag, expires_at=expires_at)
        work.post(Operation.EARN, Counter.ISSUED, points - back, *tag)


def _take(work: Work, tag: Tag, points: int, original: str, *, clip: bool) -> None:
    # From the very lots that the document (or the sale it returns) made: first what is left in them, then what lapsed in them, for
    # a customer who lost points by their expiry must not lose them again by the return.
    mine = sorted(
        (
            lot
            for lot in work.lots.values()
            if lot.entry in (work.entry, original) and (lot.programme, lot.rule) == tag and lot.debt is None
        ),
        key=lambda lot: lot.lot_id,
    )
    short = points - sum(max(0, lot.free) for lot in mine)
    for lot in mine:
        part = min(short, lot.expired)
        if part > 0:
            work.lots[lot.lot_id] = replace(work.lots[lot.lot_id], remaining=lot.remaining + part, expired=lot.expired - part)
            work.allocate(Operation.EXPIRE, lot.lot_id, -part, ("", ""))
            work.post(Operation.EXPIRE, Counter.EXPIRED, part)
            short -= part
    drawn = work.draw(points, Operation.TAKE, tag, first=[lot.lot_id for lot in mine], debt=not clip)
    work.clipped += points - drawn
    if drawn:
        work.post(Operation.TAKE, Counter.ISSUED, -drawn, *tag)


def _spent(work: Work, booked: Booked, target: Target) -> None:
    rows = [row for row in booked.allocations if row.origin == work.entry and row.operation is Operation.SPEND]
    difference = target.spent - sum(row.points for row in rows if row.entry == work.entry)
    if difference < 0:
        back = _refill(work, rows, -difference, Operation.SPEND)
        work.post(Operation.SPEND, Counter.REDEEMED, back)
    left = max(0, difference)
    for hold_id in target.holds:
        hold = work.holds.get(hold_id)
        if hold is None or not hold.is_open:
            continue
        captured = work.capture(hold, min(left, hold.points))
        work.holds[hold_id] = replace(hold, state=HoldState.CAPTURED, captured=captured, entry=work.entry)
        left -= captured
    if left:
        work.draw(left, Operation.SPEND)
    if difference > 0:
        work.post(Operation.SPEND, Counter.REDEEMED, -difference)


def _given(work: Work, booked: Booked, target: Target) -> None:
    if not target.original:
        return
    rows = [row for row in booked.allocations if row.origin == target.original and row.operation is Operation.SPEND]
    difference = target.given + sum(row.points for row in rows if row.entry == work.entry)
    if difference > 0:
        back = _refill(work, rows, difference, Operation.SPEND, origin=target.original)
        work.post(Operation.GIVE, Counter.REDEEMED, back)
    elif difference < 0:
        drawn = work.draw(-difference, Operation.SPEND, origin=target.original)
        work.post(Operation.GIVE, Counter.REDEEMED, -drawn)


def _refill(work: Work, rows: Iterable[Allocation], points: int, operation: Operation, *, origin: str = "") -> int:
    # Puts points back into the lots they were drawn from: debts first, then the last in the order of drawing; never more than is
    # still drawn from each.
    drawn: dict[tuple[str, str, str], int] = {}
    for row in rows:
        key = (row.lot_id, row.programme, row.rule)
        drawn[key] = drawn.get(key, 0) + row.points
    left = points
    for lot_id, programme, rule in sorted(drawn, key=lambda key: work.refill_order(key[0])):
        part = min(left, drawn[lot_id, programme, rule])
        if part > 0:
            work.move(lot_id, part)
            work.allocate(operation, lot_id, -part, (programme, rule), origin=origin)
            left -= part
    return points - left
