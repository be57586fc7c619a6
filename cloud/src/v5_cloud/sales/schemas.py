"""What sales endpoints and pages show, and what a list is narrowed to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from pydantic import BaseModel, ConfigDict

from v5_core.hooks import Explanation
from v5_core.model import SalesDocument
from v5_core.money import Amount, Points

__all__ = ["Linked", "Moved", "Report", "SaleFilter", "SaleItem", "SaleRecord"]


@dataclass(frozen=True, slots=True)
class SaleFilter:
    """What the list is narrowed to; empty means all.

    Attributes:
        text: Part of the document's number, or of the customer's name.
        kind: sale, return or cancelled.
        customer: A customer's id.
        identified: With a customer, or without.
    """

    text: str = ""
    store: str = ""
    kind: str = ""
    origin: str = ""
    customer: str = ""
    identified: bool | None = None
    first: date | None = None
    last: date | None = None

    @property
    def is_empty(self) -> bool:
        """Nothing is narrowed."""
        return self == SaleFilter()


class _Shown(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SaleItem(_Shown):
    """A document in lists. Points are negative where a return took them back."""

    id: str
    number: str
    document_type: str
    kind: str
    status: str
    state: str
    store: str
    till: str
    issued_at: datetime
    currency: str
    gross: Amount
    net: Amount
    customer: str | None
    customer_name: str | None
    points_earned: Points
    points_spent: Points
    origins: list[str]


class Report(_Shown):
    """One report of a document: who told of it, which way it came, when."""

    source: str
    origin: str
    received_at: datetime


class Moved(_Shown):
    """What a document did to its customer's points, by operation."""

    operation: str
    points: Points


class Linked(_Shown):
    """A document at the other end of a return; `id` and `number` are empty until it is known."""

    reference: str
    id: str | None
    number: str | None
    issued_at: datetime | None = None
    gross: Amount | None = None
    currency: str | None = None


class SaleRecord(SaleItem):
    """One document in full: why it gave what it gave, each way it came in, and what it is linked to."""

    customer_phone: str | None
    document: SalesDocument
    explanations: list[Explanation]
    moved: list[Moved]
    reports: list[Report]
    originals: list[Linked]
    returns: list[Linked]
