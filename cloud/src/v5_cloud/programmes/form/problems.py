"""What is wrong with a draft, in words of the page's language and at the field where it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from v5_cloud.kit.gettext import N_
from v5_core.errors import FieldError

__all__ = ["at_fields", "said"]

_TYPES: Final = {
    "missing": N_("This is needed."),
    "string_pattern_mismatch": N_("This has characters that cannot be used here."),
    "string_too_short": N_("This is needed."),
    "string_too_long": N_("This is too long."),
    "too_short": N_("At least one is needed."),
    "too_long": N_("These are too many."),
    "int_parsing": N_("A whole number is expected."),
    "int_type": N_("A whole number is expected."),
    "greater_than": N_("This must be more."),
    "greater_than_equal": N_("This must be more."),
    "less_than": N_("This is too much."),
    "less_than_equal": N_("This is too much."),
    "literal_error": N_("Choose one of the list."),
    "enum": N_("Choose one of the list."),
    "date_from_datetime_parsing": N_("A date is expected."),
    "date_parsing": N_("A date is expected."),
    "datetime_from_date_parsing": N_("A day and an hour are expected."),
    "datetime_parsing": N_("A day and an hour are expected."),
}
# What the model says in English, with what it names; the engine speaks the page's language itself.
_SENTENCES: Final = tuple(
    (re.compile(pattern), message)
    for pattern, message in (
        (r"a decimal string is expected|the number is out of range", N_("A number is expected.")),
        (r"at most (?P<count>\d+) decimals are allowed", N_("At most %(count)s decimals.")),
        (r"ids must be unique within the programme: (?P<names>.*)", N_("This short name is taken: %(names)s")),
        (
            r"voucher '(?P<one>[^']*)' names offer '(?P<other>[^']*)', which is no offer with coupon",
            N_("The voucher “%(one)s” names the offer “%(other)s”: there is none of that name that needs a coupon."),
        ),
        (
            r"offer '(?P<one>[^']*)' needs entitlement '(?P<other>[^']*)', which no club",
            N_("The offer “%(one)s” uses up “%(other)s”, which no club gives."),
        ),
        (r"the thresholds of the tiers must rise", N_("Each level must begin higher than the one before it.")),
        (r"a price list needs prices or a percentage", N_("Give prices, or a percentage for all.")),
        (r"a bundle needs exactly one of price", N_("Give a price, a percentage or an amount: one of the three.")),
        (r"the cheapest units need a percentage or an amount", N_("Give a percentage or an amount: one of the two.")),
        (r"a coupon names its offer", N_("A coupon needs its offer, and only a coupon does.")),
        (r"each step needs percent", N_("Each step needs a percentage.")),
        (r"each step needs", N_("Each step needs an amount or a percentage.")),
        (r"units are of_same or of_different, not both", N_("Units are alike or different, not both.")),
        (r"version (?P<last>\d+) is published", N_("Version %(last)s is published already: this one needs a higher number.")),
        (r"(?P<currency>[A-Z]{3}) is expected, the company's currency", N_("The company's currency is %(currency)s.")),
    )
)


def said(error: FieldError, say: Callable[[str], str]) -> str:
    """One error in words."""
    if error.code in _TYPES:
        return say(_TYPES[error.code])
    for pattern, message in _SENTENCES:
        found = pattern.search(error.message)
        if found:
            return say(message) % found.groupdict() if found.groupdict() else say(message)
    return error.message


def at_fields(errors: Iterable[FieldError], place: str, say: Callable[[str], str]) -> tuple[Mapping[str, str], list[str]]:
    """What is wrong with the rule at `place` (`offers.2`), by path in its form; and what is wrong with it as a whole."""
    fields: dict[str, str] = {}
    whole: list[str] = []
    for error in errors:
        inner = error.field.removeprefix(place).removeprefix(".") if place else error.field
        if place and not (error.field == place or error.field.startswith(f"{place}.")):
            continue
        if inner:
            fields.setdefault(f"f.{inner}", said(error, say))
        else:
            whole.append(said(error, say))
    return fields, whole
