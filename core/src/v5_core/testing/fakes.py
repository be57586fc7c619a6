"""A cloud in memory: `v5_core.hooks.Hooks` without network, database or files, for tests of tills, adapters and spoolers.

    hooks = FakeHooks([programme], [FakeCustomer("c1", "Ana", card="29900001", points=200_000)], clock)
    hooks.commit(CommitRequest(...))

It decides with the same engine, and passes the same contract tests as the agent and the cloud (`tests/contract`): what a test learns
from it holds for them. Points only: no expiry, no tiers, no stored value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from v5_core.engine import CustomerFacts, Settlement, compile_programmes, evaluate, points_worth, reversal, settle
from v5_core.errors import (
    BlockedError,
    ConflictError,
    FieldError,
    NotFoundError,
    RequestReusedError,
    UnknownCustomerError,
    ValidationError,
)
from v5_core.hooks import (
    CancelRequest,
    CancelResponse,
    CommitRequest,
    CommitResponse,
    CustomerView,
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
)
from v5_core.model import Balance, Card, CustomerRef, DocumentKind, SalesDocument, Wire
from v5_core.money import format_scaled
from v5_core.programme import Programme

__all__ = ["FakeCustomer", "FakeHooks"]

_R = TypeVar("_R", bound=Wire)
_CARDS: Final = frozenset({"points"})


@dataclass
class FakeCustomer:
    """A customer of the fake; `points` in thousandths."""

    customer: str
    name: str = ""
    card: str = ""
    phone: str | None = None
    tax_number: str | None = None
    points: int = 0
    blocked: bool = False


@dataclass
class _Held:
    customer: FakeCustomer
    points: int
    until: datetime


@dataclass
class _Sold:
    document: SalesDocument
    customer: FakeCustomer | None
    settlement: Settlement
    change: int
    returned: Mapping[str, int] = field(default_factory=dict)
    cancelled: bool = False


class FakeHooks:
    """The port of sale-time operations, in memory. One thread."""

    def __init__(
        self,
        programmes: Sequence[Programme],
        customers: Iterable[FakeCustomer],
        clock: Callable[[], datetime],
        *,
        zone: str = "Europe/Lisbon",
        language: str = "pt",
    ) -> None:
        self.customers = list(customers)
        self._compiled = compile_programmes(programmes)
        self._clock = clock
        self._zone = ZoneInfo(zone)
        self._language = language
        self._holds: dict[str, _Held] = {}
        self._documents: dict[str, _Sold] = {}
        self._answers: dict[tuple[str, str], tuple[Wire, Wire]] = {}

    # ── questions ──────────────────────────────────────────────────────────────────────────────────────────────────────────
    def identify(self, request: IdentifyRequest) -> IdentifyResponse:
        """By card, phone or tax number; else by part of the name."""
        key = request.key.strip()
        found = [one for one in self.customers if key in {one.card, one.phone, one.tax_number}]
        found = found or [one for one in self.customers if key.casefold() in one.name.casefold()]
        if len(found) == 1:
            return IdentifyResponse(customer=self._view(found[0]))
        return IdentifyResponse(candidates=tuple(self._view(one) for one in found[:10]))

    def quote(self, request: QuoteRequest) -> QuoteResponse:
        """What the engine says."""
        facts = self._facts(self._find(request.customer))
        return evaluate(self._compiled, request, facts, local_time=request.at.astimezone(self._zone), language=self._language)

    # ── changes ────────────────────────────────────────────────────────────────────────────────────────────────────────────
    def enrol(self, request: EnrolRequest) -> EnrolResponse:
        """A new customer, or the one who is known."""
        if stored := self._stored("enrol", request.request_id, request, EnrolResponse):
            return stored
        if not (request.name or request.phone or request.email or request.tax_number or request.card):
            raise ValidationError("nothing is said of the customer", errors=(FieldError("name", "missing", "give a name or a contact"),))
        known = self._find(CustomerRef(card=request.card, phone=request.phone, tax_number=request.tax_number))
        number = f"c{len(self.customers) + 1}"
        one = known or FakeCustomer(number, request.name, request.card or f"card-{number}", request.phone, request.tax_number)
        if known is None:
            self.customers.append(one)
        return self._keep("enrol", request.request_id, request, EnrolResponse(customer=self._view(one), created=known is None))

    def hold(self, request: HoldRequest) -> HoldResponse:
        """Reserves points."""
        if stored := self._stored("hold", request.request_id, request, HoldResponse):
            return stored
        one = self._find(request.customer)
        if one is None:
            raise UnknownCustomerError("there is no such customer")
        if one.blocked:
            raise BlockedError
        if request.points > self._available(one):
            raise ConflictError("not enough points are available", code="insufficient_points")
        until = self._clock() + timedelta(seconds=request.ttl_seconds)
        self._holds[request.request_id] = _Held(one, request.points, until)
        worth = points_worth(self._compiled, request.points, _CARDS, request.at)
        answer = HoldResponse(hold=request.request_id, points=request.points, amount=worth, expires_at=until)
        return self._keep("hold", request.request_id, request, answer)

    def commit(self, request: CommitRequest) -> CommitResponse:
        """Counts the sale once."""
        _kind(request.document, DocumentKind.SALE)
        if stored := self._stored("commit", request.request_id, request, CommitResponse):
            return stored.model_copy(update={"duplicate": True})
        document, duplicate = request.document, request.document.keys[0] in self._documents
        sold = self._documents.get(document.keys[0]) or self._sell(document)
        answer = CommitResponse(
            document=document.keys[0],
            duplicate=duplicate,
            points_earned=sold.settlement.points_earned,
            points_spent=sold.settlement.points_spent,
            balance=self._balance(sold.customer),
            receipt=self._receipt(sold.customer),
            explanations=sold.settlement.explanations,
        )
        return self._keep("commit", request.request_id, request, answer)

    def cancel(self, request: CancelRequest) -> CancelResponse:
        """Releases a hold or undoes a document."""
        if stored := self._stored("cancel", request.request_id, request, CancelResponse):
            return stored
        if bool(request.hold) == bool(request.document):
            raise ValidationError("say which hold or which document", errors=(FieldError("hold", "one_of", "give hold or document"),))
        answer = self._release(request.hold) if request.hold else self._undo(str(request.document))
        return self._keep("cancel", request.request_id, request, answer)

    def return_(self, request: ReturnRequest) -> ReturnResponse:
        """Takes back and gives back, in proportion."""
        _kind(request.document, DocumentKind.RETURN)
        if stored := self._stored("return", request.request_id, request, ReturnResponse):
            return stored.model_copy(update={"duplicate": True})
        document = request.document
        names = [line.reference.document for line in document.lines if line.reference] + [ref.document for ref in document.refs]
        sold = next((one for name in names if (one := self._by_name(name)) and not one.cancelled), None)
        taken = given = 0
        if sold is not None and document.keys[0] not in self._documents:
            back = reversal(sold.settlement, sold.returned, document, language=self._language)
            sold.returned, taken, given = back.returned, back.points_taken, back.points_given
            if sold.customer:
                sold.customer.points += given - taken
        customer = sold.customer if sold else self._find(document.customer)
        duplicate = document.keys[0] in self._documents
        self._documents.setdefault(document.keys[0], _Sold(document, customer, Settlement(), given - taken))
        answer = ReturnResponse(
            document=document.keys[0],
            duplicate=duplicate,
            points_taken=taken,
            points_given=given,
            balance=self._balance(customer),
            receipt=self._receipt(customer),
        )
        return self._keep("return", request.request_id, request, answer)

    # ── inside ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
    def _sell(self, document: SalesDocument) -> _Sold:
        used = [self._holds.pop(payment.hold) for payment in document.payments if payment.hold in self._holds]
        customer = self._find(document.customer) or (used[0].customer if used else None)
        spent = sum(one.points for one in used)
        made = settle(self._compiled, document, self._facts(customer), zone=self._zone, points_spent=spent, language=self._language)
        sold = _Sold(document, customer, made, made.points_earned - spent)
        if customer:
            customer.points += sold.change
        self._documents[document.keys[0]] = sold
        return sold

    def _release(self, name: str) -> CancelResponse:
        held = self._holds.pop(name, None)
        if held is None:
            raise NotFoundError("there is no such hold", code="unknown_hold")
        return CancelResponse(released=True, points=held.points, balance=self._balance(held.customer))

    def _undo(self, name: str) -> CancelResponse:
        sold = self._by_name(name)
        if sold is None:
            raise NotFoundError("there is no such document", code="unknown_document")
        if sold.customer and not sold.cancelled:
            sold.customer.points -= sold.change
        sold.cancelled = True
        key, points = sold.document.keys[0], sold.settlement.points_earned
        return CancelResponse(reversed_document=key, points=points, balance=self._balance(sold.customer))

    def _by_name(self, name: str) -> _Sold | None:
        for sold in self._documents.values():
            document = sold.document
            if name in {*document.keys, document.source_id, document.fiscal.number if document.fiscal else ""}:
                return sold
        return None

    def _find(self, ref: CustomerRef) -> FakeCustomer | None:
        for attribute, value in (("customer", ref.customer), ("card", ref.card), ("tax_number", ref.tax_number), ("phone", ref.phone)):
            for one in self.customers:
                if value and getattr(one, attribute) == value:
                    return one
        return None

    def _facts(self, one: FakeCustomer | None) -> CustomerFacts | None:
        if one is None:
            return None
        return CustomerFacts(customer=one.customer, balance_available=max(0, self._available(one)), blocked=one.blocked)

    def _held(self, one: FakeCustomer) -> int:
        return sum(held.points for held in self._holds.values() if held.customer is one and held.until > self._clock())

    def _available(self, one: FakeCustomer) -> int:
        return one.points - self._held(one)

    def _balance(self, one: FakeCustomer | None) -> Balance | None:
        return Balance(available=self._available(one), held=self._held(one)) if one else None

    def _view(self, one: FakeCustomer) -> CustomerView:
        cards = (Card(number=one.card),) if one.card else ()
        balance = Balance(available=self._available(one), held=self._held(one))
        return CustomerView(customer=one.customer, name=one.name, cards=cards, balance=balance, blocked=one.blocked)

    def _receipt(self, one: FakeCustomer | None) -> tuple[ReceiptLine, ...]:
        return (ReceiptLine(text=f"Saldo {format_scaled(self._available(one), 3, trim=True)}"),) if one else ()

    def _stored(self, operation: str, request_id: str, request: Wire, model: type[_R]) -> _R | None:
        known = self._answers.get((operation, request_id))
        if known is None:
            return None
        if known[0] != request:
            raise RequestReusedError
        return model.model_validate(known[1])

    def _keep(self, operation: str, request_id: str, request: Wire, answer: _R) -> _R:
        self._answers[operation, request_id] = (request, answer)
        return answer


def _kind(document: SalesDocument, kind: DocumentKind) -> None:
    if document.kind is not kind:
        raise ValidationError("the document is of another kind", errors=(FieldError("document.kind", "kind", f"must be {kind.value}"),))
