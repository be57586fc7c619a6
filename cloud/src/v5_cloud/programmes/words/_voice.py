"""What all sentences need: figures, lists, conditions in the language of the page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final, Protocol

from v5_cloud.pages.formats import Formats
from v5_cloud.programmes.conditions import split
from v5_core.model import LineKind
from v5_core.programme import Limit, PointsCap, Programme, Selector, Validity

__all__ = ["Gettext", "Sentence", "Voice"]

_ORDINARY: Final = frozenset({LineKind.PRODUCT, LineKind.SERVICE})
_MONDAY: Final = date(2026, 11, 16)


class Gettext(Protocol):
    """A message of the page's language."""

    def __call__(self, message: str, **values: object) -> str:
        """The message with its values."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One rule: what it does, and its conditions."""

    symbol: str
    text: str
    rule: str = ""
    conditions: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Voice:
    """Figures and conditions of one programme in one language.

    Attributes:
        programme: Whose rules.
        formats: Numbers and dates of the page's language.
        say: Messages of the page's language.
    """

    programme: Programme
    formats: Formats
    say: Gettext

    def money(self, amount: int) -> str:
        """An amount in the programme's currency."""
        return self.formats.money(amount, self.programme.currency)

    def points(self, points: int) -> str:
        """So many points."""
        _ = self.say
        return _("1 point") if points == 1000 else _("%(points)s points", points=self.formats.points(points))

    def names(self, names: Iterable[str]) -> str:
        """Names in whatever language."""
        return ", ".join(self.formats.own(name) for name in names)

    def off(self, percent: int, amount: int) -> str:
        """A percentage or an amount off."""
        _ = self.say
        if percent:
            return _("%(rate)s off", rate=self.formats.rate(percent))
        return _("%(amount)s off", amount=self.money(amount))

    def per(self, period: str) -> str:
        """Within what something is counted."""
        _ = self.say
        words: Mapping[str, str] = {
            "sale": _("in a sale"), "day": _("a day"), "week": _("a week"), "month": _("a month"), "year": _("a year"), "ever": _("in all"),
            "membership": _("for the whole membership"),
        }  # fmt: skip
        return words.get(period, period)

    def conditions(self, selector: Selector, when: str, validity: Validity) -> tuple[str, ...]:
        """On what, when, for whom."""
        return (*self.lines(selector), *self.time(validity), *self.asked(when))

    def asked(self, when: str) -> Iterator[str]:
        """Criteria in words as far as there are words."""
        _, said = self.say, split(when)
        if said.weekdays:
            days = [self.formats.day(_MONDAY + timedelta(days=day - 1), "EEEE") for day in said.weekdays]
            yield _("on: %(list)s", list=", ".join(days))
        if said.from_hour and said.until_hour:
            yield _("from %(first)s to %(end)s o'clock", first=said.from_hour, end=said.until_hour)
        elif said.from_hour:
            yield _("from %(first)s o'clock on", first=said.from_hour)
        elif said.until_hour:
            yield _("until %(end)s o'clock", end=said.until_hour)
        if said.birthday:
            yield _("on the customer's birthday")
        titles = {
            "stores": _("in the stores %(list)s"), "tiers": _("for the levels %(list)s"), "clubs": _("for members of %(list)s"),
            "segments": _("for the segments %(list)s"), "payments": _("paid by %(list)s"),
        }  # fmt: skip
        for name, text in titles.items():
            if chosen := getattr(said, name):
                yield text % {"list": self.names(chosen)}
        if said.rest:
            yield _("when %(criteria)s", criteria=self.formats.own(said.rest))

    def lines(self, selector: Selector) -> Iterator[str]:
        """Which lines of a sale."""
        _, names = self.say, self.names
        if selector.products:
            yield _("articles: %(list)s", list=names(selector.products))
        if selector.families:
            yield _("families: %(list)s", list=names(selector.families))
        if selector.brands:
            yield _("brands: %(list)s", list=names(selector.brands))
        if selector.tags:
            yield _("tags: %(list)s", list=names(selector.tags))
        if selector.exclude_products:
            yield _("not the articles %(list)s", list=names(selector.exclude_products))
        if selector.exclude_families:
            yield _("not the families %(list)s", list=names(selector.exclude_families))
        if selector.exclude_brands:
            yield _("not the brands %(list)s", list=names(selector.exclude_brands))
        if selector.exclude_tags:
            yield _("not the tags %(list)s", list=names(selector.exclude_tags))
        if selector.exclude_discounted:
            yield _("not on lines already reduced")
        if selector.where:
            yield _("lines with %(criteria)s", criteria=self.formats.own(selector.where))
        if frozenset(selector.kinds) != _ORDINARY:
            yield _("kinds of line: %(list)s", list=names(selector.kinds))

    def time(self, validity: Validity) -> Iterator[str]:
        """From when until when."""
        _ = self.say
        if validity.starts_at:
            yield _("from %(day)s", day=self.formats.day(validity.starts_at))
        if validity.first_day:
            yield _("from %(day)s", day=self.formats.day(validity.first_day))
        if validity.last_day:
            yield _("until %(day)s", day=self.formats.day(validity.last_day))
        if validity.ends_at:
            yield _("until %(day)s", day=self.formats.moment(validity.ends_at))

    def limits(self, limits: Iterable[Limit]) -> Iterator[str]:
        """How often."""
        _ = self.say
        by = {"customer": _("each customer"), "store": _("each store"), "code": _("each code")}
        for one in limits:
            uses, per = self.formats.number(one.uses), self.per(one.per)
            if one.count == "customers":
                yield _("for the first %(count)s customers (%(per)s)", count=uses, per=per)
            elif one.by == "all":
                yield _("at most %(count)s times %(per)s", count=uses, per=per)
            else:
                yield _("at most %(count)s times %(per)s for %(whom)s", count=uses, per=per, whom=by[one.by])

    def caps(self, caps: Iterable[PointsCap]) -> Iterator[str]:
        """Most points."""
        _ = self.say
        for one in caps:
            text = _("at most %(points)s %(per)s", points=self.points(one.points), per=self.per(one.per))
            yield text if one.by == "customer" or one.per == "sale" else _("%(limit)s for all customers together", limit=text)
