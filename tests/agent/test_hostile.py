"""The plugin that breaks the contract in every way, run by the agent: its neighbours and the tills never notice, people always do."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, cast

import pytest

from v5_agent.service import Agent
from v5_core.hooks import IdentifyRequest
from v5_core.testing import hostile
from v5_core.testing.hostile import Behaviour

if TYPE_CHECKING:
    from tests.agent.conftest import ListPlugin, World

# What each behaviour must show on the health page; the rest read as if nothing were wrong.
SHOWN = {
    Behaviour.RAISE: "ZeroDivisionError",
    Behaviour.EXIT: "tried to end the agent",
    Behaviour.CONFIG_ERROR: "the server's name is missing",
    Behaviour.AUTH_ERROR: "the password was refused",
    Behaviour.RETRYABLE: "the server is busy",
    Behaviour.REJECTED: "line 3 has no article",
    Behaviour.FATAL: "the database is of another product",
    Behaviour.HANG: "has not come back",
    Behaviour.NONE: "not a Batch",
    Behaviour.WRONG_BATCH: "not a Batch",
    Behaviour.WRONG_RECORDS: "SalesDocument records",
    Behaviour.WRONG_CURSOR: "the cursor is not JSON",
    Behaviour.NEVER_COMPLETE: "does not move its cursor",
    Behaviour.PRINTS_SECRETS: "RuntimeError",
}
# Behaviours that stop the source until a person looks; all others are tried again by themselves.
STOPPED = {
    Behaviour.FATAL,
    Behaviour.NONE,
    Behaviour.WRONG_BATCH,
    Behaviour.WRONG_RECORDS,
    Behaviour.WRONG_CURSOR,
    Behaviour.NEVER_COMPLETE,
}
ARRIVES = {
    Behaviour.HONEST: {"H1"},
    Behaviour.FORGETS_CURSOR: {"H1"},
    Behaviour.DUPLICATES: {"H1", "H2"},
    Behaviour.CHANGES_ITS_MIND: {"H1", "H2"},
    Behaviour.IGNORES_LIMIT: {f"H{number}" for number in range(501)},
    Behaviour.HUGE_STRINGS: {"H1", "H2"},
    Behaviour.BAD_ACKNOWLEDGE: {"H1"},
}


def host(world: World, behaviour: Behaviour) -> Agent:
    """The store's agent with the hostile plugin between two honest ones."""
    world.plugins = {"first": world.plugins["list"], "hostile": cast("ListPlugin", hostile.plugin)}
    other = world.add_source("other")
    other.records = [world.sale(2, source="other")]
    world.plugins["first"].records = [world.sale(1, source="first")]
    world.settings = {
        "source": [
            {"slug": "first", "limit": 50},
            {"slug": "hostile", "limit": 50, "config": {"behaviour": behaviour.value, "patience": 5}},
            {"slug": "other", "limit": 50},
        ],
        "timing": {"recovery_jitter": 0, "read_timeout": 0.5 if behaviour is Behaviour.HANG else 5, "probe": 15},
    }
    return world.agent()


@pytest.mark.parametrize("behaviour", Behaviour)
def test_whatever_a_plugin_does_the_store_goes_on(
    world: World, behaviour: Behaviour, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG, "v5_agent")
    agent = host(world, behaviour)
    agent.pull()
    agent.check()
    agent.all_now()
    agent.all_now()
    arrived = {event["document"]["source_id"] for event in world.cloud.events.values()}
    assert arrived == {"doc-1", "doc-2"} | ARRIVES.get(behaviour, set())
    seen = next(one for one in agent.health().sources if one.slug == "hostile")
    others = [one for one in agent.health().sources if one.slug != "hostile"]
    assert all(one.ok for one in others)
    assert SHOWN.get(behaviour, "") in seen.problem
    assert seen.ok == (behaviour not in SHOWN)
    assert agent.sources["hostile"].state.stopped == (behaviour in STOPPED)
    # The till is answered as ever.
    found = agent.till.identify(IdentifyRequest(store="LX1", key="9512000144105")).customer
    assert found is not None
    # Nothing secret, nothing huge.
    shown = json.dumps(agent.health().as_json(), default=str)
    assert len(shown) < 100_000
    kept = b"".join(path.read_bytes() for path in agent.folder.glob("*.db*"))
    assert len(kept) < 5_000_000
    logged = "".join(record.getMessage() for record in caplog.records if record.name.startswith("v5_agent"))
    assert hostile.SECRET not in shown + logged
    assert hostile.SECRET.encode() not in kept


@pytest.mark.parametrize("behaviour", [Behaviour.REJECTED, Behaviour.HUGE_STRINGS])
def test_a_bad_record_is_set_aside_counted_and_shown(world: World, behaviour: Behaviour) -> None:
    agent = host(world, behaviour)
    agent.all_now()
    agent.all_now()
    seen = agent.health()
    assert seen.quarantined == 1
    assert seen.light == "yellow"
    one = seen.set_aside[0]
    assert one["source"] == "hostile"
    assert one["ref"].startswith("R" if behaviour is Behaviour.HUGE_STRINGS else "FT 1/3")
    assert one["seen"] >= 1
    assert agent.heartbeat(force=True)
    assert world.cloud.heartbeats[-1]["quarantined"] == 1
