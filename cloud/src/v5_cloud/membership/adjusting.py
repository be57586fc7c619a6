"""Points by hand: added, taken, reset, and taken back, each with its reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from v5_cloud.customers.repository import CustomerRepository
from v5_cloud.hooks.once import once
from v5_cloud.kit.bulk import WriteSet
from v5_cloud.kit.container import Container
from v5_cloud.kit.tenant import Scope
from v5_cloud.ledger.repository import LedgerRepository
from v5_cloud.ledger.working import Account, Cause, Working, home_of
from v5_cloud.membership.repository import MembershipRepository
from v5_cloud.membership.schemas import AdjustmentItem, AdjustRequest, ReverseRequest
from v5_cloud.models import AdjustmentRow, new_id
from v5_cloud.programmes.service import current
from v5_cloud.tenants.service import CompanyInfo, company_info, epoch_base
from v5_cloud.tenants.setup import audit
from v5_core.days import day_end
from v5_core.errors import ConflictError, FieldError, NotFoundError, ValidationError
from v5_core.ledger import AccountState, Outcome, adjust, undo
from v5_core.ledger import reset as reset_points
from v5_core.model import Wire
from v5_core.programme import Policies

__all__ = ["adjusted", "adjustment_of", "apply_points", "apply_reset", "get", "listed", "take_back", "undone"]


class _Made(Wire):
    adjustment: str


def adjusted(container: Container, scope: Scope, customer: str, request: AdjustRequest, *, actor: str) -> AdjustmentItem:
    """Points added or taken by hand.

    Raises:
        NotFoundError: No such customer.
        ValidationError: No points.
    """
    if not request.points:
        raise ValidationError("Nothing would change.", errors=(FieldError("points", "zero", "more or less than zero is expected"),))
    company, now = company_info(container, scope), container.clock()
    policies = current(container, scope).policies(now)
    expires = day_end(request.expires_on, company.default_zone) if request.expires_on else None
    if expires is not None and expires <= now:
        raise ValidationError("The points would have lapsed.", errors=(FieldError("expires_on", "past", "a day to come is expected"),))

    def work(session: Session) -> _Made:
        pair = CustomerRepository(session, scope).get(customer)
        if pair is None:
            raise NotFoundError("There is no such customer.", code="unknown_customer")
        whose = pair[0].shares_with or customer
        row = apply_points(
            container, scope, session, company, whose, request.points, request.reason, actor, policies=policies, expires=expires, now=now
        )
        return _Made(adjustment=row.id)

    made = once(container, scope, f"adjust:{customer}", request.request_id, request, _Made, work)
    return get(container, scope, made.adjustment)


def apply_points(
    container: Container, scope: Scope, session: Session, company: CompanyInfo, customer: str, points: int, reason: str, actor: str, *,
    policies: Policies, expires: datetime | None, now: datetime, run: str | None = None,
) -> AdjustmentRow:  # fmt: skip
    """Adds or takes points of one customer, in the caller's transaction."""

    def change(state: AccountState, entry: str) -> Outcome:
        return adjust(state, entry, points, at=now, policies=policies, expires_at=expires)

    return _apply(container, scope, session, company, customer, "adjustment", reason, actor, change, now, run)


def apply_reset(
    container: Container, scope: Scope, session: Session, company: CompanyInfo, customer: str, keep: int, reason: str, actor: str, *,
    now: datetime, run: str | None = None,
) -> AdjustmentRow:  # fmt: skip
    """Takes all points of one customer but `keep`, in the caller's transaction."""
    return _apply(
        container, scope, session, company, customer, "reset", reason, actor,
        lambda state, entry: reset_points(state, entry, at=now, keep=keep), now, run,
    )  # fmt: skip


def _apply(
    container: Container, scope: Scope, session: Session, company: CompanyInfo, customer: str, kind: str, reason: str, actor: str,
    change: Callable[[AccountState, str], Outcome], now: datetime, run: str | None,
) -> AdjustmentRow:  # fmt: skip
    ledger = LedgerRepository(session, scope)
    account, _ = _accounts(ledger, customer, now)
    working = Working(company.id, now)
    working.load([account], (), ())
    ledger.details(working, [account.id])
    entry = new_id("ad", now)
    outcome = change(working.state(account.id), entry)
    moved = sum(one.points for one in outcome.postings if one.account == account.id)
    working.apply(outcome, Cause(zone=company.default_zone))
    row = AdjustmentRow(
        tenant_id=scope.tenant, id=entry, company_id=scope.company, customer_id=customer, account_id=account.id, kind=kind, points=moved,
        reason=reason, run_id=run, created_at=now, created_by=actor, reversed_at=None, reversed_by="",
    )  # fmt: skip
    ledger.add(row, audit(scope, now, actor, f"points.{kind}", customer))
    _flush(container, scope, session, working, company)
    return row


def _accounts(ledger: LedgerRepository, customer: str, since: datetime) -> tuple[Account, Account]:
    """A customer's own account, and the one where what it had at an instant is by now: a relative's, where it was shared since."""
    pairs, _ = ledger.lock([f"id:{customer}"], (), ())
    people = {person.id: person for _, person in pairs}
    accounts = {person.id: account for account, person in pairs}
    if customer not in accounts:
        raise NotFoundError("There is no such customer.", code="unknown_customer")
    return accounts[customer], accounts[home_of(people, customer, since)]


def undone(container: Container, scope: Scope, adjustment: str, request: ReverseRequest, *, actor: str) -> AdjustmentItem:
    """Takes an adjustment back.

    Raises:
        ConflictError: It was taken back before.
        NotFoundError: No such adjustment.
    """
    company, now = company_info(container, scope), container.clock()
    policies = current(container, scope).policies(now)

    def work(session: Session) -> _Made:
        repository = MembershipRepository(session, scope)
        row = repository.adjustment(adjustment)
        if row is None:
            raise NotFoundError("There is no such adjustment.")
        if row.reversed_at is not None:
            raise ConflictError("It was taken back before.", code="reversed")
        take_back(container, scope, session, company, row, actor, policies=policies, now=now)
        return _Made(adjustment=row.id)

    made = once(container, scope, f"adjust.reverse:{adjustment}", request.request_id, request, _Made, work)
    return get(container, scope, made.adjustment)


def take_back(
    container: Container, scope: Scope, session: Session, company: CompanyInfo, row: AdjustmentRow, actor: str, *,
    policies: Policies, now: datetime,
) -> None:  # fmt: skip
    """Takes one adjustment back, in the caller's transaction."""
    ledger = LedgerRepository(session, scope)
    account, home = _accounts(ledger, row.customer_id, row.created_at)
    working = Working(company.id, now)
    working.load([account, home], (), ())
    ledger.details(working, [account.id, home.id])
    ledger.booked(working, [row.id], [])
    booked = working.booked(account.id, row.id)
    state = working.state(account.id) if home.id == account.id else working.only(account.id, ())
    outcome = undo(state, new_id("ad", now), booked, row.id, at=now, policies=policies)
    working.apply(outcome, Cause(zone=company.default_zone))
    if home.id != account.id:
        # The points are with the relative whose account is, or was, shared since.
        lots = {lot.lot_id for lot in (*outcome.lots_new, *outcome.lots_changed)}
        working.follow(account.id, home.id, new_id("mv", now), Cause(zone=company.default_zone), policies, lots)
    row.reversed_at, row.reversed_by = now, actor
    ledger.add(audit(scope, now, actor, "points.reverse", row.customer_id))
    _flush(container, scope, session, working, company)


def _flush(container: Container, scope: Scope, session: Session, working: Working, company: CompanyInfo) -> None:
    writes = WriteSet(scope)
    working.collect(writes, company.default_zone)
    session.flush()
    writes.flush(session, epoch_base(container))


def adjustment_of(row: AdjustmentRow) -> AdjustmentItem:
    """As it is shown."""
    return AdjustmentItem(
        id=row.id, customer=row.customer_id, kind=row.kind, points=row.points, reason=row.reason, run=row.run_id, created_at=row.created_at,
        created_by=row.created_by, reversed_at=row.reversed_at, reversed_by=row.reversed_by,
    )  # fmt: skip


def listed(container: Container, scope: Scope, customer: str, *, limit: int) -> list[AdjustmentItem]:
    """A customer's adjustments, newest first."""
    with container.database.read(scope) as session:
        return [adjustment_of(row) for row in MembershipRepository(session, scope).adjustments_for(customer, limit)]


def get(container: Container, scope: Scope, adjustment: str) -> AdjustmentItem:
    """One adjustment.

    Raises:
        NotFoundError: No such adjustment.
    """
    with container.database.read(scope) as session:
        row = MembershipRepository(session, scope).adjustment_by_id(adjustment)
        if row is None:
            raise NotFoundError("There is no such adjustment.")
        return adjustment_of(row)
