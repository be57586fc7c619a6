"""A draft tried on past sales: documents a second, beside bare reading of the same documents.

    python bench/simulation.py [--documents 50000] [--workers 0] [--rounds 3] [--postgres]
    python bench/simulation.py --documents 1000000 --rounds 0      # every core, once, with a progress bar

Prints one JSON line per figure: {"name", "value", "baseline", "ratio", "unit"}. The documents are generated: one to six lines, 90 days,
four fifths with one of 2,000 customers. Baselines, over the same rows: fetched and parsed as JSON (orjson), nothing else; and fetched and
read as checked documents, which is what any use of them starts from. One core: CPU seconds of this process, in turns, the best of three.
All cores: wall seconds, their starting included, which say little on a machine that does something else too; and the CPU seconds of all
processes together, beside those of one.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import insert

from v5_cloud.kit.container import Container, build
from v5_cloud.kit.settings import Settings
from v5_cloud.kit.tenant import Scope
from v5_cloud.migrations import migrate
from v5_cloud.models import CustomerRow, DocumentRow
from v5_cloud.sample import load, programme
from v5_cloud.simulation import service
from v5_cloud.simulation.commands import bar
from v5_cloud.simulation.repository import PastRepository
from v5_cloud.simulation.running import Past, processors, run
from v5_cloud.simulation.schemas import Asked, SimulationOrder
from v5_core.model import SalesDocument
from v5_core.programme import EarnPerAmount, PercentOffer, Programme, Selector

CUSTOMERS = 2_000
FAMILIES = ("mercearia", "vinhos", "cosmetica", "livros", "tabaco")
START = datetime(2026, 9, 1, 9, tzinfo=UTC)
ASKED = Asked(date(2026, 8, 1), date(2026, 12, 31))


def draft() -> Programme:
    """Half as much again for money spent, wines at 10 instead of 5 percent, and a fifth off cosmetics from 30.00 on."""
    now = programme()
    euro = next(one for one in now.earning if isinstance(one, EarnPerAmount))
    offers = tuple(one.model_copy(update={"percent": 1000}) for one in now.offers if isinstance(one, PercentOffer))
    fifth = PercentOffer(
        id="cosmetica-20", title="20 % em cosmética", percent=2000, minimum=3000, selector=Selector(families=("cosmetica",))
    )
    return now.model_copy(update={"version": 7, "earning": (euro.model_copy(update={"points": 1500}),), "offers": (*offers, fifth)})


def body(number: int) -> dict[str, Any]:
    """A sale as the database keeps it."""
    lines: list[dict[str, Any]] = []
    for row in range(1, number % 6 + 2):
        gross = 99 + (number * 37 + row * 211) % 4900
        off = gross // 20 if row == 2 else 0
        lines.append(
            {
                "line_id": str(row), "product": f"P{(number * 7 + row) % 500}", "description": "Artigo", "brand": "", "ean": None,
                "family": FAMILIES[(number + row) % 5], "kind": "product", "quantity": "1", "gross": money(gross - off),
                "net": money((gross - off) * 100 // 123), "discount": money(off), "vat_rate": "23", "tags": [], "reference": None,
            }
        )  # fmt: skip
    gross = sum(round(float(one["gross"]) * 100) for one in lines)
    net = sum(round(float(one["net"]) * 100) for one in lines)
    return {
        "source": "b", "source_id": str(number), "origin": "erp", "kind": "sale", "status": "issued", "fiscal": None, "document_type": "FS",
        "store": "LX1" if number % 2 else "PT2", "till": "1", "operator": "", "issued_at": at(number).isoformat(), "doubtful_time": False,
        "currency": "EUR", "customer": {}, "lines": lines, "payments": [{"method": "card", "amount": money(gross)}], "refs": [],
        "applied": [], "gross": money(gross), "net": money(net), "cancelled_at": None, "cancel_reason": "",
    }  # fmt: skip


def money(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02d}"


def at(number: int) -> datetime:
    return START + timedelta(minutes=(number * 7919) % (90 * 1440))


def customer_of(number: int) -> str | None:
    return f"c-bench-{number * 31 % CUSTOMERS:06d}" if number % 5 else None


def rows(scope: Scope, count: int) -> Iterator[dict[str, Any]]:
    for number in range(count):
        made = body(number)
        issued = at(number)
        yield {
            "tenant_id": scope.tenant, "id": f"d-bench-{number:09d}", "company_id": scope.company, "store": made["store"], "till": "1",
            "number": f"FS B/{number}", "document_type": "FS", "kind": "sale", "status": "issued", "state": "settled", "issued_at": issued,
            "business_day": issued.date(), "currency": "EUR", "gross": round(float(made["gross"]) * 100),
            "net": round(float(made["net"]) * 100), "customer_id": customer_of(number), "account_id": None, "origins": "erp",
            "points_earned": 0, "points_spent": 0, "revision": "", "has_returns": False, "merged_into": None, "keys": [], "body": made,
            "parts": {}, "links": [], "settlement": {}, "extras": {}, "answer": {}, "created_at": issued, "updated_at": issued,
        }  # fmt: skip


def fill(held: Container, scope: Scope, count: int) -> None:
    """Puts customers and documents into the database."""
    with held.database.write(scope) as session:
        connection = session.connection()
        now = held.clock()
        people = [
            {
                "tenant_id": scope.tenant, "id": f"c-bench-{number:06d}", "company_id": scope.company, "name": f"Cliente {number}",
                "search": f"cliente {number}", "tax_country": "PT", "keys": [], "card_types": ["points"], "rates": [], "created_at": now,
                "updated_at": now, "member_since": now.date(),
            }
            for number in range(CUSTOMERS)
        ]  # fmt: skip
        connection.execute(insert(CustomerRow), people)
        batch: list[dict[str, Any]] = []
        for row in rows(scope, count):
            batch.append(row)
            if len(batch) == 2_000:
                connection.execute(insert(DocumentRow), batch)
                batch = []
        if batch:
            connection.execute(insert(DocumentRow), batch)


def bare(held: Container, past: Past, read: Callable[[str], object]) -> int:
    """Fetches the same rows and reads each body."""
    count = 0
    with held.database.read(past.scope) as session:
        repository = PastRepository(session, past.scope)
        for chunk in list(repository.chunks(past.asked, 2_000)):
            for _, _, _, text in repository.documents(past.asked, chunk):
                read(text)
                count += 1
    return count


def children() -> float:
    """CPU seconds of the processes that ended."""
    times = os.times()
    return times.children_user + times.children_system


def figure(name: str, value: float, baseline: float, unit: str, **more: Any) -> None:
    ratio = round(value / baseline, 3)
    print(
        json.dumps({"name": name, "value": round(value, 1), "baseline": round(baseline, 1), "ratio": ratio, "unit": unit, **more}),
        flush=True,
    )


@contextmanager
def database(folder: Path, *, postgres: bool) -> Iterator[str]:
    if not postgres:
        yield f"sqlite:///{folder / 'v5.sqlite'}"
        return
    from _cloud import cloud

    with cloud(4) as held:
        yield held.database_url


def measure(url: str, documents: int, workers: int, rounds: int) -> None:
    held = build(Settings(database_url=url))
    try:
        migrate(held.settings)
        sample = load(held, customers=4)
        scope = Scope(sample["tenant"], sample["company"])
        fill(held, scope, documents)
        order = SimulationOrder(programme=draft(), since=ASKED.since, until=ASKED.until)
        past = service.past_of(held, scope, draft(), service.asked_of(held, scope, order))
        processes = max(2, workers or processors())
        if not rounds:
            once(held, past, documents, processes)
            return
        found: dict[str, list[float]] = {}
        report = run(held, past, workers=1)
        if report.total.documents != documents or not report.winners:
            raise SystemExit("the simulation did not see every document")
        ways: dict[str, Callable[[], object]] = {
            "json": lambda: bare(held, past, orjson.loads),
            "documents": lambda: bare(held, past, SalesDocument.model_validate_json),
            "simulation": lambda: run(held, past, workers=1),
        }
        for _ in range(rounds):
            for name, work in ways.items():
                began = time.process_time()
                work()
                found.setdefault(name, []).append(time.process_time() - began)
        rate = {name: documents / min(seconds) for name, seconds in found.items()}
        shape = {"differing": report.total.differing, "winners": report.winners, "losers": report.losers}
        unit = "documents per CPU second"
        figure("simulation, one core / bare reading as JSON", rate["simulation"], rate["json"], unit, **shape)
        figure("simulation, one core / reading as checked documents", rate["simulation"], rate["documents"], unit)
        wall = time.perf_counter()
        bare(held, past, orjson.loads)
        alone = documents / (time.perf_counter() - wall)
        before, wall = children(), time.perf_counter()
        if run(held, past, workers=processes) != report:
            raise SystemExit("several processes came to other figures")
        spread = documents / (time.perf_counter() - wall)
        figure(f"simulation, {processes} processes / bare reading as JSON in one", spread, alone, "documents per second")
        together = documents / (children() - before)
        figure(f"simulation, CPU of {processes} processes together / of one", together, rate["simulation"], unit)
    finally:
        held.database.dispose()


def once(held: Container, past: Past, documents: int, processes: int) -> None:
    """One run over many documents, as the command line does it."""
    wall = time.perf_counter()
    bare(held, past, orjson.loads)
    alone = documents / (time.perf_counter() - wall)
    before, wall = children(), time.perf_counter()
    with bar(f"{documents} documents") as told:
        report = run(held, past, workers=processes, progress=told)
    if report.total.documents != documents or not report.winners:
        raise SystemExit("the simulation did not see every document")
    seconds = time.perf_counter() - wall
    memory = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) // 1024
    note = f"{seconds:.0f} s in all, {children() - before:.0f} CPU seconds, at most {memory} MB in a process"
    figure(
        f"simulation of {documents} documents, {processes} processes / bare reading as JSON in one", documents / seconds, alone,
        "documents per second", note=note, differing=report.total.differing, winners=report.winners, losers=report.losers,
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--documents", type=int, default=50_000)
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--postgres", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, database(Path(folder), postgres=options.postgres) as url:
        measure(url, options.documents, options.workers, options.rounds)


if __name__ == "__main__":
    main()
