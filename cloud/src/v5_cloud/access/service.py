"""Machines proven: an agent by its signature, an external system by its API key."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from v5_cloud.access.repository import AccessRepository
from v5_cloud.kit.container import Container
from v5_cloud.kit.tenant import DIRECTORY, Scope
from v5_cloud.models import ApiKey, new_id
from v5_cloud.tenants.setup import OPERATOR, audit
from v5_core.errors import AuthError, FieldError, PermissionDeniedError, ValidationError
from v5_core.signing import verify

__all__ = ["SCOPES", "Machine", "by_key", "by_signature", "issue_key", "make_key"]

SCOPES: Final = ("hooks", "read", "push", "customers", "programmes", "vouchers")
# A revoked credential is refused after so many seconds at the latest.
_REMEMBERED: Final = 5.0
_REFUSED: Final = "The credentials were not accepted."
_SWITCHED_OFF: Final = (
    "This agent was switched off in the back office. What it has not sent stays in its outbox; enrol the machine again with a new code "
    "to send it."
)


@dataclass(frozen=True, slots=True)
class Machine:
    """Who is calling, and on whose behalf."""

    kind: str
    id: str
    scope: Scope
    store: str = ""
    scopes: frozenset[str] = frozenset()
    public_key: bytes = field(default=b"", repr=False)
    secret_hash: str = field(default="", repr=False)
    expires_at: datetime | None = None
    revoked: bool = False

    def may(self, scope: str) -> None:
        """Raises when the credential does not reach that far.

        Raises:
            PermissionDeniedError: It does not.
        """
        if scope not in self.scopes:
            raise PermissionDeniedError(f"This credential lacks the scope {scope!r}.", code="scope")


def by_signature(container: Container, agent_id: str, headers: tuple[str, str, str], body: bytes) -> Machine:
    """The agent that signed the request.

    Args:
        container: The service.
        agent_id: As claimed in `v5-agent`.
        headers: webhook-id, webhook-timestamp, webhook-signature.
        body: Raw, as signed.

    Raises:
        AuthError: Unknown agent, wrong signature, clocks too far apart (`clock_skew`), or switched off (`agent.revoked`), which is
            said to the agent itself only.
    """
    machine = _remembered(container, "agent", agent_id)
    message_id, timestamp, signature = headers
    if machine is None or not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 15:
        raise AuthError(_REFUSED)
    verify(machine.public_key, message_id, int(timestamp), body, signature, now=container.clock())
    if machine.revoked:
        raise AuthError(_SWITCHED_OFF, code="agent.revoked")
    return machine


def by_key(container: Container, token: str) -> Machine:
    """The external system that holds the key `v5_<id>_<secret>`.

    Raises:
        AuthError: No such key, expired (`expired`), or revoked (`key.revoked`), which is said to its holder only.
    """
    prefix, _, rest = token.partition("_")
    key_id, _, secret = rest.partition("_")
    machine = _remembered(container, "key", key_id) if prefix == "v5" and secret and len(token) <= 200 and token.isascii() else None
    offered = hashlib.sha256(secret.encode()).hexdigest()
    if machine is None or not hmac.compare_digest(offered, machine.secret_hash):
        raise AuthError(_REFUSED)
    if machine.revoked:
        raise AuthError("The API key was revoked; ask the company's administrator for a new one.", code="key.revoked")
    if machine.expires_at is not None and machine.expires_at <= container.clock():
        raise AuthError("The API key has expired.", code="expired")
    return machine


def _remembered(container: Container, kind: str, name: str) -> Machine | None:
    if not name or len(name) > 80 or "\x00" in name:
        return None
    key = ("machine", kind, name)
    kept = container.cache.get(key)
    if kept is not None and kept[0] > time.monotonic() and isinstance(kept[1], Machine):
        return kept[1]
    found = _read(container, kind, name)
    if found is None:
        container.cache.pop(key, None)
        return None
    container.cache[key] = (time.monotonic() + _REMEMBERED, found)
    return found


def _read(container: Container, kind: str, name: str) -> Machine | None:
    with container.database.read(Scope(DIRECTORY)) as session:
        repository = AccessRepository(session, Scope(DIRECTORY))
        if kind == "agent":
            pair = repository.agent(name)
            if pair is None:
                return None
            agent, store = pair
            scope = Scope(agent.tenant_id, agent.company_id)
            reach = frozenset({"agent", "hooks", "push"})
            public = base64.b64decode(agent.public_key)
            return Machine("agent", agent.id, scope, store, reach, public, revoked=agent.revoked_at is not None)
        key = repository.api_key(name)
        if key is None:
            return None
        scope = Scope(key.tenant_id, key.company_id)
        return Machine("key", key.id, scope, "", frozenset(key.scopes), b"", key.secret_hash, key.expires_at, key.revoked_at is not None)


def make_key(scope: Scope, name: str, scopes: tuple[str, ...], now: datetime, *, secret: str | None = None) -> tuple[ApiKey, str]:
    """A new API key: the row, and the text that is shown once."""
    key_id = new_id("k", now).removeprefix("k_")
    secret = secret or secrets.token_urlsafe(24)
    row = ApiKey(
        tenant_id=scope.tenant,
        id=key_id,
        company_id=scope.company,
        name=name,
        secret_hash=hashlib.sha256(secret.encode()).hexdigest(),
        scopes=list(scopes),
        created_at=now,
    )
    return row, f"v5_{key_id}_{secret}"


def issue_key(container: Container, scope: Scope, name: str, scopes: tuple[str, ...], *, days: int = 0, actor: str = OPERATOR) -> str:
    """Makes and stores an API key for the scope's company; gives the text, which is never shown again.

    Args:
        container: The service.
        scope: The company.
        name: For lists: which system holds it.
        scopes: Some of `SCOPES`.
        days: Until it expires; 0 for never.
        actor: Who asked, for the audit.

    Raises:
        ValidationError: No name, or a scope that there is not.
    """
    wrong = [FieldError("scope", "scope", f"{one!r} is not one of {', '.join(SCOPES)}") for one in scopes if one not in SCOPES]
    if not scopes:
        wrong.append(FieldError("scope", "scope", f"one or more of {', '.join(SCOPES)} is expected"))
    if not name.strip() or len(name) > 120:
        wrong.append(FieldError("name", "name", "a name of at most 120 characters is expected"))
    if wrong:
        raise ValidationError("The key cannot be made.", errors=tuple(wrong))
    now = container.clock()
    row, text = make_key(scope, name.strip(), tuple(dict.fromkeys(scopes)), now)
    row.expires_at = now + timedelta(days=days) if days else None
    with container.database.write(scope) as session:
        AccessRepository(session, scope).add(row, audit(scope, now, actor, "key.add", row.id))
    return text
