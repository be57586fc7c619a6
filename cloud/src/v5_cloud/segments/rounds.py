"""Working out everybody: one process at a time for a company, which tells how far it is; pages look, housekeeping goes on."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Final

from v5_cloud.kit.container import Container
from v5_cloud.kit.tenant import Scope
from v5_cloud.models import SegmentRound
from v5_cloud.segments.repository import SegmentRepository
from v5_cloud.settlement.service import again

__all__ = ["Round", "claim", "under_way"]

# Who says nothing for so long has died.
_STILL: Final = timedelta(minutes=5)
_TOLD_EVERY: Final = 1.0


def claim(container: Container, scope: Scope, *, anew: bool = False) -> bool:
    """Takes it on; False when another process works on it.

    Args:
        container: The service.
        scope: The company.
        anew: Also what was worked out today; broken off, housekeeping goes on with it.
    """
    now = container.clock()

    def work() -> bool:
        with container.database.write(scope) as session:
            repository = SegmentRepository(session, scope)
            row = repository.round(lock=True)
            if row is not None and row.ended_at is None and row.told_at > now - _STILL:
                return False
            if row is None:
                row = SegmentRound(tenant_id=scope.tenant, company_id=scope.company)
                repository.add(row)
            row.done, row.total, row.told_at, row.ended_at = 0, 0, now, None
            if anew:
                for one in repository.all():
                    one.refreshed_on = None
            session.flush()
            return True

    return again(work)


def under_way(container: Container, scope: Scope) -> SegmentRound | None:
    """How far it is; None: nobody works on it."""
    with container.database.read(scope) as session:
        row = SegmentRepository(session, scope).round()
        return row if row is not None and row.ended_at is None and row.told_at > container.clock() - _STILL else None


class Round:
    """What was claimed: told of now and then, and ended whatever happens."""

    def __init__(self, container: Container, scope: Scope) -> None:
        self._container = container
        self._scope = scope
        self._told = float("-inf")

    def __enter__(self) -> Round:
        return self

    def __exit__(self, *_: object) -> None:
        again(self._end)

    def tell(self, done: int, total: int) -> None:
        """So many customers of so many; written once a second."""
        moment = time.monotonic()
        if moment - self._told < _TOLD_EVERY:
            return
        self._told = moment

        def work() -> None:
            with self._container.database.write(self._scope) as session:
                row = SegmentRepository(session, self._scope).round(lock=True)
                if row is not None:
                    row.done, row.total, row.told_at = done, total, self._container.clock()

        again(work)

    def _end(self) -> None:
        with self._container.database.write(self._scope) as session:
            row = SegmentRepository(session, self._scope).round(lock=True)
            if row is not None:
                row.ended_at = self._container.clock()
