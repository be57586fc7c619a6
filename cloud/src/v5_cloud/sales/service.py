"""Sales read: lists and one document. REST and pages call the same."""

from __future__ import annotations

import json

from v5_cloud.kit.container import Container
from v5_cloud.kit.pagination import Page, decode, instant, page_of
from v5_cloud.kit.tenant import Scope
from v5_cloud.models import CustomerRow, DocumentRow
from v5_cloud.sales.explanations import explanations_of
from v5_cloud.sales.repository import SalesRepository
from v5_cloud.sales.schemas import Linked, Moved, Report, SaleFilter, SaleItem, SaleRecord
from v5_core.errors import NotFoundError
from v5_core.model import SalesDocument

__all__ = ["count", "get", "list_sales"]

_ALL = SaleFilter()


def list_sales(
    container: Container, scope: Scope, wanted: SaleFilter = _ALL, *, cursor: str | None = None, limit: int = 50
) -> Page[SaleItem]:
    """Documents, newest first."""
    after = decode(cursor, 2)
    before = (instant(after[0]), after[1]) if after else None
    with container.database.read(scope) as session:
        rows = SalesRepository(session, scope).search(wanted, before, limit + 1)
        return page_of(rows, limit, lambda row: SaleItem(**_item(row[0], row[1])), lambda row: (row[0].issued_at.isoformat(), row[0].id))


def count(container: Container, scope: Scope, wanted: SaleFilter = _ALL) -> int:
    """How many documents there are."""
    with container.database.read(scope) as session:
        return SalesRepository(session, scope).count(wanted)


def get(container: Container, scope: Scope, document_id: str) -> SaleRecord:
    """One document.

    Raises:
        NotFoundError: Not one of this tenant's.
    """
    with container.database.read(scope) as session:
        repository = SalesRepository(session, scope)
        row = repository.get(document_id)
        if row is None:
            raise NotFoundError("There is no such document.")
        document, buyer = row
        return SaleRecord(
            **_item(document, buyer),
            customer_phone=buyer.phone if buyer else None,
            document=SalesDocument.model_validate_json(json.dumps(document.body)),
            explanations=explanations_of(document),
            moved=[Moved(operation=operation, points=int(points)) for operation, points in repository.moved(document.id)],
            reports=[
                Report(source=one.source, origin=one.origin, received_at=one.received_at) for one in repository.revisions(document.id)
            ],
            originals=[Linked(reference=ref, id=found, number=number) for ref, found, number in repository.originals_of(document.id)],
            returns=[
                Linked(
                    reference=document.number,
                    id=one.id,
                    number=one.number,
                    issued_at=one.issued_at,
                    gross=one.gross,
                    currency=one.currency,
                )
                for one in repository.returns_of(document.id)
            ],
        )


def _item(row: DocumentRow, buyer: CustomerRow | None) -> dict[str, object]:
    return {
        "id": row.id,
        "number": row.number,
        "document_type": row.document_type,
        "kind": row.kind,
        "status": row.status,
        "state": row.state,
        "store": row.store,
        "till": row.till,
        "issued_at": row.issued_at,
        "currency": row.currency,
        "gross": row.gross,
        "net": row.net,
        "customer": row.customer_id,
        "customer_name": buyer.name if buyer else None,
        "points_earned": row.points_earned,
        "points_spent": row.points_spent,
        "origins": [one for one in row.origins.split(",") if one],
    }
