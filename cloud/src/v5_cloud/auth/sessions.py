"""Sessions: a random secret in the cookie, its SHA-256 in the table, an end after idleness and an end in any case."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from v5_cloud.kit.container import Container
from v5_cloud.kit.tenant import DIRECTORY, Scope
from v5_cloud.models import User, UserSession
from v5_cloud.users import passwords
from v5_cloud.users.repository import SessionDirectory, UserRepository
from v5_cloud.users.service import fold_email
from v5_core.errors import AuthError

__all__ = ["IDLE", "SignedIn", "cookie_name", "csrf_matches", "csrf_token", "resume", "sign_in", "sign_out"]

IDLE: Final = timedelta(hours=2)
_TOUCH: Final = timedelta(minutes=1)
# Per address, and per account whatever the address: guessing one account from many machines is slowed too.
_BY_ADDRESS: Final = "30/15 minutes"
_BY_ACCOUNT: Final = "10/15 minutes"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is behind a request."""

    session_id: str
    csrf: str
    tenant: str
    tenant_name: str
    user: str
    name: str
    email: str
    role: str
    language: str


def cookie_name(*, secure: bool) -> str:
    """`__Host-` cookies need HTTPS; on plain loopback the name says that it is the lesser kind."""
    return "__Host-v5" if secure else "v5_session"


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def sign_in(held: Container, email: str, password: str, *, address: str, user_agent: str = "") -> str:
    """Checks the password and opens a session; gives the cookie's value.

    Raises:
        AuthError: Unknown, wrong or not active: always the same words, after the same work.
        TooManyError: Too many attempts.
    """
    folded = fold_email(email)
    account = hashlib.sha256(folded.encode()).hexdigest()
    # Only failures count: a shop whose tills share one address signs in as often as it likes.
    held.limiter.check(_BY_ADDRESS, "login-address", address)
    held.limiter.check(_BY_ACCOUNT, "login-account", account)
    with held.database.read(Scope(DIRECTORY)) as session:
        user = SessionDirectory(session).user_by_email(folded)
    fits = passwords.verify_password(user.password_hash if user else None, password)
    if user is None or not fits or not user.active:
        held.limiter.hit(_BY_ADDRESS, "login-address", address)
        held.limiter.hit(_BY_ACCOUNT, "login-account", account)
        raise AuthError("E-mail or password is not right.", code="login")
    return _open(held, user, password, user_agent)


def _open(held: Container, user: User, password: str, user_agent: str) -> str:
    now = held.clock()
    secret = secrets.token_urlsafe(32)
    scope = Scope(user.tenant_id)
    changes: dict[str, object] = {"last_login_at": now}
    if passwords.needs_rehash(user.password_hash):
        changes["password_hash"] = passwords.hash_password(password)
    with held.database.write(scope) as session:
        users = UserRepository(session, scope)
        users.end_lapsed(now)
        users.set(user.id, **changes)
        users.add(
            UserSession(
                tenant_id=user.tenant_id,
                id=_digest(secret),
                user_id=user.id,
                csrf=secrets.token_hex(16),
                created_at=now,
                seen_at=now,
                expires_at=now + timedelta(hours=held.settings.session_hours),
                user_agent=user_agent[:200],
            )
        )
    return secret


def resume(held: Container, secret: str | None) -> SignedIn | None:
    """Who the cookie's value belongs to; None when it is nobody's, or its time is over."""
    if not secret or len(secret) > 100:
        return None
    now = held.clock()
    with held.database.read(Scope(DIRECTORY)) as session:
        found = SessionDirectory(session).signed_in(_digest(secret))
    if found is None:
        return None
    row, user, tenant_name = found
    scope = Scope(user.tenant_id)
    if now >= row.expires_at or now >= row.seen_at + IDLE or not user.active:
        with held.database.write(scope) as session:
            UserRepository(session, scope).end(row.id)
        return None
    if now - row.seen_at >= _TOUCH:
        with held.database.write(scope) as session:
            UserRepository(session, scope).touch(row.id, now)
    name = user.name or user.email
    return SignedIn(row.id, row.csrf, user.tenant_id, tenant_name, user.id, name, user.email, user.role, user.language)


def sign_out(held: Container, who: SignedIn) -> None:
    """Ends the session in the table: a copy of the cookie is worth nothing afterwards."""
    scope = Scope(who.tenant)
    with held.database.write(scope) as session:
        UserRepository(session, scope).end(who.session_id)


def csrf_token(csrf: str) -> str:
    """The session's token under a fresh mask: what repeats on every compressed page could be guessed bit by bit (BREACH)."""
    secret = bytes.fromhex(csrf)
    mask = secrets.token_bytes(len(secret))
    return base64.urlsafe_b64encode(mask + bytes(a ^ b for a, b in zip(mask, secret, strict=True))).decode()


def csrf_matches(csrf: str, token: str) -> bool:
    """Whether a token that came back is the session's."""
    try:
        raw = base64.urlsafe_b64decode(token)
    except (ValueError, binascii.Error):
        return False
    half = len(raw) // 2
    plain = bytes(a ^ b for a, b in zip(raw[:half], raw[half:], strict=False))
    return hmac.compare_digest(plain, bytes.fromhex(csrf))
