"""Signals reach an agent whatever happens to a reply, and end when it says that it obeyed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.cloud.conftest import Service, Till

from v5_cloud.models import SignalRow


def _told(till: Till, obeyed: list[str] | None = None) -> list[str]:
    body: dict[str, Any] = {"agent": till.agent["agent"], "sequence": next(till.count), "events": []}
    reply = till.signed("/v1/push", body | ({"obeyed": obeyed} if obeyed else {}))
    assert reply.status_code == 200, reply.text
    return [one["signal_id"] for one in reply.json()["signals"]]


def test_a_signal_is_given_until_the_agent_has_obeyed_it(service: Service) -> None:
    till, other = service.till(), service.till()
    till.enrol_agent()
    other.enrol_agent("LX2" if "LX2" in service.sample["stores"] else service.sample["stores"][1])
    with service.held.database.write(service.scope) as session:
        row = {"id": "s1", "tenant_id": service.scope.tenant, "agent_id": till.agent["agent"], "kind": "diagnostics", "stream": ""}
        session.add(SignalRow(**row, created_at=service.clock.now))
    assert _told(till) == ["s1"]
    assert _told(till) == ["s1"], "the first reply may have been lost"
    assert _told(other, ["s1"]) == [], "another agent neither gets it nor ends it"
    assert _told(till) == ["s1"]
    assert _told(till, ["s1"]) == []
    assert _told(till) == []
