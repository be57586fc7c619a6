# ruff: noqa: S101 - assertions are what a conformance kit is made of
"""Conformance: cursors and pages. What is read, is read; what was read, is not lost by a kill."""

from __future__ import annotations

import json
from datetime import timedelta

from v5_core.plugins import Capability, Stream
from v5_core.testing._base import Base, Followed
from v5_core.testing._base import Reading as State
from v5_core.testing._harness import NOON, Facility, Harness, Sale

_HOUR = timedelta(hours=1)


def _spread(source: Harness, count: int) -> list[str]:
    return [source.sell(Sale(at=NOON - _HOUR + timedelta(seconds=30 * number))) for number in range(count)]


class Reading(Base):
    """The cursor's rules."""

    def test_empty_read_leaves_the_cursor(self, source: Harness) -> None:
        """Nothing there: no records, complete, and the cursor as it was given, from the start and after a sale."""
        self.needs(Capability.READ_DOCUMENTS)
        first = self.page(source, Stream.DOCUMENTS, None, 10)
        assert (first.records, first.cursor, first.complete) == ((), None, True)
        source.sell(Sale())
        state = self.drain(source)
        assert len(state.records) == 1
        for later in (NOON, NOON + _HOUR, NOON + timedelta(days=3)):
            again = self.page(source, Stream.DOCUMENTS, state.cursor, 10, now=later)
            assert (again.records, again.cursor, again.complete) == ((), state.cursor, True)

    def test_same_cursor_gives_the_same(self, source: Harness) -> None:
        """Reading twice from one place gives the same documents with the same content: a repeat after a failure changes nothing."""
        self.needs(Capability.READ_DOCUMENTS)
        _spread(source, 5)
        first, second = (self.page(source, Stream.DOCUMENTS, None, 3) for _ in range(2))
        assert [record.source_id for record in first.records] == [record.source_id for record in second.records]
        assert first.records == second.records
        assert first.cursor == second.cursor

    def test_pages_cover_everything_once(self, source: Harness) -> None:
        """Small pages: all documents, each once."""
        self.needs(Capability.READ_DOCUMENTS)
        sold = _spread(source, 11)
        for limit in (1, 3, 11, 100):
            assert sorted(self.drain(source, state=State(), limit=limit).ids) == sorted(sold)

    def test_equal_timestamps_over_a_page_boundary(self, source: Harness) -> None:
        """Seven sales of the same second, two a page: none skipped, none twice."""
        self.needs(Capability.READ_DOCUMENTS)
        sold = [source.sell(Sale()) for _ in range(7)]
        assert sorted(self.drain(source, limit=2).ids) == sorted(sold)

    def test_late_row_is_found(self, source: Harness) -> None:
        """A row that appears with a timestamp older than what was read already, within the overlap, is still read, once."""
        self.needs(Capability.READ_DOCUMENTS, Facility.LATE_ROWS)
        sold = [source.sell(Sale(at=NOON - 2 * source.overlap)), source.sell(Sale(at=NOON - timedelta(minutes=1)))]
        state = self.drain(source)
        late = source.sell(Sale(at=NOON - source.overlap + timedelta(minutes=1)))
        self.drain(source, state=state)
        self.drain(source, state=state, now=NOON + timedelta(minutes=1))
        assert sorted(state.ids) == sorted([*sold, late])

    def test_correction_is_followed(self, source: Harness) -> None:
        """A document that changed after it was read comes again with the new content, under the same id."""
        self.needs(Capability.READ_DOCUMENTS, Capability.READ_DOCUMENT_CHANGES, Facility.CORRECTION)
        known = Followed()
        sale = source.sell(Sale(at=NOON - timedelta(days=20)))
        before = self.follow(source, known)[sale]
        source.correct(sale, "Chá verde 20 saquetas", NOON - timedelta(minutes=5))
        after = self.follow(source, known)[sale]
        assert after.lines[0].description == "Chá verde 20 saquetas"
        assert after.revision != before.revision
        assert after.keys == before.keys

    def test_credit_note_is_a_return(self, source: Harness) -> None:
        """Kind from the document type; amounts positive; the line names the document and the line it returns."""
        self.needs(Capability.READ_DOCUMENTS)
        sale = source.sell(Sale(at=NOON - timedelta(days=2)))
        note = source.credit(sale, 0, NOON - _HOUR)
        known = self.follow(source, Followed())
        sold, returned = known[sale], known[note]
        assert (sold.kind, returned.kind) == ("sale", "return")
        assert returned.gross == sold.gross > 0
        reference = returned.lines[0].reference or (returned.refs[0] if returned.refs else None)
        assert reference is not None, "a credit note must say what it returns"
        assert reference.document in {sale, sold.fiscal.number if sold.fiscal else sale}
        assert reference.line in {sold.lines[0].line_id, None}

    def test_cancellation_weeks_later(self, source: Harness) -> None:
        """A document cancelled long after it was read comes again, cancelled, with the amounts that it had."""
        self.needs(Capability.READ_DOCUMENTS, Capability.READ_DOCUMENT_CHANGES, Facility.CANCELLATION)
        known = Followed()
        sale = source.sell(Sale(at=NOON - timedelta(days=20)))
        source.sell(Sale(at=NOON - _HOUR))
        before = self.follow(source, known)[sale]
        source.cancel(sale, NOON - timedelta(minutes=5))
        after = self.follow(source, known)[sale]
        assert (before.status, after.status) == ("issued", "cancelled")
        assert after.gross == before.gross

    def test_cursor_is_json(self, source: Harness) -> None:
        """A cursor survives the way through text unchanged, holds a unique key beside the time, and stays small."""
        self.needs(Capability.READ_DOCUMENTS)
        sold = [source.sell(Sale()) for _ in range(3)]
        batch = self.page(source, Stream.DOCUMENTS, None, 2)
        text = json.dumps(batch.cursor)
        assert json.loads(text) == batch.cursor
        assert len(text) < 200_000
        state = self.drain(source, state=State(cursor=json.loads(text)))
        assert sorted([record.source_id for record in batch.records] + state.ids) == sorted(sold)

    def test_cursor_of_an_earlier_version(self, source: Harness) -> None:
        """A cursor that an earlier version wrote is understood; one that nobody wrote is refused in words, never silently begun anew."""
        self.needs(Capability.READ_DOCUMENTS)
        sale = source.sell(Sale())
        for stream, cursor in source.former_cursors():
            batch = self.page(source, stream, cursor, 10)
            assert stream is not Stream.DOCUMENTS or sale in [record.source_id for record in batch.records]
        refused: Exception | None = None
        try:
            self.page(source, Stream.DOCUMENTS, {"v": 999, "nobody": "wrote this"}, 10)
        except Exception as error:  # noqa: BLE001 - the assertion below says which kind it must be
            refused = error
        assert type(refused).__name__ in {"ConfigError", "FatalError"}, f"a foreign cursor gave {refused!r}"

    def test_kill_after_any_page(self, source: Harness) -> None:
        """The process dies after page n, before or after it noted the cursor: all documents arrive, at most that page twice."""
        self.needs(Capability.READ_DOCUMENTS)
        sold = _spread(source, 7)
        for page in range(4):
            for noted in (True, False):
                state = State()
                for _ in range(page):
                    batch = self.page(source, Stream.DOCUMENTS, state.cursor, 2)
                    state.records += batch.records
                    state.cursor = batch.cursor
                lost = self.page(source, Stream.DOCUMENTS, state.cursor, 2)
                if noted:
                    state.records += lost.records
                    state.cursor = lost.cursor
                got = self.resume(source, state)
                assert sorted(got) == sorted(sold), f"killed after page {page}, cursor {'noted' if noted else 'lost'}"

    def resume(self, source: Harness, state: State) -> list[str]:
        """Reads on without acknowledging, so that a file adapter keeps its file for the next round."""
        for _ in range(20):
            batch = self.page(source, Stream.DOCUMENTS, state.cursor, 2)
            state.records += batch.records
            state.cursor = batch.cursor
            if batch.complete:
                break
        return state.ids
