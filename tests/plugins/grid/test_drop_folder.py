"""A shop's drop folder over weeks: files come, come again, come half, come broken; the agent is killed at every point."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from v5_core.errors import ConfigError, FatalError
from v5_core.model import Customer, CustomerRef, DocumentKind, DocumentStatus, Line, Origin, Product, SalesDocument
from v5_core.plugins import Cursor, Record, Stream
from v5_core.sources.drop import DropFolder
from v5_core.testing import saft
from v5_plugin_grid import GridPlugin, reader
from v5_plugin_grid.config import GridConfig
from v5_plugin_grid.state import State

NOW = datetime(2026, 4, 20, 12, tzinfo=UTC)
STREAMS = tuple(Stream)


class Shop:
    """A drop folder, and an agent that keeps what it read together with its cursors, as the outbox does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self.plugin = GridPlugin()
        self.cursors: dict[Stream, Cursor | None] = dict.fromkeys(STREAMS)
        self.kept: list[Record] = []
        self.rejected: list[str] = []
        self.findings: list[str] = []

    @property
    def config(self) -> GridConfig:
        return GridConfig(folder=self.folder, store="L1")

    def drop(self, name: str, *documents: SalesDocument, age: float = 60, **how: Any) -> Path:
        path = self.folder / name
        saft.write(path, documents, created=NOW.date(), **how)
        return self.touch(path, age)

    def touch(self, path: Path, age: float) -> Path:
        stamp = (NOW - timedelta(seconds=age)).timestamp()
        os.utime(path, (stamp, stamp))
        return path

    def poll(self, *streams: Stream, limit: int = 2, now: datetime = NOW) -> list[Record]:
        """Reads the streams to their end; what came."""
        before = len(self.kept)
        for stream in streams or STREAMS:
            while True:
                batch = self.plugin.read(stream, self.cursors[stream], limit, config=self.config, now=now)
                self.kept += batch.records
                self.rejected += [rejected.ref for rejected in batch.rejected]
                self.findings += batch.findings
                self.cursors[stream] = json.loads(json.dumps(batch.cursor))
                self.plugin.acknowledge(stream, batch.cursor, config=self.config)
                if batch.complete:
                    break
        return self.kept[before:]

    def names(self, place: str) -> list[str]:
        return sorted(path.name.rpartition("-")[2] for path in (self.folder / place).glob("*.xml"))


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path / "drop")


def sale(number: int, **change: object) -> SalesDocument:
    line = Line(line_id="1", product="P1", description="Café", gross=100 + number, net=round((100 + number) / 1.23), vat_rate=2300)
    document = SalesDocument(
        source="grid",
        source_id=f"FS A/{number}",
        origin=Origin.SAFT,
        kind=DocumentKind.SALE,
        document_type="FS",
        store="L1",
        issued_at=NOW - timedelta(days=30) + timedelta(minutes=number),
        customer=CustomerRef(erp="C1"),
        lines=(line,),
        gross=line.gross,
        net=line.net,
    )
    return document.model_copy(update=change)


MARIA = Customer(source="grid", source_id="C1", name="Maria", tax_number="123456789")
COFFEE = Product(source="grid", source_id="P1", code="P1", description="Café", family="CAFE")


def ids(records: list[Record]) -> list[str]:
    return [record.source_id for record in records]


@pytest.mark.feature("NX-02", "V5-04")
def test_a_month_that_is_exported_again_and_again(shop: Shop) -> None:
    shop.drop("march.xml", *(sale(n) for n in range(1, 6)), customers=[MARIA], products=[COFFEE])
    assert ids(shop.poll()) == [*(f"FS A/{n}" for n in range(1, 6)), "C1", "P1"]
    assert shop.names("archive") == ["march.xml"]

    shop.drop("march.xml", *(sale(n) for n in range(1, 6)), customers=[MARIA], products=[COFFEE])
    assert shop.poll() == []

    moved = MARIA.model_copy(update={"phone": "912345678"})
    shop.drop("march.xml", *(sale(n) for n in range(1, 9)), customers=[moved], products=[COFFEE])
    assert ids(shop.poll()) == ["FS A/6", "FS A/7", "FS A/8", "C1"]

    # Weeks later one turns from N to A.
    gone = sale(3, status=DocumentStatus.CANCELLED, cancelled_at=NOW, cancel_reason="Engano")
    shop.drop("march.xml", *(gone if n == 3 else sale(n) for n in range(1, 9)), customers=[moved], products=[COFFEE])
    (changed,) = shop.poll()
    assert isinstance(changed, SalesDocument)
    assert (changed.source_id, changed.status, changed.cancelled_at, changed.gross) == ("FS A/3", "cancelled", NOW, 103)
    assert changed.keys == next(record.keys for record in shop.kept if isinstance(record, SalesDocument) and record.source_id == "FS A/3")
    assert shop.poll() == []
    assert shop.names("archive") == ["march.xml"] * 4
    assert not shop.names("work")


def test_a_change_never_overtakes_the_document_it_changes(shop: Shop) -> None:
    shop.drop("a.xml", sale(1), sale(2), age=90)
    shop.drop("b.xml", sale(1, status=DocumentStatus.CANCELLED, cancelled_at=NOW), sale(2), age=60)
    assert shop.poll(Stream.DOCUMENT_CHANGES) == []
    assert ids(shop.poll(Stream.DOCUMENTS)) == ["FS A/1", "FS A/2"]
    (changed,) = shop.poll(Stream.DOCUMENT_CHANGES)
    assert isinstance(changed, SalesDocument)
    assert changed.status is DocumentStatus.CANCELLED


def test_a_file_stays_until_what_it_held_is_safe(shop: Shop) -> None:
    shop.drop("a.xml", sale(1), sale(2), sale(3))
    batch = shop.plugin.read(Stream.DOCUMENTS, None, 2, config=shop.config, now=NOW)
    assert len(batch.records) == 2
    shop.plugin.acknowledge(Stream.DOCUMENTS, batch.cursor, config=shop.config)
    assert (shop.names("work"), shop.names("archive")) == (["a.xml"], [])
    shop.poll()
    assert (shop.names("work"), shop.names("archive")) == ([], ["a.xml"])


def test_a_long_file_is_read_in_slices_that_show_progress(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Customers are polled first: of a file full of documents each read gets on, says so, and comes to an end."""
    monkeypatch.setattr(reader, "_SLICE", 4)
    monkeypatch.setattr(reader, "_BUDGET", 8)
    shop.drop("a.xml", *(sale(n) for n in range(1, 60)), customers=[MARIA])
    cursors: list[Cursor | None] = [None]
    got: list[Record] = []
    while True:
        batch = shop.plugin.read(Stream.CUSTOMERS, cursors[-1], 1, config=shop.config, now=NOW)
        got += batch.records
        if batch.complete:
            break
        assert batch.cursor not in cursors
        cursors.append(batch.cursor)
    assert ids(got) == ["C1"]
    assert len(cursors) > 5
    assert len(shop.poll(Stream.DOCUMENTS, limit=10)) == 59


def test_a_file_is_never_half_read(shop: Shop) -> None:
    whole = shop.drop("a.xml", *(sale(n) for n in range(1, 8))).read_bytes()
    path = shop.folder / "a.xml"
    for part, age in ((len(whole) // 2, 60), (len(whole) - 20, 60), (len(whole), 1)):
        path.write_bytes(whole[:part])
        shop.touch(path, age)
        assert shop.poll() == []
        assert path.exists()
    path.write_bytes(whole[: len(whole) // 2] + bytes(len(whole) // 2))  # room that a copying program reserves
    shop.touch(path, 60)
    assert shop.poll() == []
    path.write_bytes(whole)
    shop.touch(path, -7200)  # the writer's clock is ahead
    assert len(shop.poll()) == 7


def test_a_marker_says_that_a_file_is_whole(shop: Shop) -> None:
    shop.drop("a.xml", sale(1), age=0)
    assert shop.poll() == []
    (shop.folder / "a.xml.done").touch()
    assert ids(shop.poll()) == ["FS A/1"]
    assert not (shop.folder / "a.xml.done").exists()


def test_what_cannot_be_read_goes_to_failed_with_a_report(shop: Shop) -> None:
    whole = shop.drop("cut.xml", *(sale(n) for n in range(1, 6)), customers=[MARIA]).read_bytes()
    (shop.folder / "cut.xml").write_bytes(whole[: whole.index(b"<InvoiceNo>FS A/4<")])
    (shop.folder / "page.xml").write_bytes(b"<html><body>Gateway timeout</body></html>")
    (shop.folder / "notes.txt").write_text("not ours")
    for name in ("cut.xml", "page.xml"):
        shop.touch(shop.folder / name, 3600)
    shop.drop("good.xml", sale(9))
    assert ids(shop.poll()) == ["FS A/1", "FS A/2", "FS A/3", "FS A/9", "C1"]
    assert shop.names("failed") == ["cut.xml", "page.xml"]
    assert shop.names("archive") == ["good.xml"]
    reports = [path.read_text() for path in sorted((shop.folder / "failed").glob("*.report.txt"))]
    assert "the XML breaks here" in reports[0]
    assert "not a SAF-T (PT) file" in reports[1]
    assert (shop.folder / "notes.txt").exists()
    assert shop.plugin.check(shop.config, now=NOW).details["failed"] == "2"
    # The whole file, later: only what is missing comes.
    (shop.folder / "cut.xml").write_bytes(whole)
    shop.touch(shop.folder / "cut.xml", 60)
    assert ids(shop.poll()) == ["FS A/4", "FS A/5"]


def test_a_bad_document_and_the_findings_are_told_once(shop: Shop) -> None:
    path = shop.drop("a.xml", sale(1), sale(2), sale(5))
    path.write_bytes(path.read_bytes().replace(b"<InvoiceType>FS", b"<InvoiceType>??", 1))
    shop.touch(path, 60)
    shop.poll()
    assert shop.rejected == ["FS A/1"]
    assert any("a.xml: numbering_gap: series FS A: 3-4 missing" in finding for finding in shop.findings)
    (archived,) = (shop.folder / "archive").iterdir()
    archived.rename(path)
    shop.touch(path, 60)
    shop.poll()
    assert shop.rejected == ["FS A/1"]


def test_a_lost_state_file_gives_everything_again_with_the_same_content(shop: Shop) -> None:
    shop.drop("a.xml", sale(1), sale(2))
    first = shop.poll(Stream.DOCUMENTS)
    shop.config.state_file.unlink()
    shop.drop("a.xml", sale(1), sale(2), sale(3))
    again = shop.poll(Stream.DOCUMENTS)
    assert ids(again) == ["FS A/1", "FS A/2", "FS A/3"]
    assert again[:2] == first


def test_check_and_read_say_what_to_do(shop: Shop, tmp_path: Path) -> None:
    gone = GridConfig(folder=tmp_path / "nowhere")
    assert "does not exist" in shop.plugin.check(gone, now=NOW).problem
    with pytest.raises(ConfigError, match="does not exist"):
        shop.plugin.read(Stream.DOCUMENTS, None, 1, config=gone, now=NOW)
    (tmp_path / "key.pem").write_text("no key")
    wrong = GridConfig(folder=shop.folder, public_key_file=tmp_path / "key.pem")
    assert "RSA public key" in shop.plugin.check(wrong, now=NOW).problem
    shop.config.state_file.parent.mkdir()
    shop.config.state_file.write_bytes(b"this is no database, and long enough to be looked at as one" * 20)
    with pytest.raises(FatalError, match="damaged"):
        shop.plugin.read(Stream.DOCUMENTS, None, 1, config=shop.config, now=NOW)
    with pytest.raises(ValueError, match="IANA"):
        GridConfig(folder=shop.folder, zone="Lisboa")


def test_signatures_are_verified_when_the_producers_key_is_configured(shop: Shop, tmp_path: Path) -> None:
    signer = saft.Signer()
    (tmp_path / "key.pem").write_bytes(signer.public_pem)
    shop.drop("a.xml", sale(1), sale(2), signer=signer)
    config = GridConfig(folder=shop.folder, public_key_file=tmp_path / "key.pem")
    batch = shop.plugin.read(Stream.DOCUMENTS, None, 50, config=config, now=NOW)
    assert any("signatures_verified: 2 of 2" in finding for finding in batch.findings)


class Killed(BaseException):
    """The process is gone."""


_POINTS: tuple[tuple[Any, str], ...] = (
    (DropFolder, "_move"),
    (State, "take"),
    (State, "add"),
    (State, "finish"),
    (State, "confirm"),
    (State, "moved"),
)


@pytest.mark.feature("NX-02", "NX-03")
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("owner", "name"), _POINTS, ids=[name for _, name in _POINTS])
def test_killed_at_any_point_everything_comes_exactly_once(
    owner: Any, name: str, after: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "_SLICE", 3)
    original: Callable[..., Any] = getattr(owner, name)
    countdown = [0]

    def dying(*args: Any, **kwargs: Any) -> Any:
        countdown[0] -= 1
        if countdown[0] == 0 and not after:
            raise Killed
        result = original(*args, **kwargs)
        if countdown[0] == 0:
            raise Killed
        return result

    monkeypatch.setattr(owner, name, staticmethod(dying) if name == "_move" else dying)
    expected = [*(f"FS A/{n}" for n in range(1, 8)), "FS A/2", "FS A/8", "C1", "P1"]
    for point in range(1, 40):
        shop = Shop(tmp_path / f"{point}")
        shop.drop("a.xml", *(sale(n) for n in range(1, 8)), customers=[MARIA], products=[COFFEE], age=90)
        gone = sale(2, status=DocumentStatus.CANCELLED, cancelled_at=NOW)
        shop.drop("b.xml", sale(1), gone, sale(8), customers=[MARIA], products=[COFFEE])
        countdown[0] = point
        died = False
        for _ in range(3):
            try:
                shop.poll(limit=20)
                break
            except Killed:
                died = True
                shop.plugin = GridPlugin()
        assert sorted(ids(shop.kept)) == sorted(expected), f"killed at call {point}"
        assert (shop.names("archive"), shop.names("work")) == (["a.xml", "b.xml"], [])
        if not died:
            assert point > 1
            return
    pytest.fail("the points never ended")
