"""What the programmes of a day need beside points: known once for each set, so that a sale that needs nothing more costs nothing more."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from v5_core.days import period
from v5_core.engine import limit_key
from v5_core.programme import (
    Budget,
    Club,
    EarnEvent,
    EarnPerSale,
    Entitlement,
    Limit,
    PointsCap,
    Programme,
    StoredValueType,
    TierScheme,
    VoucherRule,
)

__all__ = ["Asks", "CounterKey", "asks_of"]

# Scope, period, key of one row of `use_counter`.
CounterKey = tuple[str, str, str]
_AT_SALES: Final = frozenset({"till", "anonymous", "next_purchase"})
_SEGMENT: Final = re.compile(r"\bsegment\b", re.IGNORECASE)
_COUNTED: Final = re.compile(r"\bsales\b")


@dataclass(frozen=True, slots=True)
class Asks:
    """What a set of programmes asks for.

    Attributes:
        limits: Of offers and voucher rules, by (programme, rule).
        budgets: Of offers, by (programme, rule).
        caps: Of earning rules, by (programme, rule); caps of one sale are the engine's own business.
        daily: Programmes that limit the points used in a day.
        schemes: Tier schemes by programme.
        clubs: By (programme, club).
        entitlements: By (programme, entitlement), with the club.
        vouchers: Rules that make vouchers at sales.
        events: Voucher and earning rules of events.
        types: Types of stored value.
        sold: By article code, the type of stored value that its sale issues.
        renews: Lots live on because the customer buys.
        by_visits: A rule goes by the customer's sales so far.
        coded: Customers may have vouchers, coupons or cards.
        segmented: A rule asks for a customer's segments.
    """

    limits: Mapping[tuple[str, str], tuple[Limit, ...]]
    budgets: Mapping[tuple[str, str], tuple[Budget, ...]]
    caps: Mapping[tuple[str, str], tuple[PointsCap, ...]]
    daily: tuple[str, ...]
    schemes: Mapping[str, TierScheme]
    clubs: Mapping[tuple[str, str], Club]
    entitlements: Mapping[tuple[str, str], tuple[Club, Entitlement]]
    vouchers: tuple[tuple[Programme, VoucherRule], ...]
    events: tuple[tuple[Programme, VoucherRule | EarnEvent], ...]
    types: Mapping[str, tuple[Programme, StoredValueType]]
    sold: Mapping[str, tuple[Programme, StoredValueType]]
    renews: bool
    by_visits: bool
    coded: bool
    segmented: bool

    @property
    def measured(self) -> bool:
        """Whether what a customer's days brought matters."""
        return bool(self.schemes) or self.by_visits or any(rule.period_days or rule.visits for _, rule in self.vouchers)

    @property
    def counted(self) -> bool:
        """Whether uses are counted."""
        return bool(self.limits or self.budgets or self.caps or self.daily or self.entitlements)

    @property
    def customers(self) -> bool:
        """Whether a customer's sale needs more than points."""
        return bool(self.measured or self.counted or self.clubs or self.vouchers or self.sold)

    @property
    def anonymous(self) -> bool:
        """Whether a sale without a customer needs anything."""
        return bool(self.sold) or any(rule.kind == "anonymous" or not rule.members_only for _, rule in self.vouchers)

    def limit_keys(
        self, programme: str, rule: str, day: date, *, customer: str | None, store: str, code: str = ""
    ) -> list[tuple[str, Limit, CounterKey]]:
        """The counters of a rule's limits, each with its name in `SaleState.used`; a limit by something that is not known is left out."""
        found = []
        for index, limit in enumerate(self.limits.get((programme, rule), ())):
            scope = _scope(limit.by, customer=customer, store=store, code=code)
            if scope is not None:
                name = limit_key(programme, rule, index)
                found.append((name, limit, (scope, period(limit.per, day)[0], name)))
        return found

    def budget_keys(
        self, programme: str, rule: str, day: date, *, customer: str | None, store: str, code: str = ""
    ) -> list[tuple[str, Budget, CounterKey]]:
        """The same of a rule's budgets."""
        found = []
        for index, budget in enumerate(self.budgets.get((programme, rule), ())):
            scope = _scope(budget.by, customer=customer, store=store, code=code)
            if scope is not None:
                name = limit_key(programme, rule, index, budget=True)
                found.append((name, budget, (scope, period(budget.per, day)[0], name)))
        return found

    def cap_keys(self, programme: str, rule: str, day: date, *, customer: str | None) -> list[tuple[str, PointsCap, CounterKey]]:
        """The same of a rule's caps of points."""
        found = []
        for index, cap in enumerate(self.caps.get((programme, rule), ())):
            scope = _scope(cap.by, customer=customer, store="", code="")
            if cap.per != "sale" and scope is not None:
                name = limit_key(programme, rule, index, cap=True)
                found.append((name, cap, (scope, period(cap.per, day)[0], name)))
        return found

    def daily_keys(self, day: date, customer: str | None) -> list[tuple[str, CounterKey]]:
        """The counters of points used in a day."""
        if customer is None:
            return []
        return [(name, (f"customer:{customer}", day.isoformat(), name)) for name in (f"{one}/redemption/day" for one in self.daily)]


def _scope(by: str, *, customer: str | None, store: str, code: str) -> str | None:
    if by == "all":
        return "all"
    value = {"customer": customer, "store": store, "code": code}[by]
    return f"{by}:{value}" if value else None


def asks_of(programmes: Sequence[Programme]) -> Asks:
    """What these programmes ask for."""
    limited: dict[tuple[str, str], tuple[Limit, ...]] = {}
    caps: dict[tuple[str, str], tuple[PointsCap, ...]] = {}
    types: dict[str, tuple[Programme, StoredValueType]] = {}
    events: list[tuple[Programme, VoucherRule | EarnEvent]] = []
    for one in programmes:
        limited |= {(one.id, rule.id): rule.limits for rule in (*one.offers, *one.vouchers) if rule.limits}
        caps |= {(one.id, rule.id): rule.caps for rule in one.earning if any(cap.per != "sale" for cap in rule.caps)}
        types |= {type_.id: (one, type_) for type_ in one.stored_value}
        events += [(one, rule) for rule in one.earning if isinstance(rule, EarnEvent)]
        events += [(one, rule) for rule in one.vouchers if rule.kind in ("new_customer", "birthday")]
    return Asks(
        limits=limited,
        budgets={(one.id, offer.id): offer.budgets for one in programmes for offer in one.offers if offer.budgets},
        caps=caps,
        daily=tuple(one.id for one in programmes if one.redemption is not None and one.redemption.daily_limit is not None),
        schemes={one.id: one.tiers for one in programmes if one.tiers is not None},
        clubs={(one.id, club.id): club for one in programmes for club in one.clubs},
        entitlements={(one.id, got.id): (club, got) for one in programmes for club in one.clubs for got in club.entitlements},
        vouchers=tuple((one, rule) for one in programmes for rule in one.vouchers if rule.kind in _AT_SALES),
        events=tuple(events),
        types=types,
        sold={product: pair for pair in types.values() for product in pair[1].products},
        renews=any(_renews(one) for one in programmes),
        by_visits=any(isinstance(rule, EarnPerSale) and rule.per == "visit" for one in programmes for rule in one.earning)
        or any(_COUNTED.search(text) for text in _conditions(programmes)),
        segmented=any(_SEGMENT.search(text) for text in _conditions(programmes)),
        coded=any(one.vouchers or one.stored_value or any(offer.coupon for offer in one.offers) for one in programmes),
    )


def _renews(programme: Programme) -> bool:
    expiries = (programme.expiry, *(rule.expiry for rule in programme.earning))
    return any(one is not None and one.kind == "activity" for one in expiries)


def _conditions(programmes: Sequence[Programme]) -> Iterable[str]:
    for one in programmes:
        for rule in (*one.earning, *one.boosts, *one.offers, *one.vouchers):
            yield rule.when
        if one.redemption is not None:
            yield one.redemption.when
        for alert in one.alerts:
            yield alert.when
