"""SAF-T (PT) as shops really export it: every version, every habit and defect met, on files that our own generator writes."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from v5_core.errors import ConfigError, ValidationError
from v5_core.model import (
    Customer,
    CustomerRef,
    DocumentKind,
    DocumentStatus,
    FiscalKey,
    Line,
    LineKind,
    Origin,
    Payment,
    PaymentMethod,
    Product,
    Reference,
    SalesDocument,
)
from v5_core.plugins import Rejected
from v5_core.sources.saft import Contents, Finding, read
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


def line(number: int, gross: int, product: str = "P1", rate: int = 2300, **more: object) -> Line:
    net = round(gross * 10_000 / (10_000 + rate))
    fields = {"line_id": str(number), "product": product, "description": "Café", "gross": gross, "net": net, "vat_rate": rate}
    return Line.model_validate(fields | more)


def sale(number: str, *lines: Line, **more: object) -> SalesDocument:
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


def written(*documents: SalesDocument, **how: object) -> bytes:
    buffer = io.BytesIO()
    arguments: dict[str, object] = {"created": MADE, "customers": CUSTOMERS, "products": PRODUCTS}
    saft.write(buffer, documents, **(arguments | how))  # type: ignore[arg-type]
    return buffer.getvalue()


def contents(body: bytes, **how: object) -> Contents:
    return read(io.BytesIO(body), zone=LISBON, **how).contents()  # type: ignore[arg-type]


def codes(found: Contents) -> dict[str, str]:
    return {finding.code: finding.message for finding in found.findings}


MONTH = (
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


@pytest.mark.feature("NX-02")
@pytest.mark.parametrize("encoding", ["windows-1252", "utf-8", "utf-8-sig", "iso-8859-1", "utf-16"])
@pytest.mark.parametrize("version", saft.VERSIONS)
def test_every_version_and_encoding_gives_the_same_sales(version: str, encoding: str) -> None:
    body = written(*MONTH, version=version, encoding="utf-8" if encoding in {"utf-8-sig", "utf-16"} else encoding)
    if encoding == "utf-8-sig":
        body = b"\xef\xbb\xbf" + body
    elif encoding == "utf-16":
        body = body.decode().replace('"utf-8"', '"utf-16"').encode("utf-16")
    found = contents(body)
    assert (found.header.version, found.header.tax_number, found.rejected) == (version, ISSUER, ())
    assert [customer.name for customer in found.customers] == ["Conceição & Filhos, Lda.", "João Ávila"]
    assert [product.ean for product in found.products] == ["5601234567892", None]
    for sent, got in zip(MONTH, found.documents, strict=True):
        assert got.keys[0] == f"fiscal:{ISSUER}:{sent.source_id}"
        for name in ("kind", "status", "document_type", "gross", "net", "customer", "refs", "issued_at"):
            assert getattr(got, name) == getattr(sent, name), name
        for before, after in zip(sent.lines, got.lines, strict=True):
            assert (after.gross, after.net, after.quantity, after.vat_rate) == (before.gross, before.net, before.quantity, before.vat_rate)
            assert (after.description, after.reference) == (before.description, before.reference)
            assert abs(after.discount - before.discount) <= 1
        assert got.lines[0].family == "CAFE"
        if version >= "1.02":
            assert got.payments == sent.payments
            assert got.cancelled_at == sent.cancelled_at
            assert got.cancel_reason == sent.cancel_reason
        if version >= "1.04":
            assert got.fiscal is not None
            assert sent.fiscal is not None
            assert got.fiscal.atcud == sent.fiscal.atcud


def test_a_second_sale_of_the_same_company_is_one_document_with_what_the_printer_saw() -> None:
    found = contents(written(MONTH[0]))
    printed = sale("FS A/1", origin=Origin.PRINT, source="print", source_id="job-7", fiscal=FiscalKey(issuer=ISSUER, number="fs  a/1"))
    assert found.documents[0].keys[0] == printed.keys[0]


def test_what_sage_50c_writes_is_read() -> None:
    """No declaration, a browser's banner, bare ampersands, no products."""
    body = written(*MONTH, encoding="utf-8", declaration=False, sections=("customers", "documents")).replace(b"&amp;", b"&")
    banner = b"This XML file does not appear to have any style information associated with it. The document tree is shown below.\n"
    found = contents(banner + body)
    assert [document.gross for document in found.documents] == [document.gross for document in MONTH]
    assert found.customers[0].name == "Conceição & Filhos, Lda."
    assert {"junk_before_root", "no_declaration", "bare_ampersands", "no_products"} <= codes(found).keys()
    assert {row.family for document in found.documents for row in document.lines} == {""}


def test_what_a_shop_till_of_1_02_writes_is_read() -> None:
    """Hash 0, every product "0 DIVERSOS", the anonymous buyer."""
    found = contents(written(*(sale(f"FT 1/{n}", line(1, 100 + n, "0"), document_type="FT") for n in range(1, 40)), version="1.02_01"))
    assert len(found.documents) == 39
    assert all(document.customer.is_anonymous for document in found.documents)
    assert all(document.fiscal and document.fiscal.hash4 is None for document in found.documents)
    assert "unsigned" in codes(found)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (lambda body: body.replace(b'"utf-8"', b'"windows-1252"').decode().encode("cp1252"), None),
        (lambda body: body.decode().encode("cp1252"), "wrong_encoding"),
        (lambda body: body.replace(b' encoding="utf-8"', b"").decode().encode("cp1252"), "wrong_encoding"),
        (lambda body: body.replace(b'"utf-8"', b'"klingon"'), None),
        (lambda body: b"\r\n\r\n" + body, None),
        (lambda body: body.replace(b'"utf-8"', b'"windows-1252"'), "really_utf8"),
        (lambda body: body + b"\x1a\x00\x00", "forbidden_characters"),
        (lambda body: body + b"<!-- saved --> trailing words & more", "junk_after_root"),
        (lambda body: body.replace(b"<NetTotal>", b"<NetTotals>").replace(b"</NetTotal>", b"</NetTotals>"), None),
        (lambda body: body.replace("Café".encode(), b"Caf\x01\x02\xc3\xa9&#3;"), "forbidden_characters"),
        (lambda body: re.sub(rb"<(/?)(?=[A-Z])", rb"<\1n:", body).replace(b"xmlns=", b"xmlns:n="), None),
        (lambda body: body.replace(b' xmlns="urn:OECD:StandardAuditFile-Tax:PT_1.04_01"', b""), None),
    ],
)
def test_encodings_and_namespaces_that_are_not_as_declared(body: Callable[[bytes], bytes], code: str | None) -> None:
    found = contents(body(written(*MONTH, encoding="utf-8")))
    assert [row.name for row in found.customers] == ["Conceição & Filhos, Lda.", "João Ávila"]
    assert [row.lines[0].description for row in found.documents] == ["Café"] * 4
    assert code is None or code in codes(found)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7])
def test_repairs_do_not_depend_on_where_a_chunk_ends(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("v5_core.sources.saft._stream._HEAD", 120)
    monkeypatch.setattr("v5_core.sources.saft._reader._CHUNK", size)
    body = written(MONTH[0], encoding="utf-8").replace("Café".encode(), "Caf\u00e9 & ch\u00e1 &lt; &nbsp; &#233; R&D;".encode())
    assert contents(body).documents[0].lines[0].description == "Café & chá < &nbsp; é R&D;"


@pytest.mark.parametrize("sections", [("documents", "customers", "products"), ("products", "documents", "customers")])
def test_customers_after_the_documents_are_still_theirs(sections: tuple[str, ...]) -> None:
    found = contents(written(*MONTH, sections=sections))
    assert found.documents[0].customer == CustomerRef(erp="C1", tax_number="509442013")
    assert found.documents[0].lines[0].family == "CAFE"
    assert len(found.customers) == 2


def test_the_type_decides_and_not_the_prefix_or_the_signs() -> None:
    body = written(
        sale("FA 2026/1", document_type="FT"),
        sale("FT 2026/1", kind=DocumentKind.RETURN, document_type="NC"),
        sale("NC 2026/1", document_type="FR"),
        sale("VD 2026/1", kind=DocumentKind.RETURN, document_type="TD"),
        sale("DV 2026/1", kind=DocumentKind.RETURN, document_type="NC"),
    )
    start = body.index(b"DV 2026/1")
    body = body[:start] + re.sub(rb"<(DebitAmount|GrossTotal|NetTotal|TaxPayable)>", rb"<\1>-", body[start:])
    found = contents(body)
    assert [document.kind.value for document in found.documents] == ["sale", "return", "sale", "return", "return"]
    assert {document.gross for document in found.documents} == {1230}
    assert {row.gross for document in found.documents for row in document.lines} == {1230}


def test_statuses() -> None:
    bodies = [written(sale(f"FS A/{n}")).split(b"<Invoice>")[1].split(b"</Invoice>")[0] for n in range(1, 7)]
    changed = [body.replace(b"Status>N<", f"Status>{letter}<".encode()) for body, letter in zip(bodies, "NSARFX", strict=True)]
    whole = written(sale("FS A/1"))
    body = whole.split(b"<Invoice>")[0] + b"".join(b"<Invoice>" + part + b"</Invoice>" for part in changed) + whole.split(b"</Invoice>")[1]
    found = contents(body)
    assert [(row.source_id, row.status.value) for row in found.documents] == [
        ("FS A/1", "issued"),
        ("FS A/2", "issued"),
        ("FS A/3", "cancelled"),
        ("FS A/5", "issued"),
    ]
    assert [(row.ref, row.code) for row in found.rejected] == [("FS A/6", "status")]
    assert "FS A/4" in codes(found)["summary"]
    assert "FS A/5" in codes(found)["billed_again"]


def test_a_line_against_the_direction_is_a_discount_on_the_others() -> None:
    body = written(sale("FS A/1", line(1, 1000, "P1"), line(2, 500, "P2"), line(3, 300, "DESC")))
    start = body.index(b"<LineNumber>3<")
    body = body[:start] + body[start:].replace(b"CreditAmount", b"DebitAmount")
    body = body.replace(b"<GrossTotal>18.00<", b"<GrossTotal>12.00<")
    body = re.sub(rb"<NetTotal>[0-9.]+<", b"<NetTotal>9.76<", body)
    found = contents(body)
    (document,) = found.documents
    assert [(row.product, row.gross, row.net) for row in document.lines] == [("P1", 800, 651), ("P2", 400, 325)]
    assert sum(row.discount for row in document.lines) == 244
    assert "negative_lines" in codes(found)


def test_a_bad_document_is_named_and_the_rest_goes_on() -> None:
    body = written(*(sale(f"FS A/{n}") for n in range(1, 9)))
    for number, (old, new) in {
        2: (b"<GrossTotal>12.30<", b"<GrossTotal>doze<"),
        3: (b"<InvoiceType>FS<", b"<InvoiceType>ZZ<"),
        4: (b"<InvoiceDate>2026-03-14<", b"<InvoiceDate>14/03/2026<"),
        5: (b"<InvoiceNo>FS A/5</InvoiceNo>", b""),
        6: (b"<TaxPercentage>23<", b"<TaxPercentage>23%<"),
        7: (b"<GrossTotal>12.30</GrossTotal>", b""),
    }.items():
        start = body.index(f"<InvoiceNo>FS A/{number}<".encode())
        body = body[:start] + body[start:].replace(old, new, 1)
    found = contents(body)
    assert [document.source_id for document in found.documents] == ["FS A/1", "FS A/8"]
    assert [rejected.ref for rejected in found.rejected] == ["FS A/2", "FS A/3", "FS A/4", "Invoice 5", "FS A/6", "FS A/7"]
    for row, rejected in enumerate(found.rejected, start=2):
        assert re.match(rf"Invoice {row} \(line \d+ of the file\): ", rejected.message)
        assert rejected.code
        assert "<InvoiceType>" in rejected.raw


def test_a_file_that_breaks_off_gives_what_stands_before() -> None:
    body = written(*(sale(f"FS A/{n}") for n in range(1, 9)))
    cut = body[: body.index(b"<InvoiceNo>FS A/6<") + 200]
    items: list[object] = []
    with pytest.raises(ValidationError, match=r"line \d+") as caught:
        items.extend(read(io.BytesIO(cut), zone=LISBON))
    assert caught.value.error_code == "malformed_xml"
    assert [item.source_id for item in items if isinstance(item, SalesDocument)] == [f"FS A/{n}" for n in range(1, 6)]
    assert any(isinstance(item, Finding) and item.code == "total_entries" for item in items)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "not_saft"),
        (b"PK\x03\x04 a zip", "not_saft"),
        (b"<html><body>503</body></html>", "not_saft"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><AuditFile>&a;</AuditFile>', None),
        (b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><AuditFile>&a;</AuditFile>', "doctype"),
    ],
)
def test_what_is_no_saft_file_is_said_so(body: bytes, code: str | None) -> None:
    if code is None:
        assert contents(body).documents == ()  # what stood before the root is not read at all
        return
    with pytest.raises(ValidationError) as caught:
        contents(body)
    assert caught.value.error_code == code


def test_local_times_and_the_hour_that_exists_twice() -> None:
    first = datetime(2025, 10, 26, 0, 30, tzinfo=UTC)
    found = contents(written(sale("FS A/1", issued_at=first), sale("FS A/2", issued_at=first + timedelta(hours=5))))
    assert [document.issued_at for document in found.documents] == [first, first + timedelta(hours=5)]
    assert [document.doubtful_time for document in found.documents] == [True, False]
    body = written(sale("FS A/1", issued_at=datetime(2026, 7, 1, 10, 0, tzinfo=UTC)))
    late = contents(body.replace(b"<InvoiceDate>2026-07-01<", b"<InvoiceDate>2026-06-30<"))
    assert late.documents[0].issued_at == datetime(2026, 6, 30, 10, 0, tzinfo=UTC)
    bare = contents(re.sub(rb"<SystemEntryDate>.*?</SystemEntryDate>", b"", body))
    assert bare.documents[0].issued_at == datetime(2026, 6, 30, 23, 0, tzinfo=UTC)
    zoned = contents(body.replace(b"T11:00:00<", b"T11:00:00.123+01:00<"))
    assert zoned.documents[0].issued_at == datetime(2026, 7, 1, 10, 0, 0, 123_000, tzinfo=UTC)


def test_numbering_and_totals_that_do_not_add_up_are_found() -> None:
    numbers = ["FS A/3", "FS A/4", "FS A/7", "FS B/1", "FS A/9", "FS A/8", "FS A/4", "FS B/2", "sem número"]
    body = written(*(sale(number) for number in numbers))
    told = codes(contents(body))
    assert told["numbering_gap"] == "series FS A: 5-6 missing"
    assert "FS A/4" in told["duplicate_number"]
    assert "sem número" in told["number_format"]
    assert not {"total_credit", "total_debit", "total_entries"} & told.keys()
    wrong = re.sub(rb"<TotalCredit>[0-9.]+<", b"<TotalCredit>1.00<", body)
    wrong = re.sub(rb"<NumberOfEntries>\d+<", b"<NumberOfEntries>8<", wrong)
    assert {"total_credit", "total_entries"} <= codes(contents(wrong)).keys()


def test_signatures_are_verified_with_the_producers_key() -> None:
    signer = saft.Signer()
    documents = [sale(f"FS {series}/{n}", line(1, 100 * n)) for n in range(1, 6) for series in "AB"]
    body = written(*documents, signer=signer)
    assert "10 of 10" in codes(contents(body, public_key=signer.public_pem))["signatures_verified"]
    unchecked = codes(contents(body))
    assert "signatures_unchecked" in unchecked
    assert "signature" not in unchecked
    tampered = body.replace(b"<GrossTotal>3.00<", b"<GrossTotal>2.99<", 1)
    told = codes(contents(tampered, public_key=signer.public_pem))
    assert told["signature"].endswith(": FS A/3")
    assert "9 of 10" in told["signatures_verified"]
    hashes = re.findall(rb"<Hash>(.*?)</Hash>", body)
    broken = contents(body.replace(hashes[2], hashes[2][::-1]), public_key=signer.public_pem)
    assert codes(broken)["signature"].endswith(": FS A/2, FS A/3")
    without = body.replace(hashes[2], b"0")
    assert codes(contents(without))["hash_chain"].endswith(": FS A/2")
    assert codes(contents(body.replace(hashes[2], b"QUJD")))["hash_length"].startswith("signatures of an unusual length: 1 of 4")
    assert "10 signatures do not fit" in codes(contents(body, public_key=saft.Signer().public_pem))["signature"]
    from_the_middle = written(*(sale(f"FS C/{n}") for n in range(5, 8)), signer=signer)
    assert codes(contents(from_the_middle, public_key=signer.public_pem))["signature_unchecked"].endswith(": FS C/5")
    printed = hashes[0].decode()
    fiscal = contents(body).documents[0].fiscal
    assert fiscal is not None
    assert fiscal.hash4 == printed[0] + printed[10] + printed[20] + printed[30]
    with pytest.raises(ConfigError):
        contents(body, public_key=b"not a key")


def test_who_is_nobody_and_what_is_unknown() -> None:
    consumer = Customer(source="x", source_id="C9", name="Consumidor final", tax_number="999999990", phone="Desconhecido")
    stranger = Customer(source="x", source_id="C8", name="Ana", tax_number="508025338", email="Desconhecido", tax_country="ES")
    body = written(
        *(sale(f"FS A/{n}", customer=CustomerRef(erp=erp)) for n, erp in enumerate(["C9", "C8", "C7"], start=1)),
        customers=(consumer, stranger),
    )
    found = contents(body)
    assert [customer.source_id for customer in found.customers] == ["C8"]
    assert (found.customers[0].email, found.customers[0].tax_country) == (None, "ES")
    assert [document.customer for document in found.documents] == [
        CustomerRef(),
        CustomerRef(erp="C8", tax_number="508025338"),
        CustomerRef(erp="C7"),
    ]


def test_services_stores_by_series_and_payments() -> None:
    paid = (Payment(method=PaymentMethod.CARD, amount=1000), Payment(method=PaymentMethod.GIFT_CARD, amount=230))
    body = written(sale("FS A/1", payments=paid), sale("FS B/1")).replace(b"<ProductType>P<", b"<ProductType>S<", 1)
    found = contents(body, store="L1", stores={"FS B": "L2"}, name="grid")
    assert [document.store for document in found.documents] == ["L1", "L2"]
    assert found.documents[0].payments == paid
    assert found.documents[0].lines[0].kind is LineKind.SERVICE
    assert {record.source for record in (*found.documents, *found.customers, *found.products)} == {"grid"}


_MONEY = st.decimals(min_value=0, max_value=9999, places=6)


@settings(max_examples=120, deadline=None)
@given(st.lists(st.tuples(_MONEY, st.sampled_from([0, 600, 1300, 2300])), min_size=1, max_size=12), st.integers(-2, 2))
def test_lines_sum_to_the_document_whatever_their_decimals(rows: list[tuple[object, int]], off: int) -> None:
    """Totals are rounded by the producer, and sometimes a cent or two beside."""
    body = written(sale("FS A/1", *(line(n, 100, rate=rate) for n, (_, rate) in enumerate(rows, start=1))))
    amounts = iter(rows)
    body = re.sub(rb"<CreditAmount>[0-9.]+<", lambda _: f"<CreditAmount>{next(amounts)[0]}<".encode(), body)
    exact = sum(float(str(value)) * (1 + rate / 10_000) for value, rate in rows)
    gross = max(0, round(exact * 100) + off)
    body = re.sub(rb"<GrossTotal>[0-9.]+<", f"<GrossTotal>{gross / 100:.2f}<".encode(), body)
    (document,) = contents(body).documents
    assert document.gross == gross
    assert sum(row.gross for row in document.lines) == gross
    for row, (value, rate) in zip(document.lines, rows, strict=True):
        assert abs(row.gross - float(str(value)) * (100 + rate / 100)) < 3.1


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10_000), st.binary(max_size=12), st.integers(0, 40))
def test_a_damaged_file_gives_records_or_an_error_in_words(place: int, junk: bytes, cut: int) -> None:
    at = place % len(_WHOLE)
    with contextlib.suppress(ValidationError):  # any other error fails the test
        for item in read(io.BytesIO(_WHOLE[:at] + junk + _WHOLE[at + cut :]), zone=LISBON):
            assert not isinstance(item, Rejected) or item.message


_WHOLE = written(*MONTH, signer=saft.Signer())
