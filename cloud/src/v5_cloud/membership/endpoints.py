"""Tiers, clubs and points by hand over REST."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from v5_cloud.access.dependencies import Clerk, Issuer, Reader
from v5_cloud.kit.container import Container, container
from v5_cloud.kit.pagination import Cursor, Limit, Page
from v5_cloud.kit.route import api_router
from v5_cloud.membership import adjusting, cards, runs, schemas, service
from v5_core.hooks import MembershipView
from v5_core.model import Card, Day

__all__ = ["router"]

Held = Annotated[Container, Depends(container)]
CustomerId = Annotated[str, Path(max_length=80, pattern=r"^[A-Za-z0-9_-]+$")]
CardNumber = Annotated[str, Path(max_length=80, pattern=r"^[^\x00-\x1f\x7f/]+$")]
ClubId = Annotated[str, Path(max_length=60, pattern=r"^[A-Za-z0-9_-]+$")]

customers = api_router("/v1/customers/{customer}", "membership")
clubs = api_router("/v1/clubs", "membership")
work = api_router("/v1/runs", "runs")
points = api_router("/v1/adjustments", "adjustments")


@customers.get("/standing")
def standing(held: Held, machine: Reader, customer: CustomerId) -> schemas.Standing:
    """Levels with what is missing to the next, memberships with what is left of each entitlement, and who shares the account."""
    return service.standing(held, machine.scope, customer)


@customers.post("/memberships", status_code=201)
def join(held: Held, machine: Clerk, customer: CustomerId, body: schemas.JoinRequest) -> MembershipView:
    """Joins a club."""
    return service.joined(held, machine.scope, customer, body, actor=f"key:{machine.id}")


@customers.post("/memberships/{club}/renew")
def renew(held: Held, machine: Clerk, customer: CustomerId, club: ClubId, body: schemas.RenewRequest) -> MembershipView:
    """The next period; the card that is shown must be this customer's."""
    return service.renewed(held, machine.scope, customer, club, body, actor=f"key:{machine.id}")


@customers.post("/memberships/{club}/pause")
def pause(held: Held, machine: Clerk, customer: CustomerId, club: ClubId, body: schemas.PauseRequest) -> MembershipView:
    """A break; the end moves by its days."""
    return service.paused(held, machine.scope, customer, club, body, actor=f"key:{machine.id}")


@customers.post("/memberships/{club}/resume")
def resume(held: Held, machine: Clerk, customer: CustomerId, club: ClubId, body: schemas.LeaveRequest) -> MembershipView:
    """The break ends today."""
    return service.resumed(held, machine.scope, customer, club, body, actor=f"key:{machine.id}")


@customers.post("/memberships/{club}/extend")
def extend(held: Held, machine: Clerk, customer: CustomerId, club: ClubId, body: schemas.ExtendRequest) -> MembershipView:
    """The end moves by some days."""
    return service.extended(held, machine.scope, customer, club, body, actor=f"key:{machine.id}")


@customers.post("/memberships/{club}/leave")
def leave(held: Held, machine: Clerk, customer: CustomerId, club: ClubId, body: schemas.LeaveRequest) -> MembershipView:
    """The member leaves today."""
    return service.left(held, machine.scope, customer, club, body, actor=f"key:{machine.id}")


@customers.post("/cards", status_code=201)
def add_card(held: Held, machine: Clerk, customer: CustomerId, body: schemas.CardRequest) -> Card:
    """Hands over one more card: of points, or a discount or VIP card with its rate and last day."""
    return cards.added(held, machine.scope, customer, body, actor=f"key:{machine.id}")


@customers.patch("/cards/{number}")
def change_card(held: Held, machine: Clerk, customer: CustomerId, number: CardNumber, body: schemas.CardChange) -> Card:
    """Changes a card's rate or last day, blocks it, or lets it count again."""
    return cards.changed(held, machine.scope, customer, number, body, actor=f"key:{machine.id}")


@customers.post("/relatives")
def share(held: Held, machine: Clerk, customer: CustomerId, body: schemas.RelativeRequest) -> schemas.Standing:
    """A relative's purchases go to this customer's account from now on; what the relative has moves there."""
    return service.share(held, machine.scope, customer, body, actor=f"key:{machine.id}")


@customers.delete("/relatives/{relative}")
def part(held: Held, machine: Clerk, customer: CustomerId, relative: CustomerId) -> schemas.Standing:
    """The relative has an account of their own again; what was earned together stays."""
    return service.part(held, machine.scope, customer, relative, actor=f"key:{machine.id}")


@customers.post("/adjustments", status_code=201)
def adjust(held: Held, machine: Issuer, customer: CustomerId, body: schemas.AdjustRequest) -> schemas.AdjustmentItem:
    """Points added or taken by hand, with a reason. Needs the scope `vouchers`."""
    return adjusting.adjusted(held, machine.scope, customer, body, actor=f"key:{machine.id}")


@points.post("/{adjustment}/reverse")
def reverse(held: Held, machine: Issuer, adjustment: CustomerId, body: schemas.ReverseRequest) -> schemas.AdjustmentItem:
    """Takes an adjustment back: what it took returns to its lots, what it added is taken out again."""
    return adjusting.undone(held, machine.scope, adjustment, body, actor=f"key:{machine.id}")


@clubs.get("/{club}/members")
def members(
    held: Held,
    machine: Reader,
    club: ClubId,
    ending: Annotated[Day | None, Query(description="Only those whose last day is not after this one.")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[schemas.MemberItem]:
    """Members of a club."""
    return service.members(held, machine.scope, club, ending=ending, cursor=cursor, limit=limit)


@work.get("")
def listed(held: Held, machine: Reader, cursor: Cursor = None, limit: Limit = 50) -> Page[schemas.RunItem]:
    """What was done to many customers at once, newest first, without its lines."""
    return runs.listed(held, machine.scope, cursor=cursor, limit=limit)


@work.get("/{run}")
def one(held: Held, machine: Reader, run: CustomerId) -> schemas.RunItem:
    """One run with its lines."""
    return runs.get(held, machine.scope, run)


@work.post("/points", status_code=201)
def many(held: Held, machine: Issuer, body: schemas.MassRequest) -> schemas.RunItem:
    """Previews points for many customers; nothing happens until it is confirmed."""
    return runs.points(held, machine.scope, body, actor=f"key:{machine.id}")


@work.post("/reset", status_code=201)
def reset(held: Held, machine: Issuer, body: schemas.ResetRequest) -> schemas.RunItem:
    """Previews a reset of all points; confirmed, it happens at once or on its day."""
    return runs.reset(held, machine.scope, body, actor=f"key:{machine.id}")


@work.post("/turnover", status_code=201)
def turnover(held: Held, machine: Issuer, body: schemas.TurnoverRequest) -> schemas.RunItem:
    """Previews the vouchers that a rule gives for the turnover of a period."""
    return runs.turnover(held, machine.scope, body, actor=f"key:{machine.id}")


@work.post("/{run}/confirm")
def confirm(held: Held, machine: Issuer, run: CustomerId) -> schemas.RunItem:
    """Does what the preview said, no more and no less; confirmed twice, it happens once."""
    return runs.confirm(held, machine.scope, run, actor=f"key:{machine.id}")


@work.post("/{run}/reverse")
def undo(held: Held, machine: Issuer, run: CustomerId, body: schemas.ReverseRequest) -> schemas.RunItem:
    """Takes a run back: points as by hand, vouchers that nobody used."""
    return runs.reverse(held, machine.scope, run, body, actor=f"key:{machine.id}")


router = APIRouter()
for _part in (customers, clubs, work, points):
    router.include_router(_part)
