"""What the documents of a SAF-T file mean: kinds, statuses, sums, times, parties, numbering and signatures."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from v5_core.errors import ConfigError
from v5_core.model import (
    Customer,
    CustomerRef,
    DocumentKind,
    FiscalKey,
    LineKind,
    Origin,
    Payment,
    PaymentMethod,
    SalesDocument,
)
from v5_core.testing import saft

if TYPE_CHECKING:
    from tests.core.saft.conftest import Codes, MakeLine, MakeSale, Read, Write


ISSUER = "500000000"
MONEY = st.decimals(min_value=0, max_value=9999, places=6)


def test_a_second_sale_of_the_same_company_is_one_document_with_what_the_printer_saw(
    sale: MakeSale, written: Write, contents: Read, month: tuple[SalesDocument, ...]
) -> None:
    found = contents(written(month[0]))
    printed = sale("FS A/1", origin=Origin.PRINT, source="print", source_id="job-7", fiscal=FiscalKey(issuer=ISSUER, number="fs  a/1"))
    assert found.documents[0].keys[0] == printed.keys[0]


def test_the_type_decides_and_not_the_prefix_or_the_signs(sale: MakeSale, written: Write, contents: Read) -> None:
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


def test_statuses(sale: MakeSale, written: Write, contents: Read, codes: Codes) -> None:
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


def test_a_line_against_the_direction_is_a_discount_on_the_others(
    line: MakeLine,
    sale: MakeSale,
    written: Write,
    contents: Read,
    codes: Codes,
) -> None:
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


def test_a_bad_document_is_named_and_the_rest_goes_on(sale: MakeSale, written: Write, contents: Read) -> None:
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


def test_local_times_and_the_hour_that_exists_twice(sale: MakeSale, written: Write, contents: Read) -> None:
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


def test_numbering_and_totals_that_do_not_add_up_are_found(sale: MakeSale, written: Write, contents: Read, codes: Codes) -> None:
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


def test_signatures_are_verified_with_the_producers_key(
    line: MakeLine,
    sale: MakeSale,
    written: Write,
    contents: Read,
    codes: Codes,
) -> None:
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


def test_who_is_nobody_and_what_is_unknown(sale: MakeSale, written: Write, contents: Read) -> None:
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


def test_services_stores_by_series_and_payments(sale: MakeSale, written: Write, contents: Read) -> None:
    paid = (Payment(method=PaymentMethod.CARD, amount=1000), Payment(method=PaymentMethod.GIFT_CARD, amount=230))
    body = written(sale("FS A/1", payments=paid), sale("FS B/1")).replace(b"<ProductType>P<", b"<ProductType>S<", 1)
    found = contents(body, store="L1", stores={"FS B": "L2"}, name="grid")
    assert [document.store for document in found.documents] == ["L1", "L2"]
    assert found.documents[0].payments == paid
    assert found.documents[0].lines[0].kind is LineKind.SERVICE
    sources = [one.source for one in found.documents], [one.source for one in found.customers], [one.source for one in found.products]
    assert [set(each) for each in sources] == [{"grid"}] * 3


@settings(max_examples=120, deadline=None)
@given(st.lists(st.tuples(MONEY, st.sampled_from([0, 600, 1300, 2300])), min_size=1, max_size=12), st.integers(-2, 2))
def test_lines_sum_to_the_document_whatever_their_decimals(
    line: MakeLine,
    sale: MakeSale,
    written: Write,
    contents: Read,
    rows: list[tuple[object, int]],
    off: int,
) -> None:
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
