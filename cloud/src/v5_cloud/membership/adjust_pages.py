"""Pages: points added or taken by hand, with the reason, shown before it is done; and taken back."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Form
from fastapi.responses import RedirectResponse, Response

from v5_cloud.customers import service as customers
from v5_cloud.membership import adjusting
from v5_cloud.membership.schemas import AdjustRequest, ReverseRequest
from v5_cloud.pages.companies import chosen
from v5_cloud.pages.page import Page, initials, page_for
from v5_cloud.pages.people import who_did
from v5_cloud.pages.refused import refilled
from v5_cloud.pages.route import page_router
from v5_cloud.pages.typed import day, number, read
from v5_cloud.users.roles import Permission
from v5_core.errors import ConflictError, FieldError, NotFoundError, V5Error, ValidationError

__all__ = ["router"]

router = page_router()
Here = Annotated[Page, page_for(Permission.POINTS)]
Short = Annotated[str, Form(max_length=120)]
Long = Annotated[str, Form(max_length=500)]
_SHOWN = 50


@router.get("/customers/{customer_id}/points")
def form(page: Here, customer_id: str) -> Response:
    """The form, and what was done by hand before."""
    return _form(page, customer_id, {})


def _form(
    page: Page, customer_id: str, typed: dict[str, str], refused: V5Error | None = None, asked: AdjustRequest | None = None
) -> Response:
    found = customers.get(page.held, page.scope, customer_id)
    shop = chosen(page, found.company)
    return page.render(
        "membership/points.html",
        section="customers",
        customer=found,
        initials=initials(found.name),
        made=adjusting.listed(page.held, shop.scope, customer_id, limit=_SHOWN),
        asked=asked,
        who=who_did(page),
        **refilled(page, refused, typed, ("points", "reason", "expires_on")),
    )


@router.post("/customers/{customer_id}/points")
def adjust(
    page: Here, customer_id: str, request_id: Short, points: Short = "", reason: Long = "", expires_on: Short = "", sure: Short = ""
) -> Response:
    """Shows what it comes to; asked again with `sure`, does it. The same form sent twice moves points once."""
    typed = {"request_id": request_id, "points": points, "reason": reason, "expires_on": expires_on}
    shop = chosen(page, customers.get(page.held, page.scope, customer_id).company)
    body: dict[str, Any] = {"request_id": request_id, "points": number(points) or "?", "reason": reason}
    body |= {"expires_on": day(expires_on) or "?"} if expires_on else {}
    try:
        asked = read(AdjustRequest, body)
        if not asked.points:
            raise ValidationError("Nothing would change.", errors=(FieldError("points", "zero", "more or less than zero is expected"),))
        if not sure:
            return _form(page, customer_id, typed, asked=asked)
        adjusting.adjusted(page.held, shop.scope, customer_id, asked, actor=page.actor)
    except (ValidationError, ConflictError) as error:
        return _form(page, customer_id, typed, error)
    return RedirectResponse(f"/customers/{customer_id}/points", 303)


@router.post("/customers/{customer_id}/points/{adjustment}/reverse")
def reverse(page: Here, customer_id: str, adjustment: str, request_id: Short, reason: Long = "") -> Response:
    """Takes an adjustment back."""
    shop = chosen(page, customers.get(page.held, page.scope, customer_id).company)
    if adjusting.get(page.held, shop.scope, adjustment).customer != customer_id:
        raise NotFoundError("There is no such adjustment.")
    try:
        asked = read(ReverseRequest, {"request_id": request_id, "reason": reason})
        adjusting.undone(page.held, shop.scope, adjustment, asked, actor=page.actor)
    except (ValidationError, ConflictError) as error:
        return _form(page, customer_id, {}, error)
    return RedirectResponse(f"/customers/{customer_id}/points", 303)
