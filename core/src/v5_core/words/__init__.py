"""What V5 says to people at the till: explanations, messages and receipt lines, in five languages with their own figures.

Each language is one table of messages in a module of its own (`en` is the one to copy); all have the same keys and the same
places for values, which a test makes sure of. A new sentence is a key in each table; a new language is a table and a row of `_FORMS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from v5_core.money import format_scaled
from v5_core.words import en, es, fr, he, pt

__all__ = ["LANGUAGES", "MESSAGES", "REPLACEABLE", "Words", "words_of"]

MESSAGES: Final[dict[str, dict[str, str]]] = {
    "pt": pt.MESSAGES,
    "en": en.MESSAGES,
    "es": es.MESSAGES,
    "fr": fr.MESSAGES,
    "he": he.MESSAGES,
}
LANGUAGES: Final = tuple(MESSAGES)
_SAID: Final = frozenset({
    "will_earn", "would_earn", "would_save", "add_more", "add_units", "within_reach", "fewer_points", "blocked", "card_blocked", "expiring",
    "expiring_one", "manager_told", "stored_short", "nudge_create", "nudge_complete", "nudge_unknown", "similar", "referrer_unknown",
    "redeem_refused", "redeem_daily",
})  # fmt: skip
REPLACEABLE: Final = frozenset(key for key in en.MESSAGES if key in _SAID or key.startswith(("code_", "receipt_")))
"""Messages and receipt lines that a programme may say in its own words; explanations are evidence and stay as they are."""

_HARD_SPACE: Final = "\N{NO-BREAK SPACE}"
_SYMBOLS: Final = {"EUR": "€", "GBP": "£", "USD": "$", "ILS": "₪", "BRL": "R$"}


@dataclass(frozen=True, slots=True)
class _Form:
    """How a language writes figures (Unicode's CLDR), without needing its library in a store."""

    point: str
    group: str
    # Portuguese and Spanish leave four digits together: 1234, but 12 345.
    grouped_from: int
    percent: str
    day: str = "%d/%m/%Y"
    symbol_first: bool = False
    singular_below: int = 0


_FORMS: Final = {
    "pt": _Form(",", _HARD_SPACE, 10_000, "%"),
    "en": _Form(".", ",", 1_000, "%", symbol_first=True),
    "es": _Form(",", ".", 10_000, f"{_HARD_SPACE}%"),
    "fr": _Form(",", _HARD_SPACE, 1_000, f"{_HARD_SPACE}%", singular_below=2_000),
    "he": _Form(".", ",", 1_000, "%", day="%d.%m.%Y"),
}


class Words:
    """One language, and the currency that its amounts are in.

    Args:
        language: A key of `MESSAGES`.
        currency: ISO code; empty: amounts stand without a symbol, as on a receipt whose currency is clear.
    """

    def __init__(self, language: str, currency: str = "") -> None:
        self.language = language
        self.currency = currency
        self._messages = MESSAGES[language]
        self._form = form = _FORMS[language]
        symbol = _SYMBOLS.get(currency, currency)
        first = form.symbol_first and symbol
        self.before = symbol + (_HARD_SPACE if symbol == currency else "") if first else ""
        after = f"{_HARD_SPACE}{symbol}" if symbol and not first else ""
        # ",00 €" to ",99 €": most of what a quote says is money.
        self.cents = tuple([f"{form.point}{cents:02d}{after}" for cents in range(100)])
        self.grouped_from = form.grouped_from * 100
        self._rates: dict[int, str] = {}

    def replaced(self, messages: Mapping[str, str]) -> Words:
        """The same language with other words for some messages."""
        other = Words(self.language, self.currency)
        other._messages = {**self._messages, **messages}
        return other

    def say(self, message: str, **values: object) -> str:
        """A message with its values."""
        return self._messages[message].format_map(values)

    def number(self, text: str) -> str:
        """A decimal string ("-12450.5") as people of this language write it."""
        sign, text = ("-", text[1:]) if text.startswith("-") else ("", text)
        whole, _, rest = text.partition(".")
        if int(whole) >= self._form.grouped_from:
            whole = f"{int(whole):,}".replace(",", self._form.group)
        return f"{sign}{whole}{self._form.point}{rest}" if rest else sign + whole

    def money(self, amount: int) -> str:
        """Minor units with two decimals and the currency."""
        if 0 <= amount < self.grouped_from:
            return f"{self.before}{amount // 100}{self.cents[amount % 100]}"
        sign, amount = ("-", -amount) if amount < 0 else ("", amount)
        return f"{sign}{self.before}{self.number(str(amount // 100))}{self.cents[amount % 100]}"

    def figure(self, points: int) -> str:
        """Thousandths (points or a quantity) as a bare number."""
        return self.number(format_scaled(points, 3, trim=True))

    def points(self, points: int) -> str:
        """Points with their noun: "1 point", "1,250 points"."""
        return self._messages["point" if self._alone(points) else "points"].format(points=self.figure(points))

    def expiring(self, points: int, day: date) -> str:
        """When points expire."""
        return self.say("expiring_one" if self._alone(points) else "expiring", points=self.points(points), day=self.day(day))

    def _alone(self, points: int) -> bool:
        return abs(points) == 1000 or abs(points) < self._form.singular_below

    def rate(self, rate: int) -> str:
        """A rate in hundredths of a percent (there are few, and each is said often)."""
        text = self._rates.get(rate)
        if text is None:
            text = self._rates[rate] = self.number(format_scaled(rate, 2, trim=True)) + self._form.percent
        return text

    def day(self, day: date) -> str:
        """A day in figures."""
        return day.strftime(self._form.day)


_MADE: Final[dict[tuple[str, str], Words]] = {}


def words_of(language: str, currency: str = "") -> Words:
    """The words of a language ("pt", "pt-PT"); English when there are none."""
    code = language[:2].lower()
    key = (code if code in MESSAGES else "en", currency)
    found = _MADE.get(key)
    if found is None:
        found = _MADE[key] = Words(*key)
    return found
