"""Pages: everything with a code, found and looked at; what was done to it, and where it was used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final
from urllib.parse import quote, urlencode

from fastapi import Depends, Query
from fastapi.responses import Response

from v5_cloud.pages.companies import Chosen, chosen
from v5_cloud.pages.page import Page, page_for
from v5_cloud.pages.people import who_did
from v5_cloud.pages.route import page_router
from v5_cloud.users.roles import Permission, allowed
from v5_cloud.vouchers import looking, service
from v5_core.codes import fold_code
from v5_core.errors import NotFoundError

__all__ = ["address", "may", "record", "router"]

router = page_router()
Here = Annotated[Page, page_for(Permission.VOUCHERS)]
_ROWS: Final = 25
_KINDS: Final = ("gift_card", "wallet", "voucher", "credit_note", "percent", "coupon")
_STATES: Final = ("active", "blocked", "moved", "cancelled")
_VALIDITY: Final = ("valid", "soon", "ended")
# Codes that are not there, typed by somebody who may not see whole ones: a till's day has a few, a thief's hour has hundreds.
_MISSES: Final = "60/hour"


def may(page: Page, permission: Permission) -> bool:
    """Whether the viewer's role has that permission."""
    return page.who is not None and allowed(page.who.role, permission)


@dataclass(frozen=True, slots=True)
class Asked:
    """The filters as they stand in the address."""

    q: str = ""
    kind: str = ""
    type: str = ""
    state: str = ""
    validity: str = ""
    customer: str = ""
    run: str = ""
    company: str = ""

    @property
    def query(self) -> str:
        """For links that keep them."""
        return urlencode({name: value for name in self.__slots__ if (value := getattr(self, name))})

    @property
    def is_empty(self) -> bool:
        """Whether nothing is narrowed."""
        return not any(getattr(self, name) for name in self.__slots__ if name != "company")


def _asked(
    q: Annotated[str, Query(max_length=80)] = "",
    kind: Annotated[str, Query(max_length=20)] = "",
    type: Annotated[str, Query(max_length=60)] = "",
    state: Annotated[str, Query(max_length=20)] = "",
    validity: Annotated[str, Query(max_length=20)] = "",
    customer: Annotated[str, Query(max_length=80)] = "",
    run: Annotated[str, Query(max_length=80)] = "",
    company: Annotated[str, Query(max_length=80)] = "",
) -> Asked:
    return Asked(
        q.strip(),
        kind if kind in _KINDS else "",
        type,
        state if state in _STATES else "",
        validity if validity in _VALIDITY else "",
        customer,
        run,
        company,
    )


@router.get("/vouchers")
def vouchers(page: Here, asked: Annotated[Asked, Depends(_asked)], after: Annotated[str | None, Query(max_length=400)] = None) -> Response:
    """The list, newest first, narrowed by the filters."""
    shop, now = chosen(page, asked.company), page.held.clock()
    whole = may(page, Permission.VALUE)
    wanted = looking.search(
        asked.q, now, whole=whole, validity=asked.validity, kind=asked.kind, type=asked.type, state=asked.state,
        customer=asked.customer, run=asked.run,
    )  # fmt: skip
    if not whole and wanted.code:
        page.held.limiter.check(_MISSES, "voucher-miss", page.actor)
    found = looking.found(page.held, shop.scope, wanted, whole=whole, cursor=after, limit=_ROWS)
    count = looking.count(page.held, shop.scope, wanted)
    if not whole and wanted.code and not count:
        page.held.limiter.hit(_MISSES, "voucher-miss", page.actor)
    openable = whole or bool(wanted.code)
    people = (*(one.customer for one in found.items), asked.customer)
    template = "rows" if page.partial and after else "results" if page.partial else "list"
    return page.render(
        f"vouchers/{template}.html",
        section="vouchers",
        shop=shop,
        asked=asked,
        found=[(one, looking.state_of(one, now), address(shop, one.code) if openable else "") for one in found.items],
        count=count,
        types=service.types_of(page.held, shop.scope),
        names=looking.names(page.held, shop.scope, people) if may(page, Permission.CUSTOMERS) else {},
        next=found.next_cursor or "",
        external=bool(page.held.gift_cards),
    )


def address(shop: Chosen, code: str) -> str:
    """Of the page of one of them."""
    return f"/vouchers/{shop.id}/{quote(fold_code(code), safe='')}"


@router.get("/vouchers/{company}/{code}")
def voucher(page: Here, company: str, code: str) -> Response:
    """One of them: what is on it, what happened to it, what can be done."""
    return record(page, chosen(page, company), code)


def record(page: Page, shop: Chosen, code: str) -> Response:
    """The page of one; typed by somebody who guesses, it is not there for a while."""
    guessing = not may(page, Permission.VALUE)
    if guessing:
        page.held.limiter.check(_MISSES, "voucher-miss", page.actor)
    try:
        found = service.get(page.held, shop.scope, code)
    except NotFoundError:
        if guessing:
            page.held.limiter.hit(_MISSES, "voucher-miss", page.actor)
        raise
    types = service.types_of(page.held, shop.scope)
    kind = types.get(found.type)
    names = looking.names(page.held, shop.scope, [found.customer])
    moved_to = found.moved_to if may(page, Permission.VALUE) or not found.moved_to else looking.masked(fold_code(found.moved_to))
    return page.render(
        "vouchers/record.html",
        section="vouchers",
        shop=shop,
        found=found.model_copy(update={"moved_to": moved_to}),
        path=address(shop, found.code),
        state=looking.state_of(found, page.held.clock()),
        kind=kind,
        customer=names.get(found.customer or "", "") if may(page, Permission.CUSTOMERS) else "",
        lines=looking.history(page.held, shop.scope, code),
        who=who_did(page),
        external=kind.external if kind else "",
        now=page.held.clock(),
    )
