"""A stored explanation in another language: `retell(text, "he", currency="EUR")`.

Explanations are written in the language of the store when the sale is settled. Working the sale out again in another language would not do:
what its customer was on that day (segments, balance, what caps had seen) is not kept, and the figures would not always be those that were
posted. So the sentence itself is taken apart by the table of messages that made it, and said again from another table. Figures cannot
change: what was taken apart is first said again in its own language, and must come out as it was, letter by letter. A sentence that does
not (a text that was cut, a table that changed) stays as it is stored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final

from v5_core.money import parse_scaled
from v5_core.words import LANGUAGES, MESSAGES, Words, words_of

__all__ = ["retell"]

# Sentences around a sentence; the outermost first.
_AROUND: Final = ("for_points", "line_by_line", "capped", "boosted")
_OPEN: Final = "{base} = {result}"  # the discount of an offer is its sentence and this
_SENTENCES: Final = (
    "earned_amount", "earned_quantity", "earned_sale", "redeemed", "taken", "given", "not_matched", "offer_per_unit", "offer_price",
    "offer_price_list", "offer_bundle", "offer_units", "offer_cheapest", "offer_gift", "offer_amount", "event_welcome", "event_birthday",
    "event_anniversary", "event_profile", "event_referral", "event_referred", "event_taken", "offer",
)  # fmt: skip
_POINTS, _MONEY, _FIGURE, _RATE, _TEXT, _BASE, _LIMIT, _BOOSTS = "points", "money", "figure", "rate", "text", "base", "limit", "boosts"
_KINDS: Final[Mapping[str, str]] = {
    "points": _POINTS, "amount": _MONEY, "result": _MONEY, "base": _BASE, "limit": _LIMIT, "rate": _RATE, "count": _FIGURE,
    "times": _FIGURE, "quantity": _FIGURE, "years": _FIGURE, "boosts": _BOOSTS, "title": _TEXT, "rule": _TEXT, "product": _TEXT,
    "text": _TEXT,
}  # fmt: skip
# A name that means something else in some sentences.
_APART: Final[Mapping[tuple[str, str], str]] = {
    ("earned_amount", "each"): _POINTS, ("earned_amount", "per"): _MONEY, ("earned_quantity", "each"): _POINTS,
    ("earned_quantity", "per"): _FIGURE, ("offer_per_unit", "each"): _MONEY, ("offer_amount", "each"): _MONEY,
    ("offer_price", "each"): _MONEY,
}  # fmt: skip
_PLACE: Final = re.compile(r"\{(\w+)\}")
Say = Callable[[Words], str]


def retell(text: str, language: str, *, source: str = "", currency: str = "") -> str | None:
    """The same sentence in another language.

    Args:
        text: As it was stored.
        language: "pt", "en", "es", "fr" or "he".
        source: The language it is probably in; the others are tried too.
        currency: Of its amounts.

    Returns:
        The sentence; None when it cannot be taken apart without a doubt.
    """
    target = words_of(language, currency)
    for one in dict.fromkeys((source[:2], *LANGUAGES)):
        if one in LANGUAGES:
            say = _read(text, one, currency)
            if say is not None:
                return say(target)
    return None


def _read(text: str, language: str, currency: str) -> Say | None:
    grammar = _grammar(language, currency)
    for key in _AROUND:
        found = grammar.match(key, text)
        inner = _read(str(found["text"]), language, currency) if found is not None else None
        if found is not None and inner is not None:
            rest = {name: value for name, value in found.items() if name != "text"}
            return _checked(text, grammar, _wrapped(key, rest, inner))
    for key in _SENTENCES:
        found = grammar.match(key, text)
        if found is not None and (say := _checked(text, grammar, _plain(key, found))) is not None:
            return say
    return None


def _checked(text: str, grammar: _Grammar, say: Say) -> Say | None:
    return say if say(grammar.words) == text else None


def _plain(key: str, found: Mapping[str, object]) -> Say:
    return lambda words: _said(key, words, {name: _value(value, words) for name, value in found.items()})


def _wrapped(key: str, found: Mapping[str, object], inner: Say) -> Say:
    return lambda words: words.say(key, text=inner(words), **{name: _value(value, words) for name, value in found.items()})


def _said(key: str, words: Words, values: Mapping[str, str]) -> str:
    if key != "offer":
        return words.say(key, **values)
    return words.say(key, title=values["title"], rate=values["rate"]) + _OPEN.format(base=values["base"], result=values["result"])


def _value(value: object, words: Words) -> str:
    if isinstance(value, str):
        return value
    kind, number = value if isinstance(value, tuple) else ("", value)
    if kind == _POINTS:
        return words.points(number)
    if kind == _MONEY:
        return words.money(number)
    if kind == "net":
        return words.say("on_net", base=words.money(number))
    if kind == _FIGURE:
        return words.figure(number)
    if kind == _RATE:
        return words.rate(number)
    return ", ".join(f"{title} × {words.rate(rate)}" for title, rate in number)


class _Grammar:
    """How one language writes, turned round."""

    def __init__(self, words: Words) -> None:
        self.words = words
        self._messages = MESSAGES[words.language]
        sample = words.number("1234567.5")
        self._point = sample[-2]
        self._group = sample[1]
        number = rf"-?\d[\d{re.escape(self._group)}]*(?:{re.escape(self._point)}\d+)?"
        around = re.split(r"\d.*\d", words.money(123))
        money = rf"-?{re.escape(around[0])}{number}{re.escape(around[1])}"
        rate = number + re.escape(words.rate(100)[1:])
        points = "|".join(self._part(key, "points", number) for key in ("point", "points"))
        self._patterns = {
            _FIGURE: number,
            _MONEY: money,
            _RATE: rate,
            _POINTS: f"(?:{points})",
            _BASE: f"(?:{self._part('on_net', 'base', money)}|{money})",
            _LIMIT: f"(?:{money}|{points})",
            _BOOSTS: rf".+ × {rate}",
            _TEXT: r"[\s\S]*",
        }
        self._boost = re.compile(rf"(.*?) × ({rate})(?:, |$)")
        self._number = re.compile(number)
        self._made: dict[str, re.Pattern[str]] = {}

    def _part(self, key: str, place: str, pattern: str) -> str:
        before, found, after = self._messages[key].partition(f"{{{place}}}")
        return re.escape(before) + (pattern if found else "") + re.escape(after)

    def match(self, key: str, text: str) -> dict[str, object] | None:
        """The values of a message's places, if the text is that message."""
        found = self._pattern(key).fullmatch(text)
        if found is None:
            return None
        try:
            return {name: self._parsed(_kind(key, name), said) for name, said in found.groupdict().items()}
        except ValueError:
            return None

    def _pattern(self, key: str) -> re.Pattern[str]:
        made = self._made.get(key)
        if made is None:
            template = self._messages[key] + (_OPEN if key == "offer" else "")
            parts, last, seen = [], 0, set[str]()
            for place in _PLACE.finditer(template):
                name = place[1]
                parts.append(re.escape(template[last : place.start()]))
                parts.append(f"(?P={name})" if name in seen else f"(?P<{name}>{self._patterns[_kind(key, name)]})")
                seen.add(name)
                last = place.end()
            made = self._made[key] = re.compile("".join(parts) + re.escape(template[last:]))
        return made

    def _parsed(self, kind: str, said: str) -> object:
        if kind == _TEXT:
            return said
        if kind == _BOOSTS:
            return kind, tuple((title, self._scaled(rate, 2)) for title, rate in self._boost.findall(said))
        if kind == _BASE:
            plain = re.fullmatch(self._patterns[_MONEY], said)
            return (_MONEY if plain else "net"), self._scaled(said, 2)
        if kind == _LIMIT:
            money = re.fullmatch(self._patterns[_MONEY], said) is not None
            kind = _MONEY if money else _POINTS
        if kind == _POINTS and self._number.search(said) is None:
            return kind, 1000  # a word, and no figure: Hebrew's one point
        return kind, self._scaled(said, 2 if kind in (_MONEY, _RATE) else 3)

    def _scaled(self, said: str, decimals: int) -> int:
        found = self._number.search(said)
        if found is None:
            raise ValueError("no number")
        sign = -1 if said.startswith("-") and not found[0].startswith("-") else 1
        return sign * parse_scaled(found[0].replace(self._group, "").replace(self._point, "."), decimals)


def _kind(key: str, name: str) -> str:
    return _APART.get((key, name)) or _KINDS[name]


@lru_cache(maxsize=64)
def _grammar(language: str, currency: str) -> _Grammar:
    return _Grammar(words_of(language, currency))
