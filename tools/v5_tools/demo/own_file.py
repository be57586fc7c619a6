"""Somebody's own SAF-T (PT) file: its customers get cards, its documents points. Reckoned apart with bare lxml."""

from __future__ import annotations

import re
import shutil
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import requests
from lxml import etree

from v5_core.money import parse_scaled
from v5_core.programme import Programme
from v5_tools.demo.expect import Item, points_of
from v5_tools.demo.processes import DemoError
from v5_tools.demo.report import Result, Row, exported
from v5_tools.demo.world import World

WAY: Final = "GRID (SAF-T)"
_NOBODY: Final = {"", "999999990"}
_RETURNS: Final = {"NC", "TD", "DA", "RE"}
_ROUNDS: Final = 10_000


@dataclass(frozen=True)
class Plain:
    """One invoice as a bare parser sees it."""

    number: str
    kind: str
    status: str
    customer: str
    cents: int


def plain(file: Path) -> list[Plain]:
    """The file's invoices, read without our reader; XML that is not well formed is read with lxml's recovery."""
    data = file.read_bytes()
    start = re.search(rb"<\?xml|<(\w+:)?AuditFile", data)
    root: Any = etree.fromstring(
        data[start.start() if start else 0 :], etree.XMLParser(recover=True, huge_tree=True, resolve_entities=False, no_network=True)
    )
    if root is None or etree.QName(root).localname != "AuditFile":
        raise DemoError(f"{file} is not a SAF-T (PT) file: its root should be AuditFile")
    return [
        Plain(
            " ".join(_text(one, "InvoiceNo").split()),
            _text(one, "InvoiceType"),
            _text(one, "DocumentStatus/InvoiceStatus") or _text(one, "InvoiceStatus"),
            _text(one, "CustomerID"),
            int((Decimal(_text(one, "DocumentTotals/GrossTotal") or "0") * 100).to_integral_value()),
        )
        for one in root.iterfind(".//{*}SalesInvoices/{*}Invoice")
    ]


def _text(element: Any, path: str) -> str:
    return (element.findtext("/".join(f"{{*}}{part}" for part in path.split("/"))) or "").strip()


class OwnFile:
    """Drops the file, waits until it is through, and compares.

    Args:
        world: A started store.
        file: The file; it is copied, never moved.
        programme: The programme in force.
    """

    def __init__(self, world: World, file: Path, programme: Programme) -> None:
        self.world, self.file, self.programme = world, file, programme

    def play(self) -> Result:
        """The whole journey of the file."""
        wanted = {one.number: one for one in plain(self.file) if one.status != "R"}
        before = {one["id"] for one in self.world.all_of("/v1/customers")}
        arriving = self.world.drop / ".own.part"
        shutil.copyfile(self.file, arriving)
        arriving.rename(self.world.drop / "own.xml")
        self._drain()
        row = Row(WAY)
        problems: list[str] = []
        self._captured(row)
        sales = {sale["number"]: sale for sale in self.world.all_of("/v1/sales") if sale["number"]}
        row.posted = len(sales)
        for name, value in (("captured", row.captured), ("pushed", row.pushed), ("posted", row.posted)):
            if value != len(wanted):
                problems.append(f"the file has {len(wanted)} documents that count, {value} {name}")
        points = self._points(row)
        problems += [problem for number, one in wanted.items() if (problem := self._wrong(one, points.get(number)))]
        made = [one for one in self.world.all_of("/v1/customers") if one["id"] not in before]
        problems += [f"customer {one['id']} of the file has no card" for one in made if not one["cards"]]
        row.differences = len(problems)
        return Result([row], problems, self.file.name, self._findings())

    def _findings(self) -> list[str]:
        """What the reader noticed about the file itself, as the agent's health shows it."""
        sources = requests.get(f"{self.world.agent_url}/health.json", timeout=30).json()["sources"]
        return [finding for source in sources for finding in source["findings"]]

    def _drain(self) -> None:
        for _ in range(_ROUNDS):
            done = self.world.admin("poll")
            if done["queue_depth"] == 0 and not any(report["captured"] for report in done["polled"].values()):
                return
        raise DemoError("the file is not through after many rounds")

    def _captured(self, row: Row) -> None:
        seen, done = set(), set()
        for event in exported(self.world):
            document = event["event"].get("document")
            if document:
                seen.add(document["source_id"])
                if event["state"] == "sent":
                    done.add(document["source_id"])
        row.captured, row.pushed = len(seen), len(done)

    def _points(self, row: Row) -> dict[str, int]:
        found: dict[str, int] = defaultdict(int)
        for customer in self.world.all_of("/v1/customers"):
            for move in self.world.all_of(f"/v1/customers/{customer['id']}/movements"):
                if move["number"]:
                    value = parse_scaled(move["points"], 3)
                    found[move["number"]] += value
                    row.points += value
        return found

    def _wrong(self, one: Plain, found: int | None) -> str:
        """A sale's points to the point; a return may take no more than its amount is worth; nothing for what was cancelled."""
        worth = points_of(self.programme, [Item("", one.cents)])
        if found is None:
            return ""  # the buyer is nobody: no account, no movement
        if one.status == "A":
            return f"{one.number} is cancelled and still has {found} points" if found else ""
        if one.kind in _RETURNS:
            return "" if -worth - 1000 <= found <= 0 else f"{one.number}: a return of {worth} took {-found}"
        return "" if found == worth else f"{one.number}: {worth} points (thousandths) expected, {found} found"
