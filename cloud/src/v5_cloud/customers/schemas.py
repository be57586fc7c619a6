"""What customer endpoints and pages show, and what may be changed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from v5_core.hooks import Explanation
from v5_core.model import Card, Text
from v5_core.money import Amount, Points

__all__ = [
    "CardItem",
    "CustomerChange",
    "CustomerItem",
    "CustomerRecord",
    "Lapse",
    "MovementExplanation",
    "MovementItem",
    "MovementPart",
    "MovementRecord",
    "Shopping",
]


class _Shown(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Shopping(_Shown):
    """What a customer bought so far; returns are taken off, cancelled documents do not count."""

    visits: int = 0
    gross: Amount = 0
    last: datetime | None = None

    @property
    def average(self) -> int:
        """Of a visit."""
        return self.gross // self.visits if self.visits else 0


class CustomerItem(_Shown):
    """A customer in lists. `available` leaves out what holds reserve; `cards` are the valid ones."""

    id: str
    name: str
    phone: str | None
    email: str | None
    tax_number: str | None
    cards: list[str]
    available: Points
    blocked: bool
    inactive: bool
    shopping: Shopping


class CardItem(Card):
    """A card, and since when."""

    created_at: datetime


class Lapse(_Shown):
    """Points that lapse at the end of a day, as the shops count days."""

    on: date
    points: Points


class CustomerRecord(_Shown):
    """One customer in full; `revision` is the ETag without its quotes."""

    id: str
    company: str
    revision: str
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
    consent_post: bool
    referred_by: str | None
    cards: list[CardItem]
    keys: list[str]
    balance: Points
    available: Points
    held: Points
    earned: Points
    spent: Points
    expiring: Points
    expiring_on: date | None
    lapsing: list[Lapse]
    shopping: Shopping
    created_at: datetime
    updated_at: datetime


class CustomerChange(_Shown):
    """What to change; what is left out stays, null clears. Cards, tax number and ERP numbers come from their own sources.

    Who is `blocked` neither earns nor spends, and is written to no more.
    """

    name: Text = ""
    phone: Annotated[str, Field(max_length=40)] | None = None
    email: Annotated[str, Field(max_length=254)] | None = None
    birth_date: date | None = None
    remark: Text = ""
    consent_sms: bool = False
    consent_email: bool = False
    consent_post: bool = False
    blocked: bool = False


class MovementPart(_Shown):
    """What one rule moved."""

    programme: str
    rule: str
    points: Points


class MovementItem(_Shown):
    """One movement of points: what it was, which document, what each rule did, the balance afterwards, and why it is what it is."""

    id: str
    at: datetime
    operation: str
    points: Points
    balance: Points
    parts: list[MovementPart]
    store: str
    document: str | None
    number: str | None
    kind: str | None
    gross: Amount | None
    currency: str | None
    explanations: list[Explanation]


class MovementExplanation(_Shown):
    """Why a movement is what it is, in one language.

    Attributes:
        language: That was asked for; empty: as it is stored, in the language of the store.
        complete: All sentences are in that language; a text written by hand stays as it is.
    """

    movement: str
    points: Points
    language: str
    complete: bool
    explanations: list[Explanation]


class Drawn(_Shown):
    """Points that a spend took out of an earlier earning."""

    points: Points
    earned_at: datetime
    expires_at: datetime | None


class MovementRecord(MovementItem):
    """One movement in full: what a spend drew from, until when earned points are good."""

    drawn: list[Drawn]
    good_until: datetime | None
