"""Pages: companies and stores edited, closed and removed."""

from __future__ import annotations

from typing import Annotated, Final
from zoneinfo import available_timezones

from fastapi import Form
from fastapi.responses import RedirectResponse, Response

from v5_cloud.models import Company, Store
from v5_cloud.pages.page import Page, page_for
from v5_cloud.pages.route import page_router
from v5_cloud.tenants import changes
from v5_cloud.tenants.service import overview
from v5_cloud.users.roles import Permission
from v5_core.errors import ConflictError, NotFoundError, V5Error, ValidationError
from v5_core.words import LANGUAGES

__all__ = ["router"]

router = page_router()
Here = Annotated[Page, page_for(Permission.COMPANY)]
Short = Annotated[str, Form(max_length=300)]
Long = Annotated[str, Form(max_length=4000)]
_KINDS: Final[dict[str, changes.Kind]] = {"stores": Store, "companies": Company}
_VERBS: Final = {"close": changes.close, "reopen": changes.reopen, "remove": changes.remove}


@router.get("/companies")
def companies(page: Here) -> Response:
    """Every company with its stores."""
    return page.render("tenants/companies.html", section="fleet", shops=overview(page.held, page.scope))


@router.get("/stores/{row_id}")
def store(page: Here, row_id: str) -> Response:
    """A store's form."""
    return _store(page, row_id, {})


@router.post("/stores/{row_id}")
def store_change(
    page: Here,
    row_id: str,
    name: Short = "",
    address: Long = "",
    timezone: Short = "",
    language: Short = "",
    directives: Long = "",
    manager_email: Short = "",
    manager_phone: Short = "",
) -> Response:
    """Saves a store's form."""
    values = {"name": name, "address": address, "timezone": timezone, "language": language, "directives": directives}
    values |= {"manager_email": manager_email, "manager_phone": manager_phone}
    try:
        changes.change(page.held, page.scope, Store, row_id, values, actor=page.actor)
    except ValidationError as error:
        return _store(page, row_id, values, error)
    return RedirectResponse("/stores", 303)


def _store(page: Page, row_id: str, typed: dict[str, str], error: ValidationError | None = None) -> Response:
    found = changes.get_store(page.held, page.scope, row_id)
    kept = found.model_dump() | {"directives": "\n".join(found.directives)}
    return page.render(
        "tenants/store.html",
        status=422 if error else 200,
        section="fleet",
        store=found,
        values=kept | typed,
        wrong={one.field for one in error.errors} if error else set(),
        zones=sorted(available_timezones()),
        tongues=LANGUAGES,
    )


@router.get("/companies/{row_id}")
def company(page: Here, row_id: str) -> Response:
    """A company's form."""
    return _company(page, row_id, {})


@router.post("/companies/{row_id}")
def company_change(
    page: Here,
    row_id: str,
    name: Short = "",
    tax_number: Short = "",
    address: Long = "",
    receipt_url: Short = "",
    manager_email: Short = "",
    manager_phone: Short = "",
) -> Response:
    """Saves a company's form."""
    values = {"name": name, "tax_number": tax_number, "address": address, "receipt_url": receipt_url}
    values |= {"manager_email": manager_email, "manager_phone": manager_phone}
    try:
        changes.change(page.held, page.scope, Company, row_id, values, actor=page.actor)
    except ValidationError as error:
        return _company(page, row_id, values, error)
    return RedirectResponse("/companies", 303)


def _company(page: Page, row_id: str, typed: dict[str, str], error: ValidationError | None = None) -> Response:
    found = changes.get_company(page.held, page.scope, row_id)
    return page.render(
        "tenants/company.html",
        status=422 if error else 200,
        section="fleet",
        company=found,
        values=found.model_dump() | typed,
        wrong={one.field for one in error.errors} if error else set(),
    )


@router.get("/stores/{row_id}/{verb}")
def store_end(page: Here, row_id: str, verb: str) -> Response:
    """What closing, opening again or removing a store means, before it is done."""
    return _step(page, "stores", row_id, verb)


@router.post("/stores/{row_id}/{verb}")
def store_ended(page: Here, row_id: str, verb: str) -> Response:
    """Closes, opens again or removes a store."""
    return _do(page, "stores", row_id, verb)


@router.get("/companies/{row_id}/{verb}")
def company_end(page: Here, row_id: str, verb: str) -> Response:
    """What closing, opening again or removing a company means, before it is done."""
    return _step(page, "companies", row_id, verb)


@router.post("/companies/{row_id}/{verb}")
def company_ended(page: Here, row_id: str, verb: str) -> Response:
    """Closes, opens again or removes a company."""
    return _do(page, "companies", row_id, verb)


def _step(page: Page, what: str, row_id: str, verb: str, refused: V5Error | None = None) -> Response:
    reads = changes.get_store if what == "stores" else changes.get_company
    found = reads(page.held, page.scope, row_id)
    if verb not in _VERBS:
        raise NotFoundError("There is no such step.")
    return page.render(
        "tenants/end.html",
        status=refused.status if refused else 200,
        section="fleet",
        what=what,
        verb=verb,
        found=found,
        held=changes.what_holds(page.held, page.scope, _KINDS[what], row_id),
        refused=refused.error_code if refused else "",
    )


def _do(page: Page, what: str, row_id: str, verb: str) -> Response:
    work = _VERBS.get(verb)
    if work is None:
        return _step(page, what, row_id, verb)
    try:
        work(page.held, page.scope, _KINDS[what], row_id, actor=page.actor)
    except ConflictError as error:
        return _step(page, what, row_id, verb, error)
    return RedirectResponse(f"/{what}", 303)
