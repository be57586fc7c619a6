"""External gift cards in a sale.

Before a hold the amount is reserved in the other system, and a voucher here mirrors it: from then on it is held, captured, released and
given back like any stored value of our own. What the mirror comes to is then told to the other system, by housekeeping, as often as it
takes. Whatever was asked for is written down first, so that an answer that never came is reversed.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from v5_cloud.giftcards.port import ExternalGiftCards, GiftCardRefusedError, GiftCardUnreachableError
from v5_cloud.giftcards.repository import GiftCardRepository
from v5_cloud.kit.bulk import WriteSet
from v5_cloud.kit.container import Container
from v5_cloud.kit.tenant import Scope
from v5_cloud.ledger.working import Cause
from v5_cloud.models import ExternalCardAct
from v5_cloud.programmes.repository import ProgrammeRepository
from v5_cloud.programmes.service import catalogue
from v5_cloud.tenants.service import company_info, epoch_base
from v5_cloud.vouchers.purse import Issue, Purse
from v5_cloud.vouchers.repository import VoucherRepository
from v5_core.codes import fold_code
from v5_core.engine import SaleState, Stored
from v5_core.hooks import HoldRequest, StoredPayment
from v5_core.programme import StoredValueType

__all__ = ["external_types", "known_outside", "let_go_outside", "reserve_outside", "settle_outside"]

_log = logging.getLogger(__name__)
_CHUNK: Final = 100
_ATTEMPTS: Final = 20
_LOST: Final = timedelta(seconds=60)  # an answer that has not come by then is not coming
_LONGEST_PAUSE: Final = timedelta(hours=1)


def external_types(container: Container, scope: Scope, session: Session) -> dict[str, tuple[str, StoredValueType]]:
    """Types of stored value that another system keeps and that this service is connected to, with their programme."""
    if not container.gift_cards:
        return {}
    programmes = ProgrammeRepository(session, scope)
    known = catalogue(container, programmes, programmes.stamp())
    return {
        one.id: (programme.id, one)
        for programme in known.programmes(container.clock())
        for one in programme.stored_value
        if one.external in container.gift_cards
    }


def known_outside(container: Container, scope: Scope, asked: Iterable[StoredPayment], state: SaleState) -> SaleState:
    """What is on external cards, for a quote: nothing is reserved. A system that does not answer costs its card, not the quote."""
    codes = [payment.code for payment in asked]
    if not codes or not container.gift_cards:
        return state
    with container.database.read(scope) as session:
        types = external_types(container, scope, session)
    # A mirror says what was reserved here before, not what is on the card.
    missing = [code for code in codes if code not in state.stored or state.stored[code].type_id in types]
    found: dict[str, Stored] = {}
    for code in missing:
        for type_id, (_, kind) in types.items():
            one = _asked(container.gift_cards[kind.external], code, type_id, kind)
            if one is not None:
                found[code] = one
                break
    return SaleState(coupons=state.coupons, stored={**state.stored, **found}, used=state.used) if found else state


def _asked(system: ExternalGiftCards, code: str, type_id: str, kind: StoredValueType) -> Stored | None:
    try:
        balance = system.balance(code)
    except GiftCardRefusedError:
        return None
    except GiftCardUnreachableError:
        return Stored(code, "gift_card", type_id, problem="unavailable", title=kind.title)
    return None if balance is None else Stored(code, "gift_card", type_id, balance.amount, whole=kind.whole, title=kind.title)


def reserve_outside(container: Container, scope: Scope, request: HoldRequest) -> None:
    """Reserves in other systems what a hold is about to need of their cards.

    Raises:
        GiftCardRefusedError: A system said no.
        GiftCardUnreachableError: A system did not answer; what it may have done is reversed later.
    """
    if not request.stored_value or not container.gift_cards:
        return
    with container.database.read(scope) as session:
        types = external_types(container, scope, session)
        rows = {row.code: row for row in VoucherRepository(session, scope).by_codes({fold_code(one.code) for one in request.stored_value})}
    for payment in request.stored_value:
        row = rows.get(fold_code(payment.code))
        if row is not None and row.type not in types:
            continue  # a card of our own
        for type_id, (programme, kind) in types.items():
            if (row is None or row.type == type_id) and _reserve(container, scope, request, payment, programme, kind):
                break


def _reserve(
    container: Container, scope: Scope, request: HoldRequest, payment: StoredPayment, programme: str, kind: StoredValueType
) -> bool:
    system, now = container.gift_cards[kind.external], container.clock()
    amount = payment.amount
    if amount is None:
        balance = system.balance(payment.code)
        if balance is None or balance.amount <= 0:
            return False
        amount = balance.amount
    company = company_info(container, scope)
    expires = now + timedelta(seconds=request.ttl_seconds)
    with container.database.write(scope) as session:
        acts = GiftCardRepository(session, scope)
        known, key = None, ""
        # A request that was refused as a whole may be sent again: each attempt is an act of its own.
        for attempt in range(_ATTEMPTS):
            name = "\x1f".join((scope.tenant, scope.company, request.request_id, payment.code, *([str(attempt)] if attempt else ())))
            key = f"x_{hashlib.sha256(name.encode()).hexdigest()[:30]}"
            known = acts.act(key)
            if known is None or known.state not in ("reversed", "refused"):
                break
        if known is not None and known.state == "reserved":
            return True
        if known is not None:
            raise GiftCardRefusedError("This hold has ended; ask for a new one.")
        acts.add(
            ExternalCardAct(
                tenant_id=scope.tenant, id=key, company_id=scope.company, system=kind.external, kind="reserve", code=payment.code,
                amount=amount, currency=company.currency, captured=0, request_id=request.request_id, state="asked", attempts=0,
                last_error="", due_at=now + _LOST, expires_at=expires, created_at=now, updated_at=now,
            )
        )  # fmt: skip
    try:
        system.reserve(key, payment.code, amount, company.currency)
    except GiftCardRefusedError as error:
        _end(container, scope, key, "refused", error.message)
        raise
    _mirror(container, scope, key, programme, kind)
    return True


def let_go_outside(container: Container, scope: Scope, request: HoldRequest, *, at_once: bool) -> None:
    """A hold was refused: what other systems had reserved for it is free at once, or (they do not answer just now) in the next round."""
    if not request.stored_value or not container.gift_cards:
        return
    now = container.clock()
    with container.database.write(scope) as session:
        if VoucherRepository(session, scope).reservations([request.request_id]):
            return  # another request under this id has its hold
        acts = [one for one in GiftCardRepository(session, scope).asked_for(request.request_id) if one.state == "reserved"]
        for act in acts:
            act.expires_at = act.due_at = now
        keys = [act.id for act in acts]
    for key in keys if at_once else ():
        _settle(container, scope, key)


def _end(container: Container, scope: Scope, key: str, state: str, words: str = "") -> None:
    with container.database.write(scope) as session:
        act = GiftCardRepository(session, scope).act(key)
        if act is not None:
            act.state, act.last_error, act.updated_at = state, words[:300], container.clock()


def _mirror(container: Container, scope: Scope, key: str, programme: str, kind: StoredValueType) -> None:
    """Puts what was reserved there on the voucher here."""
    company, now = company_info(container, scope), container.clock()
    with container.database.write(scope) as session:
        act = GiftCardRepository(session, scope).act(key)
        if act is None or act.state != "asked":
            return  # housekeeping thought it lost, and reverses it
        purse = Purse(VoucherRepository(session, scope), company.currency, now)
        purse.load([act.code], lock=True)
        row, cause = purse.row(act.code), Cause(zone=company.default_zone)
        if row is None:
            wanted = Issue(kind="gift_card", programme=programme, type=kind.id, title=kind.title, code=act.code, whole=kind.whole)
            row = purse.issue(wanted, key, at=now, cause=cause)
        row.reason = act.code  # as the other system writes it
        purse.fill(row, key, act.amount, at=now, cause=cause)
        act.state, act.due_at, act.updated_at = "reserved", act.expires_at, now
        writes = WriteSet(scope)
        purse.collect(writes, company.default_zone)
        session.flush()
        writes.flush(session, epoch_base(container))


def settle_outside(container: Container, scope: Scope) -> int:
    """Tells other systems what became of their cards; gives how many acts were moved."""
    if not container.gift_cards:
        return 0
    now = container.clock()
    with container.database.read(scope) as session:
        due = GiftCardRepository(session, scope).due(now, _CHUNK)
        idle = GiftCardRepository(session, scope).idle(external_types(container, scope, session), _CHUNK)
    for code in idle:
        due = [*due, _refund(container, scope, code)]
    return sum(_settle(container, scope, key) for key in due if key)


def _refund(container: Container, scope: Scope, code: str) -> str:
    """Takes what a return gave back off the mirror, and writes down that it is owed to the card."""
    company, now = company_info(container, scope), container.clock()
    with container.database.write(scope) as session:
        types = external_types(container, scope, session)
        purse = Purse(VoucherRepository(session, scope), company.currency, now)
        purse.load([code], lock=True)
        row = purse.row(code)
        amount = purse.balance(row) if row is not None else 0
        if row is None or amount <= 0 or row.type not in types:
            return ""
        version = purse.working.state(row.account_id or "").version
        key = f"x_{hashlib.sha256(f'{scope.tenant}{scope.company}{code}{version}'.encode()).hexdigest()[:30]}"
        purse.pay(row, key, amount, at=now, cause=Cause(zone=company.default_zone))
        GiftCardRepository(session, scope).add(
            ExternalCardAct(
                tenant_id=scope.tenant, id=key, company_id=scope.company, system=types[row.type][1].external, kind="refund",
                code=row.reason or row.code, amount=amount, currency=company.currency, captured=0, request_id="", state="refunding",
                attempts=0, last_error="", due_at=now, expires_at=now, created_at=now, updated_at=now,
            )
        )  # fmt: skip
        writes = WriteSet(scope)
        purse.collect(writes, company.default_zone)
        session.flush()
        writes.flush(session, epoch_base(container))
    return key


def _settle(container: Container, scope: Scope, key: str) -> int:
    act = _decide(container, scope, key)
    if act is None:
        return 0
    system = container.gift_cards.get(act.system)
    if system is None:
        return 0
    try:
        if act.state == "capturing":
            system.capture(key, act.captured)
        elif act.state == "reversing":
            system.reverse(key)
        else:
            system.refund(key, act.code, act.amount, act.currency)
    except GiftCardUnreachableError as error:
        _later(container, scope, key, error.message)
        return 0
    except GiftCardRefusedError as error:
        _log.error("external gift card act %s (%s) was refused", key, act.state)
        _end(container, scope, key, "failed", error.message)
        return 1
    _end(container, scope, key, {"capturing": "captured", "reversing": "reversed", "refunding": "refunded"}[act.state])
    return 1


def _decide(container: Container, scope: Scope, key: str) -> ExternalCardAct | None:
    """What an act comes to, seen from the hold that it was made for; what is not used leaves the mirror at once."""
    company, now = company_info(container, scope), container.clock()
    with container.database.write(scope) as session:
        acts, vouchers = GiftCardRepository(session, scope), VoucherRepository(session, scope)
        act = acts.act(key)
        if act is None or act.state not in ("asked", "reserved", "capturing", "reversing", "refunding"):
            return None
        if act.state == "asked":
            act.state = "reversing"
        elif act.state == "reserved":
            state, captured = _fate(acts, vouchers, act, now)
            if state == "reserved":
                act.due_at = max(act.expires_at, now + timedelta(seconds=5))
                return None
            act.state, act.captured = state, captured
            purse = Purse(vouchers, company.currency, now)
            purse.load([act.code], lock=True, documents=[key])
            row = purse.row(act.code)
            if row is not None:
                purse.fill(row, key, captured, at=now, cause=Cause(zone=company.default_zone))
            writes = WriteSet(scope)
            purse.collect(writes, company.default_zone)
            session.flush()
            writes.flush(session, epoch_base(container))
        act.updated_at = now
        session.flush()
        session.expunge(act)
        return act


def _fate(acts: GiftCardRepository, vouchers: VoucherRepository, act: ExternalCardAct, now: datetime) -> tuple[str, int]:
    found = vouchers.reservations([act.request_id])
    if not found:
        return ("reversing", 0) if act.expires_at <= now else ("reserved", 0)
    one = found[0]
    if one.state == "open":
        return "reserved", 0
    name = next((hold for code, hold, _ in one.body["stored"] if code == fold_code(act.code)), "")
    hold = acts.hold(name) if name else None
    captured = min(act.amount, hold.captured) if hold is not None else 0
    return ("capturing", captured) if captured else ("reversing", 0)


def _later(container: Container, scope: Scope, key: str, words: str) -> None:
    now = container.clock()
    with container.database.write(scope) as session:
        act = GiftCardRepository(session, scope).act(key)
        if act is not None:
            act.attempts, act.last_error, act.updated_at = act.attempts + 1, words[:300], now
            act.due_at = now + min(_LONGEST_PAUSE, timedelta(seconds=10 * 2 ** min(act.attempts, 9)))
