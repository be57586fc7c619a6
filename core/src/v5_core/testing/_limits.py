# ruff: noqa: S101 - assertions are what a conformance kit is made of
"""Conformance: time, memory, and the rights that a plugin needs."""

from __future__ import annotations

import time
import tracemalloc
from typing import Final

import pytest

from v5_core.errors import RetryableError
from v5_core.plugins import Capability, Cursor, Stream
from v5_core.testing._base import Base, Followed
from v5_core.testing._harness import NOON, Facility, Harness, Sale

ROWS: Final = 100_000
MEGABYTES: Final = 64
SECONDS: Final = 20.0


class Limits(Base):
    """The limits' rules."""

    def test_time_out_is_honoured(self, source: Harness) -> None:
        """A source that accepts and never answers ends in an error that may be retried, within the plugin's own time-out."""
        self.needs(Capability.READ_DOCUMENTS, Facility.NETWORK)
        config = source.stalled()
        began = time.monotonic()
        with pytest.raises(RetryableError):
            self.plugin.read(Stream.DOCUMENTS, None, 10, config=config, now=NOON)
        assert not self.plugin.check(config, now=NOON).ok
        assert time.monotonic() - began < SECONDS

    def test_memory_is_bounded(self, source: Harness) -> None:
        """A page of a source with 100 000 documents takes the memory of a page, not of the source."""
        self.needs(Capability.READ_DOCUMENTS, Facility.BULK)
        source.sell_many(ROWS)
        source.publish()
        cursor: Cursor | None = None
        read = 0
        tracemalloc.start()
        try:
            for _ in range(3):
                batch = self.plugin.read(Stream.DOCUMENTS, cursor, 200, config=source.config(), now=NOON)
                cursor, read = batch.cursor, read + len(batch.records)
                assert not batch.complete
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert read >= 200
        assert peak < MEGABYTES * 2**20, f"three pages of 200 documents took {peak / 2**20:.0f} MB"

    def test_reading_rights_suffice(self, source: Harness) -> None:
        """The user that the README asks for, who can read and nothing else, is enough for `check` and every stream."""
        self.needs(Capability.READ_DOCUMENTS, Facility.READ_ONLY_USER)
        sale = source.sell(Sale())
        source.publish()
        config = source.read_only()
        result = self.plugin.check(config, now=NOON)
        assert result.ok, result.problem
        assert sale in self.follow(source, Followed(), config=config)

    def test_nothing_is_written(self, source: Harness) -> None:
        """Checking and reading every stream leaves the source byte for byte as it was."""
        self.needs(Capability.READ_DOCUMENTS)
        source.sell(Sale())
        source.publish()
        before = source.fingerprint()
        self.plugin.check(source.config(), now=NOON)
        for stream in Stream:
            if self.plugin.manifest.supports(Capability(f"read_{stream.value}")):
                batch = self.plugin.read(stream, None, 10, config=source.config(), now=NOON)
                self.plugin.read(stream, batch.cursor, 10, config=source.config(), now=NOON)
        assert source.fingerprint() == before
