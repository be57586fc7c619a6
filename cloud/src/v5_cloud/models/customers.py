"""Customers, the keys they are known by, cards, products and programmes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from v5_cloud.models.base import TenantRow

__all__ = ["CardRow", "CustomerEvent", "CustomerKey", "CustomerRow", "CustomerSound", "ProductRow", "ProgrammeRow"]


class CustomerRow(TenantRow):
    """A customer of a company.

    Attributes:
        search: Name folded for search: no accents, lower case.
        keys: All of the customer's rows of `customer_key`, so that one read resolves and shows whoever was found.
        card_types: Types of the active cards: which programmes apply.
        rates: Standing discounts of the active cards: [rate, last day or null].
        referred_by: The customer who brought this one.
        shares_with: The customer whose account this one uses (a relative); None is an account of one's own.
        parted: Customers whose account this one used before: [customer, until when], the first one first.
        origin: How the record came to be: till, erp, office, sample.
    """

    __tablename__ = "customer"
    __table_args__ = (
        Index("ix_customer_search", "tenant_id", "company_id", "search"),
        Index(
            "ix_customer_referred",
            "tenant_id",
            "company_id",
            "referred_by",
            postgresql_where=text("referred_by IS NOT NULL"),
            sqlite_where=text("referred_by IS NOT NULL"),
        ),
        Index(
            "ix_customer_shares",
            "tenant_id",
            "shares_with",
            postgresql_where=text("shares_with IS NOT NULL"),
            sqlite_where=text("shares_with IS NOT NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    company_id: Mapped[str]
    name: Mapped[str] = mapped_column(default="")
    search: Mapped[str] = mapped_column(default="")
    phone: Mapped[str | None]
    email: Mapped[str | None]
    tax_number: Mapped[str | None]
    tax_country: Mapped[str] = mapped_column(default="PT")
    birth_date: Mapped[date | None]
    home_store: Mapped[str] = mapped_column(default="")
    remark: Mapped[str] = mapped_column(default="")
    origin: Mapped[str] = mapped_column(default="")
    blocked: Mapped[bool] = mapped_column(default=False)
    inactive: Mapped[bool] = mapped_column(default=False)
    consent_sms: Mapped[bool] = mapped_column(default=False)
    consent_email: Mapped[bool] = mapped_column(default=False)
    consent_post: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    referred_by: Mapped[str | None]
    member_since: Mapped[date | None]
    keys: Mapped[list[Any]] = mapped_column(default=list)
    card_types: Mapped[list[Any]] = mapped_column(default=list)
    rates: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    shares_with: Mapped[str | None]
    parted: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class CustomerKey(TenantRow):
    """One way to find a customer: `card:<number>`, `erp:<source>:<id>`, `phone:<E.164>`, `tax:<country>:<number>`."""

    __tablename__ = "customer_key"

    company_id: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[str]


class CustomerSound(TenantRow):
    """How one word of a customer's name sounds (`v5_core.names`): by it people are found who are written otherwise."""

    __tablename__ = "customer_sound"
    __table_args__ = (Index("ix_customer_sound_customer", "tenant_id", "customer_id"),)

    company_id: Mapped[str] = mapped_column(primary_key=True)
    sound: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[str] = mapped_column(primary_key=True)


class CustomerEvent(TenantRow):
    """Points for something that happened to a customer. Its being there says that they were given: once for each occurrence.

    Attributes:
        occurrence: "" for what happens once, the year for what comes every year, the new customer for who brought them.
        subject: The new customer on whose purchases a referral hangs; "" for anything else.
        entry: The entry in the ledger.
        day: The day on which it happened, as the customer's store counts.
        state: "given", or "taken" back since the purchase was returned.
        checked_at: When the purchases were looked at last.
    """

    __tablename__ = "customer_event"
    __table_args__ = (
        Index("ix_customer_event_entry", "tenant_id", "entry"),
        Index(
            "ix_customer_event_subject",
            "tenant_id",
            "company_id",
            "subject",
            postgresql_where=text("subject <> ''"),
            sqlite_where=text("subject <> ''"),
        ),
    )

    customer_id: Mapped[str] = mapped_column(primary_key=True)
    programme: Mapped[str] = mapped_column(primary_key=True)
    rule: Mapped[str] = mapped_column(primary_key=True)
    occurrence: Mapped[str] = mapped_column(primary_key=True)
    company_id: Mapped[str]
    version: Mapped[int]
    event: Mapped[str]
    title: Mapped[str] = mapped_column(default="")
    subject: Mapped[str] = mapped_column(default="")
    account_id: Mapped[str]
    entry: Mapped[str]
    points: Mapped[int]
    day: Mapped[date]
    state: Mapped[str] = mapped_column(default="given")
    created_at: Mapped[datetime]
    checked_at: Mapped[datetime]


class CardRow(TenantRow):
    """A card; its number is unique within the company."""

    __tablename__ = "card"
    __table_args__ = (Index("ix_card_customer", "tenant_id", "customer_id"),)

    company_id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[str]
    kind: Mapped[str] = mapped_column(default="points")
    card_type: Mapped[str] = mapped_column(default="points")
    active: Mapped[bool] = mapped_column(default=True)
    rate: Mapped[int] = mapped_column(default=0, server_default="0")
    valid_until: Mapped[date | None]
    created_at: Mapped[datetime]


class ProductRow(TenantRow):
    """An article, as the last source told it."""

    __tablename__ = "product"

    company_id: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    source: Mapped[str]
    source_id: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    family: Mapped[str] = mapped_column(default="")
    family_name: Mapped[str] = mapped_column(default="")
    brand: Mapped[str] = mapped_column(default="")
    ean: Mapped[str | None]
    price: Mapped[int] = mapped_column(default=0)
    vat_rate: Mapped[int] = mapped_column(default=0)
    inactive: Mapped[bool] = mapped_column(default=False)
    updated_at: Mapped[datetime]


class ProgrammeRow(TenantRow):
    """One version of a programme. Published versions never change."""

    __tablename__ = "programme"

    company_id: Mapped[str] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    state: Mapped[str]
    body: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    published_by: Mapped[str] = mapped_column(default="")
