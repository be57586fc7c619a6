"""What customers took by their own choice (rewards, coupons, entitlements), taken again as often as it was."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from v5_core.engine import Coupon, CustomerFacts, SaleState
from v5_core.model import Claim, SalesDocument
from v5_core.simulation._scenario import Scenario

__all__ = ["again", "claims"]

_ENOUGH: Final = 10**15
"""Points: who took a reward could pay for it, and what lies before the period is not known."""


def claims(document: SalesDocument, *scenarios: Scenario) -> tuple[Claim, ...]:
    """The rewards that the sale took, where one of the scenarios has them."""
    if not document.applied:
        return ()
    return tuple(
        [
            Claim(rule=one.rule, times=one.times)
            for one in document.applied
            if any(offer.cost for scenario in scenarios for _, offer in scenario.chosen.get(one.rule, ()))
        ]
    )


def again(
    scenario: Scenario, document: SalesDocument, facts: CustomerFacts | None, state: SaleState
) -> tuple[CustomerFacts | None, SaleState]:
    """Facts and state with what the sale's coupons, entitlements and rewards need."""
    coupons: dict[str, Coupon] = {}
    entitlements: dict[str, int] = {}
    paid = False
    for one in document.applied:
        for programme, offer in scenario.chosen.get(one.rule, ()):
            if offer.coupon and one.code:
                coupons.setdefault(one.code, Coupon(one.code, one.rule, programme, uses_left=one.times))
            if offer.entitlement:
                entitlements[offer.entitlement] = entitlements.get(offer.entitlement, 0) + one.times
            paid = paid or bool(offer.cost)
    if coupons:
        state = replace(state, coupons=coupons)
    if facts is not None and (entitlements or paid):
        facts = replace(facts, entitlements=entitlements, balance_available=_ENOUGH if paid else facts.balance_available)
    return facts, state
