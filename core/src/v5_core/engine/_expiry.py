"""When a lot lapses."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from v5_core.days import add_months, day_end
from v5_core.programme import Expiry

__all__ = ["expires_at", "last_day", "usable_from"]


def last_day(expiry: Expiry, earned: date) -> date | None:
    """The last day on which points earned on a day count; None is never. 31 January and one month is the end of February."""
    if expiry.kind == "never":
        return None
    if expiry.kind == "days":
        return earned + timedelta(days=expiry.count)
    if expiry.kind in ("months", "activity"):
        return add_months(earned, expiry.count)
    if expiry.kind == "end_of_month":
        return add_months(earned.replace(day=1), expiry.count + 1) - timedelta(days=1)
    return date(earned.year + expiry.count, 12, 31)


def expires_at(expiry: Expiry, earned: datetime, zone: ZoneInfo) -> datetime | None:
    """The instant (UTC) at which the last day ends in the store's zone, however long that day is."""
    day = last_day(expiry, earned.astimezone(zone).date())
    return None if day is None else day_end(day, zone)


def usable_from(days: int, earned: datetime, zone: ZoneInfo) -> datetime | None:
    """The instant (UTC) at which pending points can be used: when so many days have ended in the store's zone; None is at once."""
    return day_end(earned.astimezone(zone).date() + timedelta(days=days - 1), zone) if days else None
