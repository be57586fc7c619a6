"""Credentials of machines listed and revoked: agents, enrolment codes, API keys.

A process remembers a credential for five seconds: that is how long a revoked one may still be accepted by another process.
"""

from __future__ import annotations

from v5_cloud.fleet.repository import FleetRepository, Revocable
from v5_cloud.fleet.schemas import AgentItem, CodeItem, KeyItem
from v5_cloud.fleet.service import agent_item
from v5_cloud.kit.container import Container
from v5_cloud.kit.tenant import Scope
from v5_cloud.models import Agent, ApiKey, EnrolCode
from v5_cloud.tenants.setup import audit
from v5_core.errors import ConflictError, NotFoundError

__all__ = ["get_agent", "get_code", "get_key", "list_codes", "list_keys", "revoke_agent", "revoke_code", "revoke_key"]

_NAMED = 12


def list_codes(container: Container, scope: Scope) -> list[CodeItem]:
    """Enrolment codes that would still let a machine in, by store."""
    with container.database.read(scope) as session:
        return [
            CodeItem(id=row.id[:_NAMED], store=store, store_id=row.store_id, created_at=row.created_at, expires_at=row.expires_at)
            for row, store in FleetRepository(session, scope).codes(container.clock())
        ]


def list_keys(container: Container, scope: Scope) -> list[KeyItem]:
    """API keys without their secrets, those in use first."""
    with container.database.read(scope) as session:
        return [
            KeyItem(
                id=row.id,
                company=row.company_id,
                name=row.name,
                scopes=[str(one) for one in row.scopes],
                created_at=row.created_at,
                expires_at=row.expires_at,
                revoked_at=row.revoked_at,
                revoked_by=row.revoked_by,
            )
            for row in FleetRepository(session, scope).api_keys()
        ]


def get_agent(container: Container, scope: Scope, agent_id: str) -> AgentItem:
    """One agent.

    Raises:
        NotFoundError: Not one of this tenant's.
    """
    with container.database.read(scope) as session:
        pair = FleetRepository(session, scope).agent(agent_id)
        if pair is None:
            raise NotFoundError("There is no such agent.")
        return agent_item(pair[0], pair[1])


def get_code(container: Container, scope: Scope, name: str) -> CodeItem:
    """An unused code by its name in lists.

    Raises:
        NotFoundError: No such code, or not good any more.
    """
    found = next((one for one in list_codes(container, scope) if one.id == name), None)
    if found is None:
        raise NotFoundError("There is no such code, or it was used, withdrawn or is too old.")
    return found


def get_key(container: Container, scope: Scope, key_id: str) -> KeyItem:
    """One API key.

    Raises:
        NotFoundError: Not one of this tenant's.
    """
    found = next((one for one in list_keys(container, scope) if one.id == key_id), None)
    if found is None:
        raise NotFoundError("There is no such API key.")
    return found


def revoke_agent(container: Container, scope: Scope, agent_id: str, *, actor: str) -> AgentItem:
    """Switches an agent off: its requests are refused with the code `agent.revoked`. What it has not sent stays in its outbox.

    Raises:
        NotFoundError: Not one of this tenant's.
        ConflictError: It is switched off already.
    """
    found = get_agent(container, scope, agent_id)
    _revoke(container, scope, Agent, found.id, "agent", actor)
    return found


def revoke_code(container: Container, scope: Scope, name: str, *, actor: str) -> CodeItem:
    """Withdraws an enrolment code that was not used.

    Raises:
        NotFoundError: No such code, or not good any more.
    """
    found = get_code(container, scope, name)
    now = container.clock()
    with container.database.read(scope) as session:
        ids = [row.id for row, _ in FleetRepository(session, scope).codes(now) if row.id.startswith(name)]
    for one in ids:
        _revoke(container, scope, EnrolCode, one, "code", actor)
    return found


def revoke_key(container: Container, scope: Scope, key_id: str, *, actor: str) -> KeyItem:
    """Revokes an API key: its requests are refused with the code `key.revoked`.

    Raises:
        NotFoundError: Not one of this tenant's.
        ConflictError: It is revoked already.
    """
    found = get_key(container, scope, key_id)
    _revoke(container, scope, ApiKey, found.id, "key", actor)
    return found


def _revoke(container: Container, scope: Scope, kind: Revocable, credential: str, what: str, actor: str) -> None:
    now = container.clock()
    with container.database.write(scope) as session:
        repository = FleetRepository(session, scope)
        if not repository.revoke(kind, credential, now, actor):
            raise ConflictError("It is revoked already.", code="revoked")
        repository.add(audit(scope, now, actor, f"{what}.revoke", credential[:_NAMED] if what == "code" else credential))
    # Here at once; other processes forget it by themselves.
    container.cache.pop(("machine", what, credential), None)
