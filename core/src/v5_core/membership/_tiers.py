"""The level of a customer, from what each day brought: whatever order the sales arrive in, the answer is the same."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate

from v5_core.days import add_months
from v5_core.programme import TierScheme

__all__ = ["TierState", "measured_from", "tier_of"]

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class TierState:
    """Where a customer stands.

    Attributes:
        tier: Id of the level.
        measure: What counts today, in the scheme's measure.
        until: Last day of the level if nothing more is bought; None: it stays.
        next_tier: The level above, or "".
        missing: What is missing to it, in the scheme's measure.
    """

    tier: str
    measure: int
    until: date | None
    next_tier: str
    missing: int


@dataclass(frozen=True, slots=True)
class _Stay:
    """Days in a row on which the same level was reached; the last one never ends."""

    first: date
    last: date | None
    level: int
    measure: int


def measured_from(scheme: TierScheme, today: date) -> date | None:
    """The first day that can matter today; None: all since the beginning."""
    if scheme.period == "lifetime":
        return None
    back = today - timedelta(days=scheme.grace_days)
    return date(back.year, 1, 1) if scheme.period == "calendar_year" else _begin(scheme, back)


def tier_of(scheme: TierScheme, days: Iterable[tuple[date, int]], today: date, *, before: int = 0) -> TierState:
    """The level on a day: the highest that was reached on any day of the grace period before it, today included.

    So a level is taken at once, and lost when `grace_days` have passed since what counted no longer reached it.

    Args:
        scheme: Of the programme.
        days: What each day brought, in the scheme's measure, in any order; a day may come more than once.
        today: The day asked about; later days do not count.
        before: For "lifetime": what came before the days given.
    """
    sums: dict[date, int] = {}
    for day, value in days:
        if day <= today:
            sums[day] = sums.get(day, 0) + value
    stays = _stays(scheme, sorted(sums.items()), before)
    grace = timedelta(days=scheme.grace_days)
    level = max(one.level for one in stays if one.first <= today and (one.last is None or one.last >= today - grace))
    measure = next(one.measure for one in reversed(stays) if one.first <= today)
    until = _until(stays, level, today, grace)
    above = scheme.tiers[level + 1] if level + 1 < len(scheme.tiers) else None
    return TierState(
        tier=scheme.tiers[level].id,
        measure=measure,
        until=until if level else None,
        next_tier=above.id if above else "",
        missing=max(0, above.threshold - measure) if above else 0,
    )


def _until(stays: list[_Stay], level: int, today: date, grace: timedelta) -> date | None:
    last: date = date.min
    for one in stays:
        if one.level < level or (one.first > today and one.first > last + grace + _DAY):
            continue
        if one.last is None:
            return None
        last = max(last, one.last)
    return last + grace


def _stays(scheme: TierScheme, days: list[tuple[date, int]], before: int) -> list[_Stay]:
    # What counts changes on the days of sales, and on those on which a sale falls out of the period.
    known = [day for day, _ in days]
    total = [0, *accumulate(value for _, value in days)]
    events = sorted({date.min, *known, *(_end(scheme, day) + _DAY for day in known if scheme.period != "lifetime")})
    found: list[_Stay] = []
    for position, first in enumerate(events):
        measure = before if scheme.period == "lifetime" else 0
        if first != date.min:
            start = 0 if scheme.period == "lifetime" else bisect_right(known, _begin(scheme, first) - _DAY)
            measure += total[bisect_right(known, first)] - total[start]
        last = events[position + 1] - _DAY if position + 1 < len(events) else None
        level = max(0, bisect_right([tier.threshold for tier in scheme.tiers], measure) - 1)
        found.append(_Stay(first, last, level, measure))
    return found


def _begin(scheme: TierScheme, day: date) -> date:
    """The first day that counts on a day."""
    return date(day.year, 1, 1) if scheme.period == "calendar_year" else add_months(day, -scheme.months) + _DAY


def _end(scheme: TierScheme, day: date) -> date:
    """The last day on which a day counts."""
    if scheme.period == "calendar_year":
        return date(day.year, 12, 31)
    last = add_months(day, scheme.months) + timedelta(days=3)
    while _begin(scheme, last) > day:
        last -= _DAY
    return last
