"""A basket evaluated: price lists, line offers, order offers, rewards, points as money, stored value, earning; always in this order."""

from __future__ import annotations

from datetime import datetime

from v5_core.arithmetic import split
from v5_core.engine._basket import EMPTY_STATE, Basket
from v5_core.engine._compile import Compiled, Touched, View
from v5_core.engine._earning import Paid, earn, opened_by
from v5_core.engine._offers import Discounts, apply_offers
from v5_core.engine._reply import Decision, PointsUsed
from v5_core.engine._rewards import redeemable, reward_list, worth
from v5_core.engine._situation import Situation
from v5_core.engine._totals import stored_uses, totals
from v5_core.engine._types import CustomerFacts, SaleState
from v5_core.hooks import QuoteRequest, QuoteResponse, StoredUse
from v5_core.words import Words

__all__ = ["decide", "evaluate"]


def evaluate(
    compiled: Compiled,
    request: QuoteRequest,
    facts: CustomerFacts | None,
    *,
    local_time: datetime,
    language: str = "pt",
    state: SaleState = EMPTY_STATE,
) -> QuoteResponse:
    """What the programmes give on a basket.

    Args:
        compiled: From `compile_programmes`.
        request: The basket; its prices are the till's.
        facts: The identified customer; None for anybody.
        local_time: `request.at` in the store's zone (weekdays and birthdays are local).
        language: Of explanations and messages.
        state: What is stored about the codes that the request names, and the uses of limited rules.
    """
    return decide(compiled, request, facts, local_time=local_time, language=language, state=state).reply()


def decide(
    compiled: Compiled,
    request: QuoteRequest,
    facts: CustomerFacts | None,
    *,
    local_time: datetime,
    language: str = "pt",
    state: SaleState = EMPTY_STATE,
) -> Decision:
    """All that `evaluate` says, as figures: each step of each offer, each rule's points. Words are made when its `reply` is asked for."""
    asked = request.__dict__  # as lines are read: see `Situation`
    at, currency = asked["at"], asked["currency"]
    words = compiled.voice.words(language, currency, at, local_time.date())
    situation = Situation(
        asked["lines"], facts, at=at, local=local_time, store=asked["store"], till=asked["till"], currency=currency,
        operator=asked["operator"], payments=asked["payments"],
    )  # fmt: skip
    basket = Basket(compiled, situation, asked["codes"], asked["claims"], state)
    view = compiled.view(situation, basket.opened)
    touched = view.touching(situation.keys)
    purse = _Purse(view, situation, touched, basket)
    discounts = apply_offers(view, situation, touched, basket, words, purse.points)
    remaining = discounts.remaining
    due, net = totals(view, situation, remaining)
    points = _use_points(view, asked["points_to_use"], purse, discounts, due)
    total = due - points.amount
    stored: list[StoredUse] = []
    in_stored = None
    if asked["stored_value"]:
        stored, in_stored = stored_uses(compiled, situation, asked["stored_value"], state.stored, remaining, total, words)
    in_points = split(points.amount, remaining) if points.amount else None
    paid = paid_of(situation, discounts, in_points, in_stored)
    earnings = earn(situation, touched, paid, basket.used)
    made = Decision(situation, words, discounts, points, earnings, total, net)
    made.stored = stored
    if facts is None:
        made.saved, made.would_earn = _as_member(compiled, situation, discounts.total, words)
    made.said = compiled.voice.at_sale(situation, words)
    if view.rewards and facts is not None and not facts.blocked:
        made.rewards = reward_list(view, purse.points(discounts) - points.used - discounts.cost)
    if basket.typed:
        made.codes = basket.results(discounts.applied | opened_by(earnings), discounts.refused, words)
    if basket.claims:
        made.claims = basket.claimed(compiled, discounts.given, discounts.refused, words)
    return made


def paid_of(situation: Situation, discounts: Discounts, in_points: list[int] | None, in_stored: list[int] | None) -> Paid:
    """What the lines cost in the end, for earning; deductions lie on all of them."""
    remaining, before_orders, before_rewards = discounts.remaining, discounts.before_orders, discounts.before_rewards
    if situation.deducted and sum(remaining):
        taken = split(min(situation.deducted, sum(remaining)), remaining)
        remaining = [left - part for left, part in zip(remaining, taken, strict=True)]
        before_rewards = [max(0, left - part) for left, part in zip(before_rewards, taken, strict=True)]
    return Paid(remaining, before_orders, before_rewards, in_points, in_stored, discounts.remaining)


class _Purse:
    """Points that may be spent on this basket: the balance, and by policy what the basket itself is about to earn."""

    __slots__ = ("_earned", "basket", "situation", "touched", "view")

    def __init__(self, view: View, situation: Situation, touched: Touched, basket: Basket) -> None:
        self.view = view
        self.situation = situation
        self.touched = touched
        self.basket = basket
        self._earned: int | None = None

    def points(self, discounts: Discounts) -> int:
        facts = self.situation.facts
        if facts is None or facts.blocked:
            return 0
        if not any(one.same_sale_points for one in self.view.programmes):
            return facts.balance_available
        if self._earned is None:
            paid = paid_of(self.situation, discounts, None, None)
            found = earn(self.situation, self.touched, paid, self.basket.used)
            self._earned = sum([one.points for one in found if one.rule.programme.same_sale_points])
        return facts.balance_available + self._earned


def _use_points(view: View, asked: int, purse: _Purse, discounts: Discounts, due: int) -> PointsUsed:
    made = PointsUsed(asked)
    programme = view.redeeming
    if programme is not None and programme.redeems(purse.situation):
        rule = programme.redemption
        balance = purse.points(discounts) - discounts.cost
        if rule.daily_limit is not None:
            balance = min(balance, rule.daily_limit - purse.basket.used.get(f"{programme.key}/redemption/day", 0))
        made.redeemable, made.redeemable_amount = redeemable(rule, balance, due)
        used = min(asked, made.redeemable)
        used -= used % rule.step
        if used and used >= rule.minimum:
            made.programme, made.used, made.amount = programme, used, worth(rule, used)
    return made


def _as_member(compiled: Compiled, situation: Situation, discount: int, words: Words) -> tuple[int, int]:
    # The same basket for an unknown member of every programme: criteria about a particular customer do not match.
    member = situation.seen_by(CustomerFacts(customer="", card_types=compiled.card_types))
    view = compiled.view(member, everyone=True)
    touched = view.touching(member.keys)
    nothing = Basket(compiled, member, (), (), EMPTY_STATE)
    discounts = apply_offers(view, member, touched, nothing, words, lambda _: 0)
    earnings = earn(member, touched, paid_of(member, discounts, None, None), {})
    return max(0, discounts.total - discount), sum([one.points for one in earnings])
