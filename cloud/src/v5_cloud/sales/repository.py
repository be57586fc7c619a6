"""Statements on sales documents as people look at them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, func, tuple_

from v5_cloud.kit.tenant import Repository
from v5_cloud.models import AccountRow, CustomerRow, DocumentRow, StoreDay

__all__ = ["SalesRepository"]

Pair = Row[DocumentRow, str | None]


class SalesRepository(Repository):
    """Sales and returns of a company."""

    def _shown(self) -> Any:
        condition = (CustomerRow.id == DocumentRow.customer_id) & self.guard(CustomerRow)
        statement = self.columns(DocumentRow, DocumentRow, CustomerRow.name).outerjoin(CustomerRow, condition)
        return statement.where(DocumentRow.state != "merged")

    def list(self, after: tuple[datetime, str] | None, limit: int, store: str | None, customer: str | None) -> Sequence[Pair]:
        """Newest first."""
        statement = self._shown()
        if store:
            statement = statement.where(DocumentRow.store == store)
        if customer:
            statement = statement.where(DocumentRow.customer_id == customer)
        if after:
            statement = statement.where(tuple_(DocumentRow.issued_at, DocumentRow.id) < tuple_(*after))
        found: Sequence[Pair] = self.session.execute(
            statement.order_by(DocumentRow.issued_at.desc(), DocumentRow.id.desc()).limit(limit)
        ).all()
        return found

    def get(self, document_id: str) -> Pair | None:
        """One document."""
        found: Pair | None = self.session.execute(self._shown().where(DocumentRow.id == document_id)).one_or_none()
        return found

    def days(self, first: date, last: date) -> Sequence[Row[str, date, int, int, int, int, int]]:
        """Sums per store and day."""
        sums = [
            func.coalesce(func.sum(one), 0)
            for one in (StoreDay.sales, StoreDay.gross, StoreDay.member_sales, StoreDay.member_gross, StoreDay.points)
        ]
        statement = self.columns(StoreDay, StoreDay.store, StoreDay.day, *sums).where(StoreDay.day >= first, StoreDay.day <= last)
        return self.session.execute(statement.group_by(StoreDay.store, StoreDay.day).order_by(StoreDay.day, StoreDay.store)).all()

    def liability(self) -> int:
        """Points that customers hold, all in all."""
        return int(self.session.scalar(self.columns(AccountRow, func.coalesce(func.sum(AccountRow.balance), 0))) or 0)

    def customers(self) -> int:
        """How many customers there are."""
        return int(self.session.scalar(self.columns(CustomerRow, func.count())) or 0)
