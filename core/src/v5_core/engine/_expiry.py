"""When a lot lapses."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from v5_core.programme import Expiry

__all__ = ["expires_at", "last_day"]


def _add_months(day: date, count: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def last_day(expiry: Expiry, earned: date) -> date | None:
    """The last day on which points earned on a day count; None is never. 31 January and one month is the end of February."""
    if expiry.kind == "never":
        return None
    if expiry.kind == "days":
        return earned + timedelta(days=expiry.count)
    if expiry.kind == "months":
        return _add_months(earned, expiry.count)
    if expiry.kind == "end_of_month":
        return _add_months(earned.replace(day=1), expiry.count + 1) - timedelta(days=1)
    return date(earned.year + expiry.count, 12, 31)


def expires_at(expiry: Expiry, earned: datetime, zone: ZoneInfo) -> datetime | None:
    """The instant (UTC) at which the last day ends in the store's zone, however long that day is."""
    day = last_day(expiry, earned.astimezone(zone).date())
    return None if day is None else datetime.combine(day + timedelta(days=1), time.min, zone).astimezone(UTC)
