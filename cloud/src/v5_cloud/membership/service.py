"""Clubs joined, renewed, paused and left; where a customer stands; relatives who share an account."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy.orm import Session

from v5_cloud.customers.keys import fold
from v5_cloud.customers.repository import CustomerRepository
from v5_cloud.hooks.knowing import Knowing
from v5_cloud.hooks.once import once
from v5_cloud.kit.container import Container
from v5_cloud.kit.pagination import Page, decode, page_of
from v5_cloud.kit.stale import stale
from v5_cloud.kit.tenant import Scope
from v5_cloud.membership import schemas
from v5_cloud.membership.gathering import bring_together, locked
from v5_cloud.membership.records import Member, record_of, values_of
from v5_cloud.membership.repository import MembershipRepository
from v5_cloud.models import CustomerRow, MembershipRow, new_id
from v5_cloud.programmes.service import Catalogue, current
from v5_cloud.tenants.service import company_info, epoch_base
from v5_cloud.tenants.setup import audit
from v5_cloud.vouchers.counters import Counters
from v5_cloud.vouchers.repository import VoucherRepository
from v5_core.criteria import RECORD_FIELDS
from v5_core.errors import ConflictError, FieldError, NotFoundError, ValidationError
from v5_core.hooks import MembershipView
from v5_core.membership import Membership, extend, join, leave, may_join, pause, renew, resume
from v5_core.model import Wire
from v5_core.programme import Club

__all__ = ["extended", "joined", "left", "members", "part", "paused", "record_values", "renewed", "resumed", "share", "standing"]

Change = Callable[[Club, Membership | None, date, Collection[str]], Membership]
_RECORD: Final = tuple(RECORD_FIELDS)


def record_values(customer: CustomerRow) -> dict[str, Any]:
    """A customer's record as criteria ask for it; what is empty is unknown."""
    return {name: getattr(customer, name) for name in _RECORD if getattr(customer, name, None) not in (None, "")}


def joined(container: Container, scope: Scope, customer: str, request: schemas.JoinRequest, *, actor: str) -> MembershipView:
    """A customer joins a club.

    Raises:
        ConflictError: A member already, or one who may not join (`may_not_join`).
        NotFoundError: No such customer or club.
        ValidationError: The card is not this customer's.
    """

    def change(club: Club, known: Membership | None, today: date, cards: Collection[str]) -> Membership:
        return join(
            club, customer, today, current=known, card=request.card, cards=cards, starts=request.starts, until=request.until
        )  # fmt: skip

    return _change(container, scope, customer, request.club, "join", request, change, actor, new=True)


def renewed(container: Container, scope: Scope, customer: str, club: str, request: schemas.RenewRequest, *, actor: str) -> MembershipView:
    """The next period of a membership."""
    return _change(
        container, scope, customer, club, "renew", request,
        lambda of, known, today, cards: renew(of, _there(known), today, card=request.card, cards=cards, until=request.until), actor,
    )  # fmt: skip


def paused(container: Container, scope: Scope, customer: str, club: str, request: schemas.PauseRequest, *, actor: str) -> MembershipView:
    """A break."""
    return _change(
        container, scope, customer, club, "pause", request,
        lambda of, known, today, _: pause(of, _there(known), today, first=request.first, last=request.last), actor,
    )  # fmt: skip


def resumed(container: Container, scope: Scope, customer: str, club: str, request: schemas.LeaveRequest, *, actor: str) -> MembershipView:
    """The break ends today."""
    return _change(container, scope, customer, club, "resume", request, lambda _, known, today, __: resume(_there(known), today), actor)


def extended(container: Container, scope: Scope, customer: str, club: str, request: schemas.ExtendRequest, *, actor: str) -> MembershipView:
    """The end moves."""
    return _change(
        container, scope, customer, club, "extend", request, lambda _, known, today, __: extend(_there(known), today, request.days), actor
    )


def left(container: Container, scope: Scope, customer: str, club: str, request: schemas.LeaveRequest, *, actor: str) -> MembershipView:
    """The member leaves today."""
    return _change(container, scope, customer, club, "leave", request, lambda _, known, today, __: leave(_there(known), today), actor)


def _there(known: Membership | None) -> Membership:
    if known is None:
        raise NotFoundError("The customer is not a member of that club.", code="no_member")
    return known


@dataclass(frozen=True, slots=True)
class _Club:
    programme: str
    club: Club


def _club(programmes: Catalogue, now: Any, club: str) -> _Club:
    found = next((_Club(programme, one) for (programme, name), one in programmes.asks(now).clubs.items() if name == club), None)
    if found is None:
        raise NotFoundError("No published programme has that club.", code="unknown_club", errors=(FieldError("club", "unknown", club),))
    return found


def _change(
    container: Container, scope: Scope, customer: str, club_id: str, what: str, request: Any, change: Change, actor: str, *,
    new: bool = False,
) -> MembershipView:  # fmt: skip
    company, now = company_info(container, scope), container.clock()
    today = now.astimezone(company.default_zone).date()
    found = _club(current(container, scope), now, club_id)

    def work(session: Session) -> MembershipView:
        repository, customers = MembershipRepository(session, scope), CustomerRepository(session, scope)
        person = customers.locked(customer)
        pair = customers.get(customer)
        if person is None or pair is None:
            raise NotFoundError("There is no such customer.", code="unknown_customer")
        if new:
            _may_join(found.club, person)
        row = repository.membership(customer, club_id)
        cards = {card.number for card in customers.cards([customer]) if card.active}
        record = change(found.club, record_of(row) if row is not None else None, today, cards)
        row = _written(repository, row, record, found.programme, today, now)
        repository.add(audit(scope, now, actor, f"membership.{what}.{club_id}", customer))
        session.flush()
        customers.touch(pair[1].id, epoch_base(container))
        return _view(repository, row, found, today)

    return once(container, scope, f"membership.{what}:{customer}:{club_id}", request.request_id, request, MembershipView, work)


def _may_join(club: Club, person: CustomerRow) -> None:
    if person.blocked or person.inactive:
        raise ConflictError("The customer is blocked.", code="blocked")
    if not may_join(club, record_values(person)):
        raise ConflictError(f"Only who meets this may join {club.title}: {club.join}", code="may_not_join")


def _written(
    repository: MembershipRepository, row: MembershipRow | None, record: Membership, programme: str, today: date, now: Any
) -> MembershipRow:  # fmt: skip
    values = values_of(record, today)
    if row is None:
        scope = repository.scope
        row = MembershipRow(
            tenant_id=scope.tenant, company_id=scope.company, customer_id=record.customer, programme=programme, club=record.club,
            id=new_id("mb", now), version=1, created_at=now, updated_at=now, **values,
        )  # fmt: skip
        repository.add(row)
        return row
    for name, value in values.items():
        setattr(row, name, value)
    row.version, row.updated_at = row.version + 1, now
    return row


def _view(repository: MembershipRepository, row: MembershipRow, found: _Club, today: date) -> MembershipView:
    member = Member(row.id, found.programme, found.club, record_of(row))
    counters = Counters(VoucherRepository(repository.session, repository.scope))
    spans = {member.counter(one, today)[1] for one in found.club.entitlements}
    if spans:
        counters.read({f"member:{row.id}"}, spans)
    return member.view(today, counters.value)


def members(
    container: Container, scope: Scope, club: str, *, ending: date | None, cursor: str | None, limit: int,
    lasting: date | None = None, over: date | None = None, text: str = "",
) -> Page[schemas.MemberItem]:  # fmt: skip
    """Members of a club.

    Args:
        container: The service.
        scope: Whose club.
        club: Which.
        ending: Only those whose last day is not after it.
        cursor: Of the page before.
        limit: How many.
        lasting: Only who is a member on that day, or rests.
        over: Only who is no member any more on that day.
        text: Only names that have its words in them.

    Raises:
        NotFoundError: No such club.
    """
    company, now = company_info(container, scope), container.clock()
    today = now.astimezone(company.default_zone).date()
    found = _club(current(container, scope), now, club)
    after = decode(cursor, 1)
    with container.database.read(scope) as session:
        repository = MembershipRepository(session, scope)
        rows = repository.members(club, ending, after[0] if after else "", limit + 1, lasting=lasting, over=over, words=fold(text).split())
        return page_of(
            rows,
            limit,
            lambda row: schemas.MemberItem(customer=row[1].id, name=row[1].name, membership=_view(repository, row[0], found, today)),
            lambda row: (row[0].customer_id,),
        )


def standing(container: Container, scope: Scope, customer: str) -> schemas.Standing:
    """Levels, memberships and who shares the account.

    Raises:
        NotFoundError: No such customer.
    """
    company = company_info(container, scope)
    programmes = current(container, scope)
    with container.database.read(scope) as session:
        pair = CustomerRepository(session, scope).get(customer)
        if pair is None:
            raise NotFoundError("There is no such customer.")
        knowing = Knowing(session, scope, company.currency, programmes, company.default_zone, container.clock())
        return schemas.Standing(
            customer=customer,
            tiers=list(knowing.tiers(customer)),
            memberships=list(knowing.memberships(customer)),
            shares_with=pair[0].shares_with,
            relatives=list(MembershipRepository(session, scope).relatives(customer)),
        )


class _Done(Wire):
    customer: str


def share(container: Container, scope: Scope, customer: str, request: schemas.RelativeRequest, *, actor: str) -> schemas.Standing:
    """From now on a relative's purchases go to this customer's account; what the relative has moves there.

    Raises:
        ConflictError: No shared club (`not_shared`), or one of them shares with somebody already (`shares_already`).
        NotFoundError: No such customer.
    """
    company, now = company_info(container, scope), container.clock()
    asks = current(container, scope).asks(now)
    today = now.astimezone(company.default_zone).date()
    with container.database.write(scope) as session:
        repository = MembershipRepository(session, scope)
        if customer == request.relative:
            raise ValidationError("Nobody is a relative of themselves.", errors=(FieldError("relative", "same", "name another customer"),))
        accounts = locked(session, scope, customer, request.relative)
        people = CustomerRepository(session, scope)
        head, relative = people.locked(customer), people.locked(request.relative)
        if head is None or relative is None or not {head.id, relative.id} <= accounts.keys():
            raise NotFoundError("There is no such customer.", code="unknown_customer")
        if head.shares_with or relative.shares_with or repository.relatives(request.relative):
            raise ConflictError("One of them shares an account already.", code="shares_already")
        rows = [(asks.clubs.get((row.programme, row.club)), row) for row in repository.memberships([customer])]
        if not any(club.shared and Member(row.id, row.programme, club, record_of(row)).active(today) for club, row in rows if club):
            raise ConflictError("Only members of a club whose account may be shared have relatives on it.", code="not_shared")
        bring_together(container, scope, session, accounts[relative.id][0], accounts[head.id][0])
        relative.shares_with = customer
        stale(session, scope.tenant, {"customers": {relative.id}})
        repository.add(audit(scope, now, actor, "membership.share", customer))
    return standing(container, scope, customer)


def part(container: Container, scope: Scope, customer: str, relative: str, *, actor: str) -> schemas.Standing:
    """From now on the relative has an account of their own again, empty; what was earned together stays.

    Raises:
        NotFoundError: They do not share.
    """
    now = container.clock()
    with container.database.write(scope) as session:
        repository = MembershipRepository(session, scope)
        person = CustomerRepository(session, scope).locked(relative)
        if person is None or person.shares_with != customer:
            raise NotFoundError("They do not share an account.")
        person.shares_with = None
        person.parted = [*person.parted, [customer, now.isoformat()]]
        stale(session, scope.tenant, {"customers": {relative}})
        repository.add(audit(scope, now, actor, "membership.part", customer))
    return standing(container, scope, customer)
