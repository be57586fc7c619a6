"""Segments where only some of a customer's facts are at hand: the record, sums of an earlier day, and what was bought since.

A store's copy carries for each customer the sums that the segments' criteria ask for (`measured`), not every purchase. With what its own
tills sold since, most criteria can be decided here; one that cannot (articles, bands, a period whose beginning has moved on) says None,
and the names of the copy stand.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from typing import Any, Final

from v5_core.criteria import Criterion, Predicate, compile_memory, operands, parse, read_period
from v5_core.segments._fields import SEGMENT_FIELDS
from v5_core.segments._record import Day, Shopper, record_of

__all__ = ["Known", "asked_sums", "decide", "fingerprint", "measured"]

_OWN: Final = frozenset({
    "name", "email", "phone", "tax_number", "home_store", "remark", "birth_date", "member_since", "blocked", "inactive", "balance",
    "card_type", "tier", "club", "incomplete", "birthday", "days_to_birthday", "age", "member_days",
})  # fmt: skip
_ADDED: Final = frozenset({"sales", "spend", "earned", "store_spend", "bought"})
_VISITED: Final = frozenset({"visits", "store_visits"})
_LAST: Final = frozenset({"last_sale", "days_since_sale"})
LAST: Final = "last"
"""Under this name `measured` gives the day of the last sale, as an ordinal; 0 is none."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a customer's purchases.

    Attributes:
        on: The day that `sums` are of; None: there are none.
        sums: By `_name`, and `LAST`; what is zero may be left out.
        since: Days with purchases that the sums do not hold yet.
    """

    on: date | None = None
    sums: Mapping[str, int] = field(default_factory=dict)
    since: Sequence[Day] = ()


def _name(what: str, args: Sequence[object]) -> str:
    return "|".join(("sales" if what == "bought" else what, *(str(one) for one in args)))


@lru_cache(maxsize=500)
def _read(criteria: str) -> tuple[Criterion, Predicate, tuple[tuple[str, tuple[str, ...]], ...]]:
    criterion = parse(criteria, SEGMENT_FIELDS)
    leaves = tuple((leaf.field, tuple(str(one) for one in leaf.args)) for leaf in operands(criterion))
    return criterion, compile_memory(criterion, SEGMENT_FIELDS), leaves


def asked_sums(criteria: Iterable[str]) -> list[tuple[str, tuple[str, ...]]]:
    """Fields with their arguments whose sums must be known beside the record."""
    summed = _ADDED | _VISITED
    return sorted({("sales" if what == "bought" else what, args) for one in criteria for what, args in _read(one)[2] if what in summed})


def fingerprint(criteria: Iterable[str]) -> str:
    """Tells sums for these criteria from sums for others."""
    return hashlib.sha256("\n".join(_name(*one) for one in asked_sums(criteria)).encode()).hexdigest()[:8]


def measured(criteria: Iterable[str], days: Sequence[Day], today: date) -> dict[str, int]:
    """A customer's sums for these criteria; what is zero is left out."""
    record = record_of(Shopper("", days=tuple(days)), today)
    found = {_name(what, args): int(record[what](*args)) for what, args in asked_sums(criteria)}
    last = record["last_sale"]
    found[LAST] = last.toordinal() if last is not None else 0
    return {name: value for name, value in found.items() if value}


class _Record(Mapping[str, Any]):
    """The record with what was bought since, on top of the sums of an earlier day."""

    def __init__(self, shopper: Shopper, known: Known, today: date) -> None:
        self._base = record_of(replace(shopper, days=tuple(known.since)), today)
        self._known, self._today = known, today

    def __getitem__(self, name: str) -> Any:
        if name == "bought":
            return lambda *args: self._sum("sales", args) > 0
        if name in _ADDED | _VISITED:
            return lambda *args: self._sum(name, args)
        if name in _LAST:
            last = self._last()
            return last if name == "last_sale" or last is None else (self._today - last).days
        return self._base[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._base)

    def __len__(self) -> int:
        return len(self._base)

    def _sum(self, name: str, args: tuple[str, ...]) -> int:
        fresh: Callable[..., int] = self._base[name]
        return self._known.sums.get(_name(name, args), 0) + fresh(*args)

    def _last(self) -> date | None:
        before, since = self._known.sums.get(LAST, 0), self._base["last_sale"]
        days = [one for one in (date.fromordinal(before) if before else None, since) if one is not None]
        return max(days, default=None)


def decide(criteria: str, shopper: Shopper, known: Known, today: date) -> bool | None:
    """Whether a customer is in a segment today; None where that cannot be known here.

    Raises:
        CriteriaError: Criteria that cannot be read: of a newer service.
    """
    _, holds, leaves = _read(criteria)
    if not all(what in _OWN or _knows(what, args, known, today) for what, args in leaves):
        return None
    return holds(_Record(shopper, known, today))


def _knows(what: str, args: tuple[str, ...], known: Known, today: date) -> bool:
    if known.on is None or what not in _ADDED | _VISITED | _LAST:
        return False
    if what in _VISITED and any(one.day.toordinal() <= known.sums.get(LAST, 0) for one in known.since):
        return False  # perhaps the same visit: which stores it was in is not carried
    period = args[-1] if args and not (what.startswith("store_") and len(args) == 1) else ""
    # The sums of an earlier day are those of today while the period begins where it began.
    return not period or known.on == today or read_period(period)(known.on)[0] == read_period(period)(today)[0]
