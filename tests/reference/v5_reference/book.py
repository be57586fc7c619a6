"""An account of which every single point is a thing of its own: free, held, used by somebody, or lapsed.

Whoever uses a point that is not there owes it; the next free point pays the oldest debt. Nothing else is needed to say what a balance,
a lot, a hold or a debt is. Movements are kept in a plain list, from which the balance of any instant is summed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from v5_core.ledger import Operation
from v5_core.programme import Policies

__all__ = ["Batch", "Book", "Point"]

_NEVER: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(eq=False)
class Batch:
    """Points that came together (a lot); `lent` ones stand for a debt that moved to another account."""

    entry: str
    rule: str
    came: datetime
    lapses: datetime | None = None
    usable: datetime | None = None
    lent: bool = False


@dataclass(eq=False)
class Point:
    """One point; `hold` names the hold that keeps it, `gone` says that it lapsed."""

    batch: Batch
    hold: str = ""
    gone: bool = False
    use: Use | None = None

    @property
    def free(self) -> bool:
        return not self.hold and not self.gone and self.use is None


@dataclass(eq=False)
class Use:
    """Somebody used one point; `origin` is the sale that this use belongs to. Without a point it is owed."""

    entry: str
    origin: str
    operation: Operation
    rule: str
    point: Point | None
    debt: int = 0
    at: datetime = _NEVER


class Book:
    """One account; `spares`: points that were not there to be taken stay untaken when the document is told again (cards: taken then)."""

    def __init__(self, policies: Policies, *, spares: bool = True) -> None:
        self.policies = policies
        self.spares = spares
        self.points: list[Point] = []
        self.uses: list[Use] = []
        self.holds: dict[str, list[Point]] = {}
        self.movements: list[tuple[datetime, int]] = []
        self.spent: dict[str, int] = {}
        self.given: dict[str, int] = {}
        self.earned: dict[tuple[str, str], int] = {}
        self.spared: dict[tuple[str, str], int] = {}
        self.debts = 0

    # What it shows

    @property
    def owed(self) -> list[Use]:
        return sorted((use for use in self.uses if use.point is None), key=lambda use: use.debt)

    @property
    def balance(self) -> int:
        return sum(not point.gone and point.use is None for point in self.points) - len(self.owed)

    def available(self, at: datetime) -> int:
        """Points that can be spent; what is owed is taken off."""
        return len(self._ready(at)) - len(self.owed)

    @property
    def held(self) -> int:
        return sum(bool(point.hold) for point in self.points)

    def balance_at(self, at: datetime) -> int:
        """The sum of all movements that count by then."""
        return sum(points for when, points in self.movements if when <= at)

    def batches(self) -> dict[tuple[str, str], tuple[int, int, int]]:
        """Left, held and lapsed of all that an entry brought by a rule."""
        found: dict[tuple[str, str], tuple[int, int, int]] = {}
        for point in self.points:
            if point.batch.lent:
                continue
            left, held, gone = found.get((point.batch.entry, point.batch.rule), (0, 0, 0))
            found[point.batch.entry, point.batch.rule] = (
                left + (not point.gone and point.use is None), held + bool(point.hold), gone + point.gone,
            )  # fmt: skip
        return found

    # What happens

    def document(
        self, entry: str, at: datetime, *, earned: int = 0, rule: str = "euro", lapses: datetime | None = None,
        usable: datetime | None = None, spent: int = 0, holds: Iterable[str] = (), original: str = "", taken: int = 0, given: int = 0,
    ) -> None:  # fmt: skip
        """A sale or a return, for the first time or again: what it should have done, all in all."""
        before = self.balance
        wanted, have, tag = earned - taken, self.earned.get((entry, rule), 0), (entry, rule)
        come = wanted - have
        spared = min(max(0, come), self.spared.get(tag, 0))
        come, self.spared[tag] = come - spared, self.spared.get(tag, 0) - spared
        if self.policies.same_sale_points:
            self._come(entry, rule, come, at, lapses, usable)
        self._spend(entry, at, spent, holds)
        self._give(entry, at, original, given)
        if not self.policies.same_sale_points:
            self._come(entry, rule, come, at, lapses, usable)
        clipped = self._take(entry, rule, -come, at, original)
        self.spared[tag] += clipped if self.spares else 0
        self.earned[tag] = wanted + (0 if self.spares else clipped)
        self._repay(at)
        self._moved(at, before)

    def expire(self, at: datetime) -> None:
        """Free points whose time is over are gone."""
        over = [one for one in self.points if one.batch.lapses is not None and one.batch.lapses <= at and one.free]
        if over:
            before = self.balance
            for point in over:
                point.gone = True
            self._moved(at, before)

    def hold(self, name: str, points: int, at: datetime) -> bool:
        """Keeps points for a payment, unless there are too few."""
        if self.available(at) < points:
            return False
        self.holds[name] = self._ready(at)[:points]
        for point in self.holds[name]:
            point.hold = name
        return True

    def release(self, name: str, at: datetime) -> None:
        """What was kept is free again."""
        for point in self.holds.pop(name):
            point.hold = ""
        self._repay(at)

    def adjust(self, entry: str, points: int, at: datetime, lapses: datetime | None = None) -> None:
        """By hand."""
        before = self.balance
        if points > 0:
            self._add(entry, "adjustment", points, at, lapses, None)
            self._repay(at)
        else:
            self._draw(entry, entry, Operation.ADJUST, "", -points, at, may_owe=self.policies.negative_balance == "allow")
        self._moved(at, before)

    def reset(self, entry: str, keep: int, at: datetime) -> None:
        """Takes out all free points but some, those that lapse first first."""
        before = self.balance
        free = sorted((point for point in self.points if point.free), key=lambda one: (one.batch.lapses or _NEVER, one.batch.came))
        for point in free[: max(0, len(free) - keep)]:
            self._use(Use(entry, entry, Operation.ADJUST, "", point))
        self._moved(at, before)

    def undo(self, entry: str, undone: str, at: datetime) -> None:
        """Takes back an adjustment or a reset."""
        before = self.balance
        self._back([use for use in self.uses if use.origin == undone and use.operation is Operation.ADJUST], len(self.uses))
        made = [point for point in self.points if point.batch.entry == undone]
        left = sum(not point.gone for point in made)
        mine = [point for point in made if point.free]
        self._draw(entry, entry, Operation.ADJUST, "", left, at, first=mine, may_owe=self.policies.negative_balance == "allow")
        self._repay(at)
        self._moved(at, before)

    def move(self, target: Book, entry: str, at: datetime) -> None:
        """All that is left goes to another account, each point as old as it was; what is owed is owed there."""
        before, there = self.balance, target.balance
        batches: dict[Batch, Batch] = {}
        for point in [one for one in self.points if one.free]:
            old = point.batch
            into = batches.setdefault(old, Batch(entry, old.rule, old.came, old.lapses, old.usable))
            self._use(Use(entry, entry, Operation.MOVE, "", point))
            target.points.append(Point(into))
        for use in self.owed:
            target.debts += 1
            target.uses.append(Use(entry, entry, use.operation, use.rule, None, target.debts, at))
            use.point = Point(Batch(use.origin, use.rule, use.at, lent=True), use=use)
            self.points.append(use.point)
        target._repay(at)
        self._moved(at, before)
        target._moved(at, there)

    # How

    def _moved(self, at: datetime, before: int) -> None:
        self.movements.append((at, self.balance - before))

    def _rank(self, point: Point) -> tuple[datetime, datetime]:
        batch = point.batch
        return (batch.came, batch.came) if self.policies.lots == "fifo" else (batch.lapses or _NEVER, batch.came)

    def _ready(self, at: datetime) -> list[Point]:
        """Points that may be drawn, in their order."""
        found = [
            one for one in self.points
            if one.free and (one.batch.lapses is None or one.batch.lapses > at) and (one.batch.usable is None or one.batch.usable <= at)
        ]  # fmt: skip
        return sorted(found, key=self._rank)

    def _use(self, use: Use) -> None:
        self.uses.append(use)
        if use.point is not None:
            use.point.use = use

    def _add(self, entry: str, rule: str, points: int, at: datetime, lapses: datetime | None, usable: datetime | None) -> None:
        batch = Batch(entry, rule, at, lapses, usable)
        self.points += [Point(batch) for _ in range(points)]

    def _draw(
        self, entry: str, origin: str, operation: Operation, rule: str, points: int, at: datetime, *,
        first: Iterable[Point] = (), may_owe: bool = True,
    ) -> int:  # fmt: skip
        """Uses points, owed ones too if that may be; gives how many could not be used."""
        found = [*first]
        found += [point for point in self._ready(at) if point not in found]
        for point in found[:points]:
            self._use(Use(entry, origin, operation, rule, point))
        short = max(0, points - len(found))
        if short and may_owe:
            self.debts += 1
            for _ in range(short):
                self._use(Use(entry, origin, operation, rule, None, self.debts, at))
            return 0
        return short

    def _back(self, uses: list[Use], points: int) -> int:
        """Points come back: debts first, then what would be drawn last; gives how many."""
        owed = [use for use in uses if use.point is None]
        drawn = sorted((use for use in uses if use.point is not None), key=lambda use: self._rank(use.point), reverse=True)  # type: ignore[arg-type]
        back = [*owed, *drawn][:points]
        for use in back:
            self.uses.remove(use)
            if use.point is not None:
                use.point.use = None
        return len(back)

    def _spend(self, entry: str, at: datetime, spent: int, holds: Iterable[str]) -> None:
        difference = spent - self.spent.get(entry, 0)
        if difference < 0:
            mine = [use for use in self.uses if use.origin == entry and use.operation is Operation.SPEND]
            self.spent[entry] = self.spent.get(entry, 0) - self._back(mine, -difference)
        left = max(0, difference)
        for name in holds:
            for point in self.holds.pop(name, []):
                point.hold = ""
                if left:
                    self._use(Use(entry, entry, Operation.SPEND, "", point))
                    left -= 1
        if left:
            self._draw(entry, entry, Operation.SPEND, "", left, at)
        if difference > 0:
            self.spent[entry] = spent

    def _give(self, entry: str, at: datetime, original: str, given: int) -> None:
        difference = given - self.given.get(entry, 0)
        if not original or not difference:
            return
        if difference > 0:
            uses = [use for use in self.uses if use.origin == original and use.operation is Operation.SPEND]
            self.given[entry] = self.given.get(entry, 0) + self._back(uses, difference)
        else:
            self._draw(entry, original, Operation.SPEND, "", -difference, at)
            self.given[entry] = given

    def _come(self, entry: str, rule: str, points: int, at: datetime, lapses: datetime | None, usable: datetime | None) -> None:
        if points > 0:
            mine = [use for use in self.uses if use.entry == entry and use.operation is Operation.TAKE and use.rule == rule]
            points -= self._back(mine, points)
            self._add(entry, rule, points, at, lapses, usable)

    def _take(self, entry: str, rule: str, points: int, at: datetime, original: str) -> int:
        """From the very points that the sale brought, lapsed ones too, then others; gives how many are left (policy "clip")."""
        if points <= 0:
            return 0
        mine = [point for point in self.points if point.batch.entry in (entry, original) and point.batch.rule == rule]
        free = [point for point in mine if point.free]
        lapsed = [point for point in mine if point.gone][: max(0, points - len(free))]
        for point in lapsed:
            point.gone = False
        may_owe = self.policies.negative_balance == "allow"
        return self._draw(entry, entry, Operation.TAKE, rule, points, at, first=[*free, *lapsed], may_owe=may_owe)

    def _repay(self, at: datetime) -> None:
        for use, point in zip(self.owed, self._ready(at), strict=False):
            use.point, point.use = point, use
