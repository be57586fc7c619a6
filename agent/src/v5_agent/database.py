"""SQLite as the agent uses it: durable, one writing connection, settings asserted, schema only ever added to."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Self

from v5_core.errors import FatalError

__all__ = ["Database", "wal_reset_risk"]

# The log is folded in by `fold` in quiet moments; only a log of this many pages (32 MB) makes a till's own commit wait for it.
_LARGEST_LOG: Final = 8000
_FOLD_FROM: Final = 1000

# SQLite before this one can corrupt a WAL when two connections write; ours has one writer, which is the mitigation.
_SAFE_VERSION: Final = (3, 51, 3)
_FULL: Final = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN)
_CORRUPT: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def wal_reset_risk() -> str:
    """A warning when this SQLite has the WAL-reset defect, else empty."""
    if sqlite3.sqlite_version_info >= _SAFE_VERSION:
        return ""
    return f"SQLite {sqlite3.sqlite_version} is older than 3.51.3 (WAL-reset defect): the agent keeps to one writing connection"


class Database:
    """One file, one writing connection behind a lock, one reading connection behind another.

    Args:
        path: The file; its folder must exist and must not be a network share (WAL needs shared memory).
        migrations: SQL scripts; the n-th brings `user_version` n-1 to n. They only add, so that the version before can still read.
        durable: synchronous FULL. False only for what can be fetched again.
    """

    def __init__(self, path: Path, migrations: Sequence[str], *, durable: bool = True) -> None:
        self.path = path
        self._migrations = migrations
        self._durable = durable
        self._write_lock = threading.RLock()
        self._read_lock = threading.Lock()
        with self._translated():
            self._writer = self._connect()
            try:
                self._migrate()
                self._reader = self._connect()
                self._reader.execute("PRAGMA query_only = ON")
            except BaseException:
                self._writer.close()
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes both connections; the write-ahead log is folded in."""
        with self._write_lock, self._read_lock:
            self._reader.close()
            self._writer.close()

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it or nothing of it.

        Raises:
            FatalError: `disk` (full, read-only) or `corrupt`; nothing of the transaction was kept.
        """
        with self._write_lock, self._translated():
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
            except BaseException:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise
            try:
                self._writer.execute("COMMIT")
            except sqlite3.Error:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise

    def read(self, sql: str, parameters: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """Rows of one statement, as of the last committed transaction."""
        with self._read_lock, self._translated():
            return self._reader.execute(sql, parameters).fetchall()

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """Several reads that see one state."""
        with self._read_lock, self._translated():
            self._reader.execute("BEGIN")
            try:
                yield self._reader
            finally:
                self._reader.execute("COMMIT")

    def integrity(self) -> list[str]:
        """What SQLite finds wrong with the file; empty when all is well."""
        try:
            found = [str(row[0]) for row in self.read("PRAGMA integrity_check")]
        except FatalError as error:
            return [error.message]
        return [] if found == ["ok"] else found

    def checkpoint(self) -> None:
        """Folds the write-ahead log into the file; for quiet hours."""
        with self._write_lock, self._translated():
            self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def fold(self) -> bool:
        """Folds the write-ahead log in when it has grown; called between the tills' commits, so that none of them has to.

        On the writing connection, because SQLite before 3.51.3 does not bear a checkpoint beside a write.
        """
        with self._write_lock, self._translated():
            log = self.path.with_name(self.path.name + "-wal")
            if not log.exists() or log.stat().st_size < _FOLD_FROM * 4096:
                return False
            self._writer.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()
            return True

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=5.0)
        try:
            connection.row_factory = sqlite3.Row
            wanted = {
                "journal_mode": "wal",
                "synchronous": 2 if self._durable else 1,
                "foreign_keys": 1,
                "busy_timeout": 5000,
                "wal_autocheckpoint": _LARGEST_LOG,
                "mmap_size": 0,
            }
            for name, value in wanted.items():
                connection.execute(f"PRAGMA {name} = {value}").fetchall()
                row = connection.execute(f"PRAGMA {name}").fetchone()
                if name != "mmap_size" and (row is None or row[0] != value):
                    raise FatalError(
                        f"SQLite did not take {name} = {value} on {self.path.name}: is the folder on a network share?", code="sqlite"
                    )
        except BaseException:
            connection.close()
            raise
        return connection

    def _migrate(self) -> None:
        version = int(self._writer.execute("PRAGMA user_version").fetchone()[0])
        # A newer version is fine: migrations only add, and a rolled-back program must be able to go on.
        for number in range(version, len(self._migrations)):
            self._writer.executescript(f"BEGIN IMMEDIATE;\n{self._migrations[number]}\nPRAGMA user_version = {number + 1};\nCOMMIT;")

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            primary = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if primary in _FULL:
                raise FatalError(
                    f"{self.path.name} cannot be written ({error}): free some space or check the rights", code="disk"
                ) from error
            if primary in _CORRUPT:
                raise FatalError(f"{self.path.name} is damaged ({error}): run `v5-agent outbox check`", code="corrupt") from error
            raise
