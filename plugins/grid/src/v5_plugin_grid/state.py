"""What the adapter remembers: files it took, entries it read from them, and the newest content known of each record.

One SQLite file. Entries and the knowledge they rest on are written in one transaction, so that a kill at any point leaves either both
or neither; entries stay after they were handed on, so that a stream can be read again from the beginning.
"""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from v5_core.plugins import Stream
from v5_plugin_grid.mapping import Entry

__all__ = ["Queued", "State", "TakenFile"]

_SCHEMA: Final = """
CREATE TABLE meta (epoch TEXT NOT NULL) STRICT;
CREATE TABLE file (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, sha256 TEXT NOT NULL, taken_at TEXT NOT NULL,
  items INTEGER NOT NULL DEFAULT 0, finished INTEGER NOT NULL DEFAULT 0, problem TEXT NOT NULL DEFAULT '', moved INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE entry (
  id INTEGER PRIMARY KEY AUTOINCREMENT, file INTEGER NOT NULL REFERENCES file, stream TEXT NOT NULL, form TEXT NOT NULL, body TEXT NOT NULL
) STRICT;
CREATE INDEX entry_stream ON entry (stream, id);
CREATE INDEX entry_file ON entry (file, stream, id);
CREATE TABLE known (form TEXT NOT NULL, key TEXT NOT NULL, revision TEXT NOT NULL, PRIMARY KEY (form, key)) STRICT, WITHOUT ROWID;
CREATE TABLE position (stream TEXT PRIMARY KEY, entry INTEGER NOT NULL) STRICT, WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class TakenFile:
    """A file from the drop folder; `items` is how far it was read."""

    id: int
    name: str
    sha256: str
    taken_at: str
    items: int
    problem: str


@dataclass(frozen=True, slots=True)
class Queued:
    """An entry with its place in the queue and its file."""

    id: int
    form: str
    body: str
    file: str
    sha256: str
    taken_at: str


class State:
    """An open state file; use as a context manager."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, timeout=30, isolation_level=None)
        try:
            self._db.execute("PRAGMA synchronous = FULL")
            with self.transaction():
                if not self._db.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
                    for statement in _SCHEMA.split(";\n"):
                        self._db.execute(statement)
                    self._db.execute("INSERT INTO meta VALUES (?)", (uuid.uuid4().hex,))
            self.epoch: str = self._db.execute("SELECT epoch FROM meta").fetchone()[0]
        except BaseException:
            self._db.close()
            raise

    def close(self) -> None:
        """Closes the file."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside, or nothing."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def take(self, name: str, sha256: str, now: datetime) -> None:
        """Notes a file that is in the work folder."""
        self._db.execute("INSERT OR IGNORE INTO file (name, sha256, taken_at) VALUES (?, ?, ?)", (name, sha256, now.isoformat()))

    def knows_file(self, name: str) -> bool:
        """Whether the file was noted."""
        return self._db.execute("SELECT 1 FROM file WHERE name = ?", (name,)).fetchone() is not None

    def unfinished(self) -> TakenFile | None:
        """The oldest file that is not read to its end."""
        columns = "id, name, sha256, taken_at, items, problem"
        row = self._db.execute(f"SELECT {columns} FROM file WHERE NOT finished ORDER BY id LIMIT 1").fetchone()  # noqa: S608 - constant
        return TakenFile(*row) if row else None

    def add(self, file: TakenFile, entries: Iterable[Entry], items: int) -> bool:
        """Queues what is new or changed. A change of a document goes to the stream of changes, any other record's to its own.

        Returns:
            False, with nothing done, when another read got further with the file meanwhile.
        """
        if self._db.execute("SELECT 1 FROM file WHERE id = ? AND items = ? AND NOT finished", (file.id, file.items)).fetchone() is None:
            return False
        for entry in entries:
            stream = entry.stream
            if entry.form != "finding":
                row = self._db.execute("SELECT revision FROM known WHERE form = ? AND key = ?", (entry.form, entry.key)).fetchone()
                if row and row[0] == entry.revision:
                    continue
                if row and entry.form == "document":
                    stream = Stream.DOCUMENT_CHANGES
                self._db.execute("INSERT OR REPLACE INTO known VALUES (?, ?, ?)", (entry.form, entry.key, entry.revision))
            self._db.execute("INSERT INTO entry (file, stream, form, body) VALUES (?, ?, ?, ?)", (file.id, stream, entry.form, entry.body))
        self._db.execute("UPDATE file SET items = ? WHERE id = ?", (items, file.id))
        return True

    def finish(self, file: TakenFile, problem: str) -> None:
        """Notes that nothing more comes from a file, and what broke it."""
        self._db.execute("UPDATE file SET finished = 1, problem = ? WHERE id = ?", (problem, file.id))

    def queued(self, stream: Stream, after: int, limit: int) -> list[Queued]:
        """The next entries of a stream. A change waits until the documents read before it are safe: it must not overtake them."""
        before = self._horizon() if stream is Stream.DOCUMENT_CHANGES else 2**62
        rows = self._db.execute(
            "SELECT entry.id, form, body, name, sha256, taken_at FROM entry JOIN file ON file.id = entry.file "
            "WHERE stream = ? AND entry.id > ? AND entry.id < ? ORDER BY entry.id LIMIT ?",
            (stream, after, before, limit),
        )
        return [Queued(*row) for row in rows]

    def confirm(self, stream: Stream, entry: int) -> None:
        """Everything of the stream up to an entry is safe elsewhere."""
        row = self._db.execute("SELECT entry FROM position WHERE stream = ?", (stream,)).fetchone()
        if row and row[0] >= entry:
            return  # polls are many, and a write that changes nothing still waits for the disk
        self._db.execute(
            "INSERT INTO position VALUES (?, ?) ON CONFLICT (stream) DO UPDATE SET entry = max(entry, excluded.entry)", (stream, entry)
        )

    def done_files(self) -> list[TakenFile]:
        """Files to move away: read to the end, and safe in every stream that somebody reads; broken ones at once."""
        rows = self._db.execute(
            "SELECT id, name, sha256, taken_at, items, problem FROM file WHERE finished AND NOT moved AND (problem <> '' OR NOT EXISTS ("
            "  SELECT 1 FROM entry LEFT JOIN position USING (stream) WHERE entry.file = file.id AND entry.id > ifnull(position.entry, 0)"
            "  AND (position.stream IS NOT NULL OR entry.stream = 'documents')))"
        )
        return [TakenFile(*row) for row in rows]

    def moved(self, file: TakenFile) -> None:
        """Notes that a file left the work folder."""
        self._db.execute("UPDATE file SET moved = 1 WHERE id = ?", (file.id,))

    def forget(self, before: datetime) -> None:
        """Drops entries of files that are long done; what is known of each record stays."""
        old = "SELECT id FROM file WHERE moved AND taken_at < ?"
        self._db.execute(f"DELETE FROM entry WHERE file IN ({old})", (before.isoformat(),))  # noqa: S608 - a constant of ours

    def _horizon(self) -> int:
        row = self._db.execute(
            "SELECT min(id) FROM entry WHERE stream = 'documents' "
            "AND id > ifnull((SELECT entry FROM position WHERE stream = 'documents'), 0)"
        ).fetchone()
        return int(row[0]) if row[0] is not None else 2**62
