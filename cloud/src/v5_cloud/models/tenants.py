"""Tenants, companies, stores and the people who sign in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from v5_cloud.models.base import TenantRow

__all__ = ["Company", "Store", "Tenant", "User", "UserSession"]


class Tenant(TenantRow):
    """A customer of the service; isolated from all others."""

    __tablename__ = "tenant"

    name: Mapped[str]
    created_at: Mapped[datetime]


class Company(TenantRow):
    """A legal entity with one loyalty of its own.

    Attributes:
        programme_stamp: Grows with each publication, so that every process notices at its next statement.
        offline_points_limit: Points (thousandths) one customer may spend at a store whose line is down.
        card_prefix: Leading digits of the EAN-13 card numbers that V5 makes.
        manager_email: Who is told of what offers and vouchers tell the manager; a store may have its own.
        manager_phone: The same, for an SMS.
    """

    __tablename__ = "company"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    tax_number: Mapped[str] = mapped_column(default="")
    currency: Mapped[str] = mapped_column(default="EUR")
    country: Mapped[str] = mapped_column(default="PT")
    programme_stamp: Mapped[int] = mapped_column(default=0)
    offline_points_limit: Mapped[int] = mapped_column(default=0)
    card_prefix: Mapped[str] = mapped_column(default="29")
    receipt_url: Mapped[str] = mapped_column(default="")
    address: Mapped[str] = mapped_column(default="", server_default="")
    manager_email: Mapped[str] = mapped_column(default="", server_default="")
    manager_phone: Mapped[str] = mapped_column(default="", server_default="")
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str] = mapped_column(default="", server_default="")


class Store(TenantRow):
    """A shop. `code` is what documents name; `timezone` places its local times. A closed one keeps its documents and gets no agents."""

    __tablename__ = "store"
    __table_args__ = (UniqueConstraint("tenant_id", "company_id", "code"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    company_id: Mapped[str]
    code: Mapped[str]
    name: Mapped[str]
    timezone: Mapped[str] = mapped_column(default="Europe/Lisbon")
    language: Mapped[str] = mapped_column(default="pt")
    directives: Mapped[str] = mapped_column(default="")
    address: Mapped[str] = mapped_column(default="", server_default="")
    manager_email: Mapped[str] = mapped_column(default="", server_default="")
    manager_phone: Mapped[str] = mapped_column(default="", server_default="")
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str] = mapped_column(default="", server_default="")


class User(TenantRow):
    """Someone who signs in to the back office. `email` is folded to lower case and unique in the whole installation."""

    __tablename__ = "user"
    __table_args__ = (Index("uq_user_email", "email", unique=True),)

    id: Mapped[str] = mapped_column(primary_key=True)
    email: Mapped[str]
    name: Mapped[str] = mapped_column(default="")
    password_hash: Mapped[str]
    role: Mapped[str] = mapped_column(default="admin")
    language: Mapped[str] = mapped_column(default="pt")
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    last_login_at: Mapped[datetime | None]


class UserSession(TenantRow):
    """A signed-in browser. `id` is the SHA-256 of the cookie's value: the table alone opens nothing."""

    __tablename__ = "user_session"
    __table_args__ = (Index("ix_user_session_id", "id", unique=True),)

    id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str]
    csrf: Mapped[str]
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    user_agent: Mapped[str] = mapped_column(default="")
