"""Nothing is lost on the way to the cloud, nothing hammers it, and one bad event holds up no other."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any

import pytest

from v5_core.model import DocumentStatus

if TYPE_CHECKING:
    from tests.agent.conftest import Answer, FakeCloud, World


@pytest.fixture
def filled(world: World) -> World:
    world.erp.records = [world.sale(n) for n in range(10)]
    world.agent().poll()
    return world


def names(cloud: FakeCloud) -> set[str]:
    return {event["document"]["source_id"] for event in cloud.events.values()}


def problem(code: str, **more: Any) -> dict[str, Any]:
    return {"code": code, "title": code, "detail": code, **more}


@pytest.mark.feature("NX-03")
def test_a_cut_line_keeps_everything_and_its_return_sends_it_once(filled: World) -> None:
    agent = filled.agent()
    filled.cloud.answers["/v1/push"] = [("cut", None, {})] * 3
    assert agent.send().problem
    assert agent.outbox.stats().queued == 10
    assert not agent.health().online
    assert agent.send().batches == 0, "the line is thought down: nobody hammers it"
    filled.clock.move(16)
    agent.send()
    agent.send()
    assert len(filled.cloud.events) == 10
    assert filled.cloud.doubles == 0
    assert agent.health().online


def test_one_probe_an_interval_while_the_line_is_down(filled: World) -> None:
    agent = filled.agent()
    filled.cloud.answers["/v1/push"] = [(503, {}, {})] * 2
    agent.send()
    filled.clock.move(16)
    agent.send()
    for _ in range(5):
        agent.send()
    assert len(filled.cloud.answers["/v1/push"]) == 0
    assert len(filled.cloud.pushes) == 0
    filled.clock.move(16)
    agent.send()
    assert len(filled.cloud.pushes[0]["events"]) == 1, "the probe is small"


def test_retry_after_is_honoured_and_survives_a_restart(filled: World) -> None:
    filled.cloud.answers["/v1/push"] = [(429, {"code": "slow"}, {"retry-after": "120"})]
    filled.agent().send()
    filled.clock.move(100)
    again = filled.agent(fresh=True)
    assert again.send().batches == 0
    filled.clock.move(30)
    again.send()
    again.send()
    assert len(filled.cloud.events) == 10


def test_each_event_is_acknowledged_by_itself(filled: World) -> None:
    verdicts = {"doc-2": {"status": "rejected", "code": "store_unknown", "message": "no such store"}, "doc-4": {"status": "retry"}}
    filled.cloud.verdict = lambda event: verdicts.get(event["document"]["source_id"])
    agent = filled.agent()
    agent.send()
    assert len(filled.cloud.events) == 8
    stats = agent.outbox.stats()
    assert (stats.queued, stats.quarantined) == (1, 1)
    assert "no such store" in agent.health().set_aside[0]["message"]
    filled.cloud.verdict = lambda _event: None
    filled.clock.move(301)
    agent.send()
    assert len(filled.cloud.events) == 9


@pytest.mark.parametrize(("status", "code"), [(400, "malformed"), (422, "validation")])
def test_a_request_refused_for_one_event_is_narrowed_down_to_it(filled: World, status: int, code: str) -> None:
    agent = filled.agent()

    def picky(path: str, data: dict[str, Any]) -> Answer | None:
        if path == "/v1/push" and any(event["document"]["source_id"] == "doc-6" for event in data["events"]):
            return status, problem(code), {}
        return None

    filled.cloud.intercept = picky
    agent.send()
    assert names(filled.cloud) == {f"doc-{n}" for n in range(10) if n != 6}
    assert agent.outbox.stats().quarantined == 1


def test_an_event_that_breaks_the_cloud_waits_and_lets_the_others_pass(filled: World) -> None:
    agent = filled.agent()

    def fragile(path: str, data: dict[str, Any]) -> Answer | None:
        if path == "/v1/push" and any(event["document"]["source_id"] == "doc-0" for event in data["events"]):
            return 500, problem("internal"), {}
        return None

    filled.cloud.intercept = fragile
    agent.send()
    assert len(filled.cloud.events) == 9
    assert agent.outbox.stats().queued == 1
    filled.cloud.intercept = lambda _path, _data: None
    filled.clock.move(301)
    agent.send()
    assert len(filled.cloud.events) == 10


def test_too_large_a_request_is_halved(filled: World) -> None:
    agent = filled.agent()
    filled.cloud.intercept = lambda _path, data: (413, problem("too_large"), {}) if len(data.get("events", ())) > 3 else None
    agent.send()
    assert len(filled.cloud.events) == 10
    assert agent.outbox.stats().quarantined == 0


def test_a_refused_agent_pauses_keeps_everything_and_says_so(filled: World) -> None:
    agent = filled.agent()
    filled.cloud.keys.clear()
    assert "enrol again" in agent.send().problem
    assert agent.outbox.stats().queued == 10
    assert "enrol again" in agent.health().line_reason
    filled.clock.move(60)
    asked = len(filled.cloud.refused)
    agent.send()
    assert len(filled.cloud.refused) == asked


def test_a_wrong_address_never_acknowledges(filled: World) -> None:
    agent = filled.agent()
    filled.cloud.answers["/v1/push"] = [(404, {"detail": "Not Found"}, {})]
    agent.send()
    assert agent.outbox.stats().queued == 10
    filled.clock.move(60)
    assert agent.send().batches == 0
    filled.clock.move(300)
    agent.send()
    agent.send()
    assert len(filled.cloud.events) == 10


def test_a_log_in_page_of_a_hotel_is_no_acknowledgement(filled: World) -> None:
    agent = filled.agent()
    filled.cloud.answers["/v1/push"] = [(200, b"<html>Welcome</html>", {"content-type": "text/html"}), (200, {"hello": 1}, {})]
    for _ in range(2):
        agent.send()
        filled.clock.move(16)
    assert agent.outbox.stats().queued == 10
    assert agent.outbox.stats().sent == 0


def test_batches_are_at_most_a_hundred_events_and_256_kilobytes(world: World) -> None:
    text = "x" * 400
    records = [world.sale(n) for n in range(150)]
    for n in range(150, 400):
        line = world.sale(n).lines[0].model_copy(update={"gross": 0, "net": 0, "description": text})
        more = tuple(line.model_copy(update={"line_id": f"{i + 2}"}) for i in range(9))
        document = world.sale(n)
        records.append(document.model_copy(update={"lines": document.lines + more}))
    world.erp.records = records
    world.agent().all_now()
    assert len(world.cloud.events) == 400
    assert max(len(push["events"]) for push in world.cloud.pushes) == 100
    assert max(len(json.dumps(push, separators=(",", ":"))) for push in world.cloud.pushes) <= 256 * 1024


def test_a_damaged_row_is_set_aside_and_the_rest_is_sent(filled: World) -> None:
    agent = filled.agent()
    with agent.outbox.transaction() as tx:
        tx.execute("UPDATE outbox SET payload = ? WHERE seq = 4", (b'{"event_id": "torn',))
    agent.send()
    assert len(filled.cloud.events) == 9
    assert agent.outbox.stats().quarantined == 1
    assert agent.health().set_aside[0]["code"] == "damaged"


def test_a_clock_that_is_off_is_learned_for_signing_and_no_sale_is_moved(filled: World) -> None:
    filled.cloud.clock_ahead = 7200
    agent = filled.agent()
    agent.send()
    assert len(filled.cloud.events) == 10
    assert filled.cloud.refused == ["clock_skew"]
    assert abs(agent.health().clock_offset - 7200) < 5
    assert any(one["code"] == "clock" for one in agent.health().warnings)
    event = next(iter(filled.cloud.events.values()))
    assert event["document"]["issued_at"].startswith("2026-11-20T10:00")
    filled.erp.records.append(filled.sale(99))
    filled.agent(fresh=True).all_now()
    assert filled.cloud.refused == ["clock_skew"], "the offset is remembered"


def test_pause_and_resume_from_the_cloud(filled: World) -> None:
    agent = filled.agent()
    filled.cloud.signals = [{"signal_id": "p1", "kind": "pause"}]
    agent.send()
    filled.erp.records.append(filled.sale(50))
    assert agent.poll() == {}
    agent.poll(force=True)
    assert agent.send().batches == 0
    assert len(filled.cloud.events) == 10
    filled.cloud.signals = [{"signal_id": "p2", "kind": "resume"}]
    agent.send(idle=True)
    agent.send()
    assert len(filled.cloud.events) == 11


def test_a_signal_whose_reply_was_lost_comes_again_and_is_obeyed_once(filled: World) -> None:
    agent = filled.agent()
    filled.cloud.signals = [{"signal_id": "d1", "kind": "diagnostics"}]
    agent.send()
    made = agent.folder / "diagnostics.zip"
    made.unlink()
    restarted = filled.agent(fresh=True)
    restarted.send(idle=True)
    assert not made.exists(), "given again, known already"
    assert filled.cloud.signals, "nothing has told the cloud yet"
    restarted.send(idle=True)
    assert filled.cloud.pushes[-1]["obeyed"] == ["d1"]
    assert filled.cloud.signals == []
    restarted.send(idle=True)
    assert "obeyed" not in filled.cloud.pushes[-1]


def test_diagnostics_hold_nothing_personal(filled: World) -> None:
    agent = filled.agent()
    filled.cloud.signals = [{"signal_id": "d1", "kind": "diagnostics"}]
    agent.send()
    import zipfile

    with zipfile.ZipFile(agent.folder / "diagnostics.zip") as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist()).decode()
    assert "queue_depth" in everything
    for secret in ("Inês", "912345678", "123456789", filled.identity().private.hex()):
        assert secret not in everything


def test_the_cloud_answers_and_the_agent_dies_before_noting_it(filled: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(*_: object) -> None:
        raise KeyboardInterrupt

    agent = filled.agent()
    monkeypatch.setattr(agent.outbox, "mark_sent", die)
    with pytest.raises(KeyboardInterrupt):
        agent.send()
    assert len(filled.cloud.events) == 10
    again = filled.agent(fresh=True)
    report = again.send()
    assert report.duplicates == 10
    assert len(filled.cloud.events) == 10
    assert again.outbox.stats().queued == 0


def test_a_cancelled_document_follows_its_sale(filled: World) -> None:
    agent = filled.agent()
    agent.send()
    filled.erp.records.append(filled.sale(3).model_copy(update={"status": DocumentStatus.CANCELLED}))
    agent.all_now()
    events = [event for event in filled.cloud.events.values() if event["document"]["source_id"] == "doc-3"]
    assert [event["document"]["status"] for event in events] == ["issued", "cancelled"]
    assert len({event["aggregate"] for event in events}) == 1


def test_stored_bytes_go_out_unchanged(filled: World) -> None:
    agent = filled.agent()
    rows = agent.outbox.db.read("SELECT payload, checksum FROM outbox")
    assert all(zlib.crc32(row["payload"]) == row["checksum"] for row in rows)
    agent.send()
    assert filled.cloud.pushes[0]["events"] == [json.loads(row["payload"]) for row in rows]
    assert filled.cloud.pushes[0]["cursors"] == {"list/documents": json.dumps({"at": 10, "key": "doc-9"}, separators=(",", ":"))}


def test_heartbeat_tells_how_it_is(filled: World) -> None:
    agent = filled.agent()
    agent.check()
    assert agent.heartbeat()
    beat = filled.cloud.heartbeats[0]
    assert beat["queue_depth"] == 10
    assert beat["plugins"] == [{"slug": "list", "ok": True, "problem": ""}]
