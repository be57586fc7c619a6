"""How names sound: people are found who are written otherwise, in another order, in part, or in the other script.

Kept libraries for this know English only, or are under the GPL and at rest; none joins Hebrew with Latin letters. So: a small key of
our own. Each word becomes its consonants, by classes on which Portuguese, Spanish, French, English and Hebrew spellings agree (Sousa and
Souza are SS; Cohen and כהן are KN; Filipa and Philippa are FLP); vowels only count at the beginning, as A. A letter that is read in
two ways (ch, g before e, ו, ש) gives two keys; two words sound alike when they share one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from itertools import product
from typing import Final

__all__ = ["alike", "sounds", "word_sounds", "words_of_name"]

_MOST: Final = 8
_LONGEST: Final = 12
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’׳][^\W\d_]*)*")
_HEBREW: Final = re.compile("[\u05d0-\u05ea]")
# Longest first: (letters, what they may sound like). "" is nothing, A a vowel that counts at the beginning only.
_LATIN: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("sch", ("X",)), ("tch", ("X",)), ("chr", ("KR",)), ("chl", ("KL",)),
    ("ch", ("X", "K")), ("sh", ("X",)), ("ph", ("F",)), ("th", ("T",)), ("kh", ("K",)), ("gh", ("K",)), ("ck", ("K",)), ("qu", ("K",)),
    ("ts", ("S",)), ("tz", ("S",)), ("lh", ("L",)), ("nh", ("N",)), ("gn", ("N",)), ("rh", ("R",)),
    ("ce", ("S",)), ("ci", ("S",)), ("cy", ("S",)), ("ge", ("J", "K")), ("gi", ("J", "K")),
    ("b", ("B",)), ("v", ("B",)), ("w", ("B",)), ("p", ("P",)), ("f", ("F",)), ("s", ("S",)), ("z", ("S",)), ("x", ("X", "S")),
    ("c", ("K",)), ("k", ("K",)), ("q", ("K",)), ("g", ("K",)), ("j", ("J",)), ("d", ("D",)), ("t", ("T",)), ("l", ("L",)), ("m", ("M",)),
    ("n", ("N",)), ("r", ("R",)), ("h", ("",)), ("~", ("", "N")),
    ("y", ("A",)), ("a", ("A",)), ("e", ("A",)), ("i", ("A",)), ("o", ("A",)), ("u", ("A",)),
)  # fmt: skip
# At the beginning a J is a Y to many (Joseph, Yosef), and ch a mere breath (Chaim, Haim).
_FIRST: Final[dict[str, tuple[str, ...]]] = {"j": ("J", "A"), "ch": ("X", "K", "A")}
_HEBREW_SOUNDS: Final[dict[str, tuple[str, ...]]] = {
    "א": ("A",), "ב": ("B",), "ג": ("K",), "ד": ("D",), "ה": ("A",), "ו": ("A", "B"), "ז": ("S",), "ח": ("A", "K"), "ט": ("T",),
    "י": ("A",), "כ": ("K",), "ך": ("K",), "ל": ("L",), "מ": ("M",), "ם": ("N",), "נ": ("N",), "ן": ("N",), "ס": ("S",), "ע": ("A",),
    "פ": ("P", "F"), "ף": ("F",), "צ": ("S",), "ץ": ("S",), "ק": ("K",), "ר": ("R",), "ש": ("X", "S"), "ת": ("T",),
}  # fmt: skip
_WITH_GERESH: Final = {"ג": ("J",), "ז": ("J",), "צ": ("X",), "ץ": ("X",), "ת": ("T",)}
_LETTERS: Final = str.maketrans(
    {"ç": "ss", "ñ": "n", "ß": "ss", "æ": "e", "œ": "e", "ø": "o", "ł": "l", "đ": "d", "ı": "i", "ã": "a~", "õ": "o~"}
)


def words_of_name(name: str) -> tuple[str, ...]:
    """The words of a name, in lower case; each once, in their order."""
    return tuple(dict.fromkeys(_WORD.findall(unicodedata.normalize("NFC", name.casefold()))))


def _plain(word: str) -> str:
    bare = unicodedata.normalize("NFKD", unicodedata.normalize("NFC", word).translate(_LETTERS))
    return "".join(one for one in bare if not unicodedata.combining(one)).replace("’", "'").replace("׳", "'")


def word_sounds(word: str) -> tuple[str, ...]:
    """The keys of one word, sorted; none for what has no letters of ours."""
    plain = _plain(word.casefold())
    parts = _hebrew(plain) if _HEBREW.search(plain) else _latin(plain)
    if not parts:
        return ()
    found: set[str] = set()
    for number, chosen in enumerate(product(*parts)):
        if number >= _MOST:
            break
        key = _key(chosen)
        if key:
            found.add(key)
    return tuple(sorted(found))


def sounds(name: str) -> frozenset[str]:
    """The keys of all words of a name: what is kept to find it."""
    return frozenset(key for word in words_of_name(name) for key in word_sounds(word))


def alike(one: str, other: str) -> bool:
    """Whether two names may be one person's: every word of the shorter one sounds like a word of the longer; two words at least."""
    mine, theirs = sorted(([set(word_sounds(word)) for word in words_of_name(name)] for name in (one, other)), key=len)
    return len(mine) >= 2 and all(_any(keys, theirs) for keys in mine)


def _any(keys: set[str], others: Iterable[set[str]]) -> bool:
    return any(not keys.isdisjoint(other) for other in others)


def _key(chosen: Iterable[str]) -> str:
    joined = "".join(chosen)
    first, rest = joined[:1], joined[1:].replace("A", "")
    # Whatever nasal a word ends in: Joaquim, Joaquin; and before another consonant: Sampaio, Sanpaio.
    whole = re.sub(r"M(?=[BPFSXKJDTLNR]|$)", "N", first + rest) if rest else first
    return whole[:_LONGEST]


def _latin(word: str) -> list[tuple[str, ...]]:
    parts: list[tuple[str, ...]] = []
    text = re.sub(r"(.)\1+", r"\1", word.replace("'", ""))
    at = 0
    while at < len(text):
        for letters, said in _LATIN:
            if text.startswith(letters, at):
                # "ce" is one sound, and the vowel after it is one of its own.
                at += 1 if letters in ("ce", "ci", "cy", "ge", "gi") else len(letters)
                parts.append(said if parts else _FIRST.get(letters, said))
                break
        else:
            at += 1
    return parts


def _hebrew(word: str) -> list[tuple[str, ...]]:
    parts: list[tuple[str, ...]] = []
    text = word.replace("וו", "ב").replace("יי", "י")
    for at, letter in enumerate(text):
        if text[at + 1 : at + 2] == "'" and letter in _WITH_GERESH:
            parts.append(_WITH_GERESH[letter])
        elif letter == "ו" and not parts:
            parts.append(("B",))
        elif letter in _HEBREW_SOUNDS:
            parts.append(_HEBREW_SOUNDS[letter])
    return parts
