"""What the customers' pages read: search, record, movements with their running balance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, Select, case, false, func, or_, tuple_

from v5_cloud.customers.keys import fold
from v5_cloud.kit.tenant import Repository
from v5_cloud.models import AccountRow, AllocationRow, CardRow, CustomerKey, CustomerRow, DocumentRow, LotRow, PostingRow

__all__ = ["CustomerReads", "Found", "Shopping"]


@dataclass(frozen=True, slots=True)
class Shopping:
    """What a customer bought so far; returns are taken off, cancelled documents do not count."""

    visits: int = 0
    gross: int = 0
    last: datetime | None = None

    @property
    def average(self) -> int:
        """Of a visit."""
        return self.gross // self.visits if self.visits else 0


@dataclass(frozen=True, slots=True)
class Found:
    """A line of the customers' list."""

    customer: CustomerRow
    card: str
    balance: int
    shopping: Shopping


def _sum_of_sales() -> tuple[ColumnElement[Any], ...]:
    sale = DocumentRow.kind == "sale"
    signed = case((sale, DocumentRow.gross), else_=-DocumentRow.gross)
    visits = func.coalesce(func.sum(case((sale, 1), else_=0)), 0)
    return visits, func.coalesce(func.sum(signed), 0), func.max(case((sale, DocumentRow.issued_at)))


class CustomerReads(Repository):
    """Reads for pages."""

    def _matching(self, term: str) -> list[ColumnElement[bool]]:
        """Every word must be in the name, or be (part of) a card number, phone, tax number, ERP number or e-mail."""
        return [self._word(word) for word in fold(term).split()[:6]]

    def _word(self, word: str) -> ColumnElement[bool]:
        ways: list[ColumnElement[bool]] = [
            CustomerRow.search.contains(word, autoescape=True),
            CustomerRow.email.startswith(word, autoescape=True),
        ]
        digits = "".join(one for one in word if one.isdigit())
        if len(digits) >= 3:
            parts = [CustomerKey.key.contains(digits, autoescape=True)]
            keys = self.columns(CustomerKey, CustomerKey.customer_id).where(or_(false(), *parts))
            ways.append(CustomerRow.id.in_(keys))
        return or_(*ways)

    def _search(self, term: str) -> Select[Any]:
        squeezed = "".join(term.split())
        # A card or phone number that was typed or pasted with spaces is one word.
        whole = squeezed if squeezed.lstrip("+").isdigit() else term
        return self.select(CustomerRow).where(*self._matching(whole))

    def count(self, term: str) -> int:
        """How many the search finds."""
        statement = self.columns(CustomerRow, func.count())
        squeezed = "".join(term.split())
        return int(self.session.scalar(statement.where(*self._matching(squeezed if squeezed.lstrip("+").isdigit() else term))) or 0)

    def search(self, term: str, after: tuple[str, ...] | None, limit: int) -> list[Found]:
        """By name, from behind the cursor (name and id)."""
        statement = self._search(term)
        if after:
            statement = statement.where(tuple_(CustomerRow.search, CustomerRow.id) > tuple_(*after))
        rows = self.session.scalars(statement.order_by(CustomerRow.search, CustomerRow.id).limit(limit)).all()
        return self._with_figures(rows)

    def _with_figures(self, rows: Sequence[CustomerRow]) -> list[Found]:
        ids = [row.id for row in rows]
        accounts = self.columns(AccountRow, AccountRow.customer_id, AccountRow.balance - AccountRow.held).where(
            AccountRow.customer_id.in_(ids)
        )
        balances: dict[str, int] = {customer: int(points) for customer, points in self.session.execute(accounts)}
        cards = self.columns(CardRow, CardRow.customer_id, func.min(CardRow.number)).where(
            CardRow.customer_id.in_(ids), CardRow.active.is_(True)
        )
        numbers: dict[str, str] = {customer: number for customer, number in self.session.execute(cards.group_by(CardRow.customer_id))}
        bought = self.shopping(ids)
        return [Found(row, numbers.get(row.id, ""), balances.get(row.id, 0), bought.get(row.id, Shopping())) for row in rows]

    def shopping(self, ids: Sequence[str]) -> dict[str, Shopping]:
        """What each of them bought."""
        statement = (
            self.columns(DocumentRow, DocumentRow.customer_id, *_sum_of_sales())
            .where(DocumentRow.customer_id.in_(ids), DocumentRow.status == "issued", DocumentRow.state != "merged")
            .group_by(DocumentRow.customer_id)
        )
        return {customer: Shopping(int(visits), int(gross), last) for customer, visits, gross, last in self.session.execute(statement)}

    def get(self, customer_id: str) -> CustomerRow | None:
        """By id."""
        return self.session.scalars(self.select(CustomerRow).where(CustomerRow.id == customer_id)).one_or_none()

    def cards(self, customer_id: str) -> list[CardRow]:
        """Active ones first."""
        statement = self.select(CardRow).where(CardRow.customer_id == customer_id)
        return list(self.session.scalars(statement.order_by(CardRow.active.desc(), CardRow.created_at)))

    def account(self, customer_id: str) -> AccountRow | None:
        """The points account."""
        return self.session.scalars(
            self.select(AccountRow).where(AccountRow.customer_id == customer_id, AccountRow.kind == "points")
        ).one_or_none()

    def lapsing(self, account_id: str, zone: ZoneInfo, limit: int) -> list[tuple[date, int]]:
        """Points that will lapse, by day as the shops count days; the next first. One day is one row, from however many earnings."""
        statement = self.columns(LotRow, LotRow.expires_at, func.sum(LotRow.remaining)).where(
            LotRow.account_id == account_id, LotRow.remaining > 0, LotRow.expires_at.is_not(None)
        )
        days: dict[date, int] = {}
        for at, points in self.session.execute(statement.group_by(LotRow.expires_at).order_by(LotRow.expires_at)):
            # The instant is the end of the last day, which is the next day's first moment.
            day = (at - timedelta(microseconds=1)).astimezone(zone).date()
            days[day] = days.get(day, 0) + int(points)
        return list(days.items())[:limit]

    def movements(self, account_id: str, skip: int, limit: int) -> list[Row[Any]]:
        """Newest first: id, entry, operation, document, instant, points, balance afterwards, and the document's number and store."""
        mine = (PostingRow.owner == account_id) & (PostingRow.account == PostingRow.owner)
        first = func.min(PostingRow.id)
        after = func.sum(func.sum(PostingRow.points)).over(order_by=(PostingRow.at, func.min(PostingRow.written_at), first))
        same = (DocumentRow.id == PostingRow.document_id) & self.guard(DocumentRow)
        statement = (
            self.columns(
                PostingRow,
                first.label("id"),
                PostingRow.entry,
                PostingRow.operation,
                PostingRow.at,
                func.sum(PostingRow.points).label("points"),
                after.label("balance"),
                DocumentRow.id.label("document_id"),
                DocumentRow.number,
                DocumentRow.store,
            )
            .outerjoin(DocumentRow, same)
            .where(mine)
            .group_by(PostingRow.entry, PostingRow.operation, PostingRow.at, DocumentRow.id, DocumentRow.number, DocumentRow.store)
            .order_by(PostingRow.at.desc(), func.min(PostingRow.written_at).desc(), first.desc())
        )
        return list(self.session.execute(statement.offset(skip).limit(limit)))

    def posting(self, account_id: str, posting_id: str) -> PostingRow | None:
        """One posting of that account."""
        statement = self.select(PostingRow).where(PostingRow.id == posting_id, PostingRow.owner == account_id)
        return self.session.scalars(statement.where(PostingRow.account == PostingRow.owner)).one_or_none()

    def together(self, posting: PostingRow) -> list[PostingRow]:
        """All postings of the same movement: one for each rule."""
        statement = self.select(PostingRow).where(
            PostingRow.owner == posting.owner,
            PostingRow.account == PostingRow.owner,
            PostingRow.entry == posting.entry,
            PostingRow.operation == posting.operation,
            PostingRow.at == posting.at,
        )
        return list(self.session.scalars(statement.order_by(PostingRow.programme, PostingRow.rule)))

    def drawn_from(self, posting: PostingRow) -> list[Row[Any]]:
        """The lots that a spend drew from: points, when they were earned, when they lapse."""
        same = (LotRow.account_id == AllocationRow.account_id) & (LotRow.lot_id == AllocationRow.lot_id)
        statement = self.columns(AllocationRow, AllocationRow.points, LotRow.earned_at, LotRow.expires_at)
        statement = self.join(statement, LotRow, same).where(
            AllocationRow.entry == posting.entry, AllocationRow.account_id == posting.owner, AllocationRow.operation == posting.operation
        )
        return list(self.session.execute(statement.order_by(LotRow.earned_at)))

    def lots_of(self, posting: PostingRow) -> list[LotRow]:
        """The lots that an earning made."""
        statement = self.select(LotRow).where(LotRow.account_id == posting.owner, LotRow.entry == posting.entry, LotRow.points > 0)
        return list(self.session.scalars(statement.order_by(LotRow.sequence)))

    def document(self, document_id: str) -> DocumentRow | None:
        """The document of a movement."""
        return self.session.scalars(self.select(DocumentRow).where(DocumentRow.id == document_id)).one_or_none()
