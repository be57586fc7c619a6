"""The outbox keeps what it took, in any weather."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from v5_agent.outbox import Outbox, record_fact
from v5_core.errors import FatalError
from v5_core.model import DocumentStatus, SalesDocument

if TYPE_CHECKING:
    from tests.agent.conftest import Make


NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    with Outbox(tmp_path / "outbox.db") as opened:
        yield opened


def test_settings_of_the_file_are_the_durable_ones(outbox: Outbox, tmp_path: Path) -> None:
    with outbox.transaction() as tx:
        assert tx.execute("PRAGMA synchronous").fetchone()[0] == 2
        assert tx.execute("PRAGMA foreign_keys").fetchone()[0] == 1
    with sqlite3.connect(tmp_path / "outbox.db") as other:
        assert other.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        strict = {row[1]: row[5] for row in other.execute("PRAGMA table_list") if not row[1].startswith("sqlite_")}
    other.close()
    assert set(strict.values()) == {1}


def test_rows_and_cursor_move_together_or_not_at_all(outbox: Outbox, make: type[Make]) -> None:
    outbox.capture("phc", "documents", [make.document(1)], (), {"at": 1}, NOW)

    def breaking() -> Iterator[SalesDocument]:
        yield make.document(2)
        raise RuntimeError("broken half way")

    with pytest.raises(RuntimeError, match="broken"):
        outbox.capture("phc", "documents", breaking(), (), {"at": 2}, NOW)
    assert outbox.cursor("phc", "documents") == {"at": 1}
    assert outbox.stats().queued == 1


def test_the_same_document_again_adds_nothing_and_a_change_adds_one_event(outbox: Outbox, make: type[Make]) -> None:
    first, cancelled = make.document(1), make.document(1).model_copy(update={"status": DocumentStatus.CANCELLED})
    assert outbox.capture("phc", "documents", [first, first], (), {"at": 1}, NOW) == 1
    assert outbox.capture("phc", "document_changes", [first], (), {"at": 1}, NOW) == 0
    assert outbox.capture("phc", "document_changes", [cancelled], (), {"at": 2}, NOW) == 1
    # Changed back: the cloud must hear of it although the content was seen before.
    assert outbox.capture("phc", "document_changes", [first], (), {"at": 3}, NOW) == 1
    assert len({row["event_id"] for row in outbox.export()}) == 3


def test_event_ids_survive_a_new_installation(outbox: Outbox, make: type[Make], tmp_path: Path) -> None:
    outbox.capture("phc", "documents", [make.document(1)], (), None, NOW)
    with Outbox(tmp_path / "other.db") as reinstalled:
        reinstalled.capture("phc", "documents", [make.document(1)], (), None, NOW + timedelta(days=9))
        assert [row["event_id"] for row in reinstalled.export()] == [row["event_id"] for row in outbox.export()]


def test_a_full_disk_stops_capture_loudly_and_drops_nothing(outbox: Outbox, make: type[Make]) -> None:
    outbox.capture("phc", "documents", [make.document(1)], (), {"at": 1}, NOW)
    with outbox.db.write() as tx:
        pages = tx.execute("PRAGMA page_count").fetchone()[0]
    outbox.db._writer.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(FatalError, match="free some space") as caught:
        outbox.capture("phc", "documents", [make.document(n) for n in range(2, 900)], (), {"at": 900}, NOW)
    assert caught.value.error_code == "disk"
    assert outbox.cursor("phc", "documents") == {"at": 1}
    assert outbox.stats().queued == 1
    outbox.db._writer.execute("PRAGMA max_page_count = 1000000")
    assert outbox.capture("phc", "documents", [make.document(2)], (), {"at": 2}, NOW) == 1


def test_a_destroyed_file_is_said_to_be_damaged(tmp_path: Path) -> None:
    (tmp_path / "outbox.db").write_bytes(b"this is no database at all" * 400)
    with pytest.raises(FatalError, match="outbox check") as caught:
        Outbox(tmp_path / "outbox.db")
    assert caught.value.error_code == "corrupt"


def test_rows_of_one_document_stay_in_order_when_the_first_has_to_wait(outbox: Outbox, make: type[Make]) -> None:
    changed = make.document(1).model_copy(update={"till": "2"})
    outbox.capture("phc", "documents", [make.document(1), make.document(2), changed], (), None, NOW)
    first = next(row["event_id"] for row in outbox.export())
    outbox.postpone([first], NOW + timedelta(minutes=5), "busy")
    good, _ = outbox.due(NOW, limit=100, max_bytes=10**6)
    assert [json.loads(row.payload)["document"]["source_id"] for row in good] == ["doc-2"]
    assert len(outbox.due(NOW + timedelta(minutes=6), limit=100, max_bytes=10**6)[0]) == 3


def test_a_batch_has_a_size_but_always_one_row(outbox: Outbox, make: type[Make]) -> None:
    outbox.capture("phc", "documents", [make.document(n) for n in range(10)], (), None, NOW)
    size = len(next(iter(outbox.due(NOW, limit=1, max_bytes=1)[0])).payload)
    assert len(outbox.due(NOW, limit=100, max_bytes=size * 3 + 30)[0]) == 3


def test_what_was_never_sent_is_never_forgotten(outbox: Outbox, make: type[Make]) -> None:
    outbox.capture("phc", "documents", [make.document(1), make.document(2)], (), None, NOW)
    first = next(iter(outbox.export()))["event_id"]
    outbox.mark_sent([first], NOW)
    assert outbox.housekeeping(NOW + timedelta(days=400)) == 1
    assert [row["state"] for row in outbox.export()] == ["queued"]


def test_an_older_program_opens_a_newer_file(tmp_path: Path, make: type[Make]) -> None:
    with Outbox(tmp_path / "outbox.db") as opened, opened.transaction() as tx:
        opened.append(tx, record_fact(make.document(1), "phc"), NOW)
        tx.execute("PRAGMA user_version = 99")
    with Outbox(tmp_path / "outbox.db") as older:
        assert older.stats().queued == 1
