"""Codes that are worth something, and how much of whatever is counted is used up."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from v5_cloud.models.base import TenantRow

__all__ = ["Reservation", "UseCounter", "VoucherRow"]


class VoucherRow(TenantRow):
    """A gift card, wallet, credit note, amount voucher, percentage voucher or coupon; its code is unique within the company.

    Attributes:
        code: Folded: upper case, without spaces and dashes.
        kind: "gift_card", "wallet", "credit_note", "voucher" hold money on `account_id`; "percent" and "coupon" are counted by `uses`.
        type: The `StoredValueType` or voucher rule that it is of.
        offer: The offer that a coupon opens.
        face: What it was worth when it was issued.
        used: Uses by sales; `held` by open reservations.
        excess: Uses beyond what there were: sales that a shop made without asking.
        state: "active", "blocked", "moved" (its balance went to `moved_to`), "cancelled" (what made it was undone).
        document_id: The sale or return that made it.
        run_id: The run that made it.
    """

    __tablename__ = "voucher"
    __table_args__ = (
        Index("ix_voucher_customer", "tenant_id", "customer_id"),
        Index("ix_voucher_list", "tenant_id", "company_id", "created_at", "code"),
        Index("ix_voucher_account", "tenant_id", "account_id"),
        Index(
            "ix_voucher_run", "tenant_id", "run_id", postgresql_where=text("run_id IS NOT NULL"), sqlite_where=text("run_id IS NOT NULL")
        ),
        CheckConstraint("used >= 0 AND held >= 0 AND excess >= 0 AND used + held <= uses", name="uses"),
    )

    company_id: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    programme: Mapped[str] = mapped_column(default="")
    type: Mapped[str] = mapped_column(default="")
    title: Mapped[str] = mapped_column(default="")
    offer: Mapped[str] = mapped_column(default="")
    percent: Mapped[int] = mapped_column(default=0)
    account_id: Mapped[str | None]
    currency: Mapped[str] = mapped_column(default="EUR")
    face: Mapped[int] = mapped_column(default=0)
    uses: Mapped[int] = mapped_column(default=1)
    used: Mapped[int] = mapped_column(default=0)
    held: Mapped[int] = mapped_column(default=0)
    excess: Mapped[int] = mapped_column(default=0)
    customer_id: Mapped[str | None]
    valid_from: Mapped[datetime | None]
    valid_until: Mapped[datetime | None]
    stores: Mapped[list[Any]] = mapped_column(default=list)
    minimum: Mapped[int] = mapped_column(default=0)
    whole: Mapped[bool] = mapped_column(default=False)
    by_code: Mapped[bool] = mapped_column(default=True)
    state: Mapped[str] = mapped_column(default="active")
    reason: Mapped[str] = mapped_column(default="")
    moved_to: Mapped[str] = mapped_column(default="")
    document_id: Mapped[str | None]
    run_id: Mapped[str | None]
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(default="")
    updated_at: Mapped[datetime]


class UseCounter(TenantRow):
    """How much of a limit, a cap of points or an entitlement is used up in one scope and period. No row is zero.

    Attributes:
        scope: "all", "customer:<id>", "store:<code>", "code:<code>", "member:<membership>".
        period: Name of the period ("2026-11"); "" for ever.
        key: What is counted: `limit_key` of the engine, or "entitlement:<programme>/<id>".
        used: By sales; `held` by open reservations. Sales count beyond the limit too: the shop has sold.
    """

    __tablename__ = "use_counter"
    __table_args__ = (CheckConstraint("held >= 0", name="held"),)

    company_id: Mapped[str] = mapped_column(primary_key=True)
    scope: Mapped[str] = mapped_column(primary_key=True)
    period: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    used: Mapped[int] = mapped_column(default=0)
    held: Mapped[int] = mapped_column(default=0)


class Reservation(TenantRow):
    """A hold of more than points: coupons, uses of limited offers and entitlements, stored value. Ends once, in one of three ways.

    Attributes:
        alias: The request that asked for it.
        body: What is reserved: {"codes": [...], "counters": [[scope, period, key, times]], "stored": [[code, hold, amount]], "points": n}.
        document_id: The sale that captured it.
    """

    __tablename__ = "reservation"
    __table_args__ = (
        Index(
            "ix_reservation_open", "tenant_id", "company_id", "store", "expires_at",
            postgresql_where=text("state = 'open'"), sqlite_where=text("state = 'open'"),
        ),
        Index("ix_reservation_alias", "tenant_id", "company_id", "alias"),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(primary_key=True)
    company_id: Mapped[str]
    alias: Mapped[str] = mapped_column(default="")
    store: Mapped[str]
    till: Mapped[str] = mapped_column(default="")
    customer_id: Mapped[str | None]
    state: Mapped[str] = mapped_column(default="open")
    body: Mapped[dict[str, Any]]
    document_id: Mapped[str | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
