"""One operation under way: the lots as they change, and the rows that come of it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain
from typing import Final

from v5_core.ledger._rest import LotsNeededError, Order
from v5_core.ledger._types import AccountState, Allocation, Counter, Hold, Lot, Operation, Outcome, Posting

__all__ = ["Work", "lapsed", "usable"]

_NAMESPACE: Final = uuid.UUID("0f6c2f0e-50b9-5f0c-9a8e-2d6b7d1c3e55")
_NEVER: Final = datetime.max.replace(tzinfo=UTC)


def lapsed(lot: Lot, at: datetime) -> bool:
    """Whether the lot's time is over."""
    return lot.expires_at is not None and lot.expires_at <= at


def usable(lot: Lot, at: datetime) -> bool:
    """Whether the lot is no longer pending."""
    return lot.usable_from is None or lot.usable_from <= at


def _nearest_expiry(lot: Lot) -> tuple[datetime, datetime, str]:
    return (lot.expires_at or _NEVER, lot.earned_at, lot.lot_id)


def _fifo(lot: Lot) -> tuple[datetime, datetime, str]:
    return (lot.earned_at, lot.earned_at, lot.lot_id)


class Work:
    """Collects what one operation changes. Lots are replaced, never changed; `done` says what to write."""

    def __init__(self, state: AccountState, entry: str, at: datetime, *, more: Iterable[Lot] = (), fifo: bool = False) -> None:
        self.state = state
        self.entry = entry
        self.at = at
        self.lots = {lot.lot_id: lot for lot in (*more, *state.lots)}
        self.before = dict(self.lots)
        self.sequence = state.sequence
        self.balance = state.balance
        self.postings: dict[tuple[str, Operation, Counter, str, str], int] = {}
        self.allocations: dict[tuple[str, str, Operation, str, str, str], int] = {}
        self.holds = {hold.hold_id: hold for hold in state.holds}
        self.holds_before = dict(self.holds)
        self.clipped = 0
        self._fifo = fifo
        self._order = _fifo if fifo else _nearest_expiry

    def post(self, operation: Operation, counter: Counter, points: int, programme: str = "", rule: str = "", entry: str = "") -> None:
        """`points` go to the account (negative: leave it); the counter takes the other side."""
        key = (entry or self.entry, operation, counter, programme, rule)
        self.postings[key] = self.postings.get(key, 0) + points
        self.balance += points

    def allocate(self, operation: Operation, lot_id: str, points: int, tag: tuple[str, str], *, entry: str = "", origin: str = "") -> None:
        """Notes that an entry drew `points` from a lot (negative: put them back)."""
        entry = entry or self.entry
        key = (entry, origin or entry, operation, lot_id, *tag)
        self.allocations[key] = self.allocations.get(key, 0) + points

    def add(
        self, points: int, programme: str, rule: str, *,
        expires_at: datetime | None = None, usable_from: datetime | None = None, debt: Operation | None = None,
        owner: str = "", came_at: datetime | None = None,
    ) -> Lot:  # fmt: skip
        """A new lot with a deterministic id; `owner` is whose it is, where it is not this entry's; `came_at` where it is older."""
        self.sequence += 1
        number = 0
        while True:
            name = "\x1f".join((self.state.account, self.entry, programme, rule, debt or "", str(number)))
            lot_id = str(uuid.uuid5(_NAMESPACE, name))
            if lot_id not in self.lots:
                break
            number += 1
        came = 0 if debt else points
        lot = Lot(
            lot_id, self.state.account, owner or self.entry, programme, rule, came, points, came_at or self.at, expires_at,
            sequence=self.sequence, debt=debt, usable_from=usable_from,
        )  # fmt: skip
        self.lots[lot_id] = lot
        return lot

    def draw(
        self, points: int, operation: Operation, tag: tuple[str, str] = ("", ""), *,
        first: Iterable[str] = (), origin: str = "", debt: bool = True,
    ) -> int:  # fmt: skip
        """Draws points from lots, those named `first` before all others; what is not there becomes a debt. Returns what was drawn."""
        left = points
        lots = chain([lot_id for lot_id in first if lot_id in self.lots], self._sources())
        # No lot is asked for that is not needed: it might not be loaded.
        while left > 0 and (lot_id := next(lots, None)) is not None:
            part = min(left, self.lots[lot_id].free)
            if part > 0:
                self.move(lot_id, -part)
                self.allocate(operation, lot_id, part, tag, origin=origin)
                left -= part
        if left and debt:
            # A sale owes what it spent, also when the credit note that gave it back is cancelled: what repays it is then the sale's.
            owed = self.add(-left, *tag, debt=operation, owner=origin)
            self.allocate(operation, owed.lot_id, left, tag, origin=origin)
            left = 0
        return points - left

    def _sources(self) -> Iterator[str]:
        """Lots that can be spent from, in the order of drawing.

        Raises:
            LotsNeededError: The next one was not loaded.
        """
        order, rest = Order(self._fifo, self.at), self.state.rest
        reach = rest.reach if rest.points and rest.reach is not None and rest.reach.order == order else None
        ready = [lot for lot in self.lots.values() if lot.free > 0 and not lapsed(lot, self.at) and usable(lot, self.at)]
        if rest.points and reach is None:
            raise LotsNeededError(order)
        last = reach.last if reach is not None else None
        for lot in sorted(ready, key=self._order):
            if last is not None and self._order(lot) > self._order(last):
                break
            yield lot.lot_id
        if last is not None:
            raise LotsNeededError(order)

    def refill_order(self, lot_id: str) -> tuple[bool, int]:
        """Where a lot stands when points come back: debts first, then the reverse of drawing."""
        ranks = {lot.lot_id: rank for rank, lot in enumerate(sorted(self.lots.values(), key=self._order))}
        return (self.lots[lot_id].debt is None, -ranks[lot_id])

    def move(self, lot_id: str, points: int, *, held: int = 0) -> None:
        """Changes what a lot has left, and what of it is held."""
        lot = self.lots[lot_id]
        self.lots[lot_id] = replace(lot, remaining=lot.remaining + points, held=lot.held + held)

    def repay(self) -> None:
        """Lets free points repay open debts, oldest debt first; the debt's drawing moves to the lots that repaid it."""
        debts = sorted((lot for lot in self.lots.values() if lot.remaining < 0), key=lambda lot: lot.sequence)
        sources = self._sources()
        source: str | None = None
        for debt in debts:
            while (owed := -self.lots[debt.lot_id].remaining) > 0:
                if source is None or self.lots[source].free <= 0:
                    source = next(sources, None)
                    if source is None:
                        return
                part = min(self.lots[source].free, owed)
                self.move(source, -part)
                self.move(debt.lot_id, part)
                operation, tag = debt.debt or Operation.ADJUST, (debt.programme, debt.rule)
                self.allocate(operation, debt.lot_id, -part, tag, entry=debt.entry)
                self.allocate(operation, source, part, tag, entry=debt.entry)

    def done(self) -> Outcome:
        """What to write; empty when nothing changed."""
        new = [lot for lot_id, lot in self.lots.items() if lot_id not in self.before]
        # Most lots are the very ones that were loaded: no need to compare their fields.
        changed = [
            lot for lot_id, lot in self.lots.items()
            if (old := self.before.get(lot_id)) is not None and lot is not old and lot != old
        ]  # fmt: skip
        holds_new = [hold for hold_id, hold in self.holds.items() if hold_id not in self.holds_before]
        holds_changed = [
            hold for hold_id, hold in self.holds.items() if hold_id in self.holds_before and hold != self.holds_before[hold_id]
        ]
        if not (new or changed or holds_new or holds_changed or any(self.postings.values())):
            return Outcome(self.state, clipped=self.clipped)
        account = replace(
            self.state,
            balance=self.balance,
            version=self.state.version + 1,
            sequence=self.sequence,
            lots=tuple([lot for lot in self.lots.values() if lot.remaining]),
            holds=tuple([hold for hold in self.holds.values() if hold.is_open]),
        )
        return Outcome(
            account, self._posted(), self._allocated(), tuple(new), tuple(changed), tuple(holds_new), tuple(holds_changed), self.clipped
        )  # fmt: skip

    def _posted(self) -> tuple[Posting, ...]:
        rows: list[Posting] = []
        # Money and points never meet in one sum.
        unit = "" if self.state.unit == "points" else f":{self.state.unit}"
        for (entry, operation, counter, programme, rule), points in self.postings.items():
            if points:
                rows.append(Posting(self.state.account, points, entry, operation, self.at, programme, rule))
                rows.append(Posting(counter.value + unit, -points, entry, operation, self.at, programme, rule))
        return tuple(rows)

    def _allocated(self) -> tuple[Allocation, ...]:
        return tuple(
            [
                Allocation(entry, origin, operation, lot_id, points, self.at, programme, rule)
                for (entry, origin, operation, lot_id, programme, rule), points in self.allocations.items()
                if points
            ]
        )

    def capture(self, hold: Hold, wanted: int) -> int:
        """Spends up to `wanted` of a hold's points from the lots it is tied to; the rest of the hold is free again."""
        left = wanted
        for lot_id, part in hold.parts:
            used = min(part, left)
            self.move(lot_id, -used, held=-part)
            if used:
                self.allocate(Operation.SPEND, lot_id, used, ("", ""))
            left -= used
        return wanted - left
