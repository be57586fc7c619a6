"""Writes SAF-T (PT) files from sales documents: for fixtures, the demo and measurements.

Streams: documents may be a generator, so that a file of any size is written in flat memory. With a key the documents are signed and
chained per series as the law demands.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import IO, Final
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from v5_core.model import Customer, DocumentKind, DocumentStatus, Line, Payment, PaymentMethod, Product, SalesDocument
from v5_core.money import format_scaled

__all__ = ["VERSIONS", "Company", "Signer", "write"]

VERSIONS: Final = ("1.00_01", "1.01_01", "1.02_01", "1.03_01", "1.04_01")
_MECHANISMS: Final = {
    PaymentMethod.CASH: "NU",
    PaymentMethod.CARD: "CD",
    PaymentMethod.TRANSFER: "TB",
    PaymentMethod.CHECK: "CH",
    PaymentMethod.GIFT_CARD: "CO",
    PaymentMethod.WALLET: "DE",
    PaymentMethod.POINTS: "DE",
    PaymentMethod.VOUCHER: "TR",
}
# Totals stand before the documents and are known after them: room is kept and filled in at the end.
_ROOM: Final = 18


@dataclass(frozen=True, slots=True)
class Company:
    """Whose file it is."""

    tax_number: str = "500000000"
    name: str = "Comércio de Exemplo, Lda."
    product: str = "V5 Fixture/V5"


class Signer:
    """A certified program's key pair and the chain it has signed so far, per series."""

    def __init__(self, key: rsa.RSAPrivateKey | None = None) -> None:
        self._key = key or rsa.generate_private_key(public_exponent=65_537, key_size=1024)  # noqa: S505 - the size the law's 172 characters come from
        self._last: dict[str, str] = {}

    @property
    def public_pem(self) -> bytes:
        """The public key as a reader is configured with it."""
        return self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def sign(self, day: str, entry: str, number: str, gross: str) -> str:
        """The Hash of a document, chained to the one before it in its series."""
        series = number.rpartition("/")[0]
        text = f"{day};{entry};{number};{gross};{self._last.get(series, '')}"
        signature = self._key.sign(text.encode(), PKCS1v15(), hashes.SHA1())  # noqa: S303 - as the law says
        self._last[series] = base64.b64encode(signature).decode()
        return self._last[series]


def write(
    target: Path | IO[bytes],
    documents: Iterable[SalesDocument],
    *,
    created: date,
    customers: Iterable[Customer] = (),
    products: Iterable[Product] = (),
    company: Company | None = None,
    version: str = "1.04_01",
    encoding: str = "windows-1252",
    zone: ZoneInfo | None = None,
    signer: Signer | None = None,
    declaration: bool = True,
    sections: tuple[str, ...] = ("customers", "products", "documents"),
) -> int:
    """Writes a file and returns how many documents it holds.

    Args:
        target: A path, or a seekable of bytes.
        documents: In the order of the file; numbers from `fiscal`, else `source_id`, of the form "FS A/1".
        created: DateCreated, and the year the header covers.
        customers: By `source_id`, to which documents point with `customer.erp`; the final consumer "0" is added.
        products: By code.
        company: The issuer.
        version: One of `VERSIONS`.
        encoding: Of the bytes, UTF-8 or one of single bytes; what it cannot write becomes a character reference.
        zone: The store's zone, for local times; Lisbon by default.
        signer: Signs and chains; without it Hash is 0.
        declaration: False leaves the XML declaration out, as some producers do.
        sections: Which tables are written, and in which order.
    """
    if version not in VERSIONS:
        raise ValueError(f"version {version} is not one of {', '.join(VERSIONS)}")
    if isinstance(target, Path):
        with target.open("wb") as opened:
            return write(
                opened,
                documents,
                created=created,
                customers=customers,
                products=products,
                company=company,
                version=version,
                encoding=encoding,
                zone=zone,
                signer=signer,
                declaration=declaration,
                sections=sections,
            )
    writer = _Writer(target, version, encoding, zone or ZoneInfo("Europe/Lisbon"), signer)
    if declaration:
        writer.put(f'<?xml version="1.0" encoding="{encoding}"?>\n')
    writer.put(f'<AuditFile xmlns="urn:OECD:StandardAuditFile-Tax:PT_{version}">\n{_header(company or Company(), version, created)}')
    tables = {"customers": (_customer(row) for row in _with_consumer(customers)), "products": (_product(row) for row in products)}
    open_tables = False
    for section in sections:
        if (section in tables) != open_tables:
            writer.put("</MasterFiles>\n" if open_tables else "<MasterFiles>\n")
            open_tables = not open_tables
        if section == "documents":
            writer.documents(documents)
        else:
            for text in tables[section]:
                writer.put(text)
    writer.put(("</MasterFiles>\n" if open_tables else "") + "</AuditFile>\n")
    return writer.count


class _Writer:
    def __init__(self, target: IO[bytes], version: str, encoding: str, zone: ZoneInfo, signer: Signer | None) -> None:
        self._target = target
        self._version = version
        self._encoding = encoding
        self._zone = zone
        self._signer = signer
        self.count = 0
        self._credit = 0
        self._debit = 0

    def put(self, text: str) -> None:
        self._target.write(text.encode(self._encoding, "xmlcharrefreplace"))

    def documents(self, documents: Iterable[SalesDocument]) -> None:
        self.put("<SourceDocuments>\n<SalesInvoices>\n")
        place = self._target.tell()
        self.put(self._totals())
        for document in documents:
            self.put("".join(self._document(document)))
        end = self._target.tell()
        self._target.seek(place)
        self.put(self._totals())
        self._target.seek(end)
        self.put("</SalesInvoices>\n</SourceDocuments>\n")

    def _totals(self) -> str:
        entries, debit, credit = (value.zfill(_ROOM) for value in (str(self.count), _money(self._debit), _money(self._credit)))
        return f"<NumberOfEntries>{entries}</NumberOfEntries>\n<TotalDebit>{debit}</TotalDebit>\n<TotalCredit>{credit}</TotalCredit>\n"

    def _document(self, document: SalesDocument) -> Iterator[str]:
        self.count += 1
        number = document.fiscal.number if document.fiscal else document.source_id
        returned = document.kind is DocumentKind.RETURN
        cancelled = document.status is DocumentStatus.CANCELLED
        if not cancelled and returned:
            self._debit += document.net
        elif not cancelled:
            self._credit += document.net
        entry = self._local(document.issued_at)
        day, gross = entry[:10], _money(document.gross)
        signature = self._signer.sign(day, entry, number, gross) if self._signer else "0"
        operator = escape(document.operator or "1")
        yield f"<Invoice>\n<InvoiceNo>{escape(number)}</InvoiceNo>\n"
        if self._version >= "1.04":
            atcud = document.fiscal.atcud if document.fiscal and document.fiscal.atcud else "0"
            yield f"<ATCUD>{escape(atcud)}</ATCUD>\n"
        yield self._status(document, entry, operator)
        yield f"<Hash>{signature}</Hash>\n<HashControl>{1 if self._signer else 0}</HashControl>\n<Period>{int(day[5:7])}</Period>\n"
        yield f"<InvoiceDate>{day}</InvoiceDate>\n<InvoiceType>{document.document_type or ('NC' if returned else 'FS')}</InvoiceType>\n"
        if self._version >= "1.03":
            yield (
                "<SpecialRegimes><SelfBillingIndicator>0</SelfBillingIndicator><CashVATSchemeIndicator>0</CashVATSchemeIndicator>"
                "<ThirdPartiesBillingIndicator>0</ThirdPartiesBillingIndicator></SpecialRegimes>\n"
            )
        else:
            yield "<SelfBillingIndicator>0</SelfBillingIndicator>\n"
        if self._version >= "1.02":
            yield f"<SourceID>{operator}</SourceID>\n"
        yield f"<SystemEntryDate>{entry}</SystemEntryDate>\n<CustomerID>{escape(document.customer.erp or '0')}</CustomerID>\n"
        for position, line in enumerate(document.lines, start=1):
            yield self._line(line, position, document, day)
        yield f"<DocumentTotals>\n<TaxPayable>{_money(document.gross - document.net)}</TaxPayable>\n"
        yield f"<NetTotal>{_money(document.net)}</NetTotal>\n<GrossTotal>{gross}</GrossTotal>\n"
        if self._version >= "1.02":
            for payment in document.payments:
                yield self._payment(payment, day)
        yield "</DocumentTotals>\n</Invoice>\n"

    def _status(self, document: SalesDocument, entry: str, operator: str) -> str:
        cancelled = document.status is DocumentStatus.CANCELLED
        letter = "A" if cancelled else "N"
        if self._version < "1.02":
            return f"<InvoiceStatus>{letter}</InvoiceStatus>\n"
        changed = self._local(document.cancelled_at) if document.cancelled_at else entry
        reason = f"<Reason>{escape(document.cancel_reason)}</Reason>\n" if document.cancel_reason else ""
        return (
            f"<DocumentStatus>\n<InvoiceStatus>{letter}</InvoiceStatus>\n<InvoiceStatusDate>{changed}</InvoiceStatusDate>\n{reason}"
            f"<SourceID>{operator}</SourceID>\n<SourceBilling>P</SourceBilling>\n</DocumentStatus>\n"
        )

    def _line(self, line: Line, position: int, document: SalesDocument, day: str) -> str:
        returned = document.kind is DocumentKind.RETURN
        column = "DebitAmount" if returned else "CreditAmount"
        unit = line.net * 10_000 * 1000 // (line.quantity or 1000)
        words = escape(line.description or line.product)
        reference = line.reference.document if line.reference else document.refs[0].document if returned and document.refs else ""
        pointer = f"<Reference>{escape(reference)}</Reference>\n"
        if self._version < "1.02":
            pointer = f"<CreditNote>{pointer}</CreditNote>\n"
        exempt = "<TaxExemptionReason>Isento artigo 9.º do CIVA</TaxExemptionReason>\n"
        exempt += "<TaxExemptionCode>M07</TaxExemptionCode>\n" if self._version >= "1.04" else ""
        before_tax = line.discount * 10_000 // (10_000 + line.vat_rate)
        settlement = f"<SettlementAmount>{_money(before_tax)}</SettlementAmount>\n" if before_tax else ""
        return (
            f"<Line>\n<LineNumber>{line.line_id if line.line_id.isdecimal() else position}</LineNumber>\n"
            f"<ProductCode>{escape(line.product)}</ProductCode>\n<ProductDescription>{words}</ProductDescription>\n"
            f"<Quantity>{format_scaled(line.quantity, 3, trim=True)}</Quantity>\n<UnitOfMeasure>UN</UnitOfMeasure>\n"
            f"<UnitPrice>{format_scaled(unit, 6)}</UnitPrice>\n<TaxPointDate>{day}</TaxPointDate>\n"
            f"{f'<References>{pointer}</References>' if reference else ''}<Description>{words}</Description>\n"
            f"<{column}>{_net(line)}</{column}>\n"
            f"<Tax>\n<TaxType>IVA</TaxType>\n<TaxCountryRegion>PT</TaxCountryRegion>\n<TaxCode>{_tax_code(line.vat_rate)}</TaxCode>\n"
            f"<TaxPercentage>{format_scaled(line.vat_rate, 2, trim=True)}</TaxPercentage>\n</Tax>\n"
            f"{'' if line.vat_rate else exempt}{settlement}</Line>\n"
        )

    def _payment(self, payment: Payment, day: str) -> str:
        mechanism = f"<PaymentMechanism>{_MECHANISMS.get(payment.method, 'OU')}</PaymentMechanism>"
        return f"<Payment>{mechanism}<PaymentAmount>{_money(payment.amount)}</PaymentAmount><PaymentDate>{day}</PaymentDate></Payment>\n"

    def _local(self, moment: datetime) -> str:
        return moment.astimezone(self._zone).strftime("%Y-%m-%dT%H:%M:%S")


def _header(company: Company, version: str, created: date) -> str:
    address = "<AddressDetail>Rua do Exemplo 1</AddressDetail><City>Lisboa</City><PostalCode>1000-001</PostalCode><Country>PT</Country>"
    return (
        f"<Header>\n<AuditFileVersion>{version}</AuditFileVersion>\n<CompanyID>{escape(company.tax_number)}</CompanyID>\n"
        f"<TaxRegistrationNumber>{escape(company.tax_number)}</TaxRegistrationNumber>\n<TaxAccountingBasis>F</TaxAccountingBasis>\n"
        f"<CompanyName>{escape(company.name)}</CompanyName>\n<CompanyAddress>{address}</CompanyAddress>\n"
        f"<FiscalYear>{created.year}</FiscalYear>\n<StartDate>{created.year}-01-01</StartDate>\n<EndDate>{created.year}-12-31</EndDate>\n"
        f"<CurrencyCode>EUR</CurrencyCode>\n<DateCreated>{created.isoformat()}</DateCreated>\n<TaxEntity>Global</TaxEntity>\n"
        f"<ProductCompanyTaxID>500000000</ProductCompanyTaxID>\n<SoftwareCertificateNumber>0</SoftwareCertificateNumber>\n"
        f"<ProductID>{escape(company.product)}</ProductID>\n<ProductVersion>1</ProductVersion>\n</Header>\n"
    )


def _with_consumer(customers: Iterable[Customer]) -> Iterator[Customer]:
    yield Customer(source="saft", source_id="0", name="Consumidor final", tax_number="999999990")
    yield from customers


def _customer(customer: Customer) -> str:
    address = "<AddressDetail>Desconhecido</AddressDetail><City>Desconhecido</City><PostalCode>Desconhecido</PostalCode>"
    phone = f"<Telephone>{escape(customer.phone)}</Telephone>\n" if customer.phone else ""
    email = f"<Email>{escape(customer.email)}</Email>\n" if customer.email else ""
    return (
        f"<Customer>\n<CustomerID>{escape(customer.source_id)}</CustomerID>\n<AccountID>Desconhecido</AccountID>\n"
        f"<CustomerTaxID>{escape(customer.tax_number or '999999990')}</CustomerTaxID>\n"
        f"<CompanyName>{escape(customer.name or 'Desconhecido')}</CompanyName>\n"
        f"<BillingAddress>{address}<Country>{customer.tax_country}</Country></BillingAddress>\n{phone}{email}"
        "<SelfBillingIndicator>0</SelfBillingIndicator>\n</Customer>\n"
    )


def _product(product: Product) -> str:
    group = f"<ProductGroup>{escape(product.family)}</ProductGroup>\n" if product.family else ""
    return (
        f"<Product>\n<ProductType>P</ProductType>\n<ProductCode>{escape(product.code)}</ProductCode>\n{group}"
        f"<ProductDescription>{escape(product.description or product.code)}</ProductDescription>\n"
        f"<ProductNumberCode>{escape(product.ean or product.code)}</ProductNumberCode>\n</Product>\n"
    )


def _net(line: Line) -> str:
    """What stands before tax, with the six decimals that tills write, where that is what the line's cents mean."""
    exact = line.gross * 10_000 * 10_000 // (10_000 + line.vat_rate)
    return format_scaled(exact, 6) if abs(exact - line.net * 10_000) < 10_000 else _money(line.net)


def _money(cents: int) -> str:
    return format_scaled(cents, 2)


def _tax_code(rate: int) -> str:
    if rate == 0:
        return "ISE"
    return "NOR" if rate >= 1600 else "INT" if rate >= 900 else "RED"
