"""What concerns points of before somebody came to share an account: it finds them where they are now."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from tests.cloud.conftest import Service, Till

PROGRAMME: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("club.yaml").read_text(encoding="utf-8"))
HEAD, CHILD = 0, 1


@pytest.fixture
def shop(till: Till) -> Till:
    """A till of a shop whose first customer may share an account."""
    assert till.client.post("/v1/programmes", json=PROGRAMME, headers=till.auth).status_code == 201
    assert till.client.post("/v1/programmes/clube/1/publish", headers=till.auth).status_code == 200
    post(till, f"/v1/customers/{till.customer(HEAD)['id']}/memberships", {"club": "vip"}, 201)
    return till


def post(shop: Till, path: str, body: dict[str, Any], status: int = 200) -> dict[str, Any]:
    reply = shop.client.post(path, json={"request_id": f"p-{next(shop.count)}", **body}, headers=shop.auth)
    assert reply.status_code == status, reply.text
    answer: dict[str, Any] = reply.json()
    return answer


def buy(shop: Till, number: str, gross: str) -> None:
    """The relative buys; a euro earns a point."""
    shop.commit(shop.document(number, [("PAO-FORMA", "mercearia", gross)], customer={"card": shop.customer(CHILD)["card"]}))


def give_back(shop: Till, number: str, gross: str) -> None:
    """Some of the purchase "s" comes back."""
    shop.give(shop.document(number, [("PAO-FORMA", "", gross)], kind="return", reference={"document": "s"}))


def cancel(shop: Till, number: str) -> None:
    """A document that never was."""
    at = shop.clock.now.isoformat()
    shop.ok("cancel", {"request_id": f"x-{number}", "store": "LX1", "at": at, "document": f"source:till:{number}"})


def adjust(shop: Till, points: str) -> None:
    """The relative's points by hand."""
    made = post(shop, f"/v1/customers/{shop.customer(CHILD)['id']}/adjustments", {"points": points, "reason": "apology"}, 201)
    shop.sample["adjusted"] = made["id"]


def undo(shop: Till) -> None:
    """The last adjustment is taken back."""
    post(shop, f"/v1/adjustments/{shop.sample['adjusted']}/reverse", {"reason": "mistake"})


def share(shop: Till) -> None:
    """From now on all is on the first customer's account."""
    path, body = f"/v1/customers/{shop.customer(HEAD)['id']}/relatives", {"relative": shop.customer(CHILD)["id"]}
    assert shop.client.post(path, json=body, headers=shop.auth).status_code == 200


AFTER: dict[str, tuple[list[tuple[Any, ...]], str]] = {
    "a return": ([(buy, "s", "20.00"), (share,), (give_back, "r", "15.00")], "5"),
    "a return that is cancelled": ([(buy, "s", "20.00"), (share,), (give_back, "r", "15.00"), (cancel, "r")], "20"),
    "a cancellation": ([(buy, "s", "20.00"), (buy, "t", "7.00"), (share,), (cancel, "s")], "7"),
    "points by hand undone": ([(buy, "s", "20.00"), (adjust, "9"), (share,), (undo,)], "20"),
    "points taken by hand undone": ([(buy, "s", "20.00"), (adjust, "-9"), (share,), (undo,)], "20"),
}


@pytest.mark.feature("PR-08")
@pytest.mark.parametrize(("steps", "points"), AFTER.values(), ids=AFTER.keys())
def test_it_happens_where_the_points_are(service: Service, shop: Till, steps: list[tuple[Any, ...]], points: str) -> None:
    for step, *given in steps:
        step(shop, *given)
    assert shop.balance(HEAD) == points
    service.sound()
    head, child = shop.customer(HEAD)["id"], shop.customer(CHILD)["id"]
    assert shop.client.delete(f"/v1/customers/{head}/relatives/{child}", headers=shop.auth).status_code == 200
    assert (shop.balance(HEAD), shop.balance(CHILD)) == (points, "0"), "the relative's own account starts empty"
