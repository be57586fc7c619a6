"""Numbers as people of five languages type them; what could mean two things is refused, for it is money."""

from __future__ import annotations

import pytest

from v5_cloud.pages.typed import day, number


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("10", "10"), ("10,5", "10.5"), ("10.50", "10.50"), ("1.234,50", "1234.50"), ("1,234.50", "1234.50"), (" 1 234,50 € ", "1234.50"),
        ("1\u202f234,5", "1234.5"), ("-5", "-5"), ("\N{MINUS SIGN}5,25", "-5.25"), ("+5", "5"), ("0,125", "0.125"), ("₪20", "20"),
        ("1.000", ""), ("1,000", ""), ("1.2.3", ""), ("1,2,3", ""), ("ten", ""), ("", ""), ("1e5", ""), ("NaN", ""), ("--5", ""),
        ("5-", ""),
        ("1,2345", ""), ("0x10", ""),
    ],
)  # fmt: skip
def test_a_number_is_read_or_refused(typed: str, meant: str) -> None:
    assert number(typed) == meant


def test_a_day_is_read_or_refused() -> None:
    assert str(day(" 2026-11-22 ")) == "2026-11-22"
    assert [day(one) for one in ("", "22/11/2026", "2026-02-30", "soon")] == [None] * 4
