"""Pages: customers, the record, movements and their explanations."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Query
from fastapi.responses import Response

from v5_cloud.customers import service
from v5_cloud.pages.page import Page, initials, page_for
from v5_cloud.pages.route import page_router
from v5_cloud.tenants.service import overview
from v5_cloud.users.roles import Permission

__all__ = ["router"]

router = page_router()
Here = Annotated[Page, page_for(Permission.CUSTOMERS)]
After = Annotated[str | None, Query(max_length=400)]
_ROWS: Final = 25
_MOVEMENTS: Final = 20


@router.get("/customers")
def customers(page: Here, q: Annotated[str, Query(max_length=80)] = "", after: After = None) -> Response:
    """Search as one types: name, phone, tax number, card, also in part."""
    term = q.strip()
    found = service.search(page.held, page.scope, term, cursor=after, limit=_ROWS)
    return page.render(
        "customers/rows.html" if page.partial and after else "customers/results.html" if page.partial else "customers/list.html",
        section="customers",
        q=term,
        found=found.items,
        count=service.count(page.held, page.scope, term),
        initials=initials,
        next=found.next_cursor or "",
    )


@router.get("/customers/{customer_id}")
def customer(page: Here, customer_id: str) -> Response:
    """The record: contacts, cards, balance, what was bought, movements."""
    found = service.get(page.held, page.scope, customer_id)
    moved = service.movements(page.held, page.scope, customer_id, limit=_MOVEMENTS)
    shops = overview(page.held, page.scope)
    return page.render(
        "customers/record.html",
        section="customers",
        customer=found,
        initials=initials(found.name),
        movements=moved.items,
        next=moved.next_cursor or "",
        store_names=shops.store_names,
        currency=shops.currency_of(found.company),
    )


@router.get("/customers/{customer_id}/movements")
def movements(page: Here, customer_id: str, after: After = None) -> Response:
    """More movements, as a fragment under those that are shown."""
    found = service.get(page.held, page.scope, customer_id)
    moved = service.movements(page.held, page.scope, customer_id, cursor=after, limit=_MOVEMENTS)
    return page.render(
        "customers/movements.html" if page.partial else "customers/movements_page.html",
        section="customers",
        customer=found,
        movements=moved.items,
        next=moved.next_cursor or "",
        store_names=overview(page.held, page.scope).store_names,
    )


@router.get("/customers/{customer_id}/movements/{movement_id}")
def movement(page: Here, customer_id: str, movement_id: str) -> Response:
    """Why a movement is what it is; opens in place, and is a page of its own without scripts."""
    found = service.get(page.held, page.scope, customer_id)
    return page.render(
        "customers/explanation.html" if page.partial else "customers/explanation_page.html",
        section="customers",
        customer=found,
        movement=service.movement(page.held, page.scope, customer_id, movement_id),
    )
