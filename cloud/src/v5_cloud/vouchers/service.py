"""Vouchers issued, found, loaded, blocked and moved by people and systems that are no till."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Row
from sqlalchemy.orm import Session

from v5_cloud.customers.repository import CustomerRepository
from v5_cloud.hooks.once import once
from v5_cloud.kit.bulk import WriteSet
from v5_cloud.kit.container import Container
from v5_cloud.kit.tenant import Scope
from v5_cloud.ledger.working import Cause
from v5_cloud.models import AccountRow, VoucherRow, new_id
from v5_cloud.programmes.service import current
from v5_cloud.tenants.service import CompanyInfo, company_info, epoch_base
from v5_cloud.tenants.setup import audit
from v5_cloud.vouchers.purse import MONEY, Issue, Purse
from v5_cloud.vouchers.repository import VoucherRepository
from v5_cloud.vouchers.schemas import (
    BlockRequest,
    IssueRequest,
    LoadRequest,
    Moved,
    MoveRequest,
    VoucherItem,
    VoucherMovement,
)
from v5_core.codes import fold_code, spell
from v5_core.days import day_end, day_start
from v5_core.errors import ConflictError, FieldError, NotFoundError, ValidationError
from v5_core.ledger import move as moved
from v5_core.model import Wire
from v5_core.programme import Programme, StoredValueType
from v5_core.stored import check_load, valid_until

__all__ = [
    "Codes", "block", "check", "check_loading", "get", "issue", "item_of", "item_of_pair", "items", "known", "load", "move",
    "movements", "refuse_external", "types_of", "write",
]  # fmt: skip


class Codes(Wire):
    """What is remembered of a request that was done."""

    codes: tuple[str, ...]


def issue(container: Container, scope: Scope, request: IssueRequest, *, actor: str) -> list[VoucherItem]:
    """Issues vouchers; the same request again gives the same codes.

    Raises:
        ConflictError: The code is taken, or more than the type may hold.
        ValidationError: A type, offer, store or amount that the programmes do not have.
        NotFoundError: No such customer.
    """
    company, now = company_info(container, scope), container.clock()
    programmes = current(container, scope)
    wanted = _wanted(company, programmes.programmes(now), request, now, actor)

    def work(session: Session) -> Codes:
        repository = VoucherRepository(session, scope)
        if request.customer and CustomerRepository(session, scope).get(request.customer) is None:
            raise NotFoundError("There is no such customer.", code="unknown_customer")
        purse = Purse(repository, company.currency, now)
        cause = Cause(None, request.store, company.default_zone)
        made = [purse.issue(wanted, new_id("is", now), at=now, cause=cause) for _ in range(request.count)]
        repository.add(*(audit(scope, now, actor, f"voucher.issue.{row.kind}", row.code) for row in made))
        write(container, session, purse, company)
        return Codes(codes=tuple(row.code for row in made))

    found = once(container, scope, "voucher.issue", request.request_id, request, Codes, work)
    return items(container, scope, found.codes)


def check(container: Container, scope: Scope, request: IssueRequest) -> None:
    """Whether `issue` would do it, as things stand; changes nothing.

    Raises:
        ConflictError: The code is taken, or more than the type may hold.
        ValidationError: A type, offer, store or amount that the programmes do not have.
    """
    now = container.clock()
    _wanted(company_info(container, scope), current(container, scope).programmes(now), request, now, "")
    with container.database.read(scope) as session:
        if request.code and VoucherRepository(session, scope).by_codes([fold_code(request.code)]):
            raise ConflictError("The code is taken.", code="code_taken", errors=(FieldError("code", "code_taken", "choose another code"),))


def _wanted(company: CompanyInfo, programmes: tuple[Programme, ...], request: IssueRequest, now: datetime, actor: str) -> Issue:
    zone = company.default_zone
    last = day_end(request.valid_until, zone) if request.valid_until else None
    for store in (*request.stores, *([request.store] if request.store else ())):
        if store not in company.stores:
            raise ValidationError("There is no such store.", errors=(FieldError("stores", "unknown_store", f"no store {store!r}"),))
    base = Issue(
        kind=request.kind, code=request.code, title=request.title, customer=request.customer or None, stores=request.stores,
        minimum=request.minimum, valid_from=day_start(request.valid_from, zone) if request.valid_from else None, valid_until=last,
        whole=request.whole, by=actor,
    )  # fmt: skip
    if request.kind == "coupon":
        programme = next((one for one in programmes for offer in one.offers if offer.id == request.offer and offer.coupon), None)
        if programme is None:
            wrong = FieldError("offer", "unknown_offer", "name an offer with coupon: true of a published programme")
            raise ValidationError("There is no such offer.", errors=(wrong,))
        return replace(base, programme=programme.id, offer=request.offer, uses=request.uses)
    if request.kind == "percent":
        return replace(base, percent=request.percent, uses=request.uses)
    if request.kind == "voucher":
        return replace(base, amount=request.amount)
    programme, type_ = _type(programmes, request.type, request.kind)
    if request.amount or type_.kind != "wallet":
        check_load(type_, balance=0, amount=request.amount, again=False)
    return replace(
        base, programme=programme.id, type=type_.id, title=request.title or type_.title, amount=request.amount,
        whole=type_.whole or request.whole, by_code=type_.by_code, valid_until=last or valid_until(type_, now, zone),
    )  # fmt: skip


def _type(programmes: tuple[Programme, ...], type_id: str, kind: str) -> tuple[Programme, StoredValueType]:
    for programme in programmes:
        for type_ in programme.stored_value:
            if type_.id == type_id and type_.kind == kind:
                refuse_external(type_)
                return programme, type_
    wrong = FieldError("type", "unknown_type", f"name a type of kind {kind!r} of a published programme")
    raise ValidationError("There is no such type of stored value.", errors=(wrong,))


def refuse_external(type_: StoredValueType | None) -> None:
    """Refuses what may not be done here to a card of another system.

    What is here of it is what a sale reserved there: whoever put money on it would give away another system's.

    Raises:
        ConflictError: Another system keeps these cards (`kept_elsewhere`).
    """
    if type_ is not None and type_.external:
        raise ConflictError("Another system keeps these cards: issue, load and move them there.", code="kept_elsewhere")


def types_of(container: Container, scope: Scope) -> dict[str, StoredValueType]:
    """Types of stored value that the published programmes have, by id."""
    return {one.id: one for programme in current(container, scope).programmes(container.clock()) for one in programme.stored_value}


def load(container: Container, scope: Scope, code: str, request: LoadRequest, *, actor: str) -> VoucherItem:
    """Loads a wallet.

    Raises:
        ConflictError: The ceiling, a card that is loaded once only, or one that is blocked.
        NotFoundError: No such code.
    """
    company, now = company_info(container, scope), container.clock()
    programmes = current(container, scope).programmes(now)

    def work(session: Session) -> Codes:
        repository = VoucherRepository(session, scope)
        purse = Purse(repository, company.currency, now)
        row = known(purse, code)
        type_ = _loadable(company, programmes, purse, row, request)
        until = valid_until(type_, now, company.default_zone)
        row.valid_until = until if until is not None else row.valid_until
        row.face, row.updated_at = row.face + request.amount, now
        entry = new_id("is", now)
        purse.fill(row, entry, request.amount, at=now, cause=Cause(None, request.store, company.default_zone), expires_at=until, renew=True)
        repository.add(audit(scope, now, actor, "voucher.load", row.code))
        write(container, session, purse, company)
        return Codes(codes=(row.code,))

    found = once(container, scope, f"voucher.load:{fold_code(code)}", request.request_id, request, Codes, work)
    return items(container, scope, found.codes)[0]


def check_loading(container: Container, scope: Scope, code: str, request: LoadRequest) -> None:
    """Whether `load` would do it, as things stand; changes nothing.

    Raises:
        ConflictError: The ceiling, a card that is loaded once only, or one that is blocked.
        NotFoundError: No such code.
    """
    company, now = company_info(container, scope), container.clock()
    with container.database.read(scope) as session:
        purse = Purse(VoucherRepository(session, scope), company.currency, now)
        row = known(purse, code, lock=False)
        _loadable(company, current(container, scope).programmes(now), purse, row, request)


def _loadable(
    company: CompanyInfo, programmes: tuple[Programme, ...], purse: Purse, row: VoucherRow, request: LoadRequest
) -> StoredValueType:  # fmt: skip
    if row.kind not in MONEY:
        raise ConflictError("It holds no money.", code="no_money")
    if row.state != "active":
        raise ConflictError("It is blocked, or not in use any more.", code=row.state)
    if request.store and request.store not in company.stores:
        raise ValidationError("There is no such store.", errors=(FieldError("store", "unknown_store", f"no store {request.store!r}"),))
    _, type_ = _type(programmes, row.type, row.kind)
    # What a payment under way keeps may come back to it.
    there = purse.balance(row) + purse.working.held(row.account_id or "")
    check_load(type_, balance=there, amount=request.amount, again=row.kind != "wallet" or bool(row.face))
    return type_


def block(container: Container, scope: Scope, code: str, request: BlockRequest, *, actor: str) -> VoucherItem:
    """Blocks a code, or lets it be used again.

    Raises:
        ConflictError: It was moved or cancelled.
        NotFoundError: No such code.
    """
    now, types = container.clock(), types_of(container, scope)
    with container.database.write(scope) as session:
        repository = VoucherRepository(session, scope)
        rows = repository.by_codes([fold_code(code)], lock=True)
        if not rows:
            raise _unknown()
        row = rows[0]
        if row.state not in ("active", "blocked"):
            raise ConflictError("It is not in use any more.", code=row.state)
        row.state, row.updated_at = "blocked" if request.blocked else "active", now
        if row.type not in types or not types[row.type].external:
            row.reason = request.reason  # of another system's card it is the code, as that system writes it
        repository.add(audit(scope, now, actor, "voucher.block" if request.blocked else "voucher.unblock", row.code))
    return get(container, scope, code)


def move(container: Container, scope: Scope, code: str, request: MoveRequest, *, actor: str) -> Moved:
    """Moves all that is on a lost card to another one.

    Raises:
        ConflictError: It holds no money (`no_money`), is in use at a till just now (`held`), or was moved already.
        NotFoundError: No such code.
    """
    company, now = company_info(container, scope), container.clock()
    types = types_of(container, scope)

    def work(session: Session) -> Codes:
        repository = VoucherRepository(session, scope)
        purse = Purse(repository, company.currency, now)
        purse.load([code, request.to], lock=True)
        row = known(purse, code)
        refuse_external(types.get(row.type))
        if row.account_id is None:
            raise ConflictError("Only what holds money can be moved; issue another coupon instead.", code="no_money")
        if row.state not in ("active", "blocked"):
            raise ConflictError("It is not in use any more.", code=row.state)
        entry, cause = new_id("mv", now), Cause(None, "", company.default_zone)
        target = purse.row(request.to) if request.to else None
        refuse_external(types.get(target.type) if target is not None else None)
        if target is None:
            # The new card is what the old one was; its money comes from the old one and not from anybody's pocket.
            like = Issue(
                kind=row.kind, programme=row.programme, type=row.type, title=row.title, code=request.to, customer=row.customer_id,
                valid_from=row.valid_from, valid_until=row.valid_until, stores=tuple(row.stores), minimum=row.minimum, whole=row.whole,
                by_code=row.by_code, by=actor,
            )  # fmt: skip
            target = purse.issue(like, entry, at=now, cause=cause)
        elif target.kind != row.kind or target.code == row.code or target.state != "active":
            raise ConflictError("The other code is of another kind, or not in use.", code="other_kind")
        if target.account_id is None:
            raise ConflictError("Only what holds money can be moved.", code="no_money")
        out, into = moved(purse.working.state(row.account_id), purse.working.state(target.account_id), entry, at=now)
        purse.working.apply(out, cause)
        purse.working.apply(into, cause)
        row.state, row.moved_to, row.reason, row.updated_at = "moved", target.code, request.reason, now
        repository.add(audit(scope, now, actor, "voucher.move", row.code))
        write(container, session, purse, company)
        return Codes(codes=(row.code, target.code, str(-sum(one.points for one in out.postings if one.account == row.account_id))))

    found = once(container, scope, f"voucher.move:{fold_code(code)}", request.request_id, request, Codes, work)
    lost, other = items(container, scope, found.codes[:2])
    return Moved(lost=lost, replaced_by=other, amount=int(found.codes[2]))


def get(container: Container, scope: Scope, code: str) -> VoucherItem:
    """One voucher by its code as typed.

    Raises:
        NotFoundError: No such code.
    """
    return items(container, scope, (code,))[0]


def movements(container: Container, scope: Scope, code: str) -> list[VoucherMovement]:
    """Movements of money on one of them, newest first.

    Raises:
        NotFoundError: No such code.
    """
    with container.database.read(scope) as session:
        rows = VoucherRepository(session, scope).by_codes([fold_code(code)])
        if not rows:
            raise _unknown()
        if rows[0].account_id is None:
            return []
        found = CustomerRepository(session, scope).movements(rows[0].account_id, None, 200)
        return [
            VoucherMovement(
                at=one.at,
                operation=one.operation,
                amount=int(one.points),
                balance=int(one.balance),
                document=one.document_id,
                store=one.store,
            )
            for one in found
        ]


def item_of(row: VoucherRow, balance: int, held: int) -> VoucherItem:
    """As it is shown."""
    return VoucherItem(
        code=spell(row.code), kind=row.kind, programme=row.programme, type=row.type, title=row.title, offer=row.offer, percent=row.percent,
        currency=row.currency, face=row.face, balance=balance - held, held=held, uses=row.uses, used=row.used, reserved=row.held,
        excess=row.excess, customer=row.customer_id, valid_from=row.valid_from, valid_until=row.valid_until, stores=list(row.stores),
        minimum=row.minimum, whole=row.whole, state=row.state, reason=row.reason, moved_to=spell(row.moved_to), document=row.document_id,
        run=row.run_id, created_at=row.created_at, created_by=row.created_by,
    )  # fmt: skip


def item_of_pair(row: Row[VoucherRow, AccountRow]) -> VoucherItem:
    """A row of a list as it is shown."""
    voucher, account = row
    return item_of(voucher, account.balance if account is not None else 0, account.held if account is not None else 0)


def items(container: Container, scope: Scope, codes: tuple[str, ...]) -> list[VoucherItem]:
    """Some of them by their codes, in that order.

    Raises:
        NotFoundError: No such code.
    """
    with container.database.read(scope) as session:
        repository = VoucherRepository(session, scope)
        rows = {row.code: row for row in repository.by_codes([fold_code(code) for code in codes])}
        accounts = {one.id: one for one in repository.accounts([row.account_id for row in rows.values() if row.account_id], lock=False)}
        found = []
        for code in codes:
            row = rows.get(fold_code(code))
            if row is None:
                raise _unknown()
            account = accounts.get(row.account_id or "")
            found.append(item_of(row, account.balance if account else 0, account.held if account else 0))
        return found


def known(purse: Purse, code: str, *, lock: bool = True) -> VoucherRow:
    """The row of a code.

    Raises:
        NotFoundError: No such code.
    """
    purse.load([code], lock=lock)
    row = purse.row(code)
    if row is None:
        raise _unknown()
    return row


def _unknown() -> NotFoundError:
    return NotFoundError("There is no such code.", code="unknown")


def write(container: Container, session: Session, purse: Purse, company: CompanyInfo) -> None:
    """Writes what the purse changed, in the caller's transaction."""
    writes = WriteSet(purse.repository.scope)
    purse.collect(writes, company.default_zone)
    session.flush()
    writes.flush(session, epoch_base(container))
