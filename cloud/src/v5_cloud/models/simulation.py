"""Drafts tried on past sales: what was asked for, how far it is, what came out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from v5_cloud.models.base import TenantRow

__all__ = ["SimulationRow"]


class SimulationRow(TenantRow):
    """One simulation.

    Attributes:
        slug: Of the programme, with its version; what was tried is in `body`, for a draft may change afterwards.
        state: "queued", "running", "done" or "failed".
        asked: Period, stores and ways.
        documents: Looked at so far, of `total`.
        report: `v5_core.simulation.Report` as JSON; empty until it is done.
        problem: Why it failed, in words.
        updated_at: Grows while somebody works on it; a running one that stands still is taken over.
    """

    __tablename__ = "simulation"
    __table_args__ = (Index("ix_simulation_list", "tenant_id", "company_id", "created_at", "id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    company_id: Mapped[str]
    slug: Mapped[str]
    version: Mapped[int]
    state: Mapped[str] = mapped_column(default="queued")
    body: Mapped[dict[str, Any]]
    asked: Mapped[dict[str, Any]]
    documents: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    report: Mapped[dict[str, Any]] = mapped_column(default=dict)
    problem: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(default="")
    updated_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
