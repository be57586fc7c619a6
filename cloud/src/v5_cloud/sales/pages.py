"""Pages: sales and one document."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import Depends, Query
from fastapi.responses import Response

from v5_cloud.pages.page import Page, initials, page_for
from v5_cloud.pages.route import page_router
from v5_cloud.sales import service
from v5_cloud.sales.explanations import told
from v5_cloud.sales.schemas import SaleFilter
from v5_cloud.tenants.service import overview
from v5_cloud.users.roles import Permission, allowed

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
        identified={"with": True, "without": False}.get(customer),
        first=_day(first),
        last=_day(last),
    )


def _address(wanted: SaleFilter) -> str:
    fields = {"q": wanted.text, "store": wanted.store, "kind": wanted.kind, "origin": wanted.origin}
    fields["customer"] = {True: "with", False: "without", None: ""}[wanted.identified]
    fields |= {"from": wanted.first.isoformat() if wanted.first else "", "to": wanted.last.isoformat() if wanted.last else ""}
    return urlencode({name: value for name, value in fields.items() if value})


@router.get("/sales")
def sales(
    page: Here, wanted: Annotated[SaleFilter, Depends(_wanted)], after: Annotated[str | None, Query(max_length=400)] = None
) -> Response:
    """The list, newest first, narrowed by the filters."""
    found = service.list_sales(page.held, page.scope, wanted, cursor=after, limit=_ROWS)
    return page.render(
        "sales/rows.html" if page.partial and after else "sales/results.html" if page.partial else "sales/list.html",
        section="sales",
        wanted=wanted,
        rows=found.items,
        count=service.count(page.held, page.scope, wanted),
        store_names=overview(page.held, page.scope).store_names,
        query=_address(wanted),
        next=found.next_cursor or "",
    )


@router.get("/sales/{document_id}")
def document(page: Here, document_id: str) -> Response:
    """One document: lines, payments, points with their explanation, and each way it came in."""
    found = service.get(page.held, page.scope, document_id)
    said, _ = told(found.explanations, page.language.code, found.currency)
    return page.render(
        "sales/document.html",
        section="sales",
        doc=found.model_copy(update={"explanations": said}),
        body=found.document,
        buyer_initials=initials(found.customer_name or ""),
        may_see_customer=page.who is not None and allowed(page.who.role, Permission.CUSTOMERS),
        store_names=overview(page.held, page.scope).store_names,
    )
