"""Clubs and levels as people look at them: how many members, since when a level, how far to the next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from v5_cloud.kit.container import Container
from v5_cloud.kit.tenant import Scope
from v5_cloud.membership.measures import Measures
from v5_cloud.membership.repository import MembershipRepository
from v5_cloud.programmes.service import current
from v5_cloud.tenants.service import company_info
from v5_core.programme import Club, TierScheme

__all__ = ["ClubItem", "Level", "clubs", "levels", "today_of"]

_DAY = timedelta(days=1)
_EVER = date(1970, 1, 1)
_DAYS_BACK = 200
"""Days with purchases that are looked through for the beginning of a level; whoever bought on more has had it for long."""


@dataclass(frozen=True, slots=True)
class ClubItem:
    """A club that a published programme has."""

    programme: str
    club: Club
    members: int
    ending: int


@dataclass(frozen=True, slots=True)
class Level:
    """A customer's level, in the scheme's measure: "points" (thousandths), "spend" (minor units) or "visits"."""

    programme: str
    title: str
    since: date | None
    until: date | None
    measure: str
    reached: int
    next_title: str
    next_from: int
    missing: int


def today_of(container: Container, scope: Scope) -> date:
    """Today, in the zone of the company."""
    return container.clock().astimezone(company_info(container, scope).default_zone).date()


def clubs(container: Container, scope: Scope) -> list[ClubItem]:
    """The clubs of the published programmes, with their members."""
    today = today_of(container, scope)
    found = current(container, scope).asks(container.clock()).clubs
    with container.database.read(scope) as session:
        repository = MembershipRepository(session, scope)
        sizes = repository.club_sizes(today, today + timedelta(days=max((club.warn_days for club in found.values()), default=0)))
    names = {one.id: one.name for one in current(container, scope).programmes(container.clock())}
    return [ClubItem(names.get(programme, programme), club, *sizes.get(club.id, (0, 0))) for (programme, _), club in found.items()]


def levels(container: Container, scope: Scope, customer: str) -> list[Level]:
    """Where a customer stands in each programme that has levels."""
    today, asks = today_of(container, scope), current(container, scope).asks(container.clock())
    if not asks.schemes:
        return []
    names = {one.id: one.name for one in current(container, scope).programmes(container.clock())}
    with container.database.read(scope) as session:
        measures = Measures(MembershipRepository(session, scope), asks.schemes, today, 0)
        measures.load([customer], _EVER)
        return [
            _level(names.get(programme, programme), scheme, measures, programme, customer, today)
            for programme, scheme in asks.schemes.items()
        ]


def _level(name: str, scheme: TierScheme, measures: Measures, programme: str, customer: str, today: date) -> Level:
    found = measures.tiers(customer, today)[programme]
    tiers = {tier.id: tier for tier in scheme.tiers}
    above = tiers.get(found.next_tier)
    return Level(
        programme=name,
        title=tiers[found.tier].title or found.tier,
        since=_since(measures, programme, customer, found.tier, today),
        until=found.until,
        measure=scheme.measure,
        reached=found.measure,
        next_title=(above.title or above.id) if above else "",
        next_from=above.threshold if above else 0,
        missing=found.missing,
    )


def _since(measures: Measures, programme: str, customer: str, tier: str, today: date) -> date | None:
    """First day of the unbroken time in which the customer has had a level; None: from the first day on, or for very long."""

    def has(day: date) -> bool:
        return measures.tiers(customer, day)[programme].tier == tier

    known = today
    people = measures.groups.get(customer, {customer})
    bought = {one for person in people for one in measures.days(person) if one <= today}
    for day in sorted(bought, reverse=True)[:_DAYS_BACK]:
        if not has(day):
            return _first(day, known, has)
        if not has(day - _DAY):
            return day
        known = day
    return None


def _first(without: date, having: date, has: Callable[[date], bool]) -> date:
    # Between two purchases a level is only ever lost, so that there is one day on which it became this one.
    while (having - without).days > 1:
        middle = without + (having - without) // 2
        without, having = (without, middle) if has(middle) else (middle, having)
    return having
