"""Agents: enrolment, signatures, heartbeat, replica."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from v5_core.signing import generate_key

if TYPE_CHECKING:
    from tests.cloud.conftest import Service, Till


@pytest.mark.feature("NX-10")
def test_enrolment_code_works_once_and_the_agent_is_seen(till: Till) -> None:
    agent = till.enrol_agent()
    assert agent["store"] == "LX1"
    _, public = generate_key()
    body = {"code": till.sample["enrol_codes"]["LX1"], "public_key": base64.b64encode(public).decode(), "name": "thief"}
    reply = till.client.post("/v1/agents/enrol", json=body)
    assert (reply.status_code, reply.json()["code"]) == (401, "enrolment_code")
    beat = {
        "version": "0.1.0",
        "queue_depth": 3,
        "oldest_unsent_seconds": 42.5,
        "quarantined": 1,
        "last_error": "",
        "plugins": [{"slug": "phc", "ok": True, "problem": ""}],
        "clock_offset": 0.2,
    }
    assert "server_time" in till.signed("/v1/agents/heartbeat", beat).json()
    shown = till.get("/v1/agents").json()["items"][0]
    assert (shown["store"], shown["queue_depth"], shown["oldest_unsent_seconds"], shown["quarantined"]) == ("LX1", 3, 42, 1)


def test_enrolment_code_lapses(service: Service, till: Till) -> None:
    service.clock.forward(days=4)
    _, public = generate_key()
    body = {"code": till.sample["enrol_codes"]["LX1"], "public_key": base64.b64encode(public).decode(), "name": "late"}
    assert till.client.post("/v1/agents/enrol", json=body).status_code == 401


def test_wrong_clock_and_wrong_signature_are_told_apart(till: Till) -> None:
    till.enrol_agent()
    skewed = till.signed("/v1/replica", {"since": 0}, at=till.clock.now - timedelta(hours=1))
    assert (skewed.status_code, skewed.json()["code"]) == (401, "clock_skew")
    assert skewed.json()["server_time"].startswith("2026-11-20T10:00:00")
    till.private, _ = generate_key()
    forged = till.signed("/v1/replica", {"since": 0})
    assert forged.status_code == 401
    assert "server_time" not in forged.json()


@pytest.mark.feature("NX-03")
def test_replica_tells_only_what_changed(till: Till) -> None:
    till.enrol_agent()
    first = till.signed("/v1/replica", {"since": 0}).json()
    assert first["complete"]
    assert len(first["customers"]) == 6
    assert first["programmes"][0]["id"] == "cartao-cliente"
    assert till.signed("/v1/replica", {"since": first["version"]}).json()["customers"] == []
    till.commit(till.document("1", [("CAFE-250", "mercearia", "10.00")], customer={"card": till.customer()["card"]}))
    second = till.signed("/v1/replica", {"since": first["version"]}).json()
    assert [(one["customer"], one["balance_available"]) for one in second["customers"]] == [(till.customer()["id"], 10_000)]
    assert second["version"] > first["version"]
