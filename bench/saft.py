"""The SAF-T reader beside bare lxml iterparse over the same generated file.

    python bench/saft.py [--megabytes 12] [--huge 300]

Prints one JSON line per figure: {"name", "value", "baseline", "ratio", "unit"}. Baseline: `etree.iterparse` that sees every element
close and clears the invoices, which is what any reader in Python starts from; it makes no document, checks no sum, and repairs nothing.
CPU seconds on both sides, best of three. With --huge the memory of a process of its own is measured over a file of so many megabytes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from lxml import etree

from v5_core.model import Customer, CustomerRef, DocumentKind, FiscalKey, Line, Origin, Payment, PaymentMethod, Product, SalesDocument
from v5_core.sources.saft import read
from v5_core.testing import saft

LISBON = ZoneInfo("Europe/Lisbon")
START = datetime(2026, 1, 2, 9, tzinfo=UTC)
PRODUCTS = [Product(source="b", source_id=f"P{n}", code=f"P{n}", description=f"Artigo número {n}", family=f"F{n % 20}") for n in range(500)]
CUSTOMERS = [Customer(source="b", source_id=f"C{n}", name=f"Cliente {n} São João", tax_number=f"{200000000 + n}") for n in range(300)]


def sales(count: int) -> Iterator[SalesDocument]:
    """A shop's documents: one to six lines, a third of the customers known."""
    for number in range(1, count + 1):
        lines = []
        for row in range(1, number % 6 + 2):
            gross = 99 + (number * 37 + row * 211) % 4900
            code = PRODUCTS[(number * 7 + row) % 500]
            line = Line.model_construct(
                line_id=str(row),
                product=code.code,
                description=code.description,
                quantity=1000,
                gross=gross,
                net=round(gross / 1.23),
                discount=0,
                vat_rate=2300,
                reference=None,
            )
            lines.append(line)
        gross = sum(line.gross for line in lines)
        yield SalesDocument.model_construct(
            source="b",
            source_id=f"FS A/{number}",
            origin=Origin.ERP,
            kind=DocumentKind.SALE,
            document_type="FS",
            fiscal=FiscalKey(issuer="500000000", number=f"FS A/{number}", atcud=f"CDF7T5HD-{number}"),
            store="1",
            issued_at=START + timedelta(seconds=47 * number),
            customer=CustomerRef(erp=f"C{number % 300}" if number % 3 == 0 else None),
            lines=tuple(lines),
            refs=(),
            payments=(Payment(method=PaymentMethod.CARD, amount=gross),),
            gross=gross,
            net=sum(line.net for line in lines),
        )


def generate(path: Path, megabytes: int) -> int:
    documents = megabytes * 1_000_000 // 2700
    return saft.write(path, sales(documents), created=START.date(), customers=CUSTOMERS, products=PRODUCTS)


def bare(path: Path) -> int:
    count = 0
    for _, element in etree.iterparse(str(path), events=("end",)):
        if element.tag.endswith("}Invoice"):
            count += 1
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
    return count


def tagged(path: Path) -> int:
    """A harder baseline: libxml2 alone, with Python seeing invoices only."""
    count = 0
    for _, element in etree.iterparse(str(path), events=("end",), tag="{*}Invoice"):
        count += 1
        element.clear()
        while element.getprevious() is not None:
            del element.getparent()[0]
    return count


def ours(path: Path) -> int:
    return sum(1 for item in read(path, zone=LISBON) if isinstance(item, SalesDocument))


def seconds(work: Callable[[Path], int], path: Path, expected: int, rounds: int = 3) -> float:
    best = float("inf")
    for _ in range(rounds):
        began = time.process_time()
        if work(path) != expected:
            raise SystemExit(f"{work.__name__} did not find {expected} documents")
        best = min(best, time.process_time() - began)
    return best


def figure(name: str, value: float, baseline: float, unit: str, **more: object) -> None:
    print(
        json.dumps(
            {"name": name, "value": round(value, 2), "baseline": round(baseline, 2), "ratio": round(value / baseline, 3), "unit": unit}
            | more
        )
    )


def peak_kilobytes() -> int:
    """High-water mark of this process. Not getrusage's: that one remembers the process it was forked from."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    raise SystemExit("no VmHWM: the memory figure needs Linux")


def memory(path: Path) -> tuple[float, float]:
    """Peak memory (MB) and wall seconds of a process that reads the file."""
    began = time.monotonic()
    told = subprocess.run([sys.executable, __file__, "--read", str(path)], check=True, capture_output=True, text=True)
    return int(told.stdout) / 1024, time.monotonic() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=int, default=12)
    parser.add_argument("--huge", type=int, default=0)
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.read:
        ours(options.read)
        print(peak_kilobytes())
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "saft.xml"
        documents = generate(path, options.megabytes)
        size = path.stat().st_size / 1_000_000
        took = seconds(ours, path, documents)
        figure("saft reader / bare iterparse", size / took, size / seconds(bare, path, documents), "MB/s", aim=0.5)
        figure("saft reader / iterparse on invoices only", size / took, size / seconds(tagged, path, documents), "MB/s")
        small, _ = memory(path)
        if options.huge:
            documents = generate(path, options.huge)
            huge, wall = memory(path)
            size = path.stat().st_size / 1_000_000
            note = f"{size:.0f} MB, {documents} documents in {wall:.0f} s; baseline: the small file"
            figure("saft reader peak memory", huge, small, "MB", note=note)


if __name__ == "__main__":
    main()
