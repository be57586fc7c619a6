"""Limits, budgets and caps that all customers share: who came first.

Customers are looked at one after the other, and in many processes; a shared limit hangs on the order of all sales. So a first pass, without
these limits, only writes down when each of them was used; `Shared` then says for any instant how much of it was gone. Nothing is kept
beyond the use that takes the last of it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, Literal, NamedTuple

from v5_core.days import period
from v5_core.engine import limit_key
from v5_core.programme import Per, Programme

__all__ = ["Shared", "SharedLimit", "Use", "shared_limits"]

_CUT_EVERY: Final = 8192


class SharedLimit(NamedTuple):
    """One of them.

    Attributes:
        key: Its name in `SaleState.used`.
        most: How much there is in a period.
        by_store: Counted for each store by itself.
        counts: Of customers the first `most` may use it as often as they like; points are thousandths, money is minor units.
    """

    key: str
    per: Per
    most: int
    by_store: bool = False
    counts: Literal["uses", "customers", "points", "money"] = "uses"


class Use(NamedTuple):
    """One use: when, by which document and customer, how much of it."""

    at: datetime
    document: str
    customer: str
    amount: int = 1


def shared_limits(programme: Programme) -> Iterable[tuple[str, SharedLimit]]:
    """(rule, limit) of what all customers share. Limits of a code are left out: a code is used as often as it was."""
    for rule in (*programme.offers, *programme.vouchers):
        for index, limit in enumerate(rule.limits):
            if limit.by in ("all", "store"):
                key = limit_key(programme.id, rule.id, index)
                yield rule.id, SharedLimit(key, limit.per, limit.uses, limit.by == "store", limit.count)
    for offer in programme.offers:
        for index, budget in enumerate(offer.budgets):
            if budget.by in ("all", "store"):
                key = limit_key(programme.id, offer.id, index, budget=True)
                yield offer.id, SharedLimit(key, budget.per, budget.amount, budget.by == "store", "money")
    for earn in programme.earning:
        for index, cap in enumerate(earn.caps):
            if cap.per != "sale" and cap.by == "all":
                key = limit_key(programme.id, earn.id, index, cap=True)
                yield earn.id, SharedLimit(key, cap.per, cap.points, counts="points")


Place = tuple[str, str, str]


@dataclass(slots=True)
class Shared:
    """Uses of shared limits: (name of the limit, period, store) to its first uses, as many as it takes to use it up."""

    limits: Mapping[str, list[SharedLimit]] = field(default_factory=dict)
    uses: dict[Place, list[Use]] = field(default_factory=dict)
    _gone: dict[Place, tuple[list[tuple[datetime, str]], list[int], frozenset[str]]] = field(default_factory=dict)

    def add(self, rule: str, use: Use, day: date, store: str, *, points: int, money: int, times: int) -> None:
        """Writes down that a rule gave something."""
        for limit in self.limits.get(rule, ()):
            amount = points if limit.counts == "points" else money if limit.counts == "money" else times
            if amount > 0 and (use.customer or limit.counts != "customers"):
                place = _place(limit, day, store)
                known = self.uses.setdefault(place, [])
                known.append(use._replace(amount=amount))
                if len(known) % _CUT_EVERY == 0:
                    self.uses[place] = _first(known, limit)

    def absorb(self, other: Shared) -> None:
        """Takes in what another part of the past used."""
        by_key = {limit.key: limit for limits in self.limits.values() for limit in limits}
        for place, uses in other.uses.items():
            self.uses[place] = _first([*self.uses.get(place, ()), *uses], by_key[place[0]])

    def used(self, at: datetime, document: str, customer: str, day: date, store: str) -> dict[str, int]:
        """How much of each limit was gone when a sale came; for `SaleState.used`."""
        found = {}
        for limits in self.limits.values():
            for limit in limits:
                amount = self._used(limit, (at, document), customer, _place(limit, day, store))
                if amount:
                    found[limit.key] = amount
        return found

    def _used(self, limit: SharedLimit, moment: tuple[datetime, str], customer: str, place: Place) -> int:
        known = self._gone.get(place)
        if known is None:
            first = _first(self.uses.get(place, ()), limit)
            sums, total = [0], 0
            for one in first:
                total += one.amount
                sums.append(total)
            known = self._gone[place] = ([(one.at, one.document) for one in first], sums, frozenset(one.customer for one in first))
        moments, sums, customers = known
        if limit.counts == "customers" and customer and customer in customers:
            return 0
        return sums[bisect_left(moments, moment)]


def _place(limit: SharedLimit, day: date, store: str) -> Place:
    return limit.key, period(limit.per, day)[0], store if limit.by_store else ""


def _first(uses: Iterable[Use], limit: SharedLimit) -> list[Use]:
    # In the order of time, up to the one that takes the last of it.
    kept: list[Use] = []
    left, seen = limit.most, set[str]()
    for one in sorted(uses):
        if left <= 0:
            break
        if limit.counts == "customers":
            if one.customer in seen:
                continue
            seen.add(one.customer)
            one = one._replace(amount=1)
        kept.append(one)
        left -= one.amount
    return kept
