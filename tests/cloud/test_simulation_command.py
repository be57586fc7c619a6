"""`v5-cloud programme simulate`: over a SAF-T file without any database, and over a company's documents; a table and JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from v5_cloud.cli import app
from v5_core.model import Customer, CustomerRef, DocumentKind, FiscalKey, Line, Origin, SalesDocument
from v5_core.programme import EarnPerAmount, PercentOffer, Programme, Redemption
from v5_core.testing import saft

if TYPE_CHECKING:
    from tests.cloud.conftest import Service, Start

START = datetime(2026, 9, 1, 10, tzinfo=UTC)


def club(folder: Path, version: int, points: int, *offers: PercentOffer) -> str:
    earning = (EarnPerAmount(id="euro", title="Points", points=points, amount=100),)
    made = Programme(
        id="cartao-cliente", version=version, name="Club", earning=earning, offers=offers, redemption=Redemption(points=100_000, amount=500)
    )
    path = folder / f"v{version}.json"
    path.write_text(made.model_dump_json())
    return str(path)


def run(*words: str) -> str:
    reply = CliRunner().invoke(app, ["programme", "simulate", *words])
    assert reply.exit_code == 0, reply.output
    return reply.stdout


@pytest.fixture
def month(tmp_path: Path) -> str:
    """Ten sales of two customers and of nobody."""
    documents = []
    for number in range(1, 11):
        line = Line(line_id="1", product="P1", description="Coffee", gross=1230, net=1000, vat_rate=2300)
        documents.append(
            SalesDocument(
                source="s", source_id=f"FS A/{number}", origin=Origin.SAFT, kind=DocumentKind.SALE, document_type="FS", store="1",
                fiscal=FiscalKey(issuer="500000000", number=f"FS A/{number}"), issued_at=START + timedelta(days=number), lines=(line,),
                gross=1230, net=1000, customer=CustomerRef(erp=f"C{number % 3}") if number % 3 else CustomerRef(),
            )
        )  # fmt: skip
    path = tmp_path / "saft.xml"
    people = [
        Customer(source="s", source_id=f"C{number}", name=f"Customer {number}", tax_number=f"{501964843 + number}") for number in (1, 2)
    ]
    saft.write(path, documents, created=START.date(), customers=people, products=[])
    return str(path)


@pytest.mark.feature("NX-06", "NX-02")
def test_a_saft_file_needs_no_database(tmp_path: Path, month: str) -> None:
    today, draft = club(tmp_path, 1, 1000), club(tmp_path, 2, 1000, PercentOffer(id="tenth", title="A tenth off", percent=1000))
    found: dict[str, Any] = json.loads(run(draft, "--saft", month, "--against", today, "--json"))
    total = found["total"]
    assert (total["documents"], total["differing"], total["gross"]) == (10, 7, "123.00")
    assert (total["base"]["points"], total["draft"]["points"]) == (str(7 * 12), str(7 * 11)), "12.30 earns 12, 11.07 earns 11"
    assert total["draft"]["discount"] == "8.61"
    assert (found["winners"], found["losers"], found["unchanged"]) == (2, 0, 0)
    told = run(draft, "--saft", month, "--against", today)
    for words in ("cartao-cliente 2", "10 documents", "A tenth off", "Biggest winners", "2 customers get more", "draft: A tenth off: 10%"):
        assert words in told
    nothing = json.loads(run(draft, "--saft", month, "--against", today, "--store", "elsewhere", "--json"))
    assert nothing["total"]["documents"] == 0
    days = json.loads(run(draft, "--saft", month, "--against", today, "--since", "2026-09-04", "--until", "2026-09-06", "--json"))
    assert days["total"]["documents"] == 3


@pytest.mark.feature("NX-06")
def test_the_documents_of_a_company(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    service: Service = start(f"sqlite:///{tmp_path / 'v5.sqlite'}")
    till = service.till()
    till.clock.now = datetime.now(UTC)
    for index in range(4):
        member = {"card": till.customer(index)["card"]}
        till.commit(till.document(f"FS {index}", [("CAFE-250", "mercearia", "10.00")], customer=member))
    monkeypatch.setenv("V5_DATABASE_URL", service.settings.database_url)
    draft = club(tmp_path, 2, 3000)
    found = json.loads(run(draft, "--json", "--workers", "1"))
    assert (found["base_versions"], found["draft_versions"]) == (["cartao-cliente 1"], ["cartao-cliente 2"])
    assert (found["total"]["base"]["points"], found["total"]["draft"]["points"], found["winners"]) == ("40", "120", 4)
    day = (till.clock.now - timedelta(days=3)).date().isoformat()
    assert json.loads(run(draft, "--until", day, "--json", "--workers", "1"))["total"]["documents"] == 0
    wrong = CliRunner().invoke(app, ["programme", "simulate", draft, "--store", "XX"])
    assert (wrong.exit_code, "no store 'XX'" in wrong.output) == (1, True)
    (tmp_path / "broken.json").write_text("{}")
    broken = CliRunner().invoke(app, ["programme", "simulate", str(tmp_path / "broken.json")])
    assert broken.exit_code == 1
    assert "id" in broken.output
