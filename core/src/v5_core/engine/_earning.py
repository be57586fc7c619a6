"""Points: what each rule gives on the lines it selects, and which line brought how much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from v5_core.engine._compile import Compiled, Rule
from v5_core.engine._fast import builder
from v5_core.engine._situation import Situation
from v5_core.hooks import Explanation
from v5_core.money import ratio, split
from v5_core.programme import EarnPerAmount, EarnPerQuantity, Policies
from v5_core.words import Words

__all__ = ["Earning", "Prices", "earn"]

_explanation = builder(Explanation)
_WHOLE = 10_000  # 100 % as a rate


@dataclass(frozen=True, slots=True)
class Prices:
    """What a sale's lines cost in the end.

    Attributes:
        after: What is left of each line after all discounts, with VAT.
        paid_in_points: The part of each line that points paid.
        reduced: Lines that an offer reduced, beyond those the till reduced.
    """

    after: Sequence[int]
    paid_in_points: Sequence[int]
    reduced: Sequence[bool]


@dataclass(frozen=True, slots=True)
class Earning:
    """What one rule gives: points, and the weight by which each line (by its index) brought them."""

    rule: Rule
    points: int
    indexes: list[int]
    weights: list[int]
    explanation: Explanation

    def shares(self) -> list[tuple[int, int]]:
        """Line index and points of each line that brought any, in whole steps of the programme."""
        unit = self.rule.programme.unit
        parts = split(self.points // unit, self.weights)
        return [(index, part * unit) for index, part in zip(self.indexes, parts, strict=True) if part]


def earn(
    compiled: Compiled, situation: Situation, active: Sequence[bool], members: Sequence[bool], prices: Prices, words: Words
) -> list[Earning]:
    """What the earning rules of the customer's programmes give, in the order of their ids."""
    selected = _select(compiled.earning, 1, situation, active, members, prices)
    if not selected:
        return []
    boosts = _select(compiled.boosts, 2, situation, active, members, prices) if compiled.boosts else []
    bases: dict[int, list[int]] = {}
    found: list[Earning] = []
    for rule, indexes in selected:
        programme = rule.programme
        if isinstance(rule.data, EarnPerAmount):
            base = bases.get(programme.index)
            if base is None:
                base = bases[programme.index] = _base(situation, prices, programme.data.policies)
            one = _per_amount(rule, indexes, base, boosts, situation, words)
        else:
            one = _per_quantity(rule, indexes, boosts, situation, words)
        if one is not None:
            found.append(one)
    return found


def _select(
    rules: Sequence[Rule], which: int, situation: Situation,
    active: Sequence[bool], members: Sequence[bool], prices: Prices,
) -> list[tuple[Rule, list[int]]]:  # fmt: skip
    touched = situation.touched[which]
    found = []
    for position in sorted(touched):
        rule = rules[position]
        number = rule.programme.index
        if not active[number] or not members[number] or not rule.open(situation):
            continue
        indexes = touched[position]
        if rule.exclude_discounted:
            indexes = [i for i in indexes if not prices.reduced[i] and situation.lines[i].discount == 0]
        if rule.where is not None:
            indexes = [i for i in indexes if rule.where(situation.line_record(i))]
        if indexes:
            found.append((rule, indexes))
    return found


def _base(situation: Situation, prices: Prices, policies: Policies) -> list[int]:
    # The amount of each line on which points are earned, by the programme's policies.
    if policies.base == "after_discounts" and policies.vat == "gross" and (policies.earn_on_points or not any(prices.paid_in_points)):
        return list(prices.after)
    base: list[int] = []
    for index, line in enumerate(situation.lines):
        amount = prices.after[index] if policies.base == "after_discounts" else line.gross + line.discount
        if not policies.earn_on_points:
            amount = max(0, amount - prices.paid_in_points[index])
        if policies.vat == "net":
            amount = ratio(amount, line.net, line.gross) if line.gross else 0
        base.append(amount)
    return base


def _boosted(
    rule: Rule, indexes: list[int], weights: list[int], boosts: list[tuple[Rule, list[int]]], words: Words
) -> tuple[list[int], int, list[str]]:
    # Weights times the factors of the boosts that touch them; all over one scale, so that integers stay exact.
    scale = 1
    texts: list[str] = []
    for boost, lines in boosts:
        if boost.programme is not rule.programme:
            continue
        touched = set(lines)
        if touched.isdisjoint(indexes):
            continue
        factor = boost.factor
        weights = [weight * (factor if i in touched else _WHOLE) for i, weight in zip(indexes, weights, strict=True)]
        scale *= _WHOLE
        texts.append(f"{boost.title} × {words.rate(factor)}")
    return weights, scale, texts


def _per_amount(
    rule: Rule, indexes: list[int], base: list[int], boosts: list[tuple[Rule, list[int]]], situation: Situation, words: Words
) -> Earning | None:
    data, programme = rule.data, rule.programme
    assert isinstance(data, EarnPerAmount)  # noqa: S101 - the caller looked
    plain = [base[i] for i in indexes]
    total = sum(plain)
    if total < data.minimum or total == 0:
        return None
    weights, scale, boost_texts = _boosted(rule, indexes, plain, boosts, words)
    steps = ratio(sum(weights), data.points, data.amount * scale * programme.unit, programme.data.policies.rounding)
    over = words.money(total)
    if programme.data.policies.vat == "net":
        over = words.say("on_net", base=over)
    text = words.say(
        "earned_amount",
        title=rule.title,
        each=words.points(data.points),
        per=words.money(data.amount),
        base=over,
        points=words.points(steps * programme.unit),
    )
    if boost_texts:
        text = words.say("boosted", text=text, boosts=", ".join(boost_texts))
    return _earning(rule, indexes, weights, steps, text, situation)


def _per_quantity(
    rule: Rule, indexes: list[int], boosts: list[tuple[Rule, list[int]]], situation: Situation, words: Words
) -> Earning | None:
    data, programme = rule.data, rule.programme
    assert isinstance(data, EarnPerQuantity)  # noqa: S101 - the caller looked
    quantities = [situation.lines[i].quantity for i in indexes]
    if data.per_line:
        plain = [quantity // data.quantity for quantity in quantities]
        multiples = sum(plain)
    else:
        plain = quantities
        multiples = sum(quantities) // data.quantity
    if multiples == 0:
        return None
    weights, scale, boost_texts = _boosted(rule, indexes, plain, boosts, words)
    # The multiples are whole; a boost then weighs them by the quantity that it touches.
    steps = ratio(multiples * sum(weights), data.points, sum(plain) * scale * programme.unit, programme.data.policies.rounding)
    text = words.say(
        "earned_quantity",
        title=rule.title,
        each=words.points(data.points),
        per=words.figure(data.quantity),
        quantity=words.figure(sum(quantities)),
        points=words.points(steps * programme.unit),
    )
    if boost_texts:
        text = words.say("boosted", text=text, boosts=", ".join(boost_texts))
    return _earning(rule, indexes, weights, steps, text, situation)


def _earning(rule: Rule, indexes: list[int], weights: list[int], steps: int, text: str, situation: Situation) -> Earning:
    points = steps * rule.programme.unit
    ids = situation.ids
    explanation = _explanation(
        {
            "rule": rule.rule_id, "version": rule.version, "lines": tuple([ids[i] for i in indexes]),
            "text": text[:500], "points": points, "amount": 0,
        }
    )  # fmt: skip
    return Earning(rule, points, indexes, weights, explanation)
