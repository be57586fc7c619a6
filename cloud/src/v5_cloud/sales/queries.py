"""What the sales pages read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, Select, func, or_, tuple_

from v5_cloud.customers.keys import fold
from v5_cloud.kit.tenant import Repository
from v5_cloud.models import CustomerRow, DocumentRevision, DocumentRow, PostingRow, ReturnLink

__all__ = ["SaleFilter", "SalesReads"]


@dataclass(frozen=True, slots=True)
class SaleFilter:
    """What the list is narrowed to; empty means all.

    Attributes:
        text: Part of the document's number, or of the customer's name.
        kind: sale, return or cancelled.
        customer: with or without.
    """

    text: str = ""
    store: str = ""
    kind: str = ""
    origin: str = ""
    customer: str = ""
    first: date | None = None
    last: date | None = None

    @property
    def is_empty(self) -> bool:
        """Nothing is narrowed."""
        return self == SaleFilter()


class SalesReads(Repository):
    """Reads for pages."""

    def _filtered(self, statement: Select[Any], wanted: SaleFilter) -> Select[Any]:
        same = (CustomerRow.id == DocumentRow.customer_id) & self.guard(CustomerRow)
        statement = statement.outerjoin(CustomerRow, same).where(DocumentRow.state != "merged")
        if wanted.text:
            statement = statement.where(
                or_(
                    DocumentRow.number.icontains(wanted.text, autoescape=True),
                    CustomerRow.search.contains(fold(wanted.text), autoescape=True),
                )
            )
        if wanted.store:
            statement = statement.where(DocumentRow.store == wanted.store)
        if wanted.kind == "cancelled":
            statement = statement.where(DocumentRow.status == "cancelled")
        elif wanted.kind:
            statement = statement.where(DocumentRow.kind == wanted.kind, DocumentRow.status == "issued")
        if wanted.origin:
            statement = statement.where(DocumentRow.origins.contains(wanted.origin, autoescape=True))
        if wanted.customer:
            known = DocumentRow.customer_id.is_not(None)
            statement = statement.where(known if wanted.customer == "with" else ~known)
        if wanted.first:
            statement = statement.where(DocumentRow.business_day >= wanted.first)
        if wanted.last:
            statement = statement.where(DocumentRow.business_day <= wanted.last)
        return statement

    def search(self, wanted: SaleFilter, after: tuple[datetime, str] | None, limit: int) -> list[Row[Any]]:
        """Newest first: the document and its customer's name, from behind the cursor (instant and id)."""
        statement = self._filtered(self.select(DocumentRow).add_columns(CustomerRow.name), wanted)
        if after:
            statement = statement.where(tuple_(DocumentRow.issued_at, DocumentRow.id) < tuple_(*after))
        return list(self.session.execute(statement.order_by(DocumentRow.issued_at.desc(), DocumentRow.id.desc()).limit(limit)))

    def count(self, wanted: SaleFilter) -> int:
        """How many."""
        return int(self.session.scalar(self._filtered(self.columns(DocumentRow, func.count()), wanted)) or 0)

    def get(self, document_id: str) -> DocumentRow | None:
        """By id."""
        return self.session.scalars(self.select(DocumentRow).where(DocumentRow.id == document_id)).one_or_none()

    def customer(self, customer_id: str) -> CustomerRow | None:
        """Who bought."""
        return self.session.scalars(self.select(CustomerRow).where(CustomerRow.id == customer_id)).one_or_none()

    def revisions(self, document_id: str) -> list[DocumentRevision]:
        """What was told of it, in the order in which it came."""
        statement = self.select(DocumentRevision).where(DocumentRevision.document_id == document_id)
        return list(self.session.scalars(statement.order_by(DocumentRevision.received_at, DocumentRevision.revision)))

    def postings(self, document_id: str) -> list[Row[Any]]:
        """What it did to the customer's points: operation and sum."""
        statement = (
            self.columns(PostingRow, PostingRow.operation, func.sum(PostingRow.points))
            .where(PostingRow.document_id == document_id, PostingRow.account == PostingRow.owner)
            .group_by(PostingRow.operation)
        )
        return list(self.session.execute(statement.order_by(PostingRow.operation)))

    def returns_of(self, document_id: str) -> list[DocumentRow]:
        """Returns that point at it."""
        links = self.columns(ReturnLink, ReturnLink.return_id).where(ReturnLink.original_id == document_id)
        return list(self.session.scalars(self.select(DocumentRow).where(DocumentRow.id.in_(links)).order_by(DocumentRow.issued_at)))

    def originals_of(self, document_id: str) -> list[Row[Any]]:
        """What a return points at: the reference as printed, and the document's id and number once it is known."""
        same = (DocumentRow.id == ReturnLink.original_id) & self.guard(DocumentRow)
        statement = self.columns(ReturnLink, ReturnLink.ref, DocumentRow.id, DocumentRow.number).outerjoin(DocumentRow, same)
        return list(self.session.execute(statement.where(ReturnLink.return_id == document_id).order_by(ReturnLink.ref)))
