"""Codes, rewards, stored value, levels, clubs and vouchers cross SOAP unchanged, in both directions."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from lxml import etree

from v5_core import hooks, soap
from v5_core.model import (
    Applied,
    Balance,
    Card,
    CardKind,
    Claim,
    DocumentKind,
    Line,
    LineKind,
    Origin,
    Payment,
    PaymentMethod,
    Printed,
    SalesDocument,
    Wire,
)
from v5_core.soap import _codec

AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
LINES = (
    Line(line_id="1", product="A", gross=1000, net=813, vat_rate=2300, tags=("organic", "colour:red")),
    Line(line_id="2", product="deposit", kind=LineKind.DEDUCTION, gross=100, net=100),
)
VOUCHER = hooks.VoucherView(code="ABCD-2345", kind="percent", title="Obrigado", percent=1500, rule="next", valid_until=date(2026, 4, 1))
TIER = hooks.TierView(programme="club", tier="silver", title="Prata", until=date(2026, 12, 31), next_tier="gold", missing=12_300)
COFFEE = hooks.EntitlementView(entitlement="coffee", title="Café", left=2, until=date(2026, 3, 31))
CLUB = hooks.MembershipView(club="vip", title="VIP", state="ending", since=date(2025, 4, 1), until=date(2026, 4, 1), entitlements=(COFFEE,))
USE = hooks.StoredUse(code="G-1", kind="gift_card", amount=500, left=250)
MARIA = hooks.CustomerView(
    customer="c1", name="Maria", balance=Balance(available=1000), tiers=(TIER,), memberships=(CLUB,), segments=("loyal",),
    vouchers=(VOUCHER,),
    cards=(Card(number="2000000000015", kind=CardKind.DISCOUNT, rate=750, valid_until=date(2027, 1, 1)),),
)  # fmt: skip
QUOTE = hooks.QuoteRequest(
    store="S1", at=AT, lines=LINES, operator="ana", codes=("SUMMER",), claims=(Claim(rule="mug", times=2, product="mug", quantity=3000),),
    stored_value=(hooks.StoredPayment(code="G-1", amount=500), hooks.StoredPayment(code="W-1")), payments=(PaymentMethod.CARD,),
)  # fmt: skip
HOLD = hooks.HoldRequest(
    request_id="r1", store="S1", at=AT, codes=("SUMMER",), rules=("first-100",), stored_value=(hooks.StoredPayment(code="G-1", amount=500),)
)
COMMIT = hooks.CommitRequest(
    request_id="r2",
    document=SalesDocument(
        source="till", source_id="1", origin=Origin.HOOK, kind=DocumentKind.SALE, store="S1", issued_at=AT, lines=LINES, gross=900, net=713,
        applied=(Applied(rule="summer", code="SUMMER"), Applied(rule="mug", times=2)),
        payments=(Payment(method=PaymentMethod.CREDIT_NOTE, amount=900, hold="h1", code="CN-1"),),
        printed=(Printed(rule="club/next", code="ABCD2345EFGHJ"), Printed(rule="club/again", code="BBCD2345EFGHK")),
    ),
)  # fmt: skip
QUOTED = hooks.QuoteResponse(
    total=900, net=713, to_pay=400, points_spent=50_000, gifts=(hooks.Gift(rule="mug", product="mug", quantity=3000, cost=50_000),),
    codes=(hooks.CodeResult(code="SUMMER", rule="summer"), hooks.CodeResult(code="OLD", problem="expired", text="caducou")),
    stored_value=(USE,),
    claims=(hooks.ClaimResult(rule="mug", times=3), hooks.ClaimResult(rule="bag", problem="points", text="faltam pontos")),
)  # fmt: skip
COMMITTED = hooks.CommitResponse(document="d", vouchers=(VOUCHER,), tiers=(TIER,), stored_value=(USE,))


@pytest.mark.feature("V5-14")
@pytest.mark.parametrize(("name", "request_"), [("quote", QUOTE), ("hold", HOLD), ("commit", COMMIT)])
def test_what_a_till_asks_arrives_as_it_was_meant(name: str, request_: Wire) -> None:
    element = _codec.to_element(name, request_.model_dump(mode="json"), type(request_))
    space = "http://schemas.xmlsoap.org/soap/envelope/"
    body = f'<s:Envelope xmlns:s="{space}"><s:Body>{etree.tostring(element, encoding="unicode")}</s:Body></s:Envelope>'
    assert soap.decode(body.encode()) == (name, request_)


@pytest.mark.feature("V5-14")
@pytest.mark.parametrize(
    ("name", "reply"),
    [
        ("identify", hooks.IdentifyResponse(customer=MARIA)),
        ("quote", QUOTED),
        ("hold", hooks.HoldResponse(hold="h1", stored_value=(USE,), expires_at=AT)),
        ("commit", COMMITTED),
        ("return", hooks.ReturnResponse(document="d", vouchers=(VOUCHER,), withdrawn=(VOUCHER, VOUCHER))),
        ("cancel", hooks.CancelResponse(reversed_document="d", vouchers=(VOUCHER,), withdrawn=(VOUCHER, VOUCHER))),
    ],
)
def test_what_is_answered_fits_the_contract_and_says_the_same(name: str, reply: Wire) -> None:
    root = etree.fromstring(soap.encode(name, reply))
    element = root.find(f".//{{{_codec.NAMESPACE}}}{name}Response")
    assert element is not None
    data = _codec.to_data(_codec.tidy(element, type(reply)), type(reply))
    assert type(reply).model_validate(data) == reply
