"""What is stored about a customer and about the codes that a basket names, read for a quote or for whoever asks who this is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from v5_cloud.kit.tenant import Scope
from v5_cloud.membership.measures import Measures
from v5_cloud.membership.records import Member, members_for
from v5_cloud.membership.repository import MembershipRepository
from v5_cloud.models import VoucherRow
from v5_cloud.programmes.asks import Asks
from v5_cloud.programmes.service import Catalogue
from v5_cloud.segments.repository import SegmentRepository
from v5_cloud.vouchers.counters import Counters, periods_of, scopes_of
from v5_cloud.vouchers.purse import MONEY, Purse
from v5_cloud.vouchers.repository import VoucherRepository
from v5_core.engine import CustomerFacts, SaleState
from v5_core.hooks import CustomerView, MembershipView, QuoteRequest, TierView, VoucherView

__all__ = ["Knowing"]


@dataclass(slots=True)
class Knowing:
    """Reads; locks and changes nothing. What the programmes do not ask for costs no statement."""

    session: Session
    scope: Scope
    currency: str
    programmes: Catalogue
    zone: ZoneInfo
    now: datetime

    def _asks(self, at: datetime) -> Asks:
        return self.programmes.asks(at)

    def _measures(self, asks: Asks, customer: str, day: date) -> Measures | None:
        if not asks.measured:
            return None
        measures = Measures(MembershipRepository(self.session, self.scope), asks.schemes, day, 0)
        measures.load([customer], day)
        return measures

    def _members(self, asks: Asks, customer: str) -> list[Member]:
        if not asks.clubs:
            return []
        return members_for(asks, customer, MembershipRepository(self.session, self.scope).memberships_for(customer))

    def sale(self, request: QuoteRequest, facts: CustomerFacts | None) -> tuple[CustomerFacts | None, SaleState]:
        """The customer's further facts, and what is stored about the basket."""
        asks, day = self._asks(request.at), request.at.astimezone(self.zone).date()
        repository = VoucherRepository(self.session, self.scope)
        counters = Counters(repository)
        customer = facts.customer if facts is not None else None
        scopes, periods = scopes_of(customer, request.store, request.codes), periods_of(day)
        members = self._members(asks, customer) if customer is not None else []
        if asks.counted:
            for one in members:
                scopes.add(f"member:{one.id}")
                periods |= {one.counter(got, day)[1] for got in one.club.entitlements}
            counters.read(scopes, periods)
        purse = Purse(repository, self.currency, self.now)
        if request.codes or request.stored_value:
            purse.load([*request.codes, *(one.code for one in request.stored_value)], lock=False)
        rows = {code: row for code in request.codes if (row := purse.row(code)) is not None}
        money = {one.code: row for one in request.stored_value if (row := purse.row(one.code)) is not None}
        money |= {code: row for code, row in rows.items() if row.kind in MONEY}
        state = SaleState(
            coupons={code: purse.coupon(row) for code, row in rows.items() if row.kind not in MONEY},
            # What only its customer may name is nothing to anybody else.
            stored={code: purse.stored(row) for code, row in money.items() if row.kind in MONEY and _may(row, customer)},
            used=counters.used(scopes, periods) if asks.counted else {},
        )
        worth = sum(line.signed_gross for line in request.lines)
        return (None if facts is None else self._further(asks, facts, members, counters, day, worth)), state

    def facts(self, facts: CustomerFacts) -> CustomerFacts:
        """The customer's facts with levels, clubs and visits, without a basket."""
        asks, day = self._asks(self.now), self.now.astimezone(self.zone).date()
        counters = Counters(VoucherRepository(self.session, self.scope))
        return self._further(asks, facts, self._members(asks, facts.customer), counters, day)

    def _further(
        self, asks: Asks, facts: CustomerFacts, members: list[Member], counters: Counters, day: date, sale: int | None = None
    ) -> CustomerFacts:
        more: dict[str, Any] = {}
        measures = self._measures(asks, facts.customer, day)
        if measures is not None:
            sales, last = measures.visits(facts.customer, day)
            levels = measures.tiers(facts.customer, day, sale=sale)
            more = {"sales": sales, "last_visit": last, "tiers": frozenset(one.tier for one in levels.values())}
        active = [one for one in members if one.active(day)]
        if active:
            more["clubs"] = frozenset(one.club.id for one in active)
            more["entitlements"] = {
                got.id: max(0, got.uses - counters.value(one.counter(got, day))) for one in active for got in one.club.entitlements
            }
        if asks.segmented:
            more["segments"] = frozenset(self._segments(facts.customer))
        return replace(facts, **more) if more else facts

    def _segments(self, customer: str) -> tuple[str, ...]:
        return tuple(SegmentRepository(self.session, self.scope).of([customer]).get(customer, ()))

    def view(self, view: CustomerView) -> CustomerView:
        """The customer's levels, memberships and vouchers too."""
        asks, day = self._asks(self.now), self.now.astimezone(self.zone).date()
        measures = self._measures(asks, view.customer, day) if asks.schemes else None
        more: dict[str, Any] = {
            "tiers": measures.views(view.customer) if measures is not None else (),
            "memberships": self.memberships(view.customer),
            "segments": self._segments(view.customer),
            "vouchers": self.vouchers(view.customer) if asks.coded else (),
        }
        return view.model_copy(update={name: value for name, value in more.items() if value})

    def tiers(self, customer: str) -> tuple[TierView, ...]:
        """Levels today."""
        asks, day = self._asks(self.now), self.now.astimezone(self.zone).date()
        measures = self._measures(asks, customer, day) if asks.schemes else None
        return measures.views(customer) if measures is not None else ()

    def memberships(self, customer: str) -> tuple[MembershipView, ...]:
        """Memberships with what is left of each entitlement."""
        asks, day = self._asks(self.now), self.now.astimezone(self.zone).date()
        members = self._members(asks, customer)
        if not members:
            return ()
        counters = Counters(VoucherRepository(self.session, self.scope))
        spans = {one.counter(got, day)[1] for one in members for got in one.club.entitlements}
        if spans:
            counters.read({f"member:{one.id}" for one in members}, spans)
        return tuple(one.view(day, counters.value) for one in members)

    def vouchers(self, customer: str) -> tuple[VoucherView, ...]:
        """Vouchers, cards and coupons of a customer that can be used today or later."""
        repository = VoucherRepository(self.session, self.scope)
        purse = Purse(repository, self.currency, self.now)
        rows = [row for row in repository.of_customer(customer) if row.valid_until is None or self.now < row.valid_until]
        purse.load([row.code for row in rows], lock=False)
        left = [row for row in rows if (purse.balance(row) > 0 if row.kind in MONEY else row.uses > row.used + row.held)]
        return tuple(purse.view(row, self.zone) for row in left)


def _may(row: VoucherRow, customer: str | None) -> bool:
    return row.by_code or row.customer_id == customer
