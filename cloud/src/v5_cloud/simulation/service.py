"""Simulations asked for, worked on, and looked at. REST, pages and the command line call the same."""

from __future__ import annotations

import logging
import time
from datetime import date, timedelta
from typing import Any, Final

import orjson

from v5_cloud.kit.container import Container
from v5_cloud.kit.pagination import Page, decode, instant, page_of
from v5_cloud.kit.tenant import Scope
from v5_cloud.models import SimulationRow, new_id
from v5_cloud.programmes import drafts
from v5_cloud.programmes.service import current
from v5_cloud.simulation.repository import PastRepository, SimulationRepository
from v5_cloud.simulation.running import Past, run, simulator_of
from v5_cloud.simulation.schemas import Asked, SimulationItem, SimulationOrder, SimulationRecord
from v5_cloud.tenants.service import company_info
from v5_core.errors import FieldError, NotFoundError, V5Error, ValidationError
from v5_core.programme import Programme
from v5_core.simulation import Report

__all__ = ["DAYS", "asked_of", "create", "get", "list_simulations", "past_of", "unfinished", "work"]

_log = logging.getLogger(__name__)
DAYS: Final = 90
_STILL: Final = timedelta(minutes=5)
_TOLD_EVERY: Final = 1.0


def asked_of(container: Container, scope: Scope, order: SimulationOrder) -> Asked:
    """What is asked for, with what was left out."""
    today = container.clock().astimezone(company_info(container, scope).default_zone).date()
    until = order.until or today
    since = order.since or until - timedelta(days=DAYS - 1)
    return Asked(since, until, tuple(order.stores), order.follow, order.keep_dates, order.language)


def past_of(container: Container, scope: Scope, draft: Programme, asked: Asked, *, base: tuple[Programme, ...] | None = None) -> Past:
    """A draft beside what is published today, or beside `base`.

    Raises:
        ValidationError: The draft is in another currency than the company's, or a store is not one of the company's.
    """
    company, now = company_info(container, scope), container.clock()
    if draft.currency != company.currency:
        wrong = FieldError("programme.currency", "currency", f"{company.currency} is expected, the company's currency")
        raise ValidationError("The draft is in another currency than the company's.", errors=(wrong,))
    unknown = [store for store in asked.stores if store not in company.stores]
    if unknown:
        named = tuple(FieldError("stores", "unknown_store", f"no store {one!r}") for one in unknown)
        raise ValidationError("There is no such store.", code="unknown_store", errors=named)
    todays = current(container, scope).programmes(now) if base is None else base
    return Past.of(company, scope, todays, draft, asked, now)


def create(container: Container, scope: Scope, order: SimulationOrder, *, actor: str) -> SimulationRecord:
    """Takes an order; `jobs.start` works on it.

    Raises:
        NotFoundError: No such version.
        ValidationError: The draft cannot be read, or a store is not one of the company's.
    """
    draft = order.programme
    if draft is None:
        draft = drafts.get(container, scope, order.id or "", order.version or 0).programme
    asked, now = asked_of(container, scope, order), container.clock()
    simulator_of(past_of(container, scope, draft, asked))
    with container.database.write(scope) as session:
        row = SimulationRow(
            tenant_id=scope.tenant,
            id=new_id("sim", now),
            company_id=scope.company,
            slug=draft.id,
            version=draft.version,
            state="queued",
            body=draft.model_dump(mode="json"),
            asked={
                "since": asked.since.isoformat(),
                "until": asked.until.isoformat(),
                "stores": list(asked.stores),
                "follow": asked.follow,
                "keep_dates": asked.keep_dates,
                "language": asked.language,
            },
            report={},
            created_at=now,
            created_by=actor,
            updated_at=now,
        )
        SimulationRepository(session, scope).add(row)
        session.flush()
        return _record(row, {})


def get(container: Container, scope: Scope, simulation: str) -> SimulationRecord:
    """One simulation; customers in its report have their names of today.

    Raises:
        NotFoundError: No such simulation.
    """
    with container.database.read(scope) as session:
        row = SimulationRepository(session, scope).get(simulation)
        if row is None:
            raise NotFoundError("There is no such simulation.")
        found = row.report
        customers = [one["customer"] for name in ("biggest_winners", "biggest_losers") for one in found.get(name, ())]
        return _record(row, PastRepository(session, scope).names(customers))


def list_simulations(
    container: Container, scope: Scope, *, cursor: str | None = None, limit: int = 50, slug: str = "", version: int = 0
) -> Page[SimulationItem]:
    """Simulations, newest first."""
    after = decode(cursor, 2)
    with container.database.read(scope) as session:
        repository = SimulationRepository(session, scope)
        rows = repository.list((instant(after[0]), after[1]) if after else None, limit + 1, slug=slug, version=version)
        return page_of(rows, limit, _item, lambda row: (row.created_at.isoformat(), row.id))


def unfinished(container: Container, scope: Scope) -> list[str]:
    """Simulations that nobody works on: the process that took them ended."""
    with container.database.read(scope) as session:
        return list(SimulationRepository(session, scope).unfinished(container.clock() - _STILL))


def work(container: Container, scope: Scope, simulation: str, *, workers: int = 0) -> bool:
    """Does one; False when somebody else does it, or it is done. What goes wrong is kept with it."""
    now = container.clock()
    with container.database.write(scope) as session:
        repository = SimulationRepository(session, scope)
        if not repository.claim(simulation, now, now - _STILL):
            return False
        row = repository.get(simulation)
    if row is None:
        return False
    try:
        asked = _asked(row.asked)
        past = past_of(container, scope, Programme.model_validate(row.body), asked)
        report = run(container, past, workers=workers, progress=_Progress(container, scope, simulation))
    except V5Error as error:
        _end(container, scope, simulation, {"state": "failed", "problem": error.message})
    except Exception as error:  # noqa: BLE001 - nobody waits for it: the row says that it failed, the log why
        _log.error("simulation %s failed: %s", simulation, type(error).__name__, exc_info=error)
        _end(container, scope, simulation, {"state": "failed", "problem": "It could not be finished; the log of the service says why."})
    else:
        _end(container, scope, simulation, {"state": "done", "report": report.model_dump(mode="json")})
    return True


def _end(container: Container, scope: Scope, simulation: str, values: dict[str, Any]) -> None:
    now = container.clock()
    with container.database.write(scope) as session:
        SimulationRepository(session, scope).write(simulation, {**values, "updated_at": now, "done_at": now})


class _Progress:
    """Says now and then how far it is: that is also what keeps others from taking the work over."""

    def __init__(self, container: Container, scope: Scope, simulation: str) -> None:
        self._container = container
        self._scope = scope
        self._simulation = simulation
        self._told = float("-inf")

    def __call__(self, done: int, total: int) -> None:
        moment = time.monotonic()
        if done < total and moment - self._told < _TOLD_EVERY:
            return
        self._told = moment
        values = {"documents": done, "total": total, "updated_at": self._container.clock()}
        with self._container.database.write(self._scope) as session:
            SimulationRepository(session, self._scope).write(self._simulation, values)


def _asked(stored: dict[str, Any]) -> Asked:
    days = {name: date.fromisoformat(stored[name]) for name in ("since", "until")}
    return Asked(**{**stored, **days, "stores": tuple(stored["stores"])})


def _item(row: SimulationRow) -> SimulationItem:
    return SimulationItem(**_values(row))


def _values(row: SimulationRow) -> dict[str, Any]:
    asked: dict[str, Any] = {name: row.asked[name] for name in ("since", "until", "stores", "follow", "keep_dates")}
    return {
        "id": row.id,
        "programme": row.slug,
        "version": row.version,
        "name": str(row.body.get("name", "")),
        "state": row.state,
        "documents": row.documents or 0,
        "total": row.total or 0,
        "problem": row.problem or "",
        "created_at": row.created_at,
        "created_by": row.created_by,
        "done_at": row.done_at,
        **asked,
    }


def _record(row: SimulationRow, names: dict[str, str]) -> SimulationRecord:
    report = None
    if row.report:
        report = Report.model_validate_json(orjson.dumps(row.report))
        update = {
            kind: tuple(one.model_copy(update={"name": names.get(one.customer, "")}) for one in getattr(report, kind))
            for kind in ("biggest_winners", "biggest_losers")
        }
        report = report.model_copy(update=update)
    return SimulationRecord(**_values(row), company=row.company_id, report=report)
