"""A sale that a store makes while its line is down moves its customer between segments there, as the cloud says afterwards."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from v5_agent.config import AgentConfig
from v5_agent.service import Agent
from v5_cloud.segments.refreshing import refresh_due, refresh_stale
from v5_core.hooks import CancelRequest, CommitRequest, EnrolRequest, IdentifyRequest, QuoteRequest
from v5_core.model import SalesDocument
from v5_core.push import Replica

if TYPE_CHECKING:
    from tests.cloud.conftest import Service, Start, Till

SEGMENTS = {
    "grandes": "spend('this month') >= 100", "leais": "sales >= 3", "novos": "sales <= 1", "recentes": "days_since_sale <= 7",
    "aqui": "store_spend('LX1', '30') > 0", "vizinhos": "home_store = 'LX1'", "faltam": "incomplete",
    "de-cafe": "bought_product('CAFE-250')",
    "anos": "birthday", "ricos": "balance >= 1000",
}  # fmt: skip
PROGRAMME = {
    "id": "grupos", "version": 1, "name": "Grupos",
    "offers": [{"kind": "percent_order", "id": "grande", "percent": "10", "when": "segment = 'grandes'", "group": "g", "exclusive": False}],
}  # fmt: skip


def shop(service: Service) -> Till:
    till = service.till()
    for name, criteria in SEGMENTS.items():
        reply = till.client.put(f"/v1/segments/{name}", json={"where": criteria, "title": name}, headers=till.auth)
        assert reply.status_code < 300, reply.text
    assert till.client.post("/v1/programmes", json=PROGRAMME, headers=till.auth).status_code == 201
    assert till.client.post("/v1/programmes/grupos/1/publish", headers=till.auth).status_code == 200
    till.enrol_agent()
    service.held.cache.clear()
    return till


def names(agent: Agent, card: str) -> set[str]:
    found = agent.till.identify(IdentifyRequest(store="LX1", key=card)).customer
    assert found is not None
    return set(found.segments)


def cloud_names(service: Service, till: Till, card: str) -> set[str]:
    refresh_stale(service.held, service.scope)
    refresh_due(service.held)
    return set(till.ok("identify", {"store": "LX1", "key": card})["customer"]["segments"])


@pytest.mark.feature("PR-25", "PR-34", "NX-03")
def test_a_sale_without_a_line_moves_the_customer_as_the_cloud_does_afterwards(start: Start, tmp_path: Path) -> None:
    service = start(f"sqlite:///{tmp_path / 'v5.sqlite'}")
    till, card = shop(service), service.till().customer()["card"]
    till.commit(
        till.document("before", [("CAFE-250", "mercearia", "60.00")], customer={"card": card}, issued_at="2026-11-02T10:00:00+00:00")
    )
    before = cloud_names(service, till, card)
    agent = Agent(tmp_path, AgentConfig.model_validate({"store": {"code": "LX1"}}), None, {}, service.clock)
    agent.replica.apply(Replica.model_validate_json(till.signed("/v1/replica", {"since": 0}).content), service.clock.now)
    assert names(agent, card) == before
    assert "grandes" not in before

    def sell(number: str, gross: str, **more: Any) -> None:
        document = SalesDocument.model_validate(till.document(number, [("CAFE-250", "x", gross)], customer={"card": card}, **more))
        agent.till.commit(CommitRequest(request_id=number, document=document))

    def basket() -> set[str]:
        lines = SalesDocument.model_validate(till.document("b", [("CAFE-250", "x", "10.00")])).lines
        asked = {"store": "LX1", "at": service.clock.now, "lines": lines, "customer": {"card": card}}
        return {one.rule for one in agent.till.quote(QuoteRequest.model_validate(asked)).benefits}

    assert "grande" not in basket()
    sell("s-1", "50.00")
    assert "grandes" in names(agent, card), "60.00 before and 50.00 now"
    assert "grande" in basket(), "what the segment gives counts in the very next basket"
    sell("s-2", "5.00")
    here = names(agent, card)
    assert {"grandes", "leais", "recentes"} <= here
    sell("s-3", "70.00")
    agent.till.cancel(CancelRequest(request_id="c-3", store="LX1", at=service.clock.now, document="source:till:s-3"))
    assert names(agent, card) == here, "what was cancelled does not count"
    rows = agent.outbox.db.read("SELECT payload FROM outbox ORDER BY seq")
    assert {one["status"] for one in till.push(*(json.loads(row["payload"]) for row in rows))} == {"accepted"}
    assert cloud_names(service, till, card) == here

    # Two days later, still no line: what goes by a window that has moved stays as the copy says, the rest is right.
    service.clock.forward(days=2)
    assert {"grandes", "leais"} <= names(agent, card)
    rui = agent.till.enrol(EnrolRequest(request_id="e-1", store="LX1", name="Rui", card="2900000099993")).customer
    assert set(rui.segments) == {"novos", "vizinhos", "faltam"}, "somebody new: the store knows all there is"
    agent.close()
