"""What is said at the till: five languages with the same messages, each with its own figures."""

from __future__ import annotations

from datetime import date
from string import Formatter

import pytest

from v5_core.words import LANGUAGES, MESSAGES, words_of


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_everything_with_the_same_values(language: str) -> None:
    table, english = MESSAGES[language], MESSAGES["en"]
    assert list(table) == list(english)
    for key, text in table.items():
        assert text.strip(), key
        # "נקודה אחת": a language may have a word for one.
        assert places(text) == places(english[key]) or key == "point", key


@pytest.mark.parametrize(
    ("language", "money", "points", "rate", "day"),
    [
        ("pt", "12 345,60 €", "1234,5 pontos", "12,5%", "01/02/2027"),
        ("en", "€12,345.60", "1,234.5 points", "12.5%", "01/02/2027"),
        ("es", "12.345,60 €", "1234,5 puntos", "12,5 %", "01/02/2027"),
        ("fr", "12 345,60 €", "1 234,5 points", "12,5 %", "01/02/2027"),
        ("he", "12,345.60 €", "1,234.5 נקודות", "12.5%", "01.02.2027"),
    ],
)
def test_figures_are_written_as_people_write_them(language: str, money: str, points: str, rate: str, day: str) -> None:
    words = words_of(language, "EUR")
    said = (words.money(1_234_560), words.points(1_234_500), words.rate(1250), words.day(date(2027, 2, 1)))
    assert tuple(text.replace("\N{NO-BREAK SPACE}", " ") for text in said) == (money, points, rate, day)


@pytest.mark.parametrize(
    ("language", "one", "half"),
    [
        ("pt", "1 ponto", "0,5 pontos"),
        ("en", "1 point", "0.5 points"),
        ("es", "1 punto", "0,5 puntos"),
        ("fr", "1 point", "0,5 point"),
        ("he", "נקודה אחת", "0.5 נקודות"),
    ],
)
def test_one_is_alone(language: str, one: str, half: str) -> None:
    assert (words_of(language).points(1000), words_of(language).points(500)) == (one, half)


def test_amounts_below_nothing_and_other_currencies() -> None:
    assert words_of("en", "EUR").money(-1250) == "-€12.50"
    assert words_of("en", "CHF").money(1250) == "CHF\N{NO-BREAK SPACE}12.50"
    assert words_of("he", "ILS").money(1250) == "12.50\N{NO-BREAK SPACE}₪"
    assert words_of("pt").money(1250) == "12,50"


def test_an_unknown_language_is_english() -> None:
    assert words_of("xx").language == "en"
    assert words_of("pt-BR") is words_of("pt_PT")
