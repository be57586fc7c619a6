"""A return that turns out to be of another sale, a sale that turns out to be a return, one return told under two names: nothing stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from v5_cloud.models import DocumentRow

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cloud.conftest import Service, Start, Till

PROGRAMME: dict[str, Any] = {
    "id": "loja",
    "version": 1,
    "name": "Loja",
    "offers": [{"kind": "percent_order", "id": "verao", "percent": "10", "coupon": True}],
    "stored_value": [{"id": "cartao", "kind": "gift_card"}],
    "vouchers": [{"kind": "next_purchase", "id": "volte", "steps": [{"amount_from": "30.00", "amount": "5.00"}]}],
}
Step = tuple[Any, ...]
CASES: dict[str, tuple[list[Step], dict[str, str]]] = {
    "the other card is paid back": ([("back", "r", "s"), ("back", "r", "t")], {"A": "10", "B": "50", "0": "0", "1": "40"}),
    "and back again": ([("back", "r", "s"), ("back", "r", "t"), ("back", "r", "s")], {"A": "50", "B": "10", "0": "40", "1": "0"}),
    "and forth once more": (
        [("back", "r", "s"), ("back", "r", "t"), ("back", "r", "s"), ("back", "r", "t")], {"A": "10", "B": "50", "0": "0", "1": "40"},
    ),
    "to a sale that nobody told yet": ([("back", "r", "s"), ("back", "r", "u")], {"A": "10", "B": "10", "0": "0", "1": "0"}),
    "another return of the sale stays": (
        [("back", "r", "s", "10.00"), ("back", "q", "s", "20.00"), ("back", "r", "t", "10.00")],
        {"A": "30", "B": "20", "0": "20", "1": "10"},
    ),
    "a return that is a sale": ([("back", "r", "s"), ("plain", "r")], {"A": "10", "B": "10", "0": "0", "1": "0"}),
    "a sale that is a return": ([("sell", "x", "A", "10.00"), ("back", "x", "t", "10.00")], {"A": "10", "B": "20", "0": "0", "1": "10"}),
    "one return under two names": ([("back", "r", "s"), ("erp", "s"), ("both", "s")], {"A": "50", "B": "10", "0": "40", "1": "0"}),
    "one return under two names, cancelled": (
        [("back", "r", "s"), ("erp", "s"), ("both", "s"), ("cancel", "r")], {"A": "10", "B": "10", "0": "0", "1": "0"},
    ),
}  # fmt: skip


class Desk:
    """A till whose cards and document numbers are of one case alone; "0" and "1" tell what was given back of the sales s and t."""

    def __init__(self, till: Till, case: int) -> None:
        self.till, self.case = till, case
        self.customers = [{"card": till.customer(2 * case + one)["card"]} for one in range(2)]
        for name in "AB":
            body = {"request_id": f"{case}{name}", "kind": "gift_card", "type": "cartao", "amount": "50.00", "code": self.code(name)}
            assert till.client.post("/v1/vouchers", json=body, headers=till.auth).status_code == 201
        self.sell("s", "A", "40.00", 0)
        self.sell("t", "B", "40.00", 1)
        self.begun = [int(till.balance(2 * case + one)) for one in range(2)]

    def code(self, name: str) -> str:
        return f"C{self.case}-CARTAO-{name}"

    def number(self, name: str) -> str:
        return f"{self.case}-{name}"

    def sell(self, name: str, card: str, gross: str, who: int = 0) -> None:
        payments = [{"method": "gift_card", "amount": gross, "code": self.code(card)}]
        document = self.till.document(self.number(name), [("CAFE-250", "mercearia", gross)], payments=payments)
        self.till.commit(document | {"customer": self.customers[who]})

    def plain(self, name: str) -> None:
        """It was a sale to nobody, paid in cash."""
        self.till.commit(self.till.document(self.number(name), [("CAFE-250", "mercearia", "40.00")]))

    def back(self, name: str, of: str, gross: str = "40.00", **more: Any) -> None:
        reference = {"document": self.number(of)}
        self.till.give(self.till.document(self.number(name), [("CAFE-250", "", gross)], kind="return", reference=reference, **more))

    def fiscal(self) -> dict[str, Any]:
        return {"fiscal": {"issuer": "501442600", "number": f"NC A/{self.case}"}}

    def erp(self, of: str) -> None:
        """The ERP tells of the return by its own number."""
        self.back("e", of, source="phc", origin="erp", **self.fiscal())

    def both(self, of: str) -> None:
        """The till learns the fiscal number: both are one."""
        self.back("r", of, **self.fiscal())

    def cancel(self, name: str) -> None:
        at = self.till.clock.now.isoformat()
        for document in (f"source:till:{self.number(name)}", f"source:phc:{self.number('e')}"):
            self.till.ok("cancel", {"request_id": f"x-{document}", "store": "LX1", "at": at, "document": document})

    def stands(self) -> dict[str, str]:
        """What is on the cards, and how many points the two sales brought less than at first."""
        cards = {name: self.till.get(f"/v1/vouchers/{self.code(name)}").json()["balance"].removesuffix(".00") for name in "AB"}
        points = {str(one): str(self.begun[one] - int(self.till.balance(2 * self.case + one))) for one in range(2)}
        return cards | points


@pytest.fixture
def shop(start: Start, tmp_path: Path) -> Service:
    service = start(f"sqlite:///{tmp_path / 'v5.sqlite'}", customers=2 * len(CASES))
    till = service.till()
    assert till.client.post("/v1/programmes", json=PROGRAMME, headers=till.auth).status_code == 201
    assert till.client.post("/v1/programmes/loja/1/publish", headers=till.auth).status_code == 200
    return service


@pytest.mark.feature("FM-34")
def test_what_a_return_did_to_the_wrong_sale_is_undone(shop: Service) -> None:
    till, found = shop.till(), {}
    for place, (case, (steps, _)) in enumerate(CASES.items()):
        desk = Desk(till, place)
        for step, *given in steps:
            getattr(desk, step)(*given)
        found[case] = desk.stands()
    assert found == {case: stands for case, (_, stands) in CASES.items()}
    shop.sound()


@pytest.mark.feature("FM-34")
def test_what_an_earlier_build_stored_of_a_return_is_read(shop: Service) -> None:
    desk = Desk(shop.till(), 0)
    desk.back("r", "s", "20.00")
    with shop.held.database.write(shop.scope) as session:
        row = next(one for one in session.scalars(select(DocumentRow)) if one.kind == "return")
        assert row.extras["given"] == {row.links[0][1]: {"C0CARTAOA": 2000}}
        row.extras = {"given": {"C0CARTAOA": 2000}}
    at = shop.clock.now.isoformat()
    desk.till.ok("cancel", {"request_id": "x", "store": "LX1", "at": at, "document": f"source:till:{desk.number('s')}"})
    assert desk.stands()["A"] == "50"
    shop.sound()
