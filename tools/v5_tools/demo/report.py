"""What came out, beside what should have: one row for each way in."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any, Final

from rich.table import Table

from v5_core.money import format_scaled, parse_scaled
from v5_tools.demo.expect import Expected
from v5_tools.demo.morning import CUT, GRID, PHC, PRINT, TILL, WAYS, Morning
from v5_tools.demo.world import World

_SERIES: Final = (
    (re.compile(r" (C2026/|P2026/3$)"), CUT),
    (re.compile(r" P2026/"), PRINT),
    (re.compile(r" T2026/"), TILL),
    (re.compile(r" G2026/"), GRID),
    (re.compile(r" 2026A\d+/"), PHC),
)


@dataclass
class Row:
    """One way in. `differences` says in words what does not agree."""

    way: str
    captured: int = 0
    pushed: int = 0
    posted: int = 0
    points: int = 0
    receipts: int = 0
    differences: int = 0


@dataclass
class Result:
    """The table, and every disagreement in words."""

    rows: list[Row]
    problems: list[str]
    title: str = "A morning of sales"
    notes: list[str] = field(default_factory=list)

    def table(self) -> Table:
        """For the terminal."""
        table = Table(title=self.title, title_style="bold")
        table.add_column("way in", no_wrap=True)
        for name in ("captured", "pushed", "posted", "points", "receipts printed", "differences"):
            table.add_column(name, justify="right")
        for row in self.rows:
            points = format_scaled(row.points, 3, trim=True)
            colour = "red" if row.differences else "green"
            figures = (row.captured, row.pushed, row.posted, points, row.receipts)
            table.add_row(row.way, *map(str, figures), f"[{colour}]{row.differences}[/{colour}]")
        return table


def way_of(number: str) -> str:
    """The way a document of the morning went, by its series."""
    return next((way for pattern, way in _SERIES if pattern.search(number)), "")


def collect(world: World, morning: Morning) -> Result:
    """Asks every part what it did and compares."""
    expected = morning.expected
    rows = {way: Row(way) for way in WAYS}
    problems: list[str] = []
    _outbox(world, rows)
    for sale in world.all_of("/v1/sales"):
        if way := way_of(sale["number"] or ""):
            rows[way].posted += 1
    per_document: dict[str, int] = defaultdict(int)
    for shopper in morning.shoppers:
        moves = world.all_of(f"/v1/customers/{shopper.id}/movements")
        for move in moves:
            points = parse_scaled(move["points"], 3)
            per_document[move["number"] or ""] += points
            if way := way_of(move["number"] or ""):
                rows[way].points += points
        balance = parse_scaled(world.ask_cloud(f"/v1/customers/{shopper.id}")["balance"], 3)
        wanted = shopper.start + expected.balance[shopper.id]
        if balance != wanted:
            problems.append(f"{shopper.name} should have {_points(wanted)} points and has {_points(balance)}")
    printed = Counter(way_of(number) for number in morning.printed)
    for way, row in rows.items():
        row.receipts = printed[way]
        problems += _compare(row, expected)
    if len(morning.pictures()) != sum(expected.receipts.values()):
        problems.append(f"{sum(expected.receipts.values())} receipts were sent and {len(morning.pictures())} were printed")
    return Result(list(rows.values()), problems)


def _compare(row: Row, expected: Expected) -> list[str]:
    problems = []
    documents, points, receipts = expected.documents[row.way], expected.points[row.way], expected.receipts[row.way]
    for name, value in (("captured", row.captured), ("pushed", row.pushed), ("posted", row.posted)):
        if value != documents:
            problems.append(f"{row.way}: {documents} documents expected, {value} {name}")
    if row.points != points:
        problems.append(f"{row.way}: {_points(points)} points expected, {_points(row.points)} found")
    if row.receipts != receipts:
        problems.append(f"{row.way}: {receipts} receipts expected, {row.receipts} printed")
    row.differences = len(problems)
    return problems


def _outbox(world: World, rows: dict[str, Row]) -> None:
    """Counts distinct documents that the agent captured, and those of them that the cloud acknowledged."""
    seen: dict[str, set[str]] = defaultdict(set)
    done: dict[str, set[str]] = defaultdict(set)
    for event in exported(world):
        document = event["event"].get("document")
        number = ((document or {}).get("fiscal") or {}).get("number", "")
        if way := way_of(number):
            seen[way].add(number)
            if event["state"] == "sent":
                done[way].add(number)
    for way, row in rows.items():
        row.captured, row.pushed = len(seen[way]), len(done[way])


def exported(world: World) -> list[dict[str, Any]]:
    """The agent's outbox, as its own command line exports it."""
    text = world.processes.run("v5-agent outbox export", *world.agent_command("outbox", "export"), env=world.agent_env)
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def _points(value: int) -> str:
    return format_scaled(value, 3, trim=True)
