"""Who is in a segment: for everybody when a day begins or a definition changes, and within seconds for whoever just bought.

Only differences are read and written, some hundred customers a transaction: no sale waits for it, and what is interrupted goes on
where it ended.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import date
from itertools import islice
from typing import Any, Final

from sqlalchemy.orm import Session

from v5_cloud.kit.bulk import WriteSet
from v5_cloud.kit.container import Container
from v5_cloud.kit.stale import stale
from v5_cloud.kit.tenant import Scope
from v5_cloud.models import SegmentMember, SegmentModel, SegmentRow
from v5_cloud.segments.repository import SegmentRepository
from v5_cloud.segments.rounds import Round, claim
from v5_cloud.settlement.service import again
from v5_cloud.tenants.directory import waiting
from v5_cloud.tenants.service import company_info, epoch_base
from v5_core.criteria import CriteriaError, Criterion, operands, parse
from v5_core.segments import SEGMENT_FIELDS, Cuts, Rfm

__all__ = ["criteria_of", "cuts_for", "drop", "refresh", "refresh_due", "refresh_stale", "store_model", "today_of", "work"]

_log = logging.getLogger(__name__)
_CHUNK: Final = 500
# So many customers are asked of at once: what a page shows moves on with each piece.
_PIECE: Final = 20_000
_BANDS: Final = frozenset("rfv")


def today_of(container: Container, scope: Scope) -> date:
    """The company's day."""
    return container.clock().astimezone(company_info(container, scope).default_zone).date()


def criteria_of(rows: Iterable[SegmentRow]) -> dict[str, Criterion]:
    """Segments as trees. One that cannot be read any more (a field is gone) has nobody new; the log says which."""
    found = {}
    for row in rows:
        try:
            found[row.id] = parse(row.criteria, SEGMENT_FIELDS)
        except CriteriaError:
            _log.error("segment %s of company %s cannot be read", row.id, row.company_id)
    return found


def cuts_for(container: Container, scope: Scope, today: date, *, anew: bool = False) -> Cuts:
    """The thresholds of the day: worked out once, so that everybody is measured by the same."""
    with container.database.read(scope) as session:
        row = SegmentRepository(session, scope).model()
        if row is not None and row.cut_on is not None and (row.cut_on == today or not anew):
            return Cuts.model_validate(row.cuts)
        rfm = Rfm.model_validate(row.rfm) if row is not None else Rfm()
        found = SegmentRepository(session, scope).cuts(rfm, today)
    with container.database.write(scope) as session:
        store_model(container, scope, session, rfm, found, today)
    return found


def store_model(container: Container, scope: Scope, session: Session, rfm: Rfm, cuts: Cuts, today: date) -> None:
    """Stores how customers are banded, in the caller's transaction."""
    now = container.clock()
    body = {"rfm": rfm.model_dump(mode="json"), "cuts": cuts.model_dump(mode="json")}
    writes = WriteSet(scope)
    writes.put(SegmentModel, [{"company_id": scope.company, **body, "cut_on": today, "updated_at": now}], "replace")
    writes.flush(session, epoch_base(container))


def refresh(container: Container, scope: Scope) -> int:
    """Works out all segments of a company for everybody; gives how many customers moved, 0 also where another process does it."""
    return work(container, scope) if claim(container, scope) else 0


def work(container: Container, scope: Scope) -> int:
    """Works out what was claimed."""
    with Round(container, scope) as told:
        return _work(container, scope, told)


def _work(container: Container, scope: Scope, told: Round) -> int:
    today = today_of(container, scope)
    with container.database.read(scope) as session:
        defined = SegmentRepository(session, scope).all()
        rows, criteria = {row.id: row.criteria for row in defined}, criteria_of(defined)
    if not criteria:
        return 0
    cuts = cuts_for(container, scope, today, anew=True) if asks_bands(criteria) else None
    with container.database.read(scope) as session:
        pieces = SegmentRepository(session, scope).pieces(_PIECE)
    moved = done = 0
    total = sum(count for count, _ in pieces)
    for count, only in pieces:
        told.tell(done, total)
        with container.database.read(scope) as session:
            found = SegmentRepository(session, scope).moves(criteria, today, cuts, only)
            while chunk := list(islice(found, _CHUNK)):
                _apply(container, scope, list(criteria), chunk)
                moved += len(chunk)
                told.tell(done, total)
        done += count
    now = container.clock()
    with container.database.write(scope) as session:
        repository = SegmentRepository(session, scope)
        for row in repository.all():
            # What was defined anew meanwhile is worked out next time.
            if rows.get(row.id) == row.criteria:
                row.members, row.refreshed_on, row.refreshed_at = repository.size(row.id), today, now
    return moved


def asks_bands(criteria: Mapping[str, Criterion]) -> bool:
    """Whether one of them goes by bands."""
    return any(leaf.field in _BANDS for one in criteria.values() for leaf in operands(one))


def _apply(container: Container, scope: Scope, names: list[str], moves: list[Any]) -> None:
    now = container.clock()
    enters = [(name, row.id) for row in moves for index, name in enumerate(names) if row[index + 1] > 0]
    leaves: dict[str, list[str]] = {}
    for row in moves:
        for index, name in enumerate(names):
            if row[index + 1] < 0:
                leaves.setdefault(name, []).append(row.id)

    def work() -> None:
        with container.database.write(scope) as session:
            writes = WriteSet(scope)
            rows = [{"company_id": scope.company, "segment": name, "customer_id": customer, "since": now} for name, customer in enters]
            writes.put(SegmentMember, rows, "keep")
            writes.flush(session, epoch_base(container))
            for name, customers in sorted(leaves.items()):
                SegmentRepository(session, scope).leave(name, customers)
            # Tills know customers with their segments.
            stale(session, scope.tenant, {"customers": {row.id for row in moves}})

    again(work)


def refresh_due(container: Container) -> int:
    """Works out the customers of whom something changed; gives how many."""
    return sum(_refresh_due(container, scope) for scope in waiting(container))


def _refresh_due(container: Container, scope: Scope) -> int:
    today = today_of(container, scope)
    with container.database.read(scope) as session:
        repository = SegmentRepository(session, scope)
        due = repository.due(_CHUNK)
        criteria = criteria_of(repository.all())
    cuts = cuts_for(container, scope, today) if asks_bands(criteria) else None
    if criteria and due:
        customers = [customer for customer, _ in due]
        with container.database.read(scope) as session:
            moves = list(SegmentRepository(session, scope).moves(criteria, today, cuts, lambda column: column.in_(customers)))
        if moves:
            _apply(container, scope, list(criteria), moves)

    def work() -> None:
        with container.database.write(scope) as session:
            SegmentRepository(session, scope).done(due)

    again(work)
    return len(due)


def refresh_stale(container: Container, scope: Scope) -> int:
    """Works a company's segments out when its day began or one was defined anew; gives how many customers moved."""
    with container.database.read(scope) as session:
        repository = SegmentRepository(session, scope)
        worked_out = [row.refreshed_on for row in repository.all()]
    if not worked_out or all(day == today_of(container, scope) for day in worked_out):
        return 0
    return refresh(container, scope)


def drop(container: Container, scope: Scope, segment: str) -> None:
    """Everybody leaves a segment, some hundred at a time."""
    while True:
        with container.database.write(scope) as session:
            repository = SegmentRepository(session, scope)
            some = repository.some(segment, _CHUNK)
            if not some:
                return
            repository.leave(segment, some)
            stale(session, scope.tenant, {"customers": set(some)})
