"""Discounts: who competes, who applies, in which order, and how each cent falls on the lines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from v5_core.engine._basket import Basket
from v5_core.engine._compile import View
from v5_core.engine._fast import builder
from v5_core.engine._phrases import explain_cut
from v5_core.engine._pricing import Cut, Prices, cap, cut_of, open_enough
from v5_core.engine._rules import OfferRule, Stage, card_rate
from v5_core.engine._situation import Situation
from v5_core.engine._types import Coupon, Use, limit_key
from v5_core.hooks import Benefit, Explanation, Gift
from v5_core.model import LineKind
from v5_core.money import apply_rate, ratio, split
from v5_core.programme import GiftOffer
from v5_core.words import Words

__all__ = ["Discounts", "Nudge", "apply_offers"]

_benefit = builder(Benefit)
_explanation = builder(Explanation)
_gift = builder(Gift)
_TEXT_LIMIT = 400  # of 500 allowed; the arithmetic follows


@dataclass(frozen=True, slots=True)
class Nudge:
    """An offer that a little more would open: minor units, or thousandths of a quantity."""

    rule: OfferRule
    amount: int = 0
    quantity: int = 0


@dataclass(slots=True)
class Discounts:
    """What offers did.

    Attributes:
        remaining: The price of each line after them.
        before_orders: As it was before offers on the whole order; the same list when there were none.
        before_rewards: As it was before what points bought.
        nudges: Offers whose minimum is not reached yet.
        uses: What was used of what is counted.
        cost: Points of the rewards.
        applied: "programme/rule" to the rule's id.
        refused: "programme/rule" to why not; only where somebody may ask.
    """

    remaining: list[int]
    before_orders: list[int]
    before_rewards: list[int]
    total: int = 0
    benefits: list[Benefit] = field(default_factory=list)
    explanations: list[Explanation] = field(default_factory=list)
    nudges: list[Nudge] = field(default_factory=list)
    gifts: list[Gift] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    cost: int = 0
    applied: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    notified: list[OfferRule] = field(default_factory=list)


Candidate = tuple[OfferRule, list[int]]


class _Apply:
    """One run over the offers of a basket."""

    __slots__ = ("affordable", "basket", "prices", "result", "situation", "words")

    def __init__(self, situation: Situation, basket: Basket, affordable: Callable[[Discounts], int], words: Words) -> None:
        self.situation = situation
        self.basket = basket
        self.affordable = affordable
        self.words = words
        self.prices = Prices(situation)
        remaining = self.prices.remaining
        self.result = Discounts(remaining, remaining, remaining)

    def run(self, chosen: list[Candidate]) -> Discounts:
        """Applies what was chosen, in its order."""
        short, prices, stage = not self.situation.deducted, self.prices, Stage.PRICE
        for rule, indexes in chosen:
            if rule.stage > stage:
                stage = rule.stage
                self._enter(stage)
            if rule.plain and short and not prices.open:
                self._plain(rule, indexes)
            else:
                self._one(rule, indexes)
        if self.basket.vouchers and stage < Stage.REWARD:
            self._enter(Stage.REWARD)
        return self.result

    def _plain(self, rule: OfferRule, indexes: list[int]) -> None:
        # The hot path: most offers are percentages, of lines or of the order, and nothing else.
        remaining, ids, percent = self.prices.remaining, self.situation.ids, rule.percent
        shares: dict[str, int] = {}
        base = amount = 0
        if rule.order_wide:
            own = [remaining[i] for i in indexes]
            base = sum(own)
            amount = (base * percent + 5000) // 10_000
            for i, cut in zip(indexes, split(amount, own), strict=True):
                if cut:
                    remaining[i] -= cut
                    shares[ids[i]] = cut
        else:
            for i in indexes:
                price = remaining[i]
                base += price
                cut = (price * percent + 5000) // 10_000
                if cut:
                    remaining[i] = price - cut
                    shares[ids[i]] = cut
                    amount += cut
        if not amount:
            return
        result, words, rule_id, lines = self.result, self.words, rule.rule_id, tuple(shares)
        result.total += amount
        only = lines[0] if len(lines) == 1 else None
        result.benefits.append(_benefit({"rule": rule_id, "title": rule.title, "line_id": only, "amount": amount, "shares": shares}))
        begin = rule.phrases.get(words.language) or _phrase(rule, words)
        if base < words.grouped_from:  # `words.money`, written out
            before, cents = words.before, words.cents
            text = f"{begin}{before}{base // 100}{cents[base % 100]} = {before}{amount // 100}{cents[amount % 100]}"
        else:
            text = f"{begin}{words.money(base)} = {words.money(amount)}"
        if not rule.order_wide and (base * percent + 5000) // 10_000 != amount:
            text = words.say("line_by_line", text=text)
        result.explanations.append(
            _explanation({"rule": rule_id, "version": rule.version, "lines": lines, "text": text, "points": 0, "amount": amount})
        )
        if rule.noted:
            self._note(rule, 1)

    def _enter(self, stage: int) -> None:
        # Percentage vouchers are discounts of the whole order: after its offers, before what points buy.
        result = self.result
        if stage >= Stage.ORDER and result.before_orders is self.prices.remaining:
            result.before_orders = self.prices.remaining.copy()
        if stage == Stage.REWARD:
            for coupon in self.basket.vouchers:
                self._voucher(coupon)
            result.before_rewards = self.prices.remaining.copy()

    def _left(self) -> int:
        return sum(self.prices.remaining) - self.situation.deducted

    def _one(self, rule: OfferRule, indexes: Sequence[int]) -> None:
        remaining, gross = self.prices.remaining, self.situation.gross
        if rule.exclude_discounted:
            indexes = [i for i in indexes if remaining[i] == gross[i]]
            if not indexes:
                return
        if rule.offer.minimum_price == "remaining" and rule.minimum:
            missing = rule.minimum - _measured(rule, indexes, self.situation, remaining)
            if missing > 0:
                self.result.refused[_key(rule)] = "minimum"
                self.result.nudges.append(Nudge(rule, amount=missing))
                return
        if rule.offer.closes_units and not open_enough(rule, indexes, self.prices):
            self.result.refused[_key(rule)] = "minimum"
            return
        times = self._claimed(rule) if rule.stage == Stage.REWARD else 1
        if not times:
            return
        if isinstance(rule.offer, GiftOffer):
            self._gift(rule, rule.offer, times)
            return
        for turn in range(times):
            cut = cut_of(rule, indexes, self.prices)
            if self.situation.deducted:
                cap(cut, self._left())
            if not self._take(rule, cut):
                times = turn
                break
        if times:
            self._note(rule, times)

    def _take(self, rule: OfferRule, cut: Cut) -> bool:
        amount = sum(cut.shares.values())
        if not amount and not cut.gift:
            return False
        self.prices.apply(cut)
        result, words = self.result, self.words
        result.total += amount
        ids = self.situation.ids
        shares = {ids[i]: share for i, share in cut.shares.items()}
        lines = tuple(shares)
        if amount:
            only = lines[0] if len(lines) == 1 else None
            result.benefits.append(
                _benefit({"rule": rule.rule_id, "title": rule.title, "line_id": only, "amount": amount, "shares": shares})
            )
        if cut.gift:
            self._add_gift(rule, getattr(rule.offer, "add", ""), cut.gift * 1000, 0, "")
        text = explain_cut(rule, cut, amount, card_rate(rule, self.situation), words)
        values = {"rule": rule.rule_id, "version": rule.version, "lines": lines, "text": text[:500], "points": -rule.offer.cost}
        result.explanations.append(_explanation({**values, "amount": amount}))
        return True

    def _claimed(self, rule: OfferRule) -> int:
        claim = self.basket.claims[rule.rule_id]
        offer, result = rule.offer, self.result
        if rule.programme.policies.one_reward_per_sale and result.cost:
            result.refused[_key(rule)] = "one_reward"
            return 0
        times = claim.times
        if claim.quantity is not None and isinstance(offer, GiftOffer):
            times = -(-claim.quantity // offer.quantity)
        can = max(0, self.affordable(result) - result.cost) // offer.cost
        if can < times:
            result.refused[_key(rule)] = "points"
        times = min(times, can)
        result.cost += times * offer.cost
        return times

    def _gift(self, rule: OfferRule, offer: GiftOffer, times: int) -> None:
        claim = self.basket.claims.get(rule.rule_id)
        product = claim.product if claim is not None and claim.product is not None else offer.products[0]
        if product not in offer.products:
            self.result.refused[_key(rule)] = "product"
            self.result.cost -= times * offer.cost
            return
        most = times * offer.quantity
        quantity = min(claim.quantity, most) if claim is not None and claim.quantity is not None else most
        self._add_gift(rule, product, quantity, times * offer.cost, offer.description)
        text = self.words.say("offer_gift", title=rule.title, quantity=self.words.figure(quantity), product=offer.description or product)
        if offer.cost:
            text = self.words.say("for_points", text=text, points=self.words.points(times * offer.cost))
        values = {"rule": rule.rule_id, "version": rule.version, "lines": (), "text": text[:500], "points": -times * offer.cost}
        self.result.explanations.append(_explanation({**values, "amount": 0}))
        self._note(rule, times)

    def _add_gift(self, rule: OfferRule, product: str, quantity: int, cost: int, description: str) -> None:
        values = {"rule": rule.rule_id, "product": product, "quantity": quantity, "description": description, "cost": cost}
        self.result.gifts.append(_gift(values))

    def _note(self, rule: OfferRule, times: int) -> None:
        key, offer, result = _key(rule), rule.offer, self.result
        result.applied[key] = rule.rule_id
        if offer.notify:
            result.notified.append(rule)
        coupon = self.basket.coupons.get(key)
        if coupon is not None or offer.limits or offer.entitlement:
            code = coupon.code if coupon is not None else ""
            result.uses.append(Use(rule.programme.key, rule.rule_id, times, code, offer.entitlement or "", limited=bool(offer.limits)))

    def _voucher(self, coupon: Coupon) -> None:
        situation, remaining = self.situation, self.prices.remaining
        indexes = [i for i, line in enumerate(situation.lines) if line.kind in (LineKind.PRODUCT, LineKind.SERVICE) and remaining[i]]
        base = sum(remaining[i] for i in indexes)
        amount = min(apply_rate(base, coupon.percent), self._left())
        if amount <= 0:
            return
        shares = dict(zip(indexes, split(amount, [remaining[i] for i in indexes]), strict=True))
        self.prices.apply(Cut(shares))
        named = {situation.ids[i]: share for i, share in shares.items() if share}
        title, words, result = coupon.title or coupon.code, self.words, self.result
        result.total += amount
        result.benefits.append(_benefit({"rule": "voucher", "title": title, "line_id": None, "amount": amount, "shares": named}))
        text = words.say("offer", title=title, rate=words.rate(coupon.percent)) + f"{words.money(base)} = {words.money(amount)}"
        values = {"rule": "voucher", "version": 0, "lines": tuple(named), "text": text[:500], "points": 0, "amount": amount}
        result.explanations.append(_explanation(values))
        result.applied[f"voucher/{coupon.code}"] = "voucher"
        result.uses.append(Use("", "voucher", 1, coupon.code))


def apply_offers(
    view: View,
    situation: Situation,
    touched: Mapping[int, list[int]],
    basket: Basket,
    words: Words,
    affordable: Callable[[Discounts], int],
) -> Discounts:
    """Applies the offers in their canonical order.

    Args:
        view: The offers that are open to the buyer.
        situation: The basket.
        touched: From the position of an offer to the lines that it may touch.
        basket: Codes and claims.
        words: The language of the explanations.
        affordable: Points that may be spent on rewards, asked for once the discounts before them are known.
    """
    work = _Apply(situation, basket, affordable, words)
    if not view.offers and not basket.vouchers:
        return work.result
    candidates = _candidates(view, situation, touched, basket, work.result)
    chosen = _compete(candidates, situation, work.result) if view.competing else candidates
    return work.run(chosen)


def _candidates(view: View, situation: Situation, touched: Mapping[int, list[int]], basket: Basket, result: Discounts) -> list[Candidate]:
    offers, answers = view.offers, situation.answers
    found: list[Candidate] = []
    for position in sorted(touched):
        rule = offers[position]
        when = rule.when
        if when is not None and not (answers[when] if when in answers else situation.holds(when)):
            continue
        indexes = touched[position]
        if not rule.simple:
            indexes = [i for i in indexes if _selects(rule, situation, i)]
            if not indexes:
                continue
        if rule.checked and not _open_now(rule, indexes, situation, basket, result):
            continue
        found.append((rule, indexes))
    return found


def _selects(rule: OfferRule, situation: Situation, index: int) -> bool:
    if rule.exclude_discounted and situation.lines[index].discount > 0:
        return False
    return rule.where is None or rule.where(situation.line_record(index))


def _open_now(rule: OfferRule, indexes: list[int], situation: Situation, basket: Basket, result: Discounts) -> bool:
    # Limits, and the minimum at the till's prices.
    offer, used = rule.offer, basket.used
    for index, limit in enumerate(offer.limits):
        if used.get(limit_key(rule.programme.key, rule.rule_id, index), 0) >= limit.uses:
            result.refused[_key(rule)] = "used_up"
            return False
    if offer.minimum_quantity:
        missing = offer.minimum_quantity - sum([situation.lines[i].quantity for i in indexes])
        if missing > 0:
            result.nudges.append(Nudge(rule, quantity=missing))
            result.refused[_key(rule)] = "minimum"
            return False
    if rule.minimum and offer.minimum_price == "till":
        missing = rule.minimum - _measured(rule, indexes, situation, situation.gross)
        if missing > 0:
            result.nudges.append(Nudge(rule, amount=missing))
            result.refused[_key(rule)] = "minimum"
            return False
    return True


def _measured(rule: OfferRule, indexes: Sequence[int], situation: Situation, prices: Sequence[int]) -> int:
    """What a minimum is compared with."""
    offer, lines = rule.offer, situation.lines
    chosen = indexes if offer.minimum_of == "lines" else range(len(lines))
    if offer.minimum_basis == "gross":
        found = sum([prices[i] for i in chosen])
    else:
        found = sum([ratio(prices[i], lines[i].net, lines[i].gross) for i in chosen if lines[i].gross])
    return found - situation.deducted if offer.minimum_of == "order" else found


def _compete(candidates: list[Candidate], situation: Situation, result: Discounts) -> list[Candidate]:
    # Of the exclusive offers of a group the one that takes most off the till's own prices wins; then priority, then id (their order).
    groups: dict[tuple[str, int, str], list[Candidate]] = {}
    for candidate in candidates:
        group = candidate[0].group
        if group is not None:
            groups.setdefault(group, []).append(candidate)
    losers: set[int] = set()
    fresh: Prices | None = None
    for rivals in groups.values():
        if len(rivals) > 1:
            fresh = fresh or Prices(situation)
            best = max(rivals, key=lambda one, prices=fresh: (_worth(one, prices), one[0].offer.priority))  # type: ignore[misc]
            for rule, _ in rivals:
                if rule is not best[0]:
                    losers.add(id(rule))
                    result.refused[_key(rule)] = "not_combined"
    return [candidate for candidate in candidates if id(candidate[0]) not in losers] if losers else candidates


def _worth(candidate: Candidate, prices: Prices) -> int:
    rule, indexes = candidate
    if rule.plain and not rule.order_wide:
        percent, gross = rule.percent, prices.remaining
        return sum([(gross[i] * percent + 5000) // 10_000 for i in indexes])
    return sum(cut_of(rule, indexes, prices).shares.values())


def _key(rule: OfferRule) -> str:
    return f"{rule.programme.key}/{rule.rule_id}"


def _phrase(rule: OfferRule, words: Words) -> str:
    begin = rule.phrases[words.language] = words.say("offer", title=rule.title, rate=words.rate(rule.percent))[:_TEXT_LIMIT]
    return begin
