"""A key that may only read learns no code that is money."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from v5_cloud.access.service import issue_key

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cloud.conftest import Start


@pytest.mark.feature("FM-34", "NX-08")
def test_codes_are_whole_for_who_may_issue_only(start: Start, tmp_path: Path) -> None:
    service = start(f"sqlite:///{tmp_path / 'v5.sqlite'}")
    till = service.till()
    for number in range(3):
        body = {"request_id": str(number), "kind": "voucher", "amount": "5.00"}
        assert till.client.post("/v1/vouchers", json=body, headers=till.auth).status_code == 201
    whole = {one["code"] for one in till.get("/v1/vouchers").json()["items"]}
    first, *_ = whole
    lost = till.client.post(f"/v1/vouchers/{first}/move", json={"request_id": "m", "reason": "lost"}, headers=till.auth).json()
    reader = {"authorization": f"Bearer {issue_key(service.held, service.scope, 'reports', ('read',))}"}

    def read(path: str) -> dict[str, Any]:
        reply = till.client.get(path, headers=reader)
        assert reply.status_code == 200, reply.text
        assert not [one for one in (whole | {lost["replaced_by"]["code"]}) - {first} if one in reply.text], path
        answer: dict[str, Any] = reply.json()
        return answer

    page, seen = read("/v1/vouchers?limit=3"), []
    seen += page["items"]
    seen += read(f"/v1/vouchers?limit=3&cursor={page['next_cursor']}")["items"]
    assert len(seen) == 4
    assert {one["code"][-4:] for one in seen} == {one[-4:] for one in whole | {lost["replaced_by"]["code"]}}
    assert read(f"/v1/vouchers/{first}")["moved_to"].startswith("••••")
