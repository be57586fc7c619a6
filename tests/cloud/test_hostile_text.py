"""Characters that a database does not keep, and days beyond the calendar: refused with a reason, never an error, never for ever."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.cloud.conftest import Service

NUL = "a\x00b"


def test_no_text_with_a_nul_is_an_error(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    till = service.till()
    client, auth, customer = till.client, till.auth, till.customer()["id"]
    issue = {"request_id": "1", "kind": "percent", "percent": "5"}
    sale = till.document("s", [("P", "", "1.00")])
    bodies: list[tuple[str, dict[str, Any]]] = [
        ("/v1/vouchers", {**issue, "code": NUL}),
        ("/v1/vouchers", {**issue, "customer": NUL}),
        ("/v1/vouchers/X/move", {"request_id": "1", "reason": "x", "to": NUL}),
        (f"/v1/customers/{customer}/relatives", {"relative": NUL}),
        ("/v1/hooks/commit", {"request_id": "1", "document": {**sale, "operator": NUL}}),
        ("/v1/hooks/commit", {"request_id": "1", "document": {**sale, "payments": [{"method": "cash", "amount": "1.00", "hold": NUL}]}}),
        ("/v1/hooks/cancel", {"request_id": "1", "store": "LX1", "at": sale["issued_at"], "document": NUL}),
    ]
    for path, body in bodies:
        reply = client.post(path, json=body, headers=auth)
        assert (reply.status_code, reply.json()["code"]) in {(400, "malformed"), (422, "validation")}, (path, reply.text)
    broken = client.post("/v1/vouchers", content=b'{"title": "\\u0000', headers={**auth, "content-type": "application/json"})
    assert broken.status_code in {400, 422}
    for path in ("/v1/customers?q=%00", "/customers?q=%00", "/vouchers/x/a%00b"):
        assert client.get(path, headers=auth, follow_redirects=False).status_code in {400, 422}, path
    form = client.post("/login", content=b"email=a%00b&password=x", headers={"content-type": "application/x-www-form-urlencoded"})
    assert form.status_code == 400
    fine = client.post("/v1/vouchers", json={**issue, "title": "C:\\u0000"}, headers=auth)
    assert (fine.status_code, fine.json()["items"][0]["title"]) == (201, "C:\\u0000"), "six characters are no NUL"

    till.enrol_agent()
    caplog.set_level(logging.DEBUG)
    secret = {**till.document("a", [("P", "", "1.00")], customer={"card": "SEGREDO-1"}), "operator": NUL}
    results = till.push(
        till.event("document", till.document("b", [("P", "", "1.00")])),
        till.event("document", secret),
        till.event("document", till.document("c", [("P", "", "1.00")])),
    )
    kept = service.held.database.is_sqlite  # which keeps it
    assert [one["status"] for one in results] == ["accepted", "accepted" if kept else "rejected", "accepted"]
    assert "SEGREDO" not in caplog.text


def test_no_day_beyond_the_calendar_is_an_error(service: Service) -> None:
    till = service.till()
    customer = till.customer()["id"]
    turnover = {"request_id": "1", "programme": "p", "rule": "r"}
    for day in ("9999-12-31", "0001-01-01"):
        asked: list[tuple[str, dict[str, Any]]] = [
            ("/v1/vouchers", {"request_id": "1", "kind": "voucher", "amount": "1.00", "valid_until": day}),
            ("/v1/vouchers/X/extend", {"request_id": "1", "reason": "x", "until": day}),
            (f"/v1/customers/{customer}/adjustments", {"request_id": "1", "points": "1", "reason": "x", "expires_on": day}),
            ("/v1/runs/points", {"request_id": "1", "points": "1", "reason": "x", "expires_on": day}),
            ("/v1/runs/turnover", {**turnover, "first": "2026-01-01", "last": day}),
            (f"/v1/customers/{customer}/memberships", {"request_id": "1", "club": "c", "until": day}),
            (f"/v1/customers/{customer}/cards", {"request_id": "1", "number": "1", "valid_until": day}),
        ]
        for path, wanted in asked:
            assert till.client.post(path, json=wanted, headers=till.auth).status_code == 422, (path, day)
        assert till.get("/v1/vouchers", ending=day).status_code == 422
