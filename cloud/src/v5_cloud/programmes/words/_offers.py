"""Sentences of offers."""

from __future__ import annotations

from collections.abc import Iterator

from v5_cloud.programmes.words._voice import Sentence, Voice
from v5_core.programme import (
    AmountOffer,
    BundleOffer,
    BuyGetOffer,
    CardDiscount,
    CheapestOffer,
    FixedPriceOffer,
    GiftOffer,
    Offer,
    PercentOffer,
    PriceListOffer,
)

__all__ = ["offer"]


def offer(voice: Voice, one: Offer) -> Sentence:
    """What an offer gives, to whom."""
    conditions = (*voice.conditions(one.selector, one.when, one.validity), *_terms(voice, one))
    return Sentence("gift" if isinstance(one, GiftOffer) else "percent", _gives(voice, one), one.title or one.id, conditions)


def _terms(voice: Voice, one: Offer) -> Iterator[str]:
    _ = voice.say
    if one.minimum:
        yield _("from purchases of %(amount)s", amount=voice.money(one.minimum))
    if one.minimum_quantity:
        yield _("from %(quantity)s units on", quantity=voice.formats.quantity(one.minimum_quantity))
    if one.maximum:
        yield _("at most %(amount)s", amount=voice.money(one.maximum))
    if one.takes_all:
        yield _("for all points, %(points)s or more", points=voice.points(one.cost))
    elif one.cost:
        yield _("for %(points)s", points=voice.points(one.cost))
    if one.codes or one.coupon:
        yield _("with a coupon") if one.coupon else _("with a code")
    if one.entitlement:
        yield _("uses up: %(name)s", name=voice.formats.own(one.entitlement))
    yield from voice.limits(one.limits)
    if one.notify:
        yield _("the manager is told at each use")
    yield _("for members only") if one.members_only else _("for everybody")
    yield _("the best of its group counts") if one.exclusive else _("adds to other offers")


def _gives(voice: Voice, one: Offer) -> str:
    _, rate, money = voice.say, voice.formats.rate, voice.money
    if isinstance(one, PercentOffer):
        if one.kind == "percent_lines":
            return _("%(rate)s off the selected lines", rate=rate(one.percent))
        return _("%(rate)s off the whole purchase", rate=rate(one.percent))
    if isinstance(one, AmountOffer):
        if one.kind == "amount_units":
            return _("%(amount)s off each unit", amount=money(one.amount))
        return _("%(amount)s off the whole purchase", amount=money(one.amount))
    if isinstance(one, FixedPriceOffer):
        return _("%(amount)s each", amount=money(one.price))
    if isinstance(one, PriceListOffer):
        return _("Prices of a list: %(count)s articles", count=len(one.prices)) if one.prices else voice.off(one.percent, 0)
    if isinstance(one, CardDiscount):
        if one.percent:
            return _("The card's own discount, %(rate)s where it has none", rate=rate(one.percent))
        return _("The discount of the card")
    return _sets(voice, one)


def _sets(voice: Voice, one: BundleOffer | BuyGetOffer | CheapestOffer | GiftOffer) -> str:
    _, rate, quantity = voice.say, voice.formats.rate, voice.formats.quantity
    if isinstance(one, BundleOffer):
        if one.price is not None:
            return _("A set for %(amount)s", amount=voice.money(one.price))
        return _("A set together: %(saving)s", saving=voice.off(one.percent, one.amount))
    if isinstance(one, BuyGetOffer):
        if one.percent == 10_000:
            return _("Buy %(buy)s, get %(get)s free", buy=quantity(one.buy), get=quantity(one.get))
        return _("Buy %(buy)s, get %(get)s at %(rate)s off", buy=quantity(one.buy), get=quantity(one.get), rate=rate(one.percent))
    if isinstance(one, CheapestOffer):
        saving = voice.off(one.percent, one.amount)
        return _("The dearest: %(saving)s", saving=saving) if one.choose == "dearest" else _("The cheapest: %(saving)s", saving=saving)
    return _("A gift: %(list)s", list=voice.formats.own(one.description) if one.description else voice.names(one.products))
