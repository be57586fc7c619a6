"""Whatever a plugin does, the others and the tills go on, and a person can see it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from v5_core.errors import AuthError, FatalError, RetryableError
from v5_core.plugins import Batch, Cursor, PluginConfig, Rejected, Stream

if TYPE_CHECKING:
    from tests.agent.conftest import World


def test_documents_of_the_erp_arrive_in_the_cloud_once(world: World) -> None:
    world.erp.records = [world.sale(n) for n in range(120)]
    agent = world.agent()
    report = agent.all_now()
    assert report["polled"]["list"]["captured"] == 120
    assert report["sent"]["accepted"] == 120
    assert report["queue_depth"] == 0
    agent.all_now()
    assert len(world.cloud.events) == 120
    assert world.cloud.doubles == 0
    assert [world.cloud.events[one]["document"]["source_id"] for one in world.cloud.order] == [f"doc-{n}" for n in range(120)]


def test_the_plugin_hears_of_durability_only_after_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.erp.records = [world.sale(n) for n in range(3)]
    agent = world.agent()
    seen: list[int] = []
    acknowledge = world.erp.acknowledge

    def watching(stream: Stream, cursor: Cursor | None, *, config: PluginConfig) -> None:
        seen.append(agent.outbox.stats().queued)
        acknowledge(stream, cursor, config=config)

    monkeypatch.setattr(world.erp, "acknowledge", watching)
    agent.poll()
    assert seen == [3]
    assert world.erp.acknowledged == [{"at": 3, "key": "doc-2"}]


def test_an_empty_read_leaves_the_cursor_alone(world: World) -> None:
    world.erp.records = [world.sale(1)]
    agent = world.agent()
    agent.poll()
    agent.poll()
    assert agent.outbox.cursor("list", "documents") == {"at": 1, "key": "doc-1"}
    assert len(world.erp.acknowledged) == 1


def test_a_bad_record_is_set_aside_counted_and_shown_and_stops_nothing(world: World) -> None:
    world.erp.records = [world.sale(1), world.sale(2)]
    world.erp.rejected = [Rejected("ft 2026/77", "total", "the lines do not sum to the total")]
    agent = world.agent()
    agent.all_now()
    world.erp.rejected = [Rejected("ft 2026/77", "total", "the lines do not sum to the total")]
    world.erp.records.append(world.sale(3))
    agent.all_now()
    assert len(world.cloud.events) == 3
    seen = agent.health()
    assert seen.quarantined == 1
    assert seen.light == "yellow"
    assert (seen.set_aside[0]["ref"], seen.set_aside[0]["seen"]) == ("ft 2026/77", 2)


@pytest.mark.parametrize("error", [ValueError("secret=hunter2"), MemoryError(), SystemExit(3), RetryableError("the ERP is busy")])
def test_a_failing_plugin_is_tried_again_and_the_others_are_read(world: World, error: BaseException) -> None:
    def fail() -> None:
        raise error

    other = world.add_source("other")
    other.records = [world.sale(1, source="other")]
    world.erp.before_read = fail
    agent = world.agent()
    reports = agent.poll()
    assert reports["list"].problem
    assert "hunter2" not in reports["list"].problem
    assert reports["other"].captured == 1
    assert not agent.health().sources[0].ok
    world.erp.before_read = lambda: None
    world.erp.records = [world.sale(5)]
    assert agent.poll()["list"].captured == 0, "it waits after a failure"
    world.clock.move(10)
    assert agent.poll()["list"].captured == 1
    assert agent.health().sources[0].ok


def test_a_plugin_that_hangs_is_timed_out_and_not_called_on_top_of_itself(world: World) -> None:
    gate = threading.Event()
    world.erp.before_read = lambda: gate.wait(20)
    world.settings = {"timing": {"read_timeout": 0.2}}
    other = world.add_source("other")
    other.records = [world.sale(1, source="other")]
    agent = world.agent()
    try:
        first = agent.poll()
        assert "0.2 s" in first["list"].problem
        assert first["other"].captured == 1
        second = agent.poll(force=True)
        assert "earlier call" in second["list"].problem
        assert world.erp.reads == 1
    finally:
        gate.set()
    world.erp.before_read = lambda: None


def test_wrong_credentials_wait_for_a_person_and_fatal_stops_the_source(world: World) -> None:
    def refuse() -> None:
        raise AuthError("the ERP refuses the user: give it read rights")

    world.erp.before_read = refuse
    agent = world.agent()
    assert "read rights" in agent.poll()["list"].problem
    reads = world.erp.reads
    world.clock.move(60)
    agent.poll()
    assert world.erp.reads == reads, "asking every minute would lock the account"

    def stop() -> None:
        raise FatalError("the database is of another company")

    world.erp.before_read = stop
    agent.poll(force=True)
    world.clock.move(86_400)
    agent.poll()
    assert world.erp.reads == reads + 1
    assert agent.health().sources[0].problem == "the database is of another company"


def test_a_plugin_that_lies_about_more_is_stopped(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    read = world.erp.read

    def lying(*arguments: Any, **named: Any) -> Batch:
        batch = read(*arguments, **named)
        return type(batch)(batch.records, batch.cursor, complete=False)

    monkeypatch.setattr(world.erp, "read", lying)
    world.erp.records = [world.sale(1)]
    agent = world.agent()
    assert "does not move its cursor" in agent.poll()["list"].problem
    assert agent.outbox.stats().queued == 1


def test_a_full_disk_is_shown_and_capture_goes_on_where_it_was(world: World) -> None:
    world.erp.records = [world.sale(n) for n in range(700)]
    agent = world.agent()
    pages = agent.outbox.db.read("PRAGMA page_count")[0][0]
    agent.outbox.db._writer.execute(f"PRAGMA max_page_count = {pages + 5}")
    report = agent.poll()["list"]
    assert "free some space" in report.problem
    assert "free some space" in agent.health().last_error
    agent.outbox.db._writer.execute("PRAGMA max_page_count = 1000000")
    agent.all_now()
    assert len(world.cloud.events) == 700
    assert world.cloud.doubles == 0


def test_settings_that_the_plugin_does_not_know_are_named(world: World) -> None:
    world.settings = {"source": [{"slug": "list", "config": {"databse": "x"}}, {"slug": "nowhere"}]}
    agent = world.agent()
    problems = {one.name: one.problem for one in agent.health().sources}
    assert "databse" in problems["list"]
    assert "plugins list" in problems["nowhere"]


def test_the_cloud_can_have_a_period_read_again(world: World) -> None:
    world.erp.records = [world.sale(n) for n in range(60)]
    agent = world.agent()
    agent.all_now()
    since = world.sale(50).issued_at
    world.cloud.signals = [{"signal_id": "s1", "kind": "reread", "stream": "documents", "since": since.isoformat()}]
    world.erp.records.append(world.sale(60))
    agent.all_now()
    before = world.cloud.doubles
    agent.all_now()
    assert world.cloud.doubles - before == 11, "documents 50 to 60 are sent again"
    assert agent.outbox.cursor("list", "documents") == {"at": 61, "key": "doc-60"}
    agent.all_now()
    assert world.cloud.doubles - before == 11, "once"
