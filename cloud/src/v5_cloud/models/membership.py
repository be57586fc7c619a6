"""Where customers stand: tiers, clubs, what each day brought; and what was done to many of them at once."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from v5_cloud.models.base import TenantRow

__all__ = ["AdjustmentRow", "CustomerDay", "MembershipRow", "RunRow", "StandingRow"]


class CustomerDay(TenantRow):
    """What one day brought of one customer, returns taken off: what tiers and vouchers by visits are measured by.

    Kept from the first sale on that falls under a programme which measures; what came before is added up from the documents then.
    """

    __tablename__ = "customer_day"

    company_id: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    gross: Mapped[int] = mapped_column(default=0)
    points: Mapped[int] = mapped_column(default=0)
    sales: Mapped[int] = mapped_column(default=0)


class StandingRow(TenantRow):
    """A customer's levels as last worked out. Its being there says that the customer's days are complete.

    Attributes:
        tiers: By programme: [tier, measure, last day or null, next tier, missing].
        changes_on: First day on which a level is lost if nothing more is bought.
    """

    __tablename__ = "customer_standing"
    __table_args__ = (Index("ix_customer_standing_changes", "tenant_id", "company_id", "changes_on"),)

    customer_id: Mapped[str] = mapped_column(primary_key=True)
    company_id: Mapped[str]
    tiers: Mapped[dict[str, Any]]
    changes_on: Mapped[date | None]
    updated_at: Mapped[datetime]


class MembershipRow(TenantRow):
    """A customer's membership of a club: the record of `v5_core.membership`, one for each customer and club.

    Attributes:
        ends_on: Last day, breaks counted in, as of the last change; for lists.
    """

    __tablename__ = "membership"
    __table_args__ = (
        Index("ix_membership_ends", "tenant_id", "company_id", "ends_on"),
        Index("ix_membership_club", "tenant_id", "company_id", "club", "customer_id"),
    )

    customer_id: Mapped[str] = mapped_column(primary_key=True)
    programme: Mapped[str] = mapped_column(primary_key=True)
    club: Mapped[str] = mapped_column(primary_key=True)
    company_id: Mapped[str]
    id: Mapped[str]
    card: Mapped[str] = mapped_column(default="")
    since: Mapped[date]
    starts: Mapped[date]
    until: Mapped[date | None]
    left_on: Mapped[date | None]
    breaks: Mapped[list[Any]] = mapped_column(default=list)
    renewals: Mapped[list[Any]] = mapped_column(default=list)
    ends_on: Mapped[date | None]
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class RunRow(TenantRow):
    """Something done to many customers at once: previewed, then confirmed, and taken back if need be.

    Attributes:
        kind: "vouchers" (turnover), "adjustment" or "reset".
        state: "preview", "scheduled" for its day, "running", "done", "reversing", "reversed".
        asked: What was asked for, and how many customers are done (`begun`).
        found: The preview: [customer, amount measured, visits, what it gives] for each.
    """

    __tablename__ = "run"
    __table_args__ = (Index("ix_run_list", "tenant_id", "company_id", "created_at", "id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    company_id: Mapped[str]
    kind: Mapped[str]
    state: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")
    asked: Mapped[dict[str, Any]]
    found: Mapped[list[Any]]
    customers: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(default="")
    done_at: Mapped[datetime | None]
    done_by: Mapped[str] = mapped_column(default="")
    reversed_at: Mapped[datetime | None]
    reversed_by: Mapped[str] = mapped_column(default="")


class AdjustmentRow(TenantRow):
    """Points added or taken by hand, with the reason. `id` is the entry in the ledger."""

    __tablename__ = "adjustment"
    __table_args__ = (
        Index("ix_adjustment_customer", "tenant_id", "customer_id", "created_at"),
        Index("ix_adjustment_run", "tenant_id", "run_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    company_id: Mapped[str]
    customer_id: Mapped[str]
    account_id: Mapped[str]
    kind: Mapped[str]
    points: Mapped[int]
    reason: Mapped[str]
    run_id: Mapped[str | None]
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(default="")
    reversed_at: Mapped[datetime | None]
    reversed_by: Mapped[str] = mapped_column(default="")
