"""Offers applied in their canonical order, and how each cent falls on the lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from v5_core.arithmetic import apply_rate, split
from v5_core.engine._basket import Basket
from v5_core.engine._choice import Candidate, Discounts, Nudge, Told, choose, money_left, reaching, uses_left
from v5_core.engine._compile import Selected, Touched, View
from v5_core.engine._fast import builder
from v5_core.engine._prices import Prices, step_of
from v5_core.engine._pricing import open_enough, take
from v5_core.engine._quick import amount_off, buy_get, order_off, percent_off
from v5_core.engine._rules import Form, OfferRule, Stage
from v5_core.engine._situation import Situation
from v5_core.engine._types import Coupon, Use
from v5_core.engine._units import above, alike, measured, repeats
from v5_core.hooks import Benefit, Explanation, Gift
from v5_core.model import Claim, LineKind
from v5_core.programme import GiftOffer
from v5_core.words import Words

__all__ = ["Discounts", "apply_offers"]

# Read off their class once, not at each offer of each basket.
_OTHER: Final = Form.OTHER
_PERCENT: Final = Form.PERCENT
_AMOUNT: Final = Form.AMOUNT
_ORDER: Final = Form.ORDER
_BUY_GET: Final = Form.BUY_GET
_benefit = builder(Benefit)
_explanation = builder(Explanation)
_gift = builder(Gift)


class _Apply:
    """One run over the offers of a basket."""

    __slots__ = ("affordable", "basket", "prices", "result", "situation", "words")

    def __init__(
        self,
        situation: Situation,
        selected: Selected,
        basket: Basket,
        affordable: Callable[[Discounts], int],
        words: Words,
        *,
        closing_later: bool,
    ) -> None:
        self.situation = situation
        self.basket = basket
        self.affordable = affordable
        self.words = words
        self.prices = Prices(situation, selected)
        self.prices.closing_later = closing_later
        self.result = Discounts(self.prices.remaining)

    def run(self, chosen: list[Candidate]) -> Discounts:
        """Applies what was chosen, in its order."""
        stage = Stage.PRICE
        result, prices, steps = self.result, self.prices, self.result.steps
        deducted = self.situation.deducted != 0
        for rule, indexes in chosen:
            if rule.stage > stage:
                stage = rule.stage
                self._enter(stage)
            form = _OTHER if deducted else rule.form
            # Each called where it stands: Python is quicker where a call always calls the same.
            if form == _PERCENT:
                step = percent_off(rule, indexes, prices)
            elif form == _AMOUNT:
                step = amount_off(rule, indexes, prices)
            elif form == _ORDER:
                step = order_off(rule, indexes, prices)
            elif form == _BUY_GET:
                step = buy_get(rule, indexes, prices)
            else:
                self._other(rule, indexes)
                continue
            if step is not None:
                steps.append(step)
                result.total += step[3]
                if rule.noted:
                    self._note(rule, 1, 0)
        if self.basket.vouchers and stage < Stage.REWARD:
            self._enter(Stage.REWARD)
        return self.result

    def _other(self, rule: OfferRule, indexes: list[int]) -> None:
        # What an offer gives whose form has no loop of its own.
        if rule.guarded:
            self._guarded(rule, indexes)
        elif self._applied(rule, indexes, self.result.total) and rule.noted:
            self._note(rule, 1, 0)

    def _enter(self, stage: int) -> None:
        # Percentage vouchers are discounts of the whole order: after its offers, before what points buy.
        result = self.result
        if stage >= Stage.ORDER and result.before_orders is self.prices.remaining:
            result.before_orders = self.prices.remaining.copy()
        if stage == Stage.REWARD:
            for coupon in self.basket.vouchers:
                if result.alone:
                    result.refused[f"voucher/{coupon.code}"] = "not_combined"
                else:
                    self._voucher(coupon)
            result.before_rewards = self.prices.remaining.copy()

    def _left(self) -> int:
        return sum(self.prices.remaining) - self.situation.deducted

    def _applied(self, rule: OfferRule, indexes: list[int], before: int, units: int | None = None) -> int:
        # How many uses it is: of some offers each unit counts. What the offer took since `before` lies on its budgets already.
        most = self._left() if self.situation.deducted else None
        if rule.offer.budgets:
            rest, nothing = money_left(rule, self.basket.used)
            taken = self.result.total - before
            if rest is not None:
                most = rest - taken if most is None else min(most, rest - taken)
            if nothing is not None and take(rule, indexes, self.prices.trial(), most, units).amount > nothing - taken:
                self.result.refused[rule.key] = "used_up"
                return 0
        cut = take(rule, indexes, self.prices, most, units)
        step = step_of(rule, cut)
        if step is None:
            return 0
        result = self.result
        result.total += cut.amount
        result.steps.append(step)
        if cut.gift:
            self._add_gift(rule, getattr(rule.offer, "add", ""), cut.gift * 1000, 0, "")
        return max(1, cut.count) if rule.per_unit_use else 1

    def _guarded(self, rule: OfferRule, indexes: list[int]) -> None:
        # What hangs on the offers before it, or is asked for as a reward.
        remaining, gross = self.prices.remaining, self.situation.gross
        if rule.exclude_discounted:
            indexes = [i for i in indexes if remaining[i] == gross[i]]
            if not indexes:
                return
        if rule.offer.of_same is not None:
            indexes = self._groups(rule, indexes)
            if not indexes:
                return
        else:
            counted = indexes if rule.minimum_pool is None else self.prices.chosen(rule.minimum_pool)
            if problem := self._out_of_range(rule, counted):
                self.result.refused[rule.key] = problem
                return
        left = uses_left(rule, self.situation, self.basket, self.result.uses)
        if left is not None and left < 1:
            self.result.refused[rule.key] = "used_up"
            return
        before, times = self.result.total, 0
        if rule.stage == Stage.REWARD:
            for claim in self.basket.claims[rule.rule_id]:
                times += self._claimed(rule, indexes, claim, None if left is None else left - times, before)
            self.result.given[rule.rule_id] = self.result.given.get(rule.rule_id, 0) + times
        elif isinstance(rule.offer, GiftOffer):
            times = self._gifts(rule, rule.offer, indexes, left)
        else:
            times = self._applied(rule, indexes, before, left if rule.per_unit_use else None)
        if times:
            self._note(rule, times, self.result.total - before)

    def _gifts(self, rule: OfferRule, offer: GiftOffer, indexes: list[int], left: int | None) -> int:
        # As often as the basket brings them forth, each group of like units by itself; how many uses that is.
        groups = alike(rule.same, indexes, self.situation) if rule.same else [indexes]
        times = sum([repeats(rule, own, self.prices) for own in groups])
        if rule.per_unit_use and left is not None:
            times = min(times, left)
        given = times and self._gift(rule, offer, times, None)
        return (times if rule.per_unit_use else 1) if given else 0

    def _out_of_range(self, rule: OfferRule, counted: list[int]) -> str:
        # Of offers that ask what the offers before them left: too little, or too much.
        remaining, situation = self.prices.remaining, self.situation
        if rule.offer.minimum_price == "remaining" and rule.minimum:
            missing = rule.minimum - measured(rule, counted, situation, remaining)
            if missing > 0:
                self.result.nudges.append(Nudge(rule, amount=missing))
                return "minimum"
        if above(rule, counted, situation, remaining, at_till=False):
            return "condition"
        return "minimum" if rule.offer.closes_units and not open_enough(rule, counted, self.prices) else ""

    def _groups(self, rule: OfferRule, indexes: list[int]) -> list[int]:
        # Of groups of like units those that reach the minimum as it is asked for here: of what is left, of open units.
        remaining, prices = self.prices.remaining, self.prices
        indexes = reaching(rule, indexes, self.situation, remaining, self.result)
        if not rule.closes or not indexes:
            return indexes
        groups = alike(rule.offer.of_same or "line", indexes, self.situation)
        found = sorted([i for own in groups if open_enough(rule, own, prices) for i in own])
        if not found:
            self.result.refused[rule.key] = "minimum"
        return found

    def _given(self, rule: OfferRule, indexes: list[int], times: int, claim: Claim, before: int) -> int:
        """Gives it so many times; how often it gave something."""
        if isinstance(rule.offer, GiftOffer):
            return times if times and self._gift(rule, rule.offer, times, claim) else 0
        for turn in range(times):
            if not self._applied(rule, indexes, before):
                return turn
        return times

    def _claimed(self, rule: OfferRule, indexes: list[int], claim: Claim, left: int | None, before: int) -> int:
        # Only what is given costs points.
        offer, result = rule.offer, self.result
        if rule.programme.policies.one_reward_per_sale and result.cost:
            result.refused[rule.key] = "one_reward"
            return 0
        times = claim.times
        if claim.quantity is not None and isinstance(offer, GiftOffer):
            times = -(-claim.quantity // offer.quantity)
        if left is not None and left < times:
            result.refused[rule.key] = "used_up"
            times = left
        there = max(0, self.affordable(result) - result.cost)
        can = there // offer.cost
        if offer.takes_all:
            times = min(times, 1)
        if can < times:
            result.refused[rule.key] = "points"
        given = self._given(rule, indexes, min(times, can), claim, before)
        result.cost += given * offer.cost
        if given and offer.takes_all and there > offer.cost:
            self._take_rest(rule, there - offer.cost)
        return given

    def _take_rest(self, rule: OfferRule, points: int) -> None:
        self.result.cost += points
        text = self.words.say("for_points", text=rule.title, points=self.words.points(points))[:500]
        values = {"rule": rule.rule_id, "version": rule.version, "lines": (), "text": text, "points": -points, "amount": 0}
        self.result.steps.append(Told(_explanation(values)))

    def _gift(self, rule: OfferRule, offer: GiftOffer, times: int, claim: Claim | None) -> bool:
        product = claim.product if claim is not None and claim.product is not None else offer.products[0]
        if product not in offer.products:
            self.result.refused[rule.key] = "product"
            return False
        most = times * offer.quantity
        quantity = min(claim.quantity, most) if claim is not None and claim.quantity is not None else most
        self._add_gift(rule, product, quantity, times * offer.cost, offer.description)
        text = self.words.say("offer_gift", title=rule.title, quantity=self.words.figure(quantity), product=offer.description or product)
        if offer.cost:
            text = self.words.say("for_points", text=text, points=self.words.points(times * offer.cost))
        values = {"rule": rule.rule_id, "version": rule.version, "lines": (), "text": text[:500], "points": -times * offer.cost}
        self.result.steps.append(Told(_explanation({**values, "amount": 0})))
        return True

    def _add_gift(self, rule: OfferRule, product: str, quantity: int, cost: int, description: str) -> None:
        values = {"rule": rule.rule_id, "product": product, "quantity": quantity, "description": description, "cost": cost}
        self.result.gifts.append(_gift(values))

    def _note(self, rule: OfferRule, times: int, amount: int) -> None:
        key, offer, result = rule.key, rule.offer, self.result
        result.applied[key] = rule.rule_id
        if offer.notify:
            result.notified.append(rule)
        coupon = self.basket.coupons.get(key)
        if coupon is not None or offer.limits or offer.entitlement or offer.budgets:
            code, entitlement = coupon.code if coupon is not None else "", offer.entitlement or ""
            result.uses.append(Use(rule.programme.key, rule.rule_id, times, code, entitlement, bool(offer.limits), amount))

    def _voucher(self, coupon: Coupon) -> None:
        situation, remaining = self.situation, self.prices.remaining
        indexes = [i for i, line in enumerate(situation.lines) if line.kind in (LineKind.PRODUCT, LineKind.SERVICE) and remaining[i]]
        base = sum(remaining[i] for i in indexes)
        amount = min(apply_rate(base, coupon.percent), self._left())
        if amount <= 0:
            return
        cut = self.prices.take(dict(zip(indexes, split(amount, [remaining[i] for i in indexes]), strict=True)), base)
        shares = {situation.ids[i]: share for i, share in cut.shares.items()}
        title, words, result = coupon.title or coupon.code, self.words, self.result
        result.total += amount
        benefit = {"rule": "voucher", "title": title, "line_id": None, "amount": amount, "shares": shares, "times": 1}
        text = words.say("offer", title=title, rate=words.rate(coupon.percent)) + f"{words.money(base)} = {words.money(amount)}"
        values = {"rule": "voucher", "version": 0, "lines": tuple(shares), "text": text[:500], "points": 0, "amount": amount}
        result.steps.append(Told(_explanation(values), _benefit(benefit)))
        result.applied[f"voucher/{coupon.code}"] = "voucher"
        result.uses.append(Use("", "voucher", 1, coupon.code))


def apply_offers(
    view: View,
    situation: Situation,
    touched: Touched,
    basket: Basket,
    words: Words,
    affordable: Callable[[Discounts], int],
) -> Discounts:
    """Applies the offers in their canonical order.

    Args:
        view: The offers that are open to the buyer.
        situation: The basket.
        touched: Which lines offers may touch.
        basket: Codes and claims.
        words: The language of the explanations.
        affordable: Points that may be spent on rewards, asked for once the discounts before them are known.
    """
    work = _Apply(situation, touched.selected, basket, affordable, words, closing_later=view.closing_later)
    if not view.offers and not basket.vouchers:
        return work.result
    return work.run(choose(view, situation, touched, basket, work.result))
