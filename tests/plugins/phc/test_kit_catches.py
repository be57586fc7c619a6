"""The kit must fail where a plugin fails: the PHC plugin is broken in the ways adapters are, and each time the test for it goes red."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from v5_core.errors import RecordRejectedError
from v5_core.model import DocumentKind, SalesDocument
from v5_core.plugins import Batch, CheckResult, Cursor, PluginConfig, Stream
from v5_core.testing import Facility, plugin_suite
from v5_plugin_phc import PhcPlugin
from v5_plugin_phc.sample import SampleLine, insert_sale

if TYPE_CHECKING:
    from tests.plugins.phc.conftest import MakePhc


pytestmark = pytest.mark.feature("NX-04")


Spoil = Callable[[Stream, Cursor | None, Batch], Batch]


class Broken(PhcPlugin):
    """The plugin with one thing done wrong to every batch."""

    def __init__(self, spoil: Spoil) -> None:
        super().__init__()
        self.spoil = spoil

    def read(self, stream: Stream, cursor: Cursor | None, limit: int, *, config: PluginConfig, now: datetime) -> Batch:
        return self.spoil(stream, cursor, super().read(stream, cursor, limit, config=config, now=now))


def of_documents(change: Callable[[SalesDocument], SalesDocument]) -> Spoil:
    def spoil(stream: Stream, cursor: Cursor | None, batch: Batch) -> Batch:
        return replace(batch, records=tuple(change(record) if isinstance(record, SalesDocument) else record for record in batch.records))

    return spoil


def stops_at_a_bad_row(stream: Stream, cursor: Cursor | None, batch: Batch) -> Batch:
    if batch.rejected:
        raise RecordRejectedError("bad", ref=batch.rejected[0].ref)
    return batch


def forgets_what_it_saw(stream: Stream, cursor: Cursor | None, batch: Batch) -> Batch:
    """A watermark of its own: only the highest key, nothing about what was seen."""
    if batch.cursor is None or not batch.records:
        return batch
    seen = batch.cursor["window"]["seen"]
    floor = max(row[2:] for row in seen) if seen else batch.cursor["window"]["floor"]
    return replace(batch, cursor={**batch.cursor, "window": {"floor": floor, "seen": []}})


FAULTS: dict[str, tuple[str, Spoil]] = {
    "moves the cursor on an empty read": (
        "test_empty_read_leaves_the_cursor",
        lambda stream, cursor, batch: batch if batch.records else replace(batch, cursor={"v": 1, "by": "ftid", "polls": 1}),
    ),
    "gives a document twice": (
        "test_pages_cover_everything_once",
        lambda stream, cursor, batch: replace(batch, records=batch.records + batch.records[:1]),
    ),
    "skips the last document of a page": (
        "test_kill_after_any_page",
        lambda stream, cursor, batch: replace(batch, records=batch.records[:-1]) if len(batch.records) > 1 else batch,
    ),
    "ignores the cursor's form": (
        "test_cursor_is_json",
        lambda stream, cursor, batch: replace(batch, cursor={"at": timedelta(1)}),
    ),
    "keeps a high-water mark only": ("test_late_row_is_found", forgets_what_it_saw),
    "reads no later changes": (
        "test_cancellation_weeks_later",
        lambda stream, cursor, batch: replace(batch, records=(), cursor=cursor) if stream is Stream.DOCUMENT_CHANGES else batch,
    ),
    "takes credit notes for sales": (
        "test_credit_note_is_a_return",
        of_documents(lambda d: d.model_copy(update={"kind": DocumentKind.SALE})),
    ),
    "takes wall clocks for UTC": (
        "test_local_times_and_the_doubtful_hour",
        of_documents(lambda d: d.model_copy(update={"issued_at": d.issued_at + (d.issued_at.utcoffset() or timedelta())})),
    ),
    "loses a cent": ("test_amounts_and_vat_are_exact", of_documents(lambda d: d.model_copy(update={"gross": d.gross - 1}))),
    "reads with the wrong code page": (
        "test_letters_survive",
        of_documents(
            lambda d: d.model_copy(
                update={"lines": tuple(line.model_copy(update={"description": line.description.replace("ã", "Ã£")}) for line in d.lines)}
            )
        ),
    ),
    "cuts long documents": ("test_huge_receipt", of_documents(lambda d: d.model_copy(update={"lines": d.lines[:200]}))),
    "stops at a bad row": ("test_bad_record_is_set_aside", stops_at_a_bad_row),
    "says nothing of a bad row": ("test_bad_record_is_set_aside", lambda stream, cursor, batch: replace(batch, rejected=())),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_kit_catches(sqlite_phc: MakePhc, fault: str) -> None:
    test, spoil = FAULTS[fault]
    lacks = {Facility.PASSWORD: "a file has none"}
    honest = plugin_suite(PhcPlugin(), lacks=lacks)()
    getattr(honest, test)(sqlite_phc("ft.ftid"))
    broken = plugin_suite(Broken(spoil), lacks=lacks)()
    with pytest.raises((AssertionError, TypeError, RecordRejectedError)):
        getattr(broken, test)(sqlite_phc("ft.ftid"))


def test_the_kit_catches_a_check_that_lies(sqlite_phc: MakePhc) -> None:
    class Lying(PhcPlugin):
        def check(self, config: PluginConfig, *, now: datetime) -> CheckResult:
            return CheckResult(ok=True)

    suite = plugin_suite(Lying(), lacks={Facility.PASSWORD: "a file has none"})()
    with pytest.raises(AssertionError):
        suite.test_check_reports_an_unreachable_source(sqlite_phc())


def test_the_kit_catches_a_plugin_that_writes(sqlite_phc: MakePhc) -> None:
    phc = sqlite_phc()

    class Writing(PhcPlugin):
        def check(self, config: PluginConfig, *, now: datetime) -> CheckResult:
            insert_sale(phc.engine, at=now, lines=[SampleLine("CAF250")])
            return super().check(config, now=now)

    suite = plugin_suite(Writing(), lacks={Facility.PASSWORD: "a file has none"})()
    with pytest.raises(AssertionError):
        suite.test_check_has_no_side_effects(phc)
    with pytest.raises(AssertionError):
        suite.test_nothing_is_written(phc)


def test_the_kit_catches_a_plugin_that_reads_everything(sqlite_phc: MakePhc, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that takes the whole table into memory (fewer rows and a lower bound than the kit's own, to be quick)."""
    monkeypatch.setattr("v5_core.testing._limits.ROWS", 12_000)
    monkeypatch.setattr("v5_core.testing._limits.MEGABYTES", 10)
    suite = plugin_suite(PhcPlugin(), lacks={})()
    suite.test_memory_is_bounded(sqlite_phc())
    monkeypatch.setattr("v5_core.sources.window.Window.wanted", lambda self, limit: 10**9)
    with pytest.raises(AssertionError, match="MB"):
        suite.test_memory_is_bounded(sqlite_phc())
