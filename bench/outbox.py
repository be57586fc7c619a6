"""Outbox appends a second, against bare SQLite with the same settings: what the outbox's own care costs.

One document a transaction, as a till's commit writes it. Rounds of both alternate, so that a busy machine slows both alike.
"""

from __future__ import annotations

import json
import sqlite3
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from v5_agent.outbox import Outbox, record_fact
from v5_core.model import CustomerRef, DocumentKind, FiscalKey, Line, Origin, SalesDocument

ROUNDS, ROWS = 7, 300
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def document(number: int) -> SalesDocument:
    lines = tuple(Line(line_id=str(n), product=f"P{n}", description="Artigo de teste", gross=123, net=100) for n in range(5))
    return SalesDocument(
        source="bench",
        source_id=str(number),
        origin=Origin.ERP,
        kind=DocumentKind.SALE,
        fiscal=FiscalKey(issuer="501442600", number=f"FT B/{number}"),
        store="LX1",
        issued_at=NOW,
        customer=CustomerRef(card="2900000000018"),
        lines=lines,
        gross=615,
        net=500,
    )


def ours(path: Path, documents: list[SalesDocument]) -> float:
    with Outbox(path) as outbox:
        started = time.perf_counter()
        for number, one in enumerate(documents):
            with outbox.transaction() as tx:
                outbox.append(tx, record_fact(one, "bench"), NOW)
                outbox.move_cursor(tx, "bench", "documents", {"at": number}, NOW)
        return len(documents) / (time.perf_counter() - started)


def bare(path: Path, payloads: list[bytes]) -> float:
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        for pragma in ("journal_mode = wal", "synchronous = full", "foreign_keys = on", "busy_timeout = 5000"):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        connection.execute("CREATE TABLE row (seq INTEGER PRIMARY KEY, id TEXT UNIQUE, payload BLOB) STRICT")
        started = time.perf_counter()
        for number, payload in enumerate(payloads):
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO row (id, payload) VALUES (?, ?)", (str(number), payload))
            connection.execute("COMMIT")
        return len(payloads) / (time.perf_counter() - started)
    finally:
        connection.close()


def main() -> None:
    figures: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(ROUNDS):
            documents = [document(turn * ROWS + n) for n in range(ROWS)]
            payloads = [one.model_dump_json().encode() for one in documents]
            figures.append((ours(Path(folder) / f"o{turn}.db", documents), bare(Path(folder) / f"b{turn}.db", payloads)))
    value, baseline = (statistics.median(column) for column in zip(*figures, strict=True))
    ratio = statistics.median(a / b for a, b in figures)
    print(
        json.dumps(
            {"name": "outbox appends", "value": round(value), "baseline": round(baseline), "ratio": round(ratio, 3), "unit": "rows/s"}
        )
    )


if __name__ == "__main__":
    main()
