"""Programmes made ready for past sales: their dates set aside, offers apart from earning, what is counted looked up once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Final, TypeVar

from v5_core.engine import compile_programmes, limit_key
from v5_core.money import ratio
from v5_core.programme import EarnEvent, EarnPerSale, Offer, Per, Programme, Redemption, Rule, Validity, VoucherRule
from v5_core.simulation._shared import SharedLimit, shared_limits

__all__ = ["Counted", "Scenario"]

# What is counted for a customer: its name in `SaleState.used`, the period in which it starts anew, and how often it may be used.
Counted = tuple[str, Per, int]
_AT_SALES: Final = frozenset({"till", "anonymous", "next_purchase"})
_OF_TODAY: Final = re.compile(r"\b(segment|tier|club)\b")
_OF_VISITS: Final = re.compile(r"\b(sales|balance)\b")
AnyRule = TypeVar("AnyRule", bound=Rule)


class Scenario:
    """A set of programmes as if it had always been in force.

    Args:
        programmes: One version of each.
        as_of: The day that decides what has ended (in the company's zone); None takes all dates as they are written.

    Attributes:
        compiled: For earning.
        offering: For discounts; None when there are no offers.
        for_anybody: Whether some offer is open to whoever buys.
        chosen: Offers that customers take by their own choice (rewards, coupons, entitlements), by their id: (programme, offer).
        vouchers: Rules that make vouchers at sales, with their programme.
        redemption: What points are worth: the first programme by id that says so, as in the ledger.
        limits: By offer or voucher rule, what is counted for a customer.
        caps: By earning rule, (name in `SaleState.used`, period) of its caps for a customer.
        budgets: By offer, the same of its budgets for a customer.
        periods: Of all of these.
        shared: By rule, its limits and caps that all customers share.
    """

    __slots__ = (
        "budgets",
        "caps",
        "chosen",
        "compiled",
        "for_anybody",
        "limits",
        "notes",
        "offering",
        "periods",
        "programmes",
        "redemption",
        "shared",
        "titles",
        "vouchers",
    )

    def __init__(self, programmes: Sequence[Programme], *, as_of: datetime | None) -> None:
        chosen = [one for one in programmes if as_of is None or not _ended(one.validity, as_of)]
        if as_of is not None:
            chosen = [_timeless(one, as_of) for one in chosen]
        self.programmes = tuple(sorted(chosen, key=lambda one: one.id))
        self.compiled = compile_programmes(self.programmes)
        offering = self._offers()
        self.offering = compile_programmes(offering) if any(one.offers for one in offering) else None
        self.for_anybody = any(not offer.members_only for one in offering for offer in one.offers)
        self.chosen: dict[str, list[tuple[str, Offer]]] = {}
        for one in offering:
            for offer in one.offers:
                if offer.cost or offer.coupon or offer.entitlement:
                    self.chosen.setdefault(offer.id, []).append((one.id, offer))
        self.vouchers = tuple((one, rule) for one in self.programmes for rule in one.vouchers if rule.kind in _AT_SALES)
        self.redemption: Redemption | None = next((one.redemption for one in self.programmes if one.redemption is not None), None)
        self.titles = {rule.id: rule.title for one in self.programmes for rule in (*one.earning, *one.offers, *one.vouchers)}
        self.limits: dict[str, list[Counted]] = {}
        self.caps: dict[str, list[tuple[str, Per]]] = {}
        self.budgets: dict[str, list[tuple[str, Per]]] = {}
        self.shared: dict[str, list[SharedLimit]] = {}
        for one in self.programmes:
            self._count(one)
            for rule, limit in shared_limits(one):
                self.shared.setdefault(rule, []).append(limit)
        self.periods = frozenset(
            {one[1] for found in self.limits.values() for one in found}
            | {one[1] for counted in (self.caps, self.budgets) for found in counted.values() for one in found}
        )
        self.notes = frozenset(self._notes())

    def same_offers(self, other: Scenario) -> bool:
        """Whether both take the same off every basket."""
        return self._offers() == other._offers()

    def worth(self, points: int) -> int:
        """Points as money, rounded down; 0 when no programme redeems them."""
        rule = self.redemption
        return ratio(points, rule.amount, rule.points, "down") if rule is not None else 0

    def _offers(self) -> tuple[Programme, ...]:
        # Nothing but what decides about discounts, so that two versions with the same offers are equal and evaluating one is cheap.
        # A reward that takes all the points there are takes its price only: how many there were is not known.
        bare = {"earning": (), "boosts": (), "redemption": None, "rewards": (), "vouchers": (), "alerts": (), "templates": ()}
        return tuple(
            one.model_copy(
                update=bare
                | {
                    "version": 1,
                    "name": "",
                    "state": "draft",
                    "offers": tuple(offer.model_copy(update={"takes_all": False}) if offer.takes_all else offer for offer in one.offers),
                }
            )
            for one in self.programmes
        )

    def _count(self, one: Programme) -> None:
        for rule in (*one.offers, *one.vouchers):
            found = [
                (limit_key(one.id, rule.id, index), limit.per, limit.uses)
                for index, limit in enumerate(rule.limits)
                if limit.by == "customer"
            ]
            if found:
                self.limits[rule.id] = found
        for offer in one.offers:
            for index, budget in enumerate(offer.budgets):
                if budget.by == "customer":
                    self.budgets.setdefault(offer.id, []).append((limit_key(one.id, offer.id, index, budget=True), budget.per))
        for earn in one.earning:
            for index, cap in enumerate(earn.caps):
                if cap.per != "sale" and cap.by == "customer":
                    self.caps.setdefault(earn.id, []).append((limit_key(one.id, earn.id, index, cap=True), cap.per))

    def _notes(self) -> Iterable[str]:
        for one in self.programmes:
            if one.rewards or any(offer.cost for offer in one.offers):
                yield "rewards"
            if any(offer.coupon or offer.entitlement for offer in one.offers):
                yield "coupons"
            rules = (*one.offers, *one.vouchers)
            if any(isinstance(rule, EarnEvent) for rule in one.earning) or any(rule.kind not in _AT_SALES for rule in one.vouchers):
                yield "events"
            texts = [rule.when for rule in (*one.earning, *one.boosts, *rules)]
            if any(_OF_TODAY.search(text) for text in texts):
                yield "as_of_today"
            by_visits = any(isinstance(rule, EarnPerSale) and rule.per == "visit" for rule in one.earning)
            if by_visits or any(_OF_VISITS.search(text) for text in texts) or any(_over_time(rule) for rule in one.vouchers):
                yield "sequence"
        if self.limits or self.caps or self.budgets:
            yield "sequence"
        if self.shared:
            yield "shared_limits"


def _over_time(rule: VoucherRule) -> bool:
    return bool(rule.period_days or rule.visits > 1)


def _ended(validity: Validity, as_of: datetime) -> bool:
    today: date = as_of.date()
    return (validity.ends_at is not None and validity.ends_at <= as_of) or (validity.last_day is not None and validity.last_day < today)


def _timeless(programme: Programme, as_of: datetime) -> Programme:
    def kept(rules: Sequence[AnyRule]) -> tuple[AnyRule, ...]:
        return tuple(one.model_copy(update={"validity": Validity()}) for one in rules if not _ended(one.validity, as_of))

    return programme.model_copy(
        update={
            "validity": Validity(),
            "earning": kept(programme.earning),
            "boosts": kept(programme.boosts),
            "offers": kept(programme.offers),
            "vouchers": kept(programme.vouchers),
        }
    )
