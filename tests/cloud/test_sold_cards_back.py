"""Cards and loads that come back: those and no others, as much and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from v5_cloud.models import VoucherRow

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cloud.conftest import Service, Start, Till

PROGRAMME: dict[str, Any] = {
    "id": "loja",
    "version": 1,
    "name": "Loja",
    "stored_value": [
        {"id": "cartao", "kind": "gift_card", "products": ["CARTAO"]},
        {"id": "carteira", "kind": "wallet", "products": ["CARREGA"], "ceiling": "80.00"},
        {"id": "fora", "kind": "gift_card", "external": "acme"},
    ],
}


@pytest.fixture
def shop(start: Start, tmp_path: Path) -> Service:
    service = start(f"sqlite:///{tmp_path / 'v5.sqlite'}")
    till = service.till()
    assert till.client.post("/v1/programmes", json=PROGRAMME, headers=till.auth).status_code == 201
    assert till.client.post("/v1/programmes/loja/1/publish", headers=till.auth).status_code == 200
    return service


def left(till: Till, *codes: str) -> list[str]:
    return [till.get(f"/v1/vouchers/{code}").json()["balance"].removesuffix(".00") for code in codes]


def sell(till: Till, number: str, lines: list[tuple[str, str, str]], codes: list[str], **more: Any) -> dict[str, Any]:
    document = till.document(number, lines, **more)
    for line, code in zip(document["lines"], codes, strict=False):
        line["tags"] = [f"code:{code}"]
    return till.commit(document)


@pytest.mark.feature("FM-34")
def test_one_of_two_cards_comes_back(shop: Service) -> None:
    till = shop.till()
    sell(till, "s", [("CARTAO", "", "50.00"), ("CARTAO", "", "50.00")], ["CARTAO-A", "CARTAO-B"])
    back = till.document("r", [("CARTAO", "", "50.00")], kind="return", reference={"document": "s"})
    till.give(back)
    assert left(till, "CARTAO-A", "CARTAO-B") == ["50", "0"], "of two alike the last"
    till.give(till.document("q", [("CARTAO", "", "50.00")], kind="return", reference={"document": "s", "line": "1"}))
    assert left(till, "CARTAO-A", "CARTAO-B") == ["0", "0"]
    shop.sound()


@pytest.mark.feature("FM-34")
def test_a_card_of_another_sale_stays(shop: Service) -> None:
    till = shop.till()
    sell(till, "s", [("CARTAO", "", "50.00"), ("CAFE-250", "", "5.00")], ["CARTAO-S"])
    sell(till, "t", [("CARTAO", "", "50.00")], ["CARTAO-T"])
    back = till.document("r", [("CARTAO", "", "50.00"), ("CAFE-250", "", "5.00")], kind="return")
    back["lines"][0]["reference"] = {"document": "t", "line": "1"}
    back["lines"][1]["reference"] = {"document": "s", "line": "2"}
    till.give(back)
    assert left(till, "CARTAO-S", "CARTAO-T") == ["50", "0"]
    shop.sound()


@pytest.mark.feature("FM-33")
def test_a_part_of_a_load_comes_back(shop: Service) -> None:
    till = shop.till()
    body = {"request_id": "w", "kind": "wallet", "type": "carteira", "code": "CARTAO-W"}
    assert till.client.post("/v1/vouchers", json=body, headers=till.auth).status_code == 201
    assert sell(till, "s", [("CARREGA", "", "50.00")], ["CARTAO-W"])["messages"] == []
    again = sell(till, "77", [("CARREGA", "", "50.00")], ["CARTAO-W"], source="phc", origin="erp", fiscal={"issuer": "1", "number": "A/1"})
    assert again["messages"], "a hundred are more than it may hold"
    assert left(till, "CARTAO-W") == ["100"]
    till.give(till.document("r", [("CARREGA", "", "20.00")], kind="return", reference={"document": "s", "line": "1"}))
    assert left(till, "CARTAO-W") == ["80"]
    told = sell(till, "s", [("CARREGA", "", "50.00")], ["CARTAO-W"], operator="Rui")
    assert told["messages"] == [], "the same load told again is no second one"
    shop.sound()


@pytest.mark.feature("V5-17", "FM-34")
def test_no_money_moves_onto_a_card_that_another_system_keeps(shop: Service) -> None:
    till, scope, now = shop.till(), shop.scope, shop.clock.now
    sell(till, "s", [("CARTAO", "", "50.00")], ["CARTAO-A"])
    with shop.held.database.write(scope) as session:
        session.add(
            VoucherRow(
                tenant_id=scope.tenant, company_id=scope.company, code="ACME1", kind="gift_card", type="fora", stores=[], created_at=now,
                updated_at=now,
            )
        )  # fmt: skip
    reply = till.client.post("/v1/vouchers/CARTAO-A/move", json={"request_id": "m", "to": "ACME1", "reason": "x"}, headers=till.auth)
    assert (reply.status_code, reply.json()["code"]) == (409, "kept_elsewhere")
    assert left(till, "CARTAO-A") == ["50"]


@pytest.mark.feature("FM-33")
def test_a_wallet_holds_no_more_than_its_ceiling_whatever_a_payment_keeps(shop: Service) -> None:
    till = shop.till()
    body = {"request_id": "w", "kind": "wallet", "type": "carteira", "code": "CARTAO-W", "amount": "60.00"}
    assert till.client.post("/v1/vouchers", json=body, headers=till.auth).status_code == 201
    kept = [{"code": "CARTAO-W", "amount": "50.00"}]
    till.ok("hold", {"request_id": "h", "store": "LX1", "at": shop.clock.now.isoformat(), "stored_value": kept})
    refused = till.client.post("/v1/vouchers/CARTAO-W/load", json={"request_id": "l", "amount": "30.00"}, headers=till.auth)
    assert (refused.status_code, refused.json()["code"]) == (409, "ceiling")
    assert till.client.post("/v1/vouchers/CARTAO-W/load", json={"request_id": "m", "amount": "20.00"}, headers=till.auth).status_code == 200


@pytest.mark.feature("FM-34")
def test_a_voucher_for_no_customer_is_its_bearers(shop: Service) -> None:
    till = shop.till()
    body = {"request_id": "v", "kind": "voucher", "amount": "5.00", "customer": ""}
    made = till.client.post("/v1/vouchers", json=body, headers=till.auth).json()["items"][0]
    assert made["customer"] is None
    sale = till.document("s", [("CAFE-250", "", "5.00")], payments=[{"method": "voucher", "amount": "5.00", "code": made["code"]}])
    assert till.commit(sale)["messages"] == []
