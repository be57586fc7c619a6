"""What housekeeping does of events: birthdays and anniversaries of the day, and referrals that nobody looked at."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Final

from v5_cloud.events.repository import EventRepository
from v5_cloud.events.service import CALENDAR, REFERRALS, give, settle_one
from v5_cloud.kit.container import Container
from v5_cloud.kit.tenant import Scope
from v5_cloud.programmes.service import current
from v5_cloud.settlement.service import again
from v5_cloud.tenants.service import company_info
from v5_core.programme import EarnEvent

__all__ = ["celebrate"]

_CHUNK: Final = 200
_LATE: Final = 8


def celebrate(container: Container, scope: Scope) -> int:
    """One round over a company's customers; gives how many were given something. Two rounds at once give nobody anything twice."""
    known = current(container, scope)
    now = container.clock()
    events = {rule.event for _, rule in known.asks(now).events if isinstance(rule, EarnEvent)}
    moved = _referrals(container, scope) if events & REFERRALS else 0
    if not events & CALENDAR:
        return moved
    company = company_info(container, scope)
    zones = {company.default_zone, *(store.zone for store in company.stores.values())}
    todays = {now.astimezone(zone).date() for zone in zones}
    # The whole company is looked through once in a day of each of its zones, and after each publication.
    marker, state = ("celebrated", scope.tenant, scope.company), (known.stamp, frozenset(todays))
    if container.cache.get(marker, (0.0, None))[1] == state:
        return moved
    days = {day - timedelta(days=late) for day in todays for late in range(_LATE)}
    after = ""
    while True:
        with container.database.read(scope) as session:
            ids = EventRepository(session, scope).celebrating(days, after, _CHUNK)
        if not ids:
            break
        moved += again(partial(_give, container, scope, ids))
        after = ids[-1]
    container.cache[marker] = (0.0, state)
    return moved


def _give(container: Container, scope: Scope, ids: list[str]) -> int:
    with container.database.write(scope) as session:
        return len(give(container, scope, session, ids, calendar=True))


def _referrals(container: Container, scope: Scope) -> int:
    with container.database.read(scope) as session:
        subjects = EventRepository(session, scope).open_referrals(_CHUNK)
    return sum(settle_one(container, scope, one) for one in subjects)
