"""Movements that no document causes: expiry, adjustments and their undoing, resets, a balance that moves to another account."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from v5_core.engine import expires_at
from v5_core.errors import ConflictError
from v5_core.ledger._book import refill
from v5_core.ledger._rest import LotsNeededError
from v5_core.ledger._types import AccountState, Booked, Counter, Operation, Outcome
from v5_core.ledger._work import Work, lapsed
from v5_core.programme import Policies, Programme

__all__ = ["adjust", "expire", "move", "renewals", "reset", "undo"]

_DEFAULT: Final = Policies()


def expire(state: AccountState, entry: str, *, at: datetime) -> Outcome:
    """Takes out what lapsed by `at`, of the lots that are loaded; points that a hold reserves stay until it is captured or released."""
    work = Work(state, entry, at)
    for lot in state.lots:
        if lot.free > 0 and lapsed(lot, at):
            work.lots[lot.lot_id] = replace(lot, remaining=lot.held, expired=lot.expired + lot.free)
            work.allocate(Operation.EXPIRE, lot.lot_id, lot.free, ("", ""))
            work.post(Operation.EXPIRE, Counter.EXPIRED, -lot.free, lot.programme, lot.rule)
    return work.done()


def adjust(
    state: AccountState, entry: str, points: int, *,
    at: datetime, policies: Policies, expires_at: datetime | None = None, rule: str = "adjustment",
) -> Outcome:  # fmt: skip
    """Adds or takes points by hand; also opening balances of cards that come from another system.

    Args:
        state: The account as loaded.
        entry: The adjustment's id; who and why is kept with it by the caller.
        points: Positive adds a lot, negative draws from the lots; what is not there is a debt, or left (policy "clip").
        at: When.
        policies: Of the programme.
        expires_at: Of the added lot.
        rule: What the movement is called in the books.
    """
    work = Work(state, entry, at, fifo=policies.lots == "fifo")
    if points > 0:
        work.add(points, "", rule, expires_at=expires_at)
        work.post(Operation.ADJUST, Counter.ADJUSTED, points, "", rule)
        work.repay()
    elif points < 0:
        drawn = work.draw(-points, Operation.ADJUST, debt=policies.negative_balance == "allow")
        work.clipped = -points - drawn
        if drawn:
            work.post(Operation.ADJUST, Counter.ADJUSTED, -drawn, "", rule)
    return work.done()


def reset(state: AccountState, entry: str, *, at: datetime, keep: int = 0, rule: str = "reset") -> Outcome:
    """Takes out all points but `keep`, those that lapse first first, pending ones too; what a hold reserves stays, and so does a debt.

    Raises:
        LotsNeededError: Not all lots are loaded.
    """
    work = Work(_whole(state), entry, at)
    left = sum([lot.free for lot in state.lots if lot.free > 0]) - keep
    # Drawn lot by lot, since a spend would pass over what is pending.
    for lot in sorted(state.lots, key=lambda one: (one.expires_at is None, one.expires_at or at, one.earned_at, one.lot_id)):
        part = min(left, lot.free)
        if part > 0:
            work.move(lot.lot_id, -part)
            work.allocate(Operation.ADJUST, lot.lot_id, part, ("", ""))
            work.post(Operation.ADJUST, Counter.ADJUSTED, -part, "", rule)
            left -= part
    return work.done()


def undo(state: AccountState, entry: str, booked: Booked, undone: str, *, at: datetime, policies: Policies) -> Outcome:
    """Takes back an adjustment or a reset: what it drew goes back to its lots, what it added is taken out again.

    Args:
        state: The account as loaded.
        entry: The undoing's own id.
        booked: What `undone` booked: its lots, its allocations, and the lots that these name.
        undone: Id of the adjustment.
        at: When.
        policies: Of the programme: what was added and spent meanwhile becomes a debt, or is left (policy "clip").
    """
    work = Work(state, entry, at, more=booked.lots, fifo=policies.lots == "fifo")
    drawn = [row for row in booked.allocations if row.origin == undone and row.operation is Operation.ADJUST]
    back = refill(work, drawn, sum(row.points for row in drawn), Operation.ADJUST, origin=undone)
    if back:
        work.post(Operation.ADJUST, Counter.ADJUSTED, back, "", "undone")
    made = [lot for lot in booked.lots if lot.entry == undone and lot.debt is None]
    gone = sum(lot.points - lot.expired for lot in made)
    taken = work.draw(gone, Operation.ADJUST, first=[lot.lot_id for lot in made], debt=policies.negative_balance == "allow")
    work.clipped = gone - taken
    if taken:
        work.post(Operation.ADJUST, Counter.ADJUSTED, -taken, "", "undone")
    work.repay()
    return work.done()


def move(
    source: AccountState, target: AccountState, entry: str, *, at: datetime, policies: Policies = _DEFAULT
) -> tuple[Outcome, Outcome]:  # fmt: skip
    """Moves all that is left on one account to another, lot by lot, each as old as it was and with its own end (a lost gift card).

    Raises:
        ConflictError: Another unit, or something is held for a payment under way.
        LotsNeededError: Not all lots of the source are loaded.
    """
    if source.unit != target.unit:
        raise ConflictError(f"{source.unit} cannot move to an account in {target.unit}", code="unit")
    if any(hold.is_open for hold in source.holds):
        raise ConflictError("a payment with it is under way: let it end first", code="held")
    out, into = Work(_whole(source), entry, at), Work(target, entry, at, fifo=policies.lots == "fifo")
    for lot in sorted(source.lots, key=lambda one: one.sequence):
        out.move(lot.lot_id, -lot.remaining)
        out.allocate(Operation.MOVE, lot.lot_id, lot.remaining, ("", ""))
        out.post(Operation.MOVE, Counter.MOVED, -lot.remaining, lot.programme, lot.rule)
        if lot.remaining > 0:
            into.add(
                lot.remaining, lot.programme, lot.rule, expires_at=lot.expires_at, usable_from=lot.usable_from, came_at=lot.earned_at
            )  # fmt: skip
        else:
            debt = into.add(lot.remaining, lot.programme, lot.rule, debt=lot.debt)
            into.allocate(lot.debt or Operation.ADJUST, debt.lot_id, -lot.remaining, (lot.programme, lot.rule))
        into.post(Operation.MOVE, Counter.MOVED, lot.remaining, lot.programme, lot.rule)
    into.repay()
    return out.done(), into.done()


def _whole(state: AccountState) -> AccountState:
    if state.rest.points:
        raise LotsNeededError
    return state


def renewals(programmes: Iterable[Programme], at: datetime, zone: ZoneInfo) -> dict[tuple[str, str], datetime | None]:
    """Until when a sale at `at` keeps living lots alive, by (programme, rule), where points lapse after so long without a sale.

    The rule "" stands for all rules of the programme that say nothing of their own.
    """
    found: dict[tuple[str, str], datetime | None] = {}
    for programme in programmes:
        kinds = {"": programme.expiry} | {rule.id: rule.expiry for rule in programme.earning if rule.expiry is not None}
        if any(one.kind == "activity" for one in kinds.values()):
            for rule, expiry in kinds.items():
                found[programme.id, rule] = expires_at(expiry, at, zone) if expiry.kind == "activity" else None
    return found
