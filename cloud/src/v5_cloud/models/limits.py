"""Requests counted in the database, so that a rate limit holds over all processes of a service."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from v5_cloud.models.base import TenantRow

__all__ = ["RateWindow"]


class RateWindow(TenantRow):
    """One counter (tenant "*"). `key` is a hash: addresses and e-mails are nobody's business here. Not part of a backup.

    Attributes:
        number: Which window since the epoch is counted in `taken`; `before` is the count of the one before it.
        until: From then on the row says nothing any more.
    """

    __tablename__ = "rate_window"
    __table_args__ = (Index("ix_rate_window_until", "until"), {"info": {"backup": False}})

    key: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int]
    taken: Mapped[int]
    before: Mapped[int] = mapped_column(default=0)
    until: Mapped[datetime]
