"""What was decided about a basket, and the reply made of it: words and models are made here, and nowhere before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from v5_core.engine._choice import Discounts, Told
from v5_core.engine._earning import Earning
from v5_core.engine._fast import builder
from v5_core.engine._floors import at_lowest, has_lowest
from v5_core.engine._phrases import explain_earning, explain_step
from v5_core.engine._prices import Step, shares_of
from v5_core.engine._rules import CompiledProgramme, card_rate
from v5_core.engine._situation import Situation
from v5_core.hooks import Benefit, ClaimResult, CodeResult, Explanation, Message, QuoteResponse, Reward, StoredUse
from v5_core.words import Words

__all__ = ["Decision", "PointsUsed", "earning_explanation"]

_LONGEST = 500
_response = builder(QuoteResponse)
_message = builder(Message)
_benefit = builder(Benefit)
_explanation = builder(Explanation)


class PointsUsed:
    """Points used as money on one basket.

    Attributes:
        programme: By which points become money; None where nothing says how.
        redeemable: Points that could be used, and in `redeemable_amount` their worth.
        asked: Points that were to be used; `used` of them are, and are worth `amount`.
    """

    __slots__ = ("amount", "asked", "programme", "redeemable", "redeemable_amount", "used")

    def __init__(self, asked: int) -> None:
        self.asked = asked
        self.programme: CompiledProgramme | None = None
        self.redeemable = self.redeemable_amount = self.used = self.amount = 0


class Decision:
    """What the programmes give on a basket: all figures, and what each comes from.

    Attributes:
        total: After discounts and points, with VAT; `net` without it.
        discounts: What offers did: `steps` has what each took off which line, of what, and how; `nudges` what is missing to more.
        earnings: What each rule gives in points, on what, by which lines; `earned` their sum.
        points: Points used as money.
        spent: Points that rewards and `points` cost.
        saved: What a member would have saved, and in `would_earn` the points, where nobody is identified.
        stored: What stored values pay; `to_pay` is what is left after them.
        said: What the programmes say themselves.
    """

    __slots__ = (
        "_words", "claims", "codes", "discounts", "earned", "earnings", "net", "points", "rewards", "said", "saved", "situation", "stored",
        "total", "would_earn",
    )  # fmt: skip

    def __init__(
        self, situation: Situation, words: Words, discounts: Discounts, points: PointsUsed, earnings: list[Earning], total: int, net: int
    ) -> None:
        self.situation = situation
        self._words = words
        self.discounts = discounts
        self.points = points
        self.earnings = earnings
        self.total = total
        self.net = net
        self.earned = 0
        for one in earnings:
            self.earned += one.points
        self.saved = self.would_earn = 0
        self.stored: Sequence[StoredUse] = ()
        self.rewards: tuple[Reward, ...] = ()
        self.codes: tuple[CodeResult, ...] = ()
        self.claims: tuple[ClaimResult, ...] = ()
        self.said: Sequence[Message] = ()

    @property
    def spent(self) -> int:
        """Points that rewards and points used as money cost."""
        return self.points.used + self.discounts.cost

    @property
    def to_pay(self) -> int:
        """What stored value leaves of the total."""
        return self.total - sum([use.amount for use in self.stored]) if self.stored else self.total

    def steps(self) -> list[tuple[str, int, Mapping[str, int], int]]:
        """What each step of the offers did: the rule, what it took off and of which lines, and points (a reward's price is negative)."""
        found: list[tuple[str, int, Mapping[str, int], int]] = []
        for step in self.discounts.steps:
            if isinstance(step, Told):
                told, benefit = step.explanation, step.benefit
                found.append((told.rule, benefit.amount if benefit else 0, benefit.shares if benefit else {}, told.points))
            else:
                rule, amount = step[0], step[3]
                found.append((rule.rule_id, amount, shares_of(step, self.situation.ids), -rule.cost))
        return found

    def explanations(self) -> tuple[Explanation, ...]:
        """Every step and rule in words."""
        return tuple(self._steps()[1])

    def reply(self) -> QuoteResponse:
        """The same in words, as tills get it."""
        discounts, points = self.discounts, self.points
        benefits, explanations = self._steps()
        return _response(
            {
                "total": self.total,
                "discount": discounts.total,
                "benefits": tuple(benefits),
                "points_earned": self.earned,
                "redeemable": points.redeemable,
                "redeemable_amount": points.redeemable_amount,
                "points_used": points.used,
                "points_amount": points.amount,
                "rewards": self.rewards,
                "messages": tuple(self._messages()),
                "savings_as_member": self.saved,
                "explanations": tuple(explanations),
                "provisional": False,
                "net": self.net,
                "to_pay": self.to_pay,
                "points_spent": self.spent,
                "gifts": tuple(discounts.gifts),
                "codes": self.codes,
                "claims": self.claims,
                "stored_value": tuple(self.stored),
            }
        )

    def _steps(self) -> tuple[list[Benefit], list[Explanation]]:
        # Offers in their order, then points as money, then points earned.
        words, benefits, explanations = self._words, [], []
        for step in self.discounts.steps:
            if isinstance(step, Told):
                explanations.append(step.explanation)
                if step.benefit is not None:
                    benefits.append(step.benefit)
                continue
            benefit, explanation = _of_step(step, self.situation, self.discounts.before_rewards, words)
            explanations.append(explanation)
            if benefit is not None:
                benefits.append(benefit)
        points = self.points
        if points.used and points.programme is not None:
            programme = points.programme
            text = words.say("redeemed", points=words.points(points.used), amount=words.money(points.amount))
            values = {"rule": programme.key, "version": programme.data.version, "lines": (), "text": text}
            explanations.append(_explanation({**values, "points": -points.used, "amount": points.amount}))
        for one in self.earnings:
            explanations.append(earning_explanation(one, self.situation.ids, words))
        return benefits, explanations

    def _messages(self) -> list[Message]:
        facts, discounts, points, words = self.situation.facts, self.discounts, self.points, self._words
        found: list[Message] = []
        if facts is not None and facts.blocked:
            found.append(_say("alert", words.say("blocked")))
        if self.earned:
            found.append(_say("info", words.say("will_earn", points=words.points(self.earned))))
        for nudge in discounts.nudges:
            if nudge.amount:
                text = words.say("add_more", missing=words.money(nudge.amount), title=nudge.rule.title)
            else:
                text = words.say("add_units", missing=words.figure(nudge.quantity), title=nudge.rule.title)
            found.append(_say("info", text))
        for rule in discounts.notified:
            found.append(_say("warning", words.say("manager_told", title=rule.title)))
        if points.asked > points.used:
            asked, granted = words.points(points.asked), words.points(points.used)
            found.append(_say("warning", words.say("fewer_points", asked=asked, granted=granted)))
        if self.saved:
            found.append(_say("info", words.say("would_save", amount=words.money(self.saved)), "customer"))
        if self.would_earn:
            found.append(_say("info", words.say("would_earn", points=words.points(self.would_earn)), "customer"))
        found += self.said
        for one in self.rewards:
            if not one.missing:
                found.append(_say("info", words.say("within_reach", title=one.title, points=words.points(one.cost))))
        return found


def _say(severity: str, text: str, audience: str = "cashier") -> Message:
    return _message({"audience": audience, "severity": severity, "text": text[:_LONGEST]})


def _of_step(step: Step, situation: Situation, left: Sequence[int], words: Words) -> tuple[Benefit | None, Explanation]:
    rule, _, _, amount, _, count, _ = step
    shares = shares_of(step, situation.ids)
    lines = tuple(shares)
    benefit = None
    if lines:
        times = max(1, count) if rule.per_unit_use else 1
        only = lines[0] if len(lines) == 1 else None
        benefit = _benefit({"rule": rule.rule_id, "title": rule.title, "line_id": only, "amount": amount, "shares": shares, "times": times})
    rate = card_rate(rule, situation) if rule.by_card else rule.percent
    text = explain_step(step, len(lines), rate, words)
    if has_lowest(rule) and (reached := at_lowest(rule, step[1], situation, left)):
        text = words.say("at_lowest", text=text, products=", ".join(dict.fromkeys(reached)))
    values: dict[str, Any] = {
        "rule": rule.rule_id, "version": rule.version, "lines": lines, "text": text[:_LONGEST], "points": -rule.cost, "amount": amount
    }  # fmt: skip
    return benefit, _explanation(values)


def earning_explanation(one: Earning, ids: Sequence[str], words: Words, sign: int = 1) -> Explanation:
    """Why a rule gives these points, or with `sign` -1 takes them."""
    lines = tuple([ids[i] for i in one.indexes])
    text = explain_earning(one, words)[:_LONGEST]
    values = {"rule": one.rule.rule_id, "version": one.rule.version, "lines": lines, "text": text, "points": sign * one.points, "amount": 0}
    return _explanation(values)
