"""Pages: customers, the record, movements and their explanations."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Query
from fastapi.responses import Response

from v5_cloud.customers.queries import CustomerReads, Shopping
from v5_cloud.dashboards.repository import DashboardRepository
from v5_cloud.kit.pagination import decode, encode
from v5_cloud.models import CustomerRow
from v5_cloud.pages.page import Page, initials, page_for
from v5_cloud.pages.route import page_router
from v5_cloud.sales.explanations import explanations_of
from v5_cloud.users.roles import Permission
from v5_core.errors import NotFoundError

__all__ = ["router"]

router = page_router()
Here = Annotated[Page, page_for(Permission.CUSTOMERS)]
_ROWS: Final = 25
_MOVEMENTS: Final = 20
_LAPSING: Final = 5


@router.get("/customers")
def customers(
    page: Here, q: Annotated[str, Query(max_length=80)] = "", after: Annotated[str | None, Query(max_length=400)] = None
) -> Response:
    """Search as one types: name, phone, tax number, card, also in part."""
    term = q.strip()
    with page.read() as session:
        reads = CustomerReads(session, page.scope)
        found = reads.search(term, decode(after, 2), _ROWS + 1)
        more = len(found) > _ROWS
        found = found[:_ROWS]
        return page.render(
            "customers/rows.html" if page.partial and after else "customers/results.html" if page.partial else "customers/list.html",
            section="customers",
            q=term,
            found=found,
            count=reads.count(term),
            initials=initials,
            next=encode(found[-1].customer.search, found[-1].customer.id) if more else "",
        )


def _known(reads: CustomerReads, customer_id: str) -> CustomerRow:
    customer = reads.get(customer_id)
    if customer is None:
        raise NotFoundError("There is no such customer.")
    return customer


@router.get("/customers/{customer_id}")
def customer(page: Here, customer_id: str) -> Response:
    """The record: contacts, cards, balance, what was bought, movements."""
    with page.read() as session:
        reads = CustomerReads(session, page.scope)
        found = _known(reads, customer_id)
        account = reads.account(found.id)
        movements = reads.movements(account.id, 0, _MOVEMENTS + 1) if account else []
        figures = DashboardRepository(session, page.scope)
        return page.render(
            "customers/record.html",
            section="customers",
            customer=found,
            initials=initials(found.name),
            cards=reads.cards(found.id),
            account=account,
            shopping=reads.shopping([found.id]).get(found.id, Shopping()),
            lapsing=reads.lapsing(account.id, page.zone, _LAPSING) if account else [],
            movements=movements[:_MOVEMENTS],
            next=_MOVEMENTS if len(movements) > _MOVEMENTS else 0,
            store_names={one.code: one.name for one in figures.stores()},
            currency=figures.currency(),
        )


@router.get("/customers/{customer_id}/movements")
def movements(page: Here, customer_id: str, skip: Annotated[int, Query(ge=0, le=1_000_000)] = 0) -> Response:
    """More movements, as a fragment under those that are shown."""
    with page.read() as session:
        reads = CustomerReads(session, page.scope)
        found = _known(reads, customer_id)
        account = reads.account(found.id)
        rows = reads.movements(account.id, skip, _MOVEMENTS + 1) if account else []
        return page.render(
            "customers/movements.html" if page.partial else "customers/movements_page.html",
            section="customers",
            customer=found,
            movements=rows[:_MOVEMENTS],
            next=skip + _MOVEMENTS if len(rows) > _MOVEMENTS else 0,
            store_names={one.code: one.name for one in DashboardRepository(session, page.scope).stores()},
        )


@router.get("/customers/{customer_id}/movements/{posting_id}")
def movement(page: Here, customer_id: str, posting_id: str) -> Response:
    """Why a movement is what it is; opens in place, and is a page of its own without scripts."""
    with page.read() as session:
        reads = CustomerReads(session, page.scope)
        found = _known(reads, customer_id)
        account = reads.account(found.id)
        posting = reads.posting(account.id, posting_id) if account else None
        if posting is None:
            raise NotFoundError("There is no such movement.")
        document = reads.document(posting.document_id) if posting.document_id else None
        together = reads.together(posting)
        rules = {one.rule for one in together}
        said = explanations_of(document) if document else []
        return page.render(
            "customers/explanation.html" if page.partial else "customers/explanation_page.html",
            section="customers",
            customer=found,
            operation=posting.operation,
            points=sum(one.points for one in together),
            postings=together,
            document=document,
            explanations=[one for one in said if one.rule in rules] or said,
            drawn=reads.drawn_from(posting) if posting.operation in {"spend", "take"} else [],
            lots=reads.lots_of(posting) if posting.operation == "earn" else [],
        )
