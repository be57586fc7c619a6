"""Points: fractions, rounded once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from fractions import Fraction
from math import floor

from v5_core.engine import CustomerFacts, limit_key
from v5_core.model import Line
from v5_core.programme import Boost, EarnEvent, EarnPerAmount, EarnPerQuantity, EarnPerSale, EarnRule, Programme, Selector
from v5_reference.arithmetic import fold, half_up, rounded, share_out
from v5_reference.pool import Goods, matches

__all__ = ["Costs", "Given", "earn"]


@dataclass
class Costs:
    """What the lines cost at each stage, and which means paid what of each."""

    after: Sequence[int]
    before_orders: Sequence[int]
    before_rewards: Sequence[int]
    in_points: Sequence[int]
    in_stored: Sequence[int]


@dataclass
class Given:
    """What one rule gives; `lines` says which line brought how much, `boosts` what multiplied it."""

    programme: Programme
    rule: EarnRule
    points: int
    lines: dict[int, int]
    boosts: list[Boost] = field(default_factory=list)

    @property
    def opened(self) -> dict[str, str]:
        """What of it asked for a code."""
        rules = [self.rule, *self.boosts] if self.points else []
        return {f"{self.programme.id}/{one.id}": one.id for one in rules if getattr(one, "codes", ())}


def earn(
    programmes: Sequence[Programme], goods: Sequence[Goods], costs: Costs, used: Mapping[str, int], facts: CustomerFacts,
    local: datetime, holds: Callable[[str], bool], at: datetime, public: Collection[str],
) -> list[Given]:  # fmt: skip
    """What the earning rules of these programmes give, in the order of programme and rule ids."""
    found = []

    def in_force(rule: EarnRule | Boost) -> bool:
        codes = getattr(rule, "codes", ())
        typed = not codes or any(fold(code) in public for code in codes)
        return typed and rule.validity.covers(at, local.date()) and holds(rule.when)

    for programme in programmes:
        for rule in sorted(programme.earning, key=lambda one: one.id):
            if rule.kind == "event" or not in_force(rule):
                continue
            positions = [i for i, one in enumerate(goods) if matches(rule.selector, one)]
            if not positions:
                continue
            boosts = [Fraction(1)] * len(goods)
            touching = []
            for boost in programme.boosts:
                lines = [i for i, one in enumerate(goods) if matches(boost.selector, one)]
                if in_force(boost) and set(lines) & set(positions):
                    touching.append(boost)
                    for i in lines:
                        boosts[i] *= Fraction(boost.factor, 10_000)
            given = _given(programme, rule, positions, boosts, goods, costs, facts, local)
            if given is not None:
                weights, exact = given
                found.append(replace(_capped(programme, rule, positions, weights, exact, used), boosts=touching))
    return found


def _given(
    programme: Programme, rule: EarnRule, positions: list[int], boosts: Sequence[Fraction], goods: Sequence[Goods], costs: Costs,
    facts: CustomerFacts, local: datetime,
) -> tuple[list[Fraction], Fraction] | None:  # fmt: skip
    """The weight of each line, and the exact points of them all; None when the rule gives nothing."""
    lines: list[Line] = [goods[i].line for i in positions]
    assert not isinstance(rule, EarnEvent)
    if sum(line.quantity for line in lines) < rule.minimum_quantity:
        return None
    if isinstance(rule, EarnPerAmount):
        bases = [_base(programme, rule.selector, goods[i], i, costs) for i in positions]
        if not sum(bases) or sum(bases) < rule.minimum:
            return None
        weights = [base * boosts[i] for base, i in zip(bases, positions, strict=True)]
        if rule.whole:
            return weights, Fraction(sum(bases) // rule.amount) * Fraction(sum(weights)) / sum(bases) * rule.points
        return weights, Fraction(sum(weights)) * rule.points / rule.amount
    if isinstance(rule, EarnPerQuantity):
        plain = [line.quantity // rule.quantity if rule.per_line else line.quantity for line in lines]
        multiples = sum(plain) if rule.per_line else sum(plain) // rule.quantity
        if not multiples:
            return None
        weights = [one * boosts[i] for one, i in zip(plain, positions, strict=True)]
        return weights, Fraction(multiples) * Fraction(sum(weights)) / sum(plain) * rule.points
    assert isinstance(rule, EarnPerSale)
    amounts = [line.gross for line in lines]
    if sum(amounts) < rule.minimum or (rule.per == "visit" and facts.last_visit == local.date()):
        return None
    amounts = amounts if sum(amounts) else [1] * len(lines)
    weights = [amount * boosts[i] for amount, i in zip(amounts, positions, strict=True)]
    return weights, Fraction(sum(weights)) / sum(amounts) * rule.points


def _base(programme: Programme, selector: Selector, one: Goods, i: int, costs: Costs) -> int:
    policies, line = programme.policies, one.line
    limited = any(
        (
            selector.products, selector.families, selector.brands, selector.tags, selector.where.strip(), selector.exclude_products,
            selector.exclude_families, selector.exclude_brands, selector.exclude_tags,
        )
    )  # fmt: skip
    if policies.base == "before_discounts":
        base = line.gross + line.discount
    elif policies.category_base == "before_order_discounts" and limited:
        base = costs.before_orders[i]
    else:
        base = costs.before_rewards[i] if policies.base == "before_rewards" else costs.after[i]
    if not policies.earn_on_points:
        base = max(0, base - costs.in_points[i])
    if not policies.earn_on_stored_value:
        base = max(0, base - costs.in_stored[i])
    if policies.vat == "net":
        base = half_up(Fraction(base * line.net, line.gross)) if line.gross else 0
    return base


def _capped(
    programme: Programme, rule: EarnRule, positions: list[int], weights: list[Fraction], exact: Fraction, used: Mapping[str, int]
) -> Given:
    step = 10 ** (3 - programme.decimals)
    points = rounded(exact / step, programme.policies.rounding) * step
    for index, cap in enumerate(rule.caps):
        seen = 0 if cap.per == "sale" else used.get(limit_key(programme.id, rule.id, index, cap=True), 0)
        points = min(points, floor(Fraction(max(0, cap.points - seen), step)) * step)
    parts = share_out(points // step, weights)
    return Given(programme, rule, points, {i: part * step for i, part in zip(positions, parts, strict=True) if part})
