"""Numbers that identify people and cards, in one spelling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from v5_core.errors import ValidationError
from v5_core.ids import (
    COUNTRIES,
    check_card_number,
    identifies_somebody,
    is_card_number,
    make_card_number,
    normalise_phone,
    normalise_tax_number,
    tax_number_or_none,
)


@pytest.mark.parametrize(
    ("country", "number", "normal"),
    [
        ("PT", "PT 501 442 600", "501442600"),
        ("pt", "501442600", "501442600"),
        ("ES", "12345678-z", "12345678Z"),
        ("ES", "X-2482300W", "X2482300W"),
        ("ES", "J99216582", "J99216582"),
        ("FR", "FR 40 303 265 045", "40303265045"),
        ("FR", "732 829 320", "732829320"),
        ("BR", "390.533.447-05", "39053344705"),
        ("BR", "11.222.333/0001-81", "11222333000181"),
        ("IL", "3933742-3", "039337423"),
        ("DE", "de 123-456", "DE123456"),
    ],
)
def test_tax_and_identity_numbers_have_one_spelling(country: str, number: str, normal: str) -> None:
    assert normalise_tax_number(number, country) == normal
    assert tax_number_or_none(number, country) == normal


@pytest.mark.parametrize(
    ("country", "number"),
    [("PT", "501442601"), ("ES", "12345678A"), ("FR", "732829321"), ("BR", "39053344706"), ("IL", "39337424"), ("PT", ""), ("DE", "--")],
)
def test_wrong_digits_are_refused_without_repeating_them(country: str, number: str) -> None:
    with pytest.raises(ValidationError) as caught:
        normalise_tax_number(number, country)
    assert caught.value.errors[0].field == "tax_number"
    assert not number.strip("-") or number not in caught.value.message
    assert tax_number_or_none(number, country) is None


def test_the_final_consumer_is_nobody() -> None:
    assert normalise_tax_number("999999990", "PT") == "999999990"
    assert tax_number_or_none("999 999 990", "PT") is None
    assert not identifies_somebody("PT999999990"[2:], "pt")
    assert tax_number_or_none("11111111111", "BR") is None
    assert tax_number_or_none("000000000", "IL") is None
    assert tax_number_or_none(None, "PT") is tax_number_or_none("  ", "PT") is None
    assert set(COUNTRIES) == {"PT", "ES", "FR", "BR", "IL"}


@pytest.mark.parametrize(
    ("phone", "country", "normal"),
    [
        ("912 345 678", "PT", "+351912345678"),
        ("00351 912345678", "PT", "+351912345678"),
        ("+972 54-234-5678", "PT", "+972542345678"),
        ("054-234-5678", "il", "+972542345678"),
    ],
)
def test_phones_in_e164(phone: str, country: str, normal: str) -> None:
    assert normalise_phone(phone, country) == normal


@pytest.mark.parametrize("phone", ["", "hello", "12", "+351 999"])
def test_no_such_phone(phone: str) -> None:
    with pytest.raises(ValidationError):
        normalise_phone(phone, "PT")


@given(st.from_regex(r"\A2[0-9]{1,6}\Z"), st.integers(0, 99_999))
def test_card_numbers_check_themselves(prefix: str, sequence: int) -> None:
    number = make_card_number(prefix, sequence)
    assert len(number) == 13
    assert check_card_number(f" {number[:6]}-{number[6:]} ") == number
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
    assert not is_card_number(wrong)
    with pytest.raises(ValidationError):
        check_card_number(wrong)


@pytest.mark.parametrize(("prefix", "sequence"), [("2", 0), ("29a", 0), ("٢٩٠", 0), ("2" * 10, 0), ("299999999", 1000), ("29", -1)])
def test_card_ranges_have_an_end(prefix: str, sequence: int) -> None:
    with pytest.raises(ValidationError):
        make_card_number(prefix, sequence)
