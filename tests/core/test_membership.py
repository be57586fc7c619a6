"""Tiers and clubs: the same level in any order of arrival; memberships with periods, breaks, renewals and entitlements."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from v5_core.errors import ConflictError, ValidationError
from v5_core.membership import end_of, extend, join, leave, measured_from, pause, renew, resume, state_of, tier_of, window
from v5_core.programme import Club, Entitlement, Tier, TierScheme

TODAY = date(2026, 11, 24)
DAY = timedelta(days=1)


def scheme(**values: Any) -> TierScheme:
    tiers = (Tier(id="base", threshold=0), Tier(id="silver", threshold=10_000), Tier(id="gold", threshold=50_000))
    return TierScheme.model_validate({"tiers": tiers, **values})


def club(**values: Any) -> Club:
    return Club.model_validate({"id": "vip", "title": "VIP", "months": 12, **values})


def refused(code: str) -> Any:
    return pytest.raises((ConflictError, ValidationError), check=lambda error: error.error_code == code)


def test_up_at_once_and_down_when_the_period_and_the_grace_are_over() -> None:
    rolling = scheme(months=12, grace_days=30)
    bought = date(2026, 1, 15)
    days = [(bought, 10_000)]
    assert tier_of(rolling, days, bought - DAY).tier == "base"
    now = tier_of(rolling, days, bought)
    assert (now.tier, now.next_tier, now.missing) == ("silver", "gold", 40_000)
    # Counts to 14 January 2027, and thirty days are given.
    assert now.until == date(2027, 2, 13)
    assert tier_of(rolling, days, date(2027, 2, 13)).tier == "silver"
    assert tier_of(rolling, days, date(2027, 2, 14)).tier == "base"


def test_a_calendar_year_starts_again_on_the_first_of_january() -> None:
    year = scheme(period="calendar_year", grace_days=90)
    days = [(date(2026, 3, 1), 60_000), (date(2027, 2, 1), 10_000)]
    assert tier_of(year, days, date(2026, 12, 31)).until == date(2027, 3, 31)
    assert tier_of(year, days, date(2027, 3, 31)).tier == "gold"
    spring = tier_of(year, days, date(2027, 4, 1))
    assert (spring.tier, spring.measure, spring.until) == ("silver", 10_000, date(2028, 3, 30))


def test_a_lifetime_is_never_lost_but_by_returns() -> None:
    ever = scheme(period="lifetime")
    assert tier_of(ever, [(TODAY, 5_000)], TODAY, before=45_000).tier == "gold"
    assert tier_of(ever, [(TODAY, 5_000)], TODAY, before=45_000).until is None
    assert tier_of(ever, [(TODAY, -1)], TODAY, before=50_000).tier == "silver"


def test_what_is_missing_counts_from_what_counts_today() -> None:
    kept = scheme(period="calendar_year", grace_days=365)
    state = tier_of(kept, [(date(2025, 5, 1), 12_000)], date(2026, 5, 1))
    assert (state.tier, state.measure, state.missing) == ("silver", 0, 50_000)


def test_only_days_that_can_matter_are_needed() -> None:
    assert measured_from(scheme(months=12, grace_days=30), TODAY) == date(2025, 10, 26)
    assert measured_from(scheme(period="calendar_year", grace_days=365), TODAY) == date(2025, 1, 1)
    assert measured_from(scheme(period="lifetime"), TODAY) is None


DAYS = st.lists(st.tuples(st.integers(0, 900), st.integers(-20_000, 40_000)), max_size=12)
SCHEMES = st.builds(
    lambda period, months, grace: scheme(period=period, months=months, grace_days=grace),
    st.sampled_from(["calendar_year", "rolling", "lifetime"]), st.integers(1, 14), st.integers(0, 100),
)  # fmt: skip


def plainly(one: TierScheme, days: list[tuple[date, int]], today: date) -> str:
    """The definition, day by day."""

    def reached(day: date) -> int:
        total = 0
        for when, value in days:
            counts = when <= day
            if one.period == "calendar_year":
                counts = counts and when.year == day.year
            elif one.period == "rolling":
                ahead = day.year * 12 + day.month - 1 - one.months
                last = (date(ahead // 12 + (ahead % 12 == 11), (ahead % 12 + 1) % 12 + 1, 1) - DAY).day
                counts = counts and when > date(ahead // 12, ahead % 12 + 1, min(day.day, last))
            total += value if counts else 0
        return max(index for index, tier in enumerate(one.tiers) if tier.threshold <= max(0, total))

    return one.tiers[max(reached(today - back * DAY) for back in range(one.grace_days + 1))].id


@given(one=SCHEMES, raw=DAYS, ahead=st.integers(0, 900), shuffle=st.randoms())
@settings(max_examples=120, deadline=None)
def test_the_level_is_the_plain_definition_in_any_order_and_needs_no_older_days(
    one: TierScheme, raw: list[tuple[int, int]], ahead: int, shuffle: Any
) -> None:
    days = [(date(2024, 1, 31) + offset * DAY, value) for offset, value in raw]
    today = date(2024, 1, 31) + ahead * DAY
    state = tier_of(one, days, today)
    assert state.tier == plainly(one, days, today)
    shuffle.shuffle(days)
    assert tier_of(one, days, today) == state
    start = measured_from(one, today)
    if start is not None:
        assert tier_of(one, [row for row in days if row[0] >= start], today).tier == state.tier


@given(one=SCHEMES, raw=DAYS, ahead=st.integers(0, 900))
@settings(max_examples=80, deadline=None)
def test_the_last_day_said_is_the_last_day_held(one: TierScheme, raw: list[tuple[int, int]], ahead: int) -> None:
    today = date(2024, 1, 31) + ahead * DAY
    days = [(date(2024, 1, 31) + offset * DAY, value) for offset, value in raw if date(2024, 1, 31) + offset * DAY <= today]
    state = tier_of(one, days, today)
    order = [tier.id for tier in one.tiers]
    if state.until is not None:
        assert state.until >= today
        assert order.index(tier_of(one, days, state.until).tier) >= order.index(state.tier)
        assert order.index(tier_of(one, days, state.until + DAY).tier) < order.index(state.tier)
    else:
        assert order.index(tier_of(one, days, today + 3000 * DAY).tier) >= order.index(state.tier)


@pytest.mark.feature("PR-19")
def test_a_membership_from_its_first_day_to_its_last() -> None:
    vip = club(warn_days=30)
    mine = join(vip, "c1", TODAY, card="29", cards={"29"})
    assert (end_of(mine, TODAY), state_of(vip, mine, TODAY)) == (date(2027, 11, 23), "active")
    assert state_of(vip, mine, date(2027, 10, 24)) == "ending"
    assert state_of(vip, mine, date(2027, 11, 23)) == "ending"
    assert state_of(vip, mine, date(2027, 11, 24)) == "ended"
    with refused("member"):
        join(vip, "c1", TODAY + DAY, current=mine)
    assert join(vip, "c1", date(2028, 1, 1), current=mine).since == date(2028, 1, 1)


@pytest.mark.feature("PR-18")
def test_a_renewal_takes_a_card_of_this_customer_only() -> None:
    vip = club(renew_days=366)
    mine = join(vip, "c1", TODAY)
    with refused("card_of_another"):
        renew(vip, mine, TODAY, card="30", cards={"29"})
    assert end_of(renew(vip, mine, TODAY, card="29", cards={"29"}), TODAY) == date(2028, 11, 23)


def test_early_late_and_too_late_renewals() -> None:
    vip = club(renew_days=60, late_days=30)
    mine = join(vip, "c1", TODAY)
    with refused("too_early"):
        renew(vip, mine, date(2027, 9, 23))
    early = renew(vip, mine, date(2027, 9, 24))
    late = renew(vip, mine, date(2027, 12, 23))
    assert end_of(early, TODAY) == end_of(late, TODAY) == date(2028, 11, 23), "the new period follows the old one"
    assert early.since == late.since == TODAY
    too_late = renew(vip, mine, date(2027, 12, 24))
    assert (too_late.since, end_of(too_late, TODAY)) == (date(2027, 12, 24), date(2028, 12, 23))
    with refused("no_end"):
        renew(club(months=0), join(club(months=0), "c1", TODAY), TODAY)


@pytest.mark.feature("PR-19")
def test_a_break_moves_the_end_by_its_days() -> None:
    vip = club(breaks=True)
    mine = pause(vip, join(vip, "c1", TODAY), TODAY + 10 * DAY, first=TODAY + 10 * DAY)
    assert state_of(vip, mine, TODAY + 20 * DAY) == "paused"
    with refused("paused"):
        renew(vip, mine, TODAY + 20 * DAY)
    back = resume(mine, TODAY + 30 * DAY)
    assert (state_of(vip, back, TODAY + 30 * DAY), end_of(back, TODAY + 30 * DAY)) == ("active", date(2027, 12, 13))
    planned = pause(vip, back, TODAY + 31 * DAY, first=TODAY + 40 * DAY, last=TODAY + 49 * DAY)
    assert end_of(planned, TODAY + 31 * DAY) == date(2027, 12, 23)
    assert [state_of(vip, planned, TODAY + n * DAY) for n in (39, 40, 49, 50)] == ["active", "paused", "paused", "active"]
    with refused("no_breaks"):
        pause(club(), join(club(), "c1", TODAY), TODAY)
    with refused("not_paused"):
        resume(back, TODAY + 30 * DAY)
    assert resume(pause(vip, back, TODAY + 31 * DAY), TODAY + 31 * DAY).breaks == back.breaks, "a break of no day is none"


def test_an_end_moves_by_hand_and_a_member_may_leave() -> None:
    vip = club()
    mine = join(vip, "c1", TODAY)
    assert end_of(extend(mine, TODAY, 7), TODAY) == date(2027, 11, 30)
    with refused("ended"):
        extend(mine, TODAY, -400)
    gone = leave(mine, TODAY + 5 * DAY)
    assert [state_of(vip, gone, TODAY + n * DAY) for n in (4, 5)] != ["ended", "ended"]
    assert state_of(vip, gone, TODAY + 5 * DAY) == "ended"
    assert renew(vip, gone, TODAY + 6 * DAY).since == TODAY + 6 * DAY


@pytest.mark.feature("PR-32")
def test_uses_of_an_entitlement_start_again_with_each_period() -> None:
    coffee = Entitlement(id="coffee", title="Coffee", uses=3)
    vip = club(renew_days=60, breaks=True)
    mine = renew(vip, join(vip, "c1", TODAY), date(2027, 10, 1))
    assert window(coffee, mine, date(2027, 11, 23))[0] == "2026-11-24", "renewed early, the running period goes on"
    assert window(coffee, mine, date(2027, 11, 24)) == ("2027-11-24", date(2028, 11, 23))
    monthly = Entitlement(id="wash", title="Wash", uses=1, per="month")
    assert window(monthly, mine, TODAY) == ("2026-11", date(2026, 11, 30))


@given(steps=st.lists(st.tuples(st.sampled_from("prex"), st.integers(0, 200)), max_size=8))
def test_breaks_never_cost_a_member_a_day(steps: list[tuple[str, int]]) -> None:
    """Days on which the benefits count are those bought, whatever rests lie between."""
    vip = club(breaks=True, months=12, renew_days=366)
    mine, today, bought = join(vip, "c1", TODAY), TODAY, 365
    for what, days in steps:
        if state_of(vip, mine, today) == "ended":
            break
        try:
            if what == "p":
                mine = pause(vip, mine, today)
            elif what == "r":
                mine = resume(mine, today)
            elif what == "e":
                mine, bought = extend(mine, today, days), bought + days
        except ConflictError:
            pass
        today += days * DAY
    # A rest that nobody ended would go on for ever.
    if any(one.last is None for one in mine.breaks):
        mine = resume(mine, today) if any(one.covers(today) for one in mine.breaks) else mine
    end = end_of(mine, today)
    assert end is not None
    counted = sum(state_of(vip, mine, TODAY + n * DAY) in ("active", "ending") for n in range((end - TODAY).days + 2))
    assert counted == bought
