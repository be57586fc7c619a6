"""What the replica says of a customer beside points: levels, clubs, entitlements, vouchers; for the engine, and as tills show it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from v5_agent.asked import Asked
from v5_agent.taken import coupon, stored
from v5_core.codes import spell
from v5_core.engine import Coupon, Stored
from v5_core.hooks import EntitlementView, MembershipView, TierView, VoucherView
from v5_core.membership import Break, Membership, end_of, state_of, window
from v5_core.model import Card
from v5_core.programme import Club
from v5_core.push import ReplicaCustomer, ReplicaMembership, ReplicaTier, ReplicaVoucher

__all__ = [
    "MONEY", "cards", "coupon_of", "facts", "memberships", "moved", "record", "stored_of", "tiers", "voucher_names", "vouchers",
]  # fmt: skip

MONEY = frozenset({"gift_card", "wallet", "credit_note", "voucher"})
_POINTS = "points"
Counted = Mapping[tuple[str, str], int]


def cards(one: ReplicaCustomer) -> tuple[Card, ...]:
    """All cards; ordinary ones are carried by number alone."""
    special = {card.number: card for card in one.plastic}
    return tuple(special.get(number) or Card(number=number) for number in one.cards)


def facts(one: ReplicaCustomer, asked: Asked, today: date, counted: Counted) -> dict[str, Any]:
    """Fields of `CustomerFacts`.

    Args:
        one: Who.
        asked: Of the programmes.
        today: In the store's zone.
        counted: What was used here and the replica does not show yet.
    """
    found: dict[str, Any] = {"birth_date": one.birth_date}
    if one.plastic:
        valid = [card for card in cards(one) if card.active and (card.valid_until is None or today <= card.valid_until)]
        found["card_types"] = frozenset(card.card_type for card in valid)
        found["card_rate"] = max((card.rate for card in valid), default=0)
    if asked.schemes:
        found["tiers"] = frozenset(view.tier for view in tiers(one, asked, today))
    if one.sales is not None:
        found |= {"sales": one.sales, "last_visit": one.last_visit}
    active = [(club, part) for club, part in _clubs(one, asked) if state_of(club, record(one, part), today) in ("active", "ending")]
    if active:
        found["clubs"] = frozenset(club.id for club, _ in active)
        found["entitlements"] = {
            got.id: max(0, got.uses - part.used.get(got.id, 0) - _here(one, part, got.id, counted))
            for club, part in active
            for got in club.entitlements
        }
    return found


def _here(one: ReplicaCustomer, part: ReplicaMembership, entitlement: str, counted: Counted) -> int:
    return counted.get((f"customer:{one.customer}", f"|entitlement:{part.programme}/{entitlement}"), 0)


def _clubs(one: ReplicaCustomer, asked: Asked) -> list[tuple[Club, ReplicaMembership]]:
    found = ((asked.clubs.get((part.programme, part.club)), part) for part in one.memberships)
    return [(club, part) for club, part in found if club is not None]


def record(one: ReplicaCustomer, part: ReplicaMembership) -> Membership:
    """The membership as the core knows it."""
    breaks = tuple(Break(first, last) for first, last in part.breaks)
    return Membership(part.club, one.customer, part.since, part.starts or part.since, part.until, "", breaks, part.left, part.renewals)


def memberships(one: ReplicaCustomer, asked: Asked, today: date, counted: Counted) -> tuple[MembershipView, ...]:
    """Memberships with what is left of each entitlement."""
    found = []
    for club, part in _clubs(one, asked):
        kept = record(one, part)
        state = state_of(club, kept, today)
        entitlements = tuple(
            EntitlementView(
                entitlement=got.id,
                title=got.title,
                left=max(0, got.uses - part.used.get(got.id, 0) - _here(one, part, got.id, counted)),
                until=window(got, kept, today)[1],
            )
            for got in club.entitlements
        )
        view = MembershipView(club=club.id, title=club.title, state=state, since=part.since, until=end_of(kept, today))
        found.append(view.model_copy(update={"entitlements": entitlements}) if state in ("active", "ending") else view)
    return tuple(found)


def tiers(one: ReplicaCustomer, asked: Asked, today: date, *, more: Mapping[str, int] | None = None) -> tuple[TierView, ...]:
    """Levels, and what is missing to the next; `more` is what a sale adds to each scheme's measure."""
    carried = {part.programme: part for part in one.tiers}
    found = []
    for programme, scheme in asked.schemes.items():
        part = carried.get(programme, ReplicaTier(programme=programme, tier=scheme.tiers[0].id))
        measure = part.measure + (more or {}).get(programme, 0)
        reached = max(0, bisect_right([tier.threshold for tier in scheme.tiers], measure) - 1)
        kept = next((at for at, tier in enumerate(scheme.tiers) if tier.id == part.tier), 0)
        stays = part.until is None or today <= part.until
        level = max(reached, kept) if stays else reached
        above = scheme.tiers[level + 1] if level + 1 < len(scheme.tiers) else None
        found.append(
            TierView(
                programme=programme,
                tier=scheme.tiers[level].id,
                title=scheme.tiers[level].title,
                until=part.until if stays and level == kept and level else None,
                next_tier=above.id if above else "",
                missing=max(0, above.threshold - measure) if above else 0,
            )
        )
    return tuple(found)


def moved(one: ReplicaCustomer, asked: Asked, today: date, gross: int, points: int) -> tuple[TierView, ...]:
    """Levels that a sale brings about, as far as this store can tell."""
    brought = {"spend": gross, "points": points, "visits": 1}
    more = {programme: brought[scheme.measure] for programme, scheme in asked.schemes.items()}
    before = {view.programme: view.tier for view in tiers(one, asked, today)}
    return tuple(view for view in tiers(one, asked, today, more=more) if view.tier != before[view.programme])


def voucher_names(one: ReplicaCustomer) -> list[str]:
    """Names under which uses of the customer's vouchers are noted here."""
    return [stored(part.code) if part.kind in MONEY else coupon(part.code) for part in one.vouchers]


def vouchers(one: ReplicaCustomer, taken: Mapping[str, int], now: datetime, zone: ZoneInfo) -> tuple[VoucherView, ...]:
    """Vouchers that can be used today or later, with what this store used of them taken off."""
    found = []
    for part in one.vouchers:
        money = part.kind in MONEY
        left = (part.amount - taken.get(stored(part.code), 0)) if money else (part.uses - taken.get(coupon(part.code), 0))
        if left <= 0 or (part.valid_until is not None and part.valid_until <= now):
            continue
        last = None if part.valid_until is None else part.valid_until - timedelta(microseconds=1)
        found.append(
            VoucherView(
                code=spell(part.code),
                kind=part.kind,
                title=part.title,
                amount=left if money else 0,
                percent=part.percent,
                rule=part.rule or part.type,
                valid_from=None if part.valid_from is None else part.valid_from.astimezone(zone).date(),
                valid_until=None if last is None else last.astimezone(zone).date(),
            )
        )
    return tuple(found)


def stored_of(one: ReplicaCustomer, part: ReplicaVoucher, taken: Mapping[str, int], *, problem: str = "") -> Stored:
    """As the engine sees it."""
    return Stored(
        code=part.code, kind=part.kind, type_id=part.type, balance=max(0, part.amount - taken.get(stored(part.code), 0)),
        customer=one.customer, valid_from=part.valid_from, valid_until=part.valid_until, stores=frozenset(part.stores),
        minimum=part.minimum, whole=part.whole, problem=problem, title=part.title,
    )  # fmt: skip


def coupon_of(one: ReplicaCustomer, part: ReplicaVoucher, taken: Mapping[str, int], *, problem: str = "") -> Coupon:
    """As the engine sees it."""
    return Coupon(
        code=part.code, rule=part.rule, programme=part.programme if part.rule else "", percent=part.percent,
        uses_left=part.uses - taken.get(coupon(part.code), 0), customer=one.customer, valid_from=part.valid_from,
        valid_until=part.valid_until, stores=frozenset(part.stores), minimum=part.minimum, problem=problem, title=part.title,
    )  # fmt: skip
