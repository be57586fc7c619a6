"""Pages: sales and one document."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import Depends, Query
from fastapi.responses import Response

from v5_cloud.dashboards.repository import DashboardRepository
from v5_cloud.kit.pagination import decode, encode
from v5_cloud.models import DocumentRow
from v5_cloud.pages.page import Page, initials, page_for
from v5_cloud.pages.route import page_router
from v5_cloud.sales.explanations import explanations_of
from v5_cloud.sales.queries import SaleFilter, SalesReads
from v5_cloud.users.roles import Permission, allowed
from v5_core.errors import FieldError, NotFoundError, ValidationError
from v5_core.model import SalesDocument

__all__ = ["router"]

router = page_router()
Here = Annotated[Page, page_for(Permission.SALES)]
_ROWS: Final = 25
_KINDS: Final = ("sale", "return", "cancelled")
_ORIGINS: Final = ("erp", "saft", "hook", "print")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _wanted(
    q: Annotated[str, Query(max_length=80)] = "",
    store: Annotated[str, Query(max_length=80)] = "",
    kind: Annotated[str, Query(max_length=20)] = "",
    origin: Annotated[str, Query(max_length=20)] = "",
    customer: Annotated[str, Query(max_length=20)] = "",
    first: Annotated[str, Query(alias="from", max_length=10)] = "",
    last: Annotated[str, Query(alias="to", max_length=10)] = "",
) -> SaleFilter:
    return SaleFilter(
        text=q.strip(),
        store=store,
        kind=kind if kind in _KINDS else "",
        origin=origin if origin in _ORIGINS else "",
        customer=customer if customer in {"with", "without"} else "",
        first=_day(first),
        last=_day(last),
    )


def _after(cursor: str | None) -> tuple[datetime, str] | None:
    values = decode(cursor, 2)
    if values is None:
        return None
    try:
        return datetime.fromisoformat(values[0]), values[1]
    except ValueError:
        raise ValidationError(
            "The cursor is not one of ours.", errors=(FieldError("after", "cursor", "use the link of the page before"),)
        ) from None


def _address(wanted: SaleFilter) -> str:
    fields = {"q": wanted.text, "store": wanted.store, "kind": wanted.kind, "origin": wanted.origin, "customer": wanted.customer}
    fields |= {"from": wanted.first.isoformat() if wanted.first else "", "to": wanted.last.isoformat() if wanted.last else ""}
    return urlencode({name: value for name, value in fields.items() if value})


@router.get("/sales")
def sales(
    page: Here, wanted: Annotated[SaleFilter, Depends(_wanted)], after: Annotated[str | None, Query(max_length=400)] = None
) -> Response:
    """The list, newest first, narrowed by the filters."""
    with page.read() as session:
        reads = SalesReads(session, page.scope)
        rows = reads.search(wanted, _after(after), _ROWS + 1)
        more = len(rows) > _ROWS
        rows = rows[:_ROWS]
        stores = DashboardRepository(session, page.scope).stores()
        return page.render(
            "sales/rows.html" if page.partial and after else "sales/results.html" if page.partial else "sales/list.html",
            section="sales",
            wanted=wanted,
            rows=rows,
            count=reads.count(wanted),
            stores=stores,
            store_names={one.code: one.name for one in stores},
            kinds=_KINDS,
            origins=_ORIGINS,
            query=_address(wanted),
            next=encode(rows[-1][0].issued_at.isoformat(), rows[-1][0].id) if more else "",
        )


@router.get("/sales/{document_id}")
def document(page: Here, document_id: str) -> Response:
    """One document: lines, payments, points with their explanation, and each way it came in."""
    with page.read() as session:
        reads = SalesReads(session, page.scope)
        found = reads.get(document_id)
        if found is not None and found.merged_into:
            found = reads.get(found.merged_into)
        if found is None:
            raise NotFoundError("There is no such document.")
        stores = DashboardRepository(session, page.scope).stores()
        buyer = reads.customer(found.customer_id) if found.customer_id else None
        return page.render(
            "sales/document.html",
            section="sales",
            doc=found,
            body=_body(found),
            buyer=buyer,
            buyer_initials=initials(buyer.name) if buyer else "",
            may_see_customer=page.who is not None and allowed(page.who.role, Permission.CUSTOMERS),
            revisions=reads.revisions(found.id),
            postings=reads.postings(found.id),
            explanations=explanations_of(found),
            returns=reads.returns_of(found.id),
            originals=reads.originals_of(found.id),
            store_names={one.code: one.name for one in stores},
        )


def _body(found: DocumentRow) -> SalesDocument:
    body: dict[str, Any] = found.body
    return SalesDocument.model_validate_json(json.dumps(body))
