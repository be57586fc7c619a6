"""What happens to a customer is given once, whenever it happens, and no more than its caps let through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.cloud.conftest import Service, Start, Till


def published(service: Service, programme: dict[str, Any]) -> Till:
    till = service.till()
    assert till.client.post("/v1/programmes", json={"id": "eventos", "name": "Eventos", **programme}, headers=till.auth).status_code == 201
    assert till.client.post("/v1/programmes/eventos/1/publish", headers=till.auth).status_code == 200
    return till


def enrol(till: Till, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = till.ok("enrol", {"request_id": f"e-{next(till.count)}", "store": "LX1", **more})["customer"]
    return found


@pytest.mark.feature("FM-30")
def test_whoever_gives_an_e_mail_later_gets_the_voucher_then_and_once(start: Start, tmp_path: Any) -> None:
    rule = {"kind": "new_customer", "id": "mail", "title": "Bem-vindo", "when": "member_days <= 30", "steps": [{"amount": "5.00"}]}
    service = start(f"sqlite:///{tmp_path / 'v5.sqlite'}")
    till = published(service, {"vouchers": [rule]})

    def owned(one: dict[str, Any]) -> int:
        return len(till.get("/v1/vouchers", customer=one["customer"]).json()["items"])

    ana = enrol(till, name="Ana", phone="912345678")
    assert ana["vouchers"] == []
    again = enrol(till, phone="912345678", email="ana@exemplo.pt")
    assert (again["customer"], [one["amount"] for one in again["vouchers"]]) == (ana["customer"], ["5.00"])
    for mail in (None, "ana@exemplo.pt", None, "outra@exemplo.pt"):
        till.client.patch(f"/v1/customers/{ana['customer']}", json={"email": mail}, headers={**till.auth, "if-match": "*"})
        enrol(till, phone="912345678", email=mail)
    assert owned(ana) == 1, "taken out and given again is not given"
    rui = enrol(till, name="Rui", phone="913333333")
    till.client.patch(f"/v1/customers/{rui['customer']}", json={"email": "rui@exemplo.pt"}, headers={**till.auth, "if-match": "*"})
    assert owned(rui) == 1, "at the desk too"
    late = enrol(till, name="Eva", phone="914444444")
    service.clock.forward(days=31)
    enrol(till, phone="914444444", email="eva@exemplo.pt")
    assert owned(late) == 0, "who is new is the rule's to say"


@pytest.mark.feature("PR-33")
def test_caps_of_a_period_hold_for_events_too_and_what_is_taken_back_makes_room(service: Service) -> None:
    caps = [{"points": "250", "per": "month", "by": "customer"}, {"points": "400", "per": "year", "by": "all"}]
    rule = {"kind": "event", "id": "amigos", "title": "Amigos", "event": "referral", "points": "100", "caps": caps}
    till = published(service, {"earning": [rule]})
    ana, rui = enrol(till, name="Ana", phone="912345678"), enrol(till, name="Rui", phone="913333333")

    def friend(number: int, of: str) -> str:
        one = enrol(till, name=f"Amigo {number}", phone=f"9160000{number:02d}", referred_by=of)
        till.commit(till.document(f"s-{number}", [("X", "outros", "10.00")], customer={"customer": one["customer"]}))
        return f"s-{number}"

    def won(one: dict[str, Any]) -> str:
        return str(till.get(f"/v1/customers/{one['customer']}").json()["balance"])

    first = [friend(number, "912345678") for number in (1, 2, 3, 4)]
    assert won(ana) == "250", "the third brings what is left, the fourth nothing"
    sale = till.document("n-1", [("X", "outros", "10.00")], kind="return", refs=[{"document": first[0]}])
    till.give(sale)
    assert won(ana) == "150"
    friend(5, "912345678")
    assert won(ana) == "250"
    for number in (6, 7):
        friend(number, "913333333")
    assert won(rui) == "150", "four hundred for all of them together"
    service.sound()


@pytest.mark.feature("PR-33")
def test_the_first_customers_stay_the_first_whatever_becomes_of_one_of_their_sales(service: Service) -> None:
    offer = {"kind": "percent_order", "id": "dois", "percent": "10", "limits": [{"uses": 2, "count": "customers"}], "exclusive": False}
    till = published(service, {"offers": [{**offer, "group": "dois"}]})
    till.enrol_agent()

    def offered(index: int) -> bool:
        lines = till.document("b", [("X", "outros", "10.00")])["lines"]
        body = {"store": "LX1", "at": service.clock.now.isoformat(), "lines": lines, "customer": {"card": till.customer(index)["card"]}}
        return "dois" in {one["rule"] for one in till.ok("quote", body)["benefits"]}

    def sell(number: str, index: int, **more: Any) -> dict[str, Any]:
        customer = {"card": till.customer(index)["card"]}
        return till.document(number, [("X", "outros", "9.00")], customer=customer, applied=[{"rule": "dois"}], **more)

    for number in ("a-1", "a-2"):
        till.commit(sell(number, 0))
    # The first sale is told again with more of it, then comes back: the customer is one of the two by the second sale.
    till.push(till.event("document", sell("a-1", 0, operator="Rita")))
    till.commit(sell("b-1", 1))
    assert [offered(index) for index in (0, 1, 2)] == [True, True, False]
    till.give(till.document("n-1", [("X", "outros", "9.00")], kind="return", refs=[{"document": "a-1"}]))
    assert [offered(index) for index in (0, 1, 2)] == [True, True, False]
    till.give(till.document("n-2", [("X", "outros", "9.00")], kind="return", refs=[{"document": "a-2"}]))
    assert [offered(index) for index in (0, 1, 2)] == [True, True, True], "who brought everything back is none of them"
    hold = till.ok("hold", {"request_id": "h-1", "store": "LX1", "at": service.clock.now.isoformat(), "rules": ["dois"],
                            "customer": {"card": till.customer(2)["card"]}})  # fmt: skip
    till.commit(sell("c-1", 2, till="9"))
    till.ok("cancel", {"request_id": "x-1", "store": "LX1", "at": service.clock.now.isoformat(), "hold": hold["hold"]})
    assert [offered(index) for index in (0, 1, 2)] == [False, True, True]
    service.sound()
