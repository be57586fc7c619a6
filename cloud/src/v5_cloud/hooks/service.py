"""The sale-time operations answered from the ledger; `CloudHooks` is the port that REST, SOAP and push share."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from v5_cloud.customers.keys import fold, ref_keys
from v5_cloud.customers.repository import CustomerRepository
from v5_cloud.customers.service import search_keys
from v5_cloud.customers.sounding import keys_of
from v5_cloud.events.service import follow
from v5_cloud.giftcards.port import GiftCardUnreachableError
from v5_cloud.giftcards.service import known_outside, let_go_outside, reserve_outside
from v5_cloud.hooks.enrolling import enrol
from v5_cloud.hooks.holding import place, release, time_out
from v5_cloud.hooks.joining import check_clubs, join_clubs
from v5_cloud.hooks.knowing import Knowing
from v5_cloud.hooks.missed import missed_lines
from v5_cloud.hooks.nudging import voucher_nudges
from v5_cloud.hooks.once import check, once, row_of
from v5_cloud.hooks.repository import HookRepository
from v5_cloud.hooks.speaking import Speaking
from v5_cloud.hooks.views import facts_of, views, working_of
from v5_cloud.kit.bulk import WriteSet
from v5_cloud.kit.container import Container
from v5_cloud.kit.tenant import Scope
from v5_cloud.ledger.repository import LedgerRepository
from v5_cloud.models import Idempotency
from v5_cloud.programmes.repository import ProgrammeRepository
from v5_cloud.programmes.service import catalogue
from v5_cloud.settlement.document import normal
from v5_cloud.settlement.repository import SettlementRepository
from v5_cloud.settlement.service import ReportError, Settled, settle
from v5_cloud.tenants.service import StoreInfo, company_info
from v5_core import hooks
from v5_core.engine import evaluate
from v5_core.errors import ConflictError, FieldError, NotFoundError, V5Error, ValidationError
from v5_core.model import CustomerRef, DocumentKind, DocumentStatus, Origin, SalesDocument, Wire
from v5_core.words import Words

__all__ = ["CloudHooks"]

Reply = TypeVar("Reply", hooks.CommitResponse, hooks.ReturnResponse)


class _AnsweredError(Exception):
    """This very request was answered before."""

    def __init__(self, answer: Any) -> None:
        super().__init__("answered before")
        self.answer = answer


class CloudHooks:
    """`v5_core.hooks.Hooks` for one company."""

    def __init__(self, container: Container, scope: Scope) -> None:
        self._container = container
        self._scope = scope

    def _store(self, code: str) -> StoreInfo:
        store = company_info(self._container, self._scope, store=code).stores.get(code)
        if store is None:
            raise ValidationError(
                "There is no such store.", code="unknown_store", errors=(FieldError("store", "unknown_store", f"no store {code!r}"),)
            )
        return store

    def identify(self, request: hooks.IdentifyRequest) -> hooks.IdentifyResponse:
        """Who is this? A key finds one; a name finds candidates."""
        store = self._store(request.store)
        company = company_info(self._container, self._scope)
        now = self._container.clock()
        with self._container.database.read(self._scope) as session:
            customers, ledger = CustomerRepository(session, self._scope), LedgerRepository(session, self._scope)
            programmes = ProgrammeRepository(session, self._scope)
            known = catalogue(self._container, programmes, programmes.stamp())
            pairs = customers.by_keys(search_keys(request.key, company.country))
            if not pairs:
                words = fold(request.key).split()
                pairs = customers.search(words[:6], (), None, 10) if words else []
                heard = keys_of(request.key) if not pairs else []
                pairs = customers.by_sound(heard, None, 10) if heard else pairs
            pairs = [pair for pair in pairs if not pair[0].inactive]
            speaking = Speaking(known, store, now)
            found = views(customers, ledger, pairs, now, store.zone, speaking.words)
            if len(found) == 1:
                knowing = Knowing(session, self._scope, company.currency, known, store.zone, now)
                found = [
                    _lost(speaking.greet(knowing.view(found[0]), pairs[0], ledger, knowing, request.till), request.key, speaking.words)
                ]
        directives = store.directives if found else (*store.directives, *speaking.nobody())
        if len(found) == 1:
            return hooks.IdentifyResponse(customer=found[0], directives=directives)
        return hooks.IdentifyResponse(candidates=tuple(found), directives=directives)

    def enrol(self, request: hooks.EnrolRequest, *, late: bool = False) -> hooks.EnrolResponse:
        """A new customer; one who is known already is found, not doubled. `late`: it was done at a till whose line was down."""
        store = self._store(request.store)
        check_clubs(self._container, self._scope, request)
        reply = enrol(self._container, self._scope, store, request, late=late)
        return join_clubs(self._container, self._scope, request, reply, store)

    def quote(self, request: hooks.QuoteRequest) -> hooks.QuoteResponse:
        """What the basket gives; changes nothing."""
        store = self._store(request.store)
        with self._container.database.read(self._scope) as session:
            programmes = ProgrammeRepository(session, self._scope)
            known = catalogue(self._container, programmes, programmes.stamp())
            compiled = known.at(request.at)
            facts = None
            if not request.customer.is_anonymous:
                customers, ledger = CustomerRepository(session, self._scope), LedgerRepository(session, self._scope)
                pair = self._find(customers, request.customer)
                if pair is not None:
                    working = working_of(ledger, [pair[1]], request.at)
                    facts = facts_of(pair[0], working, pair[1].id, request.at)
            knowing = Knowing(session, self._scope, request.currency, known, store.zone, self._container.clock())
            facts, state = knowing.sale(request, facts)
        state = known_outside(self._container, self._scope, request.stored_value, state)
        local = request.at.astimezone(store.zone)
        reply = evaluate(compiled, request, facts, local_time=local, language=store.language, state=state)
        words = compiled.voice.words(store.language, request.currency, request.at, local.date())
        more = voucher_nudges(known.asks(request.at), request, reply, facts, store.zone, words)
        return reply.model_copy(update={"messages": (*reply.messages, *more)}) if more else reply

    def _find(self, customers: CustomerRepository, ref: CustomerRef) -> Any:
        keys = ref_keys(ref, "", company_info(self._container, self._scope).country)
        pairs = customers.by_keys(keys)
        return next((pair for key in keys for pair in pairs if key in pair[0].keys), None)

    def hold(self, request: hooks.HoldRequest) -> hooks.HoldResponse:
        """Reserves points, stored value, coupons and uses of what is limited; a second till cannot use them.

        Raises:
            ConflictError: Something of it cannot be had; nothing is reserved then.
            UnknownCustomerError: Nobody is known by the reference.
        """
        self._store(request.store)

        def attempt() -> hooks.HoldResponse:
            return once(
                self._container, self._scope, "hold", request.request_id, request, hooks.HoldResponse,
                lambda session: place(self._container, self._scope, session, request),
            )  # fmt: skip

        if request.stored_value and self._container.gift_cards and (known := self._held_before(request)) is not None:
            return known
        try:
            reserve_outside(self._container, self._scope, request)
            try:
                return attempt()
            except ConflictError as error:
                # Perhaps it is kept by a hold whose time is over and which nobody has released yet.
                if error.error_code not in {"used_up", "insufficient_value"} or not time_out(self._container, self._scope):
                    raise
            return attempt()
        except V5Error as error:
            at_once = not isinstance(error, GiftCardUnreachableError)
            let_go_outside(self._container, self._scope, request, at_once=at_once)
            raise

    def _held_before(self, request: hooks.HoldRequest) -> hooks.HoldResponse | None:
        with self._container.database.read(self._scope) as session:
            stored = check(SettlementRepository(session, self._scope).stored_answer("hold", request.request_id), request)
        return None if stored is None else hooks.HoldResponse.model_validate_json(json.dumps(stored))

    def commit(self, request: hooks.CommitRequest) -> hooks.CommitResponse:
        """The document was issued: once per document, however often it is sent."""
        _kind(request.document, DocumentKind.SALE)
        answer = self._settle("commit", request.request_id, request, request.document, hooks.CommitResponse)
        if answer.balance is None:
            missed = missed_lines(self._container, self._scope, request.document)
            return answer.model_copy(update={"receipt": (*missed, *answer.receipt)})
        return answer

    def return_(self, request: hooks.ReturnRequest) -> hooks.ReturnResponse:
        """A credit note."""
        _kind(request.document, DocumentKind.RETURN)
        return self._settle("return", request.request_id, request, request.document, hooks.ReturnResponse)

    def _settle(self, operation: str, request_id: str, request: Wire, document: SalesDocument, model: type[Reply]) -> Reply:
        attempts = 0

        def remember(session: Session, writes: WriteSet, results: list[Settled]) -> None:
            nonlocal attempts
            attempts += 1
            # A new document's first attempt costs no look-up: a request id that is taken shows as a conflict of keys, then we look.
            if attempts > 1 or results[0].duplicate:
                stored = check(SettlementRepository(session, self._scope).stored_answer(operation, request_id), request)
                if stored is not None and not results[0].duplicate:
                    # Something else was told of the document since: an old request that comes again does not bring back what it said.
                    raise _AnsweredError(stored)
                if stored is not None:
                    return
            row = row_of(self._scope, operation, request_id, request, results[0].answer, self._container.clock())
            writes.put(Idempotency, [row])

        try:
            found = settle(self._container, self._scope, [document], remember)[0]
        except ReportError as error:
            raise error.error from None
        except _AnsweredError as known:
            return model.model_validate_json(json.dumps(known.answer)).model_copy(update={"document": document.keys[0], "duplicate": True})
        if not found.duplicate:
            follow(self._container, self._scope, [found.customer])
        # The till knows the document by its own key; V5's id is for the lists.
        told = {"document": document.keys[0], "duplicate": found.duplicate}
        reply = found.reply
        if not isinstance(reply, model):
            raise _other_kind(document.kind)
        return reply.model_copy(update=told)

    def cancel(self, request: hooks.CancelRequest) -> hooks.CancelResponse:
        """Releases a hold, or undoes a document by any of its keys.

        Raises:
            NotFoundError: Neither is known.
        """
        self._store(request.store)
        if not request.hold and not request.document:
            wrong = FieldError("hold", "missing", "name a hold or a document")
            raise ValidationError("Nothing to cancel is named.", errors=(wrong,))
        if request.document:
            return self._cancel_document(request, request.document)

        name = str(request.hold)
        return once(
            self._container, self._scope, "cancel", request.request_id, request, hooks.CancelResponse,
            lambda session: release(self._container, self._scope, session, name),
        )  # fmt: skip

    def _cancel_document(self, request: hooks.CancelRequest, name: str) -> hooks.CancelResponse:
        with self._container.database.read(self._scope) as session:
            stored = check(SettlementRepository(session, self._scope).stored_answer("cancel", request.request_id), request)
            if stored is not None:
                return hooks.CancelResponse.model_validate_json(json.dumps(stored))
            row = HookRepository(session, self._scope).document(name, normal(name))
        if row is None:
            raise NotFoundError("There is no such document.", code="unknown_document")
        body = SalesDocument.model_validate_json(json.dumps(row.body))
        by_till = body.origin is Origin.HOOK
        report = body.model_copy(
            update={
                "source": body.source if by_till else "v5-cancel",
                "source_id": body.source_id if by_till else row.id,
                "origin": Origin.HOOK,
                "status": DocumentStatus.CANCELLED,
                "cancelled_at": request.at,
                "cancel_reason": request.reason,
            }
        )
        points = row.points_earned
        made: list[hooks.CancelResponse] = []

        def remember(session: Session, writes: WriteSet, results: list[Settled]) -> None:
            known = check(SettlementRepository(session, self._scope).stored_answer("cancel", request.request_id), request)
            if known is not None:
                made[:] = [hooks.CancelResponse.model_validate_json(json.dumps(known))]
                return
            reply = results[0].reply
            told = {"balance": reply.balance, "messages": reply.messages, "vouchers": reply.vouchers, "withdrawn": reply.withdrawn}
            made[:] = [hooks.CancelResponse(reversed_document=body.keys[0], points=points, **told)]
            answer = made[0].model_dump(mode="json")
            writes.put(Idempotency, [row_of(self._scope, "cancel", request.request_id, request, answer, self._container.clock())])

        try:
            settled = settle(self._container, self._scope, [report], remember)
            follow(self._container, self._scope, (one.customer for one in settled))
        except ReportError as error:
            raise error.error from None
        return made[0]


def _lost(view: hooks.CustomerView, key: str, words: Words) -> hooks.CustomerView:
    # A blocked card still says whose it is; the cashier should know that somebody else may have it.
    if not any(card.number == key.strip() and not card.active for card in view.cards):
        return view
    said = hooks.Message(audience="cashier", severity="alert", text=words.say("code_blocked", code=key.strip()))
    return view.model_copy(update={"messages": (said, *view.messages)})


def _kind(document: SalesDocument, kind: DocumentKind) -> None:
    if document.kind is not kind:
        raise _other_kind(kind)


def _other_kind(kind: DocumentKind) -> ValidationError:
    wrong = FieldError("document.kind", "kind", f"this operation takes documents of kind {kind.value!r}")
    return ValidationError("The document is of another kind.", errors=(wrong,))
