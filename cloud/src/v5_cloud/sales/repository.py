"""Statements on sales documents as people look at them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, or_, tuple_

from v5_cloud.customers.keys import fold
from v5_cloud.kit.tenant import Repository
from v5_cloud.models import CustomerRow, DocumentRevision, DocumentRow, PostingRow, ReturnLink
from v5_cloud.sales.schemas import SaleFilter

__all__ = ["SalesRepository"]

Pair = Row[DocumentRow, CustomerRow | None]


class SalesRepository(Repository):
    """Sales and returns of a company."""

    def _with_customer(self, *columns: Any) -> Any:
        same = (CustomerRow.id == DocumentRow.customer_id) & self.guard(CustomerRow)
        return self.columns(DocumentRow, *columns).outerjoin(CustomerRow, same)

    def _filtered(self, statement: Any, wanted: SaleFilter) -> Any:
        conditions: list[Any] = [DocumentRow.state != "merged"]
        if wanted.text:
            named = CustomerRow.search.contains(fold(wanted.text), autoescape=True)
            conditions.append(or_(DocumentRow.number.icontains(wanted.text, autoescape=True), named))
        if wanted.store:
            conditions.append(DocumentRow.store == wanted.store)
        if wanted.kind == "cancelled":
            conditions.append(DocumentRow.status == "cancelled")
        elif wanted.kind:
            conditions += [DocumentRow.kind == wanted.kind, DocumentRow.status == "issued"]
        if wanted.origin:
            conditions.append(DocumentRow.origins.contains(wanted.origin, autoescape=True))
        if wanted.customer:
            conditions.append(DocumentRow.customer_id == wanted.customer)
        if wanted.identified is not None:
            known = DocumentRow.customer_id.is_not(None)
            conditions.append(known if wanted.identified else ~known)
        if wanted.first:
            conditions.append(DocumentRow.business_day >= wanted.first)
        if wanted.last:
            conditions.append(DocumentRow.business_day <= wanted.last)
        return statement.where(*conditions)

    def search(self, wanted: SaleFilter, after: tuple[datetime, str] | None, limit: int) -> Sequence[Pair]:
        """Newest first: the document and its customer, from behind the cursor (instant and id)."""
        statement = self._filtered(self._with_customer(DocumentRow, CustomerRow), wanted)
        if after:
            statement = statement.where(tuple_(DocumentRow.issued_at, DocumentRow.id) < tuple_(*after))
        found: Sequence[Pair] = self.session.execute(
            statement.order_by(DocumentRow.issued_at.desc(), DocumentRow.id.desc()).limit(limit)
        ).all()
        return found

    def count(self, wanted: SaleFilter) -> int:
        """How many."""
        return int(self.session.scalar(self._filtered(self._with_customer(func.count()), wanted)) or 0)

    def get(self, document_id: str) -> Pair | None:
        """One document; the one it became when it was another all along."""
        merged = self.columns(DocumentRow, DocumentRow.merged_into).where(
            DocumentRow.id == document_id, DocumentRow.merged_into.is_not(None)
        )
        wanted = self.session.scalar(merged) or document_id
        found: Pair | None = self.session.execute(
            self._with_customer(DocumentRow, CustomerRow).where(DocumentRow.id == wanted)
        ).one_or_none()
        return found

    def revisions(self, document_id: str) -> Sequence[DocumentRevision]:
        """What was told of it, in the order in which it came."""
        statement = self.select(DocumentRevision).where(DocumentRevision.document_id == document_id)
        return self.session.scalars(statement.order_by(DocumentRevision.received_at, DocumentRevision.revision)).all()

    def moved(self, document_id: str) -> Sequence[Row[str, int]]:
        """What it did to the customer's points: operation and sum."""
        statement = (
            self.columns(PostingRow, PostingRow.operation, func.sum(PostingRow.points))
            .where(PostingRow.document_id == document_id, PostingRow.account == PostingRow.owner, PostingRow.unit == "points")
            .group_by(PostingRow.operation)
        )
        return self.session.execute(statement.order_by(PostingRow.operation)).all()

    def returns_of(self, document_id: str) -> Sequence[DocumentRow]:
        """Returns that point at it."""
        links = self.columns(ReturnLink, ReturnLink.return_id).where(ReturnLink.original_id == document_id)
        return self.session.scalars(self.select(DocumentRow).where(DocumentRow.id.in_(links)).order_by(DocumentRow.issued_at)).all()

    def originals_of(self, document_id: str) -> Sequence[Row[str, str | None, str | None]]:
        """What a return points at: the reference as printed, and the document's id and number once it is known."""
        same = (DocumentRow.id == ReturnLink.original_id) & self.guard(DocumentRow)
        statement = self.columns(ReturnLink, ReturnLink.ref, DocumentRow.id, DocumentRow.number).outerjoin(DocumentRow, same)
        return self.session.execute(statement.where(ReturnLink.return_id == document_id).order_by(ReturnLink.ref)).all()

    def last(self) -> dict[tuple[str, str], datetime]:
        """When the newest document was issued, by company and store."""
        statement = self.columns(DocumentRow, DocumentRow.company_id, DocumentRow.store, func.max(DocumentRow.issued_at))
        rows = self.session.execute(statement.where(DocumentRow.state != "merged").group_by(DocumentRow.company_id, DocumentRow.store))
        return {(company, store): at for company, store, at in rows}
