"""Rows of users and of their sessions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CursorResult
from sqlalchemy import select as directory_select  # tenant-guard: it finds whose an e-mail is in the first place
from sqlalchemy.orm import Session

from v5_cloud.kit.tenant import Repository
from v5_cloud.models import Tenant, User, UserSession

__all__ = ["SessionDirectory", "UserRepository"]


class SessionDirectory:
    """Finds whose an e-mail or a session is, before any tenant is known; used in the `DIRECTORY` scope only."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def user_by_email(self, email: str) -> User | None:
        """E-mails are unique in the whole installation."""
        return self.session.scalars(directory_select(User).where(User.email == email)).one_or_none()

    def signed_in(self, session_id: str) -> tuple[UserSession, User, str] | None:
        """A session with its user and the tenant's name."""
        statement = (
            directory_select(UserSession, User, Tenant.name)
            .join(User, (User.tenant_id == UserSession.tenant_id) & (User.id == UserSession.user_id))
            .join(Tenant, Tenant.tenant_id == User.tenant_id)
            .where(UserSession.id == session_id)
        )
        row = self.session.execute(statement).one_or_none()
        return (row[0], row[1], row[2]) if row else None


class UserRepository(Repository):
    """A tenant's users and sessions."""

    def all(self) -> list[User]:
        """By name."""
        return list(self.session.scalars(self.select(User).order_by(User.name, User.email)))

    def get(self, user_id: str) -> User | None:
        """By id."""
        return self.session.scalars(self.select(User).where(User.id == user_id)).one_or_none()

    def set(self, user_id: str, **values: Any) -> None:
        """Changes some columns of a user."""
        self.session.execute(self.update(User).where(User.id == user_id).values(**values))

    def touch(self, session_id: str, seen_at: datetime) -> None:
        """The browser was seen."""
        self.session.execute(self.update(UserSession).where(UserSession.id == session_id).values(seen_at=seen_at))

    def end(self, session_id: str) -> None:
        """Signs one browser out."""
        self.session.execute(self.delete(UserSession).where(UserSession.id == session_id))

    def end_all(self, user_id: str) -> None:
        """Signs all browsers of a user out."""
        self.session.execute(self.delete(UserSession).where(UserSession.user_id == user_id))

    def end_lapsed(self, before: datetime) -> int:
        """Removes sessions whose time was over before that instant."""
        done = self.session.execute(self.delete(UserSession).where(UserSession.expires_at < before))
        return done.rowcount if isinstance(done, CursorResult) else 0
