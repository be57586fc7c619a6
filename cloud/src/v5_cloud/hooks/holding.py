"""Holds placed and released: points alone as ever, and with them or without coupons, stored value and uses of what is limited."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from functools import partial

from sqlalchemy.orm import Session

from v5_cloud.customers.keys import ref_keys
from v5_cloud.customers.repository import CustomerRepository
from v5_cloud.hooks.permitting import permit
from v5_cloud.kit.bulk import WriteSet
from v5_cloud.kit.container import Container
from v5_cloud.kit.tenant import Scope
from v5_cloud.ledger.repository import LedgerRepository
from v5_cloud.ledger.working import Account, Cause, Member, Working
from v5_cloud.membership.records import members_for
from v5_cloud.membership.repository import MembershipRepository
from v5_cloud.models import Reservation
from v5_cloud.programmes.repository import ProgrammeRepository
from v5_cloud.programmes.service import Catalogue, catalogue
from v5_cloud.settlement.extending import RESERVED
from v5_cloud.settlement.service import again
from v5_cloud.tenants.service import company_info, epoch_base
from v5_cloud.vouchers.counters import Counters
from v5_cloud.vouchers.purse import Purse
from v5_cloud.vouchers.repository import VoucherRepository
from v5_cloud.vouchers.reserving import Reserving, let_go
from v5_core.engine import points_worth
from v5_core.errors import BlockedError, ConflictError, FieldError, NotFoundError, UnknownCustomerError, ValidationError
from v5_core.hooks import CancelResponse, HoldRequest, HoldResponse, StoredUse
from v5_core.ledger import place_hold, release_hold
from v5_core.programme import Policies
from v5_core.words import words_of

__all__ = ["place", "release", "time_out"]


def place(container: Container, scope: Scope, session: Session, request: HoldRequest) -> HoldResponse:
    """Reserves all that the request names, or nothing.

    Raises:
        ValidationError: Nothing is named.
        UnknownCustomerError: Points are asked for and nobody is known by the reference.
        ConflictError: Something cannot be had, or the card that is shown is blocked (`card_blocked`).
    """
    more = bool(request.stored_value or request.codes or request.rules or request.applied)
    if not request.points and not more:
        wrong = FieldError("points", "missing", "name points, stored value, codes or rules")
        raise ValidationError("A hold reserves something.", errors=(wrong,))
    company, now = company_info(container, scope), container.clock()
    ledger = LedgerRepository(session, scope)
    pairs, stamp = ledger.lock(ref_keys(request.customer, "", company.country), (), ())
    account, customer = _found(request, pairs, company.country)
    if customer is not None and request.customer.card:
        _refuse_lost(CustomerRepository(session, scope), customer.id, request.customer.card, company.language(request.store))
    programmes = catalogue(container, ProgrammeRepository(session, scope), stamp) if pairs else _programmes(container, scope, session)
    # Named after the request, so that a second call under the same id can never reserve twice.
    digest = hashlib.sha256(f"{scope.tenant}\x1f{scope.company}\x1f{request.request_id}".encode()).hexdigest()
    hold_id = f"{RESERVED if more else 'h_'}{digest[:26]}"
    expires = now + timedelta(seconds=request.ttl_seconds)
    writes, working = WriteSet(scope), Working(company.id, now)
    worth = 0
    if request.points and account is not None and customer is not None:
        working.load([account], (), ())
        ledger.outline(working, [account.id])
        _time_out(working, account.id, programmes.policies(now))
        permit(session, scope, request, programmes, company.currency, company.stores[request.store], customer, working, account.id)
        reserve = partial(place_hold, hold_id=hold_id, points=request.points, at=now, expires_at=expires, policies=programmes.policies(now))
        working.apply(working.ask(account.id, reserve), Cause())
        # A till without a line calls the hold by its request; the payment names it so.
        working.aliases[hold_id] = request.request_id
        working.collect(writes, company.default_zone)
        worth = points_worth(programmes.at(now), request.points, frozenset(customer.card_types), now, company.currency)
    uses: tuple[StoredUse, ...] = ()
    if more:
        store = company.stores[request.store]
        repository = VoucherRepository(session, scope)
        asks = programmes.asks(now)
        rows = MembershipRepository(session, scope).memberships_for(customer.id) if customer is not None and asks.clubs else ()
        members = members_for(asks, customer.id, rows) if customer is not None else []
        purse, counters = Purse(repository, company.currency, now), Counters(repository)
        whose = customer.id if customer is not None else None
        reserving = Reserving(purse, counters, programmes, request, hold_id, whose, members, store.zone, store.language, expires)
        uses = reserving.take()
        body = {**reserving.body, "account": account.id if account is not None and request.points else ""}
        repository.add(
            Reservation(
                tenant_id=scope.tenant, id=hold_id, company_id=scope.company, alias=request.request_id, store=request.store,
                till=request.till, customer_id=whose, state="open", body=body, document_id=None, created_at=now, expires_at=expires,
            )
        )  # fmt: skip
        purse.collect(writes, store.zone)
        counters.collect(writes)
    session.flush()
    writes.flush(session, epoch_base(container))
    return HoldResponse(hold=hold_id, points=request.points, amount=worth, stored_value=uses, expires_at=expires)


def _programmes(container: Container, scope: Scope, session: Session) -> Catalogue:
    repository = ProgrammeRepository(session, scope)
    return catalogue(container, repository, repository.stamp())


def _found(request: HoldRequest, pairs: list[tuple[Account, Member]], country: str) -> tuple[Account | None, Member | None]:
    keys = ref_keys(request.customer, "", country)
    found = next((pair for key in keys for pair in pairs if key in pair[1].keys), None)
    if found is None:
        if request.points or not request.customer.is_anonymous:
            raise UnknownCustomerError("There is no such customer.", errors=(FieldError("customer", "unknown", "identify first"),))
        return None, None
    account, person = found
    if person.blocked or person.inactive:
        raise BlockedError
    if person.shares_with:
        account = next((one for one, other in pairs if other.id == person.shares_with), account)
    return account, person


def _refuse_lost(repository: CustomerRepository, customer: str, card: str, language: str) -> None:
    # A blocked card still says whose it is; whoever has it may be anybody.
    if any(row.number == card.strip() and not row.active for row in repository.cards([customer])):
        text = words_of(language).say("code_blocked", code=card.strip())
        raise ConflictError(text, code="card_blocked", errors=(FieldError("customer.card", "card_blocked", text),))


def release(container: Container, scope: Scope, session: Session, name: str, *, timed_out: bool = False) -> CancelResponse:
    """Sets a hold free, all of it.

    Raises:
        NotFoundError: There is no such hold.
    """
    company, now = company_info(container, scope), container.clock()
    ledger, repository = LedgerRepository(session, scope), VoucherRepository(session, scope)
    row = ledger.hold(name)
    known = repository.reservations([name], lock=False) if row is None or row.id.startswith(RESERVED) else ()
    account = row.account_id if row is not None else next((one.body["account"] for one in known), "")
    if row is None and not known:
        raise NotFoundError("There is no such hold.", code="unknown_hold")
    pairs, _ = ledger.lock((), [account] if account else [], ())
    writes, working = WriteSet(scope), Working(company.id, now)
    points, freed = 0, False
    if row is not None and pairs:
        working.load([one for one, _ in pairs], (), ())
        ledger.outline(working, [account], [row.id])
        hold = working.holds[row.id]
        if hold.is_open:
            points, freed = hold.points, True
            policies = _programmes(container, scope, session).policies(now)
            free = partial(release_hold, hold_id=hold.hold_id, at=now, timed_out=timed_out, policies=policies)
            working.apply(working.ask(account, free), Cause())
        working.collect(writes, company.default_zone)
    for one in repository.reservations([one.id for one in known]):
        if one.state == "open":
            purse, counters = Purse(repository, company.currency, now), Counters(repository)
            let_go(one, purse, counters, timed_out=timed_out)
            purse.collect(writes, company.default_zone)
            counters.collect(writes)
            freed = True
    session.flush()
    writes.flush(session, epoch_base(container))
    balance = working.balance(account, now, company.default_zone) if account and pairs else None
    return CancelResponse(released=freed, points=points, balance=balance)


def time_out(container: Container, scope: Scope, limit: int = 100) -> int:
    """Releases what reservations keep whose time is over; gives how many they were."""
    now = container.clock()
    with container.database.read(scope) as session:
        overdue = VoucherRepository(session, scope).overdue(now, limit)

    def work(name: str) -> None:
        with container.database.write(scope) as session:
            release(container, scope, session, name, timed_out=True)

    for name in overdue:
        again(partial(work, name))
    return len(overdue)


def _time_out(working: Working, account: str, policies: Policies) -> None:
    for hold in working.state(account).holds:
        if hold.expires_at <= working.now:
            free = partial(release_hold, hold_id=hold.hold_id, at=working.now, timed_out=True, policies=policies)
            working.apply(working.ask(account, free), Cause())
