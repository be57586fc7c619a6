"""A programme's rules as sentences, in the language of the page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from v5_cloud.pages.formats import Formats
from v5_core.model import LineKind
from v5_core.programme import (
    AmountOffer,
    Boost,
    BundleOffer,
    BuyGetOffer,
    CardDiscount,
    CheapestOffer,
    EarnEvent,
    EarnPerAmount,
    EarnPerQuantity,
    EarnPerSale,
    EarnRule,
    FixedPriceOffer,
    GiftOffer,
    Offer,
    PercentOffer,
    PriceListOffer,
    Programme,
    Selector,
    Validity,
)

__all__ = ["Sentence", "Words"]

_ORDINARY = frozenset({LineKind.PRODUCT, LineKind.SERVICE})


class _Gettext(Protocol):
    def __call__(self, message: str, **values: object) -> str: ...


@dataclass(frozen=True, slots=True)
class Sentence:
    """One rule: what it does, and its conditions."""

    symbol: str
    text: str
    rule: str = ""
    conditions: tuple[str, ...] = field(default=())


class Words:
    """Sentences of one programme.

    Args:
        programme: Whose rules.
        formats: Numbers and dates of the page's language.
        gettext: Messages of the page's language.
    """

    def __init__(self, programme: Programme, formats: Formats, gettext: _Gettext) -> None:
        self._programme = programme
        self._formats = formats
        self._ = gettext

    def _money(self, amount: int) -> str:
        return self._formats.money(amount, self._programme.currency)

    def _points(self, points: int) -> str:
        return self._("1 point") if points == 1000 else self._("%(points)s points", points=self._formats.points(points))

    def earning(self) -> list[Sentence]:
        """How points are earned, boosts last."""
        made = [self._earn(rule) for rule in self._programme.earning]
        made += [self._boost(one) for one in self._programme.boosts]
        return made

    def _earn(self, rule: EarnRule) -> Sentence:
        _, points, extra = self._, self._points(rule.points), []
        if isinstance(rule, EarnPerAmount):
            text = _("%(points)s for every %(amount)s", points=points, amount=self._money(rule.amount))
            if rule.whole:
                extra.append(_("full multiples only"))
        elif isinstance(rule, EarnPerQuantity):
            text = _("%(points)s for every %(quantity)s units", points=points, quantity=self._formats.quantity(rule.quantity))
            if rule.per_line:
                extra.append(_("each line by itself"))
        elif isinstance(rule, EarnPerSale):
            text = (
                _("%(points)s for every visit", points=points) if rule.per == "visit" else _("%(points)s for every purchase", points=points)
            )
        else:
            text = self._event(rule, points)
        if isinstance(rule, EarnPerAmount | EarnPerSale) and rule.minimum:
            extra.append(_("from purchases of %(amount)s", amount=self._money(rule.minimum)))
        return Sentence("coins", text, rule.title or rule.id, (*self._conditions(rule.selector, rule.when, rule.validity), *extra))

    def _event(self, rule: EarnEvent, points: str) -> str:
        _ = self._
        return {
            "welcome": _("%(points)s to welcome a new member", points=points),
            "birthday": _("%(points)s on the birthday", points=points),
            "referral": _("%(points)s for bringing a new customer", points=points),
            "referred": _("%(points)s for coming through another customer", points=points),
            "profile": _("%(points)s for a complete record", points=points),
            "anniversary": _("%(points)s on each anniversary of joining", points=points),
        }[rule.event]

    def _boost(self, boost: Boost) -> Sentence:
        if boost.factor == 0:
            text = self._("No points are earned")
        else:
            text = self._("Points are multiplied by %(factor)s", factor=self._formats.quantity(boost.factor // 10))
        return Sentence("trending-up", text, boost.title or boost.id, self._conditions(boost.selector, boost.when, boost.validity))

    def offers(self) -> list[Sentence]:
        """What members pay less, the first to be tried first."""
        return [self._offer(one) for one in sorted(self._programme.offers, key=lambda one: -one.priority)]

    def _offer(self, offer: Offer) -> Sentence:
        _, extra = self._, []
        if offer.minimum:
            extra.append(_("from purchases of %(amount)s", amount=self._money(offer.minimum)))
        if offer.maximum:
            extra.append(_("at most %(amount)s", amount=self._money(offer.maximum)))
        if offer.cost:
            extra.append(_("for %(points)s", points=self._points(offer.cost)))
        if offer.codes or offer.coupon:
            extra.append(_("with a coupon") if offer.coupon else _("with a code"))
        if offer.limits:
            extra.append(_("a limited number of times"))
        extra.append(_("for members only") if offer.members_only else _("for everybody"))
        extra.append(_("the best of its group counts") if offer.exclusive else _("adds to other offers"))
        conditions = (*self._conditions(offer.selector, offer.when, offer.validity), *extra)
        return Sentence("gift" if isinstance(offer, GiftOffer) else "percent", self._gives(offer), offer.title or offer.id, conditions)

    def _gives(self, offer: Offer) -> str:
        _, rate, money = self._, self._formats.rate, self._money
        if isinstance(offer, PercentOffer):
            if offer.kind == "percent_lines":
                return _("%(rate)s off the selected lines", rate=rate(offer.percent))
            return _("%(rate)s off the whole purchase", rate=rate(offer.percent))
        if isinstance(offer, AmountOffer):
            if offer.kind == "amount_units":
                return _("%(amount)s off each unit", amount=money(offer.amount))
            return _("%(amount)s off the whole purchase", amount=money(offer.amount))
        if isinstance(offer, FixedPriceOffer):
            return _("%(amount)s each", amount=money(offer.price))
        if isinstance(offer, PriceListOffer):
            return _("Prices of a list: %(count)s articles", count=len(offer.prices)) if offer.prices else self._off(offer.percent, 0)
        if isinstance(offer, CardDiscount):
            return _("The discount of the card")
        return self._sets(offer)

    def _sets(self, offer: BundleOffer | BuyGetOffer | CheapestOffer | GiftOffer) -> str:
        _, rate, quantity = self._, self._formats.rate, self._formats.quantity
        if isinstance(offer, BundleOffer):
            if offer.price is not None:
                return _("A set for %(amount)s", amount=self._money(offer.price))
            return _("A set together: %(saving)s", saving=self._off(offer.percent, offer.amount))
        if isinstance(offer, BuyGetOffer):
            if offer.percent == 10_000:
                return _("Buy %(buy)s, get %(get)s free", buy=quantity(offer.buy), get=quantity(offer.get))
            return _("Buy %(buy)s, get %(get)s at %(rate)s off", buy=quantity(offer.buy), get=quantity(offer.get), rate=rate(offer.percent))
        if isinstance(offer, CheapestOffer):
            return _("The cheapest: %(saving)s", saving=self._off(offer.percent, offer.amount))
        return _("A gift: %(list)s", list=self._formats.own(offer.description) if offer.description else self._list(offer.products))

    def _off(self, percent: int, amount: int) -> str:
        if percent:
            return self._("%(rate)s off", rate=self._formats.rate(percent))
        return self._("%(amount)s off", amount=self._money(amount))

    def spending(self) -> list[Sentence]:
        """Points as money, and rewards."""
        _, made = self._, []
        if rule := self._programme.redemption:
            extra = [_("at least %(points)s", points=self._points(rule.minimum))] if rule.minimum else []
            extra.append(_("in steps of %(points)s", points=self._formats.points(rule.step)))
            if rule.max_share < 10_000:
                extra.append(_("up to %(rate)s of the purchase", rate=self._formats.rate(rule.max_share)))
            text = _("%(points)s are worth %(amount)s", points=self._points(rule.points), amount=self._money(rule.amount))
            made.append(Sentence("wallet", text, "", tuple(extra)))
        for one in self._programme.rewards:
            worth = (_("worth %(amount)s", amount=self._money(one.amount)),) if one.amount else ()
            text = _("%(title)s for %(points)s", title=self._formats.own(one.title), points=self._points(one.cost))
            made.append(Sentence("gift", text, "", worth))
        return made

    def terms(self) -> list[Sentence]:
        """Expiry, rounding and the like."""
        _, policies, expiry = self._, self._programme.policies, self._programme.expiry
        lapse = {
            "never": _("Points never lapse"),
            "days": _("Points lapse after %(count)s days", count=expiry.count),
            "months": _("Points lapse after %(count)s months", count=expiry.count),
            "end_of_month": _("Points lapse at the end of the month, %(count)s months later", count=expiry.count),
            "activity": _("Points lapse %(count)s months after the last purchase", count=expiry.count),
            "end_of_year": _("Points lapse at the end of the year, %(count)s years later", count=expiry.count),
        }[expiry.kind]
        base = _("Points are earned on the price with VAT") if policies.vat == "gross" else _("Points are earned on the price without VAT")
        after = _("before discounts") if policies.base == "before_discounts" else _("after discounts")
        rounding = _("Points are rounded down") if policies.rounding == "down" else _("Points are rounded half up")
        paid = _("What is paid with points earns again") if policies.earn_on_points else _("What is paid with points earns none")
        return [
            Sentence("timer", lapse),
            Sentence("receipt-text", base, "", (after,)),
            Sentence("layers", rounding),
            Sentence("rotate-ccw", paid),
        ]

    def _conditions(self, selector: Selector, when: str, validity: Validity) -> tuple[str, ...]:
        asked = (self._("when %(criteria)s", criteria=self._formats.own(when)),) if when else ()
        return (*self._lines(selector), *self._time(validity), *asked)

    def _list(self, names: Iterable[str]) -> str:
        return ", ".join(self._formats.own(name) for name in names)

    def _lines(self, selector: Selector) -> Iterable[str]:
        _ = self._
        if selector.products:
            yield _("articles: %(list)s", list=self._list(selector.products))
        if selector.families:
            yield _("families: %(list)s", list=self._list(selector.families))
        if selector.brands:
            yield _("brands: %(list)s", list=self._list(selector.brands))
        if selector.tags:
            yield _("tags: %(list)s", list=self._list(selector.tags))
        if selector.exclude_products:
            yield _("not the articles %(list)s", list=self._list(selector.exclude_products))
        if selector.exclude_families:
            yield _("not the families %(list)s", list=self._list(selector.exclude_families))
        if selector.exclude_brands:
            yield _("not the brands %(list)s", list=self._list(selector.exclude_brands))
        if selector.exclude_tags:
            yield _("not the tags %(list)s", list=self._list(selector.exclude_tags))
        if selector.exclude_discounted:
            yield _("not on lines already reduced")
        if selector.where:
            yield _("lines with %(criteria)s", criteria=self._formats.own(selector.where))
        if frozenset(selector.kinds) != _ORDINARY:
            yield _("kinds of line: %(list)s", list=self._list(selector.kinds))

    def _time(self, validity: Validity) -> Iterable[str]:
        _ = self._
        if validity.starts_at:
            yield _("from %(day)s", day=self._formats.day(validity.starts_at))
        if validity.first_day:
            yield _("from %(day)s", day=self._formats.day(validity.first_day))
        if validity.last_day:
            yield _("until %(day)s", day=self._formats.day(validity.last_day))
        if validity.ends_at:
            yield _("until %(day)s", day=self._formats.moment(validity.ends_at))
