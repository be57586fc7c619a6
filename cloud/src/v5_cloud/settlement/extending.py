"""Whether documents need more than points, and what must be read for that: nothing at all for most sales."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import chain

from sqlalchemy.orm import Session

from v5_cloud.kit.container import Container
from v5_cloud.kit.tenant import Scope
from v5_cloud.ledger.working import Member, Working
from v5_cloud.membership.measures import Measures
from v5_cloud.membership.records import members_of
from v5_cloud.membership.repository import MembershipRepository
from v5_cloud.programmes.asks import Asks
from v5_cloud.programmes.repository import ProgrammeRepository
from v5_cloud.programmes.service import Catalogue, catalogue, remembered
from v5_cloud.settlement.document import Doc, moved
from v5_cloud.settlement.extras import Extras, back, before_of, codes_of
from v5_cloud.tenants.service import CompanyInfo
from v5_cloud.vouchers.counters import Counters
from v5_cloud.vouchers.purse import Purse
from v5_cloud.vouchers.repository import VoucherRepository
from v5_core.model import SalesDocument

__all__ = ["RESERVED", "catalogue_for", "extend"]

RESERVED = "hx_"
"""Ids of holds that reserve more than points begin so; those of points alone cost no look-up here."""


def catalogue_for(
    container: Container, scope: Scope, session: Session, known: Catalogue | None, bodies: Sequence[SalesDocument], docs: Sequence[Doc]
) -> Catalogue | None:
    """The programmes, also for sales without a customer where these need them."""
    if known is not None:
        return known
    kept = remembered(container, scope)
    named = any(doc.extras for doc in docs) or any(codes_of(body) or any(one.hold for one in body.payments) for body in bodies)
    if kept is not None and not named and not any(_asks_unnamed(kept.asks(body.issued_at), body) for body in bodies):
        return None
    programmes = ProgrammeRepository(session, scope)
    return catalogue(container, programmes, programmes.stamp())


def _asks_unnamed(asks: Asks, body: SalesDocument) -> bool:
    # Whether a sale without a customer needs anything: "the first 100" counts those whom nobody knows too.
    return asks.anonymous or bool(asks.limits and body.applied)


def extend(
    scope: Scope,
    session: Session,
    company: CompanyInfo,
    programmes: Catalogue,
    working: Working,
    bodies: Sequence[SalesDocument],
    docs: Sequence[Doc],
    customers: Collection[Member],
    now: datetime,
) -> Extras | None:
    """What the documents need beside points, read and locked; None when that is nothing."""
    asks = [programmes.asks(body.issued_at) for body in bodies]
    codes = set(chain.from_iterable(codes_of(body) for body in bodies))
    holds = {payment.hold for body in bodies for payment in body.payments if payment.hold}
    # What the ledger knows as a hold of points alone is not looked for again.
    known = {alias: hold for hold, alias in working.aliases.items()}
    wanted = {one for one in holds if known.get(one, one).startswith(RESERVED) or (one not in known and one not in working.holds)}
    # A sale of long ago counts for the levels of today.
    today = programmes.asks(now)
    unnamed = any(_asks_unnamed(one, body) for one, body in zip(asks, bodies, strict=True))
    asked = any(one.customers for one in asks) or today.measured if customers else unnamed
    if not (codes or wanted or asked or any(doc.extras for doc in docs)):
        return None
    repository, members = VoucherRepository(session, scope), MembershipRepository(session, scope)
    ids = [one.id for one in customers]
    found = Extras(
        company,
        programmes,
        repository,
        Purse(repository, company.currency, now),
        Counters(repository),
        _measures(members, company, [*asks, today], bodies, docs, ids, now) if any(one.measured for one in (*asks, today)) else None,
        members_of(asks[-1], members.memberships(ids), _shared(customers)) if any(one.clubs for one in asks) and ids else {},
    )
    _reservations(found, wanted, bodies, codes, now)
    _vouchers(found, codes, docs, bodies, ids)
    return found


def _shared(customers: Collection[Member]) -> dict[str, str]:
    return {one.id: one.shares_with for one in customers if one.shares_with}


def _measures(
    repository: MembershipRepository,
    company: CompanyInfo,
    asks: Sequence[Asks],
    bodies: Sequence[SalesDocument],
    docs: Sequence[Doc],
    customers: Collection[str],
    now: datetime,
) -> Measures:
    zone = company.default_zone
    schemes = {programme: scheme for one in asks for programme, scheme in one.schemes.items()}
    measures = Measures(repository, schemes, now.astimezone(zone).date(), back(asks))
    measures.load(customers, min(body.issued_at for body in bodies).astimezone(zone).date())
    for doc in docs:
        measures.recall(doc.id, before_of(doc))
    return measures


def _reservations(extras: Extras, wanted: Collection[str], bodies: Sequence[SalesDocument], codes: set[str], now: datetime) -> None:
    rows = extras.repository.reservations(wanted)
    for row in rows:
        extras.reservations[row.id] = row
        extras.names |= {row.id: row.id, row.alias: row.id}
        codes |= {*row.body["codes"], *(code for code, _, _ in row.body["stored"])}
    if rows or not any(body.applied for body in bodies):
        return
    for store in {body.store for body in bodies if body.applied}:
        extras.offered += extras.repository.open_at(store, now)
    for row in extras.offered:
        codes |= {*row.body["codes"], *(code for code, _, _ in row.body["stored"])}


def _vouchers(extras: Extras, codes: set[str], docs: Sequence[Doc], bodies: Sequence[SalesDocument], customers: Collection[str]) -> None:
    entries: list[str] = []
    for doc in docs:
        done = doc.extras
        codes |= {*done.get("codes", {}), *done.get("stored", {}), *done.get("issued", {}).values()}
        codes |= {code for parts in done.get("given", {}).values() for code in parts}
        entries += [f"{doc.id}>{original}" for original in doc.links.values() if original]
        entries += [f"{doc.id}+{ref}" for ref in done.get("issued", {})]
    entries += [f"{doc.id}>{other.id}" for doc in moved(docs, bodies) for other in docs]
    if any(_loads(extras.catalogue.asks(body.issued_at), body) for body in bodies):
        for customer in customers:
            codes |= {row.code for row in extras.repository.of_customer(customer) if row.kind == "wallet"}
    held = [hold for row in (*extras.reservations.values(), *extras.offered) for _, hold, _ in row.body["stored"]]
    if codes:
        extras.purse.load(codes, lock=True, documents=[doc.id for doc in docs], entries=entries, holds=held)


def _loads(asks: Asks, body: SalesDocument) -> bool:
    # A wallet that is loaded without its code is the customer's own.
    return any(asks.sold[line.product][1].kind == "wallet" for line in body.lines if line.product in asks.sold) if asks.sold else False
