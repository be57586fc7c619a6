"""A membership of a club, and what may happen to it. Nothing here changes in place: each step gives a new membership."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from v5_core.days import add_months, period
from v5_core.errors import ConflictError, FieldError, ValidationError
from v5_core.programme import Club, Entitlement

__all__ = ["Break", "Membership", "end_of", "extend", "join", "leave", "pause", "renew", "resume", "state_of", "window"]

State = Literal["active", "ending", "paused", "ended"]
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Break:
    """Days on which a membership rests, both included; `last` is None while nobody said when it ends."""

    first: date
    last: date | None = None

    def days(self, today: date) -> int:
        """How many they are so far."""
        last = today if self.last is None else self.last
        return max(0, (last - self.first).days + 1)

    def covers(self, day: date) -> bool:
        """Whether the membership rests on a day."""
        return self.first <= day and (self.last is None or day <= self.last)


@dataclass(frozen=True, slots=True)
class Membership:
    """One customer in one club.

    Attributes:
        card: Number of the card that was handed over or shown.
        since: First day of the unbroken row of periods.
        starts: First day of the first of these periods that is still of interest.
        until: Last day of the last of them, before breaks are added; None never ends.
        breaks: Since `starts`.
        renewals: First days of the periods that follow, before breaks are added.
        left: Day on which the member left, if so.
    """

    club: str
    customer: str
    since: date
    starts: date
    until: date | None
    card: str = ""
    breaks: tuple[Break, ...] = ()
    left: date | None = None
    renewals: tuple[date, ...] = ()

    def moved(self, today: date) -> timedelta:
        """By how many days the breaks move the end."""
        return timedelta(days=sum(one.days(today) for one in self.breaks))

    def period_start(self, today: date) -> date:
        """First day of the period in which a day lies."""
        moved = self.moved(today)
        return max((first + moved for first in self.renewals if first + moved <= today), default=self.starts)


def end_of(membership: Membership, today: date) -> date | None:
    """The last day of the current period, moved by its breaks; None never ends."""
    if membership.left is not None:
        return membership.left
    if membership.until is None:
        return None
    return membership.until + membership.moved(today)


def state_of(club: Club, membership: Membership, today: date) -> State:
    """What the till says of it. One that begins later is active from its first day on and ended until then."""
    end = end_of(membership, today)
    if today < membership.starts or (membership.left is not None and today >= membership.left) or (end is not None and end < today):
        return "ended"
    if any(one.covers(today) for one in membership.breaks):
        return "paused"
    return "ending" if end is not None and end - timedelta(days=club.warn_days) <= today else "active"


def join(
    club: Club, customer: str, today: date, *,
    current: Membership | None = None, card: str = "", cards: Collection[str] = (), starts: date | None = None, until: date | None = None,
) -> Membership:  # fmt: skip
    """A new membership; its benefits count from this very moment.

    Args:
        club: Which.
        customer: Who.
        today: When.
        current: What the customer had of this club before.
        card: Shown or handed over; must then be one of `cards`.
        cards: Numbers of the customer's cards.
        starts: First day; today unless told otherwise.
        until: Last day, where it is not the club's own length.

    Raises:
        ConflictError: A member already (`member`).
        ValidationError: The card is not this customer's (`card_of_another`), or it ends before it starts.
    """
    if current is not None and state_of(club, current, today) != "ended":
        raise ConflictError(f"already a member of {club.title}", code="member")
    _own(card, cards)
    first = starts or today
    last = until or _last(club, first)
    _ordered(first, last)
    return Membership(club.id, customer, first, first, last, card)


def renew(
    club: Club, membership: Membership, today: date, *, card: str = "", cards: Collection[str] = (), until: date | None = None
) -> Membership:
    """The next period. Early and within the late days it follows the old one without a gap; later it begins today.

    Raises:
        ConflictError: Too early (`too_early`), it never ends (`no_end`), or it rests just now (`paused`).
        ValidationError: The card is not this customer's (`card_of_another`).
    """
    _own(card, cards)
    end = end_of(membership, today)
    if end is None:
        raise ConflictError("the membership never ends: there is nothing to renew", code="no_end")
    if state_of(club, membership, today) == "paused":
        raise ConflictError("the membership rests: resume it first", code="paused")
    opens = end - timedelta(days=club.renew_days)
    if today < opens:
        raise ConflictError(f"it can be renewed from {opens.isoformat()} on", code="too_early")
    if membership.left is not None or today > end + timedelta(days=club.late_days):
        last = until or _last(club, today)
        _ordered(today, last)
        return Membership(club.id, membership.customer, today, today, last, card or membership.card)
    moved = membership.moved(today)
    first = end + _DAY - moved
    last = until - moved if until else _last(club, first)
    _ordered(first, last)
    return replace(membership, until=last, renewals=(*membership.renewals, first), card=card or membership.card)


def pause(club: Club, membership: Membership, today: date, *, first: date | None = None, last: date | None = None) -> Membership:
    """Lets it rest, from today or a later day on; the end moves by the days of the break.

    Raises:
        ConflictError: The club knows no breaks (`no_breaks`), it rests already (`paused`), or it is over (`ended`).
        ValidationError: The break ends before it begins, or begins in the past.
    """
    if not club.breaks:
        raise ConflictError(f"{club.title} knows no breaks", code="no_breaks")
    begins = first or today
    if begins < today or (last is not None and last < begins):
        raise ValidationError("the break is in the past", errors=(FieldError("first", "order", "today or a later day is expected"),))
    if state_of(club, membership, today) == "ended":
        raise ConflictError("the membership is over", code="ended")
    if any(one.last is None or begins <= one.last for one in membership.breaks):
        raise ConflictError("the membership rests already, or is going to", code="paused")
    return replace(membership, breaks=(*membership.breaks, Break(begins, last)))


def resume(membership: Membership, today: date) -> Membership:
    """Ends the break that covers today, or one that never had an end; today counts again.

    Raises:
        ConflictError: It does not rest (`not_paused`).
    """
    resting = next((one for one in membership.breaks if one.covers(today)), None)
    if resting is None:
        raise ConflictError("the membership does not rest", code="not_paused")
    kept = tuple(one for one in membership.breaks if one is not resting)
    shortened = (replace(resting, last=today - _DAY),) if resting.first < today else ()
    return replace(membership, breaks=(*kept, *shortened))


def extend(membership: Membership, today: date, days: int) -> Membership:
    """Moves the end by some days, also back (but not before today).

    Raises:
        ConflictError: It never ends (`no_end`), or would end before today (`ended`).
    """
    end = end_of(membership, today)
    if end is None or membership.until is None or membership.left is not None:
        raise ConflictError("the membership has no end to move", code="no_end")
    if days < 0 and end + timedelta(days=days) < today:
        raise ConflictError("the membership would end in the past: let the member leave instead", code="ended")
    return replace(membership, until=membership.until + timedelta(days=days))


def leave(membership: Membership, today: date) -> Membership:
    """Ends it today: from this day on it gives nothing."""
    return replace(membership, left=today)


def window(entitlement: Entitlement, membership: Membership, today: date) -> tuple[str, date | None]:
    """The name and the last day of the period in which the uses of an entitlement are counted."""
    if entitlement.per == "membership":
        return membership.period_start(today).isoformat(), end_of(membership, today)
    return period(entitlement.per, today)


def _last(club: Club, first: date) -> date | None:
    return add_months(first, club.months) - _DAY if club.months else None


def _ordered(first: date, last: date | None) -> None:
    if last is not None and last < first:
        raise ValidationError("the membership ends before it starts", errors=(FieldError("until", "order", "a later day is expected"),))


def _own(card: str, cards: Collection[str]) -> None:
    if card and card not in cards:
        wrong = FieldError("card", "card_of_another", "scan a card of this customer")
        raise ValidationError("the card is not this customer's", code="card_of_another", errors=(wrong,))
