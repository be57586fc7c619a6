"""Pages: vouchers issued, cards sold and loaded, blocked, moved and extended; each with a step that says what it will do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Final

from fastapi import Form, Query
from fastapi.responses import RedirectResponse, Response

from v5_cloud.customers.choosing import named
from v5_cloud.customers.schemas import CustomerItem
from v5_cloud.kit.tenant import Scope
from v5_cloud.pages.companies import Chosen, chosen
from v5_cloud.pages.page import Page, page_for
from v5_cloud.pages.refused import refilled
from v5_cloud.pages.route import page_router
from v5_cloud.pages.typed import day, number, read
from v5_cloud.programmes.service import current
from v5_cloud.users.roles import Permission
from v5_cloud.vouchers import extending, service
from v5_cloud.vouchers.pages import address
from v5_cloud.vouchers.schemas import BlockRequest, ExtendRequest, IssueRequest, LoadRequest, MoveRequest, VoucherItem
from v5_core.errors import ConflictError, NotFoundError, V5Error, ValidationError
from v5_core.programme import StoredValueType

__all__ = ["router"]

router = page_router()
Issuing = Annotated[Page, page_for(Permission.VALUE)]
Short = Annotated[str, Form(max_length=120)]
Long = Annotated[str, Form(max_length=500)]
_MONEY: Final = ("gift_card", "wallet", "credit_note")


@dataclass(frozen=True, slots=True)
class Ware:
    """Something that can be issued."""

    what: str
    kind: str
    title: str
    type: StoredValueType | None = None


def _wares(page: Page, scope: Scope) -> list[Ware]:
    programmes = current(page.held, scope).programmes(page.held.clock())
    types = [one for one in service.types_of(page.held, scope).values() if not one.external]
    offers = [offer for one in programmes for offer in one.offers if offer.coupon]
    return [
        *(
            Ware(f"{kind}:{one.id}", kind, one.title or one.id, one)
            for kind in _MONEY
            for one in types
            if one.kind == kind and not one.external
        ),
        Ware("voucher", "voucher", ""),
        Ware("percent", "percent", ""),
        *(Ware(f"coupon:{one.id}", "coupon", one.title or one.id) for one in offers),
    ]


@router.get("/vouchers/new")
def new(
    page: Issuing,
    company: Annotated[str, Query(max_length=80)] = "",
    what: Annotated[str, Query(max_length=80)] = "",
    customer: Annotated[str, Query(max_length=80)] = "",
) -> Response:
    """What is to be issued; then its form."""
    shop = chosen(page, company)
    wares = _wares(page, shop.scope)
    ware = next((one for one in wares if one.what == what), None)
    if ware is None:
        return page.render("vouchers/choose.html", section="vouchers", shop=shop, wares=wares, customer=customer)
    return _form(page, shop, ware, {"customer": customer, "count": "1", "uses": "1"})


def _form(page: Page, shop: Chosen, ware: Ware, typed: dict[str, str], refused: V5Error | None = None, **more: Any) -> Response:
    names = ("amount", "percent", "count", "uses", "code", "customer", "store", "until", "minimum", "title")
    return page.render(
        "vouchers/new.html",
        section="vouchers",
        shop=shop,
        ware=ware,
        **refilled(page, refused, typed, names),
        **{"sure": False, "buyer": None, "asked": None} | more,
    )


@router.post("/vouchers/new")
def make(
    page: Issuing,
    what: Short,
    request_id: Short,
    company: Short = "",
    amount: Short = "",
    percent: Short = "",
    count: Short = "1",
    uses: Short = "1",
    code: Short = "",
    customer: Short = "",
    store: Short = "",
    until: Short = "",
    minimum: Short = "",
    title: Short = "",
    sure: Short = "",
    change: Short = "",
) -> Response:
    """Checks what was typed and says what it will do; asked again with `sure`, does it. The same form sent twice issues once."""
    shop = chosen(page, company)
    ware = next((one for one in _wares(page, shop.scope) if one.what == what), None)
    if ware is None:
        raise NotFoundError("There is no such thing to issue.")
    typed = {
        "request_id": request_id, "amount": amount, "percent": percent, "count": count, "uses": uses, "code": code, "customer": customer,
        "store": store, "until": until, "minimum": minimum, "title": title,
    }  # fmt: skip
    if change:
        return _form(page, shop, ware, typed)
    try:
        buyer = named(page.held, shop.scope, customer)
        asked = _request(ware, typed, buyer)
        if not sure:
            service.check(page.held, shop.scope, asked)
            return _form(page, shop, ware, typed, sure=True, buyer=buyer, asked=asked)
        made = service.issue(page.held, shop.scope, asked, actor=page.actor)
    except (ValidationError, ConflictError) as error:
        return _form(page, shop, ware, typed, error)
    if len(made) == 1:
        return RedirectResponse(address(shop, made[0].code), 303)
    return page.render("vouchers/made.html", section="vouchers", shop=shop, ware=ware, made=made)


def _request(ware: Ware, typed: dict[str, str], buyer: CustomerItem | None) -> IssueRequest:
    kind, _, name = ware.what.partition(":")
    body: dict[str, Any] = {
        "request_id": typed["request_id"],
        "kind": kind,
        "title": typed["title"],
        "code": typed["code"].strip(),
        "customer": buyer.id if buyer else None,
        "store": typed["store"],
        "type": name if kind in _MONEY else "",
        "offer": name if kind == "coupon" else "",
    }
    for field in ("amount", "minimum", "percent"):
        if typed[field].strip():
            body[field] = number(typed[field].replace("%", "")) or "?"
    for field in ("count", "uses"):
        body[field] = typed[field].strip() or 1
    if typed["until"]:
        body["valid_until"] = day(typed["until"]) or "?"
    return read(IssueRequest, body, {"valid_until": "until"}, {"voucher": "amount", "percent": "percent"}.get(kind, "count"))


_VERBS: Final = ("load", "block", "unblock", "move", "extend")


@router.get("/vouchers/{company}/{code}/{verb}")
def step(page: Issuing, company: str, code: str, verb: str) -> Response:
    """What a step means for this code, before it is done."""
    return _step(page, chosen(page, company), code, verb, {})


def _step(
    page: Page, shop: Chosen, code: str, verb: str, typed: dict[str, str], refused: V5Error | None = None, *, sure: bool = False
) -> Response:
    if verb not in _VERBS:
        raise NotFoundError("There is no such step.")
    found = service.get(page.held, shop.scope, code)
    form = refilled(page, refused, {"until": _next_year(page, found)} | typed, ("amount", "reason", "to", "store"))
    return page.render(
        "vouchers/step.html",
        section="vouchers",
        shop=shop,
        found=found,
        path=address(shop, found.code),
        verb=verb,
        kind=service.types_of(page.held, shop.scope).get(found.type),
        sure=sure,
        adding=_minor(form["values"]["amount"]) if sure else 0,
        **form,
    )


def _next_year(page: Page, found: VoucherItem) -> str:
    ends = found.valid_until or page.held.clock()
    return (max(ends, page.held.clock()) + timedelta(days=365)).astimezone(page.zone).date().isoformat()


def _minor(amount: str) -> int:
    return LoadRequest.model_validate({"request_id": "shown", "amount": number(amount)}).amount


@router.post("/vouchers/{company}/{code}/{verb}")
def take_step(
    page: Issuing,
    company: str,
    code: str,
    verb: str,
    request_id: Short,
    amount: Short = "",
    store: Short = "",
    reason: Long = "",
    to: Short = "",
    until: Short = "",
    sure: Short = "",
) -> Response:
    """Does it; money comes on a card only after it was shown what that makes of it."""
    shop = chosen(page, company)
    typed = {"request_id": request_id, "amount": amount, "store": store, "reason": reason, "to": to, "until": until}
    scope, actor = shop.scope, page.actor
    try:
        if verb == "load":
            request = read(LoadRequest, {"request_id": request_id, "amount": number(amount) or "?", "store": store})
            if not sure:
                service.check_loading(page.held, scope, code, request)
                return _step(page, shop, code, verb, typed, sure=True)
            service.load(page.held, scope, code, request, actor=actor)
        elif verb in ("block", "unblock"):
            service.block(page.held, scope, code, read(BlockRequest, {"blocked": verb == "block", "reason": reason}), actor=actor)
        elif verb == "extend":
            body = {"request_id": request_id, "until": day(until) or "?", "reason": reason}
            extending.extend(page.held, scope, code, read(ExtendRequest, body), actor=actor)
        elif verb == "move":
            body = {"request_id": request_id, "to": to.strip(), "reason": reason}
            code = service.move(page.held, scope, code, read(MoveRequest, body), actor=actor).replaced_by.code
    except (ValidationError, ConflictError) as error:
        return _step(page, shop, code, verb, typed, error)
    if verb not in _VERBS:
        raise NotFoundError("There is no such step.")
    return RedirectResponse(address(shop, code), 303)
