"""What was paid from gift cards and wallets comes back once: by returns, by the cancellation of the sale, onto the card that took over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.cloud.conftest import Service, Till

PROGRAMME: dict[str, Any] = {
    "id": "loja",
    "version": 1,
    "name": "Loja",
    "stored_value": [{"id": "cartao", "kind": "gift_card"}, {"id": "carteira", "kind": "wallet", "products": ["CARREGA"]}],
}
Step = tuple[Any, ...]


@pytest.fixture
def shop(till: Till) -> Till:
    """A till of a shop with two gift cards, A and B, of 50 euros each."""
    assert till.client.post("/v1/programmes", json=PROGRAMME, headers=till.auth).status_code == 201
    assert till.client.post("/v1/programmes/loja/1/publish", headers=till.auth).status_code == 200
    for code in ("A", "B"):
        body = {"request_id": f"i-{code}", "kind": "gift_card", "type": "cartao", "amount": "50.00", "code": f"CARTAO-{code}"}
        assert till.client.post("/v1/vouchers", json=body, headers=till.auth).status_code == 201
    return till


def paid(parts: dict[str, str]) -> list[dict[str, Any]]:
    """Payments by card; without a name for one, by any card."""
    kinds = {"X": "wallet"}
    found = [
        {"method": kinds.get(name, "gift_card"), "amount": amount, "code": f"CARTAO-{name}" if name else None}
        for name, amount in parts.items()
    ]
    return [*found, {"method": "cash", "amount": "0.00"}]


def sell(shop: Till, number: str, parts: dict[str, str]) -> None:
    """A sale of 40 euros, of which cards paid a part."""
    shop.commit(shop.document(number, [("CAFE-250", "", "40.00")], payments=paid(parts)))


def give_back(shop: Till, number: str, amounts: dict[str, str], parts: dict[str, str] | None) -> None:
    """A return of one or several sales; it says how it pays out, or nothing."""
    document = shop.document(number, [("CAFE-250", "", amount) for amount in amounts.values()], kind="return")
    for line, name in zip(document["lines"], amounts, strict=True):
        line["reference"] = {"document": name}
    shop.give({**document, "payments": [] if parts is None else paid(parts)})


def cancel(shop: Till, number: str) -> None:
    """A sale or a return that never was."""
    at = shop.clock.now.isoformat()
    shop.ok("cancel", {"request_id": f"x-{number}", "store": "LX1", "at": at, "document": f"source:till:{number}"})


def move(shop: Till, name: str, to: str) -> None:
    """A lost card: another one takes over."""
    body = {"request_id": f"m-{name}", "to": f"CARTAO-{to}", "reason": "lost"}
    assert shop.client.post(f"/v1/vouchers/CARTAO-{name}/move", json=body, headers=shop.auth).status_code == 200


def load(shop: Till, number: str, name: str) -> None:
    """25 euros come on a wallet at the till."""
    document = shop.document(number, [("CARREGA", "", "25.00")])
    document["lines"][0]["tags"] = [f"code:CARTAO-{name}"]
    shop.commit(document)


def balance(shop: Till, name: str) -> str:
    """What is on a card."""
    found: str = shop.get(f"/v1/vouchers/CARTAO-{name}").json()["balance"]
    return found


BACK: dict[str, tuple[list[Step], dict[str, str]]] = {
    "by the cancellation, after half of it came back": (
        [(sell, "s", {"A": "40"}), (give_back, "r", {"s": "20"}, None), (cancel, "s")], {"A": "50"},
    ),
    "by the cancellation, after the return paid a little of it": (
        [(sell, "s", {"A": "40"}), (give_back, "r", {"s": "40"}, {"A": "3"}), (cancel, "s")], {"A": "50"},
    ),
    "not for good, when the return is cancelled before the sale": (
        [(sell, "s", {"A": "40"}), (give_back, "r", {"s": "20"}, None), (cancel, "r"), (cancel, "s")], {"A": "50"},
    ),
    "and more, when two returns pay more onto it than it had paid": (
        [(sell, "s", {"A": "10"}), (give_back, "r", {"s": "10"}, {"A": "6"}), (give_back, "q", {"s": "20"}, {"A": "8"})], {"A": "54"},
    ),
    "and the more of it stays, when the sale is cancelled": (
        [(sell, "s", {"A": "10"}), (give_back, "r", {"s": "10"}, {"A": "6"}), (give_back, "q", {"s": "20"}, {"A": "8"}), (cancel, "s")],
        {"A": "54"},
    ),
    "once, when one return is of two sales": (
        [(sell, "s", {"A": "10"}), (sell, "t", {"A": "10"}), (give_back, "r", {"s": "10", "t": "10"}, {"A": "15"})], {"A": "45"},
    ),
    "once, when the return does not say to which of two cards": (
        [(sell, "s", {"A": "10", "B": "10"}), (give_back, "r", {"s": "12"}, {"": "12"})], {"A": "50", "B": "42"},
    ),
    "onto the card that took over, by a return": (
        [(sell, "s", {"A": "40"}), (move, "A", "N"), (give_back, "r", {"s": "40"}, None)], {"A": "0", "N": "50"},
    ),
    "onto the card that took over from that, by the cancellation": (
        [(sell, "s", {"A": "40"}), (move, "A", "N"), (move, "N", "M"), (cancel, "s")], {"A": "0", "N": "0", "M": "50"},
    ),
    "and leaves the card that took over, when the return is cancelled": (
        [(sell, "s", {"A": "40"}), (move, "A", "N"), (give_back, "r", {"s": "40"}, None), (cancel, "r")], {"A": "0", "N": "10"},
    ),
    "beyond what it had paid, onto the card that took over": (
        [(sell, "s", {"A": "10"}), (move, "A", "N"), (give_back, "r", {"s": "30"}, {"A": "30"})], {"A": "0", "N": "70"},
    ),
    "and what was loaded is taken from the card that took over": (
        [(load, "l", "W"), (move, "W", "X"), (cancel, "l")], {"W": "0", "X": "0"},
    ),
    "and what was loaded and spent meanwhile is not taken": (
        [(load, "l", "W"), (move, "W", "X"), (sell, "s", {"X": "20"}), (cancel, "l")], {"W": "0", "X": "0"},
    ),
    "not from what a thief owes on the lost card": (
        [(sell, "s", {"A": "40"}), (move, "A", "N"), (sell, "t", {"A": "20"})], {"A": "-20", "N": "10"},
    ),
    "onto the card that took over, whatever a thief owes on the lost one": (
        [(sell, "s", {"A": "40"}), (move, "A", "N"), (sell, "t", {"A": "20"}), (give_back, "r", {"s": "40"}, None)],
        {"A": "-20", "N": "50"},
    ),
    "and leaves it again, when that return is cancelled": (
        [(sell, "s", {"A": "40"}), (move, "A", "N"), (sell, "t", {"A": "20"}), (give_back, "r", {"s": "40"}, None), (cancel, "r")],
        {"A": "-20", "N": "10"},
    ),
    "and beyond what it had paid, whatever a thief owes": (
        [(sell, "s", {"A": "10"}), (move, "A", "N"), (sell, "t", {"A": "20"}), (give_back, "r", {"s": "30"}, {"A": "30"})],
        {"A": "-20", "N": "70"},
    ),
    "to the thief's debt, when the thief gives back": (
        [(sell, "s", {"A": "40"}), (move, "A", "N"), (sell, "t", {"A": "20"}), (give_back, "r", {"t": "40"}, None)], {"A": "0", "N": "10"},
    ),
}  # fmt: skip


@pytest.mark.feature("FM-34")
@pytest.mark.parametrize(("steps", "left"), BACK.values(), ids=BACK.keys())
def test_what_a_card_paid_comes_back(service: Service, shop: Till, steps: list[Step], left: dict[str, str]) -> None:
    for step, *given in steps:
        step(shop, *given)
    assert {name: balance(shop, name) for name in left} == {name: f"{amount}.00" for name, amount in left.items()}
    service.sound()
