"""Batches from agents: every event by itself accepted, a duplicate, rejected, or to be tried again."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any, Final

import pydantic
from sqlalchemy.orm import Session

from v5_cloud.access.service import Machine
from v5_cloud.customers.records import Data, save
from v5_cloud.customers.repository import CustomerRepository
from v5_cloud.events.service import follow, give
from v5_cloud.fleet.service import pending_signals
from v5_cloud.hooks.service import CloudHooks
from v5_cloud.kit.bulk import WriteSet
from v5_cloud.kit.container import Container
from v5_cloud.kit.tenant import Scope
from v5_cloud.models import AuditRow, EventRow, ProductRow
from v5_cloud.push.differences import kept
from v5_cloud.settlement.pending import settle_pending
from v5_cloud.settlement.repository import SettlementRepository
from v5_cloud.settlement.service import ReportError, Settled, again, settle
from v5_cloud.tenants.service import company_info
from v5_core.errors import ConflictError, RetryableError, V5Error
from v5_core.model import Customer, Product
from v5_core.push import Event, EventResult, PushBatch, PushReply

__all__ = ["push"]

_log = logging.getLogger(__name__)
# After so many bad documents in one run of documents, the rest go one by one.
_MOST_RESTARTS: Final = 3


def push(container: Container, machine: Machine, batch: PushBatch) -> PushReply:
    """Takes a batch in order. A bad event spoils no other."""
    results: dict[int, EventResult] = {}
    events = _parsed(batch, results)
    with container.database.read(machine.scope) as session:
        known = SettlementRepository(session, machine.scope).known_events({event.event_id for _, event in events})
    seen: set[str] = set()
    todo = []
    for index, event in events:
        if event.event_id in known or event.event_id in seen:
            results[index] = EventResult(event_id=event.event_id, status="duplicate")
        else:
            todo.append((index, event))
            seen.add(event.event_id)
    for kind, run in groupby(todo, key=lambda pair: pair[1].type):
        items = list(run)
        if kind == "document":
            _documents(container, machine, items, results)
        elif kind == "product":
            _products(container, machine, items, results)
        else:
            for index, event in items:
                results[index] = _single(container, machine, event)
    return PushReply(
        results=tuple(results[index] for index in sorted(results)),
        server_time=container.clock(),
        signals=pending_signals(container, machine, batch.obeyed),
    )


def _parsed(batch: PushBatch, results: dict[int, EventResult]) -> list[tuple[int, Event]]:
    found = []
    for index, raw in enumerate(batch.events):
        try:
            event = Event.model_validate(raw)
        except pydantic.ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            name = str(raw.get("event_id", ""))[:80]
            results[index] = EventResult(event_id=name, status="rejected", code="validation", message=f"{place}: {first['msg']}"[:500])
            continue
        if getattr(event, event.type, None) is None:
            message = f"{event.type}: the body that `type` names is missing"
            results[index] = EventResult(event_id=event.event_id, status="rejected", code="validation", message=message)
            continue
        found.append((index, event))
    return found


def _row(container: Container, machine: Machine, event: Event) -> dict[str, Any]:
    return {
        "event_id": event.event_id,
        "company_id": machine.scope.company,
        "agent_id": machine.id,
        "type": event.type,
        "received_at": container.clock(),
    }


def _documents(container: Container, machine: Machine, items: Sequence[tuple[int, Event]], results: dict[int, EventResult]) -> None:
    """All documents of the run in one transaction; one that cannot be used is taken out and the rest tried again."""
    left = list(items)
    for _ in range(_MOST_RESTARTS):
        if not left:
            return
        try:
            _settle(container, machine, left, results)
            return
        except ReportError as error:
            index, event = left.pop(error.index)
            results[index] = _refused(event, error.error)
        except Exception as error:  # noqa: BLE001 - whichever event it is must not stop the others; it is found one by one below
            _log.warning("a run of %d documents failed (%s); they go one by one", len(left), type(error).__name__)
            break
    for index, event in left:
        results[index] = _guarded(event, lambda pair=(index, event): _alone(container, machine, pair, results))


def _alone(container: Container, machine: Machine, pair: tuple[int, Event], results: dict[int, EventResult]) -> EventResult:
    _settle(container, machine, [pair], results)
    return results[pair[0]]


def _settle(container: Container, machine: Machine, items: Sequence[tuple[int, Event]], results: dict[int, EventResult]) -> None:
    def remember(_: Session, writes: WriteSet, found: list[Settled]) -> None:
        writes.put(EventRow, [_row(container, machine, event) for _, event in items])
        writes.put(AuditRow, kept([event for _, event in items], found, machine.id, container.clock()))

    reports = [event.document for _, event in items if event.document is not None]
    settled = settle(container, machine.scope, reports, remember)
    follow(container, machine.scope, (one.customer for one in settled if not one.duplicate))
    for index, event in items:
        results[index] = EventResult(event_id=event.event_id, status="accepted")


def _products(container: Container, machine: Machine, items: Sequence[tuple[int, Event]], results: dict[int, EventResult]) -> None:
    now = container.clock()

    def work() -> None:
        with container.database.write(machine.scope) as session:
            writes = WriteSet(machine.scope)
            writes.put(EventRow, [_row(container, machine, event) for _, event in items], "keep")
            products = [event.product for _, event in items if event.product is not None]
            writes.put(
                ProductRow, [{**_product(one), "company_id": machine.scope.company, "updated_at": now} for one in products], "replace"
            )
            writes.flush(session, 0)

    outcome = None
    try:
        again(work)
    except V5Error as error:
        outcome = error
    for index, event in items:
        results[index] = _refused(event, outcome) if outcome else EventResult(event_id=event.event_id, status="accepted")


def _product(product: Product) -> dict[str, Any]:
    return product.model_dump()


def _single(container: Container, machine: Machine, event: Event) -> EventResult:
    return _guarded(event, lambda: _apply(container, machine, event))


def _guarded(event: Event, work: Any) -> EventResult:
    try:
        found: EventResult = work()
        return found
    except ReportError as error:
        return _refused(event, error.error)
    except V5Error as error:
        return _refused(event, error)
    except Exception as error:  # noqa: BLE001 - the agent keeps the event and sends it again; a person finds the cause in the log
        if "\\u0000" in event.model_dump_json():
            # PostgreSQL keeps no text that has one: sent again for ever it would never be taken.
            return EventResult(event_id=event.event_id, status="rejected", code="validation", message="A text holds the character U+0000.")
        _log.error("event of type %s failed: %s", event.type, type(error).__name__, exc_info=error)
        return EventResult(
            event_id=event.event_id, status="retry", code="internal", message="The service met an error; it has been logged."
        )


def _refused(event: Event, error: V5Error) -> EventResult:
    status = "retry" if isinstance(error, RetryableError) else "rejected"
    return EventResult(event_id=event.event_id, status=status, code=error.error_code, message=error.message[:500])


def _apply(container: Container, machine: Machine, event: Event) -> EventResult:
    hooks = CloudHooks(container, machine.scope)
    if event.customer is not None and event.type == "customer":
        _customer(container, machine.scope, event.customer, _row(container, machine, event))
        return EventResult(event_id=event.event_id, status="accepted")
    if event.enrol is not None and event.type == "enrol":
        hooks.enrol(event.enrol, late=True)
    elif event.hold is not None and event.type == "hold":
        hooks.hold(event.hold)
    elif event.cancel is not None and event.type == "cancel":
        hooks.cancel(event.cancel)
    _note(container, machine, event)
    return EventResult(event_id=event.event_id, status="accepted")


def _note(container: Container, machine: Machine, event: Event) -> None:
    # These operations are idempotent by their request id, so that the event may be noted after them.
    with container.database.write(machine.scope) as session:
        writes = WriteSet(machine.scope)
        writes.put(EventRow, [_row(container, machine, event)], "keep")
        writes.flush(session, 0)


def _customer(container: Container, scope: Scope, customer: Customer, event: dict[str, Any]) -> None:
    company = company_info(container, scope)
    now = container.clock()
    data = Data(
        name=customer.name,
        phone=customer.phone,
        email=customer.email,
        tax_number=customer.tax_number,
        tax_country=customer.tax_country,
        birth_date=customer.birth_date,
        erp=(customer.source, customer.source_id),
        cards=customer.cards,
        origin="erp",
        inactive=customer.inactive,
    )

    def work() -> list[str]:
        with container.database.write(scope) as session:
            repository = CustomerRepository(session, scope)
            try:
                row = save(container, repository, company, data, now).customer
            except ConflictError:
                # An ERP may hold a card twice; the record counts all the same, with the card where it is.
                row = save(container, repository, company, _without_cards(data), now).customer
            repository.add(EventRow(tenant_id=scope.tenant, **event))
            keys = [str(key) for key in row.keys]
            session.flush()
            give(container, scope, session, [row.id])
            return keys

    settle_pending(container, scope, again(work))


def _without_cards(data: Data) -> Data:
    return replace(data, cards=())
