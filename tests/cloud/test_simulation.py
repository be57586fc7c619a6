"""A draft tried on the past sales of a company: over REST, in pieces, with the figures that the ledger has."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from v5_cloud.access.service import issue_key
from v5_cloud.ledger.tasks import housekeeping
from v5_cloud.simulation import running
from v5_cloud.simulation import service as simulations
from v5_cloud.simulation.schemas import SimulationOrder
from v5_core.programme import Limit, PercentOffer

if TYPE_CHECKING:
    from tests.cloud.conftest import Service, Till

ADDRESS = "/v1/simulations"


def draft(till: Till, **more: Any) -> dict[str, Any]:
    """The sample's programme with twice the points for money spent."""
    newest: dict[str, Any] = max(till.get("/v1/programmes").json()["items"], key=lambda one: int(one["version"]))["programme"]
    earning = [one | ({"points": "2"} if one["kind"] == "per_amount" else {}) for one in newest["earning"]]
    return newest | {"version": 7, "earning": earning} | more


def morning(till: Till) -> None:
    """Five sales and a return of three customers and somebody, in two stores and two months."""
    for index, (who, store, gross) in enumerate([(0, "LX1", "10.00"), (1, "PT2", "24.00"), (0, "PT2", "6.00"), (2, "LX1", "40.00")]):
        till.clock.forward(days=9)
        member = {"card": till.customer(who)["card"]}
        till.commit(till.document(f"FS {index}", [("CAFE-250", "mercearia", gross)], customer=member, store=store))
    till.commit(till.document("FS 9", [("CAFE-250", "mercearia", "3.00")]))
    till.give(till.document("NC 1", [("CAFE-250", "mercearia", "4.00")], kind="return", customer={"card": till.customer(1)["card"]}))


def finished(till: Till, made: dict[str, Any]) -> dict[str, Any]:
    """The simulation once it is over."""
    end = time.monotonic() + 60
    while True:
        found: dict[str, Any] = till.get(f"{ADDRESS}/{made['id']}").json()
        if found["state"] in ("done", "failed"):
            return found
        assert time.monotonic() < end, found
        time.sleep(0.05)


def order(till: Till, body: dict[str, Any], expected: int = 202) -> dict[str, Any]:
    reply = till.client.post(ADDRESS, json=body, headers=till.auth)
    assert reply.status_code == expected, reply.text
    if expected == 202:
        assert reply.headers["location"] == f"{ADDRESS}/{reply.json()['id']}"
    made: dict[str, Any] = reply.json()
    return made


@pytest.mark.feature("NX-06")
def test_a_draft_is_tried_on_past_sales_and_nothing_moves(service: Service, till: Till) -> None:
    morning(till)
    posted = sum(float(one["points_earned"]) for one in till.get("/v1/sales").json()["items"])
    balances = [till.balance(index) for index in range(3)]
    found = finished(till, order(till, {"programme": draft(till)}))
    assert (found["state"], found["problem"], found["documents"], found["total"]) == ("done", "", 6, 6)
    report = found["report"]
    assert float(report["total"]["base"]["points"]) == posted, "what today's programme gives on these sales is what it gave"
    assert float(report["total"]["draft"]["points"]) == 2 * posted
    assert float(report["total"]["gross"]) == 10 + 24 + 6 + 40 + 3 - 4
    assert (report["winners"], report["losers"]) == (3, 0)
    names = {one["name"] for one in report["biggest_winners"]}
    assert names == {till.customer(index)["name"] for index in range(3)}, "found by name, which the stored report does not hold"
    with service.held.database.read(service.scope) as session:
        stored = str(session.scalar(text("SELECT report FROM simulation")))
    assert till.customer(0)["id"] in stored
    assert till.customer(0)["name"] not in stored
    assert {one["name"] for one in report["stores"]} == {"LX1", "PT2"}
    assert len(report["months"]) >= 2
    assert [till.balance(index) for index in range(3)] == balances
    service.sound()
    listed = till.get(ADDRESS).json()["items"]
    assert [(one["id"], one["programme"], one["version"]) for one in listed] == [(found["id"], report["draft_versions"][0].split()[0], 7)]


@pytest.mark.feature("NX-06")
def test_a_period_and_a_store_narrow_it_and_a_saved_version_is_tried(till: Till) -> None:
    morning(till)
    saved = till.client.post("/v1/programmes", json=draft(till), headers=till.auth).json()
    today = till.clock.now.date()
    only = {"id": saved["id"], "version": 7, "since": str(today - timedelta(days=10)), "until": str(today), "stores": ["PT2"]}
    report = finished(till, order(till, only))["report"]
    assert (report["total"]["documents"], report["total"]["gross"]) == (1, "6.00")
    none = finished(till, order(till, only | {"since": "2020-01-01", "until": "2020-02-01"}))["report"]
    assert (none["total"]["documents"], none["winners"], none["unchanged"]) == (0, 0, 0)


def test_what_cannot_be_tried_is_refused_by_its_name(service: Service, till: Till) -> None:
    body = draft(till)
    assert "either a programme" in order(till, {}, 422)["errors"][0]["message"]
    assert order(till, {"programme": body | {"currency": "BRL"}}, 422)["errors"][0]["field"] == "programme.currency"
    assert order(till, {"programme": body, "stores": ["XX"]}, 422)["code"] == "unknown_store"
    assert order(till, {"id": "nowhere", "version": 3}, 404)["code"] == "not_found"
    unreadable = [body["earning"][0] | {"when": "colour = 'red'"}]
    assert order(till, {"programme": body | {"earning": unreadable}}, 422)["code"]
    assert order(till, {"programme": body, "since": "2026-02-01", "until": "2026-01-01"}, 422)["errors"]
    key = issue_key(service.held, service.scope, "reader", ("read",))
    reply = till.client.post(ADDRESS, json={"programme": body}, headers={"authorization": f"Bearer {key}"})
    assert (reply.status_code, reply.json()["code"]) == (403, "scope")
    assert till.get(f"{ADDRESS}/sim_none").status_code == 404


@pytest.mark.feature("NX-06")
def test_processes_and_pieces_change_no_figure(service: Service, till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    morning(till)
    body = SimulationOrder.model_validate({"programme": draft(till)})
    assert body.programme is not None
    past = simulations.past_of(service.held, service.scope, body.programme, simulations.asked_of(service.held, service.scope, body))
    whole = running.run(service.held, past, workers=1)
    told: list[tuple[int, int]] = []
    monkeypatch.setattr(running, "_CHUNK", 1)
    assert running.run(service.held, past, workers=1, progress=lambda done, total: told.append((done, total))) == whole
    assert told[0] == (0, 6)
    assert told[-1] == (6, 6)
    assert len(told) >= 5, "a piece for each customer, and one for nobody"
    assert running.run(service.held, past, workers=2) == whole
    # Two for everybody: who came first is known only after a pass over all pieces, whoever worked on them.
    two = PercentOffer(id="first-two", percent=1000, members_only=False, limits=(Limit(uses=2),))
    limited = body.programme.model_copy(update={"offers": (two,)})
    past = simulations.past_of(service.held, service.scope, limited, simulations.asked_of(service.held, service.scope, body))
    told.clear()
    here = running.run(service.held, past, workers=1, progress=lambda done, total: told.append((done, total)))
    assert (told[0], told[-1]) == ((0, 12), (12, 12)), "each sale is looked at twice"
    applied = [one for one in here.documents if one.draft.discount]
    assert sorted(one.issued_at for one in applied) == sorted(one.issued_at for one in here.documents)[:2]
    assert running.run(service.held, past, workers=2) == here


def test_what_a_process_left_behind_is_taken_over(service: Service, till: Till) -> None:
    morning(till)
    made = simulations.create(service.held, service.scope, SimulationOrder.model_validate({"programme": draft(till)}), actor="test")
    with service.held.database.write(service.scope) as session:
        session.execute(text("UPDATE simulation SET state = 'running'"))
    assert not simulations.work(service.held, service.scope, made.id), "somebody works on it"
    assert till.get(f"{ADDRESS}/{made.id}").json()["state"] == "running"
    till.clock.forward(minutes=10)
    housekeeping(service.held)
    assert finished(till, {"id": made.id})["state"] == "done"
    assert not simulations.work(service.held, service.scope, made.id), "it is done"


def test_a_simulation_that_fails_says_so(service: Service, till: Till) -> None:
    made = simulations.create(service.held, service.scope, SimulationOrder.model_validate({"programme": draft(till)}), actor="test")
    with service.held.database.write(service.scope) as session:
        session.execute(text("UPDATE company SET currency = 'BRL'"))
    service.held.cache.clear()
    assert simulations.work(service.held, service.scope, made.id)
    found = till.get(f"{ADDRESS}/{made.id}").json()
    assert (found["state"], found["report"]) == ("failed", None)
    assert "currency" in found["problem"]
