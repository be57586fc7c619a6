"""Tiers, clubs, entitlements, relatives; points by hand, singly and en masse; turnover vouchers; what time does to all of it."""

from __future__ import annotations

import itertools
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from tests.cloud.conftest import Service, Till

PROGRAMME: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("club.yaml").read_text(encoding="utf-8"))


@pytest.fixture
def shop(till: Till) -> Till:
    """A till of a shop with tiers and clubs."""
    saved = till.client.post("/v1/programmes", json=PROGRAMME, headers=till.auth)
    assert saved.status_code == 201, saved.text
    assert till.client.post("/v1/programmes/clube/1/publish", headers=till.auth).status_code == 200
    return till


def post(shop: Till, path: str, body: dict[str, Any], status: int = 200) -> dict[str, Any]:
    reply = shop.client.post(path, json={"request_id": f"p-{next(shop.count)}", **body}, headers=shop.auth)
    assert reply.status_code == status, reply.text
    answer: dict[str, Any] = reply.json()
    return answer


def standing(shop: Till, index: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = shop.get(f"/v1/customers/{shop.customer(index)['id']}/standing").json()
    return found


def buy(shop: Till, number: str, gross: str, index: int = 0, **more: Any) -> dict[str, Any]:
    return shop.commit(shop.document(number, [("PAO-FORMA", "mercearia", gross)], customer={"card": shop.customer(index)["card"]}, **more))


def test_a_level_is_reached_at_the_till_and_its_benefit_counts_with_the_next_sale(service: Service, shop: Till) -> None:
    first = buy(shop, "s1", "60.00")
    assert first["tiers"] == []
    second = buy(shop, "s2", "50.00")
    assert [(one["tier"], one["next_tier"], one["missing"]) for one in second["tiers"]] == [("prata", "ouro", 39_000)]
    assert any("Prata" in line["text"] for line in second["receipt"])
    who = shop.ok("identify", {"store": "LX1", "key": shop.customer()["card"]})["customer"]
    assert [(one["tier"], one["until"]) for one in who["tiers"]] == [("prata", "2027-12-19")]
    basket = {
        "store": "LX1",
        "at": shop.clock.now.isoformat(),
        "customer": {"card": shop.customer()["card"]},
        "lines": shop.document("x", [("PAO-FORMA", "", "10.00")])["lines"],
    }
    assert shop.ok("quote", basket)["discount"] == "0.50"
    assert buy(shop, "s3", "1.00")["tiers"] == []
    service.sound()


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_levels_are_the_same_in_any_order_of_arrival(service: Service, shop: Till, order: tuple[int, ...]) -> None:
    now = shop.clock.now
    documents = [
        shop.document(
            f"s{n}",
            [("PAO-FORMA", "", gross)],
            customer={"card": shop.customer()["card"]},
            issued_at=(now - timedelta(days=days)).isoformat(),
        )
        for n, (gross, days) in enumerate([("90.00", 380), ("20.00", 200), ("30.00", 1)])
    ]
    for one in order:
        shop.commit(documents[one])
    found = standing(shop)["tiers"][0]
    # 90 and 20 reached the level until the first fell out of the year; the grace lasts to 4 December.
    assert (found["tier"], found["until"], found["missing"]) == ("prata", "2026-12-04", 45_000)


def test_returns_and_cancellations_count_and_time_takes_a_level_away(service: Service, shop: Till) -> None:
    from v5_cloud.ledger.tasks import housekeeping

    buy(shop, "s1", "120.00")
    assert standing(shop)["tiers"][0]["tier"] == "prata"
    shop.give(shop.document("r1", [("PAO-FORMA", "", "30.00")], kind="return", reference={"document": "s1"}))
    shop.clock.forward(days=31)
    assert standing(shop)["tiers"][0]["tier"] == "base", "the grace is over"
    buy(shop, "s2", "20.00")
    assert standing(shop)["tiers"][0]["tier"] == "prata"
    shop.clock.forward(days=400)
    housekeeping(service.held)
    from v5_cloud.membership.repository import MembershipRepository

    with service.held.database.read(service.scope) as session:
        row = MembershipRepository(session, service.scope).standings([shop.customer()["id"]])[0]
    assert (row.tiers["clube"][0], row.changes_on) == ("base", None)
    service.sound()


def test_customers_who_bought_before_the_programme_are_measured_too(service: Service, till: Till) -> None:
    buy(till, "old", "95.00")
    saved = till.client.post("/v1/programmes", json=PROGRAMME, headers=till.auth)
    assert saved.status_code == 201
    till.client.post("/v1/programmes/clube/1/publish", headers=till.auth)
    assert [one["tier"] for one in buy(till, "new", "5.00")["tiers"]] == ["prata"]
    assert standing(till)["tiers"][0]["tier"] == "prata"
    till.ok("cancel", {"request_id": "c", "store": "LX1", "at": till.clock.now.isoformat(), "document": "source:till:old"})
    till.clock.forward(days=31)
    assert standing(till)["tiers"][0]["tier"] == "base"


@pytest.mark.feature("PR-11", "PR-19", "PR-31")
def test_a_club_is_joined_and_its_benefits_count_at_that_very_moment(service: Service, shop: Till) -> None:
    customer = shop.customer()
    basket = {
        "store": "LX1",
        "at": shop.clock.now.isoformat(),
        "customer": {"card": customer["card"]},
        "lines": shop.document("x", [("PAO-FORMA", "", "10.00")])["lines"],
    }
    assert shop.ok("quote", basket)["discount"] == "0.00"
    path = f"/v1/customers/{customer['id']}/memberships"
    made = post(shop, path, {"club": "vip", "card": customer["card"]}, 201)
    assert (made["state"], made["until"], made["entitlements"][0]["left"]) == ("active", "2027-11-19", 2)
    quoted = shop.ok("quote", basket)
    assert (quoted["discount"], [one["product"] for one in quoted["gifts"]]) == ("0.30", ["CAFE"])
    buy(shop, "s1", "9.70", applied=[{"rule": "cafe"}])
    who = shop.ok("identify", {"store": "LX1", "key": customer["card"]})["customer"]["memberships"][0]
    assert (who["club"], who["entitlements"][0]["left"], who["entitlements"][0]["until"]) == ("vip", 1, "2026-11-30")
    buy(shop, "s2", "9.70", applied=[{"rule": "cafe"}])
    assert shop.ok("quote", basket)["gifts"] == []
    shop.ok("cancel", {"request_id": "c", "store": "LX1", "at": shop.clock.now.isoformat(), "document": "source:till:s2"})
    assert len(shop.ok("quote", basket)["gifts"]) == 1
    service.sound()


@pytest.mark.feature("PR-18")
def test_renewal_breaks_and_leaving(service: Service, shop: Till) -> None:
    mine, other = shop.customer(0), shop.customer(1)
    path = f"/v1/customers/{mine['id']}/memberships"

    def refused(what: str, **body: Any) -> str:
        reply = shop.client.post(path + what, json={"request_id": f"x-{next(shop.count)}", **body}, headers=shop.auth)
        assert reply.status_code in (404, 409, 422), reply.text
        return str(reply.json()["code"])

    assert refused("", club="lisboa") == "may_not_join"
    assert refused("", club="nenhum") == "unknown_club"
    assert refused("/vip/renew") == "no_member"
    post(shop, path, {"club": "vip"}, 201)
    assert refused("", club="vip") == "member"
    assert refused("/vip/renew") == "too_early"
    assert post(shop, f"{path}/vip/pause", {})["state"] == "paused"
    shop.clock.forward(days=10)
    assert post(shop, f"{path}/vip/resume", {})["until"] == "2027-11-29"
    shop.clock.forward(days=330)
    assert refused("/vip/renew", card=other["card"]) == "card_of_another"
    assert post(shop, f"{path}/vip/renew", {"card": mine["card"]})["until"] == "2028-11-29"
    assert post(shop, f"{path}/vip/extend", {"days": 1, "reason": "late"})["until"] == "2028-11-30"
    assert [one["customer"] for one in shop.get("/v1/clubs/vip/members").json()["items"]] == [mine["id"]]
    assert shop.get("/v1/clubs/vip/members", ending="2028-11-29").json()["items"] == []
    assert post(shop, f"{path}/vip/leave", {})["state"] == "ended"


@pytest.mark.feature("PR-08")
def test_relatives_share_one_account(service: Service, shop: Till) -> None:
    head, child = shop.customer(0), shop.customer(1)
    path = f"/v1/customers/{head['id']}"
    buy(shop, "s0", "20.00", 1)
    refused = shop.client.post(f"{path}/relatives", json={"relative": child["id"]}, headers=shop.auth)
    assert refused.json()["code"] == "not_shared"
    post(shop, f"{path}/memberships", {"club": "vip"}, 201)
    shared = shop.client.post(f"{path}/relatives", json={"relative": child["id"]}, headers=shop.auth).json()
    assert shared["relatives"] == [child["id"]]
    assert (shop.balance(0), shop.balance(1)) == ("20", "20")
    sold = buy(shop, "s1", "30.00", 1)
    assert sold["balance"]["available"] == "50"
    assert shop.balance(0) == "50"
    who = shop.ok("identify", {"store": "LX1", "key": child["card"]})["customer"]
    assert (who["customer"], who["balance"]["available"], [one["club"] for one in who["memberships"]]) == (child["id"], "50", ["vip"])
    shop.give(shop.document("r1", [("PAO-FORMA", "", "30.00")], kind="return", reference={"document": "s1"}))
    assert shop.balance(0) == "20"
    gone = shop.client.delete(f"{path}/relatives/{child['id']}", headers=shop.auth).json()
    assert gone["relatives"] == []
    buy(shop, "s2", "5.00", 1)
    assert (shop.balance(0), shop.balance(1)) == ("20", "5")
    service.sound()


@pytest.mark.feature("PR-24")
def test_points_by_hand_with_a_reason_and_back(service: Service, shop: Till) -> None:
    path = f"/v1/customers/{shop.customer()['id']}/adjustments"
    made = post(shop, path, {"points": "50", "reason": "apology"}, 201)
    assert (shop.balance(), made["points"]) == ("50", "50")
    taken = post(shop, path, {"points": "-20", "reason": "mistake"}, 201)
    assert shop.balance() == "30"
    post(shop, f"/v1/adjustments/{taken['id']}/reverse", {"reason": "no mistake"})
    assert shop.balance() == "50"
    twice = shop.client.post(f"/v1/adjustments/{taken['id']}/reverse", json={"request_id": "z", "reason": "again"}, headers=shop.auth)
    assert (twice.status_code, twice.json()["code"]) == (409, "reversed")
    post(shop, f"/v1/adjustments/{made['id']}/reverse", {"reason": "no"})
    assert shop.balance() == "0"
    nothing = shop.client.post(path, json={"request_id": "n", "points": "1", "reason": ""}, headers=shop.auth)
    assert nothing.status_code == 422, "a reason is needed"
    service.sound()


@pytest.mark.feature("PR-24")
def test_points_for_many_are_previewed_confirmed_and_reversed(service: Service, shop: Till) -> None:
    buy(shop, "s0", "20.00", 0)
    buy(shop, "s1", "200.00", 1)
    preview = post(shop, "/v1/runs/points", {"points": "10", "reason": "thanks", "where": "balance >= 100"}, 201)
    assert (preview["state"], [one["customer"] for one in preview["lines"]]) == ("preview", [shop.customer(1)["id"]])
    assert shop.balance(1) == "200", "nothing happened yet"
    confirm = f"/v1/runs/{preview['id']}/confirm"
    assert shop.client.post(confirm, headers=shop.auth).json()["state"] == "done"
    assert shop.client.post(confirm, headers=shop.auth).json()["state"] == "done"
    assert (shop.balance(0), shop.balance(1)) == ("20", "210")
    assert post(shop, f"/v1/runs/{preview['id']}/reverse", {"reason": "too early"})["state"] == "reversed"
    assert shop.balance(1) == "200"
    wrong = shop.client.post(
        "/v1/runs/points", json={"request_id": "w", "points": "1", "reason": "x", "where": "nonsense > 1"}, headers=shop.auth
    )
    assert wrong.status_code == 422
    assert [one["state"] for one in shop.get("/v1/runs").json()["items"]] == ["reversed"]
    service.sound()


@pytest.mark.feature("PR-24")
def test_a_reset_waits_for_its_day(service: Service, shop: Till) -> None:
    from v5_cloud.ledger.tasks import housekeeping

    buy(shop, "s0", "20.00", 0)
    preview = post(shop, "/v1/runs/reset", {"reason": "new year", "keep": "5", "on": "2026-12-31"}, 201)
    assert shop.client.post(f"/v1/runs/{preview['id']}/confirm", headers=shop.auth).json()["state"] == "scheduled"
    housekeeping(service.held)
    assert shop.balance() == "20"
    shop.clock.forward(days=42)
    housekeeping(service.held)
    assert (shop.balance(), shop.get(f"/v1/runs/{preview['id']}").json()["state"]) == ("5", "done")
    service.sound()


@pytest.mark.feature("FM-24", "FM-25")
def test_vouchers_by_turnover_are_previewed_confirmed_and_taken_back(service: Service, shop: Till) -> None:
    for number, (index, gross) in enumerate([(0, "60.00"), (0, "60.00"), (1, "500.00"), (2, "40.00"), (2, "70.00")]):
        buy(shop, f"s{number}", gross, index)
    shop.give(shop.document("r", [("PAO-FORMA", "", "20.00")], kind="return", reference={"document": "s4"}))
    asked = {"programme": "clube", "rule": "obrigado", "first": "2026-11-01", "last": "2026-11-30"}
    preview = post(shop, "/v1/runs/turnover", asked, 201)
    assert [(one["customer"], one["measured"], one["visits"], one["amount"]) for one in preview["lines"]] == [
        (shop.customer(0)["id"], "120.00", 2, "6.00")
    ]
    assert shop.get("/v1/vouchers", run=preview["id"]).json()["items"] == []
    done = shop.client.post(f"/v1/runs/{preview['id']}/confirm", headers=shop.auth).json()
    assert (done["state"], done["amount"]) == ("done", "6.00")
    made = shop.get("/v1/vouchers", run=preview["id"]).json()["items"]
    assert [(one["balance"], one["customer"]) for one in made] == [("6.00", shop.customer(0)["id"])]
    post(shop, f"/v1/runs/{preview['id']}/reverse", {"reason": "wrong month"})
    assert shop.get("/v1/vouchers", run=preview["id"]).json()["items"][0]["state"] == "cancelled"
    service.sound()


@pytest.mark.feature("FM-26")
def test_two_visits_in_a_month_give_a_voucher_at_the_till(service: Service, shop: Till) -> None:
    assert buy(shop, "s1", "70.00")["vouchers"] == []
    second = buy(shop, "s2", "10.00")
    assert [one["amount"] for one in second["vouchers"]] == ["4.00"]
    assert any(one["rule"] == "segunda" and "80,00" in one["text"] for one in second["explanations"])
    shop.clock.forward(days=40)
    assert buy(shop, "s3", "90.00")["vouchers"] == [], "one visit in the last thirty days"


@pytest.mark.feature("PR-06", "V5-37")
def test_a_birthday_brings_one_voucher_a_year(service: Service, shop: Till) -> None:
    from v5_cloud.ledger.tasks import housekeeping

    enrolled = shop.ok("enrol", {"request_id": "e1", "store": "LX1", "name": "Ana Nova", "birth_date": "1990-11-21"})["customer"]
    for _ in range(3):
        housekeeping(service.held)
    mine = {"customer": enrolled["customer"]}
    assert shop.get("/v1/vouchers", **mine).json()["items"] == []
    shop.clock.forward(days=1)
    for _ in range(2):
        housekeeping(service.held)
    assert [one["balance"] for one in shop.get("/v1/vouchers", **mine).json()["items"]] == ["10.00"]
    shop.clock.forward(days=365)
    housekeeping(service.held)
    assert len(shop.get("/v1/vouchers", **mine).json()["items"]) == 2
    service.sound()


@pytest.mark.feature("FM-30")
def test_a_new_customer_with_an_e_mail_gets_a_voucher_at_once(service: Service, shop: Till) -> None:
    def enrol(number: int, **more: Any) -> dict[str, Any]:
        return shop.ok("enrol", {"request_id": f"e{number}", "store": "LX1", "name": f"Nova {number}", **more})

    assert enrol(1)["customer"]["vouchers"] == []
    made = enrol(2, email="nova@exemplo.pt", phone="912345678")
    assert [one["percent"] for one in made["customer"]["vouchers"]] == ["10"]
    assert enrol(2, email="nova@exemplo.pt", phone="912345678") == made, "the same request again"
    known = enrol(3, email="nova@exemplo.pt", phone="912345678")
    assert known["created"] is False
    assert len(shop.get("/v1/vouchers", customer=made["customer"]["customer"]).json()["items"]) == 1
    who = shop.ok("identify", {"store": "LX1", "key": "912345678"})["customer"]
    assert [one["percent"] for one in who["vouchers"]] == ["10"]


@pytest.mark.feature("FM-35", "PR-03")
def test_a_vip_card_has_its_own_rate_and_last_day(service: Service, shop: Till) -> None:
    customer = shop.customer()
    path = f"/v1/customers/{customer['id']}/cards"
    card = {"number": "VIP-1", "kind": "discount", "card_type": "points", "rate": "12.5", "valid_until": "2026-11-30"}
    assert post(shop, path, card, 201)["rate"] == "12.5"
    basket = {"store": "LX1", "customer": {"card": "VIP-1"}, "lines": shop.document("x", [("PAO-FORMA", "", "10.00")])["lines"]}
    assert shop.ok("quote", {**basket, "at": shop.clock.now.isoformat()})["discount"] == "1.25"
    taken = shop.client.post(f"/v1/customers/{shop.customer(1)['id']}/cards", json={"request_id": "t", **card}, headers=shop.auth)
    assert (taken.status_code, taken.json()["code"]) == (409, "card_taken")
    changed = shop.client.patch(f"{path}/VIP-1", json={"rate": "20"}, headers=shop.auth).json()
    assert (changed["rate"], changed["valid_until"]) == ("20", "2026-11-30")
    assert shop.ok("quote", {**basket, "at": shop.clock.now.isoformat()})["discount"] == "2.00"
    shop.clock.forward(days=11)
    assert shop.ok("quote", {**basket, "at": shop.clock.now.isoformat()})["discount"] == "0.00", "its last day is over"


def test_a_sale_of_before_the_levels_counts_for_them_however_late_it_comes(service: Service, till: Till) -> None:
    saved = till.client.post("/v1/programmes", json={**PROGRAMME, "tiers": None, "offers": [], "vouchers": []}, headers=till.auth)
    assert saved.status_code == 201, saved.text
    till.client.post("/v1/programmes/clube/1/publish", headers=till.auth)
    long_ago = till.clock.now - timedelta(hours=1)
    till.clock.forward(days=1)
    till.client.post("/v1/programmes", json={**PROGRAMME, "version": 2}, headers=till.auth)
    till.client.post("/v1/programmes/clube/2/publish", headers=till.auth)
    buy(till, "new", "20.00")
    buy(till, "late", "90.00", issued_at=long_ago.isoformat())
    assert standing(till)["tiers"][0]["tier"] == "prata"


def test_vouchers_by_turnover_for_some_customers_only(service: Service, shop: Till) -> None:
    for number in range(4):
        buy(shop, f"s{number}", "80.00", number % 2)
    name = shop.get(f"/v1/customers/{shop.customer(1)['id']}").json()["name"]
    asked = {"programme": "clube", "rule": "obrigado", "first": "2026-11-01", "last": "2026-11-30", "where": f"name = '{name}'"}
    preview = post(shop, "/v1/runs/turnover", asked, 201)
    assert [one["customer"] for one in preview["lines"]] == [shop.customer(1)["id"]]


def test_levels_that_were_given_up_and_come_back_are_measured_anew(service: Service, shop: Till) -> None:
    from v5_cloud.ledger.tasks import housekeeping

    def publish(version: int, **changes: Any) -> None:
        body = {**PROGRAMME, "version": version, **changes}
        assert shop.client.post("/v1/programmes", json=body, headers=shop.auth).status_code == 201
        assert shop.client.post(f"/v1/programmes/clube/{version}/publish", headers=shop.auth).status_code == 200
        shop.clock.forward(hours=1)

    buy(shop, "s1", "60.00")
    publish(2, tiers=None, offers=[], vouchers=[])
    housekeeping(service.held)
    buy(shop, "s2", "50.00")
    publish(3)
    buy(shop, "s3", "1.00")
    assert (standing(shop)["tiers"][0]["tier"], standing(shop)["tiers"][0]["missing"]) == ("prata", 38_900)
    service.sound()


@pytest.mark.feature("PR-19", "PR-20")
def test_the_till_warns_before_a_membership_ends(service: Service, shop: Till) -> None:
    def said() -> list[str]:
        who = shop.ok("identify", {"store": "LX1", "key": shop.customer()["card"]})["customer"]
        return [one["text"] for one in who["messages"] if one["text"].startswith("VIP")]

    post(shop, f"/v1/customers/{shop.customer()['id']}/memberships", {"club": "vip", "until": "2027-01-15"}, 201)
    assert said() == []
    shop.clock.forward(days=30)
    assert said() == ["VIP: a adesão termina em 15/01/2027"]
    shop.clock.forward(days=40)
    assert said() == ["VIP: a adesão terminou em 15/01/2027"]
    shop.clock.forward(days=60)
    assert said() == []
