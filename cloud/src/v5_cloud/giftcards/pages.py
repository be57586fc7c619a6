"""Pages: gift cards that another system keeps, and what is still open there."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form, Query
from fastapi.responses import Response

from v5_cloud.giftcards import health
from v5_cloud.pages.companies import chosen
from v5_cloud.pages.page import Page, page_for
from v5_cloud.pages.route import page_router
from v5_cloud.users.roles import Permission

__all__ = ["router"]

router = page_router()
Here = Annotated[Page, page_for(Permission.VALUE)]


@router.get("/giftcards/external")
def external(page: Here, company: Annotated[str, Query(max_length=80)] = "") -> Response:
    """Each system, how it does, and its open acts."""
    return _shown(page, company, {})


@router.post("/giftcards/external")
def check(page: Here, system: Annotated[str, Form(max_length=80)], company: Annotated[str, Form(max_length=80)] = "") -> Response:
    """Asks a system whether it is there; nothing changes."""
    return _shown(page, company, {system: health.answers(page.held, system)})


def _shown(page: Page, company: str, asked: dict[str, bool]) -> Response:
    shop = chosen(page, company)
    return page.render(
        "giftcards/external.html",
        section="vouchers",
        shop=shop,
        systems=health.systems(page.held, shop.scope),
        connected=page.held.gift_cards,
        asked=asked,
    )
