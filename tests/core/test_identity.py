"""Numbers of identity cards and passports: every check digit counts (ICAO 9303's own example)."""

from __future__ import annotations

import pytest

from v5_core.errors import ValidationError
from v5_core.ids import normalise_identity, normalise_passport

LINE = "L898902C36UTO7408122F1204159ZE184226B<<<<<10"


@pytest.mark.feature("PR-15")
@pytest.mark.parametrize("text", [LINE, LINE.lower(), "L898902C3", "l898902c3 6", "L 898902 C3-6"])
def test_a_passport_has_one_number_however_it_is_read(text: str) -> None:
    assert normalise_passport(text) == "L898902C3"


@pytest.mark.feature("PR-15")
@pytest.mark.parametrize("place", [0, 9, 13, 19, 21, 27, 28, 42, 43])
def test_one_wrong_character_of_the_line_is_noticed(place: int) -> None:
    # The next character: some pairs (L and 1) weigh the same, that is the standard's own limit.
    other = "M" if LINE[place] == "L" else "A" if LINE[place] == "Z" else str((int(LINE[place]) + 1) % 10)
    with pytest.raises(ValidationError, match="machine-readable line"):
        normalise_passport(LINE[:place] + other + LINE[place + 1 :])


@pytest.mark.feature("PR-15")
def test_a_short_number_is_filled_and_its_digit_checked() -> None:
    # 1-5 weigh 7, 3, 1, 7, 3: 7 + 6 + 3 + 28 + 15 = 59.
    assert normalise_passport("12345<<<<9") == "12345"
    for wrong in ("12345<<<<8", "L898902C37", "12345", "ABCDEFGHIJKL", ""):
        with pytest.raises(ValidationError):
            normalise_passport(wrong)


@pytest.mark.feature("PR-15")
@pytest.mark.parametrize(
    ("country", "right", "normal", "wrong"),
    [
        ("PT", "00000000 0 ZZ4", "000000000ZZ4", "00000000 0 ZZ5"),
        ("ES", "54362315-K", "54362315K", "54362315-Z"),
        ("ES", "x-2482300w", "X2482300W", "X-2482300A"),
        ("IL", "3933742-3", "39337423", "3933742-2"),
        ("BR", "390.533.447-05", "39053344705", "390.533.447-06"),
        ("DE", "t22000129-3", "T220001293", "x"),
    ],
)
def test_an_identity_card_is_checked_by_its_country(country: str, right: str, normal: str, wrong: str) -> None:
    assert normalise_identity(right, country).lstrip("0") == normal.lstrip("0")
    with pytest.raises(ValidationError):
        normalise_identity(wrong, country)
