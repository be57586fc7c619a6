"""Machines that speak to the service: agents, their enrolment, API keys, signals."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from v5_cloud.models.base import TenantRow

__all__ = ["Agent", "ApiKey", "EnrolCode", "SignalRow"]


class Agent(TenantRow):
    """A store agent: its public key, and what its last heartbeat said."""

    __tablename__ = "agent"
    __table_args__ = (Index("ix_agent_id", "id", unique=True),)

    id: Mapped[str] = mapped_column(primary_key=True)
    company_id: Mapped[str]
    store_id: Mapped[str]
    name: Mapped[str]
    public_key: Mapped[str]
    fingerprint: Mapped[str] = mapped_column(default="")
    version: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str] = mapped_column(default="", server_default="")
    last_seen_at: Mapped[datetime | None]
    queue_depth: Mapped[int] = mapped_column(default=0)
    oldest_unsent_seconds: Mapped[int] = mapped_column(default=0)
    quarantined: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str] = mapped_column(default="")
    clock_offset: Mapped[float] = mapped_column(default=0.0)
    plugins: Mapped[list[Any]] = mapped_column(default=list)


class EnrolCode(TenantRow):
    """A one-off code that turns a machine into a store's agent. Only its SHA-256 is kept."""

    __tablename__ = "enrol_code"
    __table_args__ = (Index("ix_enrol_code_id", "id", unique=True),)

    id: Mapped[str] = mapped_column(primary_key=True)
    company_id: Mapped[str]
    store_id: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    agent_id: Mapped[str | None]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str] = mapped_column(default="", server_default="")


class ApiKey(TenantRow):
    """A key for external systems: `v5_<id>_<secret>`; only the SHA-256 of the secret is kept."""

    __tablename__ = "api_key"
    __table_args__ = (Index("ix_api_key_id", "id", unique=True),)

    id: Mapped[str] = mapped_column(primary_key=True)
    company_id: Mapped[str]
    name: Mapped[str]
    secret_hash: Mapped[str]
    scopes: Mapped[list[Any]] = mapped_column(default=list)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str] = mapped_column(default="", server_default="")


class SignalRow(TenantRow):
    """A wish for an agent, given with the next push reply."""

    __tablename__ = "signal"

    id: Mapped[str] = mapped_column(primary_key=True)
    agent_id: Mapped[str]
    kind: Mapped[str]
    stream: Mapped[str] = mapped_column(default="")
    since: Mapped[datetime | None]
    created_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]
