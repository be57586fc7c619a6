"""An offer's arithmetic in words: what, on what, how much."""

from __future__ import annotations

from v5_core.engine._pricing import Cut
from v5_core.engine._rules import OfferRule
from v5_core.programme import (
    AmountOffer,
    BundleOffer,
    BuyGetOffer,
    CheapestOffer,
    FixedPriceOffer,
    PriceListOffer,
)
from v5_core.words import Words

__all__ = ["explain_cut"]


def explain_cut(rule: OfferRule, cut: Cut, amount: int, rate: int, words: Words) -> str:
    """What an offer did, in one sentence."""
    text = _said(rule, cut, amount, rate, words)
    if rule.limit is not None and amount == rule.limit:
        text = words.say("capped", text=text, limit=words.money(amount))
    if rule.offer.cost:
        text = words.say("for_points", text=text, points=words.points(rule.offer.cost))
    return text


def _said(rule: OfferRule, cut: Cut, amount: int, rate: int, words: Words) -> str:
    offer, title = rule.offer, rule.title[:300]
    result, base = words.money(amount), words.money(cut.base)
    if isinstance(offer, AmountOffer):
        key = "offer_per_unit" if offer.kind == "amount_units" else "offer_amount"
        return words.say(key, title=title, each=words.money(offer.amount), count=cut.count, base=base, result=result)
    if isinstance(offer, FixedPriceOffer):
        return words.say("offer_price", title=title, each=words.money(offer.price), base=base, result=result)
    if isinstance(offer, PriceListOffer):
        return words.say("offer_price_list", title=title, base=base, result=result)
    if isinstance(offer, BundleOffer):
        return words.say("offer_bundle", title=title, times=cut.times, base=base, result=result)
    if isinstance(offer, BuyGetOffer):
        if cut.gift:
            return words.say("offer_gift", title=title, quantity=cut.gift, product=offer.add or "")
        return words.say("offer_units", title=title, count=cut.count, rate=words.rate(offer.percent), base=base, result=result)
    if isinstance(offer, CheapestOffer):
        if offer.percent:
            return words.say("offer_cheapest", title=title, count=cut.count, rate=words.rate(offer.percent), base=base, result=result)
        return words.say("offer_per_unit", title=title, each=words.money(offer.amount), count=cut.count, base=base, result=result)
    return words.say("offer", title=title, rate=words.rate(rate)) + f"{base} = {result}"
