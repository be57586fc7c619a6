"""A backup that was verified restores into either database; a damaged one is refused."""

from __future__ import annotations

import secrets
import threading
import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine, text

from v5_cloud.app import create_app
from v5_cloud.backup import backup, restore
from v5_cloud.kit.settings import Settings
from v5_cloud.ledger.checks import check
from v5_core.errors import ConflictError, ValidationError

with warnings.catch_warnings():
    # It asks for the successor of httpx, which the workspace does not use.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

if TYPE_CHECKING:
    from tests.cloud.conftest import Start, Till


def _empty(pattern: str, tmp_path: Path) -> list[str]:
    """An empty database of each kind."""
    engine = create_engine(Settings(database_url=pattern.replace("{name}", "postgres")).sqlalchemy_url, isolation_level="AUTOCOMMIT")
    name = f"v5_restored_{secrets.token_hex(4)}"
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return [f"sqlite:///{tmp_path / 'restored.sqlite'}", pattern.replace("{name}", name)]


def _busy_morning(till: Till) -> None:
    """Sales, a payment with points, a return, an open hold, and an agent that pushed."""
    card = {"card": till.customer()["card"]}
    till.commit(till.document("1", [("CAFE-250", "mercearia", "200.00")], customer=card))
    now = till.clock.now.isoformat()
    first = till.ok("hold", {"request_id": "h1", "store": "LX1", "at": now, "customer": card, "points": "100"})
    paid = [{"method": "points", "amount": "1.00", "hold": first["hold"]}, {"method": "cash", "amount": "9.00"}]
    till.commit(till.document("2", [("CAFE-250", "mercearia", "10.00")], customer=card, payments=paid))
    till.give(till.document("nc", [("CAFE-250", "mercearia", "5.00")], kind="return", reference={"document": "2", "line": "1"}))
    till.ok("hold", {"request_id": "h2", "store": "LX1", "at": now, "customer": card, "points": "20"})
    till.enrol_agent()
    till.push(till.event("document", till.document("p", [("PAO", "mercearia", "3.00")], source="phc", origin="erp", customer=card)))


def _seen(till: Till) -> list[Any]:
    found = [till.get(f"/v1/customers/{till.customer(index)['id']}").json() for index in range(3)]
    return [found, till.get("/v1/sales").json(), till.get("/v1/agents").json()]


@pytest.mark.postgres
@pytest.mark.feature("V5-03")
def test_a_backup_of_either_database_restores_into_either(start: Start, database_url: str, postgres: str, tmp_path: Path) -> None:
    source = start(database_url)
    till = source.till()
    _busy_morning(till)
    file = tmp_path / "v5.backup"
    backup(source.settings, file)
    with pytest.raises(ConflictError):
        restore(source.settings, file)
    for target in _empty(postgres, tmp_path):
        assert "no difference" in restore(Settings(database_url=target), file)
        settings = source.settings.model_copy(update={"database_url": target})
        restored = create_app(settings, clock=source.clock)
        with TestClient(restored) as client:
            copy = replace(till, client=client)
            assert _seen(copy) == _seen(till)
            # It goes on where it stopped: what was counted is known, what is new counts.
            card = {"card": till.customer()["card"]}
            again = till.document("1", [("CAFE-250", "mercearia", "200.00")], customer=card)
            assert copy.commit(again, "again")["duplicate"] is True
            before = float(copy.balance())
            copy.commit(till.document("new", [("CAFE-250", "mercearia", "7.00")], customer=card))
            assert float(copy.balance()) == before + 7
            assert check(restored.state.v5).differences == []


@pytest.mark.feature("V5-03")
def test_a_backup_taken_while_tills_sell_is_of_one_moment(start: Start, database_url: str, tmp_path: Path) -> None:
    source = start(database_url)
    till = source.till()
    card = {"card": till.customer()["card"]}
    stop = threading.Event()
    sold: list[int] = []

    def sell() -> None:
        while not stop.is_set():
            till.commit(till.document(f"s{len(sold)}", [("CAFE-250", "mercearia", "1.00")], customer=card))
            sold.append(1)

    seller = threading.Thread(target=sell)
    seller.start()
    try:
        for number in range(4):
            while len(sold) < 5 * (number + 1):
                seller.join(0.01)
                assert seller.is_alive()
            file, target = tmp_path / f"{number}.backup", Settings(database_url=f"sqlite:///{tmp_path / f'{number}.sqlite'}")
            backup(source.settings, file)
            # It counts every table again and checks the ledger.
            assert "no difference" in restore(target, file)
    finally:
        stop.set()
        seller.join()


def test_a_damaged_backup_is_refused_and_nothing_is_written(start: Start, tmp_path: Path) -> None:
    source = start(f"sqlite:///{tmp_path / 'source.sqlite'}")
    file, damaged = tmp_path / "v5.backup", tmp_path / "damaged"
    backup(source.settings, file)
    damaged.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(ValidationError):
        restore(Settings(database_url=f"sqlite:///{tmp_path / 'x.sqlite'}"), damaged)
    assert "no difference" in restore(Settings(database_url=f"sqlite:///{tmp_path / 'x.sqlite'}"), file)
