"""Messages that are to go out, and what became of each."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from v5_cloud.models.base import TenantRow

__all__ = ["MessageRow"]


class MessageRow(TenantRow):
    """One message to one recipient. Its id follows from what it is about, so that the same thing is never told twice.

    Attributes:
        channel: "email" or "sms".
        audience: "staff", "customer" or "contract": to a customer it goes only while that one is neither blocked nor inactive, and what is
            no notice by contract only with consent to the channel.
        customer_id: Whose data is in it; "" nobody's. Erasing that customer empties the message.
        topic: What it is about, for lists and reports ("offer.used").
        subject_id: The thing that it is about, such as a document.
        state: "queued" and "sending" are under way; "sent", "refused" (for good), "expired", "cancelled" and "unconfirmed" (perhaps it
            arrived: it is not sent again, a person sees it) are ends.
        last_error: A code; never words of another system, which may quote the message.
        until: When it would be stale news.
    """

    __tablename__ = "message_outbox"
    __table_args__ = (
        Index("ix_message_outbox_due", "tenant_id", "company_id", "state", "due_at"),
        Index("ix_message_outbox_customer", "tenant_id", "customer_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    company_id: Mapped[str]
    channel: Mapped[str]
    audience: Mapped[str]
    recipient: Mapped[str]
    title: Mapped[str]
    text: Mapped[str]
    customer_id: Mapped[str]
    topic: Mapped[str]
    subject_id: Mapped[str]
    state: Mapped[str]
    attempts: Mapped[int]
    last_error: Mapped[str]
    due_at: Mapped[datetime]
    until: Mapped[datetime]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
