"""What customers' days brought, in memory while a transaction works on them, and the levels that follow."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from v5_cloud.kit.bulk import WriteSet
from v5_cloud.membership.repository import MembershipRepository
from v5_cloud.models import CustomerDay, StandingRow
from v5_core.hooks import TierView
from v5_core.membership import TierState, measured_from, tier_of
from v5_core.programme import TierScheme

__all__ = ["Measures"]

_NAMES: Final = ("gross", "points", "sales")
_PLACE: Final = {"spend": 0, "points": 1, "visits": 2}
Day = tuple[int, int, int]
# Customer, day and what a document brought.
Share = tuple[str, date, Day]


@dataclass(slots=True)
class Measures:
    """Days of some customers. What documents of this transaction change is kept apart until `collect`.

    Attributes:
        back: Days before a sale that vouchers measure.
        groups: By customer, who uses the same account; empty where no scheme asks.
    """

    repository: MembershipRepository
    schemes: Mapping[str, TierScheme]
    today: date
    back: int
    levels: dict[str, dict[str, Any]] = field(default_factory=dict)
    groups: dict[str, frozenset[str]] = field(default_factory=dict)
    _days: dict[str, dict[date, Day]] = field(default_factory=dict)
    _earlier: dict[str, Day] = field(default_factory=dict)
    _fresh: set[str] = field(default_factory=set)
    _before: dict[str, Share] = field(default_factory=dict)
    _now: dict[str, Share] = field(default_factory=dict)

    def load(self, customers: Collection[str], oldest: date) -> None:
        """Takes in customers; those who were never measured are added up from their documents.

        Args:
            customers: Who.
            oldest: Day of the oldest document under way.
        """
        wanted = set(customers) - self._days.keys()
        if not wanted:
            return
        if any(scheme.counts == "account" for scheme in self.schemes.values()):
            self.groups |= self.repository.groups(wanted)
            wanted = {one for customer in wanted for one in self.groups.get(customer, {customer})} - self._days.keys()
        first = min(oldest, self.today)
        starts = [measured_from(scheme, first) or first - timedelta(days=scheme.grace_days) for scheme in self.schemes.values()]
        since = min([*starts, first - timedelta(days=self.back)])
        known = {row.customer_id: row for row in self.repository.standings(wanted)}
        self.levels |= {customer: row.tiers for customer, row in known.items()}
        self._fresh |= wanted - known.keys()
        rows: list[Any] = [*self.repository.days(known.keys(), since), *self.repository.added_up(self._fresh & wanted)]
        self._days |= {customer: {} for customer in wanted}
        for customer, day, gross, points, sales in rows:
            brought = (int(gross or 0), int(points or 0), int(sales or 0))
            if day is None:
                self._earlier[customer] = brought
            else:
                self._days[customer][day] = brought

    def recall(self, document: str, share: Share | None) -> None:
        """What a document brought as it is stored."""
        if share is not None:
            self._before.setdefault(document, share)
            self._now.setdefault(document, share)

    def count(self, document: str, share: Share | None) -> None:
        """What it brings now; None is nothing."""
        if share is None:
            self._now.pop(document, None)
        else:
            self._now[document] = share

    def knows(self, customer: str) -> bool:
        """Whether the customer is measured here."""
        return customer in self._days

    def days(self, customer: str, *, without: str = "") -> dict[date, Day]:
        """Days with what this transaction changed, one document left out if wished."""
        found = dict(self._days.get(customer, {}))
        for rows, sign in ((self._before, -1), (self._now, 1)):
            for document, (whose, day, brought) in rows.items():
                if whose == customer:
                    _add(found, day, brought, sign)
                    if sign > 0 and document == without:
                        _add(found, day, brought, -1)
        return found

    def tiers(self, customer: str, on: date, *, without: str = "", sale: int | None = None) -> dict[str, TierState]:
        """Levels on a day, by programme; `sale` is what the sale at hand comes to, for programmes that count it already."""
        found = {}
        for programme, scheme in self.schemes.items():
            place = _PLACE[scheme.measure]
            people = self.groups.get(customer, {customer}) if scheme.counts == "account" else {customer}
            before = sum(self._earlier.get(one, (0, 0, 0))[place] for one in people) if scheme.period == "lifetime" else 0
            brought = [(day, one[place]) for person in people for day, one in self.days(person, without=without).items()]
            if sale is not None and scheme.with_this_sale:
                brought.append((on, (sale, 0, 1)[place]))
            found[programme] = tier_of(scheme, brought, on, before=before)
        return found

    def period(self, customer: str, first: date, last: date, *, without: str = "") -> Day:
        """What a period brought, both days included."""
        total = (0, 0, 0)
        for day, brought in self.days(customer, without=without).items():
            if first <= day <= last:
                total = (total[0] + brought[0], total[1] + brought[1], total[2] + brought[2])
        return total

    def visits(self, customer: str, on: date, *, without: str = "") -> tuple[int, date | None]:
        """Sales until a day, and the day of the last of them."""
        days = {day: brought for day, brought in self.days(customer, without=without).items() if day <= on and brought[2] > 0}
        return self._earlier.get(customer, (0, 0, 0))[2] + sum(brought[2] for brought in days.values()), max(days, default=None)

    def views(self, customer: str) -> tuple[TierView, ...]:
        """Levels today, as tills show them."""
        return views_of(self.schemes, self.tiers(customer, self.today))

    def moved(self, customer: str) -> tuple[TierView, ...]:
        """Levels that are not what they were when the customer was last worked out."""
        before = self.levels.get(customer, {})
        lowest = {programme: scheme.tiers[0].id for programme, scheme in self.schemes.items()}
        return tuple(one for one in self.views(customer) if one.tier != (before.get(one.programme) or [lowest[one.programme]])[0])

    def touched(self) -> set[str]:
        """Customers whose days changed, or who are measured for the first time."""
        changed = {share[0] for name in self._before.keys() | self._now.keys() if (share := self._changed(name)) is not None}
        moved = {whose for rows in (self._before, self._now) for name, (whose, _, _) in rows.items() if self._changed(name)}
        return (changed | moved | self._fresh) & self._days.keys()

    def _changed(self, document: str) -> Share | None:
        before, now = self._before.get(document), self._now.get(document)
        return None if before == now else (now or before)

    def collect(self, writes: WriteSet, now: datetime, *, again: Iterable[str] = ()) -> None:
        """Puts days and levels into the write set; `again` are customers to work out anew."""
        company = self.repository.scope.company
        for customer in self._fresh:
            # The documents of this transaction are in neither sum yet: they come below, like everybody's.
            writes.put(CustomerDay, [_row(company, customer, day, brought) for day, brought in self._days[customer].items()], "add")
        changes: dict[tuple[str, date], Day] = {}
        for rows, sign in ((self._before, -1), (self._now, 1)):
            for customer, day, brought in rows.values():
                if customer in self._days:
                    one: dict[date, Day] = {day: changes.get((customer, day), (0, 0, 0))}
                    _add(one, day, brought, sign)
                    changes[customer, day] = one[day]
        writes.put(
            CustomerDay, [_row(company, customer, day, brought) for (customer, day), brought in changes.items() if any(brought)], "add"
        )
        touched = self.touched() | (set(again) & self._days.keys())
        for customer in sorted({one for person in touched for one in self.groups.get(person, {person})}):
            found = self.tiers(customer, self.today)
            ends = [one.until for one in found.values() if one.until is not None]
            row = {
                "customer_id": customer,
                "company_id": company,
                "tiers": {programme: [one.tier, one.measure] for programme, one in found.items()},
                "changes_on": min(ends) + timedelta(days=1) if ends else None,
                "updated_at": now,
            }
            writes.put(StandingRow, [row], "replace")


def views_of(schemes: Mapping[str, TierScheme], found: Mapping[str, TierState]) -> tuple[TierView, ...]:
    """Levels as tills show them."""
    titles = {(programme, tier.id): tier.title for programme, scheme in schemes.items() for tier in scheme.tiers}
    return tuple(
        TierView(
            programme=programme,
            tier=one.tier,
            title=titles[programme, one.tier],
            until=one.until,
            next_tier=one.next_tier,
            missing=one.missing,
        )
        for programme, one in found.items()
    )


def _add(days: dict[date, Day], day: date, brought: Day, sign: int) -> None:
    was = days.get(day, (0, 0, 0))
    days[day] = (was[0] + sign * brought[0], was[1] + sign * brought[1], was[2] + sign * brought[2])


def _row(company: str, customer: str, day: date, brought: Day) -> dict[str, Any]:
    return {"customer_id": customer, "day": day, "company_id": company, **dict(zip(_NAMES, brought, strict=True))}
