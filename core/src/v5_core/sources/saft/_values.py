"""Numbers, texts and times as SAF-T files write them."""

from __future__ import annotations

import functools
import re
from datetime import date, datetime, time, tzinfo
from typing import Final

from v5_core.money import parse_scaled

__all__ = ["amount", "clean", "issued_at", "known", "micro", "place"]

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]+")
_UNKNOWN: Final = frozenset({"", "desconhecido", "desconhecida", "unknown", "n/d", "0", "-"})


@functools.lru_cache(maxsize=16_384)
def micro(text: str | None) -> int:
    """A decimal of up to six places in millionths; a comma is taken for the point. Cached: prices and rates repeat.

    Raises:
        ValueError: Not a number.
    """
    if text is None or not text.strip():
        return 0
    return parse_scaled(text if "." in text else text.replace(",", "."), 6, exact=False)


@functools.lru_cache(maxsize=16_384)
def amount(text: str | None) -> int:
    """A total in cents, rounded half up where the file has more decimals, and without its sign: the type tells the direction."""
    if text is None or not text.strip():
        return 0
    return abs(parse_scaled(text if "." in text else text.replace(",", "."), 2, exact=False))


def clean(text: str | None, length: int) -> str:
    """Text in one line, no longer than a field takes."""
    if not text:
        return ""
    if not text.isprintable():
        text = _CONTROL.sub(" ", text)
    return text.strip()[:length].rstrip()


def known(text: str | None, length: int) -> str | None:
    """Text, or None where the file says that it does not know."""
    value = clean(text, length)
    return None if value.casefold() in _UNKNOWN else value


def issued_at(day: str | None, entry: str | None, zone: tzinfo) -> tuple[datetime, bool]:
    """When the document was issued, and whether that local time existed twice.

    InvoiceDate is the legal day; SystemEntryDate brings the time of day (also where it was entered on a later day).

    Raises:
        ValueError: Neither can be read.
    """
    entered = datetime.fromisoformat(entry.strip()) if entry and entry.strip() else None
    legal = date.fromisoformat(day.strip()[:10]) if day and day.strip() else None
    if entered is None:
        if legal is None:
            raise ValueError("InvoiceDate and SystemEntryDate are missing")
        return place(datetime.combine(legal, time()), zone)
    if legal is not None and legal != entered.date():
        entered = datetime.combine(legal, entered.timetz())
    return place(entered, zone)


def place(moment: datetime, zone: tzinfo) -> tuple[datetime, bool]:
    """A local time in its zone; true when it fell in the hour that the end of summer time repeats."""
    if moment.tzinfo is not None:
        return moment, False
    first, second = moment.replace(tzinfo=zone), moment.replace(tzinfo=zone, fold=1)
    before, after = first.utcoffset(), second.utcoffset()
    return first, before is not None and after is not None and before > after
