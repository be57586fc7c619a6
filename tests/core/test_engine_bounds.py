"""The edges: the last point, the last use, what a sale's price held and no more."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from v5_core.engine import CustomerFacts, SaleState, compile_programmes, evaluate, limit_key, settle
from v5_core.hooks import QuoteRequest, QuoteResponse
from v5_core.model import Applied, DocumentKind, Line, Origin, SalesDocument
from v5_core.programme import Programme

LISBON = ZoneInfo("Europe/Lisbon")
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
ANA = CustomerFacts("ana", balance_available=100_000)
FIVE_OFF: dict[str, Any] = {"kind": "amount_order", "amount": "5.00", "cost": "60"}


def programme(**parts: Any) -> Programme:
    return Programme.model_validate({"id": "p", "name": "P", **parts})


def ask(offers: list[dict[str, Any]], used: dict[str, int] | None = None, **more: Any) -> QuoteResponse:
    line = Line(line_id="1", product="A", quantity=1000, gross=4000, net=4000)
    request = QuoteRequest.model_validate({"store": "S", "at": NOON, "lines": (line,), **more})
    state = SaleState(used=used or {})
    return evaluate(compile_programmes([programme(offers=offers)]), request, ANA, local_time=NOON, language="en", state=state)


def test_two_rewards_are_not_paid_with_the_same_points() -> None:
    reply = ask([FIVE_OFF | {"id": name, "exclusive": False} for name in "ab"], claims=({"rule": "a"}, {"rule": "b"}))
    assert (reply.discount, reply.points_spent) == (500, 60_000)


def test_a_reward_that_takes_all_points_is_given_once_and_takes_all() -> None:
    reply = ask([FIVE_OFF | {"id": "a", "cost": "10", "takes_all": True}], claims=({"rule": "a", "times": 3},))
    assert (reply.discount, reply.points_spent) == (500, 100_000)


@pytest.mark.parametrize(("used", "given"), [(0, 3), (1, 2), (3, 0), (4, 0)])
def test_a_reward_is_given_as_often_as_its_limit_leaves(used: int, given: int) -> None:
    offer = FIVE_OFF | {"id": "a", "cost": "10", "limits": ({"uses": 3},)}
    reply = ask([offer], {limit_key("p", "a", 0): used}, claims=({"rule": "a", "times": 4},))
    assert (reply.discount, reply.points_spent) == (500 * given, 10_000 * given)


def sale(gross: int, discount: int, *rules: str) -> SalesDocument:
    line = Line(line_id="1", product="A", quantity=1000, gross=gross, net=gross, discount=discount)
    return SalesDocument(
        source="till", source_id="1", origin=Origin.HOOK, kind=DocumentKind.SALE, store="S", issued_at=NOON, lines=(line,),
        gross=gross, net=gross, applied=tuple(Applied(rule=rule) for rule in rules),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("policies", "offer", "gross", "discount", "points"),
    [
        # The till took off less than the reward gives, as some do by hand: what the sale earns by never was more than its list price.
        ({"base": "before_rewards"}, FIVE_OFF, 800, 200, 10),
        ({"base": "before_rewards"}, FIVE_OFF, 500, 500, 10),
        ({"base": "after_discounts"}, FIVE_OFF, 500, 500, 5),
        ({"category_base": "before_order_discounts"}, {"kind": "percent_order", "percent": "50"}, 500, 500, 10),
        ({"category_base": "before_order_discounts"}, {"kind": "percent_order", "percent": "50"}, 800, 200, 10),
    ],
)
def test_a_sale_earns_by_what_its_price_held(
    policies: dict[str, Any], offer: dict[str, Any], gross: int, discount: int, points: int
) -> None:
    chosen = {"selector": {"products": ("A",)}} if "category_base" in policies else {}
    earning = ({"kind": "per_amount", "id": "e", "points": "1", "amount": "1.00", **chosen},)
    compiled = compile_programmes([programme(offers=(offer | {"id": "a"},), earning=earning, policies=policies)])
    assert settle(compiled, sale(gross, discount, "a"), ANA, zone=LISBON).points_earned == points * 1000


@pytest.mark.parametrize(("days", "usable"), [(0, None), (1, datetime(2026, 11, 25, tzinfo=UTC)), (3, datetime(2026, 11, 27, tzinfo=UTC))])
def test_pending_points_are_there_when_so_many_days_have_ended(days: int, usable: datetime | None) -> None:
    one = programme(earning=({"kind": "per_amount", "id": "e", "points": "1", "amount": "1.00"},), policies={"pending_days": days})
    (earned,) = settle(compile_programmes([one]), sale(500, 0), ANA, zone=LISBON).earned
    assert earned.usable_from == usable


def test_a_set_of_different_things_says_what_is_missing_also_where_some_are_got() -> None:
    offer = {"kind": "buy_get", "id": "a", "buy": "1", "get": "1", "of_different": "brand", "codes": ["TWO"]}
    reply = ask([offer], codes=["TWO"])
    assert [(one.code, one.problem) for one in reply.codes] == [("TWO", "minimum")]
    assert any("1" in one.text and "a" in one.text for one in reply.messages)
