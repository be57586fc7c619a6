"""Commit over HTTP on PostgreSQL at 100 sales a second: latency, and SQL statements a sale."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import httpx
from _cloud import cloud, sale, say

from v5_cloud.hooks.service import CloudHooks
from v5_cloud.kit.container import build
from v5_cloud.kit.settings import Settings
from v5_cloud.kit.tenant import Scope
from v5_core.hooks import CommitRequest
from v5_core.model import SalesDocument

RATE, SECONDS = 100, 5


def main() -> None:
    with cloud() as held:
        cards = [one["card"] for one in held.sample["customers"]]
        statements(held.database_url, held.sample, cards)
        local = threading.local()

        def commit(number: int, due: float) -> float:
            time.sleep(max(0.0, due - time.perf_counter()))
            if not hasattr(local, "client"):
                local.client = httpx.Client(timeout=30, headers=held.auth)
            body = {"request_id": f"b{number}", "document": sale(number, cards[number % len(cards)])}
            local.client.post(f"{held.url}/v1/hooks/commit", json=body).raise_for_status()
            # From when it was due: a queue on our side counts as waiting, as it does for a till.
            return time.perf_counter() - due

        with ThreadPoolExecutor(16) as pool:
            now = time.perf_counter()
            list(pool.map(lambda number: commit(number, now), range(100_000, 100_100)))
            start = time.perf_counter() + 0.2
            times = sorted(pool.map(lambda number: commit(number, start + number / RATE), range(RATE * SECONDS)))
        p50, p99 = times[len(times) // 2] * 1000, times[int(len(times) * 0.99)] * 1000
        say(
            "commit over HTTP, p50",
            round(p50, 1),
            50,
            round(50 / p50, 2),
            "ms",
            note=f"{RATE} sales/s for {SECONDS} s, PostgreSQL, one process",
        )
        say("commit over HTTP, p99", round(p99, 1), 50, round(50 / p99, 2), "ms", aim="under 50 ms", note="baseline is the aim")


def statements(url: str, sample: dict[str, Any], cards: list[str]) -> None:
    held = build(Settings(database_url=url))
    try:
        hooks = CloudHooks(held, Scope(sample["tenant"], sample["company"]))

        def one(number: int) -> None:
            hooks.commit(CommitRequest(request_id=f"s{number}", document=SalesDocument.model_validate(sale(number, cards[0]))))

        one(900_000)
        before = held.database.statements
        for number in range(20):
            one(900_001 + number)
        each = (held.database.statements - before) / 20
        say("SQL statements a sale", each, 5, round(5 / each, 2), "statements", aim="5 or fewer", note=f"counted {datetime.now(UTC):%H:%M}")
    finally:
        held.database.dispose()


if __name__ == "__main__":
    main()
