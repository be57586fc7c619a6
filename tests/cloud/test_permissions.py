"""Who may use points as money, and how many in a day over all tills; and offers in the days around a birthday. Through the API."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from tests.cloud.conftest import Service, Till


def publish(till: Till, **parts: Any) -> None:
    """The next version of the sample's programme."""
    newest = max(till.get("/v1/programmes").json()["items"], key=lambda one: int(one["version"]))
    body = newest["programme"] | parts | {"version": int(newest["version"]) + 1}
    saved = till.client.post("/v1/programmes", json=body, headers=till.auth)
    assert saved.status_code == 201, saved.text
    done = till.client.post(f"/v1/programmes/{body['id']}/{body['version']}/publish", headers=till.auth)
    assert done.status_code == 200, done.text


def redemption(**more: Any) -> dict[str, Any]:
    return {"points": "100", "amount": "1.00", "minimum": "10", "step": "10", "max_share": "100"} | more


def hold(till: Till, points: str, store: str = "LX1", operator: str = "rui") -> httpx.Response:
    body = {"request_id": f"h-{next(till.count)}", "store": store, "at": till.clock.now.isoformat(), "operator": operator}
    return till.hook("hold", {**body, "customer": {"card": till.customer()["card"]}, "points": points})


def earn(till: Till, gross: str = "500.00") -> None:
    till.commit(till.document(f"e-{next(till.count)}", [("CAFE-250", "mercearia", gross)], customer={"card": till.customer()["card"]}))


def quote(till: Till, product: str = "CAFE-250", **more: Any) -> dict[str, Any]:
    lines = till.document("x", [(product, "mercearia", "50.00")])["lines"]
    member = {"card": till.customer()["card"]}
    return till.ok("quote", {"store": "LX1", "at": till.clock.now.isoformat(), "lines": lines, "customer": member, **more})


@pytest.mark.feature("PR-23")
def test_points_are_used_by_whom_and_where_the_programme_allows(service: Service, till: Till) -> None:
    earn(till)
    publish(till, redemption=redemption(when="operator in ('rui', 'eva') and store = 'LX1'"))
    service.clock.forward(minutes=1)
    assert quote(till, operator="rui")["redeemable"] == "500"
    assert quote(till, operator="ana")["redeemable"] == "0"
    assert hold(till, "100").status_code == 200
    for refused in (hold(till, "100", operator="ana"), hold(till, "100", store=till.sample["stores"][1])):
        assert (refused.status_code, refused.json()["code"]) == (409, "not_permitted")
        assert refused.json()["detail"] == "Aqui, ou com este operador, não se podem usar pontos"
    # A condition on the basket is the quote's business: a hold has none.
    publish(till, redemption=redemption(when="total >= 60"))
    service.clock.forward(minutes=1)
    assert quote(till)["redeemable"] == "0"
    assert hold(till, "100").status_code == 200
    service.sound()


@pytest.mark.feature("PR-23")
def test_the_limit_of_a_day_counts_over_all_tills_and_holds(service: Service, till: Till) -> None:
    earn(till)
    publish(till, redemption=redemption(daily_limit="150"))
    service.clock.forward(minutes=1)
    first = hold(till, "100")
    assert first.status_code == 200
    more = hold(till, "60", store=till.sample["stores"][1])
    assert (more.status_code, more.json()["code"]) == (409, "daily_limit")
    assert more.json()["detail"] == "Hoje só se podem usar mais 50 pontos"
    paid = [{"method": "points", "amount": "1.00", "hold": first.json()["hold"]}]
    till.commit(till.document("s1", [("CAFE-250", "mercearia", "20.00")], customer={"card": till.customer()["card"]}, payments=paid))
    assert hold(till, "60").status_code == 409, "spent counts as held did"
    assert quote(till)["redeemable"] == "50"
    last = hold(till, "50")
    assert last.status_code == 200
    till.ok("cancel", {"request_id": "c1", "store": "LX1", "at": till.clock.now.isoformat(), "hold": last.json()["hold"]})
    assert hold(till, "50").status_code == 200
    service.clock.now = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
    assert hold(till, "150").status_code == 200, "a new day"
    service.sound()


@pytest.mark.feature("PR-23")
def test_two_tills_at_once_do_not_pass_the_limit_of_a_day(service: Service, till: Till) -> None:
    earn(till)
    publish(till, redemption=redemption(daily_limit="100"))
    service.clock.forward(minutes=1)
    start = threading.Barrier(6)
    codes: list[int] = []

    def ask() -> None:
        start.wait()
        codes.append(hold(till, "60").status_code)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(codes) == [200, 409, 409, 409, 409, 409]
    service.sound()


@pytest.mark.feature("PR-26")
def test_an_offer_holds_in_the_days_around_a_birthday(service: Service, till: Till) -> None:
    offer = {
        "kind": "percent_order",
        "id": "anos",
        "title": "Parabéns",
        "percent": "10",
        "when": "days_to_birthday <= 3 or days_to_birthday >= 363",
    }
    publish(till, offers=[offer])
    path = f"/v1/customers/{till.customer()['id']}"
    reply = till.client.patch(path, json={"birth_date": "1990-12-24"}, headers={**till.auth, "if-match": "*"})
    assert reply.status_code == 200, reply.text
    given = {}
    for day in (20, 21, 24, 26, 27):
        service.clock.now = datetime(2026, 12, day, 10, 0, tzinfo=UTC)
        given[day] = quote(till)["discount"]
    assert given == {20: "0.00", 21: "5.00", 24: "5.00", 26: "5.00", 27: "0.00"}
    sold = till.commit(till.document("s1", [("CAFE-250", "mercearia", "45.00")], customer={"card": till.customer()["card"]}))
    assert sold["points_earned"] == "45"
