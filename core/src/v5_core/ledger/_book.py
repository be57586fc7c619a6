"""A document booked: the difference between what it should have done and what it did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from v5_core.engine import Share
from v5_core.ledger._rest import LotsNeededError
from v5_core.ledger._types import AccountState, Allocation, Booked, Counter, HoldState, Operation, Outcome, Target
from v5_core.ledger._work import Work
from v5_core.programme import Policies

__all__ = ["book", "lessened", "refill"]

Tag = tuple[str, str]


def book(
    state: AccountState, entry: str, booked: Booked, target: Target, *,
    at: datetime, policies: Policies, renewed: Mapping[Tag, datetime | None] | None = None, elsewhere: int = 0,
) -> Outcome:  # fmt: skip
    """Brings what a document did to an account from `booked` to `target`; nothing to do gives an empty outcome.

    A first booking, a revision, a cancellation (`Target()`) and a return are all the same operation. Points to take that are not there
    become a debt, which later earnings repay first (policy "allow"), or are left (policy "clip"). Points spent that were not
    there (a sale made while the line was down) always become a debt, for the sale is a fact. A hold that is no longer
    open is passed over: its points are drawn like any others. A sale with returns goes in three steps: see `lessened`.

    Args:
        state: The account as loaded.
        entry: The document's first key.
        booked: What it booked before; `Booked()` when it is new.
        target: What it should have done, all in all.
        at: The document's instant (for a cancellation: when it was cancelled).
        policies: Of the programme: order of lots, negative balances, whether a sale may spend what it earns itself.
        renewed: New ends of the lots that are alive when the customer buys (`renewals`); left out when nothing moves.
        elsewhere: Points that have moved from here to another account: so many may be taken that are not here, also under "clip".

    Raises:
        LotsNeededError: It takes lots that `state` leaves out.
    """
    work = Work(state, entry, at, more=booked.lots, fifo=policies.lots == "fifo")
    differences, spared = _differences(work, booked, target)
    if policies.same_sale_points:
        _come(work, booked, target, differences)
    _spent(work, booked, target)
    _given(work, booked, target)
    if not policies.same_sale_points:
        _come(work, booked, target, differences)
    for tag, difference in differences.items():
        if difference < 0:
            before = work.clipped
            elsewhere -= _take(work, tag, -difference, target, elsewhere if policies.negative_balance == "clip" else -difference)
            spared[tag] = spared.get(tag, 0) + work.clipped - before
    work.repay()
    if renewed:
        _renew(work, renewed)
    left = {tag: points for tag, points in spared.items() if points}
    return replace(work.done(), spared=left) if left else work.done()


def lessened(entry: str, booked: Booked, target: Target) -> Target:
    """What a return keeps of what it did while the sale that it leans on changes: nothing beyond its new target.

    A return takes the points that the sale brought and gives back those that it spent, so a sale that shrinks must find them as they
    were before the return. Of a sale and its returns book first `lessened` of each return, then the sale, then the returns.

    Args:
        entry: The return's first key.
        booked: What it booked before.
        target: What it should have done, all in all.
    """
    wanted: dict[Tag, int] = {}
    for share in target.taken:
        wanted[share.programme, share.rule] = wanted.get((share.programme, share.rule), 0) + share.points
    have = _sums(_taken(entry, booked))
    for tag, points in booked.spared.items():
        have[tag] = have.get(tag, 0) + points
    kept = {tag: min(points, wanted.get(tag, 0)) for tag, points in have.items()}
    return replace(
        target,
        taken=tuple([Share(*tag, points) for tag, points in sorted(kept.items()) if points > 0]),
        given=min(_given_of(entry, target.original, booked), target.given),
    )


def _renew(work: Work, renewed: Mapping[Tag, datetime | None]) -> None:
    # Only ever later: whichever of two sales arrives first, the later one decides.
    latest = max((until for until in renewed.values() if until is not None), default=None)
    if latest is not None and not work.state.rest.outlives(work.at, latest):
        raise LotsNeededError
    for lot in list(work.lots.values()):
        until = renewed.get((lot.programme, lot.rule), renewed.get((lot.programme, "")))
        if until is None or lot.expires_at is None or not lot.remaining or lot.debt is not None:
            continue
        if work.at < lot.expires_at < until:
            work.lots[lot.lot_id] = replace(lot, expires_at=until)


def _differences(work: Work, booked: Booked, target: Target) -> tuple[dict[Tag, int], dict[Tag, int]]:
    """What is to come or to go, by rule, and what stays spared: it is the first to go where less is to be taken."""
    wanted: dict[Tag, int] = {}
    for earned in target.earned:
        wanted[earned.programme, earned.rule] = wanted.get((earned.programme, earned.rule), 0) + earned.points
    for share in target.taken:
        wanted[share.programme, share.rule] = wanted.get((share.programme, share.rule), 0) - share.points
    have = _sums(_taken(work.entry, booked))
    for tag in have:
        have[tag] = -have[tag]
    for lot in booked.lots:
        if lot.entry == work.entry and lot.debt is None:
            have[lot.programme, lot.rule] = have.get((lot.programme, lot.rule), 0) + lot.points
    differences: dict[Tag, int] = {}
    spared = dict(booked.spared)
    for tag in sorted(wanted.keys() | have.keys() | spared.keys()):
        left = spared.get(tag, 0)
        difference = wanted.get(tag, 0) - have.get(tag, 0) + left
        spared[tag] = left - min(left, max(0, difference))
        differences[tag] = difference - (left - spared[tag])
    return differences, spared


def _taken(entry: str, booked: Booked) -> list[Allocation]:
    return [row for row in booked.allocations if row.entry == entry and row.operation is Operation.TAKE]


def _sums(rows: Iterable[Allocation]) -> dict[Tag, int]:
    found: dict[Tag, int] = {}
    for row in rows:
        found[row.programme, row.rule] = found.get((row.programme, row.rule), 0) + row.points
    return found


def _given_of(entry: str, original: str, booked: Booked) -> int:
    rows = (row for row in booked.allocations if row.origin == original and row.operation is Operation.SPEND)
    return -sum(row.points for row in rows if row.entry == entry)


def _come(work: Work, booked: Booked, target: Target, differences: dict[Tag, int]) -> None:
    # First what comes, then what goes: a revision that only moves points from one rule to another must find them.
    taken = _taken(work.entry, booked)
    ends = {(earned.programme, earned.rule): (earned.expires_at, earned.usable_from) for earned in target.earned}
    for tag, points in differences.items():
        if points <= 0:
            continue
        # What the document itself took before comes back to its lots; only what is more than that is a new lot.
        back = refill(work, [row for row in taken if (row.programme, row.rule) == tag], points, Operation.TAKE)
        if back:
            work.post(Operation.TAKE, target.counter, back, *tag)
        if points > back:
            expires_at, usable_from = ends.get(tag, (None, None))
            work.add(points - back, *tag, expires_at=expires_at, usable_from=usable_from)
            work.post(Operation.EARN, target.counter, points - back, *tag)


def _take(work: Work, tag: Tag, points: int, target: Target, debt: int) -> int:
    """Takes points, of which so many may be owed; gives how many are."""
    # From the very lots that the document (or the sale it returns) made: first what is left in them, then what lapsed in them, for
    # a customer who lost points by their expiry must not lose them again by the return.
    mine = sorted(
        (
            lot
            for lot in work.lots.values()
            if lot.entry in (work.entry, target.original) and (lot.programme, lot.rule) == tag and lot.debt is None
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
    drawn = work.draw(points, Operation.TAKE, tag, first=[lot.lot_id for lot in mine], debt=False)
    owed = max(0, min(points - drawn, debt))
    if owed:
        work.draw(owed, Operation.TAKE, tag)
    work.clipped += points - drawn - owed
    if drawn + owed:
        work.post(Operation.TAKE, target.counter, -drawn - owed, *tag)
    return owed


def _spent(work: Work, booked: Booked, target: Target) -> None:
    rows = [row for row in booked.allocations if row.origin == work.entry and row.operation is Operation.SPEND]
    difference = target.spent - sum(row.points for row in rows if row.entry == work.entry)
    if difference < 0:
        back = refill(work, rows, -difference, Operation.SPEND)
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
    difference = target.given - _given_of(work.entry, target.original, booked)
    if difference > 0:
        back = refill(work, rows, difference, Operation.SPEND, origin=target.original)
        work.post(Operation.GIVE, Counter.REDEEMED, back)
    elif difference < 0:
        drawn = work.draw(-difference, Operation.SPEND, origin=target.original)
        work.post(Operation.GIVE, Counter.REDEEMED, -drawn)


def refill(work: Work, rows: Iterable[Allocation], points: int, operation: Operation, *, origin: str = "") -> int:
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
