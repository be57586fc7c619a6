"""A basket evaluated: price lists, line offers, order offers, rewards, points as money, stored value, earning; always in this order."""

from __future__ import annotations

from datetime import datetime

from v5_core.arithmetic import split
from v5_core.engine._basket import EMPTY_STATE, Basket
from v5_core.engine._compile import Compiled, Touched, View
from v5_core.engine._earning import Earning, Paid, earn, opened_by
from v5_core.engine._fast import builder
from v5_core.engine._offers import Discounts, apply_offers
from v5_core.engine._rewards import redeemable, reward_list, worth
from v5_core.engine._situation import Situation
from v5_core.engine._totals import stored_uses, totals
from v5_core.engine._types import CustomerFacts, SaleState
from v5_core.hooks import Explanation, Message, QuoteRequest, QuoteResponse, Reward, StoredUse
from v5_core.words import Words

__all__ = ["evaluate"]

_response = builder(QuoteResponse)
_message = builder(Message)
_explanation = builder(Explanation)


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
    words = compiled.voice.words(language, request.currency, request.at, local_time.date())
    situation = Situation(
        request.lines, facts, at=request.at, local=local_time, store=request.store, till=request.till, currency=request.currency,
        operator=request.operator, payments=request.payments,
    )  # fmt: skip
    basket = Basket(compiled, situation, request.codes, request.claims, state)
    view = compiled.view(situation, basket.opened)
    touched = view.touching(situation.keys)
    purse = _Purse(view, situation, touched, basket, words)
    discounts = apply_offers(view, situation, touched, basket, words, purse.points)
    remaining = discounts.remaining
    due, net = totals(view, situation, remaining)
    points = _Points(view, request, purse, discounts, due, words)
    total = due - points.amount
    stored: list[StoredUse] = []
    in_stored = None
    if request.stored_value:
        stored, in_stored = stored_uses(compiled, situation, request.stored_value, state.stored, remaining, total, words)
    in_points = split(points.amount, remaining) if points.amount else None
    paid = paid_of(situation, discounts, in_points, in_stored)
    earnings = earn(situation, touched, paid, basket.used, words)
    earned = sum([one.points for one in earnings])
    messages = _messages(facts, discounts, earned, words) + points.messages
    saved = 0
    if facts is None:
        saved, would_earn = _as_member(compiled, situation, discounts.total, words)
        messages += _missed(saved, would_earn, words)
    messages += compiled.voice.at_sale(situation, words)
    rewards: tuple[Reward, ...] = ()
    spent = points.used + discounts.cost
    if view.rewards and facts is not None and not facts.blocked:
        rewards = reward_list(view, purse.points(discounts) - spent)
        for one in rewards:
            if not one.missing:
                text = words.say("within_reach", title=one.title, points=words.points(one.cost))[:500]
                messages.append(_message({"audience": "cashier", "severity": "info", "text": text}))
    return _response(
        {
            "total": total,
            "discount": discounts.total,
            "benefits": tuple(discounts.benefits),
            "points_earned": earned,
            "redeemable": points.redeemable,
            "redeemable_amount": points.redeemable_amount,
            "points_used": points.used,
            "points_amount": points.amount,
            "rewards": rewards,
            "messages": tuple(messages),
            "savings_as_member": saved,
            "explanations": (*discounts.explanations, *points.explanations, *[one.explanation for one in earnings]),
            "provisional": False,
            "net": net,
            "to_pay": total - sum([use.amount for use in stored]),
            "points_spent": spent,
            "gifts": tuple(discounts.gifts),
            "codes": basket.results(discounts.applied | opened_by(earnings), discounts.refused, words) if basket.typed else (),
            "stored_value": tuple(stored),
        }
    )


def paid_of(situation: Situation, discounts: Discounts, in_points: list[int] | None, in_stored: list[int] | None) -> Paid:
    """What the lines cost in the end, for earning; deductions lie on all of them."""
    remaining, before_orders, before_rewards = discounts.remaining, discounts.before_orders, discounts.before_rewards
    if situation.deducted and sum(remaining):
        taken = split(min(situation.deducted, sum(remaining)), remaining)
        remaining = [left - part for left, part in zip(remaining, taken, strict=True)]
        before_rewards = [max(0, left - part) for left, part in zip(before_rewards, taken, strict=True)]
    reduced = [left != full for left, full in zip(discounts.remaining, situation.gross, strict=True)]
    return Paid(remaining, before_orders, before_rewards, in_points, in_stored, reduced)


class _Purse:
    """Points that may be spent on this basket: the balance, and by policy what the basket itself is about to earn."""

    __slots__ = ("_earned", "basket", "situation", "touched", "view", "words")

    def __init__(self, view: View, situation: Situation, touched: Touched, basket: Basket, words: Words) -> None:
        self.view = view
        self.situation = situation
        self.touched = touched
        self.basket = basket
        self.words = words
        self._earned: int | None = None

    def points(self, discounts: Discounts) -> int:
        facts = self.situation.facts
        if facts is None or facts.blocked:
            return 0
        if not any(one.policies.same_sale_points for one in self.view.programmes):
            return facts.balance_available
        if self._earned is None:
            paid = paid_of(self.situation, discounts, None, None)
            found = earn(self.situation, self.touched, paid, self.basket.used, self.words)
            self._earned = sum([one.points for one in found if one.rule.programme.policies.same_sale_points])
        return facts.balance_available + self._earned


class _Points:
    """Points used as money on one basket."""

    __slots__ = ("amount", "explanations", "messages", "redeemable", "redeemable_amount", "used")

    def __init__(self, view: View, request: QuoteRequest, purse: _Purse, discounts: Discounts, due: int, words: Words) -> None:
        self.redeemable = self.redeemable_amount = self.used = self.amount = 0
        self.messages: list[Message] = []
        self.explanations: list[Explanation] = []
        asked, programme = request.points_to_use, view.redeeming
        if programme is not None and programme.redeems(purse.situation):
            rule = programme.redemption
            balance = purse.points(discounts) - discounts.cost
            if rule.daily_limit is not None:
                balance = min(balance, rule.daily_limit - purse.basket.used.get(f"{programme.key}/redemption/day", 0))
            self.redeemable, self.redeemable_amount = redeemable(rule, balance, due)
            used = min(asked, self.redeemable)
            used -= used % rule.step
            if used and used >= rule.minimum:
                self.used, self.amount = used, worth(rule, used)
                text = words.say("redeemed", points=words.points(self.used), amount=words.money(self.amount))
                values = {"rule": programme.key, "version": programme.data.version, "lines": (), "text": text}
                self.explanations.append(_explanation({**values, "points": -self.used, "amount": self.amount}))
        if asked > self.used:
            text = words.say("fewer_points", asked=words.points(asked), granted=words.points(self.used))
            self.messages.append(_message({"audience": "cashier", "severity": "warning", "text": text}))


def _messages(facts: CustomerFacts | None, discounts: Discounts, earned: int, words: Words) -> list[Message]:
    found: list[Message] = []
    if facts is not None and facts.blocked:
        found.append(_message({"audience": "cashier", "severity": "alert", "text": words.say("blocked")}))
    if earned:
        found.append(_message({"audience": "cashier", "severity": "info", "text": words.say("will_earn", points=words.points(earned))}))
    for nudge in discounts.nudges:
        if nudge.amount:
            text = words.say("add_more", missing=words.money(nudge.amount), title=nudge.rule.title)
        else:
            text = words.say("add_units", missing=words.figure(nudge.quantity), title=nudge.rule.title)
        found.append(_message({"audience": "cashier", "severity": "info", "text": text[:500]}))
    for rule in discounts.notified:
        text = words.say("manager_told", title=rule.title)[:500]
        found.append(_message({"audience": "cashier", "severity": "warning", "text": text}))
    return found


def _as_member(compiled: Compiled, situation: Situation, discount: int, words: Words) -> tuple[int, int]:
    # The same basket for an unknown member of every programme: criteria about a particular customer do not match.
    member = situation.seen_by(CustomerFacts(customer="", card_types=compiled.card_types))
    view = compiled.view(member, everyone=True)
    touched = view.touching(member.keys)
    nothing = Basket(compiled, member, (), (), EMPTY_STATE)
    discounts = apply_offers(view, member, touched, nothing, words, lambda _: 0)
    earnings: list[Earning] = earn(member, touched, paid_of(member, discounts, None, None), {}, words)
    return max(0, discounts.total - discount), sum(one.points for one in earnings)


def _missed(saved: int, would_earn: int, words: Words) -> list[Message]:
    texts = [words.say("would_save", amount=words.money(saved))] if saved else []
    if would_earn:
        texts.append(words.say("would_earn", points=words.points(would_earn)))
    return [_message({"audience": "customer", "severity": "info", "text": text}) for text in texts]
