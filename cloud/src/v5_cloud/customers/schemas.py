"""What customer endpoints show."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict

from v5_core.hooks import Explanation
from v5_core.model import Card
from v5_core.money import Amount, Points

__all__ = ["CustomerItem", "CustomerRecord", "MovementItem"]


class _Shown(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CustomerItem(_Shown):
    """A customer in lists. `available` leaves out what holds reserve."""

    id: str
    name: str
    phone: str | None
    email: str | None
    tax_number: str | None
    cards: list[str]
    available: Points
    blocked: bool
    inactive: bool


class CustomerRecord(_Shown):
    """One customer in full."""

    id: str
    name: str
    phone: str | None
    email: str | None
    tax_number: str | None
    tax_country: str
    birth_date: date | None
    home_store: str
    remark: str
    origin: str
    member_since: date | None
    blocked: bool
    inactive: bool
    consent_sms: bool
    consent_email: bool
    cards: list[Card]
    keys: list[str]
    balance: Points
    available: Points
    held: Points
    earned: Points
    spent: Points
    expiring: Points
    expiring_on: date | None
    created_at: datetime
    updated_at: datetime


class MovementItem(_Shown):
    """One movement of points: what it was, which document, and why it is what it is."""

    id: str
    at: datetime
    operation: str
    points: Points
    programme: str
    rule: str
    store: str
    document: str | None
    number: str | None
    kind: str | None
    gross: Amount | None
    explanations: list[Explanation]
