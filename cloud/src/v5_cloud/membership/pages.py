"""Pages: the clubs of the published programmes, and their members."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import Query
from fastapi.responses import Response

from v5_cloud.customers.choosing import named
from v5_cloud.membership import looking, service
from v5_cloud.pages.companies import chosen
from v5_cloud.pages.page import Page, page_for
from v5_cloud.pages.route import page_router
from v5_cloud.users.roles import Permission
from v5_core.errors import NotFoundError, ValidationError

__all__ = ["router"]

router = page_router()
Here = Annotated[Page, page_for(Permission.CLUBS)]
_ROWS: Final = 25
_SOON: Final = timedelta(days=30)


@router.get("/clubs")
def clubs(page: Here, company: Annotated[str, Query(max_length=80)] = "") -> Response:
    """Every club: how long a membership lasts, what members may have, how many there are."""
    shop = chosen(page, company)
    return page.render("membership/clubs.html", section="clubs", shop=shop, clubs=looking.clubs(page.held, shop.scope))


@router.get("/clubs/{company}/{club}")
def members(
    page: Here,
    company: str,
    club: str,
    q: Annotated[str, Query(max_length=80)] = "",
    validity: Annotated[str, Query(max_length=10)] = "",
    join: Annotated[str, Query(max_length=80)] = "",
    after: Annotated[str | None, Query(max_length=400)] = None,
) -> Response:
    """The members of a club, those that end soon, and the way to let somebody join."""
    shop = chosen(page, company)
    found = next((one for one in looking.clubs(page.held, shop.scope) if one.club.id == club), None)
    if found is None:
        raise NotFoundError("There is no such club.")
    today = looking.today_of(page.held, shop.scope)
    rows = service.members(
        page.held, shop.scope, club, ending=today + _SOON if validity == "soon" else None,
        lasting=today if validity in ("good", "soon") else None, over=today if validity == "over" else None,
        text=q, cursor=after, limit=_ROWS,
    )  # fmt: skip
    candidate, refused = None, None
    try:
        candidate = named(page.held, shop.scope, join, "join")
    except ValidationError as error:
        refused = error
    template = "member_rows" if page.partial and after else "member_results" if page.partial else "club"
    return page.render(
        f"membership/{template}.html",
        section="clubs",
        shop=shop,
        found=found,
        rows=rows.items,
        next=rows.next_cursor or "",
        q=q,
        validity=validity,
        query=urlencode({"q": q, "validity": validity}),
        join=join,
        candidate=candidate,
        refused=refused,
    )
