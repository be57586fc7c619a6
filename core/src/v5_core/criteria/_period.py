"""Periods as criteria name them: a number of days, a month, a year, a day, from a day to another, or one that moves with today."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from v5_core.days import add_months

__all__ = ["EXAMPLES", "MOST_DAYS", "Days", "read_period"]

# First and last day, both included.
Days = tuple[date, date]
_FIXED: Final = re.compile(r"((?:19|2\d)\d\d)(?:-(\d\d)(?:-(\d\d))?)?")
_MONTHS: Final = re.compile(r"(\d{1,2}) months?")
MOST_DAYS: Final = 1830
EXAMPLES: Final = "'2026', '2026-01', '2026-01-31', '2026-01-15..2026-02', '12 months', 'this week', 'last month', 'this year'"
_EXPECTED: Final = f"a number of days up to {MOST_DAYS}, {EXAMPLES}"


@lru_cache(maxsize=1024)
def read_period(text: str) -> Callable[[date], Days]:
    """A period as a function of today.

    `90` is the last ninety days and today: what happened ninety days ago lies in it, as `days_since_sale <= 90` says.

    Raises:
        ValueError: Not a period; the message says what one looks like.
    """
    if text.isascii() and text.isdigit() and 0 < int(text) <= MOST_DAYS and not text.startswith("0"):
        back = timedelta(days=int(text))
        return lambda today: (today - back, today)
    if found := _MONTHS.fullmatch(text):
        count = int(found[1])
        return lambda today: (add_months(today, -count), today)
    if moving := _MOVING.get(text):
        return moving
    first, separator, last = text.partition("..")
    start, end = _fixed(first), _fixed(last if separator else first)
    if start[0] > end[1]:
        raise ValueError(_EXPECTED)
    days = (start[0], end[1])
    return lambda _: days


def _fixed(text: str) -> Days:
    found = _FIXED.fullmatch(text)
    if found is None:
        raise ValueError(_EXPECTED)
    year = int(found[1])
    try:
        if found[3]:
            day = date(year, int(found[2]), int(found[3]))
            return day, day
        if found[2]:
            return _month(date(year, int(found[2]), 1))
    except ValueError:
        raise ValueError(_EXPECTED) from None
    return date(year, 1, 1), date(year, 12, 31)


def _month(day: date) -> Days:
    return day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1])


def _week(day: date) -> Days:
    monday = day - timedelta(days=day.weekday())
    return monday, monday + timedelta(days=6)


_MOVING: Final[dict[str, Callable[[date], Days]]] = {
    "this week": _week,
    "last week": lambda today: _week(today - timedelta(days=7)),
    "this month": _month,
    "last month": lambda today: _month(today.replace(day=1) - timedelta(days=1)),
    "this year": lambda today: (date(today.year, 1, 1), date(today.year, 12, 31)),
    "last year": lambda today: (date(today.year - 1, 1, 1), date(today.year - 1, 12, 31)),
}
