"""Fifty tills at once on what there is only one of: exactly one of them has it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.cloud.conftest import Service, Till

TILLS = 50
PROGRAMME: dict[str, Any] = {
    "id": "loja",
    "name": "Loja",
    "offers": [
        {"kind": "percent_order", "id": "dez", "percent": "10", "coupon": True, "members_only": False},
        {"kind": "percent_order", "id": "primeiro", "percent": "5", "members_only": False, "limits": [{"uses": 1}], "codes": ["PRIMEIRO"]},
        {"kind": "gift", "id": "cafe", "products": ["CAFE"], "entitlement": "um-cafe"},
    ],
    "stored_value": [{"id": "cartao", "kind": "gift_card"}],
    "clubs": [{"id": "clube", "title": "Clube", "entitlements": [{"id": "um-cafe", "title": "Um café", "uses": 1}]}],
    "earning": [{"kind": "per_sale", "id": "campanha", "points": "100", "caps": [{"points": "100", "per": "ever", "by": "all"}]}],
}  # fmt: skip


@pytest.fixture
def shop(till: Till) -> Till:
    """A till of a shop with one of everything."""
    saved = till.client.post("/v1/programmes", json=PROGRAMME, headers=till.auth)
    assert saved.status_code == 201, saved.text
    assert till.client.post("/v1/programmes/loja/1/publish", headers=till.auth).status_code == 200
    return till


def at_once(work: list[Any]) -> list[Any]:
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


def hold_all(service: Service, **wanted: Any) -> list[str]:
    """What became of fifty holds at once: "" or the code of the refusal."""
    from v5_cloud.hooks.service import CloudHooks
    from v5_core.errors import V5Error
    from v5_core.hooks import HoldRequest

    def one(number: int) -> str:
        body = {"request_id": f"h{number}", "store": "LX1", "till": str(number), "at": service.clock.now.isoformat(), **wanted}
        try:
            CloudHooks(service.held, service.scope).hold(HoldRequest.model_validate(body))
        except V5Error as error:
            return error.error_code
        return ""

    return at_once([lambda number=number: one(number) for number in range(TILLS)])


def issued(till: Till, **body: Any) -> str:
    reply = till.client.post("/v1/vouchers", json={"request_id": "i", **body}, headers=till.auth)
    assert reply.status_code == 201, reply.text
    return str(reply.json()["items"][0]["code"])


def test_one_coupon(service: Service, shop: Till) -> None:
    code = issued(shop, kind="coupon", offer="dez")
    assert sorted(hold_all(service, codes=[code])) == ["", *["used_up"] * (TILLS - 1)]
    assert shop.get(f"/v1/vouchers/{code}").json()["reserved"] == 1
    service.sound()


def test_a_nearly_empty_card(service: Service, shop: Till) -> None:
    code = issued(shop, kind="gift_card", type="cartao", amount="19.99")
    answers = hold_all(service, stored_value=[{"code": code, "amount": "10.00"}])
    assert sorted(answers) == ["", *["insufficient_value"] * (TILLS - 1)]
    card = shop.get(f"/v1/vouchers/{code}").json()
    assert (card["held"], card["balance"]) == ("10.00", "9.99")
    service.sound()


def test_the_last_use_of_a_campaign(service: Service, shop: Till) -> None:
    assert sorted(hold_all(service, rules=["primeiro"])) == ["", *["used_up"] * (TILLS - 1)]
    service.sound()


@pytest.mark.feature("PR-32")
def test_the_last_use_of_an_entitlement(service: Service, shop: Till) -> None:
    customer = shop.customer()
    joined = shop.client.post(f"/v1/customers/{customer['id']}/memberships", json={"request_id": "j", "club": "clube"}, headers=shop.auth)
    assert joined.status_code == 201, joined.text
    assert sorted(hold_all(service, rules=["cafe"], customer={"card": customer["card"]})) == ["", *["used_up"] * (TILLS - 1)]
    service.sound()


def test_points_of_a_capped_campaign(service: Service, shop: Till) -> None:
    """Sales are facts, none is refused; the points of the campaign go to one of them."""
    from v5_cloud.hooks.service import CloudHooks
    from v5_core.hooks import CommitRequest

    cards = [one["card"] for one in service.sample["customers"]]
    bodies = [
        {
            "request_id": f"c{n}",
            "document": shop.document(f"s{n}", [("TABACO", "tabaco", "10.00")], customer={"card": cards[n % len(cards)]}),
        }
        for n in range(TILLS)
    ]
    requests = [CommitRequest.model_validate(body) for body in bodies]
    earned = at_once([lambda one=one: CloudHooks(service.held, service.scope).commit(one).points_earned for one in requests])
    assert sorted(earned) == [0] * (TILLS - 1) + [100_000]
    service.sound()


def test_a_hold_is_cancelled_and_captured_at_once(service: Service, shop: Till) -> None:
    from v5_cloud.hooks.service import CloudHooks
    from v5_core.hooks import CancelRequest, CommitRequest

    codes = [issued(shop, kind="gift_card", type="cartao", amount="10.00", code=f"G{n}", request_id=f"g{n}") for n in range(10)]
    for number, code in enumerate(codes):
        at = shop.clock.now.isoformat()
        held = shop.ok("hold", {"request_id": f"h{number}", "store": "LX1", "at": at, "stored_value": [{"code": code}]})["hold"]
        paid = shop.document(f"s{number}", [("PAO", "", "10.00")], payments=[{"method": "gift_card", "amount": "10.00", "hold": held}])
        commit = CommitRequest.model_validate({"request_id": f"c{number}", "document": paid})
        cancel = CancelRequest.model_validate({"request_id": f"x{number}", "store": "LX1", "at": at, "hold": held})
        hooks = CloudHooks(service.held, service.scope)
        told, freed = at_once([lambda h=hooks, c=commit: h.commit(c), lambda h=hooks, c=cancel: h.cancel(c)])
        card = shop.get(f"/v1/vouchers/{code}").json()
        # The sale is a fact either way; only the hold has one end.
        assert (card["balance"], card["held"]) == ("0.00", "0.00"), (told, freed)
    service.sound()


def test_sales_that_nobody_held_anything_for_are_facts_and_one_of_them_had_the_coupon(service: Service, shop: Till) -> None:
    from v5_cloud.hooks.service import CloudHooks
    from v5_core.hooks import CommitRequest

    code = issued(shop, kind="coupon", offer="dez")
    used = {"applied": [{"rule": "dez", "code": code}]}
    bodies = [{"request_id": f"c{n}", "document": shop.document(f"s{n}", [("PAO", "", "9.00")], **used)} for n in range(TILLS)]
    requests = [CommitRequest.model_validate(body) for body in bodies]
    told = at_once([lambda one=one: CloudHooks(service.held, service.scope).commit(one).messages for one in requests])
    assert sorted(len(one) for one in told) == [0] + [1] * (TILLS - 1)
    coupon = shop.get(f"/v1/vouchers/{code}").json()
    assert (coupon["used"], coupon["excess"]) == (1, TILLS - 1)
    service.sound()
