"""Pages: sales of which a till was told something else than the ledger decided, and what a person should know of a sale."""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import Query
from fastapi.responses import Response

from v5_cloud.pages.companies import chosen
from v5_cloud.pages.page import Page, page_for
from v5_cloud.pages.route import page_router
from v5_cloud.pages.typed import day
from v5_cloud.push import looking
from v5_cloud.users.roles import Permission

__all__ = ["router"]

router = page_router()
Here = Annotated[Page, page_for(Permission.AUDIT)]
_ROWS: Final = 25


@router.get("/differences")
def differences(
    page: Here,
    company: Annotated[str, Query(max_length=80)] = "",
    kind: Annotated[str, Query(max_length=20)] = "",
    store: Annotated[str, Query(max_length=80)] = "",
    first: Annotated[str, Query(alias="from", max_length=10)] = "",
    last: Annotated[str, Query(alias="to", max_length=10)] = "",
    after: Annotated[str | None, Query(max_length=400)] = None,
) -> Response:
    """The list, newest first, narrowed by the filters; each opens in place."""
    shop = chosen(page, company)
    wanted = looking.Wanted(kind if kind in ("difference", "finding") else "", store, day(first), day(last))
    found = looking.found(page.held, shop.scope, wanted, cursor=after, limit=_ROWS)
    fields = {"company": company, "kind": wanted.kind, "store": store, "from": first, "to": last}
    return page.render(
        f"differences/{'rows' if page.partial and after else 'results' if page.partial else 'list'}.html",
        section="audit",
        shop=shop,
        wanted=wanted,
        found=found.items,
        count=looking.count(page.held, shop.scope, wanted),
        next=found.next_cursor or "",
        query=urlencode({name: value for name, value in fields.items() if value}),
    )
