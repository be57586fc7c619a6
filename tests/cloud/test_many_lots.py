"""A card of years of purchases: what it shows, pays and loses is exact, and a sale reads no more of it than it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from v5_cloud.ledger import repository
from v5_cloud.ledger.tasks import housekeeping

if TYPE_CHECKING:
    from tests.cloud.conftest import Service, Till

MONTHS, EACH = 7, 90


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Lots as they are read from the database."""
    rows: list[Any] = []
    plain = repository._lot

    def noted(row: Any) -> Any:
        rows.append(row)
        return plain(row)

    monkeypatch.setattr(repository, "_lot", noted)
    return rows


@pytest.mark.feature("NX-07")
def test_a_card_with_many_lots_costs_what_it_needs_and_is_exact(service: Service, till: Till, seen: list[Any]) -> None:
    till.enrol_agent()
    customer = {"card": till.customer()["card"]}
    # Ninety sales a month that give ten points each; the sample's points live until the end of the month a year on.
    for month in range(MONTHS):
        sales = [till.document(f"{month}-{n}", [("CAFE-250", "mercearia", "10.00")], customer=customer) for n in range(EACH)]
        assert {one["status"] for one in till.push(*[till.event("document", sale) for sale in sales])} == {"accepted"}
        service.clock.forward(days=30)
    seen.clear()
    plain = till.commit(till.document("plain", [("CAFE-250", "mercearia", "10.00")], customer=customer))
    assert plain["balance"]["available"] == str(10 * (EACH * MONTHS + 1))
    assert not seen, "a sale that draws from no lot reads none"

    payments = [{"method": "points", "amount": "2.50"}, {"method": "cash", "amount": "7.50"}]
    paid = till.commit(till.document("paid", [("CAFE-250", "mercearia", "10.00")], customer=customer, payments=payments))
    assert paid["points_spent"] == "250"
    assert 25 <= len(seen) <= 64, "twenty-five lots are drawn from"
    seen.clear()
    hold = till.ok("hold", {"request_id": "h", "store": "LX1", "at": till.clock.now.isoformat(), "customer": customer, "points": "5000"})
    view = till.ok("identify", {"store": "LX1", "key": customer["card"]})["customer"]["balance"]
    assert (view["held"], int(view["available"])) == ("5000", int(paid["balance"]["available"]) - 5000)
    till.ok("cancel", {"request_id": "c", "store": "LX1", "at": till.clock.now.isoformat(), "hold": hold["hold"]})
    service.sound()

    # It is given back to the very lots; the last of them then lapse first, on the day that the record says.
    back = [("CAFE-250", "mercearia", "10.00")]
    gone = till.give(till.document("back", back, kind="return", customer=customer, reference={"document": "paid", "line": "1"}))
    assert gone["points_given"] == "250"
    assert gone["balance"]["available"] == plain["balance"]["available"]
    service.clock.forward(days=120)
    view = till.ok("identify", {"store": "LX1", "key": customer["card"]})["customer"]["balance"]
    assert (view["expiring"], view["expiring_on"]) == (str(10 * EACH), "2027-11-30")
    service.sound()

    # All months at once: more than one piece of work, and nothing is left.
    service.clock.forward(days=400)
    assert housekeeping(service.held) > 0
    assert till.balance() == "0"
    service.sound()
