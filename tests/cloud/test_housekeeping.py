"""What time does to points: a hold that nobody used lapses, a lot expires; and what an operator can ask of the ledger afterwards."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx
import pytest
from typer.testing import CliRunner

from v5_cloud.cli import app
from v5_cloud.ledger.tasks import Housekeeper, housekeeping

if TYPE_CHECKING:
    from tests.cloud.conftest import Service, Till


def earn(till: Till, number: str, gross: str) -> None:
    till.commit(till.document(number, [("CAFE-250", "mercearia", gross)], customer={"card": till.customer()["card"]}))


def hold(till: Till, points: str, name: str, seconds: int = 600) -> httpx.Response:
    body = {"request_id": name, "store": "LX1", "at": till.clock.now.isoformat(), "customer": {"card": till.customer()["card"]}}
    return till.hook("hold", {**body, "points": points, "ttl_seconds": seconds})


def record(till: Till) -> tuple[str, str, str]:
    found = till.get(f"/v1/customers/{till.customer()['id']}").json()
    return found["balance"], found["held"], found["available"]


def cli(monkeypatch: pytest.MonkeyPatch, service: Service, *words: str, code: int = 0) -> str:
    monkeypatch.setenv("V5_DATABASE_URL", service.settings.database_url)
    reply = CliRunner().invoke(app, list(words))
    assert reply.exit_code == code, reply.output
    return reply.stdout.strip() if code == 0 else " ".join(reply.stderr.split())


@pytest.mark.feature("NX-07")
def test_a_hold_that_nobody_used_lapses_and_its_points_are_free_again(service: Service, till: Till) -> None:
    earn(till, "1", "100.00")
    assert hold(till, "80", "h1").status_code == 200
    assert record(till) == ("100", "80", "20")
    assert hold(till, "50", "h2").status_code == 409
    service.clock.forward(seconds=599)
    assert housekeeping(service.held) == 0
    assert record(till) == ("100", "80", "20")
    service.clock.forward(seconds=1)
    assert housekeeping(service.held) == 1
    assert record(till) == ("100", "0", "100")
    assert hold(till, "100", "h3").status_code == 200
    service.sound()


@pytest.mark.feature("NX-07")
def test_points_that_lapse_leave_the_balance_on_their_day(service: Service, till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    earn(till, "1", "100.00")
    # The sample's points live until the end of the month, a year on: these until 30 November 2027, those a month longer.
    service.clock.now = datetime(2026, 12, 5, tzinfo=UTC)
    earn(till, "2", "30.00")
    service.clock.now = datetime(2027, 11, 30, 23, 59, tzinfo=UTC)
    assert housekeeping(service.held) == 0
    assert till.balance() == "130"
    service.clock.forward(minutes=2)
    assert housekeeping(service.held) == 1
    assert till.balance() == "30"
    assert housekeeping(service.held) == 0, "once"
    service.clock.now = datetime(2028, 1, 1, 0, 1, tzinfo=UTC)
    assert housekeeping(service.held) == 1
    assert till.balance() == "0"
    service.sound()
    customer = till.customer()["id"]
    days = {"2026-11-20T09:59:59": "0", "2026-11-20T10:00:00": "100", "2026-12-31": "130", "2027-12-01T00:01:00": "30", "2028-01-02": "0"}
    assert {day: cli(monkeypatch, service, "ledger", "balance", customer, "--at", day) for day in days} == days
    assert cli(monkeypatch, service, "ledger", "check").endswith("no difference.")
    assert "no such customer" in cli(monkeypatch, service, "ledger", "balance", "cus_nobody", code=1)


def test_a_hold_does_not_outlive_its_points(service: Service, till: Till) -> None:
    earn(till, "1", "100.00")
    service.clock.now = datetime(2027, 11, 30, 23, 50, tzinfo=UTC)
    assert hold(till, "100", "h").status_code == 200
    service.clock.forward(minutes=15)
    housekeeping(service.held)
    assert record(till) == ("0", "0", "0")
    service.sound()


def test_the_round_repeats_and_ends(service: Service, till: Till) -> None:
    earn(till, "1", "10.00")
    assert hold(till, "10", "h").status_code == 200
    service.clock.forward(hours=1)
    keeper = Housekeeper(service.held, 1)
    keeper.start()
    try:
        end = datetime.now(UTC) + timedelta(seconds=20)
        while record(till)[1] != "0":
            assert datetime.now(UTC) < end, "the hold did not lapse"
    finally:
        keeper.stop()
    assert record(till) == ("10", "0", "10")
