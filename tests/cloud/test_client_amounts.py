"""What a till says of amounts is bounded by what it can mean: no money comes of other currencies, of huge lines, or of refunds twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cloud.conftest import Service, Start, Till

PROGRAMME: dict[str, Any] = {
    "id": "loja",
    "version": 1,
    "name": "Loja",
    "stored_value": [
        {"id": "cartao", "kind": "gift_card", "products": ["CARTAO"]},
        {"id": "nota", "kind": "credit_note"},
    ],
    "vouchers": [{"kind": "next_purchase", "id": "volte", "steps": [{"amount_from": "30.00", "amount": "5.00"}], "members_only": False}],
}


@pytest.fixture
def shop(start: Start, tmp_path: Path) -> Service:
    """A shop that sells gift cards; one of 50 euros is there."""
    service = start(f"sqlite:///{tmp_path / 'v5.sqlite'}")
    till = service.till()
    assert till.client.post("/v1/programmes", json=PROGRAMME, headers=till.auth).status_code == 201
    assert till.client.post("/v1/programmes/loja/1/publish", headers=till.auth).status_code == 200
    body = {"request_id": "i", "kind": "gift_card", "type": "cartao", "amount": "50.00", "code": "CARTAO-A"}
    assert till.client.post("/v1/vouchers", json=body, headers=till.auth).status_code == 201
    return service


def codes(till: Till) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = till.get("/v1/vouchers").json()["items"]
    return found


@pytest.mark.feature("FM-34")
def test_money_on_cards_is_not_paid_sold_or_given_in_another_currency(shop: Service) -> None:
    till = shop.till()
    paid = [{"method": "gift_card", "amount": "40.00", "code": "CARTAO-A"}]
    reply = till.commit(till.document("s", [("CAFE-250", "", "40.00")], payments=paid, currency="ILS"))
    assert ("CARTAO" in reply["messages"][0]["text"], reply["vouchers"]) == (True, []), "a person is told"
    sold = till.commit(till.document("c", [("CARTAO", "", "100.00")], currency="ILS"))
    assert (sold["vouchers"], len(sold["messages"])) == ([], 1)
    refund = [{"method": "gift_card", "amount": "40.00", "code": "CARTAO-A"}, {"method": "credit_note", "amount": "10.00"}]
    till.give(till.document("r", [("CAFE-250", "", "60.00")], kind="return", payments=refund, currency="ILS"))
    assert [(one["balance"], one["kind"]) for one in codes(till)] == [("50.00", "gift_card")]
    shop.sound()


@pytest.mark.feature("FM-34")
def test_a_line_of_a_million_cards_makes_none(shop: Service) -> None:
    till = shop.till()
    document = till.document("c", [("CARTAO", "", "20.00")])
    document["lines"][0]["quantity"] = "999999999"
    reply = till.commit(document)
    assert (reply["vouchers"], len(reply["messages"])) == ([], 1)
    assert len(codes(till)) == 1


def test_credit_notes_of_a_return_are_what_came_back_each_of_them(shop: Service) -> None:
    till = shop.till()
    till.commit(till.document("s", [("CAFE-250", "", "40.00")]))
    refund = [{"method": "credit_note", "amount": amount} for amount in ("10.00", "25.00", "99.00")]
    document = till.document("r", [("CAFE-250", "", "40.00")], kind="return", reference={"document": "s"}, payments=refund)
    reply = till.give(document)
    assert sorted(one["amount"] for one in reply["vouchers"]) == ["10.00", "25.00", "5.00"]
    fewer = till.give({**document, "payments": refund[:1]})
    assert [one["amount"] for one in fewer["vouchers"]] == ["10.00"]
    assert sorted((one["balance"], one["state"]) for one in codes(till) if one["kind"] == "credit_note") == [
        ("0.00", "cancelled"),
        ("0.00", "cancelled"),
        ("10.00", "active"),
    ]
    shop.sound()


@pytest.mark.feature("FM-34")
def test_a_return_of_two_sales_with_a_deduction_counts_what_it_paid_out(shop: Service) -> None:
    till = shop.till()
    paid = [{"method": "gift_card", "amount": "20.00", "code": "CARTAO-A"}]
    till.commit(till.document("s", [("CAFE-250", "", "20.00")], payments=paid))
    till.commit(till.document("t", [("CAFE-250", "", "20.00")], payments=[{"method": "cash", "amount": "20.00"}]))
    document = till.document("r", [("CAFE-250", "", "20.00"), ("DESCONTO", "", "10.00"), ("CAFE-250", "", "20.00")], kind="return")
    document["lines"][1]["kind"] = "deduction"
    document["gross"] = document["net"] = "30.00"
    for line, of in zip(document["lines"], "sst", strict=True):
        line["reference"] = {"document": of}
    till.give(document)
    assert [one["balance"] for one in codes(till) if one["code"] == "CARTAOA"] == ["40.00"], "ten of what the card had paid"
    shop.sound()
