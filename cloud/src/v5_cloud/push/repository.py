"""Statements on sales of which a till was told something else than the ledger says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, Select, func, tuple_

from v5_cloud.kit.tenant import Repository
from v5_cloud.models import AuditRow, DocumentRow

__all__ = ["DifferenceRepository"]


class DifferenceRepository(Repository):
    """Lines of the audit about documents of a company."""

    def _narrowed(self, statement: Select[Any], actions: Sequence[str], store: str, first: date | None, last: date | None) -> Select[Any]:
        statement = self.join(statement, DocumentRow, DocumentRow.id == AuditRow.subject).where(AuditRow.action.in_(actions))
        if store:
            statement = statement.where(DocumentRow.store == store)
        if first is not None:
            statement = statement.where(DocumentRow.business_day >= first)
        if last is not None:
            statement = statement.where(DocumentRow.business_day <= last)
        return statement

    def found(
        self, actions: Sequence[str], store: str, first: date | None, last: date | None, after: tuple[datetime, str] | None, limit: int
    ) -> Sequence[Row[AuditRow, DocumentRow]]:
        """Lines with their documents, newest first."""
        statement = self._narrowed(self.columns(AuditRow, AuditRow, DocumentRow), actions, store, first, last)
        if after:
            statement = statement.where(tuple_(AuditRow.at, AuditRow.id) < tuple_(*after))
        return self.session.execute(statement.order_by(AuditRow.at.desc(), AuditRow.id.desc()).limit(limit)).all()

    def count(self, actions: Sequence[str], store: str, first: date | None, last: date | None) -> int:
        """How many these are."""
        return int(self.session.scalar(self._narrowed(self.columns(AuditRow, func.count()), actions, store, first, last)) or 0)
