"""A customer with the aggregates that answer criteria, and the record that `compile_memory` reads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from v5_core.criteria import read_period
from v5_core.days import anniversary
from v5_core.segments._fields import FAVOURITES, FREQUENCIES, FREQUENCY_DAYS, HABIT_MONTHS
from v5_core.segments._rfm import Cuts

__all__ = ["Bought", "Day", "Shopper", "record_of"]

_OWN: Final = (
    "name", "email", "phone", "tax_number", "home_store", "origin", "remark", "birth_date", "member_since", "consent_sms",
    "consent_email", "consent_post", "referred", "blocked", "inactive", "balance", "card_type", "tier", "club", "segment",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Day:
    """What a day in a store brought; returns are taken off `gross` and `points`, cancelled documents left no trace."""

    day: date
    store: str
    sales: int
    gross: int
    points: int = 0


@dataclass(frozen=True, slots=True)
class Bought:
    """What a day brought of one article: `sales` in which it was, `quantity` in thousandths and `gross` with returns taken off."""

    day: date
    product: str
    family: str
    sales: int
    quantity: int
    gross: int


@dataclass(frozen=True, slots=True)
class Shopper:
    """All that criteria may ask of a customer. Days and articles need to reach back as far as the criteria do, and no further."""

    customer: str
    name: str = ""
    email: str | None = None
    phone: str | None = None
    tax_number: str | None = None
    home_store: str = ""
    origin: str = ""
    remark: str = ""
    birth_date: date | None = None
    member_since: date | None = None
    consent_sms: bool = False
    consent_email: bool = False
    consent_post: bool = False
    referred: bool = False
    blocked: bool = False
    inactive: bool = False
    balance: int = 0
    card_type: frozenset[str] = frozenset()
    tier: frozenset[str] = frozenset()
    club: frozenset[str] = frozenset()
    segment: frozenset[str] = frozenset()
    days: tuple[Day, ...] = ()
    products: tuple[Bought, ...] = field(default=())


class _Record(Mapping[str, Any]):
    """Answers are worked out when they are asked for."""

    def __init__(self, shopper: Shopper, today: date, cuts: Cuts | None) -> None:
        self.shopper = shopper
        self.today = today
        self.cuts = cuts
        self._visits = [one for one in shopper.days if one.sales > 0]

    def __getitem__(self, name: str) -> Any:
        if name in _OWN:
            return getattr(self.shopper, name)
        return _ANSWERS[name](self)

    def __iter__(self) -> Iterator[str]:
        yield from _OWN
        yield from _ANSWERS

    def __len__(self) -> int:
        return len(_OWN) + len(_ANSWERS)

    def days(self, period: str = "", store: str | None = None) -> Iterator[Day]:
        first, last = read_period(period)(self.today) if period else (date.min, date.max)
        return (one for one in self.shopper.days if first <= one.day <= last and store in (None, one.store))

    def products(self, period: str = "") -> Iterator[Bought]:
        first, last = read_period(period)(self.today) if period else (date.min, date.max)
        return (one for one in self.shopper.products if first <= one.day <= last)

    def sales(self, period: str = "") -> int:
        return sum(one.sales for one in self.days(period))

    def spend(self, period: str = "") -> int:
        return sum(one.gross for one in self.days(period))

    def visits(self, period: str = "", store: str | None = None) -> int:
        return sum(one.sales > 0 for one in self.days(period, store))

    def product(self, code: str, period: str, measure: str) -> int:
        return sum(getattr(one, measure) for one in self.products(period) if one.product == code)

    def family(self, code: str, period: str, measure: str) -> int:
        return sum(getattr(one, measure) for one in self.products(period) if one.family == code)

    # ── answers ───────────────────────────────────────────────────────────────────────────────────────────────────────────
    def days_to_birthday(self) -> int | None:
        born = self.shopper.birth_date
        if born is None:
            return None
        days = (anniversary(born, year) for year in (self.today.year, self.today.year + 1))
        return next((day - self.today).days for day in days if day >= self.today)

    def age(self) -> int | None:
        born, today = self.shopper.birth_date, self.today
        return None if born is None else today.year - born.year - ((today.month, today.day) < (born.month, born.day))

    def last_sale(self) -> date | None:
        return max((one.day for one in self._visits), default=None)

    def days_since_sale(self) -> int | None:
        last = self.last_sale()
        return None if last is None else (self.today - last).days

    def average_sale(self) -> int | None:
        sales, spent = self.sales(), self.spend()
        if not sales:
            return None
        # As databases divide: towards zero.
        return spent // sales if spent >= 0 else -(-spent // sales)

    def preferred_store(self) -> str | None:
        stores: dict[str, list[Any]] = {}
        for one in self.days(HABIT_MONTHS):
            if one.sales > 0:
                sums = stores.setdefault(one.store, [0, date.min])
                sums[0] += one.sales
                sums[1] = max(sums[1], one.day)
        order = sorted(stores, key=lambda store: (-stores[store][0], -stores[store][1].toordinal(), store))
        return order[0] if order else None

    def frequency(self) -> str:
        visits = self.visits(FREQUENCY_DAYS)
        return next((name for least, name in FREQUENCIES if visits >= least), "never")

    def favourites(self, name: str) -> frozenset[str]:
        times: dict[str, int] = defaultdict(int)
        for one in self.products(HABIT_MONTHS):
            times[getattr(one, name)] += one.sales
        found = {code: count for code, count in times.items() if code and count > 0}
        return frozenset(code for code, count in found.items() if sum(other > count for other in found.values()) < FAVOURITES)

    def band(self, measure: str) -> int | None:
        if self.cuts is None:
            return None
        period = str(self.cuts.days)
        sales = self.sales(period)
        if sales <= 0:
            return 0
        if measure == "recency":
            last = max(one.day for one in self.days(period) if one.sales > 0)
            days = (self.today - last).days
            return 1 + sum(days <= one for one in self.cuts.recency)
        if measure == "frequency":
            return 1 + sum(sales >= one for one in self.cuts.frequency)
        spent = self.spend(period)
        return 1 + sum(spent >= one for one in self.cuts.value)


def _incomplete(record: _Record) -> bool:
    one = record.shopper
    return not (one.name and one.phone and one.email and one.birth_date)


def _since(day: date | None, today: date) -> int | None:
    return None if day is None else (today - day).days


def _of(measure: str, family: bool, *, positive: bool = False) -> Callable[[_Record], Callable[..., int | bool]]:  # noqa: FBT001
    def bind(record: _Record) -> Callable[..., int | bool]:
        def ask(code: str, period: str = "") -> int | bool:
            found = record.family(code, period, measure) if family else record.product(code, period, measure)
            return found > 0 if positive else found

        return ask

    return bind


_ANSWERS: Final[dict[str, Callable[[_Record], Any]]] = {
    "birthday": lambda one: None if one.shopper.birth_date is None else one.days_to_birthday() == 0,
    "days_to_birthday": _Record.days_to_birthday,
    "age": _Record.age,
    "member_days": lambda one: _since(one.shopper.member_since, one.today),
    "incomplete": _incomplete,
    "first_sale": lambda one: min((day.day for day in one._visits), default=None),  # noqa: SLF001
    "last_sale": _Record.last_sale,
    "days_since_sale": _Record.days_since_sale,
    "average_sale": _Record.average_sale,
    "sales": lambda one: one.sales,
    "visits": lambda one: one.visits,
    "spend": lambda one: one.spend,
    "earned": lambda one: lambda period="": sum(day.points for day in one.days(period)),
    "bought": lambda one: lambda period="": one.sales(period) > 0,
    "store_spend": lambda one: lambda store, period="": sum(day.gross for day in one.days(period, store)),
    "store_visits": lambda one: lambda store, period="": one.visits(period, store),
    "bought_product": _of("quantity", family=False, positive=True),
    "product_spend": _of("gross", family=False),
    "product_quantity": _of("quantity", family=False),
    "bought_family": _of("quantity", family=True, positive=True),
    "family_spend": _of("gross", family=True),
    "family_quantity": _of("quantity", family=True),
    "preferred_store": _Record.preferred_store,
    "frequency": _Record.frequency,
    "favourite_product": lambda one: one.favourites("product"),
    "favourite_family": lambda one: one.favourites("family"),
    "r": lambda one: one.band("recency"),
    "f": lambda one: one.band("frequency"),
    "v": lambda one: one.band("value"),
}


def record_of(shopper: Shopper, today: date, cuts: Cuts | None = None) -> Mapping[str, Any]:
    """What criteria over `CUSTOMER_FIELDS` read.

    Args:
        shopper: Who, with the purchases.
        today: As the company counts days.
        cuts: Thresholds of the bands; without them r, f and v are unknown.
    """
    return _Record(shopper, today, cuts)
