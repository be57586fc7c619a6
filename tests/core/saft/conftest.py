"""SAF-T files written by our own generator: documents, a month of them, and what the reader makes of the bytes."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import pytest

from v5_core.model import (
    Customer,
    CustomerRef,
    DocumentKind,
    DocumentStatus,
    FiscalKey,
    Line,
    Origin,
    Payment,
    PaymentMethod,
    Product,
    Reference,
    SalesDocument,
)
from v5_core.sources.saft import Contents, read
from v5_core.testing import saft

LISBON = ZoneInfo("Europe/Lisbon")
MADE = date(2026, 3, 31)
NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
ISSUER = "500000000"
CUSTOMERS = (
    Customer(source="x", source_id="C1", name="Conceição & Filhos, Lda.", tax_number="509442013", email="geral@exemplo.pt"),
    Customer(source="x", source_id="C2", name="João Ávila", tax_number="123456789", phone="912345678"),
)
PRODUCTS = (
    Product(source="x", source_id="P1", code="P1", description="Café moído 250 g", family="CAFE", ean="5601234567892"),
    Product(source="x", source_id="P2", code="P2", description="Pão de ló"),
)


class MakeLine(Protocol):
    """A line; `more` are fields of `Line`."""

    def __call__(self, number: int, gross: int, product: str = "P1", rate: int = 2300, **more: object) -> Line: ...


class MakeSale(Protocol):
    """A document; `more` are fields of `SalesDocument`."""

    def __call__(self, number: str, *lines: Line, **more: object) -> SalesDocument: ...


class Write(Protocol):
    """The file of these documents; `how` goes to the generator."""

    def __call__(self, *documents: SalesDocument, **how: Any) -> bytes: ...


class Read(Protocol):
    """What the reader makes of a file; `how` goes to it."""

    def __call__(self, body: bytes, **how: Any) -> Contents: ...


class Codes(Protocol):
    """Findings by their code."""

    def __call__(self, found: Contents) -> dict[str, str]: ...


@pytest.fixture(scope="session")
def line() -> MakeLine:
    def make(number: int, gross: int, product: str = "P1", rate: int = 2300, **more: object) -> Line:
        net = round(gross * 10_000 / (10_000 + rate))
        fields = {"line_id": str(number), "product": product, "description": "Café", "gross": gross, "net": net, "vat_rate": rate}
        return Line.model_validate(fields | more)

    return make


@pytest.fixture(scope="session")
def sale(line: MakeLine) -> MakeSale:
    def make(number: str, *lines: Line, **more: object) -> SalesDocument:
        lines = lines or (line(1, 1230),)
        fields: dict[str, object] = {
            "source": "saft",
            "source_id": number,
            "origin": Origin.SAFT,
            "kind": DocumentKind.SALE,
            "document_type": "FS",
            "fiscal": FiscalKey(issuer=ISSUER, number=number, atcud=f"CDF7T5HD-{number.rpartition('/')[2]}"),
            "store": "1",
            "operator": "Ana",
            "issued_at": NOON,
            "lines": lines,
            "payments": (Payment(method=PaymentMethod.CASH, amount=sum(row.gross for row in lines)),),
            "gross": sum(row.gross for row in lines),
            "net": sum(row.net for row in lines),
        }
        return SalesDocument.model_validate(fields | more)

    return make


@pytest.fixture(scope="session")
def written() -> Write:
    def make(*documents: SalesDocument, **how: Any) -> bytes:
        buffer = io.BytesIO()
        arguments: dict[str, Any] = {"created": MADE, "customers": CUSTOMERS, "products": PRODUCTS}
        saft.write(buffer, documents, **(arguments | how))
        return buffer.getvalue()

    return make


@pytest.fixture(scope="session")
def contents() -> Read:
    def make(body: bytes, **how: Any) -> Contents:
        return read(io.BytesIO(body), zone=LISBON, **how).contents()

    return make


@pytest.fixture(scope="session")
def codes() -> Codes:
    def make(found: Contents) -> dict[str, str]:
        return {finding.code: finding.message for finding in found.findings}

    return make


@pytest.fixture(scope="session")
def month(sale: MakeSale, line: MakeLine) -> tuple[SalesDocument, ...]:
    """Two sales, a cancelled one and a credit note."""
    return (
        sale("FS A/1", line(1, 1230), line(2, 599, "P2", 600, quantity=755), customer=CustomerRef(erp="C1", tax_number="509442013")),
        sale("FS A/2", line(1, 333, quantity=3000), customer=CustomerRef(erp="C2", tax_number="123456789")),
        sale(
            "FS A/3",
            line(1, 1000, discount=123),
            status=DocumentStatus.CANCELLED,
            cancelled_at=NOON + timedelta(days=9),
            cancel_reason="Engano",
        ),
        sale(
            "NC A/1",
            line(1, 333, quantity=3000, reference=Reference(document="FS A/2")),
            kind=DocumentKind.RETURN,
            document_type="NC",
            refs=(Reference(document="FS A/2"),),
            customer=CustomerRef(erp="C2", tax_number="123456789"),
        ),
    )


@pytest.fixture(scope="session")
def signed_month(written: Write, month: tuple[SalesDocument, ...]) -> bytes:
    return written(*month, signer=saft.Signer())
