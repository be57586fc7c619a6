"""Companies and stores edited, closed and removed on the command line."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from v5_cloud.cli import app

if TYPE_CHECKING:
    from tests.cloud.conftest import Service, Till


@pytest.fixture
def operator(service: Service, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Types commands against the running service's database."""
    monkeypatch.setenv("V5_DATABASE_URL", database_url)

    def typed(*words: str, code: int = 0) -> str:
        reply = CliRunner().invoke(app, list(words))
        assert reply.exit_code == code, reply.output
        return reply.stdout.strip() if code == 0 else " ".join(reply.stderr.split())

    return typed


def stores(till: Till) -> dict[str, dict[str, object]]:
    return {one["code"]: one for one in till.get("/v1/stores").json()["items"]}


@pytest.mark.feature("V5-01")
def test_a_company_and_a_store_are_edited(service: Service, till: Till, operator: Callable[..., str]) -> None:
    operator("company", "edit", "--name", "Mercearias do Bairro", "--address", "Rua Nova 1, Lisboa")
    operator("store", "edit", "LX1", "--name", "Baixa", "--timezone", "Atlantic/Azores", "--directives", "Ask for the card")
    assert "Mercearias do Bairro" in operator("company", "list")
    assert "LX1\tBaixa\tAtlantic/Azores\topen" in operator("store", "list")
    assert "timezone" in operator("store", "edit", "LX1", "--timezone", "Lisbon", code=1)
    assert "receipt_url" in operator("company", "edit", "--receipt-url", "javascript:alert(1)", code=1)
    found = stores(till)["LX1"]
    assert (found["name"], found["timezone"], found["directives"]) == ("Baixa", "Atlantic/Azores", ["Ask for the card"])
    service.held.cache.clear()
    sold = till.commit(till.document("1", [("CAFE-250", "mercearia", "10.00")], customer={"card": till.customer()["card"]}))
    assert sold["receipt"][0]["text"] == "Mercearias do Bairro"
    assert till.ok("identify", {"store": "LX1", "key": till.customer()["card"]})["directives"] == ["Ask for the card"]


@pytest.mark.feature("V5-01")
def test_what_sales_point_to_is_closed_and_not_removed(till: Till, operator: Callable[..., str]) -> None:
    till.commit(till.document("1", [("CAFE-250", "mercearia", "10.00")]))
    refused = operator("store", "remove", "LX1", code=1)
    assert "1 documents" in refused
    assert "Close it instead" in refused
    agent = till.enrol_agent()["agent"]
    assert "till server" in operator("store", "close", "LX1", code=1)
    operator("agent", "revoke", agent)
    operator("agent", "code", "--store", "LX1")
    operator("store", "close", "LX1")
    assert "LX1" not in operator("agent", "codes"), "its unused codes are withdrawn"
    assert "closed since" in operator("store", "list")
    assert "closed" in operator("agent", "code", "--store", "LX1", code=1)
    # What its tills still send is taken.
    assert not till.commit(till.document("2", [("CAFE-250", "mercearia", "10.00")]))["duplicate"]
    operator("store", "reopen", "LX1")
    assert operator("agent", "code", "--store", "LX1")


@pytest.mark.feature("V5-01")
def test_what_was_made_by_mistake_is_removed(till: Till, operator: Callable[..., str]) -> None:
    operator("store", "add", "LX9", "Mistake")
    operator("agent", "code", "--store", "LX9")
    operator("store", "remove", "LX9")
    assert "LX9" not in stores(till)
    assert "LX9" not in operator("agent", "codes")
    made = operator("company", "add", "Mistake, Lda.")
    operator("store", "add", "A1", "Mistake", "--company", made)
    assert "1 stores" in operator("company", "remove", "--company", made, code=1)
    assert "Close its stores first" in operator("company", "close", "--company", made, code=1)
    operator("store", "close", "A1", "--company", made)
    operator("company", "close", "--company", made)
    assert "company is closed" in operator("store", "add", "A2", "Late", "--company", made, code=1)
    assert "company is closed" in operator("store", "reopen", "A1", "--company", made, code=1)
    operator("store", "remove", "A1", "--company", made)
    operator("company", "remove", "--company", made)
    assert made not in operator("company", "list")
