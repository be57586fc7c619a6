"""The store's copy of what the cloud knows: customers by every key, balances, programmes. Can be fetched again at any time."""

from __future__ import annotations

import json
import logging
import re
import sqlite3
import threading
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, Self
from zoneinfo import ZoneInfo

import phonenumbers
from pydantic import ValidationError

from v5_agent.asked import Asked, asked_of
from v5_agent.client import Action, CloudClient
from v5_agent.database import Database
from v5_agent.outbox import Outbox, millis
from v5_core.engine import Compiled, compile_programmes
from v5_core.errors import FatalError, V5Error
from v5_core.model import CustomerRef
from v5_core.programme import Programme
from v5_core.push import Replica, ReplicaCustomer, ReplicaSegment

__all__ = ["ReplicaStore", "StoreFacts", "fold", "pull"]

_log = logging.getLogger(__name__)
FILE: Final = "replica.db"
_MIGRATIONS: Final = (
    """
    CREATE TABLE customer (customer TEXT PRIMARY KEY, folded TEXT NOT NULL, body TEXT NOT NULL, provisional_event TEXT) STRICT;
    CREATE TABLE key (kind TEXT NOT NULL, value TEXT NOT NULL, customer TEXT NOT NULL REFERENCES customer ON DELETE CASCADE,
        PRIMARY KEY (kind, value, customer)) STRICT, WITHOUT ROWID;
    CREATE INDEX key_customer ON key (customer);
    CREATE TABLE fact (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
    """,
)


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """What the replica says of the store, with the programmes made ready."""

    version: int = 0
    company: str = ""
    store_name: str = ""
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/Lisbon"))
    language: str = "pt"
    receipt_url: str = ""
    directives: tuple[str, ...] = ()
    offline_points_limit: int = 0
    programmes: tuple[Programme, ...] = ()
    compiled: Compiled | None = None
    asked: Asked = field(default_factory=Asked)
    used: Mapping[str, int] = field(default_factory=dict)
    segments: tuple[ReplicaSegment, ...] = ()
    pulled_at: datetime | None = None


def fold(text: str) -> str:
    """For comparing names: no accents, no case, single spaces."""
    plain = "".join(one for one in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(one))
    return " ".join(plain.split())


class ReplicaStore:
    """Local copy; a damaged file is thrown away and fetched again, for nothing in it is ours alone."""

    def __init__(self, folder: Path, *, zone: str, language: str) -> None:
        self._path = folder / FILE
        self._default = StoreFacts(zone=ZoneInfo(zone), language=language or "pt")
        self._language = language
        self._lock = threading.Lock()
        try:
            self.db = Database(self._path, _MIGRATIONS, durable=False)
            self.facts = self._load()
        except FatalError as error:
            if error.error_code != "corrupt":
                raise
            _log.error("the replica is damaged: it is fetched again")
            self._discard()
            self.db = Database(self._path, _MIGRATIONS, durable=False)
            self.facts = self._load()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file."""
        self.db.close()

    # ── finding ────────────────────────────────────────────────────────────────────────────────────────────────────────────
    def get(self, customer: str) -> ReplicaCustomer | None:
        """By V5's own id."""
        rows = self.db.read("SELECT body FROM customer WHERE customer = ?", (customer,))
        return ReplicaCustomer.model_validate_json(rows[0]["body"]) if rows else None

    def by_key(self, kind: str, value: str) -> list[ReplicaCustomer]:
        """By card, phone, tax number or the ERP's number; inactive ones too, the caller decides."""
        rows = self.db.read(
            "SELECT c.body FROM key JOIN customer AS c USING (customer) WHERE kind = ? AND value = ? LIMIT 20", (kind, value)
        )
        return [ReplicaCustomer.model_validate_json(row["body"]) for row in rows]

    def by_name(self, text: str, limit: int = 10) -> list[ReplicaCustomer]:
        """Every word of `text` begins a word of the name, in any order; partial words will do."""
        words = [re.sub(r"[%_\\]", "", word) for word in fold(text).split()]
        words = [word for word in words if word][:6]
        if not words:
            return []
        where = " AND ".join("(' ' || folded) LIKE ?" for _ in words)
        rows = self.db.read(f"SELECT body FROM customer WHERE {where} ORDER BY folded LIMIT ?", [*(f"% {word}%" for word in words), limit])  # noqa: S608 - only placeholders are joined
        return [ReplicaCustomer.model_validate_json(row["body"]) for row in rows]

    def by_digits(self, digits: str, limit: int = 10) -> list[ReplicaCustomer]:
        """Part of a number, from its beginning: card, phone or tax number."""
        rows = self.db.read(
            "SELECT DISTINCT c.body FROM key JOIN customer AS c USING (customer)"
            " WHERE kind IN ('card', 'phone', 'tax') AND value >= ? AND value < ? LIMIT ?",
            (digits, digits + ":", limit),
        )
        return [ReplicaCustomer.model_validate_json(row["body"]) for row in rows]

    def resolve(self, ref: CustomerRef, source: str = "") -> ReplicaCustomer | None:
        """Who a document's reference means; the surest key first."""
        if ref.customer and (found := self.get(ref.customer)):
            return found
        keys = (("card", ref.card), ("erp", f"{source}:{ref.erp}" if ref.erp else None), ("tax", ref.tax_number), ("phone", ref.phone))
        for kind, value in keys:
            for spelling in spellings(kind, value) if value else ():
                found_all = [one for one in self.by_key(kind, spelling) if not one.inactive]
                if len(found_all) == 1:
                    return found_all[0]
        return None

    # ── filling ────────────────────────────────────────────────────────────────────────────────────────────────────────────
    def apply(self, page: Replica, now: datetime) -> None:
        """One page of changes; its version is noted in the same transaction."""
        facts = page.model_dump_json(exclude={"customers"})
        with self.db.write() as tx:
            for one in page.customers:
                self._put(tx, one)
            for key, value in (("page", facts), ("pulled_at", now.isoformat())):
                tx.execute("INSERT OR REPLACE INTO fact (key, value) VALUES (?, ?)", (key, value))
        with self._lock:
            self.facts = self._load()

    def put(self, one: ReplicaCustomer) -> None:
        """What the cloud answered about one customer, or this store changed, before the next page brings it."""
        with self.db.write() as tx:
            self._put(tx, one)

    def add_provisional(self, one: ReplicaCustomer, event: str) -> None:
        """A customer enrolled here while the line is down: found until the cloud's own record arrives."""
        with self.db.write() as tx:
            self._put(tx, one, event)

    def drop_provisional(self, events: Iterable[str]) -> None:
        """The cloud has them under its own ids."""
        with self.db.write() as tx:
            tx.executemany("DELETE FROM customer WHERE provisional_event = ?", [(one,) for one in events])

    def provisional_events(self) -> list[str]:
        """Events of customers that only this store knows."""
        return [row[0] for row in self.db.read("SELECT provisional_event FROM customer WHERE provisional_event IS NOT NULL")]

    def forget(self) -> None:
        """Starts again from nothing (another company after a new enrolment)."""
        with self.db.write() as tx:
            for table in ("key", "customer", "fact"):
                tx.execute(f"DELETE FROM {table}")  # noqa: S608 - a fixed list
        with self._lock:
            self.facts = self._load()

    def _put(self, tx: sqlite3.Connection, one: ReplicaCustomer, event: str | None = None) -> None:
        tx.execute("DELETE FROM key WHERE customer = ?", (one.customer,))
        tx.execute(
            "INSERT OR REPLACE INTO customer (customer, folded, body, provisional_event) VALUES (?, ?, ?, ?)",
            (one.customer, fold(one.name), one.written(), event),
        )
        keys = [("card", card) for card in one.cards] + [("erp", f"{source}:{number}") for source, number in one.erp.items()]
        keys += [("phone", one.phone)] if one.phone else []
        keys += [("tax", one.tax_number)] if one.tax_number else []
        tx.executemany(
            "INSERT OR IGNORE INTO key (kind, value, customer) VALUES (?, ?, ?)",
            [(kind, spelling, one.customer) for kind, value in keys for spelling in spellings(kind, value)],
        )

    def _load(self) -> StoreFacts:
        stored = {row["key"]: row["value"] for row in self.db.read("SELECT key, value FROM fact")}
        if "page" not in stored:
            return self._default
        page = Replica.model_validate_json(stored["page"])
        try:
            compiled = compile_programmes(page.programmes)
        except V5Error as error:
            # A programme of a newer cloud: the till goes on without benefits rather than not at all.
            _log.error("the programmes cannot be used here: %s", type(error).__name__)
            compiled = None
        return StoreFacts(
            version=page.version,
            company=page.company_name,
            store_name=page.store_name,
            zone=ZoneInfo(page.timezone),
            language=self._language or page.language,
            receipt_url=page.receipt_url,
            directives=page.directives,
            offline_points_limit=page.offline_points_limit,
            programmes=page.programmes,
            compiled=compiled,
            asked=asked_of(page.programmes),
            used=page.used,
            segments=page.segments,
            pulled_at=datetime.fromisoformat(stored["pulled_at"]),
        )

    def _discard(self) -> None:
        for suffix in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)


def spellings(kind: str, value: str) -> tuple[str, ...]:
    """How a key may have been written; the first is the plainest."""
    text = "".join(value.split()).upper()
    if kind == "phone":
        digits = re.sub(r"\D", "", value).removeprefix("00")
        try:
            national = str(phonenumbers.parse(value).national_number) if value.startswith("+") else digits
        except phonenumbers.NumberParseException:
            national = digits
        return tuple(dict.fromkeys(one for one in (digits, national) if one))
    if kind in {"tax", "card"}:
        plain = re.sub(r"[.\-/]", "", text)
        return (plain,) if plain else ()
    return (text,) if text else ()


def pull(replica: ReplicaStore, outbox: Outbox, client: CloudClient, now: datetime) -> int:
    """Brings the copy up to date; says how many customers changed.

    What the tills did and the cloud had acknowledged before the pull began is in the new balances, and is no longer counted beside
    them.

    Raises:
        LineDownError: No answer.
        FatalError: An answer that cannot be used.
    """
    settled = {
        table: [row["id"] for row in outbox.db.read(f"SELECT DISTINCT id FROM {table} WHERE settled = 1 AND seen = 0")]  # noqa: S608 - our own
        for table in ("effect", "taken")
    }
    provisional = replica.provisional_events()
    sent = [one for one in provisional if outbox.db.read("SELECT 1 FROM outbox WHERE event_id = ? AND state = 'sent'", (one,))]
    changed = 0
    while True:
        answer = client.post("/v1/replica", json.dumps({"since": replica.facts.version}).encode())
        if answer.action is not Action.DONE:
            raise FatalError(f"the replica could not be fetched: {answer.detail}", code=answer.code)
        try:
            page = Replica.read(answer.raw)
        except ValidationError:
            raise FatalError("the replica cannot be read: is the cloud newer than this agent?", code="replica") from None
        stuck = not page.complete and page.version <= replica.facts.version
        replica.apply(page, now)
        changed += len(page.customers)
        if page.complete or stuck:
            break
    if sent:
        replica.drop_provisional(sent)
    with outbox.transaction() as tx:
        for table, rows in settled.items():
            tx.executemany(f"UPDATE {table} SET seen = 1 WHERE id = ? AND settled = 1", [(one,) for one in rows])  # noqa: S608 - our own
            tx.execute(f"DELETE FROM {table} WHERE seen = 1 AND expires_at IS NULL")  # noqa: S608
            tx.execute(f"DELETE FROM {table} WHERE expires_at IS NOT NULL AND expires_at < ?", (millis(now) - 86_400_000,))  # noqa: S608
    return changed
