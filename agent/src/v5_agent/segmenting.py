"""Who is in which segment at this till, now: worked out from the store's copy and its own sales since, where these say it."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import date, datetime
from typing import Final

from v5_agent import member
from v5_agent.effects import Effects
from v5_agent.outbox import Outbox
from v5_agent.replica import ReplicaStore
from v5_core.criteria import CriteriaError
from v5_core.model import DocumentKind, DocumentStatus, SalesDocument
from v5_core.push import ReplicaCustomer
from v5_core.segments import Day, Known, Shopper, decide, fingerprint

__all__ = ["Segmenting"]

_log = logging.getLogger(__name__)
# What the store sold to a customer and the copy does not hold yet; a cancelled sale leaves no effect.
_SINCE: Final = (
    "SELECT o.payload, e.earned FROM effect AS e JOIN outbox AS o ON o.event_id = e.event_id"
    " WHERE e.customer = ? AND e.seen = 0 AND e.id >= 'document:' AND e.id < 'document;' ORDER BY o.seq"
)


class Segmenting:
    """Reads."""

    def __init__(self, replica: ReplicaStore, outbox: Outbox, effects: Effects, clock: Callable[[], datetime]) -> None:
        self._replica = replica
        self._outbox = outbox
        self._effects = effects
        self._clock = clock
        self._unread: set[str] = set()

    def of(self, one: ReplicaCustomer, today: date) -> tuple[str, ...]:
        """Names of a customer's segments: those of the copy, changed where this store knows better."""
        defined = self._replica.facts.segments
        if not defined:
            return one.segments
        shopper, known = self._shopper(one, today), self._known(one)
        found = set(one.segments)
        for segment in defined:
            try:
                inside = decide(segment.criteria, shopper, known, today)
            except CriteriaError:
                self._warn(segment.id)
                continue
            if inside is not None:
                (found.add if inside else found.discard)(segment.id)
        return tuple(sorted(found))

    def _warn(self, segment: str) -> None:
        if segment not in self._unread:
            self._unread.add(segment)
            _log.warning("segment %s cannot be read here: is the cloud newer than this agent?", segment)

    def _shopper(self, one: ReplicaCustomer, today: date) -> Shopper:
        asked = self._replica.facts.asked
        active = [club for club in member.memberships(one, asked, today, {}) if club.state in ("active", "ending")]
        return Shopper(
            customer=one.customer,
            name=one.name,
            email=one.email,
            phone=one.phone,
            tax_number=one.tax_number,
            home_store=one.home_store,
            remark=one.remark,
            birth_date=one.birth_date,
            member_since=date.fromisoformat(one.member_since) if one.member_since else None,
            blocked=one.blocked,
            inactive=one.inactive,
            balance=self._effects.standing(one, self._clock()).balance.available,
            card_type=frozenset(card.card_type for card in member.cards(one) if card.active),
            tier=frozenset(view.tier for view in member.tiers(one, asked, today)) if asked.schemes else frozenset(),
            club=frozenset(club.club for club in active),
        )

    def _known(self, one: ReplicaCustomer) -> Known:
        since = self._since(one)
        if one.bought_on is None or one.bought_for != fingerprint(segment.criteria for segment in self._replica.facts.segments):
            # Of somebody enrolled here, who has bought nowhere else yet, the store knows all there is.
            fresh = one.customer.startswith("enrol:")
            return Known(on=self._clock().astimezone(self._replica.facts.zone).date() if fresh else None, since=since)
        return Known(one.bought_on, one.bought, since)

    def _since(self, one: ReplicaCustomer) -> list[Day]:
        found = []
        for row in self._outbox.db.read(_SINCE, (one.points_of,)):
            document = SalesDocument.model_validate(json.loads(row["payload"])["document"])
            buyer = self._replica.resolve(document.customer, document.source)
            # Relatives earn on one account, and each has bought what they bought.
            if document.status is DocumentStatus.ISSUED and (buyer is None or buyer.customer == one.customer):
                day = document.issued_at.astimezone(self._replica.facts.zone).date()
                sold = document.kind is DocumentKind.SALE
                found.append(Day(day, document.store, int(sold), document.gross if sold else -document.gross, row["earned"]))
        return _together(found)


def _together(days: list[Day]) -> list[Day]:
    """One row for each day and store, as the cloud keeps them."""
    found: dict[tuple[date, str], Day] = {}
    for one in days:
        was = found.get((one.day, one.store), Day(one.day, one.store, 0, 0))
        found[one.day, one.store] = Day(one.day, one.store, was.sales + one.sales, was.gross + one.gross, was.points + one.points)
    return list(found.values())
