"""Vouchers that no sale makes: for a birthday, and for a new customer who gives an e-mail address. Once for each occurrence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from v5_cloud.kit.bulk import WriteSet
from v5_cloud.kit.container import Container
from v5_cloud.kit.tenant import Scope
from v5_cloud.ledger.working import Cause
from v5_cloud.membership.giving import issue_of
from v5_cloud.messages.notices import given
from v5_cloud.models import CustomerRow, MessageRow, VoucherRow, new_id
from v5_cloud.programmes.service import Catalogue, current
from v5_cloud.settlement.service import again
from v5_cloud.tenants.service import company_info, epoch_base
from v5_cloud.vouchers.counters import Counters
from v5_cloud.vouchers.purse import Purse
from v5_cloud.vouchers.repository import VoucherRepository
from v5_core.days import anniversary
from v5_core.engine import CustomerFacts
from v5_core.hooks import VoucherView
from v5_core.programme import VoucherRule
from v5_core.stored import Measured, draft, meant

__all__ = ["birthdays", "event_vouchers"]

_CHUNK: Final = 200
# Days that a service may have stood still without anybody losing a voucher.
_LATE: Final = 8
Occasion = Literal["birthday", "new_customer"]


@dataclass(slots=True)
class Given:
    """Vouchers that were made, by customer."""

    purse: Purse
    rows: dict[str, list[VoucherRow]] = field(default_factory=dict)

    def views(self, customer: str, zone: ZoneInfo) -> tuple[VoucherView, ...]:
        """As a till shows them."""
        return tuple(self.purse.view(row, zone) for row in self.rows.get(customer, ()))


def event_vouchers(
    container: Container, scope: Scope, session: Session, programmes: Catalogue, occasion: Occasion, people: Sequence[CustomerRow]
) -> Given:
    """Makes what the rules of an occasion give these customers, in the caller's transaction; nobody gets the same twice."""
    company, now = company_info(container, scope), container.clock()
    zone = company.default_zone
    asks, today = programmes.asks(now), now.astimezone(zone).date()
    rules = [(one, rule) for one, rule in asks.events if isinstance(rule, VoucherRule) and rule.kind == occasion]
    repository = VoucherRepository(session, scope)
    purse, counters = Purse(repository, company.currency, now), Counters(repository)
    found, told = Given(purse), list[dict[str, Any]]()
    if not rules or not people:
        return found
    for person in people:
        year = _year(person.birth_date, today) if occasion == "birthday" else ""
        facts = CustomerFacts(
            person.id, frozenset(person.card_types), birth_date=person.birth_date, member_since=person.member_since, blocked=person.blocked
        )
        for programme, rule in rules:
            if year is None or person.inactive or not meant(programme, rule, facts, now, zone, person.home_store):
                continue
            once = (f"customer:{person.id}", year, f"event:{programme.id}/{rule.id}")
            limits = asks.limit_keys(programme.id, rule.id, today, customer=person.id, store=person.home_store)
            counters.lock([once, *(key for _, _, key in limits)])
            made = draft(rule, Measured(0, rule.visits), at=now, zone=zone, rounding=programme.policies.discount_rounding)
            if counters.value(once) or made is None or any(counters.value(key) >= limit.uses for _, limit, key in limits):
                continue
            for key in (once, *(key for _, _, key in limits)):
                counters.add(key, used=1)
            wanted = issue_of(programme, made, person.id, "rule")
            row = purse.issue(wanted, new_id("is", now), at=now, cause=Cause(None, person.home_store, zone))
            found.rows.setdefault(person.id, []).append(row)
            if rule.notify:
                told += given(scope, company, f"{programme.id}/{rule.id}/{year}", row, person, now)
    writes = WriteSet(scope)
    purse.collect(writes, zone)
    counters.collect(writes)
    writes.put(MessageRow, told, "keep")
    session.flush()
    writes.flush(session, epoch_base(container))
    return found


def birthdays(container: Container, scope: Scope) -> int:
    """Vouchers of today's birthdays, and of the last days' that nobody made; gives how many customers got one."""
    programmes = current(container, scope)
    company, now = company_info(container, scope), container.clock()
    today = now.astimezone(company.default_zone).date()
    if not any(isinstance(rule, VoucherRule) and rule.kind == "birthday" for _, rule in programmes.asks(now).events):
        return 0
    # The whole company is looked through once a day, and after each publication.
    marker, state = ("birthdays", scope.tenant, scope.company), (programmes.stamp, today)
    if container.cache.get(marker, (0.0, None))[1] == state:
        return 0
    days = {today - timedelta(days=late) for late in range(_LATE)}
    moved, after = 0, ""
    while True:
        with container.database.read(scope) as session:
            ids = VoucherRepository(session, scope).born(days, after, _CHUNK)
        if not ids:
            break
        moved += again(partial(_congratulate, container, scope, programmes, ids))
        after = ids[-1]
    container.cache[marker] = (0.0, state)
    return moved


def _congratulate(container: Container, scope: Scope, programmes: Catalogue, ids: Sequence[str]) -> int:
    with container.database.write(scope) as session:
        people = VoucherRepository(session, scope).people(ids)
        return len(event_vouchers(container, scope, session, programmes, "birthday", people).rows)


def _year(birth: date | None, today: date) -> str | None:
    # The year of the birthday that was last, if it was these days: on 2 January that may be last year's.
    if birth is None:
        return None
    for year in (today.year, today.year - 1):
        day = anniversary(birth, year)
        if day <= today:
            return str(year) if (today - day).days < _LATE else None
    return None
