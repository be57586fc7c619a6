"""Customers enrolled, and clubs joined, as this store knows them before the cloud's own record arrives: benefits count at that moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Final

from v5_agent import member
from v5_agent.local import PROVISIONAL_CUSTOMER, Local
from v5_agent.replica import spellings
from v5_core.errors import BlockedError, ConflictError, FieldError, ValidationError
from v5_core.hooks import CustomerView, EnrolRequest, MembershipView
from v5_core.ids import normalise_phone, normalise_tax_number
from v5_core.membership import Membership, join, join_fields, may_join, renew
from v5_core.model import Card
from v5_core.programme import Club
from v5_core.push import ReplicaCustomer, ReplicaMembership

__all__ = ["Enrolling"]

# Fields of the record that the store's copy carries.
_CARRIED: Final = ("name", "phone", "email", "tax_number", "birth_date", "home_store", "remark", "blocked")


class Enrolling:
    """Reads, and says what the replica should hold."""

    def __init__(self, local: Local, clock: Callable[[], datetime]) -> None:
        self._local = local
        self._clock = clock

    def checked(self, request: EnrolRequest) -> EnrolRequest:
        """Numbers in their one spelling; what is wrong is said while the customer still stands there, line or no line.

        Raises:
            ValidationError: Nothing is said of the customer, a number is wrong, or there is no such club.
        """
        if not (request.name or request.phone or request.email or request.tax_number or request.card):
            raise ValidationError(
                "a customer needs a name or a contact",
                errors=(FieldError("name", "required", "give a name, a phone, an e-mail or a card"),),
            )
        country = request.tax_country
        tax = normalise_tax_number(request.tax_number, country) if request.tax_number else None
        phone = normalise_phone(request.phone, country) if request.phone else None
        known = {club for _, club in self._local.replica.facts.asked.clubs}
        wrong = [FieldError(f"clubs.{at}", "unknown_club", club) for at, club in enumerate(request.clubs) if club not in known]
        if wrong:
            raise ValidationError("there is no such club", code="unknown_club", errors=tuple(wrong))
        return request.model_copy(update={"tax_number": tax, "phone": phone})

    def known(self, request: EnrolRequest) -> ReplicaCustomer | None:
        """Who is known here already by one of the numbers."""
        for kind, value in (("card", request.card), ("tax", request.tax_number), ("phone", request.phone)):
            for spelling in spellings(kind, value) if value else ():
                found = [one for one in self._local.replica.by_key(kind, spelling) if not one.inactive]
                if len(found) == 1:
                    return found[0]
        return None

    def own(self, request: EnrolRequest) -> ReplicaCustomer:
        """A record of our own."""
        return ReplicaCustomer(
            customer=f"{PROVISIONAL_CUSTOMER}{request.request_id}",
            name=request.name,
            cards=(request.card,) if request.card else (),
            phone=request.phone,
            tax_number=request.tax_number,
            email=request.email,
            home_store=request.store,
            birth_date=request.birth_date,
            member_since=self._local.own.day(self._clock()).isoformat(),
        )

    def joined(self, one: ReplicaCustomer, request: EnrolRequest) -> ReplicaCustomer:
        """The customer with the clubs that the request names: joined, renewed where that is open, else left as they are.

        Raises:
            ConflictError: The customer may not join (`may_not_join`), or only the cloud can tell (`offline`).
        """
        today = self._local.own.day(self._clock())
        for name in dict.fromkeys(request.clubs):
            programme, club = next((key[0], club) for key, club in self._local.replica.facts.asked.clubs.items() if key[1] == name)
            self._may_join(club, one, request)
            before = next((part for part in one.memberships if (part.programme, part.club) == (programme, name)), None)
            record = _next(club, one.customer, member.record(one, before) if before else None, today, request.member_until)
            if record is not None:
                kept = tuple(part for part in one.memberships if part is not before)
                one = one.model_copy(update={"memberships": (*kept, _carried(programme, record))})
        return one

    @staticmethod
    def _may_join(club: Club, one: ReplicaCustomer, request: EnrolRequest) -> None:
        """By what is known here: the copy's record, with what the request adds to it. Of somebody enrolled just now that is all."""
        record: dict[str, Any] = {name: getattr(one, name) for name in _CARRIED}
        record["member_since"] = date.fromisoformat(one.member_since) if one.member_since else None
        record |= {name: value for name in _CARRIED if (value := getattr(request, name, None)) not in (None, "")}
        if one.customer.startswith(PROVISIONAL_CUSTOMER):
            record |= {"origin": "till", "home_store": request.store}
            record |= {f"consent_{way}": request.consents(way) for way in ("sms", "email", "post")}
        if join_fields(club) - record.keys():
            raise ConflictError(f"who may join {club.title} can only be said while the line is up", code="offline")
        if one.blocked:
            raise BlockedError
        if not may_join(club, record):
            raise ConflictError(f"only who meets this may join {club.title}: {club.join}", code="may_not_join")

    def told(self, request: EnrolRequest, view: CustomerView, before: ReplicaCustomer | None) -> ReplicaCustomer:
        """The cloud's record, as far as its answer tells, until the next replica: the very next sale knows the customer."""
        clubs = {club.id: key[0] for key, club in self._local.replica.facts.asked.clubs.items()}
        memberships = tuple(_shown(clubs[one.club], one) for one in view.memberships if one.club in clubs and one.state != "ended")
        numbers = tuple(card.number for card in view.cards)
        special = tuple(card for card in view.cards if card != Card(number=card.number))
        if before is not None:
            return before.model_copy(update={"memberships": memberships, "cards": numbers, "plastic": special})
        return self.own(request).model_copy(
            update={
                "customer": view.customer,
                "name": view.name,
                "cards": numbers,
                "plastic": special,
                "memberships": memberships,
                "balance_available": view.balance.available,
                "balance_held": view.balance.held,
            }
        )


def _next(club: Club, customer: str, before: Membership | None, today: date, until: date | None) -> Membership | None:
    try:
        return join(club, customer, today, current=before, until=until)
    except ConflictError:
        try:
            return renew(club, before, today, until=until) if before is not None else None
        except ConflictError:
            return None


def _carried(programme: str, record: Membership) -> ReplicaMembership:
    return ReplicaMembership(
        programme=programme, club=record.club, since=record.since, starts=None if record.starts == record.since else record.starts,
        until=record.until, breaks=tuple((one.first, one.last) for one in record.breaks), renewals=record.renewals,
    )  # fmt: skip


def _shown(programme: str, view: MembershipView) -> ReplicaMembership:
    return ReplicaMembership(programme=programme, club=view.club, since=view.since, until=view.until)
