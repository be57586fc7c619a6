"""Sales documents and what proves that each counts once."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from v5_cloud.models.base import TenantRow

__all__ = ["DocumentKey", "DocumentRevision", "DocumentRow", "EventRow", "Idempotency", "PendingRef", "ReturnLink", "StoreDay"]


class DocumentRow(TenantRow):
    """A sale or a return, merged from all who told of it.

    Attributes:
        number: As printed, or the source's id: what people search for.
        origins: Ways it came in, sorted, joined by commas ("erp,print").
        keys: All keys it is known by (rows of `document_key`).
        body: The merged document.
        parts: Revision of the last report of each source; merged in an order that does not depend on arrival.
        links: What a return points at: reference as on paper, and the original once it is known.
        settlement: What the engine decided; returns are computed from it for ever.
        extras: What else it did, beside points: codes and limits used, stored value that paid, vouchers it made.
        answer: The stored reply to whoever sends the same again.
        state: settled, waiting (a return whose original is not known yet), merged (it was another document all along).
        has_returns: Some return points here: its family is loaded with it.
    """

    __tablename__ = "sales_document"
    __table_args__ = (
        Index("ix_sales_document_list", "tenant_id", "company_id", "issued_at", "id"),
        Index("ix_sales_document_customer", "tenant_id", "customer_id", "issued_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    company_id: Mapped[str]
    store: Mapped[str]
    till: Mapped[str] = mapped_column(default="")
    number: Mapped[str]
    document_type: Mapped[str] = mapped_column(default="")
    kind: Mapped[str]
    status: Mapped[str]
    state: Mapped[str] = mapped_column(default="settled")
    issued_at: Mapped[datetime]
    business_day: Mapped[date]
    currency: Mapped[str]
    gross: Mapped[int]
    net: Mapped[int]
    customer_id: Mapped[str | None]
    account_id: Mapped[str | None]
    origins: Mapped[str]
    points_earned: Mapped[int] = mapped_column(default=0)
    points_spent: Mapped[int] = mapped_column(default=0)
    revision: Mapped[str]
    has_returns: Mapped[bool] = mapped_column(default=False)
    merged_into: Mapped[str | None]
    keys: Mapped[list[Any]]
    body: Mapped[dict[str, Any]]
    parts: Mapped[dict[str, Any]]
    links: Mapped[list[Any]]
    settlement: Mapped[dict[str, Any]]
    extras: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    answer: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class DocumentKey(TenantRow):
    """A key of a document; unique for ever within the company. `number:` keys are a last resort for references on paper."""

    __tablename__ = "document_key"

    company_id: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    document_id: Mapped[str]


class DocumentRevision(TenantRow):
    """What was told, when, by whom; only ever added to."""

    __tablename__ = "document_revision"

    document_id: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[str] = mapped_column(primary_key=True)
    company_id: Mapped[str]
    source: Mapped[str]
    origin: Mapped[str]
    received_at: Mapped[datetime]
    body: Mapped[dict[str, Any]]


class ReturnLink(TenantRow):
    """A return points at `ref`, as its paper says; `original_id` once that document is known."""

    __tablename__ = "return_link"
    __table_args__ = (
        Index("ix_return_link_ref", "tenant_id", "company_id", "ref"),
        Index("ix_return_link_original", "tenant_id", "original_id"),
    )

    return_id: Mapped[str] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(primary_key=True)
    company_id: Mapped[str]
    original_id: Mapped[str | None]


class PendingRef(TenantRow):
    """A document whose card or ERP customer nobody knows yet; settled again when that record arrives."""

    __tablename__ = "pending_ref"

    company_id: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    document_id: Mapped[str] = mapped_column(primary_key=True)


class EventRow(TenantRow):
    """Every event that was ever accepted: the same one again is a duplicate, for ever."""

    __tablename__ = "event"

    event_id: Mapped[str] = mapped_column(primary_key=True)
    company_id: Mapped[str]
    agent_id: Mapped[str]
    type: Mapped[str]
    received_at: Mapped[datetime]


class Idempotency(TenantRow):
    """The stored answer to a request id; another body under the same id is a conflict."""

    __tablename__ = "idempotency"

    company_id: Mapped[str] = mapped_column(primary_key=True)
    operation: Mapped[str] = mapped_column(primary_key=True)
    request_id: Mapped[str] = mapped_column(primary_key=True)
    body_hash: Mapped[str]
    answer: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


class StoreDay(TenantRow):
    """Sums of a store's day for charts, spread over slots so that tills do not queue for one row."""

    __tablename__ = "store_day"

    company_id: Mapped[str] = mapped_column(primary_key=True)
    store: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    slot: Mapped[int] = mapped_column(primary_key=True)
    sales: Mapped[int] = mapped_column(default=0)
    gross: Mapped[int] = mapped_column(default=0)
    member_sales: Mapped[int] = mapped_column(default=0)
    member_gross: Mapped[int] = mapped_column(default=0)
    points: Mapped[int] = mapped_column(default=0)
