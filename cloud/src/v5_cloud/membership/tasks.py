"""What time does to levels and runs: a level is lost when its grace is over, a run is done on its day."""

from __future__ import annotations

from functools import partial
from typing import Final

from v5_cloud.kit.bulk import WriteSet
from v5_cloud.kit.container import Container
from v5_cloud.kit.tenant import Scope
from v5_cloud.ledger.repository import LedgerRepository
from v5_cloud.membership.gathering import gather
from v5_cloud.membership.measures import Measures
from v5_cloud.membership.repository import MembershipRepository
from v5_cloud.membership.runs import do_scheduled
from v5_cloud.programmes.service import current
from v5_cloud.settlement.service import again
from v5_cloud.tenants.service import company_info, epoch_base

__all__ = ["keep_levels"]

_CHUNK: Final = 200


def keep_levels(container: Container, scope: Scope) -> int:
    """Works out anew the levels that ended, brings relatives' points together, and does the runs whose day has come; gives how many."""
    company, now = company_info(container, scope), container.clock()
    today = now.astimezone(company.default_zone).date()
    moved = do_scheduled(container, scope) + gather(container, scope)
    if not current(container, scope).asks(now).measured:
        return moved + _forget(container, scope)
    with container.database.read(scope) as session:
        fallen = MembershipRepository(session, scope).falling(today, _CHUNK)
    for customer in fallen:
        again(partial(_fall, container, scope, customer))
    return moved + len(fallen)


def _fall(container: Container, scope: Scope, customer: str) -> None:
    company, now = company_info(container, scope), container.clock()
    today = now.astimezone(company.default_zone).date()
    schemes = current(container, scope).asks(now).schemes
    with container.database.write(scope) as session:
        # Nobody sells to the customer meanwhile.
        LedgerRepository(session, scope).lock([f"id:{customer}"], (), ())
        measures = Measures(MembershipRepository(session, scope), schemes, today, 0)
        measures.load([customer], today)
        writes = WriteSet(scope)
        measures.collect(writes, now, again=[customer])
        writes.flush(session, epoch_base(container))


def _forget(container: Container, scope: Scope) -> int:
    # A later programme with levels adds them up from the documents again.
    with container.database.read(scope) as session:
        if not MembershipRepository(session, scope).falling(None, 1):
            return 0
    with container.database.write(scope) as session:
        return MembershipRepository(session, scope).forget_levels(_CHUNK)
