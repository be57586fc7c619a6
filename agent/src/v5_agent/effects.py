"""What the tills did to customers' points that the replica does not show yet, and the answers they were given."""

from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from v5_agent.outbox import Outbox, millis
from v5_core.errors import RequestReusedError
from v5_core.model import Balance, Wire
from v5_core.push import ReplicaCustomer

__all__ = ["Effects", "Standing", "digest"]

_R = TypeVar("_R", bound=Wire)


def digest(operation: str, request: Wire) -> bytes:
    """What makes two requests the same."""
    return hashlib.sha256(f"{operation}\x1f{request.model_dump_json(exclude_defaults=True)}".encode()).digest()


@dataclass(frozen=True, slots=True)
class Standing:
    """A customer's points as this store sees them now.

    Attributes:
        spendable: Without what was earned here as long as the cloud has not confirmed it.
        offline: Already spent here while the line was down.
    """

    balance: Balance
    spendable: int
    offline: int


class Effects:
    """Reads and writes of the tables `effect` and `answer`."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    def standing(self, one: ReplicaCustomer, now: datetime, tx: sqlite3.Connection | None = None) -> Standing:
        """The replica's balance with what happened here since, to whoever uses the account; with `tx`, also what that transaction did."""
        sql = (
            "SELECT coalesce(sum(spent), 0) AS spent, coalesce(sum(earned), 0) AS earned,"
            " coalesce(sum(spent) FILTER (WHERE expires_at IS NOT NULL), 0) AS held,"
            " coalesce(sum(earned) FILTER (WHERE settled = 1), 0) AS confirmed,"
            " coalesce(sum(spent) FILTER (WHERE offline = 1), 0) AS offline"
            " FROM effect WHERE customer = ? AND seen = 0 AND (expires_at IS NULL OR expires_at > ?)"
        )
        parameters = (one.points_of, millis(now))
        row = tx.execute(sql, parameters).fetchone() if tx else self._outbox.db.read(sql, parameters)[0]
        balance = Balance(
            available=one.balance_available - row["spent"] + row["earned"],
            held=one.balance_held + row["held"],
            expiring=one.expiring,
            expiring_on=date.fromisoformat(one.expiring_on) if one.expiring_on else None,
        )
        hoped = row["earned"] - row["confirmed"]
        return Standing(balance, one.balance_available - row["spent"] + row["confirmed"] + min(0, hoped), row["offline"])

    def hold(
        self,
        tx: sqlite3.Connection,
        hold: str,
        account: str,
        points: int,
        amount: int,
        expires_at: datetime,
        *,
        event: str | None,
        offline: bool,
    ) -> None:
        """Points reserved: by the cloud (`event` None), or here."""
        tx.execute(
            "INSERT OR IGNORE INTO effect (id, customer, spent, amount, expires_at, event_id, offline, settled)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (f"hold:{hold}", account, points, amount, millis(expires_at), event, int(offline), int(event is None)),
        )

    def held_points(self, holds: tuple[str, ...]) -> int:
        """What the holds brought, as far as this store knows them."""
        rows = [self._outbox.db.read("SELECT spent FROM effect WHERE id = ?", (f"hold:{hold}",)) for hold in holds]
        return sum(row[0]["spent"] for row in rows if row)

    def capture(self, tx: sqlite3.Connection, holds: tuple[str, ...], event: str) -> None:
        """The sale that used them is committed: they no longer lapse, and are settled with it."""
        for hold in holds:
            tx.execute(
                "UPDATE effect SET expires_at = NULL, event_id = ?, settled = CASE WHEN seen = 1 THEN 1 ELSE 0 END WHERE id = ?",
                (event, f"hold:{hold}"),
            )

    def release(self, tx: sqlite3.Connection, hold: str) -> bool:
        """Gives a hold free; false when it is not known here, or the sale is already committed."""
        return tx.execute("DELETE FROM effect WHERE id = ? AND expires_at IS NOT NULL", (f"hold:{hold}",)).rowcount > 0

    def earn(self, tx: sqlite3.Connection, event: str, account: str, earned: int) -> None:
        """Points that a document gives to whoever's account it is, or takes when negative."""
        tx.execute(
            "INSERT OR REPLACE INTO effect (id, customer, earned, event_id, settled) VALUES (?, ?, ?, ?, 0)",
            (f"document:{event}", account, earned, event),
        )

    def confirm(self, tx: sqlite3.Connection, event: str, earned: int) -> None:
        """The cloud's own figure, which counts from now on; the next replica has it and takes this row's place."""
        tx.execute("UPDATE effect SET earned = ? WHERE id = ? AND seen = 0", (earned, f"document:{event}"))

    def undo(self, tx: sqlite3.Connection, event: str) -> bool:
        """The document is cancelled; false when the replica shows it already, or nothing is known of it."""
        return tx.execute("DELETE FROM effect WHERE event_id = ? AND seen = 0", (event,)).rowcount > 0

    # ── answers ────────────────────────────────────────────────────────────────────────────────────────────────────────────
    def stored(self, operation: str, request_id: str, mark: bytes, model: type[_R]) -> _R | None:
        """The answer given before to the same request.

        Raises:
            RequestReusedError: The id was used for something else.
        """
        rows = self._outbox.db.read("SELECT operation, digest, body FROM answer WHERE request_id = ?", (request_id,))
        if not rows:
            return None
        if rows[0]["operation"] != operation or rows[0]["digest"] != mark:
            raise RequestReusedError
        return model.model_validate_json(rows[0]["body"])

    def store(
        self,
        tx: sqlite3.Connection,
        operation: str,
        request_id: str,
        mark: bytes,
        answer: Wire,
        now: datetime,
        *,
        aggregate: str | None = None,
    ) -> None:
        """Keeps the answer; a final one takes the place of a provisional one."""
        tx.execute(
            "INSERT INTO answer (request_id, operation, digest, body, aggregate_id, created_at) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (request_id) DO UPDATE SET body = excluded.body",
            (request_id, operation, mark, answer.model_dump_json(), aggregate, millis(now)),
        )

    def forget(self, tx: sqlite3.Connection, request_id: str) -> None:
        """The request was refused for good: a corrected one may use the id."""
        tx.execute("DELETE FROM answer WHERE request_id = ?", (request_id,))

    def answer_of(self, operation: str, aggregate: str, model: type[_R]) -> _R | None:
        """The latest answer about a document."""
        rows = self._outbox.db.read(
            "SELECT body FROM answer WHERE aggregate_id = ? AND operation = ? ORDER BY created_at DESC LIMIT 1", (aggregate, operation)
        )
        return model.model_validate_json(rows[0]["body"]) if rows else None

    def aggregate_of(self, document: str) -> str | None:
        """The key of the document that an answer named so."""
        rows = self._outbox.db.read(
            "SELECT aggregate_id FROM answer WHERE aggregate_id IS NOT NULL AND json_extract(body, '$.document') = ? LIMIT 1", (document,)
        )
        return str(rows[0]["aggregate_id"]) if rows else None
