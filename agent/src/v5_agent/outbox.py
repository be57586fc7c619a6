"""The outbox: every captured fact is durable here before anything else happens, and leaves only when the cloud has it."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self

from v5_agent.database import Database
from v5_agent.outbox_schema import MIGRATIONS
from v5_core.model import Customer, SalesDocument
from v5_core.plugins import Cursor, Record, Rejected
from v5_core.push import Event, event_id

__all__ = ["FILE", "Entry", "Fact", "Outbox", "Queued", "Stats", "millis", "record_fact"]

FILE: Final = "outbox.db"
_INSERT: Final = """INSERT INTO outbox (event_id, aggregate_type, aggregate_id, type, payload, checksum, created_at, next_attempt_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (event_id) DO NOTHING RETURNING seq"""


def millis(at: datetime) -> int:
    """An aware time as the tables hold it."""
    return int(at.timestamp() * 1000)


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing to tell the cloud: `kind` is an event type, `origin` the way in, `revision` the hash of its content."""

    kind: str
    aggregate: str
    revision: str
    origin: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a fact is: its event id, and whether this call added it."""

    event_id: str
    added: bool


@dataclass(frozen=True, slots=True)
class Queued:
    """A row that may be sent now."""

    seq: int
    event_id: str
    payload: bytes
    attempts: int


@dataclass(frozen=True, slots=True)
class Stats:
    """What a person wants to know of the queue. Ages are of `created_at`, in milliseconds since the epoch."""

    queued: int
    sent: int
    quarantined: int
    rejected: int
    oldest: int | None
    last_sent: int | None


def record_fact(record: Record, origin: str) -> Fact:
    """A plugin's record as a fact; the identity is the record's own, whichever way it came in."""
    if isinstance(record, SalesDocument):
        return Fact("document", record.keys[0], record.revision, origin, {"document": record})
    kind = "customer" if isinstance(record, Customer) else "product"
    revision = hashlib.sha256(record.model_dump_json(exclude_defaults=True).encode()).hexdigest()
    return Fact(kind, f"{kind}:{record.source}:{record.source_id}", revision, origin, {kind: record})


class Outbox:
    """All writes of the agent that must survive. Methods taking `tx` run inside the caller's transaction."""

    def __init__(self, path: Path) -> None:
        self.db = Database(path, MIGRATIONS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file."""
        self.db.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """BEGIN IMMEDIATE to COMMIT."""
        with self.db.write() as tx:
            yield tx

    # ── capture ────────────────────────────────────────────────────────────────────────────────────────────────────────────
    def append(
        self, tx: sqlite3.Connection, fact: Fact, now: datetime, *, not_before: datetime | None = None, again: bool = False
    ) -> Entry:
        """Adds a fact unless the same content was captured last from this way in.

        Args:
            tx: The caller's transaction.
            fact: What happened.
            now: When it was captured.
            not_before: The sender leaves it alone until then (a till is asking the cloud itself).
            again: A re-read asked for by the cloud: what was sent is queued once more.
        """
        revision = bytes.fromhex(fact.revision)[:16]
        known = tx.execute(
            "SELECT revision, turn FROM latest WHERE aggregate_id = ? AND origin = ?", (fact.aggregate, fact.origin)
        ).fetchone()
        same = known is not None and known["revision"] == revision
        turn = 0 if known is None else known["turn"] + (0 if same else 1)
        name = event_id(fact.kind, fact.aggregate, fact.revision if turn == 0 else f"{fact.revision}#{turn}")
        if same and not again:
            return Entry(name, added=False)
        event = Event.model_validate({"event_id": name, "type": fact.kind, "aggregate": fact.aggregate, "captured_at": now, **fact.body})
        payload = event.model_dump_json(exclude_none=True).encode()
        row = tx.execute(
            _INSERT,
            (
                name,
                fact.kind,
                fact.aggregate,
                fact.kind,
                payload,
                zlib.crc32(payload),
                millis(now),
                millis(not_before) if not_before else 0,
            ),
        ).fetchone()
        if row is None and again:
            tx.execute(
                "UPDATE outbox SET state = 'queued', next_attempt_at = 0, attempts = 0 WHERE event_id = ? AND state = 'sent'", (name,)
            )
        if not same:
            tx.execute(
                "INSERT OR REPLACE INTO latest (aggregate_id, origin, revision, turn) VALUES (?, ?, ?, ?)",
                (fact.aggregate, fact.origin, revision, turn),
            )
        return Entry(name, added=row is not None)

    def capture(
        self,
        source: str,
        stream: str,
        records: Iterable[Record],
        rejected: Sequence[Rejected],
        cursor: Cursor | None,
        now: datetime,
        *,
        again: bool = False,
    ) -> int:
        """A batch of a plugin and its cursor, in one transaction. Says how many facts are new."""
        added = 0
        with self.transaction() as tx:
            for record in records:
                added += self.append(tx, record_fact(record, source), now, again=again).added
            for one in rejected:
                self.set_aside(tx, source, one, now)
            self.move_cursor(tx, source, stream, cursor, now)
        return added

    def move_cursor(self, tx: sqlite3.Connection, source: str, stream: str, cursor: Cursor | None, now: datetime) -> None:
        """Where the next read starts."""
        text = None if cursor is None else json.dumps(cursor, separators=(",", ":"))
        tx.execute(
            "INSERT INTO watermark (source, stream, cursor_json, updated_at) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (source, stream) DO UPDATE SET cursor_json = excluded.cursor_json, updated_at = excluded.updated_at",
            (source, stream, text, millis(now)),
        )

    def cursor(self, source: str, stream: str) -> Cursor | None:
        """The plugin's own cursor, None from the beginning."""
        rows = self.db.read("SELECT cursor_json FROM watermark WHERE source = ? AND stream = ?", (source, stream))
        return json.loads(rows[0][0]) if rows and rows[0][0] else None

    def set_aside(self, tx: sqlite3.Connection, source: str, record: Rejected, now: datetime, event: str | None = None) -> None:
        """Puts one bad record where a person sees it; seen again, it is counted again."""
        tx.execute(
            "INSERT INTO quarantine (source, ref, code, message, raw, event_id, first_at, last_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (source, ref, code) DO UPDATE SET seen = seen + 1, last_at = excluded.last_at, message = excluded.message",
            (source, record.ref[:300], record.code[:80], record.message[:500], record.raw[:10_000], event, millis(now), millis(now)),
        )

    # ── sending ────────────────────────────────────────────────────────────────────────────────────────────────────────────
    def due(self, now: datetime, *, limit: int, max_bytes: int, force: bool = False) -> tuple[list[Queued], list[Queued]]:
        """Rows to send now in order, and rows that are damaged. A row waits for earlier ones of the same aggregate.

        Args:
            now: Rows whose next attempt is later wait.
            limit: At most so many.
            max_bytes: At most so many bytes of payload, but one row at least.
            force: A person asked: the waiting time of a retry is not observed.
        """
        at = 2**62 if force else millis(now)
        rows = self.db.read(
            "SELECT seq, event_id, payload, attempts, checksum FROM outbox AS o WHERE state = 'queued' AND next_attempt_at <= ?"
            " AND NOT EXISTS (SELECT 1 FROM outbox AS e WHERE e.state = 'queued' AND e.aggregate_id = o.aggregate_id AND e.seq < o.seq"
            " AND e.next_attempt_at > ?) ORDER BY seq LIMIT ?",
            (at, at, limit),
        )
        good: list[Queued] = []
        damaged: list[Queued] = []
        size = 0
        for row in rows:
            entry = Queued(row["seq"], row["event_id"], row["payload"], row["attempts"])
            if zlib.crc32(entry.payload) != row["checksum"]:
                damaged.append(entry)
                continue
            if good and size + len(entry.payload) > max_bytes:
                break
            size += len(entry.payload)
            good.append(entry)
        return good, damaged

    def mark_sent(self, event_ids: Iterable[str], now: datetime) -> None:
        """The cloud has them."""
        ids = list(event_ids)
        if not ids:
            return
        with self.transaction() as tx:
            self.mark_sent_in(tx, ids, now)

    def mark_sent_in(self, tx: sqlite3.Connection, ids: Sequence[str], now: datetime) -> None:
        """The same inside a transaction; what they did to customers will be in the next replica."""
        rows = [(millis(now), one) for one in ids]
        tx.executemany("UPDATE outbox SET state = 'sent', sent_at = ?, last_error = '' WHERE event_id = ?", rows)
        tx.executemany("UPDATE effect SET settled = 1 WHERE event_id = ?", [(one,) for one in ids])
        tx.executemany("UPDATE taken SET settled = 1 WHERE event_id = ?", [(one,) for one in ids])

    def postpone(self, event_ids: Iterable[str], until: datetime, error: str) -> None:
        """Another attempt later."""
        with self.transaction() as tx:
            tx.executemany(
                "UPDATE outbox SET attempts = attempts + 1, next_attempt_at = ?, last_error = ? WHERE event_id = ? AND state = 'queued'",
                [(millis(until), error[:500], one) for one in event_ids],
            )

    def release(self, event: str) -> None:
        """The sender may take it now."""
        with self.transaction() as tx:
            tx.execute("UPDATE outbox SET next_attempt_at = 0 WHERE event_id = ? AND state = 'queued'", (event,))

    def quarantine(self, event: str, code: str, message: str, now: datetime) -> None:
        """The cloud will never take this one: it leaves the queue, stays in the table, and is shown."""
        with self.transaction() as tx:
            tx.execute("UPDATE outbox SET state = 'quarantined', last_error = ? WHERE event_id = ?", (f"{code}: {message}"[:500], event))
            self.set_aside(tx, "push", Rejected(event, code, message), now, event)
            tx.execute("DELETE FROM effect WHERE event_id = ?", (event,))
            tx.execute("DELETE FROM taken WHERE event_id = ?", (event,))

    def withdraw(self, tx: sqlite3.Connection, event: str) -> None:
        """Takes back what is still queued and was refused as a wish; asked again, it is a new event."""
        tx.execute(
            "DELETE FROM latest WHERE (aggregate_id, origin) IN (SELECT l.aggregate_id, l.origin FROM latest AS l"
            " JOIN outbox AS o USING (aggregate_id) WHERE o.event_id = ? AND o.state = 'queued' AND l.origin LIKE 'till%')",
            (event,),
        )
        tx.execute("DELETE FROM outbox WHERE event_id = ? AND state = 'queued'", (event,))

    # ── looking ────────────────────────────────────────────────────────────────────────────────────────────────────────────
    def stats(self) -> Stats:
        """Counts and ages."""
        row = self.db.read(
            "SELECT count(*) FILTER (WHERE state = 'queued') AS queued, count(*) FILTER (WHERE state = 'sent') AS sent,"
            " count(*) FILTER (WHERE state = 'quarantined') AS quarantined,"
            " (SELECT count(*) FROM quarantine WHERE event_id IS NULL) AS rejected,"
            " min(created_at) FILTER (WHERE state = 'queued') AS oldest, max(sent_at) AS last_sent FROM outbox"
        )[0]
        return Stats(*row)

    def meta(self, key: str) -> str | None:
        """A remembered value."""
        rows = self.db.read("SELECT value FROM meta WHERE key = ?", (key,))
        return str(rows[0][0]) if rows else None

    def set_meta(self, key: str, value: str) -> None:
        """Remembers a value."""
        with self.transaction() as tx:
            tx.execute("INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", (key, value))

    def housekeeping(self, now: datetime, *, keep_days: int = 30) -> int:
        """Forgets what the cloud has had for `keep_days`, and old answers; never anything unsent."""
        before = millis(now) - keep_days * 86_400_000
        with self.transaction() as tx:
            gone = tx.execute("DELETE FROM outbox WHERE state = 'sent' AND sent_at < ?", (before,)).rowcount
            tx.execute("DELETE FROM answer WHERE created_at < ?", (before,))
        self.db.checkpoint()
        return gone

    def export(self, state: str | None = None) -> Iterator[dict[str, Any]]:
        """Every row as JSON, for a person or for support; page by page, so that a large file is no trouble."""
        after = 0
        while True:
            rows = self.db.read(
                "SELECT * FROM outbox WHERE seq > ? AND (? IS NULL OR state = ?) ORDER BY seq LIMIT 500", (after, state, state)
            )
            for row in rows:
                shown = dict(row)
                text = shown.pop("payload").decode(errors="replace")
                shown["damaged"] = zlib.crc32(row["payload"]) != shown.pop("checksum")
                shown["created_at"] = datetime.fromtimestamp(shown["created_at"] / 1000, UTC).isoformat()
                shown["event"] = text if shown["damaged"] else json.loads(text)
                yield shown
            if len(rows) < 500:
                return
            after = rows[-1]["seq"]

    def replay(self, *, since: datetime | None, quarantined: bool) -> int:
        """Queues again: what was quarantined, or what was captured since; the cloud recognises what it has."""
        with self.transaction() as tx:
            if quarantined:
                tx.execute("DELETE FROM quarantine WHERE event_id IN (SELECT event_id FROM outbox WHERE state = 'quarantined')")
                return tx.execute(
                    "UPDATE outbox SET state = 'queued', next_attempt_at = 0, attempts = 0 WHERE state = 'quarantined'"
                ).rowcount
            at = millis(since) if since else 0
            return tx.execute(
                "UPDATE outbox SET state = 'queued', next_attempt_at = 0, attempts = 0 WHERE state = 'sent' AND created_at >= ?", (at,)
            ).rowcount
