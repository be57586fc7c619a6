"""What a document brought to its customer's purchases: the difference travels with the document's own write."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from v5_cloud.kit.bulk import WriteSet
from v5_cloud.kit.tenant import Scope
from v5_cloud.models import CustomerRow, SegmentDue, ShoppingDay, ShoppingProduct
from v5_core.model import LineKind, SalesDocument

__all__ = ["Purchase", "collect", "mark", "purchase"]

_GOODS: Final = frozenset({LineKind.PRODUCT, LineKind.SERVICE})
_KEYS: Final[dict[type[ShoppingDay | ShoppingProduct], tuple[str, ...]]] = {
    ShoppingDay: ("customer_id", "day", "store"),
    ShoppingProduct: ("customer_id", "product", "family", "day"),
}


@dataclass(frozen=True, slots=True)
class Purchase:
    """A document that counts for a customer, as far as it goes into the sums."""

    customer: str
    day: date
    points: int
    body: SalesDocument
    is_return: bool

    def rows(self) -> Iterator[tuple[type[ShoppingDay | ShoppingProduct], dict[str, Any]]]:
        """Rows of the sums, with what the document adds."""
        sign, sales = (-1, 0) if self.is_return else (1, 1)
        owner = {"customer_id": self.customer, "day": self.day}
        yield ShoppingDay, owner | {"store": self.body.store, "sales": sales, "gross": sign * self.body.gross, "points": self.points}
        seen: set[tuple[str, str]] = set()
        for line in self.body.lines:
            if line.kind in _GOODS:
                name = (line.product, line.family)
                once = 0 if name in seen else sales
                seen.add(name)
                what = {"product": line.product, "family": line.family}
                yield ShoppingProduct, owner | what | {"sales": once, "quantity": sign * line.quantity, "gross": sign * line.gross}


def mark(session: Session, row: CustomerRow, now: datetime) -> None:
    """The record of a customer changed: segments are worked out anew."""
    writes = WriteSet(Scope(row.tenant_id, row.company_id))
    writes.put(SegmentDue, [{"company_id": row.company_id, "customer_id": row.id, "marked_at": now}], "replace")
    writes.flush(session, 0)


def purchase(customer: str | None, day: date, points: int, body: SalesDocument, *, counts: bool, is_return: bool) -> Purchase | None:
    """What a document brought; None when it brought nothing to anybody."""
    return Purchase(customer, day, points, body, is_return) if customer and counts else None


def collect(writes: WriteSet, company: str, before: Purchase | None, now: Purchase | None, due: datetime | None) -> None:
    """Adds the difference that a document makes.

    Args:
        writes: What is written with it.
        company: Whose.
        before: As the document was stored.
        now: As it is now.
        due: When, if the company has segments: the customer is worked out anew.
    """
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for one, sign in ((now, 1), (before, -1)):
        if one is None:
            continue
        for model, row in one.rows():
            keys = _KEYS[model]
            sums = rows.setdefault((model, *(row[name] for name in keys)), {name: row[name] for name in keys})
            for name, value in row.items():
                if name not in keys:
                    sums[name] = sums.get(name, 0) + sign * value
    for model, keys in _KEYS.items():
        moved = [row for (kind, *_), row in rows.items() if kind is model and any(row[name] for name in row if name not in keys)]
        writes.put(model, [{"company_id": company, **row} for row in moved], "add")
    if due is not None:
        customers = {one.customer for one in (now, before) if one is not None}
        writes.put(SegmentDue, [{"company_id": company, "customer_id": one, "marked_at": due} for one in sorted(customers)], "replace")
