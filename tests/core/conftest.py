"""Factories for programmes, baskets and documents, and a repository in memory that keeps the ledger's rows as a database would."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import pytest

from v5_core.engine import CustomerFacts, compile_programmes, evaluate
from v5_core.hooks import QuoteRequest, QuoteResponse
from v5_core.ledger import AccountState, Allocation, Booked, Hold, Lot, Outcome, Posting, Target, book, expire, place_hold, release_hold
from v5_core.model import DocumentKind, Line, Origin, SalesDocument
from v5_core.programme import EarnPerAmount, Policies, Programme

LISBON = ZoneInfo("Europe/Lisbon")
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)  # a Tuesday


class MakeLine(Protocol):
    """A line of an article P1, P2 …; `values` are fields of `Line`."""

    def __call__(self, line_id: str, gross: int, **values: Any) -> Line: ...


class MakeProgramme(Protocol):
    """A published programme; `values` are fields of `Programme`."""

    def __call__(self, **values: Any) -> Programme: ...


class Quote(Protocol):
    """Evaluates lines under programmes; the reply is validated in full on the way."""

    def __call__(
        self, programmes: Programme | list[Programme], lines: list[Line], *, facts: CustomerFacts | None = ...,
        at: datetime = ..., points: int = ..., language: str = ..., zone: ZoneInfo = ...,
    ) -> QuoteResponse: ...  # fmt: skip


class MakeDocument(Protocol):
    """A document of these lines; `values` are fields of `SalesDocument`."""

    def __call__(self, lines: list[Line], kind: DocumentKind = ..., **values: Any) -> SalesDocument: ...


@pytest.fixture
def line() -> MakeLine:
    def make(line_id: str, gross: int, **values: Any) -> Line:
        return Line(**{"line_id": line_id, "product": f"P{line_id}", "gross": gross, "net": gross * 100 // 123, **values})

    return make


@pytest.fixture
def programme() -> MakeProgramme:
    """One point per 1.00 unless told otherwise."""

    def make(**values: Any) -> Programme:
        rules = {"earning": (EarnPerAmount(id="euro", points=1000, amount=100),)}
        return Programme.model_validate({"id": "base", "name": "Base", **rules, **values})

    return make


@pytest.fixture
def quote() -> Quote:
    def make(
        programmes: Programme | list[Programme], lines: list[Line], *, facts: CustomerFacts | None = CustomerFacts("c1"),
        at: datetime = NOON, points: int = 0, language: str = "en", zone: ZoneInfo = LISBON,
    ) -> QuoteResponse:  # fmt: skip
        compiled = compile_programmes(programmes if isinstance(programmes, list) else [programmes])
        request = QuoteRequest(store="LX1", at=at, lines=tuple(lines), points_to_use=points)
        reply = evaluate(compiled, request, facts, local_time=at.astimezone(zone), language=language)
        assert QuoteResponse.model_validate(reply.model_dump()) == reply
        assert QuoteResponse.model_validate_json(reply.model_dump_json()) == reply
        return reply

    return make


@pytest.fixture
def document() -> MakeDocument:
    def make(lines: list[Line], kind: DocumentKind = DocumentKind.SALE, **values: Any) -> SalesDocument:
        base = {
            "source": "phc", "source_id": "1", "origin": Origin.ERP, "kind": kind, "store": "LX1", "issued_at": NOON, "lines": tuple(lines),
            "gross": sum(one.gross for one in lines), "net": sum(one.net for one in lines),
        }  # fmt: skip
        return SalesDocument(**{**base, **values})

    return make


@dataclass
class Bank:
    """One account in tables. `check` asserts the ledger's invariants after every write."""

    policies: Policies = field(default_factory=Policies)
    account: AccountState = field(default_factory=lambda: AccountState("A"))
    lots: dict[str, Lot] = field(default_factory=dict)
    holds: dict[str, Hold] = field(default_factory=dict)
    postings: list[Posting] = field(default_factory=list)
    allocations: list[Allocation] = field(default_factory=list)
    spared: dict[str, Mapping[tuple[str, str], int]] = field(default_factory=dict)

    def booked(self, entry: str, original: str = "") -> Booked:
        names = {entry, original} - {""}
        rows = tuple(row for row in self.allocations if row.entry in names or row.origin in names)
        ids = {row.lot_id for row in rows} | {lot.lot_id for lot in self.lots.values() if lot.entry in names}
        return Booked(tuple(self.lots[one] for one in ids), rows, self.spared.get(entry, {}))

    def write(self, outcome: Outcome) -> Outcome:
        for lot in outcome.lots_new:
            assert lot.lot_id not in self.lots
        for lot in outcome.lots_changed:
            assert lot.lot_id in self.lots
        self.lots |= {lot.lot_id: lot for lot in (*outcome.lots_new, *outcome.lots_changed)}
        self.holds |= {hold.hold_id: hold for hold in (*outcome.holds_new, *outcome.holds_changed)}
        self.postings += outcome.postings
        self.allocations += outcome.allocations
        self.account = outcome.account
        self.check()
        return outcome

    def check(self) -> None:
        own = [posting for posting in self.postings if posting.account == "A"]
        assert sum(posting.points for posting in self.postings) == 0
        assert self.account.balance == sum(posting.points for posting in own) == sum(lot.remaining for lot in self.lots.values())
        assert set(self.account.lots) == {lot for lot in self.lots.values() if lot.remaining}
        for lot in self.lots.values():
            drawn = sum(row.points for row in self.allocations if row.lot_id == lot.lot_id)
            assert lot.remaining == lot.points - drawn, lot
            held = sum(part for hold in self.holds.values() if hold.is_open for one, part in hold.parts if one == lot.lot_id)
            assert lot.held == held
            if lot.debt is None:
                assert 0 <= lot.held <= lot.remaining <= lot.points
            else:
                assert lot.points == 0 >= lot.remaining

    def book(self, entry: str, target: Target, at: datetime = NOON) -> Outcome:
        outcome = book(self.account, entry, self.booked(entry, target.original), target, at=at, policies=self.policies)
        self.spared[entry] = outcome.spared
        return self.write(outcome)

    def hold(self, hold_id: str, points: int, at: datetime = NOON, until: datetime = NOON) -> Outcome:
        return self.write(place_hold(self.account, hold_id, points, at=at, expires_at=until, policies=self.policies))

    def release(self, hold_id: str, at: datetime = NOON, *, timed_out: bool = False) -> Outcome:
        return self.write(release_hold(self.account, hold_id, at=at, timed_out=timed_out, policies=self.policies))

    def expire(self, at: datetime) -> Outcome:
        return self.write(expire(self.account, f"expiry:{at:%Y-%m-%d}", at=at))


class OpenBank(Protocol):
    """An empty account; `policies` are fields of `Policies`."""

    def __call__(self, **policies: Any) -> Bank: ...


@pytest.fixture
def bank() -> OpenBank:
    def make(**policies: Any) -> Bank:
        return Bank(policies=Policies(**policies))

    return make
