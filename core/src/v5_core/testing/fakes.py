"""A cloud in memory: `v5_core.hooks.Hooks` without network, database or files, for tests of tills, adapters and spoolers.

    hooks = FakeHooks([programme], [FakeCustomer("c1", "Ana", card="29900001", points=200_000)], clock)
    hooks.commit(CommitRequest(...))

It decides with the same engine, and passes the same contract tests as the agent and the cloud (`tests/contract`): what a test learns
from it holds for them. Coupons, stored value and clubs are what they are given; nothing expires, levels are those given, and no sale
makes vouchers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from v5_core.codes import fold_code
from v5_core.engine import (
    Coupon,
    CustomerFacts,
    Settlement,
    Stored,
    claimed_points,
    compile_programmes,
    evaluate,
    points_worth,
    reversal,
    settle,
)
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
    EntitlementView,
    HoldRequest,
    HoldResponse,
    IdentifyRequest,
    IdentifyResponse,
    MembershipView,
    QuoteRequest,
    QuoteResponse,
    ReceiptLine,
    ReturnRequest,
    ReturnResponse,
    TierView,
)
from v5_core.membership import Membership, end_of, join, state_of, window
from v5_core.model import Balance, Card, CustomerRef, DocumentKind, PaymentMethod, SalesDocument, Wire
from v5_core.money import format_scaled
from v5_core.programme import Programme
from v5_core.testing._things import Things

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
    tiers: tuple[TierView, ...] = ()
    clubs: dict[str, Membership] = field(default_factory=dict)


@dataclass
class _Held:
    customer: FakeCustomer | None
    points: int
    until: datetime
    money: dict[str, int] = field(default_factory=dict)
    codes: tuple[str, ...] = ()


@dataclass
class _Sold:
    document: SalesDocument
    customer: FakeCustomer | None
    settlement: Settlement
    change: int
    taken: Mapping[str, int] = field(default_factory=dict)
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
        coupons: Iterable[Coupon] = (),
        stored: Iterable[Stored] = (),
    ) -> None:
        self.customers = list(customers)
        self._things = Things(coupons, stored)
        self._clubs = {club.id: club for programme in programmes for club in programme.clubs}
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
        facts, local = self._facts(self._find(request.customer)), request.at.astimezone(self._zone)
        state = self._things.state(request, self._kept())
        return evaluate(self._compiled, request, facts, local_time=local, language=self._language, state=state)

    def _kept(self) -> list[tuple[Mapping[str, int], tuple[str, ...]]]:
        return [(held.money, held.codes) for held in self._holds.values() if held.until > self._clock()]

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
        for club in request.clubs:
            if club not in self._clubs:
                raise ValidationError("there is no such club", code="unknown_club", errors=(FieldError("clubs.0", "unknown_club", club),))
            if club not in one.clubs:
                one.clubs[club] = join(self._clubs[club], one.customer, self._today, until=request.member_until)
        if known is None:
            self.customers.append(one)
        return self._keep("enrol", request.request_id, request, EnrolResponse(customer=self._view(one), created=known is None))

    def hold(self, request: HoldRequest) -> HoldResponse:
        """Reserves points."""
        if stored := self._stored("hold", request.request_id, request, HoldResponse):
            return stored
        if not (request.points or request.stored_value or request.codes or request.rules or request.applied):
            raise ValidationError("a hold reserves something", errors=(FieldError("points", "missing", "name what is to be reserved"),))
        one = self._find(request.customer)
        if one is None and (request.points or not request.customer.is_anonymous):
            raise UnknownCustomerError("there is no such customer")
        if one is not None and one.blocked:
            raise BlockedError
        if one is not None and request.points > self._available(one):
            raise ConflictError("not enough points are available", code="insufficient_points")
        money, codes, shown = self._things.reserve(request, one.customer if one else None, self._kept())
        until = self._clock() + timedelta(seconds=request.ttl_seconds)
        self._holds[request.request_id] = _Held(one, request.points, until, money, codes)
        worth = points_worth(self._compiled, request.points, _CARDS, request.at)
        answer = HoldResponse(hold=request.request_id, points=request.points, amount=worth, stored_value=shown, expires_at=until)
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
            stored_value=self._things.paid(sold.taken),
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
        named = list(dict.fromkeys(payment.hold for payment in document.payments if payment.hold in self._holds))
        codes = {fold_code(one.code) for one in document.applied if one.code}
        named += [name for name, held in self._holds.items() if name not in named and not codes.isdisjoint(held.codes)]
        used = {str(name): self._holds.pop(str(name)) for name in named}
        customer = self._find(document.customer) or next((one.customer for one in used.values()), None)
        paying = {payment.hold for payment in document.payments if payment.method is PaymentMethod.POINTS}
        spent = sum(one.points for name, one in used.items() if name in paying) or claimed_points(self._compiled, document)
        made = settle(self._compiled, document, self._facts(customer), zone=self._zone, points_spent=spent, language=self._language)
        taken = self._things.sell(document, {name: one.money for name, one in used.items()})
        sold = _Sold(document, customer, made, made.points_earned - spent, taken)
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
        if not sold.cancelled:
            self._things.move(sold.taken, 1)
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
        active = [club for club, kept in one.clubs.items() if state_of(self._clubs[club], kept, self._today) in ("active", "ending")]
        return CustomerFacts(
            customer=one.customer,
            balance_available=max(0, self._available(one)),
            blocked=one.blocked,
            tiers=frozenset(view.tier for view in one.tiers),
            clubs=frozenset(active),
            entitlements={got.id: got.uses for club in active for got in self._clubs[club].entitlements},
        )

    @property
    def _today(self) -> date:
        return self._clock().astimezone(self._zone).date()

    def _held(self, one: FakeCustomer) -> int:
        return sum(held.points for held in self._holds.values() if held.customer is one and held.until > self._clock())

    def _available(self, one: FakeCustomer) -> int:
        return one.points - self._held(one)

    def _balance(self, one: FakeCustomer | None) -> Balance | None:
        return Balance(available=self._available(one), held=self._held(one)) if one else None

    def _view(self, one: FakeCustomer) -> CustomerView:
        cards = (Card(number=one.card),) if one.card else ()
        balance = Balance(available=self._available(one), held=self._held(one))
        return CustomerView(
            customer=one.customer,
            name=one.name,
            cards=cards,
            balance=balance,
            blocked=one.blocked,
            tiers=one.tiers,
            memberships=tuple(self._membership(club, kept) for club, kept in one.clubs.items()),
            vouchers=self._things.views(one.customer, self._kept(), self._zone),
        )

    def _membership(self, name: str, kept: Membership) -> MembershipView:
        club, today = self._clubs[name], self._today
        uses = [
            EntitlementView(entitlement=got.id, title=got.title, left=got.uses, until=window(got, kept, today)[1])
            for got in club.entitlements
        ]
        return MembershipView(
            club=name, title=club.title, state=state_of(club, kept, today), since=kept.since, until=end_of(kept, today),
            entitlements=tuple(uses),
        )  # fmt: skip

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
