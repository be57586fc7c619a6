"""A basket evaluated: line offers, order offers, points used as money, earning; always in this order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from v5_core.engine._compile import Compiled
from v5_core.engine._earning import Earning, Prices, earn
from v5_core.engine._fast import builder
from v5_core.engine._offers import Discounts, apply_offers
from v5_core.engine._rewards import redeemable, redeeming, rewards_for, worth
from v5_core.engine._situation import Situation, by_line_id
from v5_core.engine._types import CustomerFacts
from v5_core.hooks import Explanation, Message, QuoteRequest, QuoteResponse, Reward
from v5_core.money import ratio, split
from v5_core.words import Words, words_of

__all__ = ["evaluate", "memberships"]

_response = builder(QuoteResponse)
_message = builder(Message)
_explanation = builder(Explanation)


def memberships(compiled: Compiled, facts: CustomerFacts | None) -> list[bool]:
    """Per programme, whether the customer holds a card of it."""
    if facts is None or facts.blocked:
        return [False] * len(compiled.programmes)
    cards = facts.card_types
    return [not programme.card_types.isdisjoint(cards) for programme in compiled.programmes]


def evaluate(
    compiled: Compiled, request: QuoteRequest, facts: CustomerFacts | None, *, local_time: datetime, language: str = "pt"
) -> QuoteResponse:
    """What the programmes give on a basket.

    Args:
        compiled: From `compile_programmes`.
        request: The basket; its prices are the till's.
        facts: The identified customer; None for anybody.
        local_time: `request.at` in the store's zone (weekdays and birthdays are local).
        language: Of explanations and messages.
    """
    words = words_of(language, request.currency)
    lines = sorted(request.lines, key=by_line_id)
    situation = Situation(
        lines,
        compiled.touching(lines),
        facts,
        at=request.at,
        local=local_time,
        store=request.store,
        till=request.till,
        currency=request.currency,
    )
    active = compiled.active(request.at, request.currency)
    members = memberships(compiled, facts)
    discounts = apply_offers(compiled, situation, active, members, words)
    remaining = discounts.remaining
    due = sum(remaining)
    points = _Points(compiled, request, facts, due, words)
    paid = split(points.amount, remaining) if points.amount else [0] * len(remaining)
    reduced = [left != full for left, full in zip(remaining, situation.gross, strict=True)]
    prices = Prices(remaining, paid, reduced)
    earnings = earn(compiled, situation, active, members, prices, words)
    earned = sum([one.points for one in earnings])
    messages = _messages(facts, discounts, earned, words) + points.messages
    saved = 0
    if facts is None:
        saved, would_earn = _as_member(compiled, situation, active, discounts.total, words)
        messages += _missed(saved, would_earn, words)
    rewards: tuple[Reward, ...] = ()
    if facts is not None and not facts.blocked:
        rewards = rewards_for(compiled, facts.balance_available - points.used, facts.card_types, request.at, request.currency)
        for one in rewards:
            if not one.missing:
                text = words.say("within_reach", title=one.title, points=words.points(one.cost))[:500]
                messages.append(_message({"audience": "cashier", "severity": "info", "text": text}))
    return _response(
        {
            "total": due - points.amount,
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
            "net": sum([ratio(left, line.net, line.gross) for left, line in zip(remaining, lines, strict=True) if line.gross]),
            "to_pay": due - points.amount,
            "points_spent": points.used,
            "gifts": (),
            "codes": (),
            "stored_value": (),
        }
    )


class _Points:
    """Points used as money on one basket."""

    __slots__ = ("amount", "explanations", "messages", "redeemable", "redeemable_amount", "used")

    def __init__(self, compiled: Compiled, request: QuoteRequest, facts: CustomerFacts | None, due: int, words: Words) -> None:
        self.redeemable = self.redeemable_amount = self.used = self.amount = 0
        self.messages: list[Message] = []
        self.explanations: list[Explanation] = []
        asked = request.points_to_use
        programme = None
        if facts is not None and not facts.blocked:
            programme = redeeming(compiled, facts.card_types, request.at, request.currency)
        if facts is not None and programme is not None and programme.data.redemption is not None:
            rule = programme.data.redemption
            self.redeemable, self.redeemable_amount = redeemable(rule, facts.balance_available, due)
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
    for rule, missing in discounts.nudges:
        text = words.say("add_more", missing=words.money(missing), title=rule.title)[:500]
        found.append(_message({"audience": "cashier", "severity": "info", "text": text}))
    return found


def _as_member(compiled: Compiled, situation: Situation, active: Sequence[bool], discount: int, words: Words) -> tuple[int, int]:
    # The same basket for an unknown member of every programme: criteria about a particular customer do not match.
    everyone = frozenset(card for programme in compiled.programmes for card in programme.card_types)
    member = Situation(
        situation.lines,
        situation.touched,
        CustomerFacts(customer="", card_types=everyone),
        at=situation.at,
        local=situation.local,
        store=situation.store,
        till=situation.till,
        currency=situation.currency,
    )
    members = [True] * len(compiled.programmes)
    discounts = apply_offers(compiled, member, active, members, words)
    reduced = [left != full for left, full in zip(discounts.remaining, member.gross, strict=True)]
    prices = Prices(discounts.remaining, [0] * len(reduced), reduced)
    earnings: list[Earning] = earn(compiled, member, active, members, prices, words)
    return max(0, discounts.total - discount), sum(one.points for one in earnings)


def _missed(saved: int, would_earn: int, words: Words) -> list[Message]:
    texts = [words.say("would_save", amount=words.money(saved))] if saved else []
    if would_earn:
        texts.append(words.say("would_earn", points=words.points(would_earn)))
    return [_message({"audience": "customer", "severity": "info", "text": text}) for text in texts]
