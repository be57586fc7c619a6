"""Statements on events of customers, and on who brought whom."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime

from sqlalchemy import and_, case, exists, extract, func, or_

from v5_cloud.kit.tenant import Repository
from v5_cloud.models import CustomerEvent, CustomerRow, DocumentRow

__all__ = ["EventRepository"]

_BUYS = (DocumentRow.status == "issued", DocumentRow.state != "merged")


class EventRepository(Repository):
    """Events of a company's customers."""

    def customers(self, ids: Collection[str]) -> Sequence[CustomerRow]:
        """The customers, as they are now."""
        statement = self.select(CustomerRow).where(CustomerRow.id.in_(ids)).order_by(CustomerRow.id)
        return self.session.scalars(statement.execution_options(populate_existing=True)).all()

    def given(self, ids: Collection[str]) -> Sequence[CustomerEvent]:
        """What the customers were given already."""
        return self.session.scalars(self.select(CustomerEvent).where(CustomerEvent.customer_id.in_(ids))).all()

    def about(self, subject: str) -> Sequence[CustomerEvent]:
        """What was given for bringing a customer."""
        return self.session.scalars(self.select(CustomerEvent).where(CustomerEvent.subject == subject)).all()

    def by_entry(self, entries: Collection[str]) -> dict[str, CustomerEvent]:
        """Events by their entry in the ledger."""
        if not entries:
            return {}
        return {row.entry: row for row in self.session.scalars(self.select(CustomerEvent).where(CustomerEvent.entry.in_(entries)))}

    def referred(self, ids: Collection[str]) -> list[str]:
        """Those of the customers whom somebody brought."""
        if not ids:
            return []
        statement = self.columns(CustomerRow, CustomerRow.id).where(CustomerRow.id.in_(ids), CustomerRow.referred_by.is_not(None))
        return list(self.session.scalars(statement))

    def open_referrals(self, limit: int) -> list[str]:
        """Customers whom somebody brought and whose purchases were not looked at since they changed."""
        seen = exists().where(self.guard(CustomerEvent), CustomerEvent.subject == CustomerRow.id)
        bought = exists().where(self.guard(DocumentRow), DocumentRow.customer_id == CustomerRow.id, *_BUYS)
        changed = exists().where(
            self.guard(CustomerEvent),
            self.guard(DocumentRow),
            CustomerEvent.subject == CustomerRow.id,
            DocumentRow.customer_id == CustomerRow.id,
            DocumentRow.updated_at > CustomerEvent.checked_at,
        )
        statement = self.columns(CustomerRow, CustomerRow.id).where(CustomerRow.referred_by.is_not(None), or_(and_(~seen, bought), changed))
        return list(self.session.scalars(statement.order_by(CustomerRow.id).limit(limit)))

    def purchases(self, customer: str) -> tuple[int, datetime | None]:
        """What a customer bought, returns taken off; and when first."""
        sale = DocumentRow.kind == "sale"
        statement = self.columns(
            DocumentRow,
            func.coalesce(func.sum(case((sale, DocumentRow.gross), else_=-DocumentRow.gross)), 0),
            func.min(case((sale, DocumentRow.issued_at))),
        ).where(DocumentRow.customer_id == customer, *_BUYS)
        gross, first = self.session.execute(statement).one()
        return int(gross), first

    def celebrating(self, days: Collection[date], after: str, limit: int) -> list[str]:
        """Customers who were born, or joined, on one of these days of the year; by id, after one."""
        wanted = {day.month * 100 + day.day for day in days}
        if 301 in wanted:
            wanted.add(229)
        found = [extract("month", column) * 100 + extract("day", column) for column in (CustomerRow.birth_date, CustomerRow.member_since)]
        statement = self.columns(CustomerRow, CustomerRow.id).where(
            CustomerRow.blocked.is_(False),
            CustomerRow.inactive.is_(False),
            CustomerRow.id > after,
            or_(*(one.in_(wanted) for one in found)),
        )
        return list(self.session.scalars(statement.order_by(CustomerRow.id).limit(limit)))
