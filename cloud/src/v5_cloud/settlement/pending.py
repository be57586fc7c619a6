"""Documents whose customer was not known when they came: settled again once the card or the ERP's record is."""

from __future__ import annotations

from collections.abc import Sequence

from v5_cloud.kit.container import Container
from v5_cloud.kit.tenant import Scope
from v5_cloud.settlement.document import lock_keys, report_of
from v5_cloud.settlement.repository import SettlementRepository
from v5_cloud.settlement.service import again, resettle

__all__ = ["settle_known", "settle_pending"]


def settle_pending(container: Container, scope: Scope, keys: Sequence[str]) -> int:
    """Settles what waited for one of the keys; gives how many documents that were."""
    wanted = [key for key in keys if key.startswith(("card:", "erp:"))]
    with container.database.read(scope) as session:
        repository = SettlementRepository(session, scope)
        waiting = repository.pending(wanted)
        rows = repository.by_id(waiting)
        locks = {number for row in rows for number in lock_keys(scope.tenant, scope.company, report_of(row.body))}
    if not waiting:
        return 0

    def work() -> None:
        with container.database.write(scope, locks=sorted(locks)) as session:
            resettle(container, scope, session, waiting)
            SettlementRepository(session, scope).forget_pending(wanted)

    again(work)
    return len(waiting)


def settle_known(container: Container, scope: Scope) -> int:
    """Settles what waits although its customer is known: record and document were written at the same moment."""
    with container.database.read(scope) as session:
        keys = SettlementRepository(session, scope).answerable()
    return settle_pending(container, scope, keys) if keys else 0
