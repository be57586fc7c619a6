"""A card that was lost and blocked still says whose it was; nobody spends with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cloud.conftest import Start


@pytest.mark.feature("PR-01", "PR-04")
def test_nobody_spends_with_a_blocked_card(start: Start, tmp_path: Path) -> None:
    service = start(f"sqlite:///{tmp_path / 'v5.sqlite'}")
    till = service.till()
    one = till.customer()
    lost, path = {"card": one["card"]}, f"/v1/customers/{one['id']}/cards"
    till.commit(till.document("s", [("PAO-FORMA", "mercearia", "300.00")], customer=lost))
    asked = {"store": "LX1", "at": service.clock.now.isoformat(), "points": "100"}
    assert till.client.post(path, json={"request_id": "c", "number": "NEW-1"}, headers=till.auth).status_code == 201
    assert till.client.patch(f"{path}/{one['card']}", json={"active": False}, headers=till.auth).status_code == 200
    refused = till.hook("hold", {"request_id": "h", **asked, "customer": lost})
    assert (refused.status_code, refused.json()["code"]) == (409, "card_blocked")
    said = till.ok("identify", {"store": "LX1", "key": one["card"]})["customer"]["messages"]
    assert (said[0]["severity"], one["card"] in said[0]["text"]) == ("alert", True)
    assert till.ok("identify", {"store": "LX1", "key": "NEW-1"})["customer"]["messages"] == []
    assert till.ok("hold", {"request_id": "i", **asked, "customer": {"card": "NEW-1"}})["points"] == "100"
