"""What the published programmes ask of a store beside points; known once for each set of programmes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from v5_core.days import period
from v5_core.engine import Settlement, limit_key
from v5_core.programme import Budget, Club, Limit, PointsCap, Programme, TierScheme

__all__ = ["Asked", "asked_of"]


@dataclass(frozen=True, slots=True)
class Asked:
    """Looked up by ids.

    Attributes:
        limits: Of offers and voucher rules, by (programme, rule).
        budgets: Of offers, by (programme, rule).
        caps: Of earning rules in a period, by (programme, rule).
        shared: Rules of which another store may have used up what is left: with limits, coupons or entitlements.
        entitlements: From (programme, entitlement) to its club.
        value: By programme, the most that stored value may pay for one customer while the line is down.
        coupons: Programmes whose coupons count while the line is down.
    """

    programmes: Mapping[str, Programme] = field(default_factory=dict)
    limits: Mapping[tuple[str, str], tuple[Limit, ...]] = field(default_factory=dict)
    budgets: Mapping[tuple[str, str], tuple[Budget, ...]] = field(default_factory=dict)
    caps: Mapping[tuple[str, str], tuple[PointsCap, ...]] = field(default_factory=dict)
    shared: frozenset[str] = frozenset()
    rewards: frozenset[str] = frozenset()
    clubs: Mapping[tuple[str, str], Club] = field(default_factory=dict)
    entitlements: Mapping[tuple[str, str], Club] = field(default_factory=dict)
    schemes: Mapping[str, TierScheme] = field(default_factory=dict)
    value: Mapping[str, int] = field(default_factory=dict)
    coupons: frozenset[str] = frozenset()

    @property
    def counted(self) -> bool:
        """Whether anything is counted at all."""
        return bool(self.limits or self.budgets or self.caps or self.entitlements or any(self._daily()))

    def _daily(self) -> Iterable[str]:
        return (one.id for one in self.programmes.values() if one.redemption is not None and one.redemption.daily_limit is not None)

    def limit_keys(self, programme: str, rule: str, day: date, customer: str, code: str = "") -> list[tuple[Limit, str, str]]:
        """The limits of a rule, each with the scope and the "<period>|<name>" under which its uses are counted here."""
        found = []
        for index, limit in enumerate(self.limits.get((programme, rule), ())):
            scope = _scope(limit.by, customer, code)
            if scope:
                found.append((limit, scope, f"{period(limit.per, day)[0]}|{limit_key(programme, rule, index)}"))
        return found

    def budget_keys(self, programme: str, rule: str, day: date, customer: str, code: str = "") -> list[tuple[Budget, str, str]]:
        """The same of a rule's budgets."""
        found = []
        for index, budget in enumerate(self.budgets.get((programme, rule), ())):
            scope = _scope(budget.by, customer, code)
            if scope:
                found.append((budget, scope, f"{period(budget.per, day)[0]}|{limit_key(programme, rule, index, budget=True)}"))
        return found

    def counts(self, settlement: Settlement, day: date, customer: str, codes: Mapping[str, str], money: int) -> dict[tuple[str, str], int]:
        """What a sale counts, by scope and "<period>|<name>".

        Args:
            settlement: Of the sale.
            day: Of the sale, in the store's zone.
            customer: Whose; "" nobody's.
            codes: The code that opened a rule.
            money: Points used as money.
        """
        found: dict[tuple[str, str], int] = {}
        for use in settlement.uses:
            for limit, scope, name in self.limit_keys(use.programme, use.rule, day, customer, use.code or codes.get(use.rule, "")):
                found[scope, name] = found.get((scope, name), 0) + use.times
                if limit.count == "customers" and customer:
                    # Whoever is one of the first n is not stopped by their number at the next sale.
                    found[f"customer:{customer}", f"{name}:seen"] = 1
            for _, scope, name in self.budget_keys(use.programme, use.rule, day, customer, use.code or codes.get(use.rule, "")):
                found[scope, name] = found.get((scope, name), 0) + use.amount
            if use.entitlement and customer:
                name = f"|entitlement:{use.programme}/{use.entitlement}"
                found[f"customer:{customer}", name] = found.get((f"customer:{customer}", name), 0) + use.times
        for earned in settlement.earned:
            for index, cap in enumerate(self.caps.get((earned.programme, earned.rule), ())):
                scope = _scope(cap.by, customer, "")
                if cap.per != "sale" and scope:
                    name = f"{period(cap.per, day)[0]}|{limit_key(earned.programme, earned.rule, index, cap=True)}"
                    found[scope, name] = found.get((scope, name), 0) + max(0, earned.points)
        if customer and money:
            found |= {(f"customer:{customer}", f"{day.isoformat()}|{one}/redemption/day"): money for one in self._daily()}
        return found

    def in_period(self, counted: Mapping[str, int], day: date) -> dict[str, int]:
        """Of "<period>|<name>" what runs on a day, by name."""
        running = {period(per, day)[0] for per in ("ever", "year", "month", "week", "day")}
        found: dict[str, int] = {}
        for key, times in counted.items():
            span, _, name = key.partition("|")
            if span in running:
                found[name] = found.get(name, 0) + times
        return found


def _scope(by: str, customer: str, code: str) -> str:
    if by in ("all", "store"):
        return by
    value = customer if by == "customer" else code
    return f"{by}:{value}" if value else ""


def asked_of(programmes: Sequence[Programme]) -> Asked:
    """What these programmes ask for."""
    offers = [(one.id, offer) for one in programmes for offer in one.offers]
    rules = [*offers, *((one.id, rule) for one in programmes for rule in one.vouchers)]
    limits = {(key, rule.id): rule.limits for key, rule in rules if rule.limits}
    return Asked(
        programmes={one.id: one for one in programmes},
        limits=limits,
        budgets={(key, rule.id): rule.budgets for key, rule in offers if rule.budgets},
        caps={(one.id, rule.id): rule.caps for one in programmes for rule in one.earning if any(cap.per != "sale" for cap in rule.caps)},
        shared=frozenset(rule.id for _, rule in offers if rule.limits or rule.budgets or rule.coupon or rule.entitlement),
        rewards=frozenset(rule.id for _, rule in offers if rule.cost),
        clubs={(one.id, club.id): club for one in programmes for club in one.clubs},
        entitlements={(one.id, got.id): club for one in programmes for club in one.clubs for got in club.entitlements},
        schemes={one.id: one.tiers for one in programmes if one.tiers is not None},
        value={one.id: one.policies.offline_value for one in programmes},
        coupons=frozenset(one.id for one in programmes if one.policies.offline_coupons),
    )
