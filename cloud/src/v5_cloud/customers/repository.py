"""Statements on customers, their keys and cards."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, func, or_, tuple_

from v5_cloud.kit.tenant import Repository
from v5_cloud.models import AccountRow, CardRow, CustomerKey, CustomerRow, DocumentRow, PostingRow

__all__ = ["CustomerRepository"]

Pair = Row[CustomerRow, AccountRow]


class CustomerRepository(Repository):
    """Customers of a company."""

    def _with_account(self) -> Any:
        return self.join(self.columns(CustomerRow, CustomerRow, AccountRow), AccountRow, AccountRow.customer_id == CustomerRow.id)

    def get(self, customer_id: str) -> Pair | None:
        """One customer with the account."""
        found: Pair | None = self.session.execute(self._with_account().where(CustomerRow.id == customer_id)).one_or_none()
        return found

    def by_keys(self, keys: Collection[str]) -> list[Pair]:
        """Customers that any of the keys names."""
        ids = self.columns(CustomerKey, CustomerKey.customer_id).where(CustomerKey.key.in_(keys))
        return list(self.session.execute(self._with_account().where(CustomerRow.id.in_(ids)).order_by(CustomerRow.id)).all())

    def taken(self, keys: Collection[str]) -> dict[str, str]:
        """Which of the keys have an owner, and who it is."""
        rows = self.session.execute(self.columns(CustomerKey, CustomerKey.key, CustomerKey.customer_id).where(CustomerKey.key.in_(keys)))
        return {key: customer for key, customer in rows}

    def search(self, words: Sequence[str], keys: Collection[str], after: tuple[str, str] | None, limit: int) -> list[Pair]:
        """By name (every word, anywhere) or by key; ordered by name."""
        statement = self._with_account()
        if words:
            named = and_(*(CustomerRow.search.contains(word, autoescape=True) for word in words))
            ids = self.columns(CustomerKey, CustomerKey.customer_id).where(CustomerKey.key.in_(keys))
            statement = statement.where(or_(named, CustomerRow.id.in_(ids)) if keys else named)
        if after:
            statement = statement.where(tuple_(CustomerRow.search, CustomerRow.id) > tuple_(*after))
        return list(self.session.execute(statement.order_by(CustomerRow.search, CustomerRow.id).limit(limit)).all())

    def cards(self, customers: Collection[str]) -> Sequence[CardRow]:
        """Cards, oldest first."""
        return self.session.scalars(
            self.select(CardRow).where(CardRow.customer_id.in_(customers)).order_by(CardRow.created_at, CardRow.number)
        ).all()

    def highest_card(self, prefix: str) -> str | None:
        """The last card number of our own range."""
        found: str | None = self.session.scalar(
            self.columns(CardRow, func.max(CardRow.number)).where(CardRow.number.like(f"{prefix}%"), func.length(CardRow.number) == 13)
        )
        return found

    def movements(self, account: str, after: tuple[datetime, str] | None, limit: int) -> Sequence[Row[PostingRow, DocumentRow | None]]:
        """An account's postings, newest first, each with its document."""
        condition = (DocumentRow.id == PostingRow.document_id) & self.guard(DocumentRow)
        statement = self.columns(PostingRow, PostingRow, DocumentRow).outerjoin(DocumentRow, condition)
        statement = statement.where(PostingRow.owner == account, PostingRow.account == account)
        if after:
            statement = statement.where(tuple_(PostingRow.at, PostingRow.id) < tuple_(*after))
        return self.session.execute(statement.order_by(PostingRow.at.desc(), PostingRow.id.desc()).limit(limit)).all()

    def count(self) -> int:
        """How many there are."""
        return int(self.session.scalar(self.columns(CustomerRow, func.count())) or 0)

    def touch(self, account: str, epoch: int) -> None:
        """Moves the replica counter, so that stores fetch the customer again."""
        if self.session.get_bind().dialect.name == "sqlite":
            self.session.execute(
                self.text(
                    "UPDATE account SET replica = (SELECT coalesce(max(b.replica), 0) + 1 FROM account b WHERE b.tenant_id = :tenant "
                    "AND b.company_id = account.company_id) WHERE tenant_id = :tenant AND id = :id"
                ).bindparams(id=account)
            )
            return
        self.session.execute(
            self.text(
                "UPDATE account SET replica = :epoch + CAST(CAST(pg_current_xact_id() AS text) AS bigint) "
                "WHERE tenant_id = :tenant AND id = :id"
            ).bindparams(id=account, epoch=epoch)
        )
