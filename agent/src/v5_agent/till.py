"""The sale-time operations as this store offers them: durable first, then the cloud within a moment, else the store's own answer."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, TypeVar

from v5_agent.asking import Asking
from v5_agent.client import CloudClient
from v5_agent.effects import Effects, digest
from v5_agent.enrolling import Enrolling
from v5_agent.holding import Holding
from v5_agent.line import Line
from v5_agent.local import DocumentEffect, Local
from v5_agent.making import Due, Making
from v5_agent.outbox import Entry, Fact, Outbox
from v5_agent.returning import point_holds
from v5_agent.taken import Use
from v5_core.codes import spell
from v5_core.errors import FieldError, ValidationError
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
    ReceiptLine,
    ReturnRequest,
    ReturnResponse,
    StoredUse,
    VoucherView,
)
from v5_core.model import Balance, DocumentKind, SalesDocument, Wire
from v5_core.push import ReplicaCustomer, Told
from v5_core.words import words_of

__all__ = ["Till"]

_R = TypeVar("_R", bound=Wire)
_A = TypeVar("_A", QuoteRequest, HoldRequest)
_HEAD_START: Final = timedelta(seconds=3)


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
        self._clock = clock
        self._wake = wake
        self._cloud = Asking(outbox, effects, local.replica, line, client, clock, answer_seconds=answer_seconds)
        self._holding = Holding(local, outbox, effects, clock)
        self._enrolling = Enrolling(local, clock)
        self._making = Making(local, outbox, effects)

    def close(self) -> None:
        """Waits for nobody."""
        self._cloud.close()

    @property
    def online(self) -> bool:
        """Whether the cloud is worth asking."""
        return self._cloud.online

    # ── questions ──────────────────────────────────────────────────────────────────────────────────────────────────────────
    def identify(self, request: IdentifyRequest, language: str = "") -> IdentifyResponse:
        """Who is this? From the replica; somebody unknown here may have joined elsewhere a minute ago."""
        answer = self._local.identify(request.key, language, request.store)
        if answer.customer or answer.candidates:
            return answer
        return self._cloud.ask("identify", request, IdentifyResponse) or answer

    def quote(self, request: QuoteRequest) -> QuoteResponse:
        """What does the basket give? Where the answer hangs on what other stores may have used, the cloud says it while it can."""
        doubtful = self._local.own.doubtful(request)
        answer = None if doubtful and self.online else self._local.quote(request)
        if self.online and (answer is None or self._local.own.hangs_on_others(answer)):
            answer = self._cloud.ask("quote", self._known_there(request), QuoteResponse) or answer
        return answer or self._local.quote(request)

    def _known_there(self, request: _A) -> _A:
        return request.model_copy(update={"customer": self._local.reference(request.customer)})

    # ── changes ────────────────────────────────────────────────────────────────────────────────────────────────────────────
    def enrol(self, request: EnrolRequest) -> EnrolResponse:
        """A new customer: durable here, then the cloud's record; else one of our own until the line is back."""
        mark = digest("enrol", request)
        if stored := self._effects.stored("enrol", request.request_id, mark, EnrolResponse):
            return stored
        checked = self._enrolling.checked(request)
        known = self._enrolling.known(checked)
        own = known or self._enrolling.own(checked)
        if not (self.online and request.clubs):
            own = self._enrolling.joined(own, checked)
        provisional = EnrolResponse(customer=self._local.view(own), created=known is None, provisional=True)
        fact = Fact("enrol", f"enrol:{request.request_id}", mark.hex(), "till", {"enrol": request})
        entry = self._durable("enrol", request.request_id, mark, provisional, fact)
        if known is None:
            self._local.replica.add_provisional(own, entry.event_id)
        answer = self._cloud.ask("enrol", request, EnrolResponse, entry=entry, mark=mark)
        if answer:
            self._local.replica.drop_provisional([entry.event_id])
            self._local.replica.put(self._enrolling.told(checked, answer.customer, self._local.replica.get(answer.customer.customer)))
            self._wake()
        elif known is not None and request.clubs:
            self._local.replica.put(own)
        return answer or provisional

    def hold(self, request: HoldRequest) -> HoldResponse:
        """Reserve points and more: the cloud decides while it answers, the store within its limits while it does not."""
        mark = digest("hold", request)
        if stored := self._effects.stored("hold", request.request_id, mark, HoldResponse):
            return stored
        one = self._local.replica.resolve(request.customer)
        answer = self._cloud.ask("hold", self._known_there(request), HoldResponse)
        if answer:
            self._holding.granted(request, mark, answer, one)
            return answer
        answer = self._holding.here(request, mark, one)
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
        holds, paying = tuple(payment.hold for payment in document.payments if payment.hold), point_holds(document)
        kept = self._local.taken.of_holds(holds) if holds else {}
        uses = self._local.own.used(document, effect.settlement, effect.customer, kept)
        tiers = self._local.moved(effect, document)
        due = self._making.due(document, effect.customer)
        now = self._clock()
        with self._outbox.transaction() as tx:
            document = self._making.printed(tx, document, due)
            uses += self._making.uses(document, due)
            vouchers = self._making.views(document, due)
            entry = self._outbox.append(tx, _document(document, effect, uses, vouchers), now, not_before=self._later(now))
            self._effects.capture(tx, paying, entry.event_id)
            for unused in set(holds) - set(paying):
                self._effects.release(tx, unused)
            paid = self._take(tx, entry, uses, holds, effect.customer, now) if uses or holds else ()
            balance = self._book(tx, effect, entry, effect.settlement.points_earned - self._loose(effect, paying), now)
            provisional = CommitResponse(
                document=document.keys[0],
                duplicate=not entry.added,
                points_earned=effect.settlement.points_earned,
                points_spent=effect.settlement.points_spent,
                balance=balance,
                receipt=(*self._local.footer(effect, document, balance, tiers, paid), *self._voucher_lines(document, vouchers, due)),
                messages=self._making.promised(document, due),
                explanations=effect.settlement.explanations,
                provisional=True,
                vouchers=vouchers,
                tiers=tiers,
                stored_value=paid,
            )
            self._effects.store(tx, "commit", request.request_id, mark, provisional, now, aggregate=document.keys[0])
        # The cloud hears of the codes too: should its answer come late, they are what the customer has in hand.
        request = request.model_copy(update={"document": document})
        return self._finish("commit", request, mark, provisional, entry, document.keys[0])

    def _voucher_lines(self, document: SalesDocument, vouchers: Sequence[VoucherView], due: Sequence[Due]) -> tuple[ReceiptLine, ...]:
        words = self._local.words(document, document.currency) or words_of(self._local.language, document.currency)
        return self._making.lines(words, vouchers, due) if vouchers else ()

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
        fact = _document(document, DocumentEffect(effect.customer, effect.settlement, taken=taken, given=effect.given), ())
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
        shown = self._local.returning.undone(aggregate) if sale else None
        with self._outbox.transaction() as tx:
            earlier = tx.execute("SELECT 1 FROM outbox WHERE aggregate_id = ? AND type = 'cancel'", (aggregate,)).fetchone()
            entry = self._outbox.append(tx, fact, now, not_before=self._later(now))
            if request.hold:
                points_too, more_too = self._effects.release(tx, request.hold), self._local.taken.release(tx, request.hold)
                released = points_too or more_too
            for row in tx.execute("SELECT event_id FROM outbox WHERE aggregate_id = ? AND type = 'document'", (aggregate,)).fetchall():
                if self._effects.undo(tx, row["event_id"]):
                    shown = None
                self._local.taken.undo(tx, row["event_id"])
            if shown and not earlier:
                # The replica has the sale and not yet that it is none: what it earned is nothing to spend.
                self._effects.earn(tx, entry.event_id, *shown)
            points = told.points_earned if told else 0
            provisional = CancelResponse(released=released, reversed_document=sale, points=points, provisional=True)
            self._effects.store(tx, "cancel", request.request_id, mark, provisional, now)
        return self._finish("cancel", request, mark, provisional, entry, None)

    # ── the cloud's word ───────────────────────────────────────────────────────────────────────────────────────────────────
    def _finish(self, operation: str, request: Wire, mark: bytes, provisional: _R, entry: Entry, aggregate: str | None) -> _R:
        asked = self.online
        answer = self._cloud.ask(operation, request, type(provisional), entry=entry, mark=mark, aggregate=aggregate)
        if answer is None:
            if asked:
                self._outbox.release(entry.event_id)
            self._wake()
        return answer or provisional

    def _take(
        self, tx: sqlite3.Connection, entry: Entry, uses: list[Use], holds: tuple[str, ...], one: ReplicaCustomer | None, now: datetime
    ) -> tuple[StoredUse, ...]:
        """Notes what the sale used, in place of what holds kept for it; says what stored value paid."""
        if entry.added:
            self._local.taken.sold(tx, entry.event_id, uses, holds, offline=not self.online)
        before = self._local.taken.of([use.what for use in uses], now, tx)
        return self._local.own.paid(uses, one, {use.what: before.get(use.what, 0) - use.amount for use in uses})

    def _loose(self, effect: DocumentEffect, holds: tuple[str, ...]) -> int:
        # Rewards that were taken without a hold cost points all the same.
        return max(0, effect.settlement.points_spent - self._effects.held_points(holds))

    def _book(self, tx: sqlite3.Connection, effect: DocumentEffect, entry: Entry, points: int, now: datetime) -> Balance | None:
        if effect.customer is None:
            return None
        if entry.added:
            self._effects.earn(tx, entry.event_id, effect.customer.points_of, points)
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


def _document(document: SalesDocument, effect: DocumentEffect, uses: Sequence[Use], vouchers: tuple[VoucherView, ...] = ()) -> Fact:
    made = effect.settlement
    back = document.kind is DocumentKind.RETURN
    told = Told(
        earned=-effect.taken if back else made.points_earned,
        spent=-effect.given if back else made.points_spent,
        explanations=made.explanations,
        stored_value=tuple(StoredUse(code=spell(one.code), amount=one.amount) for one in uses if one.is_money),
        vouchers=vouchers,
    )
    return Fact("document", document.keys[0], document.revision, "till", {"document": document, "told": told})
