"""Agents, enrolment codes and API keys taken back: on the command line, at once for this process, said to whoever holds them."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Protocol

import pytest
from typer.testing import CliRunner

from v5_cloud.cli import app
from v5_cloud.fleet import credentials
from v5_core.signing import generate_key

if TYPE_CHECKING:
    from tests.cloud.conftest import Service, Till


class Operator(Protocol):
    """Types a command: what it prints, or what it complains of when it is to end with another `code`."""

    def __call__(self, *words: str, code: int = 0) -> str: ...


@pytest.fixture
def operator(service: Service, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Operator:
    """Types commands against the running service's database."""
    monkeypatch.setenv("V5_DATABASE_URL", database_url)

    def typed(*words: str, code: int = 0) -> str:
        reply = CliRunner().invoke(app, list(words))
        assert reply.exit_code == code, reply.output
        return reply.stdout.strip() if code == 0 else " ".join(reply.stderr.split())

    return typed


def forget(service: Service) -> None:
    """What another process does by itself within five seconds."""
    service.held.cache.clear()


@pytest.mark.feature("NX-10")
def test_a_revoked_agent_is_told_what_to_do_and_may_come_back(service: Service, till: Till, operator: Operator) -> None:
    agent = till.enrol_agent()["agent"]
    assert till.signed("/v1/agents/heartbeat", {"queue_depth": 7}).status_code == 200
    assert agent in operator("agent", "list")
    operator("agent", "revoke", agent)
    assert "by operator" in operator("agent", "list")
    forget(service)
    for path, body in (("/v1/agents/heartbeat", {}), ("/v1/replica", {"since": 0}), ("/v1/push", {})):
        reply = till.signed(path, body)
        assert (reply.status_code, reply.json()["code"]) == (401, "agent.revoked"), path
        assert "stays in its outbox" in reply.json()["detail"]
        assert "new code" in reply.json()["detail"]
    # Who does not hold the key learns nothing of it.
    mine, till.private = till.private, generate_key()[0]
    assert till.signed("/v1/replica", {"since": 0}).json()["code"] == "signature"
    till.private = mine
    assert "revoked already" in operator("agent", "revoke", agent, code=1)
    shown = till.get("/v1/agents").json()["items"][0]
    assert (shown["revoked"], shown["revoked_by"], shown["queue_depth"]) == (True, "operator", 7)
    till.sample["enrol_codes"]["LX1"] = operator("agent", "code", "--store", "LX1")
    assert till.enrol_agent()["agent"] != agent
    assert till.signed("/v1/replica", {"since": 0}).status_code == 200


def test_this_process_forgets_a_revoked_credential_at_once(service: Service, till: Till) -> None:
    agent = till.enrol_agent()["agent"]
    assert till.signed("/v1/replica", {"since": 0}).status_code == 200
    credentials.revoke_agent(service.held, service.scope, agent, actor="u")
    assert till.signed("/v1/replica", {"since": 0}).status_code == 401
    assert till.get("/v1/agents").status_code == 200
    key = credentials.list_keys(service.held, service.scope)[0]
    credentials.revoke_key(service.held, service.scope, key.id, actor="u")
    reply = till.get("/v1/agents")
    assert (reply.status_code, reply.json()["code"]) == (401, "key.revoked")


@pytest.mark.feature("NX-10")
def test_a_withdrawn_code_lets_nobody_in(till: Till, operator: Operator) -> None:
    code = operator("agent", "code", "--store", "LX1")
    listed = [line.split("\t") for line in operator("agent", "codes").splitlines()]
    assert code not in operator("agent", "codes")
    for name, store, _ in listed:
        if store == "LX1":
            operator("agent", "revoke-code", name)
    assert {store for _, store, _ in (line.split("\t") for line in operator("agent", "codes").splitlines())} == {"PT2"}
    _, public = generate_key()
    body = {"code": code, "public_key": base64.b64encode(public).decode(), "name": "late"}
    reply = till.client.post("/v1/agents/enrol", json=body)
    assert (reply.status_code, reply.json()["code"]) == (401, "enrolment_code")
    assert "no such code" in operator("agent", "revoke-code", listed[0][0], code=1)


@pytest.mark.feature("NX-10")
def test_a_revoked_key_is_refused(service: Service, till: Till, operator: Operator) -> None:
    text = operator("api-key", "add", "web shop", "--scope", "read")
    name = text.split("_")[1]
    auth = {"authorization": f"Bearer {text}"}
    assert till.client.get("/v1/agents", headers=auth).status_code == 200
    assert f"{name}\tweb shop\tread\tfor ever" in operator("api-key", "list")
    assert text.split("_", 2)[2] not in operator("api-key", "list")
    operator("api-key", "revoke", name)
    forget(service)
    reply = till.client.get("/v1/agents", headers=auth)
    assert (reply.status_code, reply.json()["code"]) == (401, "key.revoked")
    assert till.client.get("/v1/agents", headers={"authorization": f"Bearer v5_{name}_guessed"}).json()["code"] == "unauthorized"
    assert till.get("/v1/agents").status_code == 200
