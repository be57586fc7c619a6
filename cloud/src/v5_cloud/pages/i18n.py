"""Language of a page: which one, its catalogue, its direction."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

from babel import Locale, negotiate_locale
from babel.support import NullTranslations, Translations

from v5_cloud.frontend.build import LOCALE

__all__ = ["COOKIE", "DEFAULT", "LANGUAGES", "Language", "choose", "language"]

COOKIE: Final = "v5_lang"
DEFAULT: Final = "pt"


@dataclass(frozen=True, slots=True)
class Language:
    """A language of the back office.

    Attributes:
        code: As in the address, the cookie and the catalogue's folder.
        locale: For the formats of numbers, dates and money.
        name: In the language itself.
        ltr: Written from left to right.
    """

    code: str
    locale: Locale
    name: str
    ltr: bool = True

    @property
    def direction(self) -> str:
        """For the `dir` attribute."""
        return "ltr" if self.ltr else "rtl"

    @property
    def tag(self) -> str:
        """For the `lang` attribute: BCP 47."""
        return str(self.locale).replace("_", "-")

    @property
    def catalogue(self) -> NullTranslations:
        """Messages in this language; English are the message ids themselves."""
        return _catalogue(self.code)


_KNOWN: Final = {
    one.code: one
    for one in (
        Language("pt", Locale("pt", "PT"), "Português"),
        Language("en", Locale("en", "GB"), "English"),
        Language("es", Locale("es", "ES"), "Español"),
        Language("fr", Locale("fr", "FR"), "Français"),
        Language("he", Locale("he", "IL"), "עברית", ltr=False),
    )
}


@cache
def _catalogue(code: str) -> NullTranslations:
    return Translations.load(str(LOCALE), [code])


def _offered() -> dict[str, Language]:
    # English needs no catalogue; any other language is offered as soon as its catalogue is there.
    return {code: one for code, one in _KNOWN.items() if code == "en" or (LOCALE / code / "LC_MESSAGES" / "messages.po").is_file()}


LANGUAGES: Final = _offered()


def language(code: str | None) -> Language | None:
    """The language of that code, if it is offered."""
    return LANGUAGES.get(code or "")


def choose(cookie: str | None, preferred: str | None, accept: str) -> Language:
    """What the person switched to; else what their record says; else what the browser asks for; else Portuguese."""
    found = language(cookie) or language(preferred)
    if found:
        return found
    wanted = [part.split(";")[0].strip().replace("-", "_") for part in accept.split(",") if part.strip()]
    code = negotiate_locale(wanted, list(LANGUAGES), sep="_")
    return LANGUAGES[code or DEFAULT]
