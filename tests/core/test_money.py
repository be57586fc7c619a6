"""Amounts are integers inside, decimal strings outside, and every split sums."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from v5_core import wire
from v5_core.arithmetic import SPLITS
from v5_core.money import Amount, Points, apply_rate, format_scaled, parse_scaled, ratio, round_decimal, split


class Purse(BaseModel):
    amount: Amount
    points: Points = 0


@pytest.mark.parametrize(("value", "expected"), [("12.34", 1234), (" -0.5 ", -50), ("7", 700), (Decimal("1.20"), 120), (1234, 1234)])
def test_what_is_accepted(value: str | Decimal | int, expected: int) -> None:
    assert Purse(amount=value).amount == expected


@pytest.mark.parametrize("value", [12.34, True, "1.234", "", "abc", "NaN", "Infinity", "1e99", "9" * 50, None, "10000000000000000"])
def test_what_is_refused(value: object) -> None:
    with pytest.raises(ValidationError):
        Purse(amount=value)


def test_a_bare_json_number_is_never_an_amount() -> None:
    with pytest.raises(ValidationError, match="decimal string"):
        Purse.model_validate(wire.loads('{"amount": 12}'))
    with pytest.raises(ValidationError, match="decimal string"):
        Purse.model_validate_json('{"amount": 12}')
    assert Purse.model_validate_json('{"amount": "12", "points": "0.5"}') == Purse(amount=1200, points=500)


def test_the_wire_writes_decimal_strings() -> None:
    assert Purse(amount=1200, points=12500).model_dump_json() == '{"amount":"12.00","points":"12.5"}'
    assert Purse.model_json_schema()["properties"]["amount"]["type"] == "string"


@pytest.mark.parametrize("body", ["[NaN]", "[Infinity]", "[" * 100_000, "{"])
def test_json_from_outside_is_json_or_an_error(body: str) -> None:
    with pytest.raises(ValueError):
        wire.loads(body)


@given(st.integers(-(10**14), 10**14), st.integers(0, 3), st.booleans())
def test_written_and_read_again_is_the_same(value: int, decimals: int, trim: bool) -> None:
    assert parse_scaled(format_scaled(value, decimals, trim=trim), decimals) == value


def test_too_many_decimals_are_refused_or_rounded_when_a_file_writes_them() -> None:
    with pytest.raises(ValueError, match="decimal string"):
        parse_scaled(1.5, 2)
    with pytest.raises(ValueError, match="at most 2 decimals"):
        parse_scaled("1.005", 2)
    assert parse_scaled("1.005000", 2, exact=False) == 101
    assert (round_decimal(Decimal("1.005"), 2), round_decimal(Decimal("-1.005"), 2), round_decimal(Decimal("1.009"), 2, "down")) == (
        101,
        -101,
        100,
    )


@pytest.mark.parametrize(("value", "rounding", "expected"), [(5, "half-up", 3), (5, "down", 2), (-5, "half-up", -3), (-5, "down", -2)])
def test_ratio_rounds_away_from_zero_at_the_half(value: int, rounding: Literal["down", "half-up"], expected: int) -> None:
    assert ratio(value, 1, 2, rounding) == expected


def test_rates_and_refusals() -> None:
    assert apply_rate(1000, 2300) == 230
    with pytest.raises(ValueError, match="positive"):
        ratio(1, 1, 0)
    with pytest.raises(ValueError, match="nothing to split"):
        split(1, [])
    with pytest.raises(ValueError, match="negative"):
        split(1, [1, -1])


@given(st.integers(-(10**9), 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=20))
def test_splits_sum_and_stay_within_one_of_their_share(total: int, weights: list[int]) -> None:
    parts = split(total, weights)
    assert sum(parts) == total
    pool = sum(weights)
    if pool:
        assert all(abs(part * pool - total * weight) < pool for part, weight in zip(parts, weights, strict=True))
    else:
        assert parts == [total] + [0] * (len(weights) - 1)


@pytest.mark.parametrize("way", sorted(SPLITS))
@given(data=st.data(), weights=st.lists(st.integers(0, 20), min_size=1, max_size=12))
def test_no_part_is_more_than_its_weight(way: str, data: st.DataObject, weights: list[int]) -> None:
    total = data.draw(st.integers(0, sum(weights)))
    parts = SPLITS[way](total, weights)
    assert sum(parts) == total
    assert all(0 <= part <= weight for part, weight in zip(parts, weights, strict=True))


def test_equal_remainders_go_to_the_first() -> None:
    assert split(5, [1, 1, 1]) == [2, 2, 1]
    assert split(-5, [1, 1, 1]) == [-2, -2, -1]
