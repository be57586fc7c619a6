"""Segments that shops ask for most, as small forms that write the criteria."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from v5_cloud.kit.gettext import N_
from v5_core.criteria import Between, Compare, In, to_text
from v5_core.segments import CLASSIC

__all__ = ["READY", "Ask", "Ready"]

Given = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Ask:
    """One field of such a form.

    Attributes:
        kind: number, amount, month, text, choice or checks.
        options: (value, title) of a choice.
        suggested: List of what may be named.
    """

    name: str
    title: str
    kind: str = "number"
    default: str = ""
    options: tuple[tuple[str, str], ...] = ()
    suggested: str = ""


@dataclass(frozen=True, slots=True)
class Ready:
    """A ready-made kind of segment.

    Attributes:
        write: The criteria of what was given; "" while something is missing.
    """

    title: str
    help: str
    symbol: str
    write: Callable[[Given], str]
    asks: tuple[Ask, ...] = field(default=())


def _one(given: Given, name: str) -> str:
    return given[name][-1].strip() if given.get(name) else ""


def _number(given: Given, name: str) -> str:
    text = _one(given, name).replace(",", ".").replace(" ", "")
    return text if text.replace(".", "", 1).isdigit() else ""


def _is(name: str, values: Sequence[str], args: tuple[str, ...] = ()) -> str:
    chosen = tuple(one for one in values if one)
    if not chosen:
        return ""
    leaf = In(field=name, args=args, values=chosen) if len(chosen) > 1 else Compare(field=name, args=args, op="=", value=chosen[0])
    return to_text(leaf)


def _span(name: str, low: str, high: str, args: tuple[str, ...] = ()) -> str:
    if low and high:
        return to_text(Between(field=name, args=args, low=low, high=high))
    if low:
        return to_text(Compare(field=name, args=args, op=">=", value=low))
    return to_text(Compare(field=name, args=args, op="<=", value=high)) if high else ""


def _all(*parts: str) -> str:
    return " and ".join(part for part in parts if part)


def _bands(given: Given) -> str:
    return _all(*(_span(one, _number(given, f"{one}_low"), _number(given, f"{one}_high")) for one in "rfv"))


def _months(given: Given) -> str:
    bought, missed = _one(given, "bought"), _one(given, "missed")
    return f"bought('{bought}') and not bought('{missed}')" if bought and missed else ""


def _favourite(given: Given) -> str:
    return _all(_is("favourite_product", [_one(given, "product")]), _is("favourite_family", [_one(given, "family")]))


def _birthday(given: Given) -> str:
    month, days = _one(given, "month"), _number(given, "days")
    return f"month(birth_date) = {int(month)}" if month.isdigit() else _span("days_to_birthday", "", days)


def _named(name: str) -> Callable[[Given], str]:
    return lambda _: CLASSIC[name][1]


_BANDS: Final = tuple(("", "–") if number == 0 else (str(number), str(number)) for number in range(6))
_PERIODS: Final = (
    ("30", N_("the last 30 days")), ("90", N_("the last 90 days")), ("365", N_("the last 365 days")), ("this month", N_("this month")),
    ("last month", N_("last month")), ("this year", N_("this year")), ("last year", N_("last year")), ("", N_("ever")),
)  # fmt: skip
_OFTEN: Final = (
    ("weekly", N_("every week")),
    ("fortnightly", N_("every two weeks")),
    ("monthly", N_("every month")),
    ("rarely", N_("rarely")),
    ("never", N_("never")),
)
_MISSING: Final = (("name", N_("Name")), ("phone", N_("Phone")), ("email", N_("E-mail")), ("tax_number", N_("Tax number")))


def _missing(given: Given) -> str:
    chosen = [one for one in given.get("missing", ()) if one in dict(_MISSING)]
    return " or ".join(f"{one} = ''" for one in chosen) or "incomplete"


def _habit(given: Given) -> str:
    return _is("frequency", [one for one in given.get("often", ()) if one in dict(_OFTEN)])


def _spend(given: Given) -> str:
    period = _one(given, "period")
    return _span("spend", _number(given, "low"), _number(given, "high"), (period,) if period in dict(_PERIODS) and period else ())


_BAND_ASKS: Final = (
    Ask("r_low", N_("Recency from"), "choice", "", _BANDS),
    Ask("r_high", N_("Recency to"), "choice", "", _BANDS),
    Ask("f_low", N_("Frequency from"), "choice", "", _BANDS),
    Ask("f_high", N_("Frequency to"), "choice", "", _BANDS),
    Ask("v_low", N_("Value from"), "choice", "", _BANDS),
    Ask("v_high", N_("Value to"), "choice", "", _BANDS),
)
READY: Final[Mapping[str, Ready]] = {
    "champions": Ready(N_("Champions"), N_("Bought lately, often and for much."), "trophy", _named("champions")),
    "at-risk": Ready(N_("At risk"), N_("Used to come often, and have not come for long."), "triangle-alert", _named("at-risk")),
    "newcomers": Ready(N_("Newcomers"), N_("Bought once, in the last 30 days."), "user-round", _named("newcomers")),
    "bands": Ready(
        N_("By bands of recency, frequency and value"),
        N_("1 is the lowest band, 5 the best."),
        "grid-3x3",
        _bands,
        _BAND_ASKS,
    ),
    "frequency": Ready(
        N_("By how often they come"),
        N_("Visits of the last twelve weeks."),
        "calendar",
        _habit,
        (Ask("often", N_("They come"), "checks", "weekly", _OFTEN),),
    ),
    "spend": Ready(
        N_("By what they spent"),
        N_("In a period that you choose."),
        "banknote",
        _spend,
        (Ask("low", N_("From"), "amount", "100"), Ask("high", N_("To"), "amount"), Ask("period", N_("In"), "choice", "90", _PERIODS)),
    ),
    "months": Ready(
        N_("Bought in one month and not in another"),
        N_("To win back whoever stayed away."),
        "history",
        _months,
        (Ask("bought", N_("Bought in"), "month"), Ask("missed", N_("Not in"), "month")),
    ),
    "quiet": Ready(
        N_("Not seen for long"),
        N_("So many days since the last purchase."),
        "clock",
        lambda given: _span("days_since_sale", _number(given, "days"), ""),
        (Ask("days", N_("Days"), "number", "90"),),
    ),
    "favourite": Ready(
        N_("By favourite article"),
        N_("Among the three that they buy most often."),
        "sparkles",
        _favourite,
        (Ask("product", N_("Article"), "text", suggested="products"), Ask("family", N_("Family"), "text", suggested="families")),
    ),
    "store": Ready(
        N_("By store"),
        N_("Where they buy most, or where they joined."),
        "store",
        lambda given: _all(_is("preferred_store", [_one(given, "preferred")]), _is("home_store", [_one(given, "home")])),
        (Ask("preferred", N_("Buys most in"), "text", suggested="stores"), Ask("home", N_("Home branch"), "text", suggested="stores")),
    ),
    "age": Ready(
        N_("By age"),
        N_("Of whom the date of birth is known."),
        "id-card",
        lambda given: _span("age", _number(given, "low"), _number(given, "high")),
        (Ask("low", N_("From"), "number", "18"), Ask("high", N_("To"), "number", "30")),
    ),
    "birthday": Ready(
        N_("By birthday"),
        N_("In the next days, or in a month."),
        "cake",
        _birthday,
        (Ask("days", N_("In the next days"), "number", "7"), Ask("month", N_("Or in the month"), "number")),
    ),
    "incomplete": Ready(
        N_("With an incomplete record"),
        N_("To be completed at the next visit."),
        "circle-alert",
        _missing,
        (Ask("missing", N_("Missing is"), "checks", "", _MISSING),),
    ),
}
