"""Sentences of offers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from v5_cloud.kit.gettext import N_
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

_ALIKE: Final = {
    "product": N_("units of one article together"),
    "family": N_("units of one family together"),
    "brand": N_("units of one brand together"),
    "line": N_("each line by itself"),
}
_DIFFERENT: Final = {
    "product": N_("of different articles"),
    "family": N_("of different families"),
    "brand": N_("of different brands"),
    "line": N_("of different lines"),
}


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
    yield from _units(voice, one)
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
    yield from _budget(voice, one)
    if one.notify:
        yield _("the manager is told at each use")
    yield _("for members only") if one.members_only else _("for everybody")
    if one.alone:
        yield _("no other offer applies beside it")
    else:
        yield _("the best of its group counts") if one.exclusive else _("adds to other offers")


def _units(voice: Voice, one: Offer) -> Iterator[str]:
    _ = voice.say
    if one.repeat:
        yield _("again for every full minimum")
    if one.of_same is not None:
        yield _(_ALIKE[one.of_same])
    if one.of_different is not None:
        yield _(_DIFFERENT[one.of_different])
    if isinstance(one, PercentOffer | AmountOffer):
        if one.units_per_line:
            yield _("%(units)s units of each line at most", units=one.units_per_line)
        if one.units:
            yield _("%(units)s units at most", units=one.units)


def _budget(voice: Voice, one: Offer) -> Iterator[str]:
    _ = voice.say
    if one.use_of == "unit":
        yield _("each unit is a use")
    for budget in one.budgets:
        yield _("a budget of %(amount)s", amount=voice.money(budget.amount))


def _gives(voice: Voice, one: Offer) -> str:
    _, rate, money = voice.say, voice.formats.rate, voice.money
    if isinstance(one, PercentOffer):
        if one.kind == "percent_lines":
            return _("%(rate)s off the selected lines", rate=rate(one.percent))
        return _("%(rate)s off the whole purchase", rate=rate(one.percent))
    if isinstance(one, AmountOffer):
        if one.kind == "amount_units":
            return _("%(amount)s off each unit", amount=money(one.amount))
        if one.kind == "amount_lines":
            return _("%(amount)s off each line", amount=money(one.amount))
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
