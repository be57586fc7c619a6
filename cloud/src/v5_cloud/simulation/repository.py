"""Statements on past sales, read in pieces that workers share, and on simulations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple, cast

from sqlalchemy import CursorResult, Select, Text, func, or_, type_coerce
from sqlalchemy import cast as as_type
from sqlalchemy.sql.elements import ColumnElement

from v5_cloud.kit.tenant import Repository
from v5_cloud.models import CustomerRow, DocumentRow, MembershipRow, SegmentMember, SimulationRow, StandingRow
from v5_cloud.simulation.schemas import Asked

__all__ = ["Buyer", "Chunk", "PastRepository", "SimulationRepository"]

_FETCH = 500


class Chunk(NamedTuple):
    """A piece of the past: the sales of customers by their ids, or those of nobody known by their days; and how many there are."""

    known: bool
    first: str
    last: str
    documents: int


class Buyer(NamedTuple):
    """What is known of a customer."""

    id: str
    card_types: list[Any]
    birth_date: Any
    member_since: Any
    blocked: bool
    rates: list[Any]


class PastRepository(Repository):
    """Past sales. Columns only, never whole rows: a million documents go by."""

    def _past(self, asked: Asked) -> list[ColumnElement[bool]]:
        conditions: list[ColumnElement[bool]] = [
            DocumentRow.state != "merged",
            DocumentRow.status == "issued",
            DocumentRow.business_day >= asked.since,
            DocumentRow.business_day <= asked.until,
        ]
        return [*conditions, DocumentRow.store.in_(asked.stores)] if asked.stores else conditions

    def chunks(self, asked: Asked, size: int) -> Iterator[Chunk]:
        """The period cut into pieces of about `size` documents; a customer's are never cut."""
        customer, day = DocumentRow.customer_id, DocumentRow.business_day
        known = self.columns(DocumentRow, customer, func.count()).where(customer.is_not(None)).group_by(customer).order_by(customer)
        yield from self._cut(known, asked, size, known=True)
        nobody = self.columns(DocumentRow, day, func.count()).where(customer.is_(None)).group_by(day).order_by(day)
        yield from self._cut(nobody, asked, size, known=False)

    def _cut(self, counts: Select[Any], asked: Asked, size: int, *, known: bool) -> Iterator[Chunk]:
        first, last, held = "", "", 0
        for key, count in self.session.execute(counts.where(*self._past(asked)), execution_options={"yield_per": _FETCH}):
            first, last, held = first or str(key), str(key), held + int(count)
            if held >= size:
                yield Chunk(known, first, last, held)
                first, held = "", 0
        if held:
            yield Chunk(known, first, last, held)

    def documents(self, asked: Asked, chunk: Chunk) -> Iterator[Any]:
        """(id, customer, store, body as text) of a piece; a customer's in the order of their dates."""
        body: ColumnElement[str] = type_coerce(DocumentRow.body, Text) if self.sqlite else as_type(DocumentRow.body, Text)
        statement = self.columns(DocumentRow, DocumentRow.id, DocumentRow.customer_id, DocumentRow.store, body).where(*self._past(asked))
        if chunk.known:
            mine = DocumentRow.customer_id.between(chunk.first, chunk.last)
            statement = statement.where(mine).order_by(DocumentRow.customer_id, DocumentRow.issued_at, DocumentRow.id)
        else:
            days = date.fromisoformat(chunk.first), date.fromisoformat(chunk.last)
            statement = statement.where(DocumentRow.customer_id.is_(None), DocumentRow.business_day.between(*days))
            # A day of some zone lies within these instants, by which there is an index.
            first, last = (datetime.combine(day, time.min, UTC) for day in days)
            statement = statement.where(DocumentRow.issued_at.between(first - timedelta(days=1), last + timedelta(days=2)))
        yield from self.session.execute(statement, execution_options={"yield_per": _FETCH})

    def buyers(self, chunk: Chunk) -> Iterator[Buyer]:
        """Customers of a piece."""
        columns = [getattr(CustomerRow, name) for name in Buyer._fields]
        for row in self.session.execute(self.columns(CustomerRow, *columns).where(CustomerRow.id.between(chunk.first, chunk.last))):
            yield Buyer(*row)

    def standings(self, chunk: Chunk) -> Sequence[Any]:
        """(customer, tiers): levels of the customers of a piece, as last worked out."""
        statement = self.columns(StandingRow, StandingRow.customer_id, StandingRow.tiers)
        return self.session.execute(statement.where(StandingRow.customer_id.between(chunk.first, chunk.last))).all()

    def segments(self, chunk: Chunk) -> Sequence[Any]:
        """(customer, segment) of the customers of a piece, as they are today."""
        statement = self.columns(SegmentMember, SegmentMember.customer_id, SegmentMember.segment)
        return self.session.execute(statement.where(SegmentMember.customer_id.between(chunk.first, chunk.last))).all()

    def memberships(self, chunk: Chunk) -> Sequence[MembershipRow]:
        """Memberships of the customers of a piece."""
        return self.session.scalars(self.select(MembershipRow).where(MembershipRow.customer_id.between(chunk.first, chunk.last))).all()

    def names(self, customers: Sequence[str]) -> dict[str, str]:
        """Names of customers."""
        if not customers:
            return {}
        rows = self.session.execute(self.columns(CustomerRow, CustomerRow.id, CustomerRow.name).where(CustomerRow.id.in_(customers)))
        return {customer: name for customer, name in rows}


class SimulationRepository(Repository):
    """Simulations of a company."""

    def get(self, simulation: str) -> SimulationRow | None:
        """One of them."""
        return self.session.scalars(self.select(SimulationRow).where(SimulationRow.id == simulation)).one_or_none()

    def list(self, after: tuple[datetime, str] | None, limit: int, *, slug: str = "", version: int = 0) -> Sequence[SimulationRow]:
        """Newest first, without their reports' weight being anybody's concern: there are few."""
        statement = self.select(SimulationRow)
        if slug:
            statement = statement.where(SimulationRow.slug == slug, SimulationRow.version == version)
        if after:
            at, last = after
            statement = statement.where(or_(SimulationRow.created_at < at, (SimulationRow.created_at == at) & (SimulationRow.id < last)))
        return self.session.scalars(statement.order_by(SimulationRow.created_at.desc(), SimulationRow.id.desc()).limit(limit)).all()

    def unfinished(self, before: datetime) -> Sequence[str]:
        """Those that nobody works on."""
        still = (SimulationRow.state.in_(("queued", "running"))) & (SimulationRow.updated_at < before)
        return self.session.scalars(self.columns(SimulationRow, SimulationRow.id).where(still).order_by(SimulationRow.created_at)).all()

    def claim(self, simulation: str, now: datetime, before: datetime) -> bool:
        """Takes one on; False when somebody else works on it, or it is done."""
        free = or_(SimulationRow.state == "queued", (SimulationRow.state == "running") & (SimulationRow.updated_at < before))
        statement = self.update(SimulationRow).where(SimulationRow.id == simulation, free)
        return self._one(statement.values(state="running", updated_at=now, documents=0, total=0))

    def write(self, simulation: str, values: dict[str, Any]) -> bool:
        """Says how far it is, or how it ended."""
        return self._one(
            self.update(SimulationRow).where(SimulationRow.id == simulation, SimulationRow.state == "running").values(**values)
        )

    def _one(self, statement: Any) -> bool:
        return cast("CursorResult[Any]", self.session.execute(statement)).rowcount == 1
