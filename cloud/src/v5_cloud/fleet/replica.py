"""The replica from which a store answers its tills: pages of customers with whatever the programmes of today ask of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from v5_cloud.access.service import Machine
from v5_cloud.customers.repository import CustomerRepository
from v5_cloud.fleet.repository import FleetRepository
from v5_cloud.kit.container import Container
from v5_cloud.kit.tenant import Scope
from v5_cloud.membership.measures import Measures
from v5_cloud.membership.records import Member, members_of
from v5_cloud.membership.repository import MembershipRepository
from v5_cloud.models import AccountRow, CustomerRow, SegmentRow, VoucherRow
from v5_cloud.programmes.asks import Asks
from v5_cloud.programmes.service import current
from v5_cloud.segments.refreshing import criteria_of
from v5_cloud.segments.repository import SegmentRepository
from v5_cloud.segments.shoppers import ShopperRepository
from v5_cloud.tenants.service import company_info, epoch_base
from v5_cloud.vouchers.counters import Counters, periods_of
from v5_cloud.vouchers.purse import MONEY
from v5_cloud.vouchers.repository import VoucherRepository
from v5_core.model import Card, CardKind
from v5_core.push import Replica, ReplicaCustomer, ReplicaMembership, ReplicaSegment, ReplicaTier, ReplicaVoucher
from v5_core.segments import fingerprint, measured

__all__ = ["replica_page"]

_PAGE: Final = 500
_MOST_VOUCHERS: Final = 100


def replica_page(container: Container, machine: Machine, since: int) -> Replica:
    """A page of what the store needs to answer its tills alone."""
    scope, now = machine.scope, container.clock()
    company = company_info(container, scope, store=machine.store)
    store = company.stores[machine.store]
    known = current(container, scope)
    today = now.astimezone(store.zone).date()
    with container.database.read(scope) as session:
        repository = FleetRepository(session, scope)
        horizon = repository.horizon(epoch_base(container))
        rows, version, more = repository.replica(since, horizon, _PAGE)
        carried = _Carried(session, scope, known.asks(now), now, today, [customer.id for _, customer in rows], segmented=company.segmented)
        customers = tuple(_customer(account, customer, carried) for account, customer in rows)
        used = carried.of_everybody(machine.store)
    return Replica(
        version=version,
        complete=not more,
        company_name=company.name,
        store_name=store.name,
        timezone=str(store.zone),
        language=store.language,
        receipt_url=company.receipt_url,
        customers=customers,
        programmes=known.programmes(now),
        directives=store.directives,
        offline_points_limit=company.offline_points_limit,
        used=used,
        segments=tuple(ReplicaSegment(id=row.id, criteria=row.criteria) for row in carried.defined),
    )


@dataclass(slots=True)
class _Carried:
    """What a page of customers has beside points. What the programmes do not ask for costs no statement and is not carried."""

    session: Session
    scope: Scope
    asks: Asks
    now: datetime
    today: date
    ids: Sequence[str]
    cards: dict[str, list[Card]] = field(default_factory=dict)
    members: dict[str, list[Member]] = field(default_factory=dict)
    defined: Sequence[SegmentRow] = ()
    segments: dict[str, list[str]] = field(default_factory=dict)
    bought: dict[str, dict[str, int]] = field(default_factory=dict)
    vouchers: dict[str, list[ReplicaVoucher]] = field(default_factory=dict)
    measures: Measures | None = None
    segmented: bool = False
    fingerprint: str = ""
    counted: dict[str, dict[str, int]] = field(default_factory=dict)
    counters: Counters = field(init=False)

    def __post_init__(self) -> None:
        self.counters = Counters(VoucherRepository(self.session, self.scope))
        self.defined = _readable(SegmentRepository(self.session, self.scope).all()) if self.segmented else ()
        if not self.ids:
            return
        for row in CustomerRepository(self.session, self.scope).cards(self.ids):
            card = Card(
                number=row.number, kind=CardKind(row.kind), card_type=row.card_type, active=row.active, rate=row.rate,
                valid_until=row.valid_until,
            )  # fmt: skip
            self.cards.setdefault(row.customer_id, []).append(card)
        self.segments = SegmentRepository(self.session, self.scope).of(self.ids)
        if self.defined:
            days, criteria = ShopperRepository(self.session, self.scope).days(self.ids), [one.criteria for one in self.defined]
            self.bought = {one: measured(criteria, days.get(one, ()), self.today) for one in self.ids}
            self.fingerprint = fingerprint(criteria)
        stand = MembershipRepository(self.session, self.scope)
        if self.asks.measured:
            self.measures = Measures(stand, self.asks.schemes, self.today, 0)
            self.measures.load(self.ids, self.today)
        if self.asks.clubs:
            self.members = members_of(self.asks, stand.memberships(self.ids))
        if self.asks.coded:
            for voucher, account in FleetRepository(self.session, self.scope).vouchers(self.ids):
                self._voucher(voucher, account)
        self._count()

    def _voucher(self, row: VoucherRow, account: AccountRow | None) -> None:
        amount = account.balance - account.held if account is not None else 0
        uses = row.uses - row.used - row.held
        mine = self.vouchers.setdefault(str(row.customer_id), [])
        lapsed = row.valid_until is not None and row.valid_until <= self.now
        if lapsed or (amount if row.kind in MONEY else uses) <= 0 or len(mine) >= _MOST_VOUCHERS:
            return
        mine.append(
            ReplicaVoucher(
                code=row.code, kind=row.kind, programme=row.programme, type=row.type, rule=row.offer, title=row.title, amount=amount,
                percent=row.percent, uses=1 if row.kind in MONEY else uses, valid_from=row.valid_from, valid_until=row.valid_until,
                stores=tuple(row.stores), minimum=row.minimum, whole=row.whole,
            )
        )  # fmt: skip

    def _count(self) -> None:
        if not self.asks.counted:
            return
        self.counters.read({f"customer:{one}" for one in self.ids}, periods_of(self.today))
        members = [one for owned in self.members.values() for one in owned]
        spans = {one.counter(got, self.today)[1] for one in members for got in one.club.entitlements}
        if spans:
            self.counters.read({f"member:{one.id}" for one in members}, spans)
        self._sort()

    def _sort(self) -> None:
        for scope, span, name in sorted(self.counters.known):
            self.counted.setdefault(scope, {})[f"{span}|{name}"] = self.counters.value((scope, span, name))

    def used(self, customer: str) -> dict[str, int]:
        """Counted for one customer, in the periods that run."""
        return self._of(f"customer:{customer}")

    def of_everybody(self, store: str) -> dict[str, int]:
        """Counted for all together, and for all of one store."""
        if not self.asks.counted:
            return {}
        wanted = {"all": "all", f"store:{store}": "store"}
        self.counters.read(wanted.keys(), periods_of(self.today))
        self._sort()
        return {f"{short}|{key}": times for scope, short in wanted.items() for key, times in self._of(scope).items()}

    def _of(self, scope: str) -> dict[str, int]:
        return self.counted.get(scope, {})

    def further(self, customer: str) -> dict[str, Any]:
        """Fields of `ReplicaCustomer`."""
        found: dict[str, Any] = {
            "plastic": tuple(card for card in self.cards.get(customer, ()) if card != Card(number=card.number)),
            "memberships": tuple(self._membership(one) for one in self.members.get(customer, ())),
            "segments": tuple(self.segments.get(customer, ())),
            "vouchers": tuple(self.vouchers.get(customer, ())),
            "used": self.used(customer),
        }
        if self.defined:
            found |= {"bought": self.bought.get(customer, {}), "bought_on": self.today, "bought_for": self.fingerprint}
        if self.measures is not None:
            sales, last = self.measures.visits(customer, self.today)
            levels = self.measures.tiers(customer, self.today).items()
            lowest = {name: scheme.tiers[0].id for name, scheme in self.asks.schemes.items()}
            found["tiers"] = tuple(
                ReplicaTier(programme=name, tier=one.tier, measure=one.measure, until=one.until)
                for name, one in levels
                if one.measure or one.tier != lowest[name]
            )
            found |= {"sales": sales if sales or self.asks.by_visits else None, "last_visit": last}
        return found

    def _membership(self, one: Member) -> ReplicaMembership:
        record = one.record
        used = {got.id: self.counters.value(one.counter(got, self.today)) for got in one.club.entitlements}
        return ReplicaMembership(
            programme=one.programme, club=one.club.id, since=record.since, starts=None if record.starts == record.since else record.starts,
            until=record.until, left=record.left, breaks=tuple((part.first, part.last) for part in record.breaks),
            renewals=record.renewals, used={name: times for name, times in used.items() if times},
        )  # fmt: skip


def _readable(rows: Sequence[SegmentRow]) -> list[SegmentRow]:
    """Segments whose criteria can be read; of the others stores get the names alone."""
    return [row for row in rows if row.id in criteria_of(rows)]


def _customer(account: AccountRow, row: CustomerRow, carried: _Carried) -> ReplicaCustomer:
    erp: dict[str, str] = {}
    cards: list[str] = []
    for key in row.keys:
        kind, _, rest = key.partition(":")
        if kind == "card":
            cards.append(rest)
        elif kind == "erp":
            source, _, number = rest.partition(":")
            erp[source] = number
    return ReplicaCustomer(
        customer=row.id,
        name=row.name,
        cards=tuple(cards),
        phone=row.phone,
        tax_number=row.tax_number,
        erp=erp,
        balance_available=account.balance - account.held,
        balance_held=account.held,
        expiring=account.expiring,
        expiring_on=account.expiring_on.isoformat() if account.expiring_on else None,
        blocked=row.blocked,
        remark=row.remark,
        member_since=row.member_since.isoformat() if row.member_since else None,
        inactive=row.inactive,
        birth_date=row.birth_date,
        email=row.email,
        home_store=row.home_store,
        account=row.shares_with,
        **carried.further(row.id),
    )
