"""Relatives who use one account: each with a level of their own, or all with one, as the programme says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from v5_core.push import Replica

if TYPE_CHECKING:
    from tests.cloud.conftest import Service


@pytest.mark.feature("PR-08", "PR-19")
@pytest.mark.parametrize("counts", ["person", "account"])
def test_what_relatives_buy_counts_together_where_the_programme_says_so(service: Service, counts: str) -> None:
    till = service.till()
    programme = {
        "id": "niveis", "name": "Níveis",
        "tiers": {"measure": "spend", "counts": counts, "with_this_sale": False,
                  "tiers": [{"id": "base", "threshold": 0}, {"id": "prata", "threshold": 10_000}]},
        "clubs": [{"id": "familia", "title": "Família", "shared": True}],
        "offers": [{"kind": "percent_order", "id": "desconto", "percent": "5", "when": "tier = 'prata'", "group": "p", "exclusive": False}],
    }  # fmt: skip
    assert till.client.post("/v1/programmes", json=programme, headers=till.auth).status_code == 201
    assert till.client.post("/v1/programmes/niveis/1/publish", headers=till.auth).status_code == 200
    mother, child, stranger = (till.customer(index) for index in (0, 1, 2))
    path = f"/v1/customers/{mother['id']}"
    joined = till.client.post(f"{path}/memberships", json={"request_id": "m", "club": "familia"}, headers=till.auth)
    assert joined.status_code in (200, 201), joined.text

    def buy(number: str, who: dict[str, str], gross: str) -> list[str]:
        sale = till.document(number, [("X", "outros", gross)], customer={"card": who["card"]})
        return [one["tier"] for one in till.commit(sale)["tiers"]]

    def level(who: dict[str, str]) -> str:
        found = till.ok("identify", {"store": "LX1", "key": who["card"]})["customer"]["tiers"]
        lines = till.document("b", [("X", "outros", "10.00")])["lines"]
        body: dict[str, Any] = {"store": "LX1", "at": service.clock.now.isoformat(), "lines": lines, "customer": {"card": who["card"]}}
        given = "desconto" in {one["rule"] for one in till.ok("quote", body)["benefits"]}
        assert given == (found[0]["tier"] == "prata")
        return str(found[0]["tier"])

    buy("s-1", mother, "60.00")
    shared = till.client.post(f"{path}/relatives", json={"relative": child["id"]}, headers=till.auth)
    assert shared.status_code == 200, shared.text
    together = counts == "account"
    assert buy("s-2", child, "50.00") == (["prata"] if together else [])
    assert [level(one) for one in (mother, child, stranger)] == (["prata", "prata", "base"] if together else ["base"] * 3)
    till.enrol_agent()
    page = Replica.model_validate_json(till.signed("/v1/replica", {"since": 0}).content)
    carried = {one.customer: [tier.tier for tier in one.tiers] for one in page.customers}
    if together:
        assert (carried[mother["id"]], carried[child["id"]], carried[stranger["id"]]) == (["prata"], ["prata"], [])
    till.give(till.document("n-1", [("X", "outros", "20.00")], kind="return", refs=[{"document": "s-1"}]))
    assert [level(one) for one in (mother, child)] == ["base", "base"]
    service.sound()
