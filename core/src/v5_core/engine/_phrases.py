"""The arithmetic of offers and of points in words: what, on what, how much."""

from __future__ import annotations

from v5_core.engine._earning import Earning
from v5_core.engine._prices import Step
from v5_core.engine._rules import OfferRule
from v5_core.programme import (
    AmountOffer,
    BundleOffer,
    BuyGetOffer,
    CheapestOffer,
    EarnPerAmount,
    EarnPerQuantity,
    FixedPriceOffer,
    PriceListOffer,
)
from v5_core.words import Words

__all__ = ["explain_earning", "explain_step"]

_OPEN = "\0"  # stands in no title: what the basket says is put here


def explain_step(step: Step, lines: int, rate: int, words: Words) -> str:
    """What an offer did on so many lines at this rate, in one sentence."""
    rule, _, _, amount, base, count, gift = step
    if gift and isinstance(rule.offer, BuyGetOffer):
        text = words.say("offer_gift", title=rule.title[:300], quantity=gift, product=rule.offer.add or "")
    else:
        # A percentage that was rounded on each line may sum to some cents more or less than one of the whole.
        uneven = rule.line_by_line and amount != rule.limit and 0 < abs((base * rate + rule.half) // 10_000 - amount) <= lines
        pattern = rule.phrases.get((words.language, rate, uneven)) or _pattern(rule, rate, words, uneven=uneven)
        figures = words.money(base), words.money(amount)
        text = pattern % (count, *figures) if rule.counted else pattern % figures
    if rule.limit is not None and amount == rule.limit:
        text = words.say("capped", text=text, limit=words.money(amount))
    if rule.cost:
        text = words.say("for_points", text=text, points=words.points(rule.cost))
    return text


def _pattern(rule: OfferRule, rate: int, words: Words, *, uneven: bool) -> str:
    """The sentence with all that is the same at every basket; it says (how many,) of what and how much, in this order everywhere."""
    text = _said(rule, rate, words)
    if uneven:
        text = words.say("line_by_line", text=text)
    text = rule.phrases[words.language, rate, uneven] = text.replace("%", "%%").replace(_OPEN, "%s")
    return text


def _said(rule: OfferRule, rate: int, words: Words) -> str:
    offer, title = rule.offer, rule.title[:300]
    if isinstance(offer, AmountOffer):
        key = "offer_per_unit" if offer.kind == "amount_units" else "offer_amount"
        return words.say(key, title=title, each=words.money(offer.amount), count=_OPEN, base=_OPEN, result=_OPEN)
    if isinstance(offer, FixedPriceOffer):
        return words.say("offer_price", title=title, each=words.money(offer.price), base=_OPEN, result=_OPEN)
    if isinstance(offer, PriceListOffer):
        return words.say("offer_price_list", title=title, base=_OPEN, result=_OPEN)
    if isinstance(offer, BundleOffer):
        return words.say("offer_bundle", title=title, times=_OPEN, base=_OPEN, result=_OPEN)
    if isinstance(offer, BuyGetOffer):
        return words.say("offer_units", title=title, count=_OPEN, rate=words.rate(offer.percent), base=_OPEN, result=_OPEN)
    if isinstance(offer, CheapestOffer) and offer.percent:
        return words.say("offer_cheapest", title=title, count=_OPEN, rate=words.rate(offer.percent), base=_OPEN, result=_OPEN)
    if isinstance(offer, CheapestOffer):
        return words.say("offer_per_unit", title=title, each=words.money(offer.amount), count=_OPEN, base=_OPEN, result=_OPEN)
    return words.say("offer", title=title, rate=words.rate(rate)) + f"{_OPEN} = {_OPEN}"


def explain_earning(one: Earning, words: Words) -> str:
    """What a rule gave points for, in one sentence."""
    rule, data, points = one.rule, one.rule.data, words.points(one.uncapped)
    if isinstance(data, EarnPerAmount):
        over = words.money(one.of)
        if rule.programme.policies.vat == "net":
            over = words.say("on_net", base=over)
        each, per = words.points(data.points), words.money(data.amount)
        text = words.say("earned_amount", title=rule.title, each=each, per=per, base=over, points=points)
    elif isinstance(data, EarnPerQuantity):
        each, per, quantity = words.points(data.points), words.figure(data.quantity), words.figure(one.of)
        text = words.say("earned_quantity", title=rule.title, each=each, per=per, quantity=quantity, points=points)
    else:
        text = words.say("earned_sale", title=rule.title, points=points)
    if one.boosts:
        text = words.say("boosted", text=text, boosts=", ".join([f"{boost.title} × {words.rate(boost.factor)}" for boost in one.boosts]))
    if one.points < one.uncapped:
        text = words.say("capped", text=text, limit=words.points(one.points))
    return text
