"""Points: what each rule gives on the lines it selects, and which line brought how much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from v5_core.arithmetic import ratio, split
from v5_core.engine._compile import Touched
from v5_core.engine._points_rules import PointsRule
from v5_core.engine._rules import CompiledProgramme, Rule
from v5_core.engine._situation import Situation
from v5_core.engine._types import limit_key

__all__ = ["Earning", "Paid", "earn", "opened_by"]

_WHOLE = 10_000  # 100 % as a rate


class Paid:
    """What a sale's lines cost in the end.

    Attributes:
        after: What is left of each line after all discounts, with VAT.
        before_orders: Before discounts of the whole order.
        before_rewards: Before what points bought in this sale.
        in_points: The part of each line that points paid.
        in_stored: The part of each line that stored value paid.
        left: What offers left of each line: a line that they reduced has less than its price.
    """

    __slots__ = ("after", "before_orders", "before_rewards", "in_points", "in_stored", "left")

    def __init__(
        self,
        after: list[int],
        before_orders: list[int],
        before_rewards: list[int],
        in_points: list[int] | None,
        in_stored: list[int] | None,
        left: list[int],
    ) -> None:
        self.after = after
        self.before_orders = before_orders
        self.before_rewards = before_rewards
        self.in_points = in_points
        self.in_stored = in_stored
        self.left = left


class Earning:
    """What one rule gives.

    Attributes:
        points: Within its caps; `uncapped` is what it would have been without them.
        indexes: The lines that count for it, and in `weights` by how much each brought the points.
        of: What it is reckoned on: money, or a quantity.
        boosts: What multiplied it.
    """

    __slots__ = ("boosts", "indexes", "of", "points", "rule", "uncapped", "weights")

    def __init__(
        self, rule: PointsRule, points: int, uncapped: int, indexes: list[int], weights: list[int], of: int, boosts: list[Rule]
    ) -> None:
        self.rule = rule
        self.points = points
        self.uncapped = uncapped
        self.indexes = indexes
        self.weights = weights
        self.of = of
        self.boosts = boosts

    def shares(self) -> list[tuple[int, int]]:
        """Line index and points of each line that brought any, in whole steps of the programme."""
        unit = self.rule.programme.unit
        parts = split(self.points // unit, self.weights)
        return [(index, part * unit) for index, part in zip(self.indexes, parts, strict=True) if part]


_Chosen = list[tuple[Rule, list[int]]]


def opened_by(earnings: Sequence[Earning]) -> dict[str, str]:
    """Rules that a code opened and that gave points, as "programme/rule" and the rule's id."""
    rules = [rule for one in earnings if one.points for rule in (one.rule, *one.boosts)]
    return {f"{rule.programme.key}/{rule.rule_id}": rule.rule_id for rule in rules if rule.codes}


def earn(
    situation: Situation,
    touched: Touched,
    paid: Paid,
    used: Mapping[str, int],
) -> list[Earning]:
    """What the earning rules of the buyer's programmes give, in the order of their ids.

    Args:
        situation: The basket.
        touched: The rules that are open to the buyer, and their lines.
        paid: What the lines cost.
        used: Points that caps have already seen.
    """
    boosts: _Chosen | None = None
    bases: dict[tuple[int, bool], list[int]] = {}
    found: list[Earning] = []
    for rule, touching in touched.earning:
        indexes = _selected(rule, touching, situation, paid)
        if not indexes:
            continue
        if boosts is None:
            chosen = [(boost, _selected(boost, lines, situation, paid)) for boost, lines in touched.boosts]
            boosts = [one for one in chosen if one[1]]
        needed = rule.minimum_quantity
        if needed and sum([situation.lines[i].quantity for i in indexes]) < needed:
            continue
        if rule.per == "amount":
            key = (rule.number, rule.early)
            base = bases.get(key)
            if base is None:
                base = bases[key] = _base(situation, paid, rule.programme, early=rule.early)
            one = _per_amount(rule, indexes, base, boosts, used)
        elif rule.per == "quantity":
            one = _per_quantity(rule, indexes, boosts, used, situation)
        else:
            one = _per_sale(rule, indexes, boosts, used, situation)
        if one is not None:
            found.append(one)
    return found


def _selected(rule: Rule, indexes: list[int], situation: Situation, paid: Paid) -> list[int]:
    # The lines that count; none where its condition does not hold.
    if not rule.holds(situation):
        return []
    if rule.exclude_discounted:
        indexes = [i for i in indexes if paid.left[i] == situation.gross[i] and situation.lines[i].discount == 0]
    if rule.where is not None:
        indexes = [i for i in indexes if rule.where(situation.line_record(i))]
    return indexes


def _base(situation: Situation, paid: Paid, programme: CompiledProgramme, *, early: bool) -> list[int]:
    # The amount of each line on which points are earned, by the programme's policies.
    if programme.earn_base == "before_discounts":
        base = [line.gross + line.discount for line in situation.lines]
    elif early:
        base = paid.before_orders
    else:
        base = paid.before_rewards if programme.earn_base == "before_rewards" else paid.after
    if paid.in_points is not None and not programme.earn_on_points:
        base = [max(0, amount - points) for amount, points in zip(base, paid.in_points, strict=True)]
    if paid.in_stored is not None and not programme.earn_on_stored:
        base = [max(0, amount - stored) for amount, stored in zip(base, paid.in_stored, strict=True)]
    if programme.earn_net:
        base = [ratio(amount, line.net, line.gross) if line.gross else 0 for amount, line in zip(base, situation.lines, strict=True)]
    return base


def _boosted(rule: Rule, indexes: list[int], weights: list[int], boosts: _Chosen) -> tuple[list[int], int, list[Rule]]:
    # Weights times the factors of the boosts that touch them; all over one scale, so that integers stay exact.
    scale = 1
    found: list[Rule] = []
    for boost, lines in boosts:
        if boost.programme is not rule.programme:
            continue
        touched = set(lines)
        if touched.isdisjoint(indexes):
            continue
        factor = boost.factor
        weights = [weight * (factor if i in touched else _WHOLE) for i, weight in zip(indexes, weights, strict=True)]
        scale *= _WHOLE
        found.append(boost)
    return weights, scale, found


def _per_amount(rule: PointsRule, indexes: list[int], base: list[int], boosts: _Chosen, used: Mapping[str, int]) -> Earning | None:
    programme = rule.programme
    plain = [base[i] for i in indexes]
    total = sum(plain)
    if total < rule.minimum or total == 0:
        return None
    weights, scale, boosted = _boosted(rule, indexes, plain, boosts)
    weighed = sum(weights)
    if rule.whole:
        # Full multiples of the amount; boosts then weigh them.
        steps = ratio((total // rule.amount) * weighed, rule.points, total * scale * programme.unit, programme.rounding)
    else:
        steps = ratio(weighed, rule.points, rule.amount * scale * programme.unit, programme.rounding)
    return _earning(rule, indexes, weights, steps, total, boosted, used)


def _per_quantity(rule: PointsRule, indexes: list[int], boosts: _Chosen, used: Mapping[str, int], situation: Situation) -> Earning | None:
    quantities = [situation.lines[i].quantity for i in indexes]
    if rule.per_line:
        plain = [quantity // rule.amount for quantity in quantities]
        multiples = sum(plain)
    else:
        plain = quantities
        multiples = sum(quantities) // rule.amount
    if multiples == 0:
        return None
    weights, scale, boosted = _boosted(rule, indexes, plain, boosts)
    programme = rule.programme
    # The multiples are whole; a boost then weighs them by the quantity that it touches.
    steps = ratio(multiples * sum(weights), rule.points, sum(plain) * scale * programme.unit, programme.rounding)
    return _earning(rule, indexes, weights, steps, sum(quantities), boosted, used)


def _per_sale(rule: PointsRule, indexes: list[int], boosts: _Chosen, used: Mapping[str, int], situation: Situation) -> Earning | None:
    plain = [situation.gross[i] for i in indexes]
    if sum(plain) < rule.minimum:
        return None
    facts = situation.facts
    if rule.per == "visit" and facts is not None and facts.last_visit == situation.local.date():
        return None
    if not sum(plain):
        plain = [1] * len(indexes)
    weights, scale, boosted = _boosted(rule, indexes, plain, boosts)
    programme = rule.programme
    steps = ratio(sum(weights), rule.points, sum(plain) * scale * programme.unit, programme.rounding)
    return _earning(rule, indexes, weights, steps, sum(plain), boosted, used)


def _earning(
    rule: PointsRule, indexes: list[int], weights: list[int], steps: int, of: int, boosts: list[Rule], used: Mapping[str, int]
) -> Earning:
    programme = rule.programme
    points = uncapped = steps * programme.unit
    if rule.caps:
        most = min(
            max(0, cap.points - (0 if cap.per == "sale" else used.get(limit_key(programme.key, rule.rule_id, index, cap=True), 0)))
            for index, cap in enumerate(rule.caps)
        )
        if points > most:
            points = most - most % programme.unit
    return Earning(rule, points, uncapped, indexes, weights, of, boosts)
