"""Money of a card that is gone when the card's sale is undone: the till is told in the store's language, the back office finds a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.cloud.conftest import Service, Till
    from tests.cloud.pages.conftest import SignIn

PROGRAMME: dict[str, Any] = {
    "id": "loja",
    "version": 1,
    "name": "Loja",
    "stored_value": [
        {"id": "cartao", "kind": "gift_card", "products": ["CARTAO"]},
        {"id": "carteira", "kind": "wallet", "products": ["CARREGA"]},
    ],
}
SOLD, LOADED = "CARTAO-S", "CARTAO-L"


def sell(till: Till, number: str, product: str, code: str, amount: str = "50.00") -> None:
    """A card that is sold, or a wallet that is loaded; it has its own code."""
    document = till.document(number, [(product, "", amount)])
    document["lines"][0]["tags"] = [f"code:{code}"]
    till.commit(document)


def spend(till: Till, number: str, method: str, code: str, amount: str) -> None:
    """It pays."""
    till.commit(till.document(number, [("CAFE-250", "", amount)], payments=[{"method": method, "amount": amount, "code": code}]))


def give_back(till: Till, number: str, product: str, of: str) -> list[str]:
    """What was sold comes back; what the cashier reads."""
    document = till.document(number, [(product, "", "50.00")], kind="return", reference={"document": of, "line": "1"})
    return [one["text"] for one in till.give(document)["messages"]]


def cancel(till: Till, number: str) -> list[str]:
    """A document that never was; what the cashier reads."""
    at = till.clock.now.isoformat()
    reply = till.ok("cancel", {"request_id": f"x-{number}", "store": "LX1", "at": at, "document": f"source:till:{number}"})
    return [one["text"] for one in reply["messages"]]


@pytest.mark.feature("FM-34", "NX-03")
def test_money_that_was_spent_of_a_returned_card_is_told_once_and_found_in_the_back_office(service: Service, person: SignIn) -> None:
    till = service.till()
    assert till.client.post("/v1/programmes", json=PROGRAMME, headers=till.auth).status_code == 201
    assert till.client.post("/v1/programmes/loja/1/publish", headers=till.auth).status_code == 200
    sell(till, "s", "CARTAO", SOLD)
    spend(till, "p", "gift_card", SOLD, "20.00")
    said = give_back(till, "r", "CARTAO", "s")
    assert [text.replace("\N{NO-BREAK SPACE}", " ") for text in said] == ["20,00 € de CARTAOS já tinham sido gastos e não voltaram"]
    assert give_back(till, "r2", "CAFE-250", "s") == [], "it is told once"
    sell(till, "c", "CARTAO", "CARTAO-C")
    spend(till, "pc", "gift_card", "CARTAO-C", "50.00")
    assert len(cancel(till, "c")) == 1, "all of it was spent"
    body = {"request_id": "w", "kind": "wallet", "type": "carteira", "code": LOADED}
    assert till.client.post("/v1/vouchers", json=body, headers=till.auth).status_code == 201
    sell(till, "l", "CARREGA", LOADED)
    spend(till, "pl", "wallet", LOADED, "50.00")
    assert len(give_back(till, "rl", "CARREGA", "l")) == 1, "a load that was spent to the end"
    sell(till, "w", "CARTAO", "CARTAO-W")
    assert give_back(till, "rw", "CARTAO", "w") == [], "nothing is missing"
    page = person(service, language="pt").get("/differences?kind=finding").text.replace("\N{NO-BREAK SPACE}", " ")
    assert page.count("já tinham sido gastos") == 3
    assert "20,00 € de CARTAOS" in page
    service.sound()
