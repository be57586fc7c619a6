"""Coupons, gift cards, wallets and vouchers: issued, paid with, given back, blocked, moved; through hooks and REST."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.cloud.conftest import Service, Till

PROGRAMME: dict[str, Any] = {
    "id": "loja",
    "name": "Loja",
    "offers": [
        {"kind": "percent_order", "id": "dez", "title": "10 %", "percent": "10", "coupon": True, "members_only": False},
        {
            "kind": "percent_order",
            "id": "primeiros",
            "title": "5 %",
            "percent": "5",
            "members_only": False,
            "limits": [{"uses": 1}],
            "codes": ["PRIMEIRO"],
        },
    ],
    "stored_value": [
        {"id": "cartao", "title": "Cartão-oferta", "kind": "gift_card", "products": ["OFERTA"], "valid_days": 365},
        {"id": "inteiro", "kind": "gift_card", "whole": True},
        {"id": "carteira", "title": "Carteira", "kind": "wallet", "ceiling": "150.00", "products": ["CARREGA"]},
        {"id": "nota", "title": "Nota de crédito", "kind": "credit_note"},
    ],
    "vouchers": [
        {
            "id": "obrigado",
            "title": "Obrigado",
            "kind": "next_purchase",
            "steps": [{"amount_from": "50.00", "amount": "5.00"}, {"amount_from": "100.00", "amount": "12.00"}],
            "valid_days": 30,
            "minimum_purchase": "20.00",
        },
        {
            "id": "volte",
            "title": "Volte sempre",
            "kind": "anonymous",
            "gives": "percent",
            "steps": [{"amount_from": "30.00", "percent": "5"}],
            "valid_days": 15,
        },
    ],
}


def publish(till: Till, programme: dict[str, Any], version: int = 1) -> None:
    saved = till.client.post("/v1/programmes", json={**programme, "version": version}, headers=till.auth)
    assert saved.status_code == 201, saved.text
    done = till.client.post(f"/v1/programmes/{programme['id']}/{version}/publish", headers=till.auth)
    assert done.status_code == 200, done.text


def post(till: Till, path: str, body: dict[str, Any], status: int = 200) -> dict[str, Any]:
    reply = till.client.post(path, json=body, headers=till.auth)
    assert reply.status_code == status, reply.text
    answer: dict[str, Any] = reply.json()
    return answer


def issue(till: Till, **body: Any) -> dict[str, Any]:
    found = post(till, "/v1/vouchers", {"request_id": f"i-{next(till.count)}", **body}, 201)
    first: dict[str, Any] = found["items"][0]
    return first


def voucher(till: Till, code: str) -> dict[str, Any]:
    reply = till.get(f"/v1/vouchers/{code}")
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


def sale(shop: Till, number: str, gross: str = "40.00", /, **more: Any) -> dict[str, Any]:
    return shop.document(number, [("CAFE-250", "mercearia", gross)], **more)


@pytest.fixture
def shop(till: Till) -> Till:
    """A till of a shop with vouchers and stored value."""
    publish(till, PROGRAMME)
    return till


@pytest.mark.feature("PR-07")
def test_a_coupon_is_used_once_and_comes_back_with_the_sale(service: Service, shop: Till) -> None:
    code = issue(shop, kind="coupon", offer="dez")["code"]
    basket = {"store": "LX1", "at": shop.clock.now.isoformat(), "lines": sale(shop, "x")["lines"], "codes": [code.lower()]}
    quoted = shop.ok("quote", basket)
    assert (quoted["discount"], quoted["codes"][0]["rule"]) == ("4.00", "dez")
    used = sale(shop, "s1", "36.00", applied=[{"rule": "dez", "code": code}])
    assert shop.commit(used)["messages"] == []
    assert (voucher(shop, code)["used"], voucher(shop, code)["uses"]) == (1, 1)
    assert shop.ok("quote", basket)["codes"][0]["problem"] == "used_up"
    again = shop.commit(sale(shop, "s2", "36.00", applied=[{"rule": "dez", "code": code}]))
    assert again["messages"][0]["text"] == f"{code} já foi utilizado"
    assert (voucher(shop, code)["used"], voucher(shop, code)["excess"]) == (1, 1)
    shop.ok("cancel", {"request_id": "x2", "store": "LX1", "at": shop.clock.now.isoformat(), "document": "source:till:s2"})
    shop.ok("cancel", {"request_id": "x1", "store": "LX1", "at": shop.clock.now.isoformat(), "document": "source:till:s1"})
    assert (voucher(shop, code)["used"], voucher(shop, code)["excess"]) == (0, 0)
    assert shop.ok("quote", basket)["codes"][0]["rule"] == "dez"
    service.sound()


@pytest.mark.feature("FM-34", "PR-06")
def test_a_gift_card_is_sold_pays_and_gets_its_money_back(service: Service, shop: Till) -> None:
    sold = shop.commit(shop.document("s1", [("OFERTA", "", "50.00")]))
    card = next(one for one in sold["vouchers"] if one["kind"] != "percent")
    assert (card["kind"], card["amount"]) == ("gift_card", "50.00")
    assert any(line["qr"] and card["code"].replace("-", "") in line["qr"] for line in sold["receipt"])
    held = shop.ok(
        "hold",
        {"request_id": "h1", "store": "LX1", "at": shop.clock.now.isoformat(), "stored_value": [{"code": card["code"], "amount": "30.00"}]},
    )
    assert held["stored_value"][0]["left"] == "20.00"
    paid = shop.commit(sale(shop, "s2", "40.00", payments=[
        {"method": "gift_card", "amount": "30.00", "hold": held["hold"]}, {"method": "cash", "amount": "10.00"}]))  # fmt: skip
    assert paid["stored_value"] == [
        {"code": card["code"], "kind": "gift_card", "amount": "30.00", "left": "20.00", "problem": "", "text": ""}
    ]
    assert voucher(shop, card["code"])["balance"] == "20.00"
    half = shop.document("r1", [("CAFE-250", "mercearia", "20.00")], kind="return", reference={"document": "s2"})
    shop.give(half)
    assert voucher(shop, card["code"])["balance"] == "35.00", "half of what it paid"
    rest = shop.document("r2", [("CAFE-250", "mercearia", "20.00")], kind="return", reference={"document": "s2"})
    shop.give(rest)
    assert voucher(shop, card["code"])["balance"] == "50.00"
    moves = shop.get(f"/v1/vouchers/{card['code']}/movements").json()["items"]
    assert sorted((one["operation"], one["amount"]) for one in moves) == [
        ("earn", "50.00"), ("give", "15.00"), ("give", "15.00"), ("spend", "-30.00"),
    ]  # fmt: skip
    service.sound()


def test_a_return_in_cash_gives_nothing_to_the_card(service: Service, shop: Till) -> None:
    card = issue(shop, kind="gift_card", type="cartao", amount="50.00")["code"]
    shop.commit(sale(shop, "s1", payments=[{"method": "gift_card", "amount": "40.00", "code": card}]))
    shop.give(
        shop.document(
            "r1",
            [("CAFE-250", "mercearia", "40.00")],
            kind="return",
            reference={"document": "s1"},
            payments=[{"method": "cash", "amount": "40.00"}],
        )
    )
    assert voucher(shop, card)["balance"] == "10.00"
    service.sound()


def test_a_card_that_is_used_up_at_once(service: Service, shop: Till) -> None:
    card = issue(shop, kind="gift_card", type="inteiro", amount="50.00")["code"]
    shop.commit(sale(shop, "s1", payments=[{"method": "gift_card", "amount": "40.00", "code": card}]))
    assert voucher(shop, card)["balance"] == "0.00"
    shop.ok("cancel", {"request_id": "c1", "store": "LX1", "at": shop.clock.now.isoformat(), "document": "source:till:s1"})
    assert voucher(shop, card)["balance"] == "50.00"
    service.sound()


def test_more_than_is_on_a_card_is_refused_by_a_hold_and_a_debt_after_a_sale(service: Service, shop: Till) -> None:
    card = issue(shop, kind="gift_card", type="cartao", amount="30.00")["code"]
    hold = {"request_id": "h1", "store": "LX1", "at": shop.clock.now.isoformat(), "stored_value": [{"code": card, "amount": "40.00"}]}
    refused = shop.hook("hold", hold)
    assert (refused.status_code, refused.json()["code"], refused.json()["errors"][0]["field"]) == (
        409,
        "insufficient_value",
        "stored_value.0.amount",
    )
    told = shop.commit(sale(shop, "s1", payments=[{"method": "gift_card", "amount": "40.00", "code": card}]))
    assert told["messages"][0]["severity"] == "warning"
    assert voucher(shop, card)["balance"] == "-10.00"
    service.sound()


@pytest.mark.feature("FM-33", "PR-05")
def test_a_wallet_is_loaded_used_blocked_and_its_balance_moved(service: Service, shop: Till) -> None:
    owner = shop.customer()["id"]
    wallet = issue(shop, kind="wallet", type="carteira", customer=owner, code="W-100")["code"]
    load = f"/v1/vouchers/{wallet}/load"
    assert post(shop, load, {"request_id": "l1", "amount": "100.00"})["balance"] == "100.00"
    assert post(shop, load, {"request_id": "l1", "amount": "100.00"})["balance"] == "100.00", "once"
    over = shop.client.post(load, json={"request_id": "l2", "amount": "60.00"}, headers=shop.auth)
    assert (over.status_code, over.json()["code"]) == (409, "ceiling")
    shop.commit(shop.document("s0", [("CARREGA", "", "25.00")], customer={"card": shop.customer()["card"]}))
    assert voucher(shop, wallet)["balance"] == "125.00", "sold at the till: the customer's own wallet"
    stranger = {"request_id": "h1", "store": "LX1", "at": shop.clock.now.isoformat(), "stored_value": [{"code": wallet}]}
    assert shop.hook("hold", stranger).json()["code"] == "not_yours"
    shop.commit(
        sale(shop, "s1", payments=[{"method": "wallet", "amount": "40.00", "code": "w 100"}], customer={"card": shop.customer()["card"]})
    )
    assert voucher(shop, wallet)["balance"] == "85.00"
    post(shop, f"/v1/vouchers/{wallet}/block", {"reason": "lost"})
    mine = {**stranger, "request_id": "h2", "customer": {"card": shop.customer()["card"]}}
    assert shop.hook("hold", mine).json()["code"] == "blocked"
    moved = post(shop, f"/v1/vouchers/{wallet}/move", {"request_id": "m1", "to": "W-101", "reason": "lost"})
    assert (moved["amount"], moved["lost"]["state"], moved["lost"]["balance"], moved["replaced_by"]["balance"]) == (
        "85.00",
        "moved",
        "0.00",
        "85.00",
    )
    assert moved["replaced_by"]["customer"] == owner
    service.sound()


@pytest.mark.feature("FM-26", "FM-29")
def test_sales_make_vouchers_that_are_printed_used_and_taken_back(service: Service, shop: Till) -> None:
    card = {"card": shop.customer()["card"]}
    made = shop.commit(sale(shop, "s1", "120.00", customer=card))["vouchers"]
    assert [(one["kind"], one["amount"], one["title"]) for one in made] == [("voucher", "12.00", "Obrigado")]
    code = made[0]["code"]
    basket = {
        "store": "LX1",
        "at": shop.clock.now.isoformat(),
        "lines": sale(shop, "x", "40.00")["lines"],
        "stored_value": [{"code": code}],
        "customer": card,
    }
    quoted = shop.ok("quote", basket)
    assert (quoted["to_pay"], quoted["stored_value"][0]["amount"]) == ("28.00", "12.00")
    assert shop.ok("quote", {**basket, "customer": {}})["stored_value"][0]["problem"] == "not_yours"
    shop.give(shop.document("r1", [("CAFE-250", "mercearia", "60.00")], kind="return", reference={"document": "s1"}))
    assert voucher(shop, code)["balance"] == "5.00", "what is left of the sale gives less"
    shop.give(shop.document("r2", [("CAFE-250", "mercearia", "30.00")], kind="return", reference={"document": "s1"}))
    assert (voucher(shop, code)["balance"], voucher(shop, code)["state"]) == ("0.00", "cancelled")
    anonymous = shop.commit(sale(shop, "s2", "30.00"))
    assert [(one["kind"], one["percent"]) for one in anonymous["vouchers"]] == [("percent", "5")]
    assert any("5%" in line["text"].replace(" ", "") for line in anonymous["receipt"])
    assert shop.commit(sale(shop, "s3", "29.99"))["vouchers"] == []
    percent = anonymous["vouchers"][0]["code"]
    assert shop.ok("quote", {**basket, "stored_value": [], "customer": {}, "codes": [percent]})["discount"] == "2.00"
    shop.commit(sale(shop, "s4", "38.00", applied=[{"rule": "voucher", "code": percent}]))
    assert voucher(shop, percent)["used"] == 1
    service.sound()


def test_the_voucher_of_a_sale_is_the_same_however_often_it_is_told(service: Service, shop: Till) -> None:
    card = {"card": shop.customer()["card"]}
    document = sale(shop, "s1", "60.00", customer=card)
    first = shop.commit(document, "r1")["vouchers"]
    assert shop.commit(document, "r1")["vouchers"] == first
    changed = shop.commit({**document, "till": "2"}, "r2")["vouchers"]
    assert [one["code"] for one in changed] == [one["code"] for one in first]
    shop.ok("cancel", {"request_id": "c", "store": "LX1", "at": shop.clock.now.isoformat(), "document": "source:till:s1"})
    assert voucher(shop, first[0]["code"])["state"] == "cancelled"
    back = shop.commit({**document, "till": "3"}, "r3")["vouchers"]
    assert [(one["code"], one["amount"]) for one in back] == [(first[0]["code"], "5.00")]
    assert len(shop.get("/v1/vouchers", kind="voucher").json()["items"]) == 1
    service.sound()


def test_a_credit_note_is_stored_value(service: Service, shop: Till) -> None:
    card = {"card": shop.customer()["card"]}
    shop.commit(sale(shop, "s1", "40.00", customer=card))
    told = shop.give(
        shop.document(
            "r1",
            [("CAFE-250", "mercearia", "40.00")],
            kind="return",
            reference={"document": "s1"},
            payments=[{"method": "credit_note", "amount": "40.00"}],
        )
    )
    assert any(line["qr"] for line in told["receipt"])
    note = shop.get("/v1/vouchers", kind="credit_note").json()["items"][0]
    assert (note["balance"], note["customer"]) == ("40.00", shop.customer()["id"])
    shop.commit(sale(shop, "s2", "30.00", customer=card, payments=[{"method": "credit_note", "amount": "30.00", "code": note["code"]}]))
    assert voucher(shop, note["code"])["balance"] == "10.00"
    service.sound()


def test_a_return_pays_out_no_more_than_came_back_on_however_many_credit_notes(service: Service, shop: Till) -> None:
    shop.commit(sale(shop, "s1", "40.00"))
    back = [{"method": "credit_note", "amount": amount} for amount in ("25.00", "25.00", "25.00")]
    shop.give(shop.document("r1", [("CAFE-250", "mercearia", "40.00")], kind="return", reference={"document": "s1"}, payments=back))
    notes = shop.get("/v1/vouchers", kind="credit_note").json()["items"]
    assert sorted(one["balance"] for one in notes) == ["15.00", "25.00"]
    service.sound()


def test_a_hold_that_lapsed_lets_the_next_till_have_it(service: Service, shop: Till) -> None:
    code = issue(shop, kind="coupon", offer="dez")["code"]
    hold = {"request_id": "h1", "store": "LX1", "at": shop.clock.now.isoformat(), "codes": [code], "ttl_seconds": 60}
    shop.ok("hold", hold)
    assert shop.hook("hold", {**hold, "request_id": "h2"}).json()["code"] == "used_up"
    shop.clock.forward(seconds=61)
    shop.ok("hold", {**hold, "request_id": "h3"})
    assert voucher(shop, code)["reserved"] == 1
    service.sound()


def test_a_hold_is_released_or_taken_over_by_its_sale(service: Service, shop: Till) -> None:
    code, card = issue(shop, kind="coupon", offer="dez")["code"], issue(shop, kind="gift_card", type="cartao", amount="30.00")["code"]
    hold = {
        "request_id": "h1",
        "store": "LX1",
        "till": "1",
        "at": shop.clock.now.isoformat(),
        "codes": [code],
        "stored_value": [{"code": card}],
    }
    first = shop.ok("hold", hold)
    assert (voucher(shop, card)["balance"], voucher(shop, card)["held"]) == ("0.00", "30.00")
    gone = shop.ok("cancel", {"request_id": "c1", "store": "LX1", "at": shop.clock.now.isoformat(), "hold": first["hold"]})
    assert gone["released"] is True
    assert (voucher(shop, code)["reserved"], voucher(shop, card)["balance"]) == (0, "30.00")
    # The sale names neither the hold nor the card: the coupon's hold was made at this till for it, and the card's money is free again.
    shop.ok("hold", {**hold, "request_id": "h2"})
    told = shop.commit(sale(shop, "s1", "27.00", till="1", applied=[{"rule": "dez", "code": code}]))
    assert told["messages"] == []
    assert (voucher(shop, code)["used"], voucher(shop, code)["reserved"], voucher(shop, card)["balance"]) == (1, 0, "30.00")
    service.sound()


def test_wrong_input_is_refused_with_its_field(shop: Till) -> None:
    def refused(**body: Any) -> tuple[int, str]:
        reply = shop.client.post("/v1/vouchers", json={"request_id": f"i-{next(shop.count)}", **body}, headers=shop.auth)
        return reply.status_code, reply.json()["errors"][0]["field"] if reply.json()["errors"] else reply.json()["code"]

    assert refused(kind="coupon", offer="nothing") == (422, "offer")
    assert refused(kind="gift_card", type="carteira", amount="5.00") == (422, "type")
    assert refused(kind="gift_card", type="cartao") == (422, "amount")
    assert refused(kind="voucher", amount="5.00", stores=["XX"]) == (422, "stores")
    assert refused(kind="voucher", amount="5.00", customer="nobody") == (404, "unknown_customer")
    issue(shop, kind="voucher", amount="5.00", code="NATAL")
    assert refused(kind="voucher", amount="5.00", code="na-tal") == (409, "code")
    assert shop.get("/v1/vouchers/NADA").status_code == 404


def test_a_voucher_lapses_with_its_last_day(service: Service, shop: Till) -> None:
    from v5_cloud.ledger.tasks import housekeeping

    card = issue(shop, kind="voucher", amount="5.00", valid_until="2026-11-20")["code"]
    shop.clock.forward(days=1)
    refused = shop.hook("hold", {"request_id": "h", "store": "LX1", "at": shop.clock.now.isoformat(), "stored_value": [{"code": card}]})
    assert refused.json()["code"] == "expired"
    housekeeping(service.held)
    assert voucher(shop, card)["balance"] == "0.00"
    service.sound()


def test_what_the_erp_says_later_does_not_give_the_card_its_money_back(service: Service, shop: Till) -> None:
    card = issue(shop, kind="gift_card", type="cartao", amount="50.00")["code"]
    key = {"issuer": "500000000", "number": "FT 1/1"}
    shop.commit(sale(shop, "s1", fiscal=key, payments=[{"method": "gift_card", "amount": "40.00", "code": card}]))
    shop.enrol_agent()
    told = sale(shop, "erp-1", fiscal=key, source="phc", origin="erp", payments=[{"method": "other", "amount": "40.00"}])
    assert [one["status"] for one in shop.push(shop.event("document", told))] == ["accepted"]
    assert voucher(shop, card)["balance"] == "10.00"
    service.sound()


def test_vouchers_that_lapse_soon_are_listed(shop: Till) -> None:
    issue(shop, kind="voucher", amount="5.00", valid_until="2026-11-30")
    issue(shop, kind="voucher", amount="6.00", valid_until="2026-12-31")
    found = shop.get("/v1/vouchers", ending="2026-11-30").json()["items"]
    assert [one["face"] for one in found] == ["5.00"]


@pytest.mark.feature("PR-29")
def test_the_cashier_is_told_what_to_add_for_a_voucher(shop: Till) -> None:
    def said(gross: str, **who: Any) -> list[str]:
        lines = sale(shop, "x", gross)["lines"]
        reply = shop.ok("quote", {"store": "LX1", "at": shop.clock.now.isoformat(), "lines": lines, **who})
        return [one["text"].replace("\N{NO-BREAK SPACE}", " ") for one in reply["messages"] if one["audience"] == "cashier"]

    card = {"customer": {"card": shop.customer()["card"]}}
    assert any("10,00 €" in text and "Obrigado 5,00 €" in text for text in said("40.00", **card))
    assert any("20,00 €" in text and "Obrigado 12,00 €" in text for text in said("80.00", **card)), "a greater one"
    assert not any("Obrigado" in text for text in [*said("20.00", **card), *said("100.00", **card), *said("40.00")])
    assert any("5,00 €" in text and "Volte sempre 5" in text for text in said("25.00"))
