"""A chain set up from an empty database, as an installer does it: tenant, company, store, user, programme, code, agent, key."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from v5_cloud.app import create_app
from v5_cloud.cli import app
from v5_cloud.kit.settings import Settings
from v5_cloud.sample import programme
from v5_core.signing import generate_key


class Operator:
    """Types commands."""

    def __call__(self, *words: str, code: int = 0) -> str:
        reply = CliRunner().invoke(app, list(words))
        assert reply.exit_code == code, reply.output
        return reply.stdout.strip() if code == 0 else " ".join(reply.stderr.split())


@pytest.fixture
def operator(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Operator:
    monkeypatch.setenv("V5_DATABASE_URL", database_url)
    monkeypatch.setenv("V5_HOUSEKEEPING_SECONDS", "0")
    monkeypatch.setenv("V5_PASSWORD", "dez letras ou mais")
    return Operator()


def written(folder: Path, body: object) -> str:
    file = folder / "programme.json"
    file.write_text(json.dumps(body), encoding="utf-8")
    return str(file)


def enrolment(code: str) -> dict[str, str]:
    _, public = generate_key()
    return {"code": code, "public_key": base64.b64encode(public).decode(), "name": "Till 1"}


@pytest.mark.feature("NX-10", "V5-01")
def test_from_an_empty_database_to_the_first_sale(operator: Operator, tmp_path: Path) -> None:
    from starlette.testclient import TestClient

    operator("migrate")
    tenant = operator("tenant", "add", "Padarias")
    assert operator("tenant", "list") == f"{tenant}\tPadarias"
    company = operator("company", "add", "Padarias Reunidas, Lda.", "--tax-number", "500100144")
    operator("store", "add", "LX1", "Lisboa", "--language", "en")
    operator("user", "add", "ana@example.com", "--role", "admin")
    assert operator("programme", "publish", written(tmp_path, programme().model_dump(mode="json"))) == "cartao-cliente 1"
    code = operator("agent", "code", "--store", "LX1")
    key = operator("api-key", "add", "till", "--scope", "hooks", "--scope", "read")
    with TestClient(create_app(Settings.from_env())) as client:
        agent = client.post("/v1/agents/enrol", json=enrolment(code)).json()
        assert (agent["tenant"], agent["company"], agent["store"]) == (tenant, company, "LX1")
        assert client.post("/v1/agents/enrol", json=enrolment(code)).status_code == 401, "a code works once"
        auth = {"authorization": f"Bearer {key}"}
        joined = client.post(
            "/v1/hooks/enrol", json={"request_id": "e", "store": "LX1", "name": "Maria", "phone": "912345678"}, headers=auth
        )
        assert joined.status_code == 200, joined.text
        card = {"card": joined.json()["customer"]["cards"][0]["number"]}
        line = {"line_id": "1", "product": "PAO", "gross": "10.00", "net": "9.43"}
        sale: dict[str, Any] = {
            "source": "till",
            "source_id": "1",
            "origin": "hook",
            "kind": "sale",
            "store": "LX1",
            "issued_at": datetime.now(UTC).isoformat(),
        }
        sale |= {"customer": card, "lines": [line], "gross": "10.00", "net": "9.43"}
        answer = client.post("/v1/hooks/commit", json={"request_id": "c", "document": sale}, headers=auth).json()
        assert answer["points_earned"] == "10"
        assert answer["receipt"][0]["text"] == "Padarias Reunidas, Lda."


def test_what_cannot_be_made_is_refused_in_words(operator: Operator, tmp_path: Path) -> None:
    assert "v5-cloud migrate" in operator("tenant", "add", "X", code=1)
    operator("migrate")
    assert "tenant add" in operator("company", "add", "X", code=1)
    operator("tenant", "add", "X")
    assert "company add" in operator("store", "add", "LX1", "Lisboa", code=1)
    assert "currency" in operator("company", "add", "X", "--currency", "XXX", code=1)
    operator("company", "add", "X")
    assert "timezone" in operator("store", "add", "LX1", "Lisboa", "--timezone", "Lisbon", code=1)
    operator("store", "add", "LX1", "Lisboa")
    assert "already" in operator("store", "add", "LX1", "Porto", code=1)
    assert "LX1" in operator("agent", "code", "--store", "LX9", code=1)
    assert "hooks, read, push" in operator("api-key", "add", "x", "--scope", "all", code=1)
    tied = programme().model_dump(mode="json")
    tied["offers"] = [tied["offers"][0] | {"id": "other"}, *tied["offers"]]
    assert "exclusive" in operator("programme", "publish", written(tmp_path, tied), code=1)
    assert "earning" in operator("programme", "publish", written(tmp_path, {"id": "a", "name": "A", "earning": 3}), code=1)
    good = written(tmp_path, programme().model_dump(mode="json"))
    operator("programme", "publish", good)
    assert "published already" in operator("programme", "publish", good, code=1)


def test_of_several_one_must_be_named(operator: Operator) -> None:
    operator("migrate")
    first = operator("tenant", "add", "A")
    second = operator("tenant", "add", "B")
    assert "--tenant" in operator("company", "add", "X", code=1)
    theirs = operator("company", "add", "X", "--tenant", first)
    assert "There is no company" in operator("store", "add", "LX1", "Lisboa", "--tenant", second, "--company", theirs, code=1)


@pytest.mark.parametrize("group", ["tenant", "company", "store", "agent", "api-key", "programme"])
def test_every_group_explains_itself(group: str) -> None:
    assert "Usage" in CliRunner().invoke(app, [group, "--help"]).stdout
