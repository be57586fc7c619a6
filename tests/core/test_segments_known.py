"""A store that has only sums and its own sales decides segments as whoever has every purchase does, or says that it cannot."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from v5_core.criteria import compile_memory, parse
from v5_core.segments import SEGMENT_FIELDS, Day, Known, Shopper, decide, fingerprint, measured, record_of

TODAY = date(2026, 3, 3)
DECIDED = (
    "spend >= 100", "spend('90') > 50", "spend('this month') >= 60", "spend('2026-02..2026-03') < 40", "sales('this year') = 2",
    "earned >= 20", "bought('30') and not bought('2026-01')", "store_spend('LX1', '12 months') > 30", "store_spend('PT2') > 0",
    "visits('this month') >= 2", "store_visits('LX1', '60') = 1", "days_since_sale <= 3", "last_sale >= '2026-03-01'",
    "birthday", "age between 18 and 40", "incomplete or spend('7') > 10", "home_store = 'LX1' and balance >= 10", "sales = 0",
)  # fmt: skip
NEVER = ("bought_product('COFFEE')", "r = 5", "preferred_store = 'LX1'", "frequency = 'weekly'", "consent_sms", "origin = 'erp'")
_DAY = st.builds(
    Day,
    st.integers(0, 120).map(lambda back: TODAY - timedelta(days=back)),
    st.sampled_from(["LX1", "PT2"]),
    st.integers(0, 2),
    st.integers(-20, 120).map(lambda euros: euros * 100),
    st.integers(-2, 12).map(lambda points: points * 1000),
)


def one_a_day(days: list[Day]) -> tuple[Day, ...]:
    return tuple({(day.day, day.store): day for day in days}.values())


@settings(max_examples=150, deadline=None)
@given(days=st.lists(_DAY, max_size=8).map(one_a_day), stale=st.integers(0, 10), split=st.integers(0, 8))
def test_sums_and_what_came_since_say_what_all_purchases_say(days: tuple[Day, ...], stale: int, split: int) -> None:
    on = TODAY - timedelta(days=stale)
    carried = tuple(one for at, one in enumerate(days) if one.day < on or (one.day == on and at < split))
    since = tuple(one for one in days if one not in carried)
    shopper = Shopper("c", name="Ana", birth_date=date(2000, 3, 3), home_store="LX1", balance=12_000)
    known = Known(on, measured(DECIDED, carried, on), since)
    whole = record_of(Shopper("c", name="Ana", birth_date=date(2000, 3, 3), home_store="LX1", balance=12_000, days=days), TODAY)
    for criteria in DECIDED:
        inside = decide(criteria, shopper, known, TODAY)
        assert inside in (None, compile_memory(parse(criteria, SEGMENT_FIELDS), SEGMENT_FIELDS)(whole)), criteria
        if not stale and "visits" not in criteria:
            assert inside is not None, criteria


@pytest.mark.parametrize("criteria", NEVER)
def test_what_nobody_told_the_store_is_not_guessed(criteria: str) -> None:
    assert decide(criteria, Shopper("c"), Known(TODAY, {}, ()), TODAY) is None


def test_a_period_that_has_moved_on_is_not_guessed() -> None:
    yesterday = TODAY - timedelta(days=1)
    known = Known(yesterday, measured(DECIDED, (Day(yesterday, "LX1", 1, 20_000),), yesterday))
    found = {criteria: decide(criteria, Shopper("c"), known, TODAY) for criteria in ("spend('90') > 50", "spend('this month') >= 60")}
    assert found == {"spend('90') > 50": None, "spend('this month') >= 60": True}
    assert decide("spend('this month') >= 60", Shopper("c"), known, date(2026, 4, 1)) is None, "another month"
    assert decide("spend > 0", Shopper("c"), Known(), TODAY) is None
    assert fingerprint(("spend > 1", "sales = 2")) == fingerprint(("bought", "spend > 9"))
    assert fingerprint(("spend > 1",)) != fingerprint(("spend('30') > 1",))
