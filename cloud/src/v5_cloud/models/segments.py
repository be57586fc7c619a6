"""What customers bought, by day and article, and the segments that follow from it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from v5_cloud.models.base import TenantRow

__all__ = ["SegmentDue", "SegmentMember", "SegmentModel", "SegmentRound", "SegmentRow", "SegmentStep", "ShoppingDay", "ShoppingProduct"]


class ShoppingDay(TenantRow):
    """What a customer's day in a store brought: written with each document, returns taken off, cancelled documents without a trace.

    Attributes:
        sales: Sales, whatever was returned of them later.
    """

    __tablename__ = "shopping_day"

    company_id: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    store: Mapped[str] = mapped_column(primary_key=True)
    sales: Mapped[int] = mapped_column(default=0)
    gross: Mapped[int] = mapped_column(default=0)
    points: Mapped[int] = mapped_column(default=0)


class ShoppingProduct(TenantRow):
    """What a customer's day brought of one article, returns taken off; `quantity` in thousandths."""

    __tablename__ = "shopping_product"

    company_id: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[str] = mapped_column(primary_key=True)
    product: Mapped[str] = mapped_column(primary_key=True)
    family: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    sales: Mapped[int] = mapped_column(default=0)
    quantity: Mapped[int] = mapped_column(default=0)
    gross: Mapped[int] = mapped_column(default=0)


class SegmentRow(TenantRow):
    """A segment of a company's customers.

    Attributes:
        criteria: Who is meant, in text form.
        members: How many there were when it was last worked out for everybody.
        refreshed_on: The company's day of that; None: not yet as it is defined now.
    """

    __tablename__ = "segment"

    company_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(default="")
    criteria: Mapped[str]
    members: Mapped[int] = mapped_column(default=0)
    refreshed_on: Mapped[date | None]
    refreshed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(default="")
    updated_at: Mapped[datetime]


class SegmentMember(TenantRow):
    """Who is in a segment, and since when."""

    __tablename__ = "segment_member"
    __table_args__ = (Index("ix_segment_member_customer", "tenant_id", "customer_id"),)

    company_id: Mapped[str] = mapped_column(primary_key=True)
    segment: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[datetime]


class SegmentDue(TenantRow):
    """A customer of whom something changed that segments may hang on; worked out anew within seconds.

    Whoever works one out takes the row away if `marked_at` is still what it was: what came in between is not forgotten.
    """

    __tablename__ = "segment_due"

    company_id: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[str] = mapped_column(primary_key=True)
    marked_at: Mapped[datetime]


class SegmentModel(TenantRow):
    """How a company bands its customers by recency, frequency and value, and the thresholds as of a day."""

    __tablename__ = "segment_model"

    company_id: Mapped[str] = mapped_column(primary_key=True)
    rfm: Mapped[dict[str, Any]]
    cuts: Mapped[dict[str, Any]]
    cut_on: Mapped[date | None]
    updated_at: Mapped[datetime]


class SegmentRound(TenantRow):
    """How far a company's segments are being worked out for everybody.

    Attributes:
        done: Customers, of `total`.
        told_at: When whoever works on it said so.
        ended_at: None: somebody works on it.
    """

    __tablename__ = "segment_round"

    company_id: Mapped[str] = mapped_column(primary_key=True)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    told_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class SegmentStep(TenantRow):
    """How customers were banded before a change, to step back to.

    Attributes:
        number: Rises with each change.
        body: `rfm` as it was, and `segments` that changed with it: by name, their criteria before and after.
    """

    __tablename__ = "segment_step"

    company_id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[dict[str, Any]]
    changed_at: Mapped[datetime]
    changed_by: Mapped[str] = mapped_column(default="")
