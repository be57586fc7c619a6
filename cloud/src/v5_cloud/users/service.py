"""Adding users and changing what they may do."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from v5_cloud.kit.container import Container
from v5_cloud.kit.database import Database
from v5_cloud.kit.tenant import DIRECTORY, Scope
from v5_cloud.models import User, new_id
from v5_cloud.users import passwords
from v5_cloud.users.repository import SessionDirectory, UserRepository
from v5_cloud.users.roles import Role
from v5_core.errors import ConflictError, FieldError, NotFoundError, ValidationError

__all__ = ["add_user", "fold_email", "names_of", "set_password"]

SHORTEST: Final = 10
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+")  # whether it exists only a message to it can show


def fold_email(email: str) -> str:
    """An e-mail as it is kept and compared."""
    return email.strip().lower()


def _checked(email: str, role: str, password: str) -> str:
    wrong = []
    folded = fold_email(email)
    if not _EMAIL.fullmatch(folded) or len(folded) > 254:
        wrong.append(FieldError("email", "email", "an e-mail address is expected"))
    if role not in set(Role):
        wrong.append(FieldError("role", "role", f"one of {', '.join(Role)} is expected"))
    wrong += _weak(password, folded)
    if wrong:
        raise ValidationError("The user cannot be added.", errors=tuple(wrong))
    return folded


def _weak(password: str, email: str) -> list[FieldError]:
    if len(password) < SHORTEST:
        return [FieldError("password", "password.short", f"at least {SHORTEST} characters are expected")]
    if len(password) > passwords.LONGEST:
        return [FieldError("password", "password.long", f"at most {passwords.LONGEST} characters are expected")]
    if password.lower() in {email, email.split("@")[0]} or len(set(password)) < 4:
        return [FieldError("password", "password.weak", "it is too easy to guess")]
    return []


def add_user(
    database: Database,
    tenant: str,
    *,
    email: str,
    password: str,
    now: datetime,
    name: str = "",
    role: str = Role.ADMIN,
    language: str = "pt",
) -> str:
    """Adds someone who can sign in; gives the id.

    Raises:
        ValidationError: E-mail, role or password cannot be used; `errors` names each.
        ConflictError: The e-mail is taken.
    """
    folded = _checked(email, role, password)
    with database.read(Scope(DIRECTORY)) as session:
        if SessionDirectory(session).user_by_email(folded):
            raise ConflictError("This e-mail is already in use.", code="email.taken")
    digest = passwords.hash_password(password)
    scope = Scope(tenant)
    with database.write(scope) as session:
        user = User(
            tenant_id=tenant,
            id=new_id("usr", now),
            email=folded,
            name=name.strip(),
            password_hash=digest,
            role=str(role),
            language=language,
            active=True,
            created_at=now,
        )
        UserRepository(session, scope).add(user)
        return user.id


def set_password(session: Session, scope: Scope, user_id: str, password: str) -> None:
    """A new password; signs all the user's browsers out.

    Raises:
        NotFoundError: No such user.
        ValidationError: The password is too short or too easy.
    """
    users = UserRepository(session, scope)
    user = users.get(user_id)
    if user is None:
        raise NotFoundError("There is no such user.")
    wrong = _weak(password, user.email)
    if wrong:
        raise ValidationError("The password cannot be used.", errors=tuple(wrong))
    users.set(user_id, password_hash=passwords.hash_password(password))
    users.end_all(user_id)


def names_of(container: Container, scope: Scope) -> dict[str, str]:
    """Names of the tenant's users by id: for who did what."""
    with container.database.read(scope) as session:
        return {user.id: user.name or user.email for user in UserRepository(session, scope).all()}
