"""What was asked of external gift-card systems, so that nothing stays open there whatever happens here."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from v5_cloud.models.base import TenantRow

__all__ = ["ExternalCardAct"]


class ExternalCardAct(TenantRow):
    """One act at an external system, written before it is asked for. Its id is the key under which the other system knows it.

    Attributes:
        kind: "reserve" for a hold, or "refund" of what a return gave back.
        code: The card's code as the other system writes it.
        request_id: The hold's request.
        state: "asked", "reserved", "capturing", "reversing" and "refunding" are under way; "captured", "reversed", "refunded", "refused"
            and "failed" are ends.
        captured: What the sale took of it in the end.
        due_at: When housekeeping looks at it next.
    """

    __tablename__ = "external_card_act"
    __table_args__ = (
        Index("ix_external_card_act_due", "tenant_id", "company_id", "state", "due_at"),
        CheckConstraint("amount > 0 AND captured >= 0 AND captured <= amount", name="amounts"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    company_id: Mapped[str]
    system: Mapped[str]
    kind: Mapped[str]
    code: Mapped[str]
    amount: Mapped[int]
    currency: Mapped[str]
    captured: Mapped[int] = mapped_column(default=0)
    request_id: Mapped[str] = mapped_column(default="")
    state: Mapped[str]
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str] = mapped_column(default="")
    due_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
