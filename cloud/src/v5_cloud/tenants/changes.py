"""Companies and stores edited, closed and removed.

What documents name is never removed: it is closed. A closed store keeps its documents, and those that its tills still send are taken;
it gets no new agents. What amounts and keys hang on (currency, country, a store's code) cannot be edited.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from v5_cloud.fleet.repository import FleetRepository
from v5_cloud.kit.container import Container
from v5_cloud.kit.tenant import Scope
from v5_cloud.models import Agent, Company, CustomerRow, DocumentRow, Store
from v5_cloud.tenants.repository import TenantRepository
from v5_cloud.tenants.schemas import CompanyItem, StoreItem
from v5_cloud.tenants.service import company_item, forget, store_item
from v5_cloud.tenants.setup import audit, company_wrong, store_wrong
from v5_core.errors import ConflictError, NotFoundError, ValidationError

__all__ = ["Kept", "Kind", "change", "close", "get_company", "get_store", "remove", "reopen", "what_holds"]

Kind = type[Company] | type[Store]
Kept = dict[str, int]


def get_store(container: Container, scope: Scope, store_id: str) -> StoreItem:
    """One store.

    Raises:
        NotFoundError: Not one of this tenant's.
    """
    with container.database.read(scope) as session:
        row = TenantRepository(session, scope).store(store_id)
        if row is None:
            raise NotFoundError("There is no such store.")
        return store_item(row)


def get_company(container: Container, scope: Scope, company_id: str) -> CompanyItem:
    """One company.

    Raises:
        NotFoundError: Not one of this tenant's.
    """
    with container.database.read(scope) as session:
        row = TenantRepository(session, scope).company(company_id)
        if row is None:
            raise NotFoundError("There is no such company.")
        return company_item(row)


def change(container: Container, scope: Scope, kind: Kind, row_id: str, values: Mapping[str, str], *, actor: str) -> None:
    """Edits a company or a store; what is left out stays.

    Raises:
        NotFoundError: Not one of this tenant's.
        ValidationError: Something in `values` cannot be used; `errors` names each.
    """
    clean = {name: value.strip() for name, value in values.items()}
    wrong = store_wrong(clean) if kind is Store else company_wrong(clean)
    if wrong:
        raise ValidationError("It cannot be changed so.", errors=tuple(wrong))
    now = container.clock()
    with container.database.write(scope) as session:
        repository = TenantRepository(session, scope)
        _row(repository, kind, row_id)
        if clean:
            repository.change(kind, row_id, clean)
        line = audit(scope, now, actor, f"{_word(kind)}.change", row_id)
        line.detail = " ".join(sorted(clean))
        repository.add(line)
    forget(container, scope)


def what_holds(container: Container, scope: Scope, kind: Kind, row_id: str) -> Kept:
    """What points at it, by what it is; nothing at all may be removed.

    Raises:
        NotFoundError: Not one of this tenant's.
    """
    with container.database.read(scope) as session:
        repository = TenantRepository(session, scope)
        return _held(repository, _row(repository, kind, row_id))


def close(container: Container, scope: Scope, kind: Kind, row_id: str, *, actor: str) -> None:
    """Closes it: a store gets no new agents and its unused codes are withdrawn; a company no new stores.

    Raises:
        NotFoundError: Not one of this tenant's.
        ConflictError: It is closed; agents of the store are in use (`store.agents`); stores of the company are open (`company.stores`).
    """
    now = container.clock()
    with container.database.write(scope) as session:
        repository = TenantRepository(session, scope)
        row = _row(repository, kind, row_id)
        if row.closed_at is not None:
            raise ConflictError("It is closed already.", code="closed")
        if isinstance(row, Store):
            _no_agents(FleetRepository(session, scope), row, now, actor)
        elif any(one.closed_at is None for one in repository.stores() if one.company_id == row.id):
            raise ConflictError("Close its stores first.", code="company.stores")
        repository.change(kind, row_id, {"closed_at": now, "closed_by": actor})
        repository.add(audit(scope, now, actor, f"{_word(kind)}.close", row_id))
    forget(container, scope)


def reopen(container: Container, scope: Scope, kind: Kind, row_id: str, *, actor: str) -> None:
    """Opens it again.

    Raises:
        NotFoundError: Not one of this tenant's.
        ConflictError: It is open, or the store's company is closed.
    """
    now = container.clock()
    with container.database.write(scope) as session:
        repository = TenantRepository(session, scope)
        row = _row(repository, kind, row_id)
        if row.closed_at is None:
            raise ConflictError("It is open.", code="open")
        owner = repository.company(row.company_id) if isinstance(row, Store) else None
        if owner is not None and owner.closed_at is not None:
            raise ConflictError("Its company is closed; open that first.", code="company.closed")
        repository.change(kind, row_id, {"closed_at": None, "closed_by": ""})
        repository.add(audit(scope, now, actor, f"{_word(kind)}.reopen", row_id))
    forget(container, scope)


def remove(container: Container, scope: Scope, kind: Kind, row_id: str, *, actor: str) -> None:
    """Takes away what was made by mistake: nothing may point at it.

    Raises:
        NotFoundError: Not one of this tenant's.
        ConflictError: Documents, customers, agents or stores point at it (`in_use`): close it instead.
    """
    now = container.clock()
    with container.database.write(scope) as session:
        repository = TenantRepository(session, scope)
        row = _row(repository, kind, row_id)
        held = _held(repository, row)
        if held:
            counted = ", ".join(f"{count} {what}" for what, count in held.items())
            raise ConflictError(f"It cannot be removed, for it has {counted}. Close it instead.", code="in_use")
        repository.remove(kind, row_id)
        repository.add(audit(scope, now, actor, f"{_word(kind)}.remove", row_id))
    forget(container, scope)


def _word(kind: Kind) -> str:
    return "store" if kind is Store else "company"


def _row(repository: TenantRepository, kind: Kind, row_id: str) -> Company | Store:
    row = repository.store(row_id) if kind is Store else repository.company(row_id)
    if row is None:
        raise NotFoundError(f"There is no such {_word(kind)}.")
    return row


def _held(repository: TenantRepository, row: Company | Store) -> Kept:
    if isinstance(row, Store):
        here = {"company_id": row.company_id}
        found = {
            "documents": repository.used(DocumentRow, store=row.code, **here),
            "customers": repository.used(CustomerRow, home_store=row.code, **here),
            "agents": repository.used(Agent, store_id=row.id),
        }
    else:
        found = {
            "documents": repository.used(DocumentRow, company_id=row.id),
            "customers": repository.used(CustomerRow, company_id=row.id),
            "stores": repository.used(Store, company_id=row.id),
        }
    return {what: count for what, count in found.items() if count}


def _no_agents(fleet: FleetRepository, store: Store, now: datetime, actor: str) -> None:
    used = fleet.of_store(store.id)
    if used:
        names = ", ".join(one.name for one in used)
        raise ConflictError(f"Its agents are still in use ({names}): switch them off once they have sent everything.", code="store.agents")
    fleet.withdraw(store.id, now, actor)
