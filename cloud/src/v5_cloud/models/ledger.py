"""The double-entry ledger: one table for each record of `v5_core.ledger`. Postings and allocations are only ever added."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from v5_cloud.models.base import TenantRow

__all__ = ["AccountRow", "AllocationRow", "AuditRow", "HoldRow", "Installation", "LotRow", "PostingRow"]


class AccountRow(TenantRow):
    """A customer's points, or what is on a stored value. `balance` and `held` are caches that the ledger check rebuilds.

    Attributes:
        customer_id: "" for a stored value: whose it is stands in `voucher`.
        kind: "points", or for a stored value its own id.
        unit: "points", or the currency.
        version: Guards every update, and counts outcomes.
        replica: Grows with every change a till should know of; stores ask for what is newer than they have.
    """

    __tablename__ = "account"
    __table_args__ = (
        UniqueConstraint("tenant_id", "customer_id", "kind"),
        Index("ix_account_replica", "tenant_id", "company_id", "replica"),
        CheckConstraint("held >= 0", name="held"),
        CheckConstraint("earned >= 0 AND spent >= 0", name="totals"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    company_id: Mapped[str]
    customer_id: Mapped[str]
    kind: Mapped[str] = mapped_column(default="points")
    unit: Mapped[str] = mapped_column(default="points", server_default="points")
    balance: Mapped[int] = mapped_column(default=0)
    held: Mapped[int] = mapped_column(default=0)
    earned: Mapped[int] = mapped_column(default=0)
    spent: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=0)
    sequence: Mapped[int] = mapped_column(default=0)
    expiring: Mapped[int] = mapped_column(default=0)
    expiring_on: Mapped[date | None]
    replica: Mapped[int] = mapped_column(default=0)
    updated_at: Mapped[datetime]


def _lots(name: str, where: str, *columns: str) -> Index:
    return Index(name, "tenant_id", *columns, postgresql_where=text(where), sqlite_where=text(where))


class LotRow(TenantRow):
    """Points that came together and lapse together."""

    __tablename__ = "lot"
    __table_args__ = (
        # The order of drawing, of either policy; what cannot be spent yet; what is always loaded; what an expiry run looks for.
        _lots("ix_lot_open", "remaining <> 0", "account_id", "expires_at", "earned_at", "lot_id"),
        _lots("ix_lot_age", "remaining <> 0", "account_id", "earned_at", "lot_id"),
        _lots("ix_lot_pending", "remaining <> 0 AND usable_from IS NOT NULL", "account_id", "usable_from"),
        _lots("ix_lot_tied", "remaining < 0 OR held > 0", "account_id"),
        _lots("ix_lot_due", "remaining <> 0", "expires_at"),
        Index("ix_lot_entry", "tenant_id", "entry"),
        CheckConstraint("held >= 0 AND (held = 0 OR held <= remaining)", name="held"),
    )

    account_id: Mapped[str] = mapped_column(primary_key=True)
    lot_id: Mapped[str] = mapped_column(primary_key=True)
    company_id: Mapped[str]
    entry: Mapped[str]
    programme: Mapped[str]
    rule: Mapped[str]
    points: Mapped[int]
    remaining: Mapped[int]
    held: Mapped[int] = mapped_column(default=0)
    expired: Mapped[int] = mapped_column(default=0)
    debt: Mapped[str | None]
    earned_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    usable_from: Mapped[datetime | None]
    sequence: Mapped[int] = mapped_column(default=0)


class PostingRow(TenantRow):
    """One half of a movement. `account` is the card account or a counter; `owner` is always the card account.

    The company's liability is the sum of the counters, per store and day: there is no shared row to queue for.
    """

    __tablename__ = "posting"
    __table_args__ = (
        Index("ix_posting_owner", "tenant_id", "owner", "at"),
        Index("ix_posting_entry", "tenant_id", "entry"),
        CheckConstraint("points <> 0", name="points"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    company_id: Mapped[str]
    account: Mapped[str]
    owner: Mapped[str]
    document_id: Mapped[str | None]
    entry: Mapped[str]
    operation: Mapped[str]
    points: Mapped[int]
    unit: Mapped[str] = mapped_column(default="points", server_default="points")
    programme: Mapped[str] = mapped_column(default="")
    rule: Mapped[str] = mapped_column(default="")
    store: Mapped[str] = mapped_column(default="")
    day: Mapped[date]
    at: Mapped[datetime]
    written_at: Mapped[datetime]


class AllocationRow(TenantRow):
    """Which lot an entry drew from, so that a return gives it back to that lot."""

    __tablename__ = "allocation"
    __table_args__ = (
        Index("ix_allocation_entry", "tenant_id", "entry"),
        Index("ix_allocation_origin", "tenant_id", "origin"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    company_id: Mapped[str]
    account_id: Mapped[str]
    entry: Mapped[str]
    origin: Mapped[str]
    operation: Mapped[str]
    lot_id: Mapped[str]
    points: Mapped[int]
    programme: Mapped[str] = mapped_column(default="")
    rule: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime]


class HoldRow(TenantRow):
    """Points reserved for a payment. `alias` is the name an offline till gave it."""

    __tablename__ = "hold"
    __table_args__ = (
        Index("ix_hold_open", "tenant_id", "account_id", postgresql_where=text("state = 'open'"), sqlite_where=text("state = 'open'")),
        Index("ix_hold_alias", "tenant_id", "company_id", "alias"),
        CheckConstraint("points > 0 AND captured >= 0 AND captured <= points", name="points"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    company_id: Mapped[str]
    account_id: Mapped[str]
    alias: Mapped[str] = mapped_column(default="")
    points: Mapped[int]
    captured: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(default="open")
    entry: Mapped[str] = mapped_column(default="")
    parts: Mapped[str] = mapped_column(default="[]")
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class AuditRow(TenantRow):
    """Who did what to which thing; only ever added to. Holds no secret and no more of a person than an id."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_subject", "tenant_id", "subject", "at"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str]
    detail: Mapped[str] = mapped_column(default="")


class Installation(TenantRow):
    """Facts of this database itself (tenant "*"): which restore it is in, so that replica counters never go back."""

    __tablename__ = "installation"

    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[int]
