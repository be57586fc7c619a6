"""Customers, the keys they are known by, cards, products and programmes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from v5_cloud.models.base import TenantRow

__all__ = ["CardRow", "CustomerKey", "CustomerRow", "ProductRow", "ProgrammeRow"]


class CustomerRow(TenantRow):
    """A customer of a company.

    Attributes:
        search: Name folded for search: no accents, lower case.
        keys: All of the customer's rows of `customer_key`, so that one read resolves and shows whoever was found.
        card_types: Types of the active cards: which programmes apply.
        rates: Standing discounts of the active cards: [rate, last day or null].
        shares_with: The customer whose account this one uses (a relative); None is an account of one's own.
        origin: How the record came to be: till, erp, office, sample.
    """

    __tablename__ = "customer"
    __table_args__ = (Index("ix_customer_search", "tenant_id", "company_id", "search"),)

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
    member_since: Mapped[date | None]
    keys: Mapped[list[Any]] = mapped_column(default=list)
    card_types: Mapped[list[Any]] = mapped_column(default=list)
    rates: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    shares_with: Mapped[str | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class CustomerKey(TenantRow):
    """One way to find a customer: `card:<number>`, `erp:<source>:<id>`, `phone:<E.164>`, `tax:<country>:<number>`."""

    __tablename__ = "customer_key"

    company_id: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[str]


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
