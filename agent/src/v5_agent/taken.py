"""What tills of this store used of codes, stored value and limited rules that the replica does not show yet: nothing is used twice here.

A row is kept by a hold (then it lapses) or by a document. As in `effect`, a row counts until the replica was pulled after the cloud had
the event (`settled`, then `seen`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from v5_agent.outbox import Outbox, millis

__all__ = ["Taken", "Use", "coupon", "stored", "use"]


def stored(code: str) -> str:
    """Name of money on a stored value."""
    return f"stored|{code}"


def coupon(code: str) -> str:
    """Name of the uses of a coupon."""
    return f"coupon|{code}"


def use(scope: str, name: str) -> str:
    """Name of the uses of something limited, in a scope and period."""
    return f"use|{scope}|{name}"


@dataclass(frozen=True, slots=True)
class Use:
    """So much of one thing: minor units of stored value, uses of everything else."""

    what: str
    amount: int = 1
    customer: str = ""
    programme: str = ""

    @property
    def is_money(self) -> bool:
        """Whether it is money on a stored value."""
        return self.what.startswith("stored|")

    @property
    def code(self) -> str:
        """Of the stored value or coupon."""
        return self.what.partition("|")[2]


class Taken:
    """Reads and writes of the table `taken`."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    def _rows(self, tx: sqlite3.Connection | None, sql: str, parameters: Sequence[object]) -> list[sqlite3.Row]:
        return tx.execute(sql, parameters).fetchall() if tx else self._outbox.db.read(sql, parameters)

    def of(self, names: Iterable[str], now: datetime, tx: sqlite3.Connection | None = None) -> dict[str, int]:
        """How much is taken of each, with `tx` also by that transaction; what is not taken at all is left out."""
        wanted = list(dict.fromkeys(names))
        found: dict[str, int] = {}
        for start in range(0, len(wanted), 500):
            part = wanted[start : start + 500]
            places = ",".join("?" * len(part))
            sql = f"SELECT what, sum(amount) FROM taken WHERE what IN ({places}) AND seen = 0 AND (expires_at IS NULL OR expires_at > ?) GROUP BY what"  # noqa: E501, S608
            found |= {row[0]: row[1] for row in self._rows(tx, sql, [*part, millis(now)])}
        return found

    def counted(
        self, customer: str, now: datetime, tx: sqlite3.Connection | None = None, *, without: str = ""
    ) -> dict[tuple[str, str], int]:
        """Limited uses taken for this customer, for all, the store and codes, but those of one document: (scope, "<period>|<name>")."""
        sql = (
            "SELECT what, sum(amount) FROM taken WHERE what >= 'use|' AND what < 'use}' AND seen = 0"
            " AND (expires_at IS NULL OR expires_at > ?)"
            " AND coalesce(event_id, '') NOT IN (SELECT event_id FROM outbox WHERE aggregate_id = ?) GROUP BY what"
        )
        found: dict[tuple[str, str], int] = {}
        for row in self._rows(tx, sql, [millis(now), without]):
            _, scope, name = row[0].split("|", 2)
            if not scope.startswith("customer:") or scope == f"customer:{customer}":
                found[scope, name] = row[1]
        return found

    def value_offline(self, customer: str, programme: str, now: datetime, tx: sqlite3.Connection | None = None) -> int:
        """What a customer's stored value of a programme paid here while the line was down."""
        sql = (
            "SELECT coalesce(sum(amount), 0) FROM taken WHERE customer = ? AND programme = ? AND what >= 'stored|' AND what < 'stored}'"
            " AND offline = 1 AND seen = 0 AND (expires_at IS NULL OR expires_at > ?)"
        )
        return int(self._rows(tx, sql, (customer, programme, millis(now)))[0][0])

    def made(self, tx: sqlite3.Connection, programme: str) -> int:
        """Vouchers of a programme that were printed here while the line was down, and of whose sales the replica does not know yet."""
        sql = "SELECT coalesce(sum(amount), 0) FROM taken WHERE what = ? AND offline = 1 AND seen = 0"
        return int(tx.execute(sql, (f"made|{programme}",)).fetchone()[0])

    def hold(
        self, tx: sqlite3.Connection, hold: str, uses: Iterable[Use], expires_at: datetime, *, event: str | None, offline: bool
    ) -> None:
        """Reserved by the cloud (`event` None), or here."""
        self._put(tx, f"hold:{hold}", uses, millis(expires_at), event, offline=offline)

    def sold(self, tx: sqlite3.Connection, event: str, uses: Sequence[Use], holds: Sequence[str], *, offline: bool) -> None:
        """A sale used it; what holds kept for the sale is let go of."""
        for hold in holds:
            tx.execute("DELETE FROM taken WHERE id = ?", (f"hold:{hold}",))
        for one in uses:
            # A hold of a coupon or a rule is not named by any payment: it was made for this customer's sale.
            sql = "DELETE FROM taken WHERE what = ? AND customer = ? AND expires_at IS NOT NULL"
            tx.execute(sql, (one.what, one.customer))
        self._put(tx, f"document:{event}", uses, None, event, offline=offline)

    def _put(self, tx: sqlite3.Connection, name: str, uses: Iterable[Use], until: int | None, event: str | None, *, offline: bool) -> None:
        tx.executemany(
            "INSERT OR IGNORE INTO taken (id, what, customer, programme, amount, expires_at, event_id, offline, settled)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(name, one.what, one.customer, one.programme, one.amount, until, event, int(offline), int(event is None)) for one in uses],
        )

    def of_holds(self, holds: Sequence[str]) -> Mapping[str, list[Use]]:
        """What holds keep."""
        found: dict[str, list[Use]] = {}
        for hold in holds:
            rows = self._outbox.db.read("SELECT what, amount, customer, programme FROM taken WHERE id = ?", (f"hold:{hold}",))
            found[hold] = [Use(row["what"], row["amount"], row["customer"], row["programme"]) for row in rows]
        return found

    def release(self, tx: sqlite3.Connection, hold: str) -> bool:
        """Gives free what a hold keeps."""
        return tx.execute("DELETE FROM taken WHERE id = ? AND expires_at IS NOT NULL", (f"hold:{hold}",)).rowcount > 0

    def undo(self, tx: sqlite3.Connection, event: str) -> None:
        """The document is cancelled before the replica showed it."""
        tx.execute("DELETE FROM taken WHERE event_id = ? AND seen = 0", (event,))
