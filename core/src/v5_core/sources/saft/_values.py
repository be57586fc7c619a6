"""Numbers, texts and times as SAF-T files write them."""

from __future__ import annotations

import functools
import re
from datetime import date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from v5_core.money import parse_scaled
from v5_core.sources.localtime import place

__all__ = ["amount", "clean", "issued_at", "known", "micro"]

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
    whole, _, part = text.partition(".")
    if len(whole) < 13 and len(part) < 7 and whole.isdecimal() and (part.isdecimal() or not part):
        return int(whole) * 1_000_000 + int(part.ljust(6, "0"))
    return parse_scaled(text if "." in text else text.replace(",", "."), 6, exact=False)


def amount(text: str | None) -> int:
    """A total in cents, rounded half up where the file has more decimals, and without its sign: the type tells the direction."""
    return (abs(micro(text)) + 5000) // 10_000


@functools.lru_cache(maxsize=16_384)
def clean(text: str | None, length: int) -> str:
    """Text in one line, no longer than a field takes. Cached: names of products and operators repeat."""
    if not text:
        return ""
    if not text.isprintable():
        text = _CONTROL.sub(" ", text)
    return text.strip()[:length].rstrip()


def known(text: str | None, length: int) -> str | None:
    """Text, or None where the file says that it does not know."""
    value = clean(text, length)
    return None if value.casefold() in _UNKNOWN else value


def issued_at(day: str | None, entry: str | None, zone: ZoneInfo) -> tuple[datetime, bool]:
    """When the document was issued, and whether that local time is doubtful (it existed twice, or never).

    InvoiceDate is the legal day; SystemEntryDate brings the time of day (also where it was entered on a later day).

    Raises:
        ValueError: Neither can be read.
    """
    entered = datetime.fromisoformat(entry.strip()) if entry and entry.strip() else None
    legal = date.fromisoformat(day.strip()[:10]) if day and day.strip() else None
    if entered is None:
        if legal is None:
            raise ValueError("InvoiceDate and SystemEntryDate are missing")
        entered = datetime.combine(legal, time())
    elif legal is not None and legal != entered.date():
        entered = datetime.combine(legal, entered.timetz())
    if entered.tzinfo is not None:
        return entered, False
    placed = place(entered.date(), entered.time(), zone)
    return placed.at, placed.doubtful
