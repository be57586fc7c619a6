"""Baskets, customers and what is stored, at random."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from v5_core.engine import Coupon, CustomerFacts, SaleState, Stored, limit_key
from v5_core.hooks import QuoteRequest, StoredPayment
from v5_core.model import Claim, Line, LineKind, PaymentMethod
from v5_core.programme import Programme
from v5_reference.programmes import GOODS, NOON, PERCENT, Draw

__all__ = ["ZONE", "baskets", "customers", "requests", "states"]

ZONE: Final = ZoneInfo("Europe/Lisbon")
_TIMES: Final = (NOON, NOON + timedelta(hours=11, minutes=30), NOON + timedelta(days=4), datetime(2026, 7, 1, 23, 30, tzinfo=UTC))


@st.composite
def baskets(draw: Draw, *, deductions: bool = True) -> list[Line]:
    """Lines of a few articles, sometimes weighed, free, reduced by the till already, or a deduction at the end."""
    found = []
    for number in range(draw(st.sampled_from((2, 3, 4, 1, 5)))):
        product = draw(st.sampled_from(tuple(GOODS)))
        family, brand, tags = GOODS[product]
        quantity = draw(st.sampled_from((3000, 1000, 2000, 3000, 7000, 1000, 1500, 0)))
        gross = draw(st.one_of(st.sampled_from((1000, 999, 1550, 3333, 101, 2000, 1, 0, 4999, 707)), st.integers(0, 5000)))
        rate = draw(st.sampled_from((2300, 600, 0)))
        net = draw(st.sampled_from(((20_000 * gross + 10_000 + rate) // (2 * (10_000 + rate)), gross * 100 // 123, gross)))
        kind = draw(st.sampled_from((*[LineKind.PRODUCT] * 8, LineKind.SERVICE, LineKind.REWARD, LineKind.GIFT_CARD)))
        found.append(
            Line(
                line_id=f"{number}", product=product, family=family, brand=brand, tags=tags, quantity=quantity, gross=gross, net=net,
                vat_rate=rate, kind=kind, discount=draw(st.sampled_from((0, 0, 0, 100))),
            )
        )  # fmt: skip
    total = sum(line.gross for line in found)
    if deductions and total and draw(st.integers(0, 4)) == 4:
        off = draw(st.integers(1, total))
        found.append(Line(line_id="d", product="D", kind=LineKind.DEDUCTION, gross=off, net=off * 100 // 123))
    return found


@st.composite
def customers(draw: Draw) -> CustomerFacts | None:
    """Nobody, or somebody who has whatever rules ask for, more or less."""
    if draw(st.integers(0, 7)) == 7:
        return None
    return CustomerFacts(
        customer="c1",
        card_types=frozenset(draw(st.sampled_from((("points",), ("points",), ("points", "vip"), ("vip",), ())))),
        segments=frozenset(draw(st.sampled_from(((), ("vip",), ("vip", "new"))))),
        birth_date=draw(st.sampled_from((None, date(1990, 11, 24), date(1988, 2, 29)))),
        balance_available=draw(st.sampled_from((0, 5_000, 12_000, 100_000, -3_000, 7_777))),
        blocked=draw(st.integers(0, 9)) == 9,
        tiers=frozenset(draw(st.sampled_from(((), ("gold",))))),
        clubs=frozenset(draw(st.sampled_from(((), ("wine",), ("golf",))))),
        entitlements=draw(st.sampled_from(({}, {"a-coffee": 1, "b-coffee": 2}, {"a-coffee": 3}))),
        card_rate=draw(st.sampled_from((0, 0, 1500))),
        sales=draw(st.sampled_from((None, 0, 2))),
        last_visit=draw(st.sampled_from((None, date(2026, 11, 24)))),
    )


def _coupon(draw: Draw, code: str, rule: str, programme: str) -> Coupon:
    return Coupon(
        code, rule, programme, percent=0 if rule else draw(PERCENT), uses_left=draw(st.sampled_from((1, 1, 0, 2, 3))),
        customer=draw(st.sampled_from((None, None, "c1", "c2"))), valid_until=draw(st.sampled_from((None, None, NOON))),
        stores=draw(st.sampled_from((frozenset[str](), frozenset({"LX1"})))), minimum=draw(st.sampled_from((0, 0, 2000))),
        problem=draw(st.sampled_from(("", "", "", "blocked"))),
    )  # fmt: skip


@st.composite
def states(draw: Draw, programmes: list[Programme]) -> SaleState:
    """Coupons for the offers that ask for one, percentage vouchers, things to pay with, and limits half used."""
    coupons: dict[str, Coupon] = {}
    used: dict[str, int] = {}
    for programme in programmes:
        for offer in programme.offers:
            if offer.coupon:
                coupons |= {code: _coupon(draw, code, offer.id, programme.id) for code in (f"C{offer.id}".upper(), f"D{offer.id}".upper())}
            for index, _ in enumerate(offer.limits):
                used[limit_key(programme.id, offer.id, index)] = draw(st.integers(0, 3))
            for index, _ in enumerate(offer.budgets):
                used[limit_key(programme.id, offer.id, index, budget=True)] = draw(st.sampled_from((0, 0, 150, 450, 1300)))
        for rule in programme.earning:
            for index, _ in enumerate(rule.caps):
                used[limit_key(programme.id, rule.id, index, cap=True)] = draw(st.sampled_from((0, 500, 6000)))
        if programme.redemption is not None:
            used[f"{programme.id}/redemption/day"] = draw(st.sampled_from((0, 15_000)))
    coupons |= {code: _coupon(draw, code, "", "") for code in ("V1", "V2")}
    stored = {
        code: Stored(
            code, kind, type_id, balance=draw(st.sampled_from((0, 500, 2000, 100_000))), customer=draw(st.sampled_from((None, None, "c2"))),
            whole=draw(st.booleans()), minimum=draw(st.sampled_from((0, 0, 3000))),
        )
        for code, kind, type_id in (("S1", "gift_card", "a-card"), ("S2", "voucher", "other"))
    }  # fmt: skip
    return SaleState(coupons, stored, used)


@st.composite
def requests(draw: Draw, programmes: list[Programme], state: SaleState, *, deductions: bool = True) -> QuoteRequest:
    """A basket, with whatever a till may name beside its lines."""
    lines = draw(baskets(deductions=deductions))
    rewards = [(programme, offer) for programme in programmes for offer in programme.offers if offer.cost]
    claims = []
    for _, offer in rewards:
        for _ in range(draw(st.sampled_from((0, 1, 1, 2)))):
            product = draw(st.sampled_from((None, "G2", "G9"))) if offer.kind == "gift" else None
            quantity = draw(st.sampled_from((None, 3000))) if offer.kind == "gift" else None
            claims.append(Claim(rule=offer.id, times=draw(st.sampled_from((1, 1, 2))), product=product, quantity=quantity))
    if draw(st.integers(0, 15)) == 15:
        claims.append(Claim(rule="nobody-knows"))
    known = [*state.coupons, "hello", "OTHER", "MAKE", "NONE", "S1"]
    codes = draw(st.lists(st.sampled_from(known), max_size=5, unique=True))
    named = draw(st.lists(st.sampled_from(("S1", "S2", "S9")), max_size=2, unique=True))
    payments = draw(st.sampled_from(((), (PaymentMethod.CASH,), (PaymentMethod.CARD,))))
    return QuoteRequest(
        store=draw(st.sampled_from(("LX1", "LX1", "LX2"))), at=draw(st.sampled_from(_TIMES)), lines=tuple(lines), claims=tuple(claims),
        codes=tuple(codes), points_to_use=draw(st.sampled_from((0, 0, 5_000, 7_500, 1_000_000))), payments=payments,
        operator=draw(st.sampled_from(("ana", "rui"))),
        stored_value=tuple(StoredPayment(code=one, amount=draw(st.sampled_from((None, 700, 100_000)))) for one in named),
    )  # fmt: skip
