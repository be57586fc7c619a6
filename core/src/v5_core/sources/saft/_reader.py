"""The file as a stream of records, in flat memory."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final
from zoneinfo import ZoneInfo

import pydantic
from lxml import etree

from v5_core.errors import RecordRejectedError, ValidationError
from v5_core.model import Customer, CustomerRef, LineKind, Product, SalesDocument
from v5_core.money import CURRENCIES
from v5_core.plugins import Rejected
from v5_core.sources.saft._checks import Checks, load_key
from v5_core.sources.saft._document import Article, Mapper, local
from v5_core.sources.saft._stream import RepairedStream
from v5_core.sources.saft._types import FINAL_CONSUMER, Finding, Header
from v5_core.sources.saft._values import clean, known

__all__ = ["Contents", "Item", "SaftFile", "read"]

Item = Header | Customer | Product | SalesDocument | Rejected | Finding

_CHUNK: Final = 65_536
_TABLES: Final = ("{*}Customer", "{*}Product")
# Sections that are not ours may be the larger part of a file; their elements are dropped as they close.
_FOREIGN: Final = ("{*}Account", "{*}Supplier", "{*}Transaction", "{*}StockMovement", "{*}WorkDocument", "{*}Payment", "{*}TaxTableEntry")
_WANTED: Final = ("{*}AuditFile", "{*}Header", *_TABLES, "{*}SalesInvoices", "{*}Invoice", *_FOREIGN)
_TOTALS: Final = frozenset({"NumberOfEntries", "TotalDebit", "TotalCredit"})
_EAN_LENGTHS: Final = frozenset({8, 12, 13, 14})
_RAW: Final = 2000
_TAX_NUMBER: Final = re.compile(r"(?<!\d)\d{9}(?!\d)")
_REPAIRS: Final = {
    "junk_before_root": "something stood before the XML and was skipped",
    "no_declaration": "no encoding is declared: read as UTF-8, or Windows-1252 where it is not",
    "wrong_encoding": "the bytes are not UTF-8 as declared: read as Windows-1252",
    "really_utf8": "the bytes are UTF-8, although another encoding is declared: read as UTF-8",
    "junk_after_root": "something stood behind the XML and was left out",
    "forbidden_characters": "characters that XML forbids were left out",
    "bare_ampersands": "ampersands that stood for themselves were repaired",
}


@dataclass(frozen=True, slots=True)
class Contents:
    """A whole file in memory; for small ones."""

    header: Header
    customers: tuple[Customer, ...]
    products: tuple[Product, ...]
    documents: tuple[SalesDocument, ...]
    rejected: tuple[Rejected, ...]
    findings: tuple[Finding, ...]


def read(
    source: Path | str | IO[bytes],
    *,
    zone: ZoneInfo,
    public_key: bytes | None = None,
    name: str = "saft",
    store: str = "1",
    stores: Mapping[str, str] | None = None,
) -> SaftFile:
    """Opens a SAF-T (PT) file for one pass.

    Args:
        source: A path, or a readable of bytes; one that can seek, if its tables may stand after its documents.
        zone: The store's time zone: SAF-T times are local.
        public_key: PEM of the producer's public key; then signatures are verified.
        name: `source` of the records.
        store: Store code of the documents.
        stores: Store codes by series ("FT A"), where one file covers several stores.

    Raises:
        ConfigError: The public key cannot be used.
    """
    return SaftFile(source, zone=zone, public_key=public_key, name=name, store=store, stores=stores or {})


class SaftFile:
    """One file. Iterate once; findings come last and stay in `findings`.

    Attributes:
        header: Known from the first record on.
    """

    def __init__(
        self,
        source: Path | str | IO[bytes],
        *,
        zone: ZoneInfo,
        public_key: bytes | None,
        name: str,
        store: str,
        stores: Mapping[str, str],
    ) -> None:
        self._source = Path(source) if isinstance(source, str) else source
        self._name = name
        self._checks = Checks(load_key(public_key) if public_key else None)
        self._mapper = Mapper(zone=zone, source=name, store=store, stores=stores, checks=self._checks)
        self._sections: set[str] = set()
        self._invoices = 0
        self.findings: tuple[Finding, ...] = ()

    @property
    def header(self) -> Header:
        """Who wrote the file and what it covers."""
        return self._mapper.header

    def __iter__(self) -> Iterator[Item]:
        """Records in the file's order, then findings.

        Raises:
            ValidationError: `not_saft`, `doctype`, or `malformed_xml` after everything before the break was given.
        """
        with contextlib.ExitStack() as stack:
            raw = stack.enter_context(self._source.open("rb")) if isinstance(self._source, Path) else self._source
            stream = RepairedStream(raw)
            broken = yield from self._records(stream, raw)
            self.findings = (*_repairs(stream), *self._missing(), *self._checks.findings())
            yield from self.findings
            if broken:
                raise broken

    def contents(self) -> Contents:
        """Everything at once; for small files and tests."""
        items = list(self)
        return Contents(
            self.header,
            tuple(item for item in items if isinstance(item, Customer)),
            tuple(item for item in items if isinstance(item, Product)),
            tuple(item for item in items if isinstance(item, SalesDocument)),
            tuple(item for item in items if isinstance(item, Rejected)),
            self.findings,
        )

    def _records(self, stream: RepairedStream, raw: IO[bytes]) -> Generator[Item, None, ValidationError | None]:
        for element in _elements(stream, _WANTED):
            if isinstance(element, ValidationError):
                return element
            name = local(element)
            item: Item | None = None
            if name == "Invoice":
                item = self._invoice(element, raw)
            elif name == "Customer":
                item = self._customer(element)
            elif name == "Product":
                item = self._product(element)
            elif name == "Header":
                item = self._header(element)
            elif name == "SalesInvoices":
                self._sections.add(name)
                self._declared(element)
            elif name == "Payment" and _inside(element, "DocumentTotals"):
                continue
            if item is not None:
                yield item
            _drop(element)
        return None

    def _invoice(self, element: etree._Element, raw: IO[bytes]) -> Item | None:
        self._invoices += 1
        if self._invoices == 1:
            parent = element.getparent()
            if parent is not None:
                self._declared(parent)
            if not {"Customer", "Product"} <= self._sections:
                self._look_ahead(raw)
        try:
            return self._mapper.document(element)
        except RecordRejectedError as error:
            return self._rejected("Invoice", self._invoices, element, error.ref, error.error_code, error.message)
        except pydantic.ValidationError as error:
            return self._rejected("Invoice", self._invoices, element, "", "invalid", _reasons(error))
        except ValueError as error:
            return self._rejected("Invoice", self._invoices, element, "", "invalid", str(error))

    def _customer(self, element: etree._Element) -> Item | None:
        """The customer, when it is somebody; its documents point to it either way."""
        self._sections.add("Customer")
        values = _leaves(element)
        identity = clean(values.get("CustomerID"), 80)
        tax = "".join((values.get("CustomerTaxID") or "").split())[:40]
        if tax == FINAL_CONSUMER:
            self._mapper.customers[identity] = CustomerRef()
            return None
        number = known(tax, 40)
        try:
            self._mapper.customers[identity] = CustomerRef(erp=identity or None, tax_number=number)
            country = clean(values.get("Country"), 2).upper()
            return Customer(
                source=self._name,
                source_id=identity,
                name=clean(values.get("CompanyName"), 500),
                tax_number=number,
                tax_country=country if country.isascii() and country.isalpha() and len(country) == 2 else "PT",
                phone=known(values.get("Telephone"), 40),
                email=known(values.get("Email"), 254),
            )
        except pydantic.ValidationError as error:
            return self._rejected("Customer", None, element, identity, "invalid", _reasons(error))

    def _product(self, element: etree._Element) -> Item:
        self._sections.add("Product")
        values = _leaves(element)
        code = clean(values.get("ProductCode"), 80)
        number = clean(values.get("ProductNumberCode"), 20)
        group = known(values.get("ProductGroup"), 80) or ""
        ean = number if number.isdecimal() and len(number) in _EAN_LENGTHS else None
        kind = LineKind.SERVICE if (values.get("ProductType") or "").strip().upper() == "S" else LineKind.PRODUCT
        self._mapper.articles[code] = Article(group, ean, kind)
        try:
            return Product(
                source=self._name,
                source_id=code,
                code=code,
                description=clean(values.get("ProductDescription"), 500),
                family=group,
                family_name=group,
                ean=ean,
            )
        except pydantic.ValidationError as error:
            return self._rejected("Product", None, element, code, "invalid", _reasons(error))

    def _header(self, element: etree._Element) -> Header:
        values = _leaves(element)
        tax = "".join((values.get("TaxRegistrationNumber") or "").split())
        if not tax:
            named = _TAX_NUMBER.search(values.get("CompanyID") or "")
            tax = named[0] if named else ""
        currency = clean(values.get("CurrencyCode"), 3).upper()
        product = clean(f"{values.get('ProductID') or ''} {values.get('ProductVersion') or ''}", 80)
        header = Header(
            version=clean(values.get("AuditFileVersion"), 20),
            tax_number=clean(tax, 80),
            company=clean(values.get("CompanyName"), 200),
            business_name=clean(values.get("BusinessName"), 200),
            start=clean(values.get("StartDate"), 10),
            end=clean(values.get("EndDate"), 10),
            created=clean(values.get("DateCreated"), 10),
            currency=currency if currency in CURRENCIES else "EUR",
            product=product,
            certificate=clean(values.get("SoftwareCertificateNumber"), 20),
        )
        self._mapper.header = header
        self._sections.add("Header")
        return header

    def _declared(self, section: etree._Element) -> None:
        for child in section:
            if local(child) in _TOTALS:
                self._checks.declared.setdefault(local(child), child.text or "")

    def _look_ahead(self, raw: IO[bytes]) -> None:
        """Reads the tables when documents come before them: a second pass over the same bytes for these few elements."""
        if not raw.seekable():
            return
        place = raw.tell()
        raw.seek(0)
        for element in _elements(RepairedStream(raw), ("{*}AuditFile", *_TABLES, "{*}Invoice")):
            if isinstance(element, ValidationError):
                break
            if local(element) == "Customer":
                self._customer(element)
            elif local(element) == "Product":
                self._product(element)
            _drop(element)
        raw.seek(place)

    def _rejected(self, what: str, row: int | None, element: etree._Element, ref: str, code: str, message: str) -> Rejected:
        number = ref or clean(_leaves(element).get("InvoiceNo"), 80)
        where = f"{what} {row}" if row else what
        line = f" (line {element.sourceline} of the file)" if element.sourceline else ""
        raw = etree.tostring(element, encoding="unicode", with_tail=False)[:_RAW]
        return Rejected(ref=number or where, code=code, message=f"{where}{line}: {message}", raw=raw)

    def _missing(self) -> tuple[Finding, ...]:
        told = {
            "Header": ("no_header", "the file has no Header: documents have no fiscal key"),
            "SalesInvoices": ("no_sales", "the file has no SalesInvoices section"),
            "Customer": ("no_customers", "the file has no customers: documents name them by number only"),
            "Product": ("no_products", "the file has no products: lines have no family"),
        }
        return tuple(Finding(code, text) for section, (code, text) in told.items() if section not in self._sections)


def _elements(stream: RepairedStream, tags: tuple[str, ...]) -> Iterator[etree._Element | ValidationError]:
    """Elements as they close; a break of the XML comes as the last item, after everything before it."""
    parser = etree.XMLPullParser(
        events=("end",),
        tag=tags,
        encoding=stream.encoding,
        remove_comments=True,
        remove_pis=True,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
    )
    broken: ValidationError | None = None
    whole = False
    try:
        while not whole and (chunk := stream.read(_CHUNK)):
            parser.feed(chunk)
            for element in _closed(parser):
                whole = local(element) == "AuditFile"
                yield element
        if not whole:
            parser.close()
    except etree.XMLSyntaxError as error:
        broken = ValidationError(f"line {error.lineno}: the XML breaks here; what stands before was read", code="malformed_xml")
    for element in _closed(parser):
        whole = local(element) == "AuditFile"
        yield element
    if broken and whole:
        stream.repairs["junk_after_root"] += 1
    elif broken:
        yield broken


def _closed(parser: etree.XMLPullParser) -> Iterator[etree._Element]:
    for _, element in parser.read_events():
        if not isinstance(element, tuple | None):
            yield element


def _drop(element: etree._Element) -> None:
    """Frees an element and all before it, so that memory stays flat."""
    parent = element.getparent()
    element.clear()
    if parent is not None:
        while element.getprevious() is not None:
            del parent[0]


def _inside(element: etree._Element, name: str) -> bool:
    parent = element.getparent()
    return parent is not None and local(parent) == name


def _leaves(element: etree._Element) -> dict[str, str]:
    """Texts of all elements below by local name, the first of each name."""
    values: dict[str, str] = {}
    for inner in element.iter():
        if inner is not element and inner.text:
            values.setdefault(local(inner), inner.text)
    return values


def _reasons(error: pydantic.ValidationError) -> str:
    entries = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{'.'.join(str(part) for part in entry['loc']) or 'document'}: {entry['msg']}" for entry in entries[:5])


def _repairs(stream: RepairedStream) -> Iterator[Finding]:
    for code, times in stream.repairs.items():
        yield Finding(code, f"{_REPAIRS[code]}{f' ({times} times)' if times > 1 else ''}")
