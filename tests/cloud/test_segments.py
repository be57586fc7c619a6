"""Segments over REST: defined, tried out, worked out, at the till, in offers; purchases follow every change of a document."""

from __future__ import annotations

import importlib
import threading
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from v5_cloud.ledger.tasks import housekeeping
from v5_cloud.programmes.drafts import publish
from v5_cloud.segments.refreshing import refresh, refresh_due
from v5_core.criteria import parse, to_json
from v5_core.programme import Programme
from v5_core.segments import CLASSIC

if TYPE_CHECKING:
    import httpx

    from tests.cloud.conftest import Service, Till


def define(till: Till, segment: str, where: str, **more: Any) -> httpx.Response:
    reply: httpx.Response = till.client.put(f"/v1/segments/{segment}", json={"where": where, **more}, headers=till.auth)
    return reply


def members(till: Till, segment: str) -> list[str]:
    return sorted(one["customer"] for one in till.get(f"/v1/segments/{segment}/members").json()["items"])


def sell(till: Till, number: str, index: int, *lines: tuple[str, str, str], **more: Any) -> dict[str, Any]:
    return till.commit(till.document(number, list(lines), customer={"card": till.customer(index)["card"]}, **more))


def purchases(service: Service) -> tuple[list[Any], list[Any]]:
    """What is kept by day and by article, rows of nothing left out."""
    with service.held.database.read(service.scope) as session:
        days = session.execute(
            text(
                "SELECT customer_id, day, store, sales, gross, points FROM shopping_day "
                "WHERE sales <> 0 OR gross <> 0 OR points <> 0 ORDER BY 1, 2, 3"
            )
        ).all()
        goods = session.execute(
            text(
                "SELECT customer_id, product, family, sales, quantity, gross FROM shopping_product "
                "WHERE sales <> 0 OR quantity <> 0 OR gross <> 0 ORDER BY 1, 2, 3"
            )
        ).all()
    return [tuple(row) for row in days], [tuple(row) for row in goods]


@pytest.mark.feature("RS-03", "RS-05", "PR-25")
def test_a_segment_is_defined_tried_out_and_worked_out(service: Service) -> None:
    till = service.till()
    sell(till, "1", 0, ("COFFEE", "drinks", "120.00"))
    sell(till, "2", 1, ("TEA", "drinks", "20.00"))
    asked = {"where": "spend('2026-11') >= 100 and bought_product('COFFEE', 90)"}
    tried = till.client.post("/v1/criteria/preview", json=asked, headers=till.auth).json()
    assert (tried["count"], [one["customer"] for one in tried["sample"]]) == (1, [till.customer(0)["id"]])
    made = define(till, "coffee-lovers", asked["where"], title="Coffee lovers").json()
    assert (made["members"], made["refreshed_at"]) == (0, None)
    housekeeping(service.held)
    assert members(till, "coffee-lovers") == [till.customer(0)["id"]]
    shown = till.get("/v1/segments").json()["items"][0]
    assert (shown["title"], shown["members"], shown["refreshed_at"]) == ("Coffee lovers", 1, "2026-11-20T10:00:00Z")
    form = {"criterion": shown["criterion"], "title": "Coffee lovers"}
    again = till.client.put("/v1/segments/coffee-lovers", json=form, headers=till.auth).json()
    assert again["where"] == asked["where"]
    assert again["refreshed_at"] is not None
    assert till.client.delete("/v1/segments/coffee-lovers", headers=till.auth).status_code == 204
    assert till.get("/v1/segments/coffee-lovers").status_code == 404
    assert till.ok("identify", {"store": "LX1", "key": till.customer(0)["card"]})["customer"]["segments"] == []


@pytest.mark.feature("RS-05", "FM-10")
def test_what_cannot_be_read_is_refused_with_its_place(service: Service) -> None:
    till = service.till()
    for where, said in (
        ("spend('2026-13') > 1", "at character 7: '2026-13' is no period"),
        ("spent > 1", "at character 1: unknown field 'spent'; expected one of spend(period?)"),
        ("spend >= ", "at character 9: found the end; expected a value"),
        ("segment = 'best'", "at character 1: unknown field 'segment'"),
        ("bought_product > 1", "'bought_product' needs 1 argument"),
    ):
        reply = define(till, "wrong", where)
        assert reply.status_code == 422
        assert said in reply.json()["errors"][0]["message"]
    both = till.client.put(
        "/v1/segments/wrong", json={"where": "sales > 1", "criterion": {"op": "is_null", "field": "email"}}, headers=till.auth
    )
    assert both.status_code == 422
    assert till.client.put("/v1/segments/Wrong", json={"where": "sales > 1"}, headers=till.auth).status_code == 422
    fields = {one["name"]: one for one in till.get("/v1/criteria/fields").json()["items"]}
    assert fields["bought_product"] == {
        "name": "bought_product",
        "kind": "bool",
        "decimals": 0,
        "arguments": ["text", "period"],
        "needs": 1,
    }
    # Searching goes by segments too.
    assert till.client.post("/v1/criteria/preview", json={"where": "segment = 'best'"}, headers=till.auth).json()["count"] == 0


@pytest.mark.feature("PR-25", "PR-34")
def test_a_sale_moves_its_customer_at_once_and_the_next_sale_has_the_offer(service: Service) -> None:
    till = service.till()
    define(till, "best", "sales >= 2 and spend >= 50")
    body = {
        "id": "for-the-best", "name": "For the best", "currency": "EUR", "version": 1,
        "offers": [{"kind": "percent_lines", "id": "ten", "title": "Ten for the best", "percent": "10", "when": "segment = 'best'"}],
    }  # fmt: skip
    publish(service.held, service.scope, Programme.model_validate(body), actor="test")
    customer = till.customer(0)
    basket = {
        "store": "LX1", "at": till.clock.now.isoformat(), "customer": {"card": customer["card"]},
        "lines": [{"line_id": "1", "product": "TEA", "gross": "10.00", "net": "10.00"}],
    }  # fmt: skip
    sell(till, "1", 0, ("TEA", "drinks", "30.00"))
    refresh_due(service.held)
    assert till.ok("quote", basket)["discount"] == "0.00"
    sell(till, "2", 0, ("TEA", "drinks", "30.00"))
    assert refresh_due(service.held) == 1
    assert refresh_due(service.held) == 0
    assert till.ok("quote", basket)["discount"] == "1.00"
    assert till.ok("identify", {"store": "LX1", "key": customer["card"]})["customer"]["segments"] == ["best"]
    till.enrol_agent()
    told = {one["customer"]: one.get("segments", []) for one in till.signed("/v1/replica", {"since": 0}).json()["customers"]}
    assert told[customer["id"]] == ["best"]
    assert told[till.customer(1)["id"]] == []
    # A store that knows everything hears of whoever moves.
    version = till.signed("/v1/replica", {"since": 0}).json()["version"]
    cancelled = till.ok("cancel", {"request_id": "c", "store": "LX1", "at": till.clock.now.isoformat(), "document": "2"})
    assert cancelled["released"] is not None
    refresh_due(service.held)
    told = {one["customer"]: one.get("segments", []) for one in till.signed("/v1/replica", {"since": version}).json()["customers"]}
    assert told == {customer["id"]: []}


@pytest.mark.feature("RS-03")
def test_purchases_follow_returns_cancellations_and_customers_who_become_known(service: Service) -> None:
    till = service.till()
    known, day = till.customer(0)["id"], "2026-11-20"
    sell(till, "1", 0, ("COFFEE", "drinks", "12.00"), ("COFFEE", "drinks", "6.00"), ("CUP", "table", "5.00"))
    days, goods = purchases(service)
    assert [(row[0], str(row[1]), *row[2:5]) for row in days] == [(known, day, "LX1", 1, 2300)]
    assert goods == [(known, "COFFEE", "drinks", 1, 2000, 1800), (known, "CUP", "table", 1, 1000, 500)]
    till.give(till.document("R1", [("COFFEE", "drinks", "6.00")], kind="return", reference={"document": "1"}))
    days, goods = purchases(service)
    assert [row[3:5] for row in days] == [(1, 1700)]
    assert goods[0] == (known, "COFFEE", "drinks", 1, 1000, 1200)
    # Another customer all along: nothing stays with the first one.
    told = till.document("1", [("COFFEE", "drinks", "12.00"), ("COFFEE", "drinks", "6.00"), ("CUP", "table", "5.00")])
    till.commit({**told, "customer": {"card": till.customer(1)["card"]}})
    days, goods = purchases(service)
    assert {row[0] for row in (*days, *goods)} == {till.customer(1)["id"]}
    assert [row[3:5] for row in days] == [(1, 1700)]
    till.ok("cancel", {"request_id": "c1", "store": "LX1", "at": till.clock.now.isoformat(), "document": "R1"})
    till.ok("cancel", {"request_id": "c2", "store": "LX1", "at": till.clock.now.isoformat(), "document": "1"})
    assert purchases(service) == ([], [])
    service.sound()


@pytest.mark.feature("RS-03", "PR-08")
def test_bands_by_limits_and_by_quantiles_and_a_profile(service: Service) -> None:
    till = service.till()
    for index, (count, amount) in enumerate([(1, "10.00"), (2, "20.00"), (3, "30.00"), (4, "40.00")]):
        for number in range(count):
            sell(till, f"{index}-{number}", index, ("TEA", "drinks", amount))
    assert till.get("/v1/rfm").json()["rfm"]["value"] == {"limits": [], "quantiles": 5}
    body = {"days": 365, "recency": {"limits": [30, 90]}, "frequency": {"quantiles": 2}, "value": {"limits": ["50.00", "100.00"]}}
    found = till.client.put("/v1/rfm", json=body, headers=till.auth).json()
    assert found["cuts"] == {"days": 365, "recency": [30, 90], "frequency": [3], "value": [5000, 10000]}
    for segment, (title, where) in CLASSIC.items():
        assert define(till, segment, where, title=title).status_code == 200
    define(till, "top", "r = 3 and f = 2 and v = 3")
    define(till, "never", "r = 0 and not bought")
    housekeeping(service.held)
    assert members(till, "top") == [till.customer(3)["id"]]
    assert members(till, "never") == sorted(till.customer(index)["id"] for index in (4, 5))
    mine = till.get(f"/v1/customers/{till.customer(2)['id']}/profile").json()
    assert (mine["r"], mine["f"], mine["v"], mine["sales"], mine["visits"], mine["spend"]) == (3, 2, 2, 3, 1, "90.00")
    assert (mine["frequency"], mine["preferred_store"], mine["favourite_products"]) == ("rarely", "LX1", ["TEA"])
    assert set(mine["segments"]) == {
        one["id"] for one in till.get("/v1/segments").json()["items"] if till.customer(2)["id"] in members(till, one["id"])
    }
    wrong = till.client.put("/v1/rfm", json={"recency": {"limits": [90, 30]}}, headers=till.auth)
    assert wrong.status_code == 422
    assert till.get("/v1/customers/nobody/profile").status_code == 404


@pytest.mark.feature("RS-05", "PR-08")
def test_time_alone_moves_customers_when_the_day_begins(service: Service) -> None:
    till = service.till()
    sell(till, "1", 0, ("TEA", "drinks", "10.00"))
    define(till, "recent", "days_since_sale <= 1")
    housekeeping(service.held)
    assert members(till, "recent") == [till.customer(0)["id"]]
    service.clock.forward(days=1)
    housekeeping(service.held)
    assert members(till, "recent") == [till.customer(0)["id"]]
    service.clock.forward(days=1)
    housekeeping(service.held)
    assert members(till, "recent") == []
    assert till.get("/v1/segments").json()["items"][0]["members"] == 0


def test_a_sale_costs_no_statement_more_for_its_purchases_and_segments(service: Service) -> None:
    till = service.till()
    sell(till, "0", 0, ("TEA", "drinks", "1.00"))

    def cost(number: str) -> int:
        before = service.held.database.statements
        sell(till, number, 0, ("TEA", "drinks", "1.00"), ("COFFEE", "drinks", "2.00"))
        return service.held.database.statements - before

    plain = cost("1")
    define(till, "best", "sales >= 2")
    refresh(service.held, service.scope)
    cost("2")  # reads the company anew, once in half a minute
    if service.held.database.is_sqlite:
        # One insert for each table that is written; the mark of the customer is one of them.
        assert cost("3") == plain + 1
    else:
        assert cost("3") == plain <= 5 + 2  # the sale's own, the key and the rate limit


@pytest.mark.feature("RS-05", "FM-10")
def test_whoever_is_new_or_completed_moves_at_once(service: Service) -> None:
    till = service.till()
    define(till, "without-e-mail", "incomplete and email = '' and name contains 'novo'")
    refresh(service.held, service.scope)
    made = till.ok("enrol", {"request_id": "n", "store": "LX1", "name": "Cliente Novo", "phone": "912345670"})["customer"]["customer"]
    assert refresh_due(service.held) == 1
    assert members(till, "without-e-mail") == [made]
    headers = till.auth | {"if-match": "*"}
    changed = till.client.patch(f"/v1/customers/{made}", json={"email": "novo@example.com"}, headers=headers)
    assert changed.status_code == 200
    assert refresh_due(service.held) == 1
    assert members(till, "without-e-mail") == []


def test_members_come_in_pages(service: Service) -> None:
    till = service.till()
    define(till, "all", "name != ''")
    assert refresh(service.held, service.scope) == 6
    assert refresh(service.held, service.scope) == 0
    seen: list[str] = []
    page = till.get("/v1/segments/all/members", limit=4).json()
    seen += [one["customer"] for one in page["items"]]
    page = till.get("/v1/segments/all/members", limit=4, cursor=page["next_cursor"]).json()
    seen += [one["customer"] for one in page["items"]]
    assert page["next_cursor"] is None
    assert seen == sorted(one["id"] for one in till.sample["customers"])


def test_what_is_sold_while_a_customer_is_worked_out_is_not_forgotten(service: Service) -> None:
    till = service.till()
    define(till, "thrice", "sales >= 20")
    errors: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(10):
                refresh_due(service.held)
        except BaseException as error:  # noqa: BLE001 - shown below
            errors.append(error)

    worker = threading.Thread(target=work)
    worker.start()
    for number in range(20):
        till.clock.forward(seconds=1)
        sell(till, str(number), 0, ("TEA", "drinks", "1.00"))
    worker.join()
    assert errors == []
    while refresh_due(service.held):
        pass
    assert members(till, "thrice") == [till.customer(0)["id"]]


def test_the_criterion_of_a_form_is_the_tree_of_its_text(service: Service) -> None:
    till = service.till()
    tree = to_json(parse("spend(90) > 50 and not email = ''"))
    reply = till.client.post(
        "/v1/criteria/preview", content=f'{{"criterion":{tree}}}', headers=till.auth | {"content-type": "application/json"}
    )
    assert reply.json()["where"] == "spend(90) > 50 and not email is empty"


def test_purchases_of_documents_that_were_there_before_are_what_they_would_have_been(service: Service) -> None:
    till = service.till()
    sell(till, "1", 0, ("COFFEE", "drinks", "12.35"), ("COFFEE", "drinks", "6.00"), ("CUP", "", "5.00"))
    sell(till, "2", 1, ("TEA", "drinks", "0.99"))
    sell(till, "3", 1, ("TEA", "drinks", "7.00"))
    till.commit(till.document("4", [("TEA", "drinks", "7.00")]))
    till.give(till.document("R1", [("COFFEE", "drinks", "6.00")], kind="return", reference={"document": "1"}))
    till.ok("cancel", {"request_id": "c", "store": "LX1", "at": till.clock.now.isoformat(), "document": "3"})
    kept = purchases(service)
    migration = importlib.import_module("v5_cloud.migrations.versions.0009_segments")
    with service.held.database.write(service.scope) as session:
        session.execute(text("DELETE FROM shopping_day"))
        session.execute(text("DELETE FROM shopping_product"))
        for statement in migration.filling("sqlite" if service.held.database.is_sqlite else "postgresql"):
            session.execute(text(statement))
    assert purchases(service) == kept
    assert len(kept[0]) == 2
