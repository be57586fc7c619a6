"""Gifts by levels of points, as a till meets them: earned on what is not reduced, one gift a sale, those out of reach are shown too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.cloud.conftest import Service, Till

PROGRAMME: dict[str, Any] = {
    "id": "presentes",
    "name": "Presentes",
    "earning": [
        {
            "kind": "per_amount", "id": "marca", "points": "1", "amount": "2.00", "whole": True,
            "selector": {"brands": ["Aurora"], "exclude_discounted": True},
        }
    ],
    "offers": [
        {"kind": "gift", "id": "caneta", "title": "Caneta", "products": ["CANETA"], "cost": "10"},
        {"kind": "gift", "id": "caneca", "title": "Caneca", "products": ["CANECA-A", "CANECA-B"], "cost": "40"},
        {"kind": "gift", "id": "cesto", "title": "Cesto", "products": ["CESTO"], "cost": "100"},
    ],
    "policies": {"one_reward_per_sale": True},
}  # fmt: skip


def lines(till: Till, *goods: tuple[str, str, str]) -> list[dict[str, Any]]:
    """(brand, gross, discount) each."""
    rows = till.document("x", [("P", "", gross) for _, gross, _ in goods])["lines"]
    return [row | {"brand": brand, "discount": off} for row, (brand, _, off) in zip(rows, goods, strict=True)]


@pytest.mark.feature("FM-12")
def test_gifts_by_levels_within_and_out_of_reach_one_a_sale(service: Service, till: Till) -> None:
    # Members of this programme only: the sample's own one gives points for everything.
    newest = till.get("/v1/programmes").json()["items"][0]["programme"]
    for body in (PROGRAMME, newest | {"version": 2, "earning": [], "rewards": [], "redemption": None}):
        assert till.client.post("/v1/programmes", json=body, headers=till.auth).status_code == 201
        path = f"/v1/programmes/{body['id']}/{body.get('version', 1)}/publish"
        assert till.client.post(path, headers=till.auth).status_code == 200
    service.clock.forward(minutes=1)
    card = {"card": till.customer()["card"]}
    # 90.00 of the brand at 1 per whole 2.00; what is reduced, or of another brand, gives nothing.
    sold = lines(till, ("Aurora", "90.00", "0.00"), ("Aurora", "30.00", "5.00"), ("Outra", "50.00", "0.00"))
    first = till.document("s1", [("P", "", "170.00")], customer=card) | {"lines": sold}
    assert till.commit(first)["points_earned"] == "45"
    basket = {"store": "LX1", "at": till.clock.now.isoformat(), "customer": card, "lines": lines(till, ("Outra", "5.00", "0.00"))}
    shown = till.ok("quote", basket)
    assert [(one["title"], one["missing"]) for one in shown["rewards"]] == [("Caneta", "0"), ("Caneca", "0"), ("Cesto", "55")]
    assert [one["text"] for one in shown["messages"]] == ["Ao alcance: Caneta (10 pontos)", "Ao alcance: Caneca (40 pontos)"]
    picked = till.ok("quote", basket | {"claims": [{"rule": "caneca", "product": "CANECA-B"}, {"rule": "caneta"}]})
    assert [(one["product"], one["cost"]) for one in picked["gifts"]] == [("CANECA-B", "40")]
    assert picked["points_spent"] == "40", "the second is not taken"
    held = till.ok("hold", {"request_id": "h1", "store": "LX1", "at": basket["at"], "customer": card, "points": "40", "rules": ["caneca"]})
    taken = till.document("s2", [("P", "", "5.00")], customer=card, applied=[{"rule": "caneca"}])
    taken["payments"] = [{"method": "points", "amount": "0.00", "hold": held["hold"]}]
    assert till.commit(taken)["points_spent"] == "40"
    assert till.balance() == "5"
    service.sound()
