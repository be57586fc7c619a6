"""Two at once where people work, and not tills alone: a version published twice, a card handed out twice, a lost wallet in use."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from threading import Barrier, Thread
from typing import TYPE_CHECKING, Any

import pytest

from v5_cloud.hooks.service import CloudHooks
from v5_cloud.programmes.drafts import publish
from v5_cloud.vouchers.schemas import MoveRequest
from v5_cloud.vouchers.service import move
from v5_core.errors import V5Error
from v5_core.hooks import CommitRequest, EnrolRequest, HoldRequest
from v5_core.programme import Programme

if TYPE_CHECKING:
    from tests.cloud.conftest import Service, Till

PROGRAMME: dict[str, Any] = {"id": "loja", "name": "Loja", "stored_value": [{"id": "carteira", "kind": "wallet"}]}


def at_once(*work: Callable[[], object]) -> list[Any]:
    """What came of each: its answer, or the code of its refusal."""
    results: list[Any] = [None] * len(work)
    barrier = Barrier(len(work))

    def run(index: int) -> None:
        barrier.wait()
        try:
            results[index] = work[index]()
        except V5Error as error:
            results[index] = error.error_code

    threads = [Thread(target=run, args=(index,)) for index in range(len(work))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.parametrize("saved", [False, True], ids=["new", "saved as a draft"])
def test_a_version_is_published_once_whoever_is_faster(service: Service, till: Till, *, saved: bool) -> None:
    names = [f"N{number}" for number in range(6)]
    if saved:
        assert till.client.post("/v1/programmes", json={**PROGRAMME, "name": "Rascunho"}, headers=till.auth).status_code == 201
    versions = [Programme.model_validate({**PROGRAMME, "name": name}) for name in names]
    found = at_once(*(lambda one=one: publish(service.held, service.scope, one, actor="x").name for one in versions))
    won = [one for one in found if one in names]
    assert len(won) == 1, found
    listed = [one for one in till.get("/v1/programmes").json()["items"] if one["id"] == "loja"]
    assert [(one["name"], one["state"]) for one in listed] == [(won[0], "published")]


def test_a_card_is_handed_to_one_of_two(service: Service, till: Till) -> None:
    """Two tills enrol two people with the same card; whoever is second is told, or finds the first."""
    requests = [
        EnrolRequest(request_id=f"e{number}", store="LX1", name=f"Pessoa {number}", phone=f"91000000{number}", card="5601234567890")
        for number in range(8)
    ]
    hooks = CloudHooks(service.held, service.scope)
    found = at_once(*(lambda one=one: hooks.enrol(one) for one in requests))
    made = [one.customer.customer for one in found if not isinstance(one, str) and one.created]
    assert len(made) == 1, found
    known = till.ok("identify", {"store": "LX1", "key": "5601234567890"})["customer"]
    assert known["customer"] == made[0]


def test_a_lost_wallet_is_moved_while_it_is_used(service: Service, till: Till) -> None:
    """Sales, a hold and the move at once: no cent is lost and none is there twice, wherever it ends up."""
    assert till.client.post("/v1/programmes", json=PROGRAMME, headers=till.auth).status_code == 201
    assert till.client.post("/v1/programmes/loja/1/publish", headers=till.auth).status_code == 200
    hooks = CloudHooks(service.held, service.scope)
    for turn in range(5):
        code, other = f"W{turn}", f"N{turn}"
        body = {"request_id": f"i{turn}", "kind": "wallet", "type": "carteira", "amount": "50.00", "code": code}
        assert till.client.post("/v1/vouchers", json=body, headers=till.auth).status_code == 201
        paid = [{"method": "wallet", "amount": "10.00", "code": code}]
        sales = [
            CommitRequest.model_validate(
                {"request_id": f"c{turn}{n}", "document": till.document(f"s{turn}-{n}", [("PAO", "", "10.00")], payments=paid)}
            )
            for n in range(3)
        ]
        asked = {
            "request_id": f"h{turn}",
            "store": "LX1",
            "at": till.clock.now.isoformat(),
            "stored_value": [{"code": code, "amount": "5.00"}],
        }
        hold = HoldRequest.model_validate(asked)
        request = MoveRequest(request_id=f"m{turn}", to=other, reason="perdida")
        found = at_once(
            *(partial(hooks.commit, one) for one in sales),
            partial(hooks.hold, hold),
            partial(move, service.held, service.scope, code, request, actor="x"),
        )
        assert [one.points_spent for one in found[:3]] == [0, 0, 0]
        left = [till.get(f"/v1/vouchers/{one}") for one in (code, other)]
        cents = [round(100 * (float(one.json()["balance"]) + float(one.json()["held"]))) for one in left if one.status_code == 200]
        assert sum(cents) == 2000, (found, cents)
        assert (found[4] == "held") == (not isinstance(found[3], str) and len(cents) == 1), found
    service.sound()
