"""Which offers apply: whose conditions hold, whose minimum is reached, and who wins where they compete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from v5_core.engine._basket import Basket
from v5_core.engine._compile import Selected, Touched, View
from v5_core.engine._prices import Prices, Step
from v5_core.engine._pricing import take
from v5_core.engine._rules import OfferRule, Stage, is_gift
from v5_core.engine._situation import Situation
from v5_core.engine._types import Use, limit_key
from v5_core.engine._units import above, alike, measured
from v5_core.hooks import Benefit, Explanation, Gift

__all__ = ["Candidate", "Discounts", "Nudge", "Told", "choose", "money_left", "reaching", "uses_left"]


@dataclass(frozen=True, slots=True)
class Nudge:
    """An offer that a little more would open: minor units, or thousandths of a quantity."""

    rule: OfferRule
    amount: int = 0
    quantity: int = 0


class Told:
    """A step that says itself what it did: gifts, vouchers, and points that a reward takes."""

    __slots__ = ("benefit", "explanation")

    def __init__(self, explanation: Explanation, benefit: Benefit | None = None) -> None:
        self.explanation = explanation
        self.benefit = benefit


class Discounts:
    """What offers did.

    Attributes:
        remaining: The price of each line after them.
        before_orders: As it was before offers on the whole order; the same list when there were none.
        before_rewards: As it was before what points bought.
        steps: What each offer took, in the order in which they applied: put into words only when somebody asks.
        nudges: Offers whose minimum is not reached yet.
        uses: What was used of what is counted.
        cost: Points of the rewards.
        applied: "programme/rule" to the rule's id.
        alone: One of them stands alone.
        given: How often each reward was taken, by its rule's id.
        refused: "programme/rule" to why not; only where somebody may ask.
    """

    __slots__ = (
        "alone", "applied", "before_orders", "before_rewards", "cost", "gifts", "given", "notified", "nudges", "refused", "remaining",
        "steps", "total", "uses",
    )  # fmt: skip

    def __init__(self, remaining: list[int]) -> None:
        self.remaining = self.before_orders = self.before_rewards = remaining
        self.total = self.cost = 0
        self.alone = False
        self.steps: list[Step | Told] = []
        self.nudges: list[Nudge] = []
        self.gifts: list[Gift] = []
        self.uses: list[Use] = []
        self.applied: dict[str, str] = {}
        self.given: dict[str, int] = {}
        self.refused: dict[str, str] = {}
        self.notified: list[OfferRule] = []


Candidate = tuple[OfferRule, list[int]]


def choose(view: View, situation: Situation, touched: Touched, basket: Basket, result: Discounts) -> list[Candidate]:
    """The offers that apply and the lines they may touch, in their order; what does not is noted in `result`."""
    candidates = touched.offers if touched.plain else _candidates(situation, touched, basket, result)
    if not view.competing:
        return candidates
    return _alone(_compete(candidates, situation, touched.selected, basket, result), situation, touched.selected, basket, result)


def _candidates(situation: Situation, touched: Touched, basket: Basket, result: Discounts) -> list[Candidate]:
    answers, selected = situation.answers, touched.selected
    found: list[Candidate] = []
    for candidate in touched.offers:
        rule, indexes = candidate
        if rule.plain:
            found.append(candidate)
            continue
        when = rule.when
        if when is not None and not (answers[when] if when in answers else situation.holds(when)):
            continue
        if not rule.simple:
            indexes = [i for i in indexes if _selects(rule, situation, i)]
            if not indexes:
                continue
        if rule.checked and _used_up(rule, basket.used):
            result.refused[rule.key] = "used_up"
            continue
        if rule.offer.of_same is not None:
            indexes = reaching(rule, indexes, situation, situation.gross, result)
        elif rule.checked:
            pool = rule.minimum_pool
            counted = indexes if pool is None else pool.of(selected.get(pool.selection, []), situation, situation.gross)
            if not _reached(rule, counted, situation, result):
                continue
        if indexes:
            found.append((rule, indexes))
    return found


def reaching(rule: OfferRule, indexes: list[int], situation: Situation, prices: Sequence[int], result: Discounts) -> list[int]:
    """Of an offer whose units must be alike: the lines of the groups for which it is by themselves; none: `result` says why."""
    offer, lines = rule.offer, situation.lines
    at_till = prices is situation.gross
    by_price = rule.minimum if (offer.minimum_price == "till") == at_till else 0
    found: list[int] = []
    nudges: list[Nudge] = []
    beyond = False
    for own in alike(offer.of_same or "line", indexes, situation):
        quantity = offer.minimum_quantity - sum([lines[i].quantity for i in own])
        amount = by_price - measured(rule, own, situation, prices) if by_price else 0
        if quantity > 0:
            nudges.append(Nudge(rule, quantity=quantity))
        elif above(rule, own, situation, prices, at_till=at_till):
            beyond = True
        elif amount > 0:
            nudges.append(Nudge(rule, amount=amount))
        else:
            found += own
    if not found:
        result.refused[rule.key] = "condition" if beyond else "minimum"
        if not beyond:
            result.nudges.append(min(nudges, key=lambda one: (one.quantity, one.amount)))
    return sorted(found)


def _selects(rule: OfferRule, situation: Situation, index: int) -> bool:
    if rule.exclude_discounted and situation.lines[index].discount > 0:
        return False
    return rule.where is None or rule.where(situation.line_record(index))


def _used_up(rule: OfferRule, used: Mapping[str, int]) -> bool:
    # A limit or a budget of which nothing is left.
    key, rule_id, offer = rule.programme.key, rule.rule_id, rule.offer
    return any(used.get(limit_key(key, rule_id, index), 0) >= limit.uses for index, limit in enumerate(offer.limits)) or any(
        used.get(limit_key(key, rule_id, index, budget=True), 0) >= budget.amount for index, budget in enumerate(offer.budgets)
    )


def uses_left(rule: OfferRule, situation: Situation, basket: Basket, uses: Sequence[Use]) -> int | None:
    """Uses that limits, a coupon and an entitlement leave, what this basket took off already; None is as many as are wanted."""
    offer, used, facts = rule.offer, basket.used, situation.facts
    left = [limit.uses - used.get(limit_key(rule.programme.key, rule.rule_id, index), 0) for index, limit in enumerate(offer.limits)]
    coupon = basket.coupons.get(rule.key)
    if coupon is not None:
        left.append(coupon.uses_left)
    if offer.entitlement and facts is not None:
        here = sum([use.times for use in uses if use.entitlement == offer.entitlement])
        left.append(facts.entitlements.get(offer.entitlement, 0) - here)
    if rule.cost and offer.times_per_sale is not None:
        left.append(offer.times_per_sale)
    return min(left, default=None)


def money_left(rule: OfferRule, used: Mapping[str, int]) -> tuple[int | None, int | None]:
    """Money that its budgets leave: of those that give their rest, and of those that then give nothing; None is as much as it takes."""
    left: dict[str, int] = {}
    for index, budget in enumerate(rule.offer.budgets):
        rest = budget.amount - used.get(limit_key(rule.programme.key, rule.rule_id, index, budget=True), 0)
        left[budget.short] = min(left.get(budget.short, rest), rest)
    return left.get("rest"), left.get("nothing")


def _reached(rule: OfferRule, indexes: list[int], situation: Situation, result: Discounts) -> bool:
    # The minimum and the upper bounds at the till's prices.
    offer = rule.offer
    if offer.minimum_quantity:
        counted = indexes if offer.minimum_of == "lines" else range(len(situation.lines))
        missing = offer.minimum_quantity - sum([situation.lines[i].quantity for i in counted])
        if missing > 0:
            result.nudges.append(Nudge(rule, quantity=missing))
            result.refused[rule.key] = "minimum"
            return False
    if above(rule, indexes, situation, situation.gross, at_till=True):
        result.refused[rule.key] = "condition"
        return False
    if rule.set_size:
        missing = 1000 * (rule.set_size - len(alike(offer.of_different or "line", indexes, situation)))
        if missing > 0:
            result.nudges.append(Nudge(rule, quantity=missing))
            result.refused[rule.key] = "minimum"
            return False
    if rule.minimum and offer.minimum_price == "till":
        missing = rule.minimum - measured(rule, indexes, situation, situation.gross)
        if missing > 0:
            result.nudges.append(Nudge(rule, amount=missing))
            result.refused[rule.key] = "minimum"
            return False
    return True


def _compete(
    candidates: list[Candidate], situation: Situation, selected: Selected, basket: Basket, result: Discounts
) -> list[Candidate]:  # fmt: skip
    # Of the exclusive offers of a group one applies, or on each line one of them; of equals the first in their order.
    groups: dict[tuple[str, int, str], list[Candidate]] = {}
    for candidate in candidates:
        group = candidate[0].group
        if group is not None:
            groups.setdefault(group, []).append(candidate)
    won: dict[int, list[int]] = {}
    fresh: Prices | None = None
    for rivals in groups.values():
        if len(rivals) > 1:
            fresh = fresh or Prices(situation, selected)
            first = rivals[0][0]
            apart = first.programme.policies.compete_for == "line" and all(rule.line_by_itself for rule, _ in rivals)
            won |= {id(rule): [] for rule, _ in rivals}
            if apart:
                for i in sorted({i for _, indexes in rivals for i in indexes}):
                    won[id(_best([(rule, [i]) for rule, indexes in rivals if i in indexes], fresh, basket)[0])].append(i)
            else:
                best = _best(rivals, fresh, basket)
                won[id(best[0])] = best[1]
            for rule, _ in rivals:
                if not won[id(rule)]:
                    result.refused[rule.key] = "not_combined"
    kept = ((rule, won.get(id(rule), indexes)) for rule, indexes in candidates)
    return [(rule, indexes) for rule, indexes in kept if indexes] if won else candidates


def _alone(
    chosen: list[Candidate], situation: Situation, selected: Selected, basket: Basket, result: Discounts
) -> list[Candidate]:  # fmt: skip
    # Where one stands alone that gives something, only prices and what points buy stay beside it.
    solo = [candidate for candidate in chosen if candidate[0].alone]
    if not solo:
        return chosen
    prices = Prices(situation, selected)
    giving = [one for one in solo if is_gift(one[0]) or _worth(one, prices, basket)[1]]
    best = _best(giving, prices, basket)[0] if giving else None
    result.alone = best is not None
    kept = []
    for rule, indexes in chosen:
        if rule is best or rule.stage in (Stage.PRICE, Stage.REWARD) or (best is None and not rule.alone):
            kept.append((rule, indexes))
        else:
            result.refused[rule.key] = "not_combined" if best else "condition"
    return kept


def _best(rivals: list[Candidate], prices: Prices, basket: Basket) -> Candidate:
    by_priority = rivals[0][0].programme.policies.compete_by == "priority"

    def rank(one: Candidate) -> tuple[int, int, int]:
        (amount, gives), priority = _worth(one, prices, basket), one[0].offer.priority
        # Who gives nothing here does not stand in the way of who does.
        return (gives, priority, amount) if by_priority else (amount, priority, 0)

    return max(rivals, key=rank)


def _worth(candidate: Candidate, prices: Prices, basket: Basket) -> tuple[int, bool]:
    # What it would give, and whether it would give anything: within the uses and the money that are left.
    rule, indexes = candidate
    most, all_or_nothing = money_left(rule, basket.used) if rule.offer.budgets else (None, None)
    units = uses_left(rule, prices.situation, basket, ()) if rule.per_unit_use else None
    cut = take(rule, indexes, prices.trial(), most, units)
    if all_or_nothing is not None and cut.amount > all_or_nothing:
        return 0, False
    return cut.amount, bool(cut.amount or cut.gift)
