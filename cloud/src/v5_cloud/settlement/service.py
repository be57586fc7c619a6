"""Documents settled: loaded under locks, worked out in memory, written in one statement. One document or a whole batch alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import orjson
from sqlalchemy import Row
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from v5_cloud.customers.keys import ref_keys
from v5_cloud.kit.bulk import WriteSet
from v5_cloud.kit.container import Container
from v5_cloud.kit.tenant import Scope
from v5_cloud.ledger.repository import LedgerRepository
from v5_cloud.ledger.working import Working
from v5_cloud.messages.notices import tell_manager
from v5_cloud.models import AuditRow, DocumentRow
from v5_cloud.programmes.repository import ProgrammeRepository
from v5_cloud.programmes.service import Catalogue, catalogue
from v5_cloud.settlement.document import Doc, lock_keys, moved, names_of, refs_of, report_of, revised
from v5_cloud.settlement.extending import catalogue_for, extend
from v5_cloud.settlement.noting import noted
from v5_cloud.settlement.receipt import answer_of
from v5_cloud.settlement.repository import SettlementRepository
from v5_cloud.settlement.saving import collect
from v5_cloud.settlement.world import World
from v5_cloud.tenants.service import company_info, epoch_base
from v5_core.errors import RetryableError, V5Error
from v5_core.hooks import CommitResponse, ReturnResponse
from v5_core.model import SalesDocument

__all__ = ["ReportError", "Settled", "again", "resettle", "settle"]

_ATTEMPTS: Final = 4
Result = TypeVar("Result")


class ReportError(Exception):
    """One report of a batch cannot be used; nothing of the batch was written."""

    def __init__(self, index: int, error: V5Error) -> None:
        super().__init__(error.message)
        self.index = index
        self.error = error


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of one report. `answer` is the reply as it is stored, `fresh` the reply itself when it was made just now."""

    document: str
    duplicate: bool
    is_return: bool
    answer: orjson.Fragment | dict[str, Any]
    fresh: CommitResponse | ReturnResponse | None
    customer: str | None = None

    @property
    def reply(self) -> CommitResponse | ReturnResponse:
        """The reply, which for a duplicate is the one that was stored."""
        if self.fresh is not None:
            return self.fresh
        model: type[CommitResponse | ReturnResponse] = ReturnResponse if self.is_return else CommitResponse
        return model.model_validate_json(orjson.dumps(self.answer))


def again(work: Callable[[], Result]) -> Result:
    """Repeats a transaction that lost a race (deadlock, guarded update, a key that another transaction wrote first).

    Raises:
        RetryableError: It lost every time.
    """
    for attempt in range(_ATTEMPTS):
        try:
            return work()
        except RetryableError:
            if attempt == _ATTEMPTS - 1:
                raise
        except IntegrityError as error:
            if attempt == _ATTEMPTS - 1:
                raise RetryableError("The request met another one on the same rows; send it again.", retry_after=1) from error
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", "") not in {"40001", "40P01"} or attempt == _ATTEMPTS - 1:
                raise
    raise RetryableError("The request met another one on the same rows; send it again.", retry_after=1)


def settle(
    container: Container,
    scope: Scope,
    reports: Sequence[SalesDocument],
    also: Callable[[Session, WriteSet, list[Settled]], None] | None = None,
) -> list[Settled]:
    """Settles reports of documents in the order given, in one transaction.

    Args:
        container: The service.
        scope: Whose documents.
        reports: In order.
        also: Adds rows of the caller's own (events, the stored answer) to what is written.

    Raises:
        ReportError: One of them cannot be used.
        RetryableError: The database was busy with the same rows.
    """
    locks = {number for report in reports for number in lock_keys(scope.tenant, scope.company, report)}

    def once() -> list[Settled]:
        with container.database.write(scope, locks=sorted(locks)) as session:
            world = load(container, scope, session, reports)
            _lock_what_was_left(container, scope, world, reports, locks)
            results = []
            for index, report in enumerate(reports):
                try:
                    results.append(_take(world, report))
                except V5Error as error:
                    raise ReportError(index, error) from error
            found = {one.document: one.fresh for one in results if one.fresh is not None}
            write(container, scope, session, world, found, lambda writes: also(session, writes, results) if also else None)
            return results

    epoch_base(container)  # read while no connection is held
    return again(once)


def _lock_what_was_left(container: Container, scope: Scope, world: World, reports: Sequence[SalesDocument], locks: set[int]) -> None:
    # A return that turns out to be of another sale changes the one that it leaves too: from the beginning again, with that one's locks.
    left = {one for doc in moved(world.docs.values(), reports) for one in doc.links.values() if one}
    more = {number for one in left for number in lock_keys(scope.tenant, scope.company, world.docs[one].body)} - locks
    if more and not container.database.is_sqlite:
        locks |= more
        raise RetryableError("The return turned out to be of another sale.", retry_after=1)


def resettle(container: Container, scope: Scope, session: Session, documents: Sequence[str]) -> None:
    """Settles stored documents anew, in the caller's transaction (a customer became known)."""
    world, replies = load(container, scope, session, (), documents), {}
    for one in documents:
        doc = world.docs.get(one)
        if doc is not None and doc.state != "merged":
            world.resettle(doc)
            replies[one] = answer_of(world, doc)
            doc.answer = orjson.Fragment(replies[one].model_dump_json())
    write(container, scope, session, world, replies, lambda _: None)


def _take(world: World, report: SalesDocument) -> Settled:
    doc, duplicate = world.take(report)
    reply = None if duplicate else answer_of(world, doc)
    if reply is not None:
        doc.answer = orjson.Fragment(reply.model_dump_json())
    return Settled(doc.id, duplicate, doc.is_return, doc.answer, reply, doc.customer)


def write(
    container: Container,
    scope: Scope,
    session: Session,
    world: World,
    replies: Mapping[str, CommitResponse | ReturnResponse],
    also: Callable[[WriteSet], None],
) -> None:
    """Writes what a world changed, and what a person should know of the documents that were answered."""
    writes = WriteSet(scope)
    collect(world, writes)
    tell_manager(scope, session, world, lambda: _programmes(container, scope, session), writes)
    writes.put(AuditRow, noted(SettlementRepository(session, scope), replies, world.now))
    also(writes)
    writes.flush(session, epoch_base(container))


def _programmes(container: Container, scope: Scope, session: Session) -> Catalogue:
    programmes = ProgrammeRepository(session, scope)
    return catalogue(container, programmes, programmes.stamp())


def load(container: Container, scope: Scope, session: Session, reports: Sequence[SalesDocument], ids: Sequence[str] = ()) -> World:
    """Everything that the reports touch, accounts locked. A new sale costs three reads, an anonymous one less."""
    now = container.clock()
    company = company_info(container, scope, store=reports[0].store if reports else None)
    repository, ledger = SettlementRepository(session, scope), LedgerRepository(session, scope)
    rows = _documents(repository, reports, ids)
    docs = [Doc.from_row(row) for row in rows]
    _parts(repository, docs)
    working = Working(company.id, now)
    world = World(company, None, working, now)
    country = company.country
    keys = {key for report in reports for key in ref_keys(report.customer, report.source, country)}
    keys |= {key for doc in docs for key in doc.customer_refs(country)} | {f"id:{doc.customer}" for doc in docs if doc.customer}
    bodies = [*reports, *(doc.body for doc in docs)]
    holds = {payment.hold for body in bodies for payment in body.payments if payment.hold}
    accounts = {doc.account for doc in docs if doc.account} | ledger.owners([doc.id for doc in docs])
    pairs, stamp = ledger.lock(keys, accounts, holds)
    if pairs:
        world.catalogue = catalogue(container, ProgrammeRepository(session, scope), stamp)
        working.load([account for account, _ in pairs], (), ())
        if docs:
            entries = [f"{doc.id}>{original}" for doc in docs for original in doc.links.values() if original]
            entries += [f"{doc.id}>{other.id}" for doc in moved(docs, reports) for other in docs]
            ledger.booked(working, [doc.id for doc in docs], entries)
        ledger.outline(working, [account.id for account, _ in pairs], holds)
    world.load(docs, [(account.id, customer) for account, customer in pairs])
    programmes = catalogue_for(container, scope, session, world.catalogue, bodies, docs)
    if programmes is not None and bodies:
        members = [customer for _, customer in pairs]
        world.extras = extend(scope, session, company, programmes, working, bodies, docs, members, now)
        world.catalogue = programmes if world.extras is not None else world.catalogue
    return world


def _documents(repository: SettlementRepository, reports: Sequence[SalesDocument], ids: Sequence[str]) -> list[DocumentRow | Row[Any]]:
    keys = {key for report in reports for key in report.keys}
    names = {name for report in reports for name in names_of(report)}
    for report in reports:
        refs = refs_of(report)
        names |= set(refs)
        keys |= {f"number:{ref}" for ref in refs}
        if report.fiscal:
            keys |= {f"fiscal:{report.fiscal.issuer.upper()}:{ref}" for ref in refs}
    rows: dict[str, DocumentRow | Row[Any]] = {row.id: row for row in repository.by_id(ids)}
    if keys:
        rows |= {row.id: row for row in repository.documents(keys, names)}
    originals = {original for row in rows.values() for _, original in row.links if original} | {
        row.id for row in rows.values() if row.has_returns
    }
    rows |= {row.id: row for row in repository.families(originals)}
    return list(rows.values())


def _parts(repository: SettlementRepository, docs: list[Doc]) -> None:
    if not docs:
        return
    found = {(row.document_id, row.revision): report_of(row.body) for row in repository.revisions(revised(docs))}
    for doc in docs:
        doc.parts = {source: found[doc.id, revision] for source, revision in doc.revisions.items() if (doc.id, revision) in found}
