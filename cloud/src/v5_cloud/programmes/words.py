"""A programme's rules as sentences, in the language of the page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from v5_cloud.pages.formats import Formats
from v5_core.model import LineKind
from v5_core.programme import Boost, EarnPerAmount, PercentOffer, Programme, Selector, Validity

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
        _, made = self._, []
        for rule in self._programme.earning:
            points = self._points(rule.points)
            if isinstance(rule, EarnPerAmount):
                text = _("%(points)s for every %(amount)s", points=points, amount=self._money(rule.amount))
                extra = [_("from purchases of %(amount)s", amount=self._money(rule.minimum))] if rule.minimum else []
            else:
                text = _("%(points)s for every %(quantity)s units", points=points, quantity=self._formats.quantity(rule.quantity))
                extra = [_("each line by itself")] if rule.per_line else []
            made.append(
                Sentence("coins", text, rule.title or rule.id, (*self._conditions(rule.selector, rule.when, rule.validity), *extra))
            )
        made += [self._boost(one) for one in self._programme.boosts]
        return made

    def _boost(self, boost: Boost) -> Sentence:
        if boost.factor == 0:
            text = self._("No points are earned")
        else:
            text = self._("Points are multiplied by %(factor)s", factor=self._formats.quantity(boost.factor // 10))
        return Sentence("trending-up", text, boost.title or boost.id, self._conditions(boost.selector, boost.when, boost.validity))

    def offers(self) -> list[Sentence]:
        """What members pay less, the first to be tried first."""
        return [self._offer(one) for one in sorted(self._programme.offers, key=lambda one: -one.priority)]

    def _offer(self, offer: PercentOffer) -> Sentence:
        _, rate = self._, self._formats.rate(offer.percent)
        text = (
            _("%(rate)s off the selected lines", rate=rate)
            if offer.kind == "percent_lines"
            else _("%(rate)s off the whole purchase", rate=rate)
        )
        extra = []
        if offer.minimum:
            extra.append(_("from purchases of %(amount)s", amount=self._money(offer.minimum)))
        if offer.maximum:
            extra.append(_("at most %(amount)s", amount=self._money(offer.maximum)))
        extra.append(_("for members only") if offer.members_only else _("for everybody"))
        extra.append(_("the best of its group counts") if offer.exclusive else _("adds to other offers"))
        return Sentence("percent", text, offer.title or offer.id, (*self._conditions(offer.selector, offer.when, offer.validity), *extra))

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
            made.append(Sentence("gift", _("%(title)s for %(points)s", title=one.title, points=self._points(one.cost)), "", worth))
        return made

    def terms(self) -> list[Sentence]:
        """Expiry, rounding and the like."""
        _, policies, expiry = self._, self._programme.policies, self._programme.expiry
        lapse = {
            "never": _("Points never lapse"),
            "days": _("Points lapse after %(count)s days", count=expiry.count),
            "months": _("Points lapse after %(count)s months", count=expiry.count),
            "end_of_month": _("Points lapse at the end of the month, %(count)s months later", count=expiry.count),
            "end_of_year": _("Points lapse at the end of the year, %(count)s years later", count=expiry.count),
        }[expiry.kind]
        base = _("Points are earned on the price with VAT") if policies.vat == "gross" else _("Points are earned on the price without VAT")
        after = _("after discounts") if policies.base == "after_discounts" else _("before discounts")
        rounding = _("Points are rounded down") if policies.rounding == "down" else _("Points are rounded half up")
        paid = _("What is paid with points earns again") if policies.earn_on_points else _("What is paid with points earns none")
        return [
            Sentence("timer", lapse),
            Sentence("receipt-text", base, "", (after,)),
            Sentence("layers", rounding),
            Sentence("rotate-ccw", paid),
        ]

    def _conditions(self, selector: Selector, when: str, validity: Validity) -> tuple[str, ...]:
        return (*self._lines(selector), *self._time(validity), *([self._("when %(criteria)s", criteria=when)] if when else []))

    def _lines(self, selector: Selector) -> Iterable[str]:
        _ = self._
        if selector.products:
            yield _("articles: %(list)s", list=", ".join(selector.products))
        if selector.families:
            yield _("families: %(list)s", list=", ".join(selector.families))
        if selector.brands:
            yield _("brands: %(list)s", list=", ".join(selector.brands))
        if selector.exclude_products:
            yield _("not the articles %(list)s", list=", ".join(selector.exclude_products))
        if selector.exclude_families:
            yield _("not the families %(list)s", list=", ".join(selector.exclude_families))
        if selector.exclude_discounted:
            yield _("not on lines already reduced")
        if selector.where:
            yield _("lines with %(criteria)s", criteria=selector.where)
        if frozenset(selector.kinds) != _ORDINARY:
            yield _("kinds of line: %(list)s", list=", ".join(selector.kinds))

    def _time(self, validity: Validity) -> Iterable[str]:
        _ = self._
        if validity.starts_at:
            yield _("from %(day)s", day=self._formats.day(validity.starts_at))
        if validity.ends_at:
            yield _("until %(day)s", day=self._formats.moment(validity.ends_at))
