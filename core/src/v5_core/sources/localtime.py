"""ERP wall-clock text placed in the store's zone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from typing import Annotated, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator

__all__ = ["Placed", "Zone", "parse_clock", "place"]


def _known(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError("an IANA zone is expected, such as 'Europe/Lisbon' or 'Atlantic/Azores'") from None
    return name


# The setting of an adapter that says where its ERP's clocks hang.
Zone = Annotated[str, AfterValidator(_known)]

# '9:05', '09:05:07', '09.05.07', '090507' and fractions of a second, with blanks around.
_CLOCK: Final = re.compile(r"^\s*(\d{1,2})(?:[:.h](\d{1,2})(?:[:.m](\d{1,2})(?:[.,]\d+)?)?s?)?\s*$")
_PLAIN: Final = re.compile(r"^\s*(\d{2})(\d{2})(\d{2})?\s*$")


@dataclass(frozen=True, slots=True)
class Placed:
    """A local time made aware; `doubtful` when the wall clock showed it twice (autumn) or never (spring)."""

    at: datetime
    doubtful: bool


def parse_clock(text: str) -> time:
    """Reads a time of day as ERPs write it; an empty text is midnight.

    Raises:
        ValueError: Not a time of day.
    """
    if not text.strip():
        return time()
    match = _PLAIN.match(text) or _CLOCK.match(text)
    if match is None:
        raise ValueError(f"{text!r} is not a time of day")
    hour, minute, second = (int(part) if part else 0 for part in match.groups())
    return time(hour, minute, second)


def place(day: date, clock: time, zone: ZoneInfo) -> Placed:
    """Puts a wall-clock time into a zone.

    In the autumn hour that exists twice the first one is taken and flagged. A time that the clock skipped in spring is read with
    the offset before the change, and flagged.
    """
    naive = datetime.combine(day, clock)
    first, second = naive.replace(tzinfo=zone, fold=0), naive.replace(tzinfo=zone, fold=1)
    # A fixed offset, not the zone: Python never finds a time in a doubtful hour equal to the same instant in another zone (PEP 495).
    at = naive.replace(tzinfo=timezone(first.utcoffset() or timedelta()))
    return Placed(at, first.utcoffset() != second.utcoffset())
