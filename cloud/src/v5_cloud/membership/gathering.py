"""Points of somebody who shares an account brought together there."""

from __future__ import annotations

from functools import partial
from typing import Final

from sqlalchemy.orm import Session

from v5_cloud.kit.bulk import WriteSet
from v5_cloud.kit.container import Container
from v5_cloud.kit.tenant import Scope
from v5_cloud.ledger.repository import LedgerRepository
from v5_cloud.ledger.working import Account, Cause, Member, Working
from v5_cloud.membership.repository import MembershipRepository
from v5_cloud.models import new_id
from v5_cloud.programmes.service import current
from v5_cloud.settlement.service import again
from v5_cloud.tenants.service import company_info, epoch_base
from v5_core.errors import ConflictError
from v5_core.ledger import move

__all__ = ["bring_together", "gather", "locked"]

_CHUNK: Final = 200


def locked(session: Session, scope: Scope, *customers: str) -> dict[str, tuple[Account, Member]]:
    """Customers with their accounts, locked until the transaction ends, and whoever's accounts they use."""
    pairs, _ = LedgerRepository(session, scope).lock([f"id:{one}" for one in customers], (), ())
    return {person.id: (account, person) for account, person in pairs}


def bring_together(container: Container, scope: Scope, session: Session, source: Account, target: Account) -> None:
    """Moves all points of one locked account to another, in the caller's transaction.

    Raises:
        ConflictError: A payment with them is under way (`held`).
    """
    company, now = company_info(container, scope), container.clock()
    working = Working(company.id, now)
    working.load([source, target], (), ())
    LedgerRepository(session, scope).details(working, [source.id, target.id])
    policies = current(container, scope).policies(now)
    for outcome in move(working.state(source.id), working.state(target.id), new_id("mv", now), at=now, policies=policies):
        working.apply(outcome, Cause(zone=company.default_zone))
    writes = WriteSet(scope)
    working.collect(writes, company.default_zone)
    writes.flush(session, epoch_base(container))


def gather(container: Container, scope: Scope) -> int:
    """Brings together what came to accounts whose customers share another; gives how many these were.

    A sale that waited for its account while its customer came to share another may have been booked as if nothing had happened.
    """
    with container.database.read(scope) as session:
        strayed = MembershipRepository(session, scope).strayed(_CHUNK)
    return sum(again(partial(_gather, container, scope, one)) for one in strayed)


def _gather(container: Container, scope: Scope, customer: str) -> int:
    with container.database.write(scope) as session:
        found = locked(session, scope, customer)
        account, person = found[customer]
        home = found.get(person.shares_with or "")
        if home is None or not account.balance:
            return 0
        try:
            bring_together(container, scope, session, account, home[0])
        except ConflictError:
            return 0  # a payment is under way: next time
    return 1
