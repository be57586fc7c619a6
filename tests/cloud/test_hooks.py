"""A whole sale at the till, over REST, on both databases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cloud.conftest import Service, Till


@pytest.mark.feature("AR-09")
@pytest.mark.feature("PR-04")
@pytest.mark.feature("PR-22")
def test_identify_quote_hold_commit_return(service: Service, till: Till) -> None:
    member = till.customer()
    found = till.ok("identify", {"store": "LX1", "key": member["card"]})
    assert found["customer"]["name"] == member["name"]
    first = till.commit(
        till.document(
            "1",
            [("CREME-50", "cosmetica", "24.90"), ("CAFE-250", "mercearia", "80.10"), ("T", "tabaco", "10.00")],
            customer={"card": member["card"]},
        )
    )
    # 24.90 doubled plus 80.10; tobacco gives nothing.
    assert first["points_earned"] == "129"
    assert first["balance"]["available"] == "129"
    assert any("129" in line["text"] for line in first["receipt"])
    quote = till.ok(
        "quote",
        {
            "store": "LX1",
            "at": till.clock.now.isoformat(),
            "customer": {"card": member["card"]},
            "lines": [{"line_id": "1", "product": "VINHO-DOURO", "family": "vinhos", "gross": "20.00", "net": "20.00"}],
            "points_to_use": "100",
        },
    )
    assert quote["discount"] == "1.00"
    assert quote["redeemable"] == "100"
    assert quote["points_amount"] == "1.00"
    hold = till.ok(
        "hold",
        {"request_id": "h1", "store": "LX1", "at": till.clock.now.isoformat(), "customer": {"card": member["card"]}, "points": "100"},
    )
    assert hold["amount"] == "1.00"
    again = till.hook(
        "hold",
        {"request_id": "h2", "store": "PT2", "at": till.clock.now.isoformat(), "customer": {"card": member["card"]}, "points": "100"},
    )
    assert again.status_code == 409
    assert again.json()["code"] == "insufficient_points"
    sale = till.document(
        "2",
        [("VINHO-DOURO", "vinhos", "19.00")],
        customer={"card": member["card"]},
        payments=[{"method": "points", "amount": "1.00", "hold": hold["hold"]}, {"method": "cash", "amount": "18.00"}],
    )
    second = till.commit(sale)
    assert second["points_spent"] == "100"
    assert second["points_earned"] == "18"
    assert till.balance() == "47"
    back = till.document("3", [("VINHO-DOURO", "vinhos", "19.00")], kind="return", reference={"document": "2"})
    given = till.give(back)
    assert given["points_taken"] == "18"
    assert given["points_given"] == "100"
    assert till.balance() == "129"
    service.sound()


@pytest.mark.feature("NX-05")
@pytest.mark.feature("AR-11")
@pytest.mark.feature("AR-12")
def test_every_movement_is_explained(till: Till) -> None:
    member = till.customer()
    till.commit(till.document("1", [("CAFE-250", "mercearia", "10.00")], customer={"card": member["card"]}))
    moves = till.get(f"/v1/customers/{member['id']}/movements").json()["items"]
    assert [(one["operation"], one["points"], one["number"]) for one in moves] == [("earn", "10", "1")]
    assert moves[0]["explanations"][0]["rule"] == "compras"
    assert moves[0]["explanations"][0]["text"]


@pytest.mark.feature("NX-08")
def test_once_per_document_and_per_request(service: Service, till: Till) -> None:
    member = till.customer()
    document = till.document("1", [("CAFE-250", "mercearia", "10.00")], customer={"card": member["card"]})
    first = till.commit(document, "same")
    assert not first["duplicate"]
    repeated = till.commit(document, "same")
    assert repeated == {**first, "duplicate": True}
    assert till.commit(document, "another id")["duplicate"]
    other = till.hook("commit", {"request_id": "same", "document": till.document("2", [("CAFE-250", "mercearia", "11.00")])})
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
    assert till.balance() == "10"
    service.sound()


@pytest.mark.feature("V5-02")
def test_cancel_reverses_even_when_spent(service: Service, till: Till) -> None:
    member = till.customer()
    till.commit(till.document("1", [("CAFE-250", "mercearia", "200.00")], customer={"card": member["card"]}))
    hold = till.ok(
        "hold",
        {"request_id": "h", "store": "LX1", "at": till.clock.now.isoformat(), "customer": {"customer": member["id"]}, "points": "200"},
    )
    till.commit(
        till.document(
            "2",
            [("PAO", "mercearia", "2.00")],
            customer={"card": member["card"]},
            payments=[{"method": "points", "amount": "2.00", "hold": hold["hold"]}],
        )
    )
    assert till.balance() == "0"
    reply = till.ok("cancel", {"request_id": "c", "store": "LX1", "at": till.clock.now.isoformat(), "document": "1"})
    assert reply["points"] == "200"
    assert till.balance() == "-200"
    assert till.ok("cancel", {"request_id": "c", "store": "LX1", "at": till.clock.now.isoformat(), "document": "1"}) == reply
    service.sound()


def test_abandoned_hold_is_released_and_lapsed_hold_frees(service: Service, till: Till) -> None:
    member = till.customer()
    till.commit(till.document("1", [("CAFE-250", "mercearia", "150.00")], customer={"card": member["card"]}))
    body = {"store": "LX1", "at": till.clock.now.isoformat(), "customer": {"card": member["card"]}, "points": "100"}
    hold = till.ok("hold", {**body, "request_id": "a"})
    released = till.ok("cancel", {"request_id": "x", "store": "LX1", "at": till.clock.now.isoformat(), "hold": hold["hold"]})
    assert (released["released"], released["points"], released["balance"]["available"]) == (True, "100", "150")
    till.ok("hold", {**body, "request_id": "b", "ttl_seconds": 60})
    assert till.hook("hold", {**body, "request_id": "c"}).status_code == 409
    service.clock.forward(minutes=2)
    till.ok("hold", {**body, "request_id": "d"})
    service.sound()


@pytest.mark.feature("PR-09")
@pytest.mark.feature("PR-12")
@pytest.mark.feature("AR-02")
def test_enrol_at_the_till_gives_a_card_that_every_store_knows(till: Till) -> None:
    body = {"request_id": "n1", "store": "LX1", "name": "Zulmira Nova", "phone": "912 345 678", "consent_sms": True}
    made = till.ok("enrol", body)
    assert made["created"]
    card = made["customer"]["cards"][0]["number"]
    assert till.ok("identify", {"store": "PT2", "key": card})["customer"]["name"] == "Zulmira Nova"
    assert till.ok("identify", {"store": "PT2", "key": "+351 912345678"})["customer"]["customer"] == made["customer"]["customer"]
    assert till.ok("identify", {"store": "PT2", "key": "zulmira"})["customer"]["customer"] == made["customer"]["customer"]
    again = till.ok("enrol", {"request_id": "n2", "store": "PT2", "phone": "+351912345678"})
    assert not again["created"]
    assert again["customer"]["customer"] == made["customer"]["customer"]


def test_bad_input_names_the_field(till: Till) -> None:
    document = till.document("1", [("CAFE-250", "mercearia", "10.00")])
    cases = [
        ({**document, "gross": 10}, "document.gross"),
        ({**document, "issued_at": "2026-11-20T10:00:00"}, "document.issued_at"),
        ({**document, "lines": [{**document["lines"][0], "gross": "x"}]}, "document.lines.0.gross"),
        ({**document, "colour": "red"}, "document.colour"),
    ]
    for body, field in cases:
        reply = till.hook("commit", {"request_id": "b", "document": body})
        assert reply.status_code == 422
        assert reply.headers["content-type"].startswith("application/problem+json")
        assert field in [one["field"] for one in reply.json()["errors"]]
    broken = till.client.post("/v1/hooks/commit", content=b"{", headers={**till.auth, "content-type": "application/json"})
    assert (broken.status_code, broken.json()["code"]) == (400, "malformed")
    wrong_store = till.hook("commit", {"request_id": "b", "document": {**document, "store": "NOPE"}})
    assert (wrong_store.status_code, wrong_store.json()["code"]) == (422, "unknown_store")
    assert (
        till.hook("enrol", {"request_id": "z", "store": "LX1", "name": "A", "tax_number": "123456788"}).json()["errors"][0]["field"]
        == "tax_number"
    )
