# ruff: noqa: S101 - assertions are what a conformance kit is made of
"""What all parts of the suite use: reading a source to its end as the runner would."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Final

import pytest

from v5_core.model import SalesDocument
from v5_core.plugins import Batch, Capability, Cursor, Plugin, PluginConfig, Record, Rejected, Stream
from v5_core.testing._harness import NOON, Facility, Harness

_NEEDS: Final = {Stream.DOCUMENTS: Capability.READ_DOCUMENTS, Stream.DOCUMENT_CHANGES: Capability.READ_DOCUMENT_CHANGES}
_PAGES: Final = 5000


@dataclass
class Reading:
    """What came out of one stream so far, and where it stands."""

    cursor: Cursor | None = None
    records: list[Record] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    pages: list[list[str]] = field(default_factory=list)

    @property
    def ids(self) -> list[str]:
        """`source_id` of every record, in the order they came."""
        return [record.source_id for record in self.records]


@dataclass
class Followed:
    """Several rounds of polling: where each stream stands, and what is known of each document."""

    streams: dict[Stream, Reading] = field(default_factory=dict)
    newest: dict[str, SalesDocument] = field(default_factory=dict)


class Base:
    """Common ground of the suite's parts; not collected by itself."""

    __test__ = False
    plugin: ClassVar[Plugin]
    lacks: ClassVar[Mapping[Facility, str]]

    def needs(self, *wanted: Capability | Facility) -> None:
        """Skips, with the reason printed, what the plugin's manifest or the suite's declaration says it cannot do."""
        for want in wanted:
            if isinstance(want, Facility):
                if want in self.lacks:
                    pytest.skip(f"the source lacks {want.value}: {self.lacks[want]}")
                continue
            support = self.plugin.manifest.capabilities.get(want)
            if not self.plugin.manifest.supports(want):
                pytest.skip(f"{self.plugin.manifest.slug} declares {want.value}: {support.level.value if support else 'undeclared'}")

    def page(self, source: Harness, stream: Stream, cursor: Cursor | None, limit: int, **how: Any) -> Batch:
        """One read through JSON, as the runner does it: the cursor comes back from text."""
        source.publish()
        restored: Cursor | None = json.loads(json.dumps(cursor))
        config: PluginConfig = how.get("config") or source.config()
        now: datetime = how.get("now") or NOON
        return self.plugin.read(stream, restored, limit, config=config, now=now)

    def drain(
        self, source: Harness, stream: Stream = Stream.DOCUMENTS, state: Reading | None = None, limit: int = 50, **how: Any
    ) -> Reading:
        """Reads and acknowledges until the plugin says that there is nothing more for now."""
        state = state if state is not None else Reading()
        config: PluginConfig = how.get("config") or source.config()
        for _ in range(_PAGES):
            batch = self.page(source, stream, state.cursor, limit, **how)
            state.records += batch.records
            state.rejected += batch.rejected
            state.pages.append([record.source_id for record in batch.records])
            state.cursor = batch.cursor
            self.plugin.acknowledge(stream, batch.cursor, config=config)
            if batch.complete:
                return state
        raise AssertionError(f"after {_PAGES} reads the plugin still says that there is more")

    def follow(self, source: Harness, known: Followed, **how: Any) -> dict[str, SalesDocument]:
        """One round of polling over all document streams; the newest content of every document by its id."""
        for stream, capability in _NEEDS.items():
            if self.plugin.manifest.supports(capability):
                state = known.streams.setdefault(stream, Reading())
                before = len(state.records)
                self.drain(source, stream, state, **how)
                known.newest |= {record.source_id: record for record in state.records[before:] if isinstance(record, SalesDocument)}
        return known.newest

    def document(self, source: Harness, source_id: str) -> SalesDocument:
        """The one document with this id, read from the beginning."""
        state = self.drain(source)
        found = [record for record in state.records if record.source_id == source_id]
        assert found, f"{source_id} was not read; rejected: {state.rejected}"
        assert isinstance(found[-1], SalesDocument)
        return found[-1]
