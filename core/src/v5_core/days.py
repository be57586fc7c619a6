"""Calendar days and periods, as shops count them: in their own zone, both ends included."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from v5_core.programme import Per

__all__ = ["add_months", "anniversary", "day_end", "day_start", "period"]


def add_months(day: date, count: int) -> date:
    """The same day some months later (or earlier); 31 January and one month is the end of February."""
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def anniversary(day: date, year: int) -> date:
    """The day in a year; 29 February is celebrated on 1 March in other years."""
    try:
        return day.replace(year=year)
    except ValueError:
        return date(year, 3, 1)


def day_start(day: date, zone: ZoneInfo) -> datetime:
    """The instant (UTC) at which a day begins."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def day_end(day: date, zone: ZoneInfo) -> datetime:
    """The instant (UTC) at which a day is over, however long that day is."""
    return day_start(day + timedelta(days=1), zone)


def period(per: Per, day: date) -> tuple[str, date | None]:
    """The period of a kind in which a day lies: its name ("2026", "2026-11", "2026-W48", "2026-11-24"; "" for ever) and its last day."""
    if per == "ever":
        return "", None
    if per == "year":
        return str(day.year), date(day.year, 12, 31)
    if per == "month":
        return f"{day:%Y-%m}", day.replace(day=monthrange(day.year, day.month)[1])
    if per == "week":
        year, week, weekday = day.isocalendar()
        return f"{year}-W{week:02d}", day + timedelta(days=7 - weekday)
    return day.isoformat(), day
