"""Limited offers and entitlements that the cloud reserved count in the store too, should the line fail before the sale."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from v5_core.errors import V5Error
from v5_core.hooks import CancelRequest, CommitRequest, HoldRequest, HoldResponse, QuoteRequest
from v5_core.model import Applied, CustomerRef, Line, Origin
from v5_core.programme import AmountOffer, Club, Entitlement, Limit, PercentOffer, Programme
from v5_core.push import ReplicaCustomer, ReplicaMembership

if TYPE_CHECKING:
    from tests.agent.conftest import Make, World

INES, RUI, EVA = "9512000144105", "9512000177233", "9512000155551"


@pytest.fixture
def shop(world: World, make: type[Make]) -> World:
    programme = Programme(
        id="club", name="Clube", state="published",
        offers=(
            AmountOffer(id="alter", title="Arranjo", amount=200, entitlement="alteration", group="a", exclusive=False),
            PercentOffer(id="once", title="Uma vez", percent=1000, limits=(Limit(uses=1, by="store"),), group="b", exclusive=False),
            PercentOffer(id="first", title="Cedo", percent=500, limits=(Limit(uses=2, count="customers"),), group="c", exclusive=False),
        ),
        clubs=(Club(id="gold", title="Gold", entitlements=(Entitlement(id="alteration", title="Arranjo", uses=1),)),),
    )  # fmt: skip
    member = (ReplicaMembership(programme="club", club="gold", since=date(2020, 1, 1), until=date(2099, 1, 1)),)
    people = tuple(
        ReplicaCustomer(customer=f"c{at}", name=name, cards=(card,), memberships=member)
        for at, (name, card) in enumerate((("Inês", INES), ("Rui", RUI), ("Eva", EVA)))
    )
    world.cloud.replica = make.replica(customers=people, programmes=(programme,))
    world.agent().pull()
    return world


def hold(world: World, name: str, *rules: str, card: str = INES) -> HoldResponse:
    return world.agent().till.hold(
        HoldRequest(request_id=name, store="LX1", at=world.clock(), customer=CustomerRef(card=card), rules=rules)
    )


def offered(world: World, card: str = INES) -> set[str]:
    line = Line(line_id="1", product="A1", gross=5000, net=5000)
    asked = QuoteRequest(store="LX1", at=world.clock(), customer=CustomerRef(card=card), lines=(line,))
    return {one.rule for one in world.agent().till.quote(asked).benefits}


@pytest.mark.feature("PR-32", "PR-33", "NX-03")
def test_what_the_cloud_reserved_is_reserved_here_when_the_line_fails(shop: World) -> None:
    granted = HoldResponse(hold="hx_1", expires_at=shop.clock() + timedelta(minutes=15))
    body: Any = json.loads(granted.model_dump_json())
    shop.cloud.answers["/v1/hooks/hold"] = [(200, body, {})]
    assert hold(shop, "h1", "alter", "once").hold == "hx_1"
    shop.agent().line.down(shop.clock(), "cut")
    assert offered(shop).isdisjoint({"alter", "once"})
    for rule, card in (("alter", INES), ("once", RUI)):
        with pytest.raises(V5Error) as caught:
            hold(shop, f"h-{rule}", rule, card=card)
        assert caught.value.error_code == "used_up"
    assert hold(shop, "h2", "alter", card=RUI).provisional, "another member's own"
    cancel = CancelRequest(request_id="x", store="LX1", at=shop.clock(), hold="hx_1")
    assert shop.agent().till.cancel(cancel).released
    assert {"alter", "once"} <= offered(shop)


@pytest.mark.feature("PR-33", "NX-03")
def test_one_of_the_first_customers_is_not_stopped_by_their_own_sale(shop: World) -> None:
    shop.agent().line.down(shop.clock(), "cut")
    for number, card in enumerate((INES, RUI), start=1):
        sale = shop.sale(number, gross=4750, origin=Origin.HOOK, source="till", card=card, applied=(Applied(rule="first"),))
        sale = sale.model_copy(update={"issued_at": shop.clock()})
        shop.agent().till.commit(CommitRequest(request_id=f"s{number}", document=sale))
    assert ["first" in offered(shop, card) for card in (INES, RUI, EVA)] == [True, True, False]
