"""Sales read: lists, one document, the figures of the home page."""

from __future__ import annotations

import json
from datetime import date, timedelta

from v5_cloud.kit.container import Container
from v5_cloud.kit.pagination import Page, decode, instant, page_of
from v5_cloud.kit.tenant import Scope
from v5_cloud.models import DocumentRow
from v5_cloud.sales.repository import SalesRepository
from v5_cloud.sales.schemas import DayFigures, Figures, SaleItem, SaleRecord
from v5_core.errors import NotFoundError
from v5_core.hooks import Explanation
from v5_core.model import SalesDocument

__all__ = ["figures", "get", "list_sales"]


def list_sales(
    container: Container, scope: Scope, *, store: str | None = None, customer: str | None = None, cursor: str | None = None, limit: int = 50
) -> Page[SaleItem]:
    """Documents, newest first."""
    after = decode(cursor, 2)
    before = (instant(after[0]), after[1]) if after else None
    with container.database.read(scope) as session:
        rows = SalesRepository(session, scope).list(before, limit + 1, store, customer)
        return page_of(rows, limit, lambda row: _item(row[0], row[1]), lambda row: (row[0].issued_at.isoformat(), row[0].id))


def get(container: Container, scope: Scope, document_id: str) -> SaleRecord:
    """One document.

    Raises:
        NotFoundError: Not one of this tenant's.
    """
    with container.database.read(scope) as session:
        row = SalesRepository(session, scope).get(document_id)
        if row is None:
            raise NotFoundError("There is no such document.")
        document, name = row
        explanations = [Explanation.model_validate_json(json.dumps(one)) for one in document.answer.get("explanations") or []]
        body = SalesDocument.model_validate_json(json.dumps(document.body))
        return SaleRecord(**_item(document, name).model_dump(), document=body, explanations=explanations)


def figures(container: Container, scope: Scope, *, today: date, days: int = 30, newest: int = 12) -> Figures:
    """Sales per store and day, and what came in last."""
    with container.database.read(scope) as session:
        repository = SalesRepository(session, scope)
        rows = repository.days(today - timedelta(days=days - 1), today)
        return Figures(
            days=[
                DayFigures(
                    store=row[0],
                    day=row[1],
                    sales=int(row[2]),
                    gross=int(row[3]),
                    member_sales=int(row[4]),
                    member_gross=int(row[5]),
                    points=int(row[6]),
                )
                for row in rows
            ],
            customers=repository.customers(),
            liability=repository.liability(),
            newest=[_item(one, name) for one, name in repository.list(None, newest, None, None)],
        )


def _item(row: DocumentRow, name: str | None) -> SaleItem:
    return SaleItem(
        id=row.id,
        number=row.number,
        document_type=row.document_type,
        kind=row.kind,
        status=row.status,
        state=row.state,
        store=row.store,
        till=row.till,
        issued_at=row.issued_at,
        currency=row.currency,
        gross=row.gross,
        net=row.net,
        customer=row.customer_id,
        customer_name=name,
        points_earned=row.points_earned,
        points_spent=row.points_spent,
        origins=row.origins.split(","),
    )
