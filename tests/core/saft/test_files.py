"""SAF-T (PT) files as shops really export them: every version, encoding, habit and defect met, read or refused in words."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Callable
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from v5_core.errors import ValidationError
from v5_core.model import CustomerRef, SalesDocument
from v5_core.plugins import Rejected
from v5_core.sources.saft import Finding, read
from v5_core.testing import saft

if TYPE_CHECKING:
    from tests.core.saft.conftest import Codes, MakeLine, MakeSale, Read, Write


LISBON = ZoneInfo("Europe/Lisbon")
ISSUER = "500000000"


@pytest.mark.parametrize("encoding", ["windows-1252", "utf-8", "utf-8-sig", "iso-8859-1", "utf-16"])
@pytest.mark.parametrize("version", saft.VERSIONS)
def test_every_version_and_encoding_gives_the_same_sales(
    version: str, encoding: str, written: Write, contents: Read, month: tuple[SalesDocument, ...]
) -> None:
    body = written(*month, version=version, encoding="utf-8" if encoding in {"utf-8-sig", "utf-16"} else encoding)
    if encoding == "utf-8-sig":
        body = b"\xef\xbb\xbf" + body
    elif encoding == "utf-16":
        body = body.decode().replace('"utf-8"', '"utf-16"').encode("utf-16")
    found = contents(body)
    assert (found.header.version, found.header.tax_number, found.rejected) == (version, ISSUER, ())
    assert [customer.name for customer in found.customers] == ["Conceição & Filhos, Lda.", "João Ávila"]
    assert [product.ean for product in found.products] == ["5601234567892", None]
    for sent, got in zip(month, found.documents, strict=True):
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


def test_what_sage_50c_writes_is_read(written: Write, contents: Read, codes: Codes, month: tuple[SalesDocument, ...]) -> None:
    """No declaration, a browser's banner, bare ampersands, no products."""
    body = written(*month, encoding="utf-8", declaration=False, sections=("customers", "documents")).replace(b"&amp;", b"&")
    banner = b"This XML file does not appear to have any style information associated with it. The document tree is shown below.\n"
    found = contents(banner + body)
    assert [document.gross for document in found.documents] == [document.gross for document in month]
    assert found.customers[0].name == "Conceição & Filhos, Lda."
    assert {"junk_before_root", "no_declaration", "bare_ampersands", "no_products"} <= codes(found).keys()
    assert {row.family for document in found.documents for row in document.lines} == {""}


def test_what_a_shop_till_of_1_02_writes_is_read(line: MakeLine, sale: MakeSale, written: Write, contents: Read, codes: Codes) -> None:
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
def test_encodings_and_namespaces_that_are_not_as_declared(
    body: Callable[[bytes], bytes],
    code: str | None,
    written: Write,
    contents: Read,
    codes: Codes,
    month: tuple[SalesDocument, ...],
) -> None:
    found = contents(body(written(*month, encoding="utf-8")))
    assert [row.name for row in found.customers] == ["Conceição & Filhos, Lda.", "João Ávila"]
    assert [row.lines[0].description for row in found.documents] == ["Café"] * 4
    assert code is None or code in codes(found)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7])
def test_repairs_do_not_depend_on_where_a_chunk_ends(
    size: int,
    monkeypatch: pytest.MonkeyPatch,
    written: Write,
    contents: Read,
    month: tuple[SalesDocument, ...],
) -> None:
    monkeypatch.setattr("v5_core.sources.saft._stream._HEAD", 120)
    monkeypatch.setattr("v5_core.sources.saft._reader._CHUNK", size)
    body = written(month[0], encoding="utf-8").replace("Café".encode(), "Caf\u00e9 & ch\u00e1 &lt; &nbsp; &#233; R&D;".encode())
    assert contents(body).documents[0].lines[0].description == "Café & chá < &nbsp; é R&D;"


@pytest.mark.parametrize("sections", [("documents", "customers", "products"), ("products", "documents", "customers")])
def test_customers_after_the_documents_are_still_theirs(
    sections: tuple[str, ...], written: Write, contents: Read, month: tuple[SalesDocument, ...]
) -> None:
    found = contents(written(*month, sections=sections))
    assert found.documents[0].customer == CustomerRef(erp="C1", tax_number="509442013")
    assert found.documents[0].lines[0].family == "CAFE"
    assert len(found.customers) == 2


def test_a_file_that_breaks_off_gives_what_stands_before(sale: MakeSale, written: Write) -> None:
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
def test_what_is_no_saft_file_is_said_so(body: bytes, code: str | None, contents: Read) -> None:
    if code is None:
        assert contents(body).documents == ()  # what stood before the root is not read at all
        return
    with pytest.raises(ValidationError) as caught:
        contents(body)
    assert caught.value.error_code == code


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10_000), st.binary(max_size=12), st.integers(0, 40))
def test_a_damaged_file_gives_records_or_an_error_in_words(signed_month: bytes, place: int, junk: bytes, cut: int) -> None:
    at = place % len(signed_month)
    with contextlib.suppress(ValidationError):  # any other error fails the test
        for item in read(io.BytesIO(signed_month[:at] + junk + signed_month[at + cut :]), zone=LISBON):
            assert not isinstance(item, Rejected) or item.message
