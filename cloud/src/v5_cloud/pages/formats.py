"""Numbers, money, points, dates and codes as people of a language write them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final, Literal
from zoneinfo import ZoneInfo

import phonenumbers
from babel import Locale
from babel.dates import format_date, format_datetime, format_time, format_timedelta
from babel.numbers import format_compact_decimal, format_currency, format_decimal, format_percent

__all__ = ["NAMES", "Formats"]

_FIGURES: Final = re.compile(r"\d[\d.,\s]*\d|\d")

# What templates may call as filters.
NAMES: Final = (
    "money",
    "points",
    "number",
    "compact",
    "quantity",
    "rate",
    "share",
    "day",
    "until",
    "moment",
    "clock",
    "ago",
    "lasting",
    "card",
    "phone",
)


class Formats:
    """The formats of one language and one time zone, for templates.

    Args:
        locale: Language and country.
        zone: Where the reader's shop is; all times are shown in it.
        now: The present instant.
    """

    def __init__(self, locale: Locale, zone: ZoneInfo, now: datetime) -> None:
        self.locale = locale
        self.zone = zone
        self.now = now

    def money(self, minor: int, currency: str = "EUR", *, sign: bool = False) -> str:
        """Minor units as money: 123450 is "1 234,50 €"; `sign` also shows the plus."""
        text = format_currency(abs(Decimal(minor)) / 100, currency, locale=self.locale)
        mark = "\N{MINUS SIGN}" if minor < 0 else "+" if sign and minor else ""
        if not mark:
            return text
        return _FIGURES.sub(lambda found: self._signed(mark, found[0]), text, count=1) if self.rtl else f"{mark}{text}"

    def points(self, thousandths: int, *, sign: bool = False) -> str:
        """Thousandths as points; `sign` also shows the plus."""
        text = format_decimal(abs(Decimal(thousandths)) / 1000, "#,##0.###", locale=self.locale)
        if thousandths < 0:
            return self._signed("\N{MINUS SIGN}", text)
        return self._signed("+", text) if sign and thousandths else text

    def _signed(self, sign: str, figures: str) -> str:
        # Among words from right to left a sign would jump to the other side of its number: the two are kept as one.
        text = sign + figures
        return f"\N{LEFT-TO-RIGHT ISOLATE}{text}\N{POP DIRECTIONAL ISOLATE}" if self.rtl else text

    @property
    def rtl(self) -> bool:
        """Whether the language is written from right to left."""
        return self.locale.text_direction == "rtl"

    def own(self, text: str) -> str:
        """A name in whatever language, inside a sentence of this one: neither turns the other round."""
        return f"\N{FIRST STRONG ISOLATE}{text}\N{POP DIRECTIONAL ISOLATE}" if self.rtl else text

    def number(self, value: int) -> str:
        """A whole number with its groups."""
        return format_decimal(value, locale=self.locale)

    def compact(self, value: int) -> str:
        """A large number in few characters."""
        return format_compact_decimal(value, locale=self.locale, fraction_digits=1)

    def quantity(self, thousandths: int) -> str:
        """Thousandths as a quantity."""
        return format_decimal(Decimal(thousandths) / 1000, "#,##0.###", locale=self.locale)

    def rate(self, hundredths: int) -> str:
        """Hundredths of a percent: 2300 is "23%"."""
        return format_percent(Decimal(hundredths) / 10_000, "#,##0.##%", locale=self.locale)

    def share(self, part: int, whole: int, *, sign: bool = False) -> str:
        """A part of a whole, in percent with one decimal."""
        value = Decimal(part) / Decimal(whole) if whole else Decimal(0)
        text = format_percent(abs(value), "#,##0.0%", locale=self.locale)
        if value < 0:
            return self._signed("\N{MINUS SIGN}", text)
        return self._signed("+", text) if sign else text

    def _local(self, at: datetime) -> datetime:
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(self.zone)

    def day(self, at: date | datetime, form: str = "medium") -> str:
        """A day; `form` is Babel's (short, medium, long, full) or a pattern."""
        return format_date(self._local(at).date() if isinstance(at, datetime) else at, form, locale=self.locale)

    def until(self, at: datetime, form: str = "medium") -> str:
        """The last day of what ends at an instant: an end is the first moment that no longer counts."""
        return self.day(at - timedelta(microseconds=1), form)

    def moment(self, at: datetime, form: str = "medium") -> str:
        """Day and time, without seconds."""
        local = self._local(at)
        if form == "full":
            return format_datetime(local, "long", tzinfo=self.zone, locale=self.locale)
        return f"{format_date(local.date(), form, locale=self.locale)}, {format_time(local, 'HH:mm', tzinfo=self.zone, locale=self.locale)}"

    def clock(self, at: datetime) -> str:
        """Hour and minute."""
        return format_time(self._local(at), "HH:mm", tzinfo=self.zone, locale=self.locale)

    def ago(self, at: datetime) -> str:
        """How long ago ("há 5 minutos")."""
        # Never "in 0 minutes": a clock that is a little ahead is no news.
        passed = min(self._local(at) - self.now, timedelta(seconds=-1))
        granularity: Literal["second", "minute"] = "second" if passed > timedelta(minutes=-1) else "minute"
        return format_timedelta(passed, granularity=granularity, add_direction=True, locale=self.locale)

    def lasting(self, seconds: float) -> str:
        """A length of time."""
        return format_timedelta(timedelta(seconds=seconds), granularity="second", locale=self.locale)

    def card(self, number: str) -> str:
        """A card number in groups of four; a single digit at the end joins the group before it."""
        if not number.isdigit() or len(number) < 9:
            return number
        last = len(number) - 1 if len(number) % 4 == 1 else len(number)
        groups = [number[start : start + 4] for start in range(0, last, 4)]
        return " ".join(groups) + number[last:]

    def phone(self, e164: str) -> str:
        """A phone number in international notation; as it is when it cannot be read."""
        try:
            return phonenumbers.format_number(phonenumbers.parse(e164), phonenumbers.PhoneNumberFormat.INTERNATIONAL)
        except phonenumbers.NumberParseException:
            return e164
