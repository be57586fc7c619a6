"""What is done to many customers at once: previewed, then confirmed exactly as previewed, and taken back if need be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from v5_cloud.hooks.once import once
from v5_cloud.kit.bulk import WriteSet
from v5_cloud.kit.container import Container
from v5_cloud.kit.pagination import Page, decode, instant, page_of
from v5_cloud.kit.tenant import Scope
from v5_cloud.ledger.working import Cause
from v5_cloud.membership.adjusting import apply_points, apply_reset, take_back
from v5_cloud.membership.giving import give_vouchers, rule_of
from v5_cloud.membership.repository import MembershipRepository
from v5_cloud.membership.schemas import MassRequest, ResetRequest, ReverseRequest, RunItem, RunLine, TurnoverRequest
from v5_cloud.membership.service import record_values
from v5_cloud.models import RunRow, new_id
from v5_cloud.programmes.service import current
from v5_cloud.settlement.service import again
from v5_cloud.tenants.service import CompanyInfo, company_info, epoch_base
from v5_cloud.tenants.setup import audit
from v5_cloud.vouchers.purse import Purse
from v5_cloud.vouchers.repository import VoucherRepository
from v5_core.criteria import RECORD_FIELDS, CriteriaError, FieldType, Predicate, compile_memory, parse
from v5_core.days import day_end, day_start
from v5_core.errors import ConflictError, FieldError, NotFoundError, ValidationError
from v5_core.model import Wire
from v5_core.stored import Measured
from v5_core.stored import turnover as vouchers_of

__all__ = [
    "begin",
    "begin_reverse",
    "confirm",
    "do_scheduled",
    "get",
    "go_on",
    "go_on_once",
    "listed",
    "points",
    "reset",
    "reverse",
    "turnover",
]

_FIELDS: Final = {**RECORD_FIELDS, "balance": FieldType("number", 3)}
_MOST: Final = 100_000
_CHUNK: Final = 100
# Customer, what was measured, visits, points, amount, percent.
Line = list[Any]


class _Made(Wire):
    run: str


def points(container: Container, scope: Scope, request: MassRequest, *, actor: str) -> RunItem:
    """Previews points for many.

    Raises:
        ValidationError: Criteria that cannot be read, or nobody meant.
    """
    if not request.points:
        raise ValidationError("Nothing would change.", errors=(FieldError("points", "zero", "more or less than zero is expected"),))
    holds = _condition(request.where, _FIELDS)

    def find(repository: MembershipRepository, _: CompanyInfo) -> list[Line]:
        found = []
        for person, account in repository.people(request.customers):
            if holds is None or holds({**record_values(person), "balance": account.balance - account.held}):
                found.append([person.id, 0, 0, request.points, 0, 0])
        return found

    asked = {"points": request.points, "expires_on": request.expires_on.isoformat() if request.expires_on else None}
    return _preview(container, scope, request.request_id, request, "adjustment", request.reason, asked, find, actor)


def _condition(where: str, fields: Mapping[str, FieldType]) -> Predicate | None:
    try:
        return compile_memory(parse(where, fields), fields) if where.strip() else None
    except CriteriaError as error:
        raise error.of("where") from None


def reset(container: Container, scope: Scope, request: ResetRequest, *, actor: str) -> RunItem:
    """Previews a reset of everybody's points."""

    def find(repository: MembershipRepository, _: CompanyInfo) -> list[Line]:
        rows = [(person.id, account.balance - account.held) for person, account in repository.people(())]
        return [[customer, 0, 0, request.keep - free, 0, 0] for customer, free in rows if free > request.keep]

    asked = {"keep": request.keep, "on": request.on.isoformat() if request.on else None}
    return _preview(container, scope, request.request_id, request, "reset", request.reason, asked, find, actor)


def turnover(container: Container, scope: Scope, request: TurnoverRequest, *, actor: str) -> RunItem:
    """Previews vouchers by turnover.

    Raises:
        ValidationError: Not a rule of turnover, or days in the wrong order.
    """
    company, now = company_info(container, scope), container.clock()
    programme, rule = rule_of(current(container, scope), now, request.programme, request.rule)
    if request.last < request.first:
        raise ValidationError("The period ends before it starts.", errors=(FieldError("last", "order", "a later day is expected"),))
    holds = _condition(request.where, RECORD_FIELDS)
    unknown = [one for one in request.stores if one not in company.stores]
    if unknown:
        raise ValidationError("There is no such store.", errors=(FieldError("stores", "unknown_store", unknown[0]),))

    def find(repository: MembershipRepository, info: CompanyInfo) -> list[Line]:
        zone = info.default_zone
        first, last = day_start(request.first, zone), day_end(request.last, zone)
        rows: Sequence[Any] = repository.turnover(first, last, request.stores, rule.basis)
        if holds is not None:
            meant = {person.id for person, _ in repository.people((), heads=False) if holds(record_values(person))}
            rows = [row for row in rows if row[0] in meant]
        measured = [(str(row[0]), Measured(int(row[1]), int(row[2]))) for row in rows]
        return [
            [customer, one.amount, one.visits, 0, made.amount, made.percent]
            for customer, one, made in vouchers_of(rule, measured, at=now, zone=zone, rounding=programme.policies.discount_rounding)
        ]

    asked = {"programme": request.programme, "rule": request.rule, "first": request.first.isoformat(), "last": request.last.isoformat()}
    return _preview(container, scope, request.request_id, request, "vouchers", rule.title or rule.id, asked, find, actor)


def _preview(
    container: Container, scope: Scope, request_id: str, request: Wire, kind: str, reason: str, asked: dict[str, Any], find: Any, actor: str
) -> RunItem:
    company, now = company_info(container, scope), container.clock()

    def work(session: Session) -> _Made:
        repository = MembershipRepository(session, scope)
        lines = find(repository, company)
        if not lines:
            raise ValidationError("Nobody is meant.", code="nobody", errors=(FieldError("where", "nobody", "widen the choice"),))
        if len(lines) > _MOST:
            wrong = FieldError("where", "too_many", f"at most {_MOST} customers at once are expected")
            raise ValidationError("Too many customers are meant.", errors=(wrong,))
        row = RunRow(
            tenant_id=scope.tenant, id=new_id("ru", now), company_id=scope.company, kind=kind, state="preview", reason=reason, asked=asked,
            found=lines, customers=len(lines), total=sum(line[3] or line[4] for line in lines), created_at=now, created_by=actor,
            done_at=None, done_by="", reversed_at=None, reversed_by="",
        )  # fmt: skip
        repository.add(row)
        return _Made(run=row.id)

    made = once(container, scope, f"run.{kind}", request_id, request, _Made, work)
    return get(container, scope, made.run)


def confirm(container: Container, scope: Scope, run: str, *, actor: str) -> RunItem:
    """Does what was previewed; one that has a day waits for it. Broken off, it goes on where it was.

    Raises:
        ConflictError: It was taken back.
        NotFoundError: No such run.
    """
    if begin(container, scope, run, actor=actor):
        go_on(container, scope, run)
    return get(container, scope, run)


def begin(container: Container, scope: Scope, run: str, *, actor: str) -> bool:
    """Confirms what was previewed, without doing it yet; says whether there is something to do now.

    Raises:
        ConflictError: It was taken back.
        NotFoundError: No such run.
    """
    company, now = company_info(container, scope), container.clock()
    today = now.astimezone(company.default_zone).date().isoformat()

    def work() -> bool:
        with container.database.write(scope) as session:
            repository = MembershipRepository(session, scope)
            row = _known(repository, run)
            if row.state in ("reversing", "reversed"):
                raise ConflictError("The run was taken back.", code="reversed")
            if row.state == "preview":
                if row.kind == "vouchers":
                    rule_of(current(container, scope), now, str(row.asked["programme"]), str(row.asked["rule"]))
                row.done_by = actor
                row.state = "scheduled" if (row.asked.get("on") or today) > today else "running"
                repository.add(audit(scope, now, actor, f"run.{row.kind}", row.id))
            return row.state == "running"

    return again(work)


def do_scheduled(container: Container, scope: Scope) -> int:
    """Does the confirmed runs whose day has come, and goes on with those that were broken off; gives how many they were."""
    company, now = company_info(container, scope), container.clock()
    with container.database.read(scope) as session:
        due = MembershipRepository(session, scope).due(now.astimezone(company.default_zone).date().isoformat())
    for run in due:
        go_on(container, scope, run)
    return len(due)


def go_on(container: Container, scope: Scope, run: str) -> None:
    """Does what is left of a confirmed run, or of taking one back."""
    while go_on_once(container, scope, run):
        pass


def go_on_once(container: Container, scope: Scope, run: str) -> bool:
    """Does the next customers of a run; says whether there are more."""
    return again(lambda: _step(container, scope, run))


def _step(container: Container, scope: Scope, run: str) -> bool:
    """Some customers of a run, in a transaction of their own; says whether there are more."""
    company, now = company_info(container, scope), container.clock()
    with container.database.write(scope) as session:
        row = _known(MembershipRepository(session, scope), run)
        if row.state == "reversing":
            return _unstep(container, scope, session, row, company, now)
        if row.state not in ("scheduled", "running"):
            return False
        begun = int(row.asked.get("begun", 0))
        lines = row.found[begun : begun + _CHUNK]
        if row.kind == "vouchers":
            give_vouchers(container, scope, session, row, lines, company, now, last=begun + len(lines) >= len(row.found))
        else:
            _move(container, scope, session, row, lines, company, now)
        row.asked = {**row.asked, "begun": begun + len(lines)}
        more = begun + len(lines) < len(row.found)
        row.state, row.done_at = ("running", None) if more else ("done", now)
        return more


def _move(
    container: Container, scope: Scope, session: Session, row: RunRow, lines: list[Line], company: CompanyInfo, now: datetime
) -> None:
    policies = current(container, scope).policies(now)
    last = row.asked.get("expires_on")
    expires = day_end(date.fromisoformat(last), company.default_zone) if last else None
    for customer, _, _, amount, _, _ in lines:
        if row.kind == "reset":
            keep = int(row.asked["keep"])
            apply_reset(container, scope, session, company, customer, keep, row.reason, row.done_by, now=now, run=row.id)
        else:
            apply_points(
                container, scope, session, company, customer, amount, row.reason, row.done_by,
                policies=policies, expires=expires, now=now, run=row.id,
            )  # fmt: skip


def reverse(container: Container, scope: Scope, run: str, request: ReverseRequest, *, actor: str) -> RunItem:
    """Takes a run back; vouchers that somebody used stay. Broken off, it goes on where it was.

    Raises:
        ConflictError: It was taken back before.
        NotFoundError: No such run.
    """
    if begin_reverse(container, scope, run, request, actor=actor):
        go_on(container, scope, run)
    return get(container, scope, run)


def begin_reverse(container: Container, scope: Scope, run: str, request: ReverseRequest, *, actor: str) -> bool:
    """Says that a run is to be taken back, also one that is being done; says whether there is something to do now.

    Raises:
        ConflictError: It was taken back before.
        NotFoundError: No such run.
    """
    now = container.clock()

    def work(session: Session) -> _Made:
        repository = MembershipRepository(session, scope)
        row = _known(repository, run)
        if row.state in ("reversing", "reversed"):
            raise ConflictError("The run was taken back before.", code="reversed")
        row.state = "reversing" if row.asked.get("begun") else "reversed"
        row.asked = {**row.asked, "why": request.reason}
        row.reversed_at, row.reversed_by = now, actor
        repository.add(audit(scope, now, actor, "run.reverse", row.id))
        return _Made(run=run)

    once(container, scope, f"run.reverse:{run}", request.request_id, request, _Made, work)
    return get(container, scope, run).state == "reversing"


def _unstep(container: Container, scope: Scope, session: Session, row: RunRow, company: CompanyInfo, now: datetime) -> bool:
    """Takes back what some customers of a run got, the last first; says whether there are more."""
    begun = int(row.asked.get("begun", 0))
    first = max(0, begun - _CHUNK)
    customers = [str(line[0]) for line in row.found[first:begun]]
    if row.kind == "vouchers":
        _cancel(container, scope, session, row, customers, company, now)
    else:
        policies = current(container, scope).policies(now)
        for one in MembershipRepository(session, scope).adjustments_of(row.id, customers):
            if one.reversed_at is None:
                take_back(container, scope, session, company, one, row.reversed_by, policies=policies, now=now)
    row.asked = {**row.asked, "begun": first}
    if not first:
        row.state, row.reversed_at = "reversed", now
    return bool(first)


def _cancel(
    container: Container, scope: Scope, session: Session, row: RunRow, customers: list[str], company: CompanyInfo, now: datetime
) -> None:
    repository, reason = VoucherRepository(session, scope), str(row.asked.get("why", ""))
    purse = Purse(repository, company.currency, now)
    entries = [f"{row.id}/{customer}" for customer in customers]
    purse.load(repository.of_run(row.id, customers), lock=True, documents=entries)
    for one in purse.rows.values():
        unused = one.used == 0 and one.held == 0 and (one.account_id is None or purse.balance(one) == one.face)
        if one.state in ("active", "blocked") and unused:
            purse.fill(one, f"{row.id}/{one.customer_id}", 0, at=now, cause=Cause(zone=company.default_zone))
            one.state, one.reason, one.updated_at = "cancelled", reason, now
    writes = WriteSet(scope)
    purse.collect(writes, company.default_zone)
    session.flush()
    writes.flush(session, epoch_base(container))


def _known(repository: MembershipRepository, run: str) -> RunRow:
    row = repository.run(run)
    if row is None:
        raise NotFoundError("There is no such run.")
    return row


def get(container: Container, scope: Scope, run: str) -> RunItem:
    """One run with its lines.

    Raises:
        NotFoundError: No such run.
    """
    with container.database.read(scope) as session:
        row = MembershipRepository(session, scope).run_by_id(run)
        if row is None:
            raise NotFoundError("There is no such run.")
        return _item(row, row.found)


def listed(container: Container, scope: Scope, *, cursor: str | None, limit: int) -> Page[RunItem]:
    """Runs, newest first, without their lines."""
    after = decode(cursor, 2)
    with container.database.read(scope) as session:
        rows = MembershipRepository(session, scope).runs((instant(after[0]), after[1]) if after else None, limit + 1)
        return page_of(rows, limit, lambda row: _item(row, ()), lambda row: (row.created_at.isoformat(), row.id))


def _item(row: RunRow, lines: Sequence[Line]) -> RunItem:
    day = row.asked.get("on")
    return RunItem(
        id=row.id, kind=row.kind, state=row.state, reason=row.reason, customers=row.customers, begun=int(row.asked.get("begun", 0)),
        points=row.total if row.kind != "vouchers" else 0, amount=row.total if row.kind == "vouchers" else 0,
        on=date.fromisoformat(day) if day else None,
        lines=[
            RunLine(customer=customer, measured=measured, visits=visits, points=points, amount=amount, percent=percent)
            for customer, measured, visits, points, amount, percent in lines
        ],
        created_at=row.created_at, created_by=row.created_by, done_at=row.done_at, done_by=row.done_by, reversed_at=row.reversed_at,
        reversed_by=row.reversed_by,
    )  # fmt: skip
