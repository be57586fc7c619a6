"""Stored value and vouchers: codes nobody misreads, loads within their bounds, and what rules give for what was measured."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from v5_core.codes import fold_code, make_code, mistyped, spell
from v5_core.engine import Coupon, Stored
from v5_core.errors import ConflictError, ValidationError
from v5_core.programme import StoredValueType, VoucherRule, VoucherStep
from v5_core.stored import Measured, check_load, covers, draft, missing, refusal, turnover, valid_until

LISBON = ZoneInfo("Europe/Lisbon")
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def type_of(**values: Any) -> StoredValueType:
    return StoredValueType.model_validate({"id": "card", "kind": "gift_card", **values})


def rule_of(*steps: tuple[int, int, int], **values: Any) -> VoucherRule:
    """Steps are (from, amount, percent)."""
    made = tuple(VoucherStep(amount_from=start, amount=amount, percent=percent) for start, amount, percent in steps)
    return VoucherRule.model_validate({"id": "thanks", "kind": "till", "steps": made, **values})


@given(st.integers())
def test_one_wrong_or_two_swapped_characters_are_noticed(seed: int) -> None:
    chance = random.Random(seed)
    code = make_code(chance.randrange)
    assert not mistyped(code)
    place = chance.randrange(len(code))
    other = chance.choice([one for one in "23456789ABCDEFGHJKMNPQRSTUVWXYZ" if one != code[place]])
    assert mistyped(code[:place] + other + code[place + 1 :])
    first, second = sorted(chance.sample(range(len(code)), 2))
    if code[first] != code[second]:
        assert mistyped(code[:first] + code[second] + code[first + 1 : second] + code[first] + code[second + 1 :])


def test_codes_are_typed_as_people_type_them() -> None:
    code = make_code(random.Random(1).randrange)
    assert fold_code(spell(code).lower().replace("-", " ")) == code
    assert not set(make_code()) & set("01ILO")
    assert not mistyped("NATAL-2026"), "somebody else's code is what it is"
    assert spell("NATAL2026") == "NATAL2026"
    assert len({make_code() for _ in range(200)}) == 200


@pytest.mark.parametrize(
    ("type_", "balance", "amount", "again", "code"),
    [
        (type_of(kind="wallet", ceiling=15_000), 10_000, 5_000, True, ""),
        (type_of(kind="wallet", ceiling=15_000), 10_000, 5_001, True, "ceiling"),
        (type_of(values=(2_500, 5_000)), 0, 5_000, False, ""),
        (type_of(values=(2_500, 5_000)), 0, 3_000, False, "value_not_offered"),
        (type_of(), 0, 0, False, "value_not_offered"),
        (type_of(), 1_000, 1_000, True, "loaded_once"),
    ],
)
def test_a_load_keeps_within_its_type(type_: StoredValueType, balance: int, amount: int, *, again: bool, code: str) -> None:
    if not code:
        check_load(type_, balance=balance, amount=amount, again=again)
        return
    with pytest.raises((ConflictError, ValidationError)) as refused:
        check_load(type_, balance=balance, amount=amount, again=again)
    assert refused.value.error_code == code


def test_validity_counts_whole_days_of_the_store() -> None:
    assert valid_until(type_of(), NOON, LISBON) is None
    assert valid_until(type_of(valid_days=1), datetime(2026, 6, 1, 23, 30, tzinfo=UTC), LISBON) == datetime(2026, 6, 3, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("thing", "code"),
    [
        (Stored("G", balance=100), ""),
        (Stored("G", balance=0), "used_up"),
        (Stored("G", balance=100, problem="blocked"), "blocked"),
        (Stored("G", balance=100, valid_from=NOON + timedelta(seconds=1)), "not_yet"),
        (Stored("G", balance=100, valid_from=NOON), ""),
        (Stored("G", balance=100, valid_until=NOON), "expired"),
        (Stored("G", balance=100, stores=frozenset({"PO1"})), "not_here"),
        (Stored("G", balance=100, customer="c2"), "not_yours"),
        (Stored("G", balance=100, customer="c1"), ""),
        (Stored("G", balance=100, by_code=False), "not_yours"),
        (Stored("G", balance=100, by_code=False, customer="c1"), ""),
        (Stored("G", balance=100, minimum=2_001), "minimum"),
        (Coupon("C", uses_left=0), "used_up"),
        (Coupon("C", uses_left=1, minimum=2_000), ""),
    ],
)
def test_why_a_code_cannot_be_used(thing: Coupon | Stored, code: str) -> None:
    assert refusal(thing, at=NOON, store="LX1", customer="c1", total=2_000) == code


@pytest.mark.feature("FM-34")
def test_a_card_that_is_used_up_at_once_pays_what_is_due_and_is_empty() -> None:
    assert covers(Stored("G", balance=5_000, whole=True), 3_000) == (3_000, 5_000)
    assert covers(Stored("G", balance=5_000), 3_000) == (3_000, 3_000)
    assert covers(Stored("G", balance=5_000), 3_000, 1_000) == (1_000, 1_000)
    assert covers(Stored("G", balance=5_000, whole=True), 0) == (0, 0)


@given(balance=st.integers(0, 10**6), due=st.integers(0, 10**6), wanted=st.none() | st.integers(0, 10**6), whole=st.booleans())
def test_a_stored_value_never_pays_more_than_is_due_asked_or_there(balance: int, due: int, wanted: int | None, *, whole: bool) -> None:
    pays, taken = covers(Stored("G", balance=balance, whole=whole), due, wanted)
    assert 0 <= pays <= min(balance, due, balance if wanted is None else wanted)
    assert pays <= taken <= balance


@pytest.mark.feature("FM-26")
@pytest.mark.parametrize(("spent", "percent"), [(4_999, None), (5_000, 500), (9_999, 500), (10_000, 1_000)])
def test_the_highest_step_reached_decides(spent: int, percent: int | None) -> None:
    made = draft(rule_of((5_000, 0, 500), (10_000, 0, 1_000), gives="percent"), Measured(spent), at=NOON, zone=LISBON)
    assert (made.percent if made else None) == percent


@pytest.mark.feature("FM-26")
def test_two_visits_and_a_hundred_euros_give_five_percent_of_them() -> None:
    rule = rule_of((10_000, 0, 500), visits=2, period_days=30)
    assert draft(rule, Measured(10_000, 1), at=NOON, zone=LISBON) is None
    assert draft(rule, Measured(9_999, 2), at=NOON, zone=LISBON) is None
    made = draft(rule, Measured(10_000, 2), at=NOON, zone=LISBON)
    assert made is not None
    assert (made.kind, made.amount) == ("voucher", 500)


def test_what_is_missing_to_more() -> None:
    rule = rule_of((5_000, 500, 0), (10_000, 1_500, 0), visits=2)
    assert missing(rule, Measured(1_000, 1)) == (4_000, 1)
    assert missing(rule, Measured(6_000, 1)) == (0, 1)
    assert missing(rule, Measured(6_000, 2)) == (4_000, 0)
    assert missing(rule, Measured(10_000, 2)) is None


@pytest.mark.feature("PR-07")
def test_a_voucher_for_the_next_purchase_has_its_window() -> None:
    rule = rule_of((0, 500, 0), kind="next_purchase", valid_after_days=1, valid_days=7, minimum_purchase=2_000, stores=("LX1",))
    made = draft(rule, Measured(1), at=NOON, zone=LISBON)
    assert made is not None
    assert (made.valid_from, made.valid_until) == (datetime(2026, 11, 25, tzinfo=UTC), datetime(2026, 12, 2, tzinfo=UTC))
    assert (made.minimum, made.stores) == (2_000, ("LX1",))
    at_once = draft(rule_of((0, 500, 0), valid_days=1), Measured(1), at=NOON, zone=LISBON)
    assert at_once is not None
    assert (at_once.valid_from, at_once.valid_until) == (NOON, datetime(2026, 11, 25, tzinfo=UTC)), "today, to its end"


def test_a_share_of_next_to_nothing_makes_no_voucher() -> None:
    assert draft(rule_of((0, 0, 500)), Measured(9), at=NOON, zone=LISBON) is None


@pytest.mark.feature("FM-25")
def test_a_turnover_run_gives_the_same_list_in_any_order() -> None:
    rule = rule_of((10_000, 0, 300), (50_000, 2_500, 0), kind="turnover", visits=2)
    rows = [("c3", Measured(60_000, 9)), ("c1", Measured(10_000, 2)), ("c2", Measured(99_999, 1)), ("c4", Measured(9_999, 5))]
    found = turnover(rule, rows, at=NOON, zone=LISBON)
    assert [(customer, made.amount) for customer, _, made in found] == [("c1", 300), ("c3", 2_500)]
    assert turnover(rule, rows[::-1], at=NOON, zone=LISBON) == found


@given(st.lists(st.tuples(st.integers(0, 1000), st.integers(1, 500)), min_size=1, max_size=6), st.integers(0, 2000), st.integers(0, 500))
def test_buying_more_never_gives_less_where_the_steps_rise(steps: list[tuple[int, int]], spent: int, more: int) -> None:
    rising = [(start, sum(value for _, value in steps[: place + 1]), 0) for place, (start, _) in enumerate(sorted(steps))]
    rule = rule_of(*rising)
    less, greater = (draft(rule, Measured(one), at=NOON, zone=LISBON) for one in (spent, spent + more))
    assert (less.amount if less else 0) <= (greater.amount if greater else 0)


def test_days_are_counted_in_the_zone_of_the_store() -> None:
    late = datetime(2026, 6, 30, 23, 30, tzinfo=UTC)
    made = draft(rule_of((0, 500, 0), valid_after_days=1, valid_days=1), Measured(1), at=late, zone=LISBON)
    assert made is not None
    assert made.valid_from.astimezone(LISBON).date() == date(2026, 7, 2), "in Lisbon it is the first of July already"
