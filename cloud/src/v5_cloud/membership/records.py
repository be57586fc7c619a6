"""Membership rows and the records of `v5_core.membership`; what a till sees of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from v5_cloud.models import MembershipRow
from v5_cloud.programmes.asks import Asks, CounterKey
from v5_core.hooks import EntitlementView, MembershipView
from v5_core.membership import Break, Membership, end_of, state_of, window
from v5_core.programme import Club, Entitlement

__all__ = ["Member", "members_for", "members_of", "record_of", "values_of"]


def record_of(row: MembershipRow) -> Membership:
    """The record of a row."""
    breaks = tuple(Break(date.fromisoformat(first), date.fromisoformat(last) if last else None) for first, last in row.breaks)
    renewals = tuple(date.fromisoformat(one) for one in row.renewals)
    return Membership(row.club, row.customer_id, row.since, row.starts, row.until, row.card, breaks, row.left_on, renewals)


def values_of(record: Membership, today: date) -> dict[str, Any]:
    """The columns of a record."""
    return {
        "card": record.card,
        "since": record.since,
        "starts": record.starts,
        "until": record.until,
        "left_on": record.left,
        "breaks": [[one.first.isoformat(), one.last.isoformat() if one.last else None] for one in record.breaks],
        "renewals": [one.isoformat() for one in record.renewals],
        "ends_on": end_of(record, today),
    }


@dataclass(frozen=True, slots=True)
class Member:
    """A membership with its club, as published."""

    id: str
    programme: str
    club: Club
    record: Membership

    def active(self, day: date) -> bool:
        """Whether its benefits count on a day."""
        return state_of(self.club, self.record, day) in ("active", "ending")

    def counter(self, entitlement: Entitlement, day: date) -> CounterKey:
        """Where the uses of an entitlement are counted on a day."""
        return (f"member:{self.id}", window(entitlement, self.record, day)[0], f"entitlement:{self.programme}/{entitlement.id}")

    def view(self, day: date, used: Callable[[CounterKey], int]) -> MembershipView:
        """As a till shows it."""
        entitlements = tuple(
            EntitlementView(
                entitlement=one.id,
                title=one.title,
                left=max(0, one.uses - used(self.counter(one, day))),
                until=window(one, self.record, day)[1],
            )
            for one in self.club.entitlements
        )
        return MembershipView(
            club=self.club.id,
            title=self.club.title,
            state=state_of(self.club, self.record, day),
            since=self.record.since,
            until=end_of(self.record, day),
            entitlements=entitlements if self.active(day) else (),
        )


def members_for(asks: Asks, customer: str, rows: Iterable[MembershipRow]) -> list[Member]:
    """Memberships that count for one customer, out of their own and those of whom they share an account with."""
    rows = list(rows)
    head = next((row.customer_id for row in rows if row.customer_id != customer), None)
    return members_of(asks, rows, {customer: head} if head else None).get(customer, [])


def members_of(asks: Asks, rows: Iterable[MembershipRow], shared: Mapping[str, str] | None = None) -> dict[str, list[Member]]:
    """Memberships by customer; those of clubs that are no longer published are left out.

    Args:
        asks: Of the programmes of the day.
        rows: Memberships of the customers, and of those whose account they share.
        shared: By customer, whose account it uses: memberships of clubs that may be shared count for both.
    """
    found: dict[str, list[Member]] = {}
    users: dict[str, list[str]] = {}
    for customer, head in (shared or {}).items():
        users.setdefault(head, []).append(customer)
    for row in rows:
        club = asks.clubs.get((row.programme, row.club))
        if club is None:
            continue
        member = Member(row.id, row.programme, club, record_of(row))
        for customer in (row.customer_id, *(users.get(row.customer_id, ()) if club.shared else ())):
            found.setdefault(customer, []).append(member)
    return found
