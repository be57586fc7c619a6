"""What a till says while the line is down is what the customer gets: no less than is due, no more than the store may promise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from v5_core.errors import V5Error
from v5_core.hooks import (
    CancelRequest,
    CommitRequest,
    CommitResponse,
    HoldRequest,
    IdentifyRequest,
    QuoteRequest,
    QuoteResponse,
    ReturnRequest,
    ReturnResponse,
)
from v5_core.model import Applied, Card, Claim, CustomerRef, DocumentKind, Line, Origin, Reference
from v5_core.programme import AmountOffer, EarnPerAmount, GiftOffer, Limit, PointsCap, Programme, Redemption
from v5_core.push import ReplicaCustomer

if TYPE_CHECKING:
    from tests.agent.conftest import Make, World

INES = "9512000144105"
PROGRAMME = Programme(
    id="club",
    name="Clube",
    state="published",
    earning=(EarnPerAmount(id="per-euro", points=1000, amount=100, caps=(PointsCap(points=50_000, per="day", by="customer"),)),),
    redemption=Redemption(points=100_000, amount=500),
    offers=(
        AmountOffer(id="each", title="Each code once", amount=100, codes=("AAA", "BBB"), limits=(Limit(uses=1, by="code"),)),
        GiftOffer(id="mug", title="Mug", products=("MUG",), cost=150_000),
    ),
)


def settled(world: World, make: type[Make], balance: int, version: int = 7, **more: Any) -> World:
    """The store has pulled what the cloud knows by now."""
    one = ReplicaCustomer(customer="cus_1", name="Inês", cards=(INES,), balance_available=balance, **more)
    world.cloud.replica = make.replica(version=version, customers=(one,), programmes=(PROGRAMME,), offline_points_limit=200_000)
    world.agent().pull()
    return world


def down(world: World) -> World:
    world.cloud.answers["/v1/push"] = [("cut", None, {})] * 3
    world.agent().line.down(world.clock(), "cut")
    return world


def quote(world: World, **more: Any) -> QuoteResponse:
    basket = (Line(line_id="1", product="A1", gross=10_000, net=10_000),)
    return world.agent().till.quote(QuoteRequest(store="LX1", at=world.clock(), customer=CustomerRef(card=INES), lines=basket, **more))


def sell(world: World, number: int, gross: int = 10_000, **more: Any) -> CommitResponse:
    document = world.sale(number, gross=gross, origin=Origin.HOOK, source="till", card=INES, **more)
    document = document.model_copy(update={"issued_at": world.clock()})
    return world.agent().till.commit(CommitRequest(request_id=f"c{number}", document=document))


def bring_back(world: World, number: int, sale: int, gross: int, *, fiscal: bool = True) -> ReturnResponse:
    document = world.sale(number, gross=gross, origin=Origin.HOOK, source="till", card=INES, kind=DocumentKind.RETURN)
    original = world.sale(sale, origin=Origin.HOOK, source="till")
    assert original.fiscal
    named = original.fiscal.number if fiscal else original.source_id
    document = document.model_copy(update={"issued_at": world.clock(), "refs": (Reference(document=named),)})
    return world.agent().till.return_(ReturnRequest(request_id=f"r{number}", document=document))


def available(world: World) -> int:
    found = world.agent().till.identify(IdentifyRequest(store="LX1", key=INES)).customer
    assert found is not None
    return found.balance.available


def told(world: World) -> None:
    """The line is back: the cloud hears everything."""
    world.clock.move(16)
    world.cloud.answers.clear()
    world.agent().send()
    assert world.agent().outbox.stats().queued == 0


@pytest.mark.feature("PR-32")
def test_each_code_of_an_offer_is_counted_by_itself(world: World, make: type[Make]) -> None:
    down(settled(world, make, 0))
    sell(world, 1, applied=(Applied(rule="each", code="AAA"),))
    assert [one.problem for one in quote(world, codes=("AAA",)).codes] == ["used_up"]
    assert [one.problem for one in quote(world, codes=("BBB",)).codes] == [""]
    hold = HoldRequest(request_id="h1", store="LX1", at=world.clock(), customer=CustomerRef(card=INES), codes=("BBB",))
    assert world.agent().till.hold(hold).provisional


@pytest.mark.feature("NX-03", "PR-17")
def test_a_quote_offers_no_more_points_than_a_hold_would_keep(world: World, make: type[Make]) -> None:
    settled(world, make, 1_000_000)
    assert quote(world).redeemable == 1_000_000
    down(world)
    answer = quote(world)
    assert (answer.redeemable, answer.redeemable_amount) == (200_000, 1000)
    answer = quote(world, points_to_use=500_000)
    assert (answer.points_used, answer.points_amount) == (200_000, 1000)
    assert any("500" in one.text and "200" in one.text for one in answer.messages), "the cashier hears why"
    hold = HoldRequest(request_id="h1", store="LX1", at=world.clock(), customer=CustomerRef(card=INES), points=100_000)
    world.agent().till.hold(hold)
    assert quote(world).redeemable == 100_000
    assert [one.rule for one in quote(world, claims=(Claim(rule="mug"),)).gifts] == [], "a hold would not keep so many"
    more = hold.model_copy(update={"request_id": "h2", "points": 150_000})
    with pytest.raises(V5Error) as caught:
        world.agent().till.hold(more)
    assert caught.value.error_code == "offline_limit"


def test_points_earned_without_the_line_are_shown_and_not_spent_yet(world: World, make: type[Make]) -> None:
    down(settled(world, make, 100_000))
    assert sell(world, 1).points_earned == 50_000
    assert available(world) == 150_000
    assert quote(world).redeemable == 100_000


@pytest.mark.feature("NX-03", "AR-10")
def test_what_a_cap_let_a_sale_earn_is_what_its_return_takes_back(world: World, make: type[Make]) -> None:
    down(settled(world, make, 0))
    assert sell(world, 1).points_earned == 50_000
    assert sell(world, 2).points_earned == 0, "the cap of the day"
    assert bring_back(world, 3, 2, 10_000).points_taken == 0
    assert bring_back(world, 4, 1, 10_000, fiscal=False).points_taken == 50_000, "by the till's own number too"
    assert available(world) == 0


@pytest.mark.feature("NX-03", "AR-10")
def test_the_same_when_the_cloud_knows_the_sale_already(world: World, make: type[Make]) -> None:
    settled(world, make, 0)
    down(world)
    sell(world, 1)
    told(world)
    day = world.clock().date().isoformat()
    settled(world, make, 50_000, version=8, used={f"{day}|club/per-euro/cap0": 50_000})
    down(world)
    assert bring_back(world, 2, 1, 10_000).points_taken == 50_000
    assert available(world) == 0


@pytest.mark.feature("NX-03", "AR-10")
def test_points_of_a_cancelled_sale_cannot_be_spent_though_the_cloud_has_not_heard_of_it(world: World, make: type[Make]) -> None:
    settled(world, make, 100_000)
    down(world)
    sale = sell(world, 1, gross=3000)
    told(world)
    settled(world, make, 130_000, version=8)
    assert available(world) == 130_000
    down(world)
    for attempt in ("x", "y"):
        world.agent().till.cancel(CancelRequest(request_id=attempt, store="LX1", at=world.clock(), document=sale.document))
        assert available(world) == 100_000, "taken away once"
    # The cloud has heard of it, and its replica says so: nothing is taken off twice.
    told(world)
    settled(world, make, 100_000, version=9)
    assert available(world) == 100_000


@pytest.mark.feature("NX-03", "PR-08")
def test_relatives_use_one_account_and_no_point_of_it_twice(world: World, make: type[Make]) -> None:
    settled(world, make, 0)
    mother = ReplicaCustomer(customer="cus_0", name="Mãe", cards=("9512000144099",), balance_available=100_000)
    child = ReplicaCustomer(customer="cus_1", name="Inês", cards=(INES,), balance_available=100_000, account="cus_0")
    world.cloud.replica = make.replica(version=8, customers=(mother, child), programmes=(PROGRAMME,), offline_points_limit=200_000)
    world.agent().pull()
    down(world)
    assert (available(world), quote(world).redeemable) == (100_000, 100_000)
    till = world.agent().till
    hold = HoldRequest(request_id="h1", store="LX1", at=world.clock(), customer=CustomerRef(card="9512000144099"), points=100_000)
    till.hold(hold)
    assert (available(world), quote(world).redeemable) == (0, 0)
    with pytest.raises(V5Error) as caught:
        till.hold(hold.model_copy(update={"request_id": "h2", "customer": CustomerRef(card=INES)}))
    assert caught.value.error_code == "insufficient_points"
    till.cancel(CancelRequest(request_id="x", store="LX1", at=world.clock(), hold="h1"))
    sale = sell(world, 1, gross=3000)
    found = till.identify(IdentifyRequest(store="LX1", key="9512000144099")).customer
    assert found is not None
    assert (sale.balance and sale.balance.available, found.balance.available) == (130_000, 130_000), "whoever bought"


@pytest.mark.feature("PR-01", "NX-03")
def test_nobody_spends_with_a_blocked_card(world: World, make: type[Make]) -> None:
    till = down(settled(world, make, 300_000, plastic=(Card(number=INES, active=False),))).agent().till
    with pytest.raises(V5Error) as refused:
        till.hold(HoldRequest(request_id="h1", store="LX1", at=world.clock(), customer=CustomerRef(card=INES), points=100_000))
    assert refused.value.error_code == "card_blocked"
    by_id = HoldRequest(request_id="h2", store="LX1", at=world.clock(), customer=CustomerRef(customer="cus_1"), points=100_000)
    assert till.hold(by_id).points == 100_000
