"""Clubs joined at the till: with the enrolment, or later with the card that finds the customer."""

from __future__ import annotations

from v5_cloud.hooks.knowing import Knowing
from v5_cloud.kit.container import Container
from v5_cloud.kit.tenant import Scope
from v5_cloud.membership.schemas import JoinRequest, RenewRequest
from v5_cloud.membership.service import joined, renewed
from v5_cloud.programmes.service import current
from v5_cloud.tenants.service import StoreInfo, company_info
from v5_core.errors import ConflictError, FieldError, ValidationError
from v5_core.hooks import EnrolRequest, EnrolResponse

__all__ = ["check_clubs", "join_clubs"]


def check_clubs(container: Container, scope: Scope, request: EnrolRequest) -> None:
    """Refuses clubs that no published programme has, before anything is written.

    Raises:
        ValidationError: There is no such club.
    """
    if request.clubs:
        known = {club for _, club in current(container, scope).asks(container.clock()).clubs}
        wrong = [FieldError(f"clubs.{at}", "unknown_club", club) for at, club in enumerate(request.clubs) if club not in known]
        if wrong:
            raise ValidationError("There is no such club.", code="unknown_club", errors=tuple(wrong))


def join_clubs(container: Container, scope: Scope, request: EnrolRequest, reply: EnrolResponse, store: StoreInfo) -> EnrolResponse:
    """Joins the clubs that the till named; a member whose renewal is open gets the next period, any other stays one.

    Each step has its own id, so that the same request never joins or renews twice.
    """
    customer, actor = reply.customer.customer, f"till:{request.store}"
    card = next((one.number for one in reply.customer.cards if one.active and one.number == request.card), "")
    for club in dict.fromkeys(request.clubs):
        step = f"{request.request_id}/{club}"[:80]
        try:
            wanted = JoinRequest(request_id=step, club=club, card=card, until=request.member_until)
            joined(container, scope, customer, wanted, actor=actor)
        except ConflictError as error:
            if error.error_code != "member":
                raise
            _renew(container, scope, customer, club, RenewRequest(request_id=step, card=card, until=request.member_until), actor)
    now = container.clock()
    with container.database.read(scope) as session:
        known = current(container, scope)
        knowing = Knowing(session, scope, company_info(container, scope).currency, known, store.zone, now)
        return reply.model_copy(update={"customer": knowing.view(reply.customer)})


def _renew(container: Container, scope: Scope, customer: str, club: str, request: RenewRequest, actor: str) -> None:
    try:
        renewed(container, scope, customer, club, request, actor=actor)
    except ConflictError as error:
        # A member already, and nothing to renew yet: that is what was asked for.
        if error.error_code not in {"too_early", "no_end", "paused"}:
            raise
