"""Sums that can be taken apart and put together again, in any order."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeVar

from v5_core.hooks import Explanation
from v5_core.simulation._given import Given, Kind
from v5_core.simulation._shared import Shared

__all__ = ["BANDS", "Moved", "Sample", "Sums", "Tally"]

BANDS: Final = (-5000, -2000, -1000, -500, -100, 0, 100, 500, 1000, 2000, 5000)
"""Where the bands of the distribution begin and end, in minor units of what a customer gets more or less; nothing is a band of its own."""
Item = TypeVar("Item")
Key = TypeVar("Key")


@dataclass(slots=True)
class Sums:
    """Sales side by side: what today's programmes gave (`base`), and what the draft would have given."""

    documents: int = 0
    differing: int = 0
    gross: int = 0
    base: Given = field(default_factory=Given)
    draft: Given = field(default_factory=Given)

    def __iadd__(self, other: Sums) -> Sums:
        self.documents += other.documents
        self.differing += other.differing
        self.gross += other.gross
        self.base += other.base
        self.draft += other.draft
        return self


@dataclass(frozen=True, slots=True)
class Moved:
    """One customer's difference: in money, and in points where money says nothing."""

    customer: str
    money: int
    points: int
    sums: Sums


@dataclass(frozen=True, slots=True)
class Sample:
    """One document that differs, with both explanations."""

    document: str
    number: str
    store: str
    issued_at: datetime
    customer: str | None
    gross: int
    money: int
    points: int
    base: Given
    draft: Given
    base_explanations: tuple[Explanation, ...]
    draft_explanations: tuple[Explanation, ...]


@dataclass(slots=True)
class Tally:
    """What some documents came to. `a + b` is what both came to.

    Attributes:
        most: How many of the biggest winners, losers and differing documents are kept.
        rules: By (kind, rule).
        open: Customers of whom more documents may come.
        bands: How many customers got how much more or less; see `BANDS`.
        shared: What today's programmes and the draft used of limits that all share; from a first pass only.
    """

    most: int = 10
    skipped: int = 0
    returns: int = 0
    total: Sums = field(default_factory=Sums)
    rules: dict[tuple[Kind, str], Sums] = field(default_factory=dict)
    stores: dict[str, Sums] = field(default_factory=dict)
    months: dict[str, Sums] = field(default_factory=dict)
    tiers: dict[str, Sums] = field(default_factory=dict)
    segments: dict[str, Sums] = field(default_factory=dict)
    open: dict[str, Sums] = field(default_factory=dict)
    winners: int = 0
    losers: int = 0
    unchanged: int = 0
    bands: list[int] = field(default_factory=lambda: [0] * (len(BANDS) + 2))
    biggest_winners: list[Moved] = field(default_factory=list)
    biggest_losers: list[Moved] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    shared: tuple[Shared, Shared] | None = None

    def __add__(self, other: Tally) -> Tally:
        """Both together."""
        found = Tally(most=max(self.most, other.most))
        for one in (self, other):
            found.absorb(one)
        return found

    def absorb(self, other: Tally) -> None:
        """Takes another one in; leaves it as it is."""
        self.skipped += other.skipped
        self.returns += other.returns
        self.total += other.total
        for name in ("rules", "stores", "months", "tiers", "segments", "open"):
            _absorb(getattr(self, name), getattr(other, name))
        self.winners += other.winners
        self.losers += other.losers
        self.unchanged += other.unchanged
        self.bands = [mine + theirs for mine, theirs in zip(self.bands, other.bands, strict=True)]
        self.biggest_winners = _top([*self.biggest_winners, *other.biggest_winners], self.most, _most_won)
        self.biggest_losers = _top([*self.biggest_losers, *other.biggest_losers], self.most, _most_lost)
        self.samples = _top([*self.samples, *other.samples], self.most, _most_different)
        if other.shared is not None:
            if self.shared is None:
                self.shared = Shared(other.shared[0].limits), Shared(other.shared[1].limits)
            for mine, theirs in zip(self.shared, other.shared, strict=True):
                mine.absorb(theirs)

    def count(self, rules: Iterable[tuple[Kind, str, Given]], *, draft: bool) -> None:
        """Adds what rules gave in one sale."""
        for kind, rule, given in rules:
            sums = self.rules.get((kind, rule))
            if sums is None:
                sums = self.rules[kind, rule] = Sums()
            if draft:
                sums.draft += given
            else:
                sums.base += given

    def sample(self, make: Callable[[], Sample], money: int, points: int) -> None:
        """Keeps a document when it is among those that differ most."""
        kept = self.samples
        if len(kept) >= self.most and (abs(money), abs(points)) < (abs(kept[-1].money), abs(kept[-1].points)):
            return
        self.samples = _top([*kept, make()], self.most, _most_different)

    def close(self, customer: str, worth: Callable[[Sums], int]) -> None:
        """All of a customer's documents are in: one row less to keep.

        Args:
            customer: Who.
            worth: What the customer gets more (or less), in minor units.
        """
        sums = self.open.pop(customer, None)
        if sums is None:
            return
        money, points = worth(sums), sums.draft.points - sums.base.points
        self.bands[_band(money)] += 1
        change = money or points
        if not change:
            self.unchanged += 1
            return
        moved = Moved(customer, money, points, sums)
        if change > 0:
            self.winners += 1
            self.biggest_winners = self._kept(self.biggest_winners, moved, _most_won)
        else:
            self.losers += 1
            self.biggest_losers = self._kept(self.biggest_losers, moved, _most_lost)

    def _kept(self, kept: list[Moved], one: Moved, order: Callable[[Moved], Any]) -> list[Moved]:
        if len(kept) >= self.most and order(one) > order(kept[-1]):
            return kept
        return _top([*kept, one], self.most, order)


def _band(money: int) -> int:
    # 0 is a band of its own, in the middle: nothing changed.
    below = sum(1 for edge in BANDS if edge < money)
    return below + 1 if money >= 0 else below


def _absorb(mine: dict[Key, Sums], theirs: dict[Key, Sums]) -> None:
    for key, sums in theirs.items():
        known = mine.get(key)
        if known is None:
            known = mine[key] = Sums()
        known += sums


def _top(items: list[Item], most: int, order: Callable[[Item], Any]) -> list[Item]:
    return sorted(items, key=order)[:most]


def _most_won(one: Moved) -> tuple[int, int, str]:
    return -one.money, -one.points, one.customer


def _most_lost(one: Moved) -> tuple[int, int, str]:
    return one.money, one.points, one.customer


def _most_different(one: Sample) -> tuple[int, int, str]:
    return -abs(one.money), -abs(one.points), one.document
