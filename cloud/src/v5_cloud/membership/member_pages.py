"""Pages: what a customer has beside points. Levels, clubs, entitlements, vouchers, segments, relatives; and what may be done to them."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Form, Query
from fastapi.responses import RedirectResponse, Response

from v5_cloud.customers import service as customers
from v5_cloud.customers.choosing import named
from v5_cloud.customers.schemas import CustomerRecord
from v5_cloud.membership import looking, service
from v5_cloud.membership.schemas import ExtendRequest, JoinRequest, LeaveRequest, PauseRequest, RelativeRequest, RenewRequest
from v5_cloud.pages.companies import Chosen, chosen
from v5_cloud.pages.page import Page, initials, page_for
from v5_cloud.pages.refused import refilled
from v5_cloud.pages.route import page_router
from v5_cloud.pages.typed import day, number, read
from v5_cloud.segments import service as segments
from v5_cloud.users.roles import Permission, allowed
from v5_cloud.vouchers import looking as vouchers
from v5_cloud.vouchers.pages import address
from v5_core.errors import ConflictError, FieldError, NotFoundError, PermissionDeniedError, V5Error, ValidationError
from v5_core.hooks import MembershipView

__all__ = ["router"]

router = page_router()
Looking = Annotated[Page, page_for(Permission.CUSTOMERS)]
Letting = Annotated[Page, page_for(Permission.CLUBS)]
Giving = Annotated[Page, page_for(Permission.VALUE)]
Short = Annotated[str, Form(max_length=120)]
Long = Annotated[str, Form(max_length=500)]
_VERBS: Final = ("join", "renew", "pause", "resume", "extend", "leave")
# Days that nobody paid for, and taking a membership away, are not for everybody who serves.
_GRAVE: Final = ("extend", "leave")


@router.get("/customers/{customer_id}/benefits")
def benefits(page: Looking, customer_id: str) -> Response:
    """Levels, clubs with what is left of each entitlement, vouchers and stored value, segments, relatives."""
    found, shop = _customer(page, customer_id)
    standing = service.standing(page.held, shop.scope, customer_id)
    whole = _gives(page)
    codes = vouchers.of_customer(page.held, shop.scope, customer_id, whole=whole)
    titles = {one.id: one.title for one in segments.list_segments(page.held, shop.scope)}
    profile = segments.profile(page.held, shop.scope, customer_id) if titles else None
    members = {one.club for one in standing.memberships if one.state != "ended"}
    people = {*standing.relatives, standing.shares_with, found.referred_by}
    return page.render(
        "membership/benefits.html",
        section="customers",
        customer=found,
        initials=initials(found.name),
        shop=shop,
        levels=looking.levels(page.held, shop.scope, customer_id),
        standing=standing,
        clubs={one.club.id: one.club for one in looking.clubs(page.held, shop.scope)},
        joinable=[one.club for one in looking.clubs(page.held, shop.scope) if one.club.id not in members],
        codes=[(one, vouchers.state_of(one, page.held.clock()), address(shop, one.code) if whole else "") for one in codes],
        segments=[titles.get(one, one) for one in profile.segments] if profile else [],
        names=vouchers.names(page.held, shop.scope, people),
    )


def _customer(page: Page, customer_id: str) -> tuple[CustomerRecord, Chosen]:
    found = customers.get(page.held, page.scope, customer_id)
    return found, chosen(page, found.company)


@router.get("/customers/{customer_id}/clubs/{club}/{verb}")
def step(page: Letting, customer_id: str, club: str, verb: str, card: Annotated[str, Query(max_length=80)] = "") -> Response:
    """What a step means for this membership, before it is done."""
    return _step(page, customer_id, club, verb, {"card": card})


def _allowed(page: Page, verb: str, *, longer: bool = False) -> None:
    # A last day of one's own choice is days that nobody paid for, just like an extension.
    if verb not in _VERBS:
        raise NotFoundError("There is no such step.")
    if (verb in _GRAVE or longer) and not _gives(page):
        raise PermissionDeniedError("Your role does not include this step.")


def _gives(page: Page) -> bool:
    return page.who is not None and allowed(page.who.role, Permission.VALUE)


def _step(page: Page, customer_id: str, club: str, verb: str, typed: dict[str, str], refused: V5Error | None = None) -> Response:
    _allowed(page, verb)
    found, shop = _customer(page, customer_id)
    item = next((one.club for one in looking.clubs(page.held, shop.scope) if one.club.id == club), None)
    if item is None:
        raise NotFoundError("There is no such club.")
    known = next((one for one in service.standing(page.held, shop.scope, customer_id).memberships if one.club == club), None)
    return page.render(
        "membership/step.html",
        section="customers",
        customer=found,
        club=item,
        verb=verb,
        gives=_gives(page),
        known=known,
        **refilled(page, refused, typed, ("card", "starts", "until", "first", "last", "days", "reason")),
    )


@router.post("/customers/{customer_id}/clubs/{club}/{verb}")
def take_step(
    page: Letting,
    customer_id: str,
    club: str,
    verb: str,
    request_id: Short,
    card: Short = "",
    starts: Short = "",
    until: Short = "",
    first: Short = "",
    last: Short = "",
    days: Short = "",
    reason: Long = "",
) -> Response:
    """Does it."""
    _allowed(page, verb, longer=bool(until.strip()))
    found, _ = _customer(page, customer_id)
    typed = {
        "request_id": request_id, "card": card, "starts": starts, "until": until, "first": first, "last": last, "days": days,
        "reason": reason,
    }  # fmt: skip
    try:
        _done(page, found, club, verb, typed)
    except (ValidationError, ConflictError) as error:
        return _step(page, customer_id, club, verb, typed, error)
    return RedirectResponse(f"/customers/{customer_id}/benefits", 303)


def _done(page: Page, customer: CustomerRecord, club: str, verb: str, typed: dict[str, str]) -> MembershipView:
    held, scope, actor, one = page.held, chosen(page, customer.company).scope, page.actor, customer.id
    body: dict[str, Any] = {"request_id": typed["request_id"]}

    def picked(*names: str) -> dict[str, Any]:
        return {name: day(typed[name]) or "?" for name in names if typed[name]}

    card = "".join(typed["card"].split())
    if verb == "join":
        asked = read(JoinRequest, body | picked("starts", "until") | {"club": club, "card": card})
        return service.joined(held, scope, one, asked, actor=actor)
    if verb == "renew":
        if not card:
            # At the desk the card is there: that it is this customer's is what a renewal has to show.
            raise ValidationError("Scan the card.", code="card_missing", errors=(FieldError("card", "card_missing", "scan the card"),))
        return service.renewed(held, scope, one, club, read(RenewRequest, body | picked("until") | {"card": card}), actor=actor)
    if verb == "pause":
        return service.paused(held, scope, one, club, read(PauseRequest, body | picked("first", "last")), actor=actor)
    if verb == "extend":
        more = read(ExtendRequest, body | {"days": number(typed["days"]) or "?", "reason": typed["reason"]})
        return service.extended(held, scope, one, club, more, actor=actor)
    step = service.resumed if verb == "resume" else service.left
    return step(held, scope, one, club, read(LeaveRequest, body), actor=actor)


@router.get("/customers/{customer_id}/relatives")
def relatives(page: Giving, customer_id: str, relative: Annotated[str, Query(max_length=80)] = "") -> Response:
    """Who shares the account; somebody named is shown with what joining them means."""
    return _relatives(page, customer_id, relative)


def _relatives(page: Page, customer_id: str, text: str, refused: V5Error | None = None) -> Response:
    found, shop = _customer(page, customer_id)
    standing = service.standing(page.held, shop.scope, customer_id)
    candidate = None
    try:
        candidate = named(page.held, shop.scope, text, "relative")
    except ValidationError as error:
        refused = refused or error
    return page.render(
        "membership/relatives.html",
        status=refused.status if refused else 200,
        section="customers",
        customer=found,
        standing=standing,
        names=vouchers.names(page.held, shop.scope, standing.relatives),
        text=text,
        candidate=candidate,
        refused=refused,
    )


@router.post("/customers/{customer_id}/relatives")
def share(page: Giving, customer_id: str, relative: Short = "") -> Response:
    """From now on the relative's purchases go to this account."""
    _, shop = _customer(page, customer_id)
    try:
        service.share(page.held, shop.scope, customer_id, read(RelativeRequest, {"relative": relative}), actor=page.actor)
    except (ValidationError, ConflictError) as error:
        return _relatives(page, customer_id, relative, error)
    return RedirectResponse(f"/customers/{customer_id}/relatives", 303)


@router.post("/customers/{customer_id}/relatives/{relative}/part")
def part(page: Giving, customer_id: str, relative: str) -> Response:
    """The relative has an account of their own again."""
    _, shop = _customer(page, customer_id)
    service.part(page.held, shop.scope, customer_id, relative, actor=page.actor)
    return RedirectResponse(f"/customers/{customer_id}/relatives", 303)
