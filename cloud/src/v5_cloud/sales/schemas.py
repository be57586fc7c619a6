"""What sales endpoints show."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict

from v5_core.hooks import Explanation
from v5_core.model import SalesDocument
from v5_core.money import Amount, Points

__all__ = ["DayFigures", "Figures", "SaleItem", "SaleRecord"]


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


class SaleRecord(SaleItem):
    """One document in full, with why it gave what it gave."""

    document: SalesDocument
    explanations: list[Explanation]


class DayFigures(_Shown):
    """One store's day."""

    store: str
    day: date
    sales: int
    gross: Amount
    member_sales: int
    member_gross: Amount
    points: Points


class Figures(_Shown):
    """What the home page shows."""

    days: list[DayFigures]
    customers: int
    liability: Points
    newest: list[SaleItem]
