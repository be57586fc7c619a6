"""The sale-time operations as this store offers them: durable first, then the cloud within a moment, else the store's own answer."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as LateError
from datetime import datetime, timedelta
from typing import Final, TypeVar

import pydantic

from v5_agent.client import Action, Answer, CloudClient, LineDownError
from v5_agent.effects import Effects, digest
from v5_agent.line import Line
from v5_agent.local import PROVISIONAL_CUSTOMER, DocumentEffect, Local
from v5_agent.outbox import Entry, Fact, Outbox
from v5_agent.replica import spellings
from v5_core.engine import points_worth
from v5_core.errors import (
    BlockedError,
    ConflictError,
    FieldError,
    NotFoundError,
    PermissionDeniedError,
    UnknownCustomerError,
    V5Error,
    ValidationError,
)
from v5_core.hooks import (
    CancelRequest,
    CancelResponse,
    CommitRequest,
    CommitResponse,
    EnrolRequest,
    EnrolResponse,
    HoldRequest,
    HoldResponse,
    IdentifyRequest,
    IdentifyResponse,
    QuoteRequest,
    QuoteResponse,
    ReturnRequest,
    ReturnResponse,
)
from v5_core.ids import normalise_phone, normalise_tax_number
from v5_core.model import Balance, DocumentKind, Wire
from v5_core.push import ReplicaCustomer

__all__ = ["Till"]

_log = logging.getLogger(__name__)
_R = TypeVar("_R", bound=Wire)
_HEAD_START: Final = timedelta(seconds=3)
_REFUSALS: Final[dict[int, type[V5Error]]] = {404: NotFoundError, 403: PermissionDeniedError, 409: ConflictError}
# Statuses that say something about the request itself; all others say something about the line or the agent.
_ABOUT_THE_REQUEST: Final = {400, 404, 409, 422}


class Till:
    """`v5_core.hooks.Hooks` of the store. Safe to call from several threads."""

    def __init__(
        self,
        local: Local,
        outbox: Outbox,
        effects: Effects,
        line: Line,
        client: CloudClient | None,
        clock: Callable[[], datetime],
        *,
        answer_seconds: float,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        self._local = local
        self._outbox = outbox
        self._effects = effects
        self._line = line
        self._client = client
        self._clock = clock
        self._answer_seconds = answer_seconds
        self._wake = wake
        self._pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="cloud-answer")

    def close(self) -> None:
        """Waits for nobody."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    @property
    def online(self) -> bool:
        """Whether the cloud is worth asking."""
        return self._client is not None and self._line.online

    # ── questions ──────────────────────────────────────────────────────────────────────────────────────────────────────────
    def identify(self, request: IdentifyRequest, language: str = "") -> IdentifyResponse:
        """Who is this? From the replica; somebody unknown here may have joined elsewhere a minute ago."""
        answer = self._local.identify(request.key, language)
        if answer.customer or answer.candidates:
            return answer
        return self._ask("identify", request, IdentifyResponse) or answer

    def quote(self, request: QuoteRequest) -> QuoteResponse:
        """What does the basket give?"""
        return self._local.quote(request)

    # ── changes ────────────────────────────────────────────────────────────────────────────────────────────────────────────
    def enrol(self, request: EnrolRequest) -> EnrolResponse:
        """A new customer: durable here, then the cloud's record; else one of our own until the line is back."""
        mark = digest("enrol", request)
        if stored := self._effects.stored("enrol", request.request_id, mark, EnrolResponse):
            return stored
        if not (request.name or request.phone or request.email or request.tax_number or request.card):
            raise ValidationError(
                "a customer needs a name or a contact",
                errors=(FieldError("name", "required", "give a name, a phone, an e-mail or a card"),),
            )
        checked = self._checked(request)
        known = self._known(checked)
        view = self._local.view(known or self._own(checked))
        provisional = EnrolResponse(customer=view, created=known is None, provisional=True)
        fact = Fact("enrol", f"enrol:{request.request_id}", mark.hex(), "till", {"enrol": request})
        entry = self._durable("enrol", request.request_id, mark, provisional, fact)
        if known is None:
            self._local.replica.add_provisional(self._own(checked), entry.event_id)
        answer = self._ask("enrol", request, EnrolResponse, entry=entry, mark=mark)
        if answer:
            self._local.replica.drop_provisional([entry.event_id])
            self._wake()
        return answer or provisional

    def hold(self, request: HoldRequest) -> HoldResponse:
        """Reserve points: the cloud decides while it answers, the store within its limit while it does not."""
        mark = digest("hold", request)
        if stored := self._effects.stored("hold", request.request_id, mark, HoldResponse):
            return stored
        customer = self._local.replica.resolve(request.customer)
        answer = self._ask("hold", request, HoldResponse)
        if answer:
            with self._outbox.transaction() as tx:
                name = customer.customer if customer else request.customer.customer or ""
                self._effects.hold(tx, answer.hold, name, answer.points, answer.amount, answer.expires_at, event=None, offline=False)
                self._effects.store(tx, "hold", request.request_id, mark, answer, self._clock())
            return answer
        return self._hold_here(request, mark, customer)

    def _hold_here(self, request: HoldRequest, mark: bytes, customer: ReplicaCustomer | None) -> HoldResponse:
        facts, now = self._local.replica.facts, self._clock()
        if customer is None:
            raise UnknownCustomerError("this customer is not known in the store, and the line is down")
        if customer.blocked:
            raise BlockedError
        amount = points_worth(facts.compiled, request.points, frozenset({"points"}), request.at) if facts.compiled else 0
        if amount <= 0:
            raise ValidationError(
                "no programme takes these points as money", errors=(FieldError("points", "not_redeemable", "see redeemable in a quote"),)
            )
        with self._outbox.transaction() as tx:  # the check and the hold are one: two tills of this store cannot both pass
            standing = self._local.standing(customer)
            if request.points > standing.spendable:
                raise ConflictError("not enough points are available", code="insufficient_points")
            if standing.offline + request.points > facts.offline_points_limit:
                raise ConflictError("more points than may be used while the line is down", code="offline_limit")
            # The hold's name is the request's: the cloud gets the same request and knows it by it.
            answer = HoldResponse(
                hold=request.request_id,
                points=request.points,
                amount=amount,
                expires_at=now + timedelta(seconds=request.ttl_seconds),
                provisional=True,
            )
            fact = Fact("hold", f"hold:{request.request_id}", mark.hex(), "till", {"hold": request})
            entry = self._outbox.append(tx, fact, now)
            self._effects.hold(
                tx, answer.hold, customer.customer, answer.points, answer.amount, answer.expires_at, event=entry.event_id, offline=True
            )
            self._effects.store(tx, "hold", request.request_id, mark, answer, now)
        self._wake()
        return answer

    def commit(self, request: CommitRequest) -> CommitResponse:
        """The document was issued."""
        if request.document.kind is not DocumentKind.SALE:
            raise ValidationError("a return goes to the operation `return`", errors=(FieldError("document.kind", "kind", "must be sale"),))
        mark = digest("commit", request)
        if stored := self._effects.stored("commit", request.request_id, mark, CommitResponse):
            return stored.model_copy(update={"duplicate": True})
        request = request.model_copy(update={"document": self._local.enrich(request.document)})
        document = request.document
        effect = self._local.document(document)
        holds = tuple(payment.hold for payment in document.payments if payment.hold)
        fact = Fact("document", document.keys[0], document.revision, "till", {"document": document})
        now = self._clock()
        with self._outbox.transaction() as tx:
            entry = self._outbox.append(tx, fact, now, not_before=self._later(now))
            self._effects.capture(tx, holds, entry.event_id)
            balance = self._book(tx, effect, entry, effect.settlement.points_earned, now)
            provisional = CommitResponse(
                document=document.keys[0],
                duplicate=not entry.added,
                points_earned=effect.settlement.points_earned,
                points_spent=effect.settlement.points_spent,
                balance=balance,
                receipt=self._local.footer(effect, document, balance),
                explanations=effect.settlement.explanations,
                provisional=True,
            )
            self._effects.store(tx, "commit", request.request_id, mark, provisional, now, aggregate=document.keys[0])
        return self._finish("commit", request, mark, provisional, entry, document.keys[0])

    def return_(self, request: ReturnRequest) -> ReturnResponse:
        """A credit note."""
        if request.document.kind is not DocumentKind.RETURN:
            raise ValidationError("a sale goes to the operation `commit`", errors=(FieldError("document.kind", "kind", "must be return"),))
        mark = digest("return", request)
        if stored := self._effects.stored("return", request.request_id, mark, ReturnResponse):
            return stored.model_copy(update={"duplicate": True})
        request = request.model_copy(update={"document": self._local.enrich(request.document)})
        document = request.document
        effect = self._local.document(document)
        taken = effect.taken or max(0, -effect.settlement.points_earned)
        fact = Fact("document", document.keys[0], document.revision, "till", {"document": document})
        now = self._clock()
        with self._outbox.transaction() as tx:
            entry = self._outbox.append(tx, fact, now, not_before=self._later(now))
            balance = self._book(tx, effect, entry, effect.given - taken, now)
            shown = DocumentEffect(effect.customer, effect.settlement, taken=taken, given=effect.given)
            provisional = ReturnResponse(
                document=document.keys[0],
                duplicate=not entry.added,
                points_taken=taken,
                points_given=effect.given,
                balance=balance,
                receipt=self._local.footer(shown, document, balance),
                explanations=effect.settlement.explanations,
                provisional=True,
            )
            self._effects.store(tx, "return", request.request_id, mark, provisional, now, aggregate=document.keys[0])
        return self._finish("return", request, mark, provisional, entry, document.keys[0])

    def cancel(self, request: CancelRequest) -> CancelResponse:
        """Release a hold or undo a document."""
        if bool(request.hold) == bool(request.document):
            raise ValidationError(
                "say which hold or which document, one of them", errors=(FieldError("hold", "one_of", "give hold or document"),)
            )
        mark = digest("cancel", request)
        if stored := self._effects.stored("cancel", request.request_id, mark, CancelResponse):
            return stored
        # Either name will do: the document's key, or the cloud's own id from an earlier answer.
        sale = self._effects.aggregate_of(request.document) or request.document if request.document else None
        aggregate = sale or f"hold:{request.hold}"
        fact = Fact("cancel", aggregate, mark.hex(), f"till:{request.request_id}", {"cancel": request})
        told = self._effects.answer_of("commit", sale, CommitResponse) if sale else None
        now, released = self._clock(), False
        with self._outbox.transaction() as tx:
            entry = self._outbox.append(tx, fact, now, not_before=self._later(now))
            if request.hold:
                released = self._effects.release(tx, request.hold)
            for row in tx.execute("SELECT event_id FROM outbox WHERE aggregate_id = ? AND type = 'document'", (aggregate,)).fetchall():
                self._effects.undo(tx, row["event_id"])
            points = told.points_earned if told else 0
            provisional = CancelResponse(released=released, reversed_document=sale, points=points, provisional=True)
            self._effects.store(tx, "cancel", request.request_id, mark, provisional, now)
        return self._finish("cancel", request, mark, provisional, entry, None)

    # ── the cloud's word ───────────────────────────────────────────────────────────────────────────────────────────────────
    def _finish(self, operation: str, request: Wire, mark: bytes, provisional: _R, entry: Entry, aggregate: str | None) -> _R:
        asked = self.online
        answer = self._ask(operation, request, type(provisional), entry=entry, mark=mark, aggregate=aggregate)
        if answer is None:
            if asked:
                self._outbox.release(entry.event_id)
            self._wake()
        return answer or provisional

    def _book(self, tx: sqlite3.Connection, effect: DocumentEffect, entry: Entry, points: int, now: datetime) -> Balance | None:
        if effect.customer is None:
            return None
        if entry.added:
            self._effects.earn(tx, entry.event_id, effect.customer.customer, points)
        return self._effects.standing(effect.customer, now, tx).balance

    def _durable(self, operation: str, request_id: str, mark: bytes, answer: Wire, fact: Fact) -> Entry:
        now = self._clock()
        with self._outbox.transaction() as tx:
            entry = self._outbox.append(tx, fact, now, not_before=self._later(now))
            self._effects.store(tx, operation, request_id, mark, answer, now)
        return entry

    def _later(self, now: datetime) -> datetime | None:
        # While the till asks the cloud itself the sender need not tell it the same.
        return now + _HEAD_START if self.online else None

    def _ask(
        self, operation: str, request: Wire, model: type[_R], *, entry: Entry | None = None, mark: bytes = b"", aggregate: str | None = None
    ) -> _R | None:
        """The cloud's answer, or None when it does not come in time; what was durable is then told by the sender."""
        if not self.online or self._client is None:
            return None
        body = request.model_dump_json().encode()
        future = self._pool.submit(self._client.post, f"/v1/hooks/{operation}", body, timeout=max(2.0, 4 * self._answer_seconds))
        try:
            answer = future.result(self._answer_seconds)
        except (LateError, TimeoutError):
            if entry:
                future.add_done_callback(lambda late: self._late(late, entry))
            return None
        except LineDownError as error:
            self._line.down(self._clock(), error.message)
            return None
        if answer.action is Action.DONE:
            return self._accepted(operation, request, answer, model, entry, mark, aggregate)
        if answer.status in _ABOUT_THE_REQUEST and "code" in answer.data:
            self._refused(request, answer, entry)
        if answer.action is Action.RETRY:
            self._line.down(self._clock(), f"HTTP {answer.status}", answer.retry_after)
        return None

    def _accepted(
        self, operation: str, request: Wire, answer: Answer, model: type[_R], entry: Entry | None, mark: bytes, aggregate: str | None
    ) -> _R | None:
        try:
            reply = model.model_validate_json(answer.raw)
        except pydantic.ValidationError:
            _log.error("the cloud's answer to %s cannot be read: is it newer than this agent?", operation)
            return None
        if entry:
            now = self._clock()
            with self._outbox.transaction() as tx:
                self._outbox.mark_sent_in(tx, [entry.event_id], now)
                if isinstance(reply, CommitResponse):
                    self._effects.confirm(tx, entry.event_id, reply.points_earned)
                elif isinstance(reply, ReturnResponse):
                    self._effects.confirm(tx, entry.event_id, reply.points_given - reply.points_taken)
                self._effects.store(tx, operation, request.request_id, mark, reply, now, aggregate=aggregate)  # type: ignore[attr-defined]
        return reply

    def _refused(self, request: Wire, answer: Answer, entry: Entry | None) -> None:
        # The till hears why at once. A sale that was issued all the same is not lost: it stays, set aside, where a person sees it.
        # A wish that was refused (an enrolment, a cancellation) is simply not done.
        if entry and isinstance(request, CommitRequest | ReturnRequest):
            self._outbox.quarantine(entry.event_id, answer.code, answer.detail, self._clock())
        if entry:
            with self._outbox.transaction() as tx:
                self._effects.forget(tx, request.request_id)  # type: ignore[attr-defined]
                self._outbox.withdraw(tx, entry.event_id)
            self._local.replica.drop_provisional([entry.event_id])
        raise _REFUSALS.get(answer.status, ValidationError)(answer.detail, code=answer.code, errors=answer.errors)

    def _late(self, future: Future[Answer], entry: Entry) -> None:
        # Too late for the till, in time for the outbox.
        if future.cancelled():
            return
        error = future.exception()
        if isinstance(error, LineDownError):
            self._line.down(self._clock(), error.message)
        elif error is None and future.result().action is Action.DONE:
            self._outbox.mark_sent([entry.event_id], self._clock())

    # ── enrolment ──────────────────────────────────────────────────────────────────────────────────────────────────────────
    def _known(self, request: EnrolRequest) -> ReplicaCustomer | None:
        for kind, value in (("card", request.card), ("tax", request.tax_number), ("phone", request.phone)):
            for spelling in spellings(kind, value) if value else ():
                found = [one for one in self._local.replica.by_key(kind, spelling) if not one.inactive]
                if len(found) == 1:
                    return found[0]
        return None

    def _checked(self, request: EnrolRequest) -> EnrolRequest:
        """Numbers in their one spelling; what is wrong is said while the customer still stands there, line or no line."""
        country = request.tax_country
        tax = normalise_tax_number(request.tax_number, country) if request.tax_number else None
        return request.model_copy(update={"tax_number": tax, "phone": normalise_phone(request.phone, country) if request.phone else None})

    def _own(self, request: EnrolRequest) -> ReplicaCustomer:
        return ReplicaCustomer(
            customer=f"{PROVISIONAL_CUSTOMER}{request.request_id}",
            name=request.name,
            cards=(request.card,) if request.card else (),
            phone=request.phone,
            tax_number=request.tax_number,
            member_since=self._clock().date().isoformat(),
        )
