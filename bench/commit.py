"""Commit over HTTP on PostgreSQL at 100 sales a second: latency, and SQL statements a sale."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import UTC, datetime
from typing import Any

from _cloud import WORKERS, Cloud, cloud, sale, say
from _load import MEMBERS, Line, members

from v5_cloud.hooks.service import CloudHooks
from v5_cloud.kit.container import build
from v5_cloud.kit.settings import Settings
from v5_cloud.kit.tenant import Scope
from v5_core.hooks import CommitRequest
from v5_core.model import SalesDocument

RATE, SECONDS, WARM, TILLS = 100, 5, 200, 16


def main() -> None:
    with cloud() as held:
        cards = members(held.database_url, held.sample)
        statements(held.database_url, held.sample, cards)
        times = sorted(asyncio.run(measured(held, cards)))
        p50, p99 = times[len(times) // 2] * 1000, times[int(len(times) * 0.99)] * 1000
        note = f"{RATE} sales/s for {SECONDS} s, {MEMBERS} cards, PostgreSQL, {WORKERS} service processes"
        say("commit over HTTP, p50", round(p50, 1), 50, round(50 / p50, 2), "ms", note=note)
        say("commit over HTTP, p99", round(p99, 1), 50, round(50 / p99, 2), "ms", aim="under 50 ms", note="baseline is the aim")


async def measured(held: Cloud, cards: list[str]) -> list[float]:
    """Seconds of each sale, from when it was due: a queue on our side counts as waiting, as it does for a till."""
    lines: asyncio.LifoQueue[Line] = asyncio.LifoQueue()
    opened = [Line(held.url) for _ in range(TILLS)]
    for line in opened:
        lines.put_nowait(line)

    def request(number: int) -> bytes:
        # A stride, so that sales in flight are of cards far apart.
        body = {"request_id": f"b{number}", "document": sale(number, cards[number * 7919 % len(cards)])}
        return opened[0].request("/v1/hooks/commit", held.auth, json.dumps(body).encode())

    async def commit(raw: bytes, due: float) -> float:
        await asyncio.sleep(due - time.perf_counter())
        line = await lines.get()
        await line.send(raw)
        lines.put_nowait(line)
        return time.perf_counter() - due

    warm = [request(number) for number in range(100_000, 100_000 + WARM)]
    sales = [request(number) for number in range(200_000, 200_000 + RATE * SECONDS)]
    try:
        start = time.perf_counter()
        await asyncio.gather(*(commit(raw, start + number / RATE) for number, raw in enumerate(warm)))
        start = time.perf_counter() + 0.5
        return list(await asyncio.gather(*(commit(raw, start + number / RATE) for number, raw in enumerate(sales))))
    finally:
        for line in opened:
            line.close()


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
