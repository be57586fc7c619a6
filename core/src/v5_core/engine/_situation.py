"""What criteria may ask: the fields of a sale, its customer and its lines; records are built only when a rule asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from operator import attrgetter, itemgetter
from typing import Any, Final

from v5_core.criteria import FieldType, Predicate
from v5_core.engine._types import CustomerFacts
from v5_core.model import Line, LineKind

__all__ = ["LINE_FIELDS", "SALE_FIELDS", "Situation", "by_line_id"]

_TEXT, _DATE, _BOOL, _SET = FieldType("text"), FieldType("date"), FieldType("bool"), FieldType("set")
_WHOLE, _AMOUNT, _POINTS = FieldType("number"), FieldType("number", 2), FieldType("number", 3)

LINE_FIELDS: Final[Mapping[str, FieldType]] = {
    "product": _TEXT, "description": _TEXT, "family": _TEXT, "brand": _TEXT, "ean": _TEXT, "kind": _TEXT,
    "gross": _AMOUNT, "net": _AMOUNT, "discount": _AMOUNT, "unit_price": _AMOUNT, "vat_rate": _AMOUNT,
    "quantity": _POINTS, "discounted": _BOOL, "tag": _SET,
}  # fmt: skip


class _SaleFields(Mapping[str, FieldType]):
    """The fixed fields, and `customer.<name>` for whatever a tenant keeps of its customers (compared as text)."""

    fixed: Final[dict[str, FieldType]] = {
        "store": _TEXT, "till": _TEXT, "currency": _TEXT, "date": _DATE, "weekday": _WHOLE, "hour": _WHOLE, "minute": _WHOLE,
        "total": _AMOUNT, "quantity": _POINTS, "lines": _WHOLE,
        "member": _BOOL, "segment": _SET, "card_type": _SET, "birth_date": _DATE, "birthday": _BOOL, "days_to_birthday": _WHOLE,
        "member_since": _DATE, "member_days": _WHOLE, "balance": _POINTS,
        "tier": _SET, "club": _SET, "operator": _TEXT, "payment": _SET, "sales": _WHOLE, "age": _WHOLE, "blocked": _BOOL,
    }  # fmt: skip

    def __getitem__(self, name: str) -> FieldType:
        return _TEXT if name.startswith("customer.") else self.fixed[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.fixed)

    def __len__(self) -> int:
        return len(self.fixed)


SALE_FIELDS: Final[Mapping[str, FieldType]] = _SaleFields()


def _days_to_birthday(birth: date, today: date) -> int:
    # Born on 29 February: celebrated on 1 March in other years.
    for year in (today.year, today.year + 1):
        try:
            day = birth.replace(year=year)
        except ValueError:
            day = date(year, 3, 1)
        if day >= today:
            return (day - today).days
    raise AssertionError("a birthday comes every year")  # pragma: no cover


by_line_id: Final = attrgetter("line_id")
"""Odd cents and points fall on lines in this order, so that the order in which lines were typed changes nothing."""

# An attribute of a model is looked up through pydantic's own `__getattr__`; a basket's fields are read from the models' dicts, once.
_DEDUCTION: Final = LineKind.DEDUCTION
_row_id: Final = itemgetter("line_id")
_row_key: Final = itemgetter("product", "family", "brand", "kind", "tags")
LineKey = tuple[str, str, str, LineKind, tuple[str, ...]]


class Situation:
    """A basket or document at a moment, with whoever buys.

    Attributes:
        lines: Goods, in the order of their ids; deductions are not among them.
        ids: Their ids, in `gross` and `net` what they cost, and in `units` their pieces: what is weighed or measured is one piece.
        keys: What of each line decides which rules may touch it, as far as that can be looked up.
        deducted: What deductions take off the total, with VAT and without.
    """

    __slots__ = (
        "_line_records", "_lines", "_record", "_rows", "_vat_rates", "answers", "at", "currency", "deducted", "deducted_net", "facts",
        "given", "gross", "ids", "keys", "local", "net", "operator", "payments", "store", "till", "units",
    )  # fmt: skip

    def __init__(
        self,
        lines: Sequence[Line],
        facts: CustomerFacts | None,
        *,
        at: datetime,
        local: datetime,
        store: str,
        till: str,
        currency: str,
        operator: str = "",
        payments: Sequence[str] = (),
    ) -> None:
        ids: list[str] = []
        keys: list[LineKey] = []
        gross: list[int] = []
        net: list[int] = []
        units: list[int] = []
        self.deducted = self.deducted_net = 0
        rows = [line.__dict__ for line in lines]
        rows.sort(key=_row_id)
        for row in rows:
            key = _row_key(row)
            if key[3] is _DEDUCTION:
                self.deducted += row["gross"]
                self.deducted_net += row["net"]
                continue
            keys.append(key)
            ids.append(row["line_id"])
            gross.append(row["gross"])
            net.append(row["net"])
            quantity = row["quantity"]
            units.append(quantity // 1000 if quantity and not quantity % 1000 else 1)
        self.ids = ids
        self.keys = keys
        self.gross = gross
        self.net = net
        self.units = units
        self.given = lines
        self._rows = rows if len(rows) == len(ids) else [row for row in rows if row["kind"] is not _DEDUCTION]
        self._lines: list[Line] | None = None
        self._vat_rates: list[int] | None = None
        self.facts = facts
        self.at = at
        self.local = local
        self.store = store
        self.till = till
        self.currency = currency
        self.operator = operator
        self.payments = payments
        self._record: dict[str, Any] | None = None
        self.answers: dict[Predicate, bool] = {}
        self._line_records: dict[int, dict[str, Any]] = {}

    def seen_by(self, facts: CustomerFacts) -> Situation:
        """The same basket, bought by somebody else."""
        return Situation(
            self.given, facts, at=self.at, local=self.local, store=self.store, till=self.till, currency=self.currency,
            operator=self.operator, payments=self.payments,
        )  # fmt: skip

    @property
    def lines(self) -> list[Line]:
        """The lines themselves, for what is not asked of every basket."""
        if self._lines is None:
            self._lines = [line for line in sorted(self.given, key=by_line_id) if line.kind is not LineKind.DEDUCTION]
        return self._lines

    @property
    def vat_rates(self) -> list[int]:
        """Of each line, in hundredths of a percent."""
        if self._vat_rates is None:
            self._vat_rates = [row["vat_rate"] for row in self._rows]
        return self._vat_rates

    @property
    def total(self) -> int:
        """At the till's prices, deductions taken off."""
        return sum(self.gross) - self.deducted

    @property
    def record(self) -> dict[str, Any]:
        """The sale and its customer, for `when`."""
        if self._record is None:
            self._record = {
                "store": self.store, "till": self.till, "currency": self.currency, "date": self.local.date(),
                "weekday": self.local.isoweekday(), "hour": self.local.hour, "minute": self.local.hour * 60 + self.local.minute,
                "total": self.total, "quantity": sum([row["quantity"] for row in self._rows]), "lines": len(self.ids),
                "member": self.facts is not None, "operator": self.operator, "payment": frozenset(self.payments), **self._customer(),
            }  # fmt: skip
        return self._record

    def _customer(self) -> dict[str, Any]:
        facts, today = self.facts, self.local.date()
        if facts is None:
            return {}
        record: dict[str, Any] = {f"customer.{name}": str(value) for name, value in facts.attributes.items() if value is not None}
        record |= {
            "segment": facts.segments, "card_type": facts.card_types, "balance": facts.balance_available, "tier": facts.tiers,
            "club": facts.clubs, "sales": facts.sales, "blocked": facts.blocked,
        }  # fmt: skip
        if facts.birth_date is not None:
            days = _days_to_birthday(facts.birth_date, today)
            record |= {"birth_date": facts.birth_date, "days_to_birthday": days, "birthday": days == 0}
            record["age"] = today.year - facts.birth_date.year - ((today.month, today.day) < (facts.birth_date.month, facts.birth_date.day))
        if facts.member_since is not None:
            record |= {"member_since": facts.member_since, "member_days": (today - facts.member_since).days}
        return record

    def holds(self, condition: Predicate) -> bool:
        """Whether a condition on sale and customer holds; rules that share one ask once."""
        known = self.answers.get(condition)
        if known is None:
            known = self.answers[condition] = condition(self.record)
        return known

    def line_record(self, index: int) -> dict[str, Any]:
        """One line, for `where`."""
        record = self._line_records.get(index)
        if record is None:
            line = self.lines[index]
            unit_price = line.gross * 1000 // line.quantity if line.quantity else line.gross
            record = self._line_records[index] = {
                "product": line.product, "description": line.description, "family": line.family, "brand": line.brand, "ean": line.ean,
                "kind": line.kind.value, "gross": line.gross, "net": line.net, "discount": line.discount, "unit_price": unit_price,
                "vat_rate": line.vat_rate, "quantity": line.quantity, "discounted": line.discount > 0, "tag": frozenset(line.tags),
            }  # fmt: skip
        return record
