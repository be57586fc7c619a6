"""One document from many ways in, in any order, gives one ledger."""

from __future__ import annotations

import itertools
import os
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.cloud.conftest import Service, Start, Till


# All 120 orders in the long run, each sixth otherwise.
EVERY = int(os.environ.get("V5_EVERY_ORDER", "6"))
FISCAL = {"issuer": "500100144", "number": "FT 2026A/1"}


def _story(till: Till, number: int = 1) -> list[dict[str, Any]]:
    """One sale told by print, ERP and SAF-T, one return of half of it, and the buyer's record, as events. Each number is another story."""
    card = till.customer(number - 1)["card"]
    sold, returned, buyer = f"FT 2026A/{number}", f"NC 2026A/{number}", f"77-{number}"
    lines = [("CREME-50", "cosmetica", "30.00"), ("CAFE-250", "mercearia", "20.00")]
    fiscal = {"issuer": "500100144", "number": sold}
    printed = till.document(f"p-{number}", [], source="print", origin="print", fiscal=fiscal)
    printed |= {"gross": "50.00", "net": "50.00"}
    erp = till.document(f"ft-{number}", lines, source="phc", origin="erp", fiscal=fiscal, customer={"erp": buyer})
    saft = till.document(sold, lines, source="grid", origin="saft", fiscal=fiscal)
    back = till.document(
        f"nc-{number}",
        [("CREME-50", "cosmetica", "15.00")],
        source="phc",
        origin="erp",
        kind="return",
        fiscal={"issuer": "500100144", "number": returned},
        reference={"document": sold, "line": "1"},
    )
    record = {"source": "phc", "source_id": buyer, "name": "Do ERP", "cards": [{"number": card}]}
    return [
        till.event("document", printed, f"e-print-{number}"),
        till.event("document", erp, f"e-erp-{number}"),
        till.event("document", saft, f"e-saft-{number}"),
        till.event("document", back, f"e-return-{number}"),
        till.event("customer", record, f"e-buyer-{number}"),
    ]


def _all_sales(till: Till) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    more: dict[str, str] = {}
    while True:
        page = till.get("/v1/sales", limit=200, **more).json()
        found += page["items"]
        if page["next_cursor"] is None:
            return found
        more = {"cursor": page["next_cursor"]}


@pytest.mark.feature("NX-07")
def test_any_order_of_arrival_gives_the_same_ledger(start: Start, database_url: str) -> None:
    orders = list(itertools.permutations(range(5)))[::EVERY]
    service = start(database_url, customers=len(orders))
    till = service.till()
    till.enrol_agent()
    for number, order in enumerate(orders, 1):
        story = _story(till, number)
        for index in order:
            assert till.push(story[index]) == [{"event_id": story[index]["event_id"], "status": "accepted", "code": "", "message": ""}]
        assert till.balance(number - 1) == "50", f"told in the order {order}"
    service.sound()
    sales = {one["number"]: (one["kind"], one["points_earned"], tuple(one["origins"])) for one in _all_sales(till)}
    expected: dict[str, tuple[str, str, tuple[str, ...]]] = {
        f"FT 2026A/{number}": ("sale", "80", ("erp", "print", "saft")) for number in range(1, len(orders) + 1)
    }
    expected |= {f"NC 2026A/{number}": ("return", "-30", ("erp",)) for number in range(1, len(orders) + 1)}
    assert sales == expected


def test_the_same_story_in_one_batch_on_both_databases(service: Service, till: Till) -> None:
    till.enrol_agent()
    story = _story(till)
    assert {one["status"] for one in till.push(*reversed(story))} == {"accepted"}
    assert {one["status"] for one in till.push(*story)} == {"duplicate"}
    assert till.balance() == "50"
    assert len(till.get("/v1/sales").json()["items"]) == 2
    service.sound()


@pytest.mark.feature("PR-10")
def test_a_bad_event_spoils_no_other(service: Service, till: Till) -> None:
    till.enrol_agent()
    card = till.customer()["card"]
    good = [till.event("document", till.document(str(n), [("CAFE-250", "mercearia", "10.00")], customer={"card": card})) for n in range(4)]
    bad = till.event("document", {**till.document("x", [("CAFE-250", "mercearia", "10.00")]), "gross": "11.00"})
    lost = till.event("document", till.document("y", [("CAFE-250", "mercearia", "10.00")], store="NOPE"))
    results = till.push(good[0], bad, good[1], lost, good[2], {"event_id": "?"}, good[3])
    assert [one["status"] for one in results] == ["accepted", "rejected", "accepted", "rejected", "accepted", "rejected", "accepted"]
    assert results[1]["code"] == "validation"
    assert "gross must equal" in results[1]["message"]
    assert results[3]["code"] == "unknown_store"
    assert till.balance() == "40"
    service.sound()


@pytest.mark.parametrize("when", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00"])
def test_a_time_at_the_end_of_the_calendar_is_one_rejected_record(service: Service, till: Till, when: str) -> None:
    till.enrol_agent()
    card = till.customer()["card"]
    good = till.document("1", [("CAFE-250", "mercearia", "10.00")], customer={"card": card})
    results = till.push(till.event("document", {**good, "source_id": "2", "issued_at": when}), till.event("document", good))
    assert [one["status"] for one in results] == ["rejected", "accepted"]
    assert "1900" in results[0]["message"]
    refused = till.hook("commit", {"request_id": "c", "document": {**good, "source_id": "3", "issued_at": when}})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"].endswith("issued_at")
    assert till.balance() == "10"


def test_an_anonymous_sale_awards_once_the_customer_is_known(service: Service, till: Till) -> None:
    till.enrol_agent()
    sale = till.document("s", [("CAFE-250", "mercearia", "12.00")], source="print", origin="print", fiscal=FISCAL)
    till.push(till.event("document", sale))
    assert till.balance() == "0"
    known = till.document(
        "f", [("CAFE-250", "mercearia", "12.00")], source="phc", origin="erp", fiscal=FISCAL, customer={"card": till.customer()["card"]}
    )
    till.push(till.event("document", known))
    assert till.balance() == "12"
    # Corrected: it was somebody else's.
    till.push(till.event("document", {**known, "customer": {"card": till.customer(1)["card"]}}))
    assert (till.balance(0), till.balance(1)) == ("0", "12")
    till.push(
        till.event(
            "document",
            {**known, "customer": {"card": till.customer(1)["card"]}, "status": "cancelled", "cancelled_at": till.clock.now.isoformat()},
        )
    )
    assert (till.balance(0), till.balance(1)) == ("0", "0")
    service.sound()


def test_two_documents_that_turn_out_to_be_one(service: Service, till: Till) -> None:
    card = till.customer()["card"]
    line = [("CAFE-250", "mercearia", "12.00")]
    till.commit(till.document("t-9", line, customer={"card": card}))
    till.enrol_agent()
    till.push(till.event("document", till.document("ft-9", line, source="phc", origin="erp", fiscal=FISCAL, customer={"card": card})))
    assert till.balance() == "24"
    till.commit(till.document("t-9", line, customer={"card": card}, fiscal=FISCAL))
    assert till.balance() == "12"
    assert len(till.get("/v1/sales").json()["items"]) == 1
    service.sound()


def test_a_return_finds_its_sale_by_the_number_of_whoever_told_of_it(service: Service, till: Till) -> None:
    """Till and ERP tell of the sale in one batch, each by a number of its own; credit notes name either of them."""
    till.enrol_agent()
    card = till.customer()["card"]
    line = [("CAFE-250", "mercearia", "30.00")]
    told = till.document("t-7", line, customer={"card": card}, fiscal=FISCAL)
    erp = till.document("ft-7", line, source="phc", origin="erp", fiscal=FISCAL)
    till.push(till.event("document", told), till.event("document", erp))
    for number, name in enumerate(("t-7", "ft-7", FISCAL["number"])):
        part = [("CAFE-250", "mercearia", "10.00")]
        back = till.document(f"nc-{number}", part, kind="return", source=f"s{number}", reference={"document": name})
        till.push(till.event("document", back))
        assert till.balance() == str(20 - 10 * number)
    service.sound()


def test_an_old_request_that_comes_again_does_not_bring_back_what_it_said(service: Service, till: Till) -> None:
    card = {"card": till.customer()["card"]}
    first = till.document("1", [("CAFE-250", "mercearia", "30.00")], customer=card)
    answer = till.commit(first, "r1")
    till.commit(till.document("1", [("CAFE-250", "mercearia", "20.00")], customer=card), "r2")
    assert till.commit(first, "r1") == {**answer, "duplicate": True}
    assert till.balance() == "20"
    service.sound()


def test_a_batch_that_tells_a_sale_of_somebody_else_first(service: Service, till: Till) -> None:
    till.enrol_agent()
    line = [("CAFE-250", "mercearia", "12.00")]
    told = [till.document("1", line, customer={"card": till.customer(one)["card"]}) for one in (0, 1, 2)]
    till.push(*(till.event("document", one) for one in told))
    assert [till.balance(one) for one in (0, 1, 2)] == ["0", "0", "12"]
    service.sound()


def test_a_sale_that_was_somebody_elses_takes_its_returns_along(service: Service, till: Till) -> None:
    """Points were spent in it and given back by a return; whoever it was not has nothing more and nothing less than before."""
    card, other = ({"card": till.customer(one)["card"]} for one in (0, 1))
    till.commit(till.document("0", [("CAFE-250", "mercearia", "100.00")], customer=card))
    paid = [{"method": "points", "amount": "1.00"}, {"method": "cash", "amount": "9.00"}]
    sale = till.document("1", [("CAFE-250", "mercearia", "10.00")], customer=card, payments=paid)
    till.commit(sale)
    till.give(till.document("nc", [("CAFE-250", "mercearia", "5.00")], kind="return", reference={"document": "1", "line": "1"}))
    till.commit({**sale, "customer": other})
    assert (till.balance(0), till.balance(1)) == ("100", "-46")
    service.sound()


@pytest.mark.feature("NX-07")
def test_returned_in_parts_ends_where_it_began(service: Service, till: Till) -> None:
    card = till.customer()["card"]
    till.commit(till.document("0", [("CAFE-250", "mercearia", "100.00")], customer={"card": card}))
    hold = till.ok(
        "hold", {"request_id": "h", "store": "LX1", "at": till.clock.now.isoformat(), "customer": {"card": card}, "points": "100"}
    )
    paid = [{"method": "points", "amount": "1.00", "hold": hold["hold"]}, {"method": "cash", "amount": "32.34"}]
    till.commit(till.document("1", [("CREME-50", "cosmetica", "33.34")], customer={"card": card}, payments=paid))
    for number, part in enumerate(("11.11", "0.01", "22.22")):
        till.give(till.document(f"nc{number}", [("CREME-50", "cosmetica", part)], kind="return", reference={"document": "1", "line": "1"}))
    assert till.balance() == "100"
    service.sound()


def test_sale_paid_with_points_offline_becomes_a_debt(service: Service, till: Till) -> None:
    till.enrol_agent()
    card = till.customer()["card"]
    sale = till.document(
        "1",
        [("PAO", "mercearia", "5.00")],
        customer={"card": card},
        payments=[{"method": "points", "amount": "2.00", "hold": "nobody-knows"}],
    )
    assert till.push(till.event("document", sale))[0]["status"] == "accepted"
    assert till.balance() == "-197"
    service.sound()
