"""The journal: every byte and every sale on disk before anything is done with it.

SQLite in WAL mode with full synchronisation, one connection, one thread (see `Writer`): what a call returns from is durable.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final

from v5_spooler.receipt.capture import Capture

__all__ = ["CaptureRow", "JobRow", "JobState", "Journal", "NewJob"]

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS jobs (
  id INTEGER PRIMARY KEY AUTOINCREMENT, printer TEXT NOT NULL, peer TEXT NOT NULL, arrived_at TEXT NOT NULL, ended_at TEXT,
  state TEXT NOT NULL, kind TEXT NOT NULL DEFAULT 'open', size INTEGER NOT NULL DEFAULT 0, sha256 TEXT NOT NULL DEFAULT '',
  footer BLOB NOT NULL DEFAULT x'', footer_at INTEGER NOT NULL DEFAULT 0, fiscal TEXT NOT NULL DEFAULT '',
  copy INTEGER NOT NULL DEFAULT 0, evidence TEXT NOT NULL DEFAULT '', note TEXT NOT NULL DEFAULT '', resent_of INTEGER
) STRICT;
CREATE INDEX IF NOT EXISTS jobs_state ON jobs(state);
CREATE TABLE IF NOT EXISTS chunks (job INTEGER NOT NULL REFERENCES jobs(id) ON DELETE CASCADE, seq INTEGER NOT NULL, data BLOB NOT NULL,
  PRIMARY KEY (job, seq)) STRICT;
CREATE TABLE IF NOT EXISTS history (job INTEGER NOT NULL REFERENCES jobs(id) ON DELETE CASCADE, at TEXT NOT NULL, state TEXT NOT NULL)
  STRICT;
CREATE INDEX IF NOT EXISTS history_job ON history(job);
CREATE TABLE IF NOT EXISTS captures (
  id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, operation TEXT NOT NULL, request_id TEXT NOT NULL UNIQUE, job INTEGER,
  captured_at TEXT NOT NULL, body TEXT NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, next_at TEXT NOT NULL,
  receipt TEXT NOT NULL DEFAULT '[]', problem TEXT NOT NULL DEFAULT '', footer_printed INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX IF NOT EXISTS captures_state ON captures(state, next_at);
"""


class JobState(StrEnum):
    """Where a job is. From SENDING on, some byte may have reached the printer, and nothing is resent without a person."""

    RECEIVED = "received"
    PARSED = "parsed"
    ENRICHED = "enriched"
    SENDING = "sending"
    UNCONFIRMED = "unconfirmed"
    PRINTED = "printed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job's first bytes."""

    printer: str
    peer: str
    arrived_at: datetime
    resent_of: int | None = None


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job as the page shows it."""

    id: int
    printer: str
    arrived_at: str
    ended_at: str | None
    state: str
    kind: str
    size: int
    sha256: str
    footer: bytes
    footer_at: int
    fiscal: str
    copy: int
    evidence: str
    note: str
    resent_of: int | None


@dataclass(frozen=True, slots=True)
class CaptureRow:
    """A sale on its way to the agent."""

    id: int
    key: str
    operation: str
    request_id: str
    body: str
    state: str
    attempts: int
    receipt: str
    problem: str
    footer_printed: int


_JOB: Final = ", ".join(JobRow.__slots__)
_CAPTURE: Final = ", ".join(CaptureRow.__slots__)


class Journal:
    """Opened once by the running spooler; the page reads through it too.

    Args:
        path: The SQLite file; its folder is made when missing.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        # The connection is used by one thread at a time: the journal's own, or a test's.
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("PRAGMA foreign_keys = ON")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Ends the connection."""
        self._db.close()

    def recover(self, now: datetime) -> list[int]:
        """After a crash: what was being sent is unconfirmed, what never left is failed. Returns the jobs whose end is missing."""
        open_jobs = [row[0] for row in self._db.execute("SELECT id FROM jobs WHERE ended_at IS NULL")]
        with self.transaction():
            for state, end in ((JobState.SENDING, JobState.UNCONFIRMED), (JobState.RECEIVED, JobState.FAILED)):
                note = "the spooler stopped while this was printing" if end is JobState.UNCONFIRMED else "never reached the printer"
                rows = self._db.execute("SELECT id FROM jobs WHERE state = ?", (state,)).fetchall()
                for (job,) in rows:
                    self._state(job, end, now, note=note)
            self._db.execute("UPDATE jobs SET ended_at = ?, kind = 'other' WHERE ended_at IS NULL", (now.isoformat(),))
        return open_jobs

    def write(self, new: NewJob | None, job: int | None, pieces: Sequence[bytes], *, now: datetime, states: Iterable[JobState] = ()) -> int:
        """Bytes of a job, durable on return; `new` starts one."""
        states = list(states)
        with self.transaction():
            if job is None:
                if new is None:
                    raise ValueError("a job must be started before bytes are added")
                passed = [JobState.RECEIVED, *states]
                cursor = self._db.execute(
                    "INSERT INTO jobs (printer, peer, arrived_at, state, resent_of) VALUES (?, ?, ?, ?, ?)",
                    (new.printer, new.peer, new.arrived_at.isoformat(), passed[-1], new.resent_of),
                )
                job, states = int(cursor.lastrowid or 0), []
                self._db.executemany("INSERT INTO history VALUES (?, ?, ?)", [(job, now.isoformat(), one) for one in passed])
            for data in pieces:
                self._db.execute("INSERT INTO chunks SELECT ?, coalesce(max(seq), 0) + 1, ? FROM chunks WHERE job = ?", (job, data, job))
            for state in states:
                self._state(job, state, now)
        return job

    def finish(
        self, job: int, data: bytes, *, kind: str, note: str, capture: Capture | None, now: datetime
    ) -> tuple[bool, CaptureRow | None]:
        """The job is complete. Returns whether the document is new, and the row of one that is not.

        The sale and the job's last bytes become durable together: nobody can have one without the other.
        """
        with self.transaction():
            digest = hashlib.sha256()
            size = 0
            if data:
                self._db.execute("INSERT INTO chunks SELECT ?, coalesce(max(seq), 0) + 1, ? FROM chunks WHERE job = ?", (job, data, job))
            for (chunk,) in self._db.execute("SELECT data FROM chunks WHERE job = ? ORDER BY seq", (job,)):
                digest.update(chunk)
                size += len(chunk)
            fresh = self._capture(capture, job, now) if capture else False
            self._db.execute(
                "UPDATE jobs SET ended_at = ?, kind = ?, note = ?, size = ?, sha256 = ?, fiscal = ?, copy = ? WHERE id = ?",
                (
                    now.isoformat(),
                    kind,
                    note,
                    size,
                    digest.hexdigest(),
                    capture.key if capture else "",
                    int(not fresh and bool(capture)),
                    job,
                ),
            )
            if capture:
                self._log(job, JobState.PARSED, now)
        return fresh, self.capture(capture.request_id) if capture and not fresh else None

    def _capture(self, capture: Capture, job: int, now: datetime) -> bool:
        # The lease keeps the retry loop away while the live request is under way.
        cursor = self._db.execute(
            "INSERT INTO captures (key, operation, request_id, job, captured_at, body, state, next_at)"
            " VALUES (?, ?, ?, ?, ?, ?, 'pending', ?) ON CONFLICT (request_id) DO NOTHING",
            (
                capture.key,
                capture.operation,
                capture.request_id,
                job,
                now.isoformat(),
                capture.body,
                (now + timedelta(seconds=15)).isoformat(),
            ),
        )
        return cursor.rowcount == 1

    def keep_capture(self, capture: Capture, job: int | None, now: datetime) -> bool:
        """A sale found outside the usual way (recovery); whether it is new."""
        with self.transaction():
            return self._capture(capture, job or 0, now)

    def settle(self, job: int, state: JobState, *, now: datetime, evidence: str = "", footer: bytes = b"", footer_at: int = 0) -> None:
        """How the job ended."""
        with self._relaxed():
            if footer:
                self._log(job, JobState.ENRICHED, now)
                self._db.execute("UPDATE jobs SET footer = ?, footer_at = ? WHERE id = ?", (footer, footer_at, job))
                self._db.execute(
                    "UPDATE captures SET footer_printed = 1 WHERE key = (SELECT fiscal FROM jobs WHERE id = ?) AND key <> ''", (job,)
                )
            self._state(job, state, now, evidence=evidence)

    def note(self, job: int, state: JobState, *, now: datetime, note: str) -> None:
        """A person, or trouble on the line, changes the state."""
        with self.transaction():
            self._state(job, state, now, note=note)

    def answered(self, request_id: str, *, state: str, receipt: str = "[]", problem: str = "") -> None:
        """The agent has taken the sale, or refused it for good."""
        with self._relaxed():
            self._db.execute(
                "UPDATE captures SET state = ?, receipt = ?, problem = ?, attempts = attempts + 1 WHERE request_id = ?",
                (state, receipt, problem, request_id),
            )

    def postpone(self, request_id: str, until: datetime, problem: str) -> None:
        """The agent could not be reached."""
        with self._relaxed():
            self._db.execute(
                "UPDATE captures SET attempts = attempts + 1, next_at = ?, problem = ? WHERE request_id = ? AND state = 'pending'",
                (until.isoformat(), problem, request_id),
            )

    def due(self, now: datetime, limit: int = 50) -> list[CaptureRow]:
        """Sales to send now, oldest first."""
        return self._captures("WHERE state = 'pending' AND next_at <= ? ORDER BY id LIMIT ?", (now.isoformat(), limit))

    def capture(self, request_id: str) -> CaptureRow | None:
        """One sale by its request."""
        return next(iter(self._captures("WHERE request_id = ?", (request_id,))), None)

    def captures(self, limit: int = 200) -> list[CaptureRow]:
        """Newest sales."""
        return self._captures("ORDER BY id DESC LIMIT ?", (limit,))

    def pending(self) -> tuple[int, str | None]:
        """How many sales wait, and since when."""
        count, oldest = self._db.execute("SELECT count(*), min(captured_at) FROM captures WHERE state = 'pending'").fetchone()
        return int(count), oldest

    def jobs(self, limit: int = 100, state: str | None = None) -> list[JobRow]:
        """Newest jobs that put something on paper."""
        where, values = ("AND state = ?", (state,)) if state else ("", ())
        query = f"SELECT {_JOB} FROM jobs WHERE kind <> 'control' {where} ORDER BY id DESC LIMIT ?"  # noqa: S608 - fixed text
        return [JobRow(*row) for row in self._db.execute(query, (*values, limit))]

    def job(self, job: int) -> JobRow | None:
        """One job."""
        row = self._db.execute(f"SELECT {_JOB} FROM jobs WHERE id = ?", (job,)).fetchone()  # noqa: S608 - fixed text
        return JobRow(*row) if row else None

    def original(self, job: int) -> bytes:
        """The till's own bytes."""
        return b"".join(row[0] for row in self._db.execute("SELECT data FROM chunks WHERE job = ? ORDER BY seq", (job,)))

    def printed(self, job: int) -> bytes:
        """The bytes as the printer got them."""
        data, row = self.original(job), self.job(job)
        return data if row is None or not row.footer else data[: row.footer_at] + row.footer + data[row.footer_at :]

    def history(self, job: int) -> list[tuple[str, str]]:
        """States with their times."""
        return [(at, state) for at, state in self._db.execute("SELECT at, state FROM history WHERE job = ? ORDER BY rowid", (job,))]

    def prune(self, before: datetime) -> int:
        """Drops old jobs; sales that still wait are kept, sent ones go with their jobs' age."""
        with self.transaction():
            self._db.execute("DELETE FROM captures WHERE state <> 'pending' AND captured_at < ?", (before.isoformat(),))
            return self._db.execute("DELETE FROM jobs WHERE arrived_at < ?", (before.isoformat(),)).rowcount

    def _captures(self, where: str, values: tuple[object, ...]) -> list[CaptureRow]:
        return [CaptureRow(*row) for row in self._db.execute(f"SELECT {_CAPTURE} FROM captures {where}", values)]  # noqa: S608 - fixed text

    def _state(self, job: int, state: JobState, now: datetime, *, evidence: str = "", note: str = "") -> None:
        self._db.execute(
            "UPDATE jobs SET state = ?, evidence = CASE WHEN ? = '' THEN evidence ELSE ? END, note = CASE WHEN ? = '' THEN note ELSE ? END"
            " WHERE id = ?",
            (state, evidence, evidence, note, note, job),
        )
        self._log(job, state, now)

    def _log(self, job: int, state: JobState, now: datetime) -> None:
        self._db.execute("INSERT INTO history VALUES (?, ?, ?)", (job, now.isoformat(), state))

    @contextmanager
    def _relaxed(self) -> Iterator[None]:
        """A transaction that a power cut may undo: outcomes, whose loss errs on the safe side (unconfirmed, or asked once more).

        It saves the disk a second flush for each receipt; a killed process loses nothing either way.
        """
        self._db.execute("PRAGMA synchronous = NORMAL")
        try:
            with self.transaction():
                yield
        finally:
            self._db.execute("PRAGMA synchronous = FULL")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Calls inside become durable together; whatever goes wrong (a full disk too) leaves the journal as it was."""
        if self._db.in_transaction:
            yield
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise
