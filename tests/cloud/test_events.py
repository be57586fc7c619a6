"""Points for what happens to a customer: joining, birthdays, a complete record, bringing somebody; each once, whatever is retried."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from v5_cloud.ledger.tasks import housekeeping

if TYPE_CHECKING:
    from tests.cloud.conftest import Service, Till


def event(name: str, points: str, **more: Any) -> dict[str, Any]:
    return {"kind": "event", "id": name, "title": name.capitalize(), "event": name, "points": points, **more}


PROGRAMME: dict[str, Any] = {
    "id": "eventos",
    "name": "Eventos",
    "earning": [
        event("welcome", "50"),
        event("profile", "30", fields=["name", "phone", "email", "birth_date"]),
        event("birthday", "100"),
        event("anniversary", "10"),
        event("referral", "200"),
        event("referred", "80"),
    ],
}


def publish(till: Till, programme: dict[str, Any], version: int = 1) -> None:
    saved = till.client.post("/v1/programmes", json={**programme, "version": version}, headers=till.auth)
    assert saved.status_code == 201, saved.text
    done = till.client.post(f"/v1/programmes/{programme['id']}/{version}/publish", headers=till.auth)
    assert done.status_code == 200, done.text


@pytest.fixture
def shop(till: Till) -> Till:
    """A till of a shop that gives points for events."""
    publish(till, PROGRAMME)
    return till


def enrol(till: Till, name: str, **more: Any) -> dict[str, Any]:
    return till.ok("enrol", {"request_id": f"n-{name}", "store": "LX1", "name": name, **more})


def record(till: Till, customer: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = till.get(f"/v1/customers/{customer['customer']['customer']}").json()
    return found


def moves(till: Till, customer: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Operation, points, and why; oldest first."""
    found = till.get(f"/v1/customers/{customer['customer']['customer']}/movements").json()["items"]
    return [(one["operation"], one["points"], one["explanations"][0]["text"]) for one in reversed(found) if one["explanations"]]


def buy(till: Till, customer: dict[str, Any], number: str, gross: str = "10.00") -> dict[str, Any]:
    card = customer["customer"]["cards"][0]["number"]
    return till.commit(till.document(number, [("TABACO", "tabaco", gross)], customer={"card": card}))


def change(till: Till, customer: dict[str, Any], **values: Any) -> None:
    path = f"/v1/customers/{customer['customer']['customer']}"
    reply = till.client.patch(path, json=values, headers={**till.auth, "if-match": "*"})
    assert reply.status_code == 200, reply.text


def test_who_joins_is_welcomed_once(service: Service, shop: Till) -> None:
    body = {"request_id": "j1", "store": "LX1", "name": "Zulmira Nova", "phone": "912345678"}
    made = shop.ok("enrol", body)
    assert made["customer"]["balance"]["available"] == "50"
    assert [one["text"] for one in made["customer"]["messages"]] == ["Welcome: 50 pontos pela adesão"]
    assert shop.ok("enrol", body) == made
    assert shop.ok("enrol", {**body, "request_id": "j2"})["created"] is False
    assert moves(shop, made) == [("earn", "50", "Welcome: 50 pontos pela adesão")]
    assert record(shop, made)["balance"] == "50"
    service.sound()


def test_a_complete_record_is_worth_points_once_however_it_became_so(service: Service, shop: Till) -> None:
    made = enrol(shop, "Ana Prado", phone="912345678", email="ana@example.com")
    change(shop, made, remark="Nothing that counts")
    assert record(shop, made)["balance"] == "50"
    change(shop, made, birth_date="1990-05-01")
    assert record(shop, made)["balance"] == "80"
    change(shop, made, email=None)
    change(shop, made, email="again@example.com")
    assert record(shop, made)["balance"] == "80"
    whole = enrol(shop, "Rui Faro", phone="912000222", email="rui@example.com", birth_date="1990-05-01")
    assert [one["text"] for one in whole["customer"]["messages"]] == [
        "Profile: 30 pontos pela ficha completa",
        "Welcome: 50 pontos pela adesão",
    ]
    assert housekeeping(service.held) == 0
    service.sound()


def test_birthdays_come_once_a_year_in_the_stores_own_days(service: Service, shop: Till) -> None:
    made = enrol(shop, "Ana Prado", birth_date="1988-02-29")
    # Still the last of February in Lisbon; nobody is born on the 29th of a year that has none.
    service.clock.now = datetime(2027, 2, 28, 23, 59, tzinfo=UTC)
    housekeeping(service.held)
    assert record(shop, made)["balance"] == "50"
    service.clock.now = datetime(2027, 3, 1, 0, 1, tzinfo=UTC)
    assert housekeeping(service.held) == 1
    assert record(shop, made)["balance"] == "150"
    for _ in range(8):
        housekeeping(service.held)
        service.clock.forward(days=1)
    assert record(shop, made)["balance"] == "150"
    # Nobody kept house on the day itself: it is made up for.
    service.clock.now = datetime(2028, 3, 4, 12, 0, tzinfo=UTC)
    housekeeping(service.held)
    assert record(shop, made)["balance"] == "250"
    assert [text for _, _, text in moves(shop, made) if "Birthday" in text] == ["Birthday: 100 pontos pelo aniversário"] * 2
    service.sound()


def test_an_anniversary_tells_how_many_years_it_is(service: Service, shop: Till) -> None:
    made = enrol(shop, "Ana Prado")
    service.clock.now = datetime(2028, 11, 20, 10, 0, tzinfo=UTC)
    housekeeping(service.held)
    assert moves(shop, made)[-1] == ("earn", "10", "Anniversary: 10 pontos por 2 anos de cliente")


def test_two_rounds_at_once_give_one_birthday(service: Service, shop: Till) -> None:
    people = [enrol(shop, f"Ana {one}", birth_date="1990-12-01") for one in range(6)]
    service.clock.now = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
    start = threading.Barrier(4)
    failures: list[BaseException] = []

    def round_() -> None:
        try:
            start.wait()
            service.held.cache.pop(("celebrated", service.scope.tenant, service.scope.company), None)
            housekeeping(service.held)
        except BaseException as error:  # noqa: BLE001 - told by the test
            failures.append(error)

    threads = [threading.Thread(target=round_) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert failures == []
    assert {record(shop, one)["balance"] for one in people} == {"150"}
    service.sound()


def test_who_brings_somebody_is_thanked_at_the_first_purchase_and_no_more_when_it_comes_back(service: Service, shop: Till) -> None:
    old = enrol(shop, "Ana Prado", phone="912345678")
    new = enrol(shop, "Rui Faro", referred_by="912 345 678")
    assert (record(shop, old)["balance"], record(shop, new)["balance"]) == ("50", "50")
    assert record(shop, new)["referred_by"] == old["customer"]["customer"]
    service.clock.forward(minutes=1)
    buy(shop, new, "s1")
    assert (record(shop, old)["balance"], record(shop, new)["balance"]) == ("250", "130")
    service.clock.forward(minutes=1)
    buy(shop, new, "s2", "5.00")
    assert record(shop, old)["balance"] == "250"
    card = {"card": new["customer"]["cards"][0]["number"]}
    back = shop.document("r1", [("TABACO", "tabaco", "10.00")], kind="return", customer=card, reference={"document": "s1", "line": "1"})
    shop.give(back)
    assert record(shop, old)["balance"] == "250", "something is kept"
    shop.ok("cancel", {"request_id": "c1", "store": "LX1", "at": shop.clock.now.isoformat(), "document": "s2"})
    assert (record(shop, old)["balance"], record(shop, new)["balance"]) == ("50", "50")
    assert moves(shop, old)[1:] == [
        ("earn", "200", "Referral: 200 pontos por trazer um novo cliente"),
        ("take", "-200", "Referral: 200 pontos retirados, a compra foi devolvida"),
    ]
    service.clock.forward(minutes=1)
    buy(shop, new, "s3")
    assert (record(shop, old)["balance"], record(shop, new)["balance"]) == ("250", "130")
    assert housekeeping(service.held) == 0
    service.sound()


def test_nobody_unknown_is_thanked_and_the_cashier_is_told(shop: Till) -> None:
    made = enrol(shop, "Rui Faro", referred_by="999999999")
    assert [one["text"] for one in made["customer"]["messages"] if one["audience"] == "cashier"] == [
        "999999999 não é cliente desta casa: ninguém é creditado por trazer este"
    ]
    assert record(shop, made)["referred_by"] is None


@pytest.mark.feature("RS-12")
def test_a_blocked_customer_gets_no_points_no_offers_and_no_hold(service: Service, shop: Till) -> None:
    made = enrol(shop, "Ana Prado", birth_date="1990-12-01")
    change(shop, made, blocked=True)
    service.clock.now = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
    housekeeping(service.held)
    card = {"card": made["customer"]["cards"][0]["number"]}
    sold = shop.commit(shop.document("s1", [("VINHO-DOURO", "vinhos", "10.00")], customer=card))
    assert (sold["points_earned"], record(shop, made)["balance"], sold["receipt"]) == ("0", "50", [])
    wine = shop.document("q", [("VINHO-DOURO", "vinhos", "10.00")])["lines"]
    quoted = shop.ok("quote", {"store": "LX1", "at": shop.clock.now.isoformat(), "lines": wine, "customer": card})
    assert (quoted["discount"], quoted["points_earned"]) == ("0.00", "0")
    held = shop.hook("hold", {"request_id": "h1", "store": "LX1", "at": shop.clock.now.isoformat(), "customer": card, "points": "10"})
    assert (held.status_code, held.json()["code"]) == (409, "blocked")
    seen = shop.ok("identify", {"store": "LX1", "key": card["card"]})["customer"]
    assert (seen["blocked"], [one["audience"] for one in seen["messages"]]) == (True, ["cashier"])
    change(shop, made, blocked=False)
    housekeeping(service.held)
    assert shop.ok("identify", {"store": "LX1", "key": card["card"]})["customer"]["blocked"] is False
