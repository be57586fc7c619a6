"""The demo as a newcomer meets it."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

from v5_core.model import Customer, CustomerRef, DocumentKind, DocumentStatus, FiscalKey, Line, Origin, Reference, SalesDocument
from v5_core.testing import saft
from v5_tools.demo.expect import Expected
from v5_tools.demo.report import Row, _compare

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime.now(UTC).replace(microsecond=0)


def sale(number: int, customer: str, cents: int, **update: object) -> SalesDocument:
    line = Line(line_id="1", product="P1", description="Café", gross=cents, net=cents * 100 // 123, vat_rate=2300)
    return SalesDocument(
        source="saft",
        source_id=f"FT A/{number}",
        origin=Origin.SAFT,
        kind=DocumentKind.SALE,
        fiscal=FiscalKey(issuer="500000000", number=f"FT A/{number}"),
        document_type="FT",
        store="1",
        issued_at=NOW - timedelta(days=1, minutes=60 - number),
        customer=CustomerRef(erp=customer),
        lines=(line,),
        gross=line.gross,
        net=line.net,
    ).model_copy(update=update)


def write_file(path: Path) -> None:
    """A month of somebody's shop: three customers, one cancelled sale, one credit note; and a banner that a browser put before the XML."""
    customers = [
        Customer(source="saft", source_id=str(n), name=f"Cliente {n}", tax_number=tax) for n, tax in ((1, "123456789"), (2, "234567899"))
    ]
    documents = [
        sale(1, "1", 1999),
        sale(2, "2", 4250),
        sale(3, "1", 1000, status=DocumentStatus.CANCELLED, cancelled_at=NOW, cancel_reason="Engano"),
        sale(4, "0", 700),
    ]
    note = sale(
        5,
        "2",
        4250,
        kind=DocumentKind.RETURN,
        document_type="NC",
        fiscal=FiscalKey(issuer="500000000", number="NC A/1"),
        source_id="NC A/1",
    )
    line = note.lines[0].model_copy(update={"reference": Reference(document="FT A/2")})
    documents.append(note.model_copy(update={"lines": (line,)}))
    saft.write(path, documents, created=NOW.date(), customers=customers, encoding="utf-8")
    path.write_bytes(b"This XML file does not appear to have any style information\n" + path.read_bytes())


@contextlib.contextmanager
def start(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A demo that is ended whatever the test finds."""
    demo = subprocess.Popen(
        [sys.executable, "-m", "v5_tools.demo", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "tools"), "COLUMNS": "120", "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with demo:
        try:
            yield demo
        finally:
            demo.terminate()


@pytest.mark.feature("NX-02", "AR-02", "V5-05", "V5-04")
def test_somebodys_own_saft_file_gives_cards_and_points(tmp_path: Path) -> None:
    file = tmp_path / "own.xml"
    write_file(file)
    before = file.read_bytes()
    with start("--once", "--saft", str(file)) as demo:
        said, _ = demo.communicate(timeout=240)
    assert demo.returncode == 0, said
    assert "Everything agrees." in said
    # 19 points for 19.99; 42 for 42.50, which the credit note takes back; none for the cancelled one and for nobody
    assert re.search(r"GRID \(SAF-T\)\W+5\W+5\W+5\W+19\W+0\W+0\b", said), said
    assert file.read_bytes() == before


@pytest.mark.feature("V5-06", "NX-01", "NX-03")
def test_the_demo_stays_up_and_ctrl_c_ends_every_process() -> None:
    with start() as demo:
        assert demo.stdout is not None
        lines: list[str] = []
        for line in demo.stdout:
            lines.append(line)
            if "Ctrl-C ends everything" in line:
                break
        said = "".join(lines)
        assert "Everything agrees." in said, said
        addresses = re.findall(r"http://127\.0\.0\.1:\d+\S*", said)
        assert len(addresses) == 4, said
        assert all(requests.get(address, timeout=20).status_code == 200 for address in addresses)
        children = descendants(demo.pid)
        assert len(children) >= 3
        demo.send_signal(signal.SIGINT)
        assert demo.wait(60) == 0
    deadline = time.monotonic() + 10
    while left := [pid for pid in children if Path(f"/proc/{pid}").exists()]:
        assert time.monotonic() < deadline, f"still there: {left}"


def descendants(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in map(int, (task / "children").read_text().split()):
            found += [child, *descendants(child)]
    return found


def test_a_difference_is_said_in_words() -> None:
    expected = Expected()
    expected.document("PHC", "c1", 9000)
    row = Row("PHC", captured=1, pushed=1, posted=1, points=8000)
    assert _compare(row, expected) == ["PHC: 9 points expected, 8 found"]
    assert row.differences == 1
