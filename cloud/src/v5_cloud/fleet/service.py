"""Store agents: enrolment by one-off code, heartbeat, signals."""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from v5_cloud.access.service import Machine
from v5_cloud.dashboards.repository import DashboardRepository
from v5_cloud.fleet.repository import FleetRepository
from v5_cloud.fleet.schemas import AgentItem, EnrolAgentRequest, EnrolAgentResponse, Heartbeat
from v5_cloud.kit.container import Container
from v5_cloud.kit.tenant import DIRECTORY, Scope
from v5_cloud.models import Agent, AuditRow, EnrolCode, SignalRow, Store, new_id
from v5_cloud.sales.repository import SalesRepository
from v5_cloud.tenants.setup import audit
from v5_core.errors import ConflictError, EnrolmentCodeError, FieldError, NotFoundError, ValidationError
from v5_core.push import Signal

__all__ = ["Activity", "activity", "agent_item", "beat", "enrol", "issue_code", "list_agents", "make_code", "pending_signals"]

_ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def make_code(scope: Scope, store_id: str, now: datetime, *, hours: int = 72, code: str | None = None) -> tuple[EnrolCode, str]:
    """A one-off code for a store: the row, and the text that is shown once."""
    text = code or "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))
    row = EnrolCode(
        tenant_id=scope.tenant,
        id=_hash(text),
        company_id=scope.company,
        store_id=store_id,
        created_at=now,
        expires_at=now + timedelta(hours=hours),
    )
    return row, text


def issue_code(container: Container, scope: Scope, store_id: str, *, actor: str, hours: int = 72) -> tuple[str, EnrolCode, Store]:
    """Makes a one-off code for a store and keeps its hash: the text is given here and never again.

    Args:
        container: The service.
        scope: Whose store it must be; a user's scope spans the companies of the tenant.
        store_id: The store.
        actor: Who asked, for the audit.
        hours: How long it is good.

    Raises:
        NotFoundError: No such store in this scope.
        ConflictError: The store is closed.
    """
    now = container.clock()
    with container.database.write(scope) as session:
        repository = FleetRepository(session, scope)
        store = repository.store(store_id)
        if store is None:
            raise NotFoundError("There is no such store.")
        if store.closed_at is not None:
            raise ConflictError("The store is closed; open it again first.", code="store.closed")
        row, text = make_code(Scope(scope.tenant, store.company_id), store.id, now, hours=hours)
        repository.add(row, audit(scope, now, actor, "agent.code", store.id))
        session.flush()
        session.expunge(row)
        session.expunge(store)
    return text, row, store


def _hash(code: str) -> str:
    return hashlib.sha256("".join(code.upper().split()).replace("-", "").encode()).hexdigest()


def enrol(container: Container, request: EnrolAgentRequest) -> EnrolAgentResponse:
    """Turns a machine into a store's agent.

    Raises:
        EnrolmentCodeError: The code is unknown, used, or too old; which of them is not said.
        ValidationError: Not a public key.
    """
    try:
        key = base64.b64decode(request.public_key, validate=True)
    except (ValueError, binascii.Error):
        key = b""
    if len(key) != 32:
        wrong = FieldError("public_key", "public_key", "base64 of the 32 raw bytes of an Ed25519 public key is expected")
        raise ValidationError("The public key cannot be used.", errors=(wrong,))
    now, code_hash = container.clock(), _hash(request.code)
    refused = EnrolmentCodeError("The code is not valid (any more); ask for a new one in the back office.")
    with container.database.read(Scope(DIRECTORY)) as session:
        code = FleetRepository(session, Scope(DIRECTORY)).claim_code(code_hash, now)
        if code is None:
            raise refused
        scope, store_id = Scope(code.tenant_id, code.company_id), code.store_id
    with container.database.write(scope) as session:
        repository = FleetRepository(session, scope)
        store = repository.store(store_id)
        agent_id = new_id("ag", now)
        if store is None or store.closed_at is not None or not repository.use_code(code_hash, agent_id, now):
            raise refused
        agent = Agent(
            tenant_id=scope.tenant,
            id=agent_id,
            company_id=scope.company,
            store_id=store.id,
            name=request.name,
            public_key=base64.b64encode(key).decode(),
            fingerprint=request.fingerprint,
            version=request.version,
            created_at=now,
            plugins=[],
        )
        audit = AuditRow(tenant_id=scope.tenant, id=new_id("au", now), at=now, actor=agent_id, action="agent.enrol", subject=agent_id)
        repository.add(agent, audit)
        code_of_store = store.code
    return EnrolAgentResponse(agent=agent_id, tenant=scope.tenant, company=scope.company, store=code_of_store, config={})


def beat(container: Container, machine: Machine, said: Heartbeat) -> datetime:
    """Notes how an agent is doing; gives the service's time."""
    now = container.clock()
    values = {
        "version": said.version,
        "queue_depth": said.queue_depth,
        "oldest_unsent_seconds": int(said.oldest_unsent_seconds),
        "quarantined": said.quarantined,
        "last_error": said.last_error or "",
        "plugins": [one.model_dump(mode="json") for one in said.plugins],
        "clock_offset": said.clock_offset or 0.0,
        "last_seen_at": now,
    }
    with container.database.write(machine.scope) as session:
        FleetRepository(session, machine.scope).beat(machine.id, values)
    return now


def pending_signals(container: Container, machine: Machine, obeyed: Sequence[str] = ()) -> tuple[Signal, ...]:
    """Signals for an agent, given again until it says that it obeyed: a reply may be lost on its way."""
    if obeyed:
        with container.database.write(machine.scope) as session:
            FleetRepository(session, machine.scope).delivered(machine.id, obeyed, container.clock())
    with container.database.read(machine.scope) as session:
        rows: Sequence[SignalRow] = FleetRepository(session, machine.scope).signals(machine.id)
        found = [Signal.model_validate({"signal_id": row.id, "kind": row.kind, "stream": row.stream, "since": row.since}) for row in rows]
    return tuple(found)


def list_agents(container: Container, scope: Scope) -> list[AgentItem]:
    """All agents, by store; those in use first."""
    with container.database.read(scope) as session:
        return [agent_item(agent, store) for agent, store in FleetRepository(session, scope).agents()]


def agent_item(agent: Agent, store: str) -> AgentItem:
    """An agent as it is shown."""
    return AgentItem(
        id=agent.id,
        name=agent.name,
        company=agent.company_id,
        store=store,
        store_id=agent.store_id,
        version=agent.version,
        revoked=agent.revoked_at is not None,
        revoked_at=agent.revoked_at,
        revoked_by=agent.revoked_by,
        created_at=agent.created_at,
        last_seen_at=agent.last_seen_at,
        queue_depth=agent.queue_depth,
        oldest_unsent_seconds=agent.oldest_unsent_seconds,
        quarantined=agent.quarantined,
        last_error=agent.last_error,
        clock_offset=agent.clock_offset,
        plugins=list(agent.plugins),
    )


@dataclass(frozen=True, slots=True)
class Activity:
    """A store's day."""

    sales: int = 0
    gross: int = 0
    last: datetime | None = None


def activity(container: Container, scope: Scope, day: date) -> dict[tuple[str, str], Activity]:
    """Sales and turnover of a day and the newest document, by company and store."""
    with container.database.read(scope) as session:
        today, last = DashboardRepository(session, scope).today(day), SalesRepository(session, scope).last()
    return {key: Activity(*today.get(key, (0, 0)), last.get(key)) for key in {*today, *last}}
