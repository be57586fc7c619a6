"""A cloud that is newer than the agent says more than the agent knows: that stops nothing, but no rule is half understood."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from v5_core.errors import FatalError
from v5_core.hooks import QuoteRequest, QuoteResponse
from v5_core.model import CustomerRef, Line
from v5_core.programme import EarnPerAmount, PercentOffer, Programme
from v5_core.push import ReplicaCustomer

if TYPE_CHECKING:
    from tests.agent.conftest import Make, World

INES = "9512000144105"
PROGRAMME = Programme(
    id="club", name="Clube", state="published",
    earning=(EarnPerAmount(id="per-euro", points=1000, amount=100),), offers=(PercentOffer(id="ten", percent=1000),),
)  # fmt: skip


def page(make: type[Make], version: int, balance: int) -> dict[str, Any]:
    one = ReplicaCustomer(customer="cus_1", name="Inês", cards=(INES,), balance_available=balance)
    told: dict[str, Any] = json.loads(make.replica(version=version, customers=(one,), programmes=(PROGRAMME,)).written())
    return told


def balance(world: World) -> int:
    return world.agent().local.find(INES)[0].balance_available


def test_what_is_new_of_customers_and_answers_is_passed_over(world: World, make: type[Make]) -> None:
    told = page(make, 7, 5_000)
    told["moon"] = "full"
    told["customers"][0]["shoe_size"] = 41
    world.cloud.answers["/v1/replica"] = [(200, told, {})]
    assert world.agent().pull() == 1
    assert balance(world) == 5_000
    basket = (Line(line_id="1", product="A1", gross=10_000, net=10_000),)
    more = {**json.loads(QuoteResponse(total=4_200, to_pay=4_200).model_dump_json()), "weather": "rain"}
    world.cloud.answers["/v1/hooks/quote"] = [(200, more, {})]
    asked = QuoteRequest(store="LX1", at=world.clock(), customer=CustomerRef(card=INES), lines=basket, codes=("UNKNOWN1",))
    assert world.agent().till.quote(asked).total == 4_200, "the cloud's answer"


def test_a_rule_that_is_not_wholly_known_is_not_followed(world: World, make: type[Make]) -> None:
    world.cloud.answers["/v1/replica"] = [(200, page(make, 7, 5_000), {})]
    world.agent().pull()
    told = page(make, 8, 6_000)
    told["programmes"][0]["offers"][0]["only_on_full_moon"] = True
    world.cloud.answers["/v1/replica"] = [(200, told, {})]
    with pytest.raises(FatalError) as caught:
        world.agent().pull()
    assert caught.value.error_code == "replica"
    assert balance(world) == 5_000, "what was there before is kept"
