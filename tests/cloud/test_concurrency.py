"""Fifty tills at once."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.cloud.conftest import Service, Till


def _at_once(work: list[Any]) -> list[Any]:
    results: list[Any] = [None] * len(work)
    barrier = threading.Barrier(len(work))

    def run(index: int) -> None:
        barrier.wait()
        results[index] = work[index]()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(work))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.feature("NX-07")
def test_fifty_tills_spend_the_same_balance(service: Service, till: Till) -> None:
    from v5_cloud.hooks.service import CloudHooks
    from v5_core.errors import ConflictError
    from v5_core.hooks import HoldRequest
    from v5_core.model import CustomerRef

    card = till.customer()["card"]
    till.commit(till.document("1", [("CAFE-250", "mercearia", "1030.00")], customer={"card": card}))

    def spend(number: int) -> bool:
        request = HoldRequest(request_id=f"h{number}", store="LX1", at=service.clock.now, customer=CustomerRef(card=card), points=100_000)
        try:
            CloudHooks(service.held, service.scope).hold(request)
        except ConflictError as error:
            assert error.error_code == "insufficient_points"  # noqa: PT017
            return False
        return True

    granted = _at_once([lambda number=number: spend(number) for number in range(50)])
    assert granted.count(True) == 10
    record = till.get(f"/v1/customers/{till.customer()['id']}").json()
    assert (record["balance"], record["held"], record["available"]) == ("1030", "1000", "30")
    service.sound()


def test_the_same_document_from_many_sides_at_once(service: Service, till: Till) -> None:
    card = till.customer()["card"]
    documents = [till.document("1", [("CAFE-250", "mercearia", "10.00")], customer={"card": card}) for _ in range(12)]
    replies = _at_once(
        [lambda number=number: till.hook("commit", {"request_id": f"c{number}", "document": documents[number]}) for number in range(12)]
    )
    assert {reply.status_code for reply in replies} == {200}
    assert [reply.json()["duplicate"] for reply in replies].count(False) == 1
    assert till.balance() == "10"
    service.sound()


def test_returns_of_one_sale_at_once(service: Service, till: Till) -> None:
    card = till.customer()["card"]
    till.commit(till.document("s", [("CAFE-250", "mercearia", "10.00")], customer={"card": card}))
    back = [till.document(f"nc{n}", [("CAFE-250", "mercearia", "1.00")], kind="return", reference={"document": "s"}) for n in range(10)]
    replies = _at_once([lambda n=n: till.hook("return", {"request_id": f"x{n}", "document": back[n]}) for n in range(10)])
    assert {reply.status_code for reply in replies} == {200}
    assert till.balance() == "0"
    service.sound()
