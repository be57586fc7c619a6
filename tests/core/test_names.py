"""Names by their sound: whoever is written otherwise, in another order or in the other script, is found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from v5_core.names import alike, sounds, word_sounds, words_of_name


@pytest.mark.feature("PR-17")
@pytest.mark.parametrize(
    "spellings",
    [
        "Sousa Souza Sôuza", "Gonçalves Gonsalves Gonçalvez", "Filipa Philippa Felipa", "Helena Elena Hélène", "Luís Luiz Luis",
        "Teresa Thereza Theresa", "Catarina Katarina Catharina", "Joaquim Joaquin",
        "Brandão Brandon Brandao", "Cristina Christina Kristina",
        "Mateus Matheus", "Isabel Izabel Ysabel", "Xavier Chavier", "Joseph Yosef Josef", "Cohen כהן Kohen", "Levy לוי Levi",
        "Moshe משה Moché", "Avraham אברהם Abraham", "David דוד Davide", "Yitzhak יצחק Itzhak Isaac", "Rachel רחל Raquel",
        "Sara שרה Sarah", "Shlomo שלמה", "Haim חיים Chaim", "Esther אסתר Ester", "Rivka רבקה Rebeca", "Gabriel גבריאל",
        "Yaakov יעקב Jacob", "Michal מיכל", "Weiss וייס Vaiss", "George ג׳ורג׳ Jorge", "Peretz פרץ", "Müller Muller",
    ],
)  # fmt: skip
def test_spellings_of_one_name_sound_alike(spellings: str) -> None:
    first, *others = spellings.split()
    for other in others:
        assert not set(word_sounds(first)).isdisjoint(word_sounds(other)), (first, word_sounds(first), other, word_sounds(other))


@pytest.mark.feature("PR-17")
@pytest.mark.parametrize("names", ["Ana Rui", "Pedro Petra", "Marta Maria", "Carlos Clara", "Silva Saraiva", "כהן לוי", "Costa Castro"])
def test_other_names_do_not(names: str) -> None:
    one, other = names.split()
    assert set(word_sounds(one)).isdisjoint(word_sounds(other))


@pytest.mark.feature("PR-17")
def test_order_and_missing_words_do_not_matter_to_a_person() -> None:
    assert alike("Maria João Sousa", "Souza, Maria")
    assert alike("יוסף כהן", "Cohen Yosef")
    assert not alike("Maria", "Maria Sousa"), "one word says too little"
    assert not alike("Maria Sousa", "Maria Costa")
    assert words_of_name("  D'Ávila,  Zé-Luís 3 ") == ("d'ávila", "zé", "luís")


@given(st.text(max_size=40))
def test_any_text_has_keys_of_capital_letters(text: str) -> None:
    found = sounds(text)
    assert all(key.isascii() and key.isupper() and 0 < len(key) <= 12 for key in found)


def test_the_order_of_words_changes_no_key() -> None:
    assert sounds("Maria João de Sousa") == sounds("Sousa, de João Maria")
