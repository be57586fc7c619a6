"""Segments in memory: periods, habits, bands, and criteria whose fields take arguments."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError as ModelError

from v5_core.criteria import CriteriaError, compile_memory, from_json, parse, read_period, to_json, to_text
from v5_core.segments import (
    CLASSIC,
    CUSTOMER_FIELDS,
    SEGMENT_FIELDS,
    AmountBands,
    Bands,
    Bought,
    Cuts,
    Day,
    Definition,
    Rfm,
    Shopper,
    cuts_of,
    members,
    ranks,
    record_of,
)

TODAY = date(2026, 3, 31)


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def visit(days: int, gross: int = 1000, store: str = "LX1", sales: int = 1) -> Day:
    return Day(ago(days), store, sales, gross, gross)


def bought(days: int, product: str, family: str = "", quantity: int = 1000, sales: int = 1) -> Bought:
    return Bought(ago(days), product, family, sales, quantity, quantity)


def holds(text: str, cuts: Cuts | None = None, **facts: Any) -> bool:
    criterion = parse(text, CUSTOMER_FIELDS)
    assert from_json(to_json(criterion)) == criterion
    return compile_memory(criterion, CUSTOMER_FIELDS)(record_of(Shopper("c1", **facts), TODAY, cuts))


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("1", date(2026, 3, 30), TODAY),
        ("90", date(2025, 12, 31), TODAY),
        ("2026", date(2026, 1, 1), date(2026, 12, 31)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2026-01-31", date(2026, 1, 31), date(2026, 1, 31)),
        ("2025-12..2026-01-15", date(2025, 12, 1), date(2026, 1, 15)),
        ("12 months", date(2025, 3, 31), TODAY),
        ("1 month", date(2026, 2, 28), TODAY),
        ("this week", date(2026, 3, 30), date(2026, 4, 5)),
        ("last week", date(2026, 3, 23), date(2026, 3, 29)),
        ("this month", date(2026, 3, 1), date(2026, 3, 31)),
        ("last month", date(2026, 2, 1), date(2026, 2, 28)),
        ("last year", date(2025, 1, 1), date(2025, 12, 31)),
    ],
)
def test_a_period_is_the_days_that_people_mean(text: str, first: date, last: date) -> None:
    assert read_period(text)(TODAY) == (first, last)


@pytest.mark.parametrize(
    "text", ["", "0", "-3", "1831", "09", "2026-13", "2026-02-30", "2026-02..2026-01", "next month", "2026-1", "x..2026", "²"]
)
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a number of days"):
        read_period(text)


@pytest.mark.feature("RS-05")
@pytest.mark.parametrize(
    ("text", "position", "said"),
    [
        ("sales > 1 and spend('2026-13') > 1", 20, "'2026-13' is no period"),
        ("bought_product('x', 'y', 'z')", 25, "does not take 3 argument(s)"),
        ("bought_product", 0, "needs 1 argument(s)"),
        ("bought_product('') ", 15, "names nothing"),
        ("name('x') = 'y'", 5, "does not take 1 argument(s)"),
        ("spend( > 1", 7, "found '>'"),
        ("spend(90 > 1", 9, "found '>'"),
        ("spend('2026-01')", 16, "found the end"),
        ("spent('2026-01') > 1", 0, "unknown field 'spent'"),
    ],
)
def test_errors_of_arguments_name_the_place(text: str, position: int, said: str) -> None:
    with pytest.raises(CriteriaError) as caught:
        parse(text, CUSTOMER_FIELDS)
    assert caught.value.position == position
    assert said in caught.value.message


def test_an_unknown_name_is_answered_with_what_there_is() -> None:
    with pytest.raises(CriteriaError) as caught:
        parse("nothing = 1", CUSTOMER_FIELDS)
    assert "bought_product(text, period?)" in caught.value.expected
    assert "birth_date" in caught.value.expected


@pytest.mark.feature("RS-03", "RS-05", "RS-09", "PR-25")
@pytest.mark.parametrize(
    ("text", "facts", "expected"),
    [
        ("spend('2026-03') >= 30", {"days": (visit(0, 1000), visit(30, 2000), visit(31, 5000))}, True),
        ("spend('2026-03') > 30", {"days": (visit(0, 1000), visit(30, 2000), visit(31, 5000))}, False),
        ("bought('2026-02') and not bought('2026-03')", {"days": (visit(31),)}, True),
        ("bought(90) and days_since_sale <= 90", {"days": (visit(90),)}, True),
        ("bought(90) or days_since_sale <= 90", {"days": (visit(91),)}, False),
        ("sales = 3 and visits = 2", {"days": (visit(1, sales=2), visit(1, store="P2"), visit(2, -500, sales=0))}, True),
        ("spend = 15", {"days": (visit(1, 2000), visit(2, -500, sales=0))}, True),
        ("store_spend('P2', 90) = 10", {"days": (visit(1), visit(2, store="P2"))}, True),
        ("days_since_sale is null and not bought and average_sale is null", {}, True),
        ("average_sale = 7.50", {"days": (visit(1, 1000), visit(2, 500))}, True),
        ("frequency = 'weekly'", {"days": tuple(visit(7 * week) for week in range(12))}, True),
        ("frequency = 'fortnightly'", {"days": tuple(visit(14 * week) for week in range(6))}, True),
        ("frequency = 'monthly'", {"days": (visit(0), visit(28), visit(56))}, True),
        ("frequency = 'rarely'", {"days": (visit(84),)}, True),
        ("frequency = 'never'", {"days": (visit(85),)}, True),
        ("preferred_store = 'P2'", {"days": (visit(9), visit(8), visit(3, store="P2"), visit(2, store="P2"))}, True),
        ("preferred_store = 'LX1'", {"days": (visit(9), visit(400, store="P2"), visit(401, store="P2"))}, True),
        ("favourite_product = 'A'", {"products": tuple(bought(day, name) for name in "ABCD" for day in (1, 2))}, True),
        ("favourite_product = 'D'", {"products": (*(bought(one, name) for name in "ABC" for one in (1, 2)), bought(1, "D"))}, False),
        ("favourite_family = 'tea'", {"products": (bought(1, "A", "tea"),)}, True),
        ("bought_product('A', 90)", {"products": (bought(90, "A"),)}, True),
        ("bought_product('A', 90)", {"products": (bought(91, "A"),)}, False),
        ("bought_product('A')", {"products": (bought(3, "A"), bought(2, "A", quantity=-1000, sales=0))}, False),
        ("family_quantity('tea') = 1.5", {"products": (bought(3, "A", "tea"), bought(2, "B", "tea", 500))}, True),
        ("birthday and days_to_birthday = 0 and age = 26", {"birth_date": date(2000, 3, 31)}, True),
        ("days_to_birthday = 1 and age = 25", {"birth_date": date(2000, 4, 1)}, True),
        ("month(birth_date) = 2 and days_to_birthday = 335", {"birth_date": date(2000, 2, 29)}, True),
        ("incomplete and email = ''", {"name": "Ana", "phone": "+351", "birth_date": TODAY}, True),
        ("incomplete", {"name": "Ana", "phone": "+351", "email": "a@b", "birth_date": TODAY}, False),
        ("club = 'wine' and tier in ('gold', 'silver') and card_type != 'vip'", {"club": {"wine"}, "tier": {"gold"}}, True),
        ("member_days >= 365 and home_store = 'LX1'", {"member_since": date(2025, 3, 31), "home_store": "LX1"}, True),
        ("age >= 18", {}, False),
        ("r >= 0", {"days": (visit(1),)}, False),
    ],
)
def test_what_may_be_asked_of_a_customer(text: str, facts: dict[str, Any], expected: bool) -> None:
    assert holds(text, **facts) is expected


@pytest.mark.feature("RS-03")
def test_bands_count_the_thresholds_that_are_reached() -> None:
    cuts = cuts_of(Rfm(recency=Bands(limits=(30, 90)), frequency=Bands(limits=(2, 4)), value=AmountBands(limits=(1000, 5000))), (), (), ())
    assert cuts == Cuts(days=365, recency=(30, 90), frequency=(2, 4), value=(1000, 5000))
    assert holds("r = 3 and f = 1 and v = 1", cuts, days=(visit(30, 999),))
    assert holds("r = 2 and f = 2 and v = 2", cuts, days=(visit(31, 500), visit(90, 500)))
    assert holds("r = 1 and f = 3 and v = 3", cuts, days=tuple(visit(91 + one, 1250) for one in range(4)))
    assert holds("r = 0 and f = 0 and v = 0", cuts, days=(visit(366, 9_999),))
    assert holds("r = 0 and v = 0", cuts)


@pytest.mark.feature("RS-03")
@given(values=st.lists(st.integers(0, 30), min_size=1, max_size=60), quantiles=st.integers(2, 10))
def test_equal_customers_share_a_band_and_no_band_is_larger_than_its_part(values: list[int], quantiles: int) -> None:
    ordered = sorted(values)
    cuts = cuts_of(Rfm(frequency=Bands(quantiles=quantiles)), (), [ordered[place - 1] for place in ranks(len(values), quantiles)], ())
    bands = {one: 1 + sum(one >= cut for cut in cuts.frequency) for one in set(values)}
    assert all(1 <= band <= quantiles for band in bands.values())
    assert [bands[one] for one in sorted(bands)] == sorted(bands.values())
    for band in range(1, quantiles):
        # At least so many are in it or below: the nearest rank.
        assert sum(bands[one] <= band for one in values) * quantiles >= len(values) * band


def test_bands_are_said_in_one_way() -> None:
    for wrong in ({}, {"limits": (3, 2)}, {"limits": (1,), "quantiles": 5}, {"quantiles": 1}):
        with pytest.raises(ModelError):
            Bands.model_validate(wrong)
    with pytest.raises(ModelError, match="decimal string"):
        AmountBands.model_validate({"limits": [12.5]})


@pytest.mark.feature("RS-03", "PR-08")
def test_the_classic_segments_part_whoever_bought() -> None:
    cuts = Cuts(days=365, recency=(10, 20, 30, 40), frequency=(2, 3, 4, 5), value=(1000, 2000, 3000, 4000))
    definitions = [Definition(id=name, title=title, where=where) for name, (title, where) in CLASSIC.items()]
    banded = {"champions", "loyal", "promising", "at-risk", "hibernating"}
    for since in (5, 15, 25, 35, 45):
        for sales in range(1, 6):
            for spent in (500, 1500, 2500, 3500, 4500):
                days = (visit(since, spent, sales=1), *(visit(since + 50 + one, 0) for one in range(sales - 1)))
                found = members(definitions, Shopper("c1", days=days), TODAY, cuts) & banded
                assert len(found) <= 1, (since, sales, spent, found)
    assert members(definitions, Shopper("c1", days=(visit(5),)), TODAY, cuts) == {"promising", "newcomers"}
    assert members(definitions, Shopper("c1", days=(visit(500),)), TODAY, cuts) == {"lapsed"}
    assert members(definitions, Shopper("c1"), TODAY, cuts) == frozenset()


_LEAVES = st.sampled_from([
    "spend('2026-01') >= 100", "bought", "not bought_product('CO''FFEE', 90)", "email = ''", "name like '%a%'", "name starts with 'a'",
    "month(birth_date) in (1, 2)", "age between 18 and 30", "last_sale is null", "home_store != '2026-01-01'", "store_visits('LX1') > 1",
    "segment in ('a', 'b c')", "balance > -1.5", "blocked = false", "name = '5'",
])  # fmt: skip
_TEXTS = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.builds("not ({})".format, inner), st.builds("({}) and ({})".format, inner, inner), st.builds("({}) or ({})".format, inner, inner)
    ),
    max_leaves=6,
)


@given(text=_TEXTS)
def test_the_text_of_a_tree_is_read_back_as_the_same_tree(text: str) -> None:
    tree = parse(text, CUSTOMER_FIELDS)
    assert parse(to_text(tree), CUSTOMER_FIELDS) == tree


def test_a_segment_is_not_made_of_segments() -> None:
    assert "segment" not in SEGMENT_FIELDS
    with pytest.raises(CriteriaError, match="unknown field 'segment'"):
        Definition(id="a", where="segment = 'b'").criterion()


def test_every_field_has_an_answer_in_memory() -> None:
    record = record_of(Shopper("c1"), TODAY, Cuts(days=365))
    assert set(record) == set(CUSTOMER_FIELDS)
    for name, kind in CUSTOMER_FIELDS.items():
        assert callable(record[name]) is bool(kind.takes), name
