"""Pages: customers, the record, movements and their explanations."""

from __future__ import annotations

from collections.abc import Set
from typing import Annotated, Final

from fastapi import Form, Query
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError as ModelError

from v5_cloud.customers import changes, service
from v5_cloud.customers.schemas import CustomerChange
from v5_cloud.pages.page import Page, initials, page_for
from v5_cloud.pages.route import page_router
from v5_cloud.sales.explanations import told
from v5_cloud.tenants.service import overview
from v5_cloud.users.roles import Permission
from v5_cloud.vouchers.looking import names
from v5_core.errors import ConflictError, ValidationError

__all__ = ["router"]

router = page_router()
Here = Annotated[Page, page_for(Permission.CUSTOMERS)]
After = Annotated[str | None, Query(max_length=400)]
Field = Annotated[str, Form(max_length=254)]
# What an empty field of the form means.
_EMPTY: Final[dict[str, object]] = {
    "phone": None,
    "email": None,
    "birth_date": None,
    **dict.fromkeys(("consent_sms", "consent_email", "consent_post", "blocked"), False),
}
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
        referrer=names(page.held, page.scope, [found.referred_by]).get(found.referred_by or "", ""),
    )


@router.get("/customers/{customer_id}/edit")
def edit(page: Here, customer_id: str) -> Response:
    """The form of a record."""
    return _form(page, customer_id, {})


@router.post("/customers/{customer_id}/edit")
def save(
    page: Here,
    customer_id: str,
    revision: Annotated[str, Form(max_length=80)] = "",
    name: Field = "",
    phone: Field = "",
    email: Field = "",
    birth_date: Field = "",
    remark: Annotated[str, Form(max_length=500)] = "",
    consent_sms: Field = "",
    consent_email: Field = "",
    consent_post: Field = "",
    blocked: Field = "",
) -> Response:
    """Saves the form, unless somebody changed the record since it was opened."""
    typed = {"name": name, "phone": phone, "email": email, "birth_date": birth_date, "remark": remark}
    typed |= {"consent_sms": consent_sms, "consent_email": consent_email, "consent_post": consent_post, "blocked": blocked}
    try:
        wanted = CustomerChange.model_validate({one: value or _EMPTY.get(one, "") for one, value in typed.items()})
        changes.change(page.held, page.scope, customer_id, wanted, revision, actor=page.actor)
    except ModelError as error:
        return _form(page, customer_id, typed, {str(one["loc"][0]) for one in error.errors()})
    except (ConflictError, ValidationError) as error:
        return _form(page, customer_id, typed, {one.field for one in error.errors}, stale=error.error_code == "stale")
    return RedirectResponse(f"/customers/{customer_id}", 303)


def _form(page: Page, customer_id: str, typed: dict[str, str], wrong: Set[str] = frozenset(), *, stale: bool = False) -> Response:
    found = service.get(page.held, page.scope, customer_id)
    return page.render(
        "customers/edit.html",
        status=409 if stale else 422 if wrong else 200,
        section="customers",
        customer=found,
        # Whoever is told that the record changed sees it as it is now, and types once more.
        values={name: getattr(found, name) for name in CustomerChange.model_fields} | ({} if stale else typed),
        wrong=wrong,
        stale=stale,
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
    moved = service.movement(page.held, page.scope, customer_id, movement_id)
    said, _ = told(moved.explanations, page.language.code, moved.currency)
    return page.render(
        "customers/explanation.html" if page.partial else "customers/explanation_page.html",
        section="customers",
        customer=found,
        movement=moved.model_copy(update={"explanations": said}),
    )
