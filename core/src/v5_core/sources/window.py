"""A cursor over rows that do not come in order: where reading stands, and what was seen near there.

Timestamps that ERPs write are wall-clock text of many tills, and a row may appear after later ones. So each scan begins a little
before the newest row that was read (`floor`), and what was seen since then is remembered by id and content hash (`entries`): the
same again is skipped, new and changed rows are handled. Pure logic; the SQL is in `sources.sql`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from v5_core.errors import FatalError

__all__ = ["Key", "Scanned", "Window", "content_hash"]

# What rows are ordered by, as JSON scalars. In a window over time: ISO timestamp of the day, text of the clock, unique id.
Key = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Scanned:
    """One row of a scan: its id, its place in the order, a hash of its light columns, and the day it is counted under."""

    id: str
    key: Key
    revision: str
    day: str = ""


def content_hash(values: Iterable[object]) -> str:
    """A short hash of some values; enough to see that a row near the cursor changed."""
    return hashlib.sha256("\x1f".join(str(value) for value in values).encode()).hexdigest()[:12]


@dataclass
class Window:
    """Where a scan stands.

    Attributes:
        cap: Most entries remembered; beyond it the floor rises, so that the cursor stays small under any load.
        overlap: How far behind the newest row the next scan begins; None keeps simply the last `cap` rows.
        floor: The next scan begins after this key; None is the beginning.
        entries: Rows after the floor that were seen, in the source's order: id to (key, revision).
    """

    cap: int
    overlap: timedelta | None = None
    floor: Key | None = None
    entries: dict[str, tuple[Key, str]] = field(default_factory=dict)

    @classmethod
    def restore(cls, state: Any, *, cap: int, overlap: timedelta | None = None) -> Window:
        """From what `state` gave; None is the beginning.

        Raises:
            FatalError: Not something that `state` wrote.
        """
        if state is None:
            return cls(cap, overlap)
        try:
            floor = tuple(state["floor"]) if state["floor"] is not None else None
            entries = {str(row[0]): (tuple(row[2:]), str(row[1])) for row in state["seen"]}
        except (TypeError, KeyError, IndexError):
            raise FatalError("the place where reading stopped cannot be understood: another plugin or version wrote it") from None
        return cls(cap, overlap, floor, entries)

    def state(self) -> dict[str, Any]:
        """As JSON."""
        seen = [[ident, revision, *key] for ident, (key, revision) in self.entries.items()]
        return {"floor": list(self.floor) if self.floor is not None else None, "seen": seen}

    def wanted(self, limit: int) -> int:
        """Rows to ask for so that `limit` new ones are among them, and one more says whether there are others."""
        return limit + len(self.entries) + 1

    def take(self, rows: Sequence[Scanned], limit: int) -> tuple[list[Scanned], bool]:
        """Notes a scan that began at the floor.

        Args:
            rows: In the source's order, at most `wanted(limit)` of them.
            limit: Most new rows to hand out.

        Returns:
            The rows to handle (new, or seen with another content), and whether the scan reached the end.
        """
        reached_end = len(rows) < self.wanted(limit)
        fresh: list[Scanned] = []
        scanned: dict[str, tuple[Key, str]] = {}
        for row in rows:
            known = self.entries.get(row.id)
            if known is None or known[1] != row.revision:
                if len(fresh) == limit:
                    reached_end = False
                    break
                fresh.append(row)
            scanned[row.id] = (row.key, row.revision)
        if not reached_end:
            # Seen before and not come to in this scan: they lie behind the place where it stopped.
            scanned |= {ident: entry for ident, entry in self.entries.items() if ident not in scanned}
        self.entries = scanned
        self._raise_floor()
        return fresh, reached_end

    def knows(self, ident: str) -> bool:
        """Whether the row was seen near the cursor."""
        return ident in self.entries

    def _raise_floor(self) -> None:
        if self.overlap is not None and self.entries:
            newest = max(_moment(key) for key, _ in self.entries.values())
            start = newest - self.overlap
            old = [ident for ident, (key, _) in self.entries.items() if _moment(key) < start]
            if old:
                self.floor = (datetime.combine(start.date(), datetime.min.time()).isoformat(), start.strftime("%H:%M:%S"), "")
                for ident in old:
                    del self.entries[ident]
        while len(self.entries) > self.cap:
            ident = next(iter(self.entries))
            self.floor = self.entries.pop(ident)[0]


def _moment(key: Key) -> datetime:
    """Day and clock of a key; a clock that cannot be read counts as midnight, which only makes the overlap longer."""
    day = datetime.fromisoformat(str(key[0]))
    parts = [int(part) if part.isdigit() else 0 for part in str(key[1]).strip().split(":")[:3]]
    hour, minute, second = [*parts, 0, 0, 0][:3]
    return day + timedelta(hours=min(hour, 23), minutes=min(minute, 59), seconds=min(second, 59))
