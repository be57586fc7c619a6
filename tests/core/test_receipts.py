"""The footer: short, in five languages, on any width, its QR code told from a fiscal one."""

from __future__ import annotations

from datetime import date

import pytest

from v5_core.hooks import ReceiptLine, Reward
from v5_core.model import Balance
from v5_core.receipts import QR_PREFIX, footer, qr_content
from v5_core.words import LANGUAGES

BALANCE = Balance(available=123_500, expiring=5_000, expiring_on=date(2026, 12, 31))
MUG = Reward(rule="mug", title="Caneca de porcelana pintada à mão por artesãos de Coimbra", cost=200_000, missing=76_500)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("columns", [32, 42, 48])
def test_every_language_fits_every_width(language: str, columns: int) -> None:
    lines = footer(
        language=language, columns=columns, earned=12_500, spent=10_000, taken=1_000, given=2_000, balance=BALANCE, next_reward=MUG,
        savings=1234, provisional=True, qr="https://v5.example/r/abc",
    )  # fmt: skip
    assert all(len(line.text) <= columns for line in lines)
    assert all(ReceiptLine.model_validate(line.model_dump()) == line for line in lines)
    assert lines[-1].qr == "V5:https://v5.example/r/abc"
    text = "\n".join(line.text for line in lines)
    assert "123.5" in text or "123,5" in text
    assert ("31.12.2026" if language == "he" else "31/12/2026") in text


def test_portuguese_on_32_columns() -> None:
    lines = footer(language="pt-PT", columns=32, name="Clube da Praça", earned=12_500, balance=BALANCE, next_reward=MUG)
    assert [line.text for line in lines] == [
        "Clube da Praça",
        "Pontos ganhos               12,5",
        "Saldo                      123,5",
        "Expiram em 31/12/2026          5",
        "Faltam 76,5 para: Caneca de",
        "porcelana pintada à mão por…",
    ]
    assert [line.bold for line in lines] == [True, True, True, False, False, False]


def test_a_reward_within_reach_and_an_unknown_language() -> None:
    lines = footer(language="de", earned=1_000, next_reward=Reward(rule="m", title="Mug", cost=1_000))
    assert [line.text for line in lines][2] == "You can have: Mug"


def test_nothing_to_say_says_nothing() -> None:
    assert footer(qr="x") == ()


def test_our_code_is_never_a_fiscal_one() -> None:
    assert qr_content("A:123456789*B:999999990").startswith(QR_PREFIX)
    assert qr_content("V5:x") == "V5:x"
    with pytest.raises(ValueError, match="300"):
        qr_content("x" * 300)
