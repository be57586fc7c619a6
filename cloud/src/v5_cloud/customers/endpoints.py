"""Customers over REST."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from babel import negotiate_locale
from fastapi import Depends, Header, Path, Query, Response

from v5_cloud.access.dependencies import Clerk, Reader
from v5_cloud.customers import changes, service
from v5_cloud.customers.schemas import CustomerChange, CustomerItem, CustomerRecord, MovementExplanation, MovementItem, MovementRecord
from v5_cloud.kit.container import Container, container
from v5_cloud.kit.pagination import Cursor, Limit, Page
from v5_cloud.kit.problems import PROBLEMS
from v5_cloud.kit.route import api_router
from v5_core.words import LANGUAGES

__all__ = ["router"]

router = api_router("/v1/customers", "customers")
Held = Annotated[Container, Depends(container)]
_TAGGED: Final[dict[int | str, dict[str, Any]]] = {
    200: {"headers": {"ETag": {"description": "Revision of the record, in quotes.", "schema": {"type": "string"}}}}
}
_PRECONDITIONS: Final[dict[int | str, dict[str, Any]]] = {
    412: PROBLEMS[409] | {"description": "Changed since it was read"},
    428: PROBLEMS[409] | {"description": "If-Match is missing"},
}
CustomerId = Annotated[str, Path(max_length=80, pattern=r"^[A-Za-z0-9_-]+$")]


@router.get("")
def search(
    held: Held,
    machine: Reader,
    q: Annotated[str, Query(max_length=80, pattern=r"^[^\x00-\x1f]*$", description="Name, card, phone or tax number.")] = "",
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[CustomerItem]:
    """Customers by name, card, phone or tax number."""
    return service.search(held, machine.scope, q, cursor=cursor, limit=limit)


@router.get("/{customer}", responses=_TAGGED)
def get(held: Held, machine: Reader, customer: CustomerId, response: Response) -> CustomerRecord:
    """One customer in full; the ETag is what a change must name."""
    return _tagged(response, service.get(held, machine.scope, customer))


@router.patch("/{customer}", responses=_TAGGED | _PRECONDITIONS)
def change(
    held: Held,
    machine: Clerk,
    customer: CustomerId,
    body: CustomerChange,
    response: Response,
    if_match: Annotated[str | None, Header(max_length=100, description="The record's ETag; `*` for no check.")] = None,
) -> CustomerRecord:
    """Changes the fields that are sent; what is left out stays, null clears. Needs the scope `customers`."""
    revision = (if_match or "").strip().removeprefix("W/").strip('"')
    return _tagged(response, changes.change(held, machine.scope, customer, body, revision, actor=f"key:{machine.id}"))


def _tagged(response: Response, record: CustomerRecord) -> CustomerRecord:
    response.headers["ETag"] = f'"{record.revision}"'
    return record


@router.get("/{customer}/movements")
def movements(held: Held, machine: Reader, customer: CustomerId, cursor: Cursor = None, limit: Limit = 50) -> Page[MovementItem]:
    """Movements of points, newest first, each with its explanation."""
    return service.movements(held, machine.scope, customer, cursor=cursor, limit=limit)


@router.get("/{customer}/movements/{movement}")
def movement(held: Held, machine: Reader, customer: CustomerId, movement: CustomerId) -> MovementRecord:
    """One movement in full: what a spend drew from, until when earned points are good."""
    return service.movement(held, machine.scope, customer, movement)


@router.get("/{customer}/movements/{movement}/explanation")
def explanation(
    held: Held,
    machine: Reader,
    customer: CustomerId,
    movement: CustomerId,
    response: Response,
    language: Annotated[Literal["pt", "en", "es", "fr", "he"] | None, Query(description="Before `Accept-Language`.")] = None,
    accept_language: Annotated[str, Header(max_length=200)] = "",
) -> MovementExplanation:
    """Why a movement is what it is, in one of five languages; in the language of the store when none is asked for."""
    asked = language or _accepted(accept_language)
    if asked:
        response.headers["Content-Language"] = asked
    response.headers["Vary"] = "Accept-Language"
    return service.explanation(held, machine.scope, customer, movement, asked)


def _accepted(header: str) -> str:
    """The first language of the header that is ours; "" for none."""
    wanted = [part.split(";")[0].strip().replace("-", "_") for part in header.split(",") if part.strip()]
    return negotiate_locale(wanted, LANGUAGES, sep="_") or ""
