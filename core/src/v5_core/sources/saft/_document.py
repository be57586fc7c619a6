"""One Invoice element as a sales document of the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from lxml import etree

from v5_core.errors import RecordRejectedError
from v5_core.model import (
    CustomerRef,
    DocumentKind,
    DocumentStatus,
    FiscalKey,
    Line,
    LineKind,
    Origin,
    Payment,
    PaymentMethod,
    Reference,
    SalesDocument,
)
from v5_core.money import split
from v5_core.sources.saft._checks import Checks, Facts
from v5_core.sources.saft._types import Header
from v5_core.sources.saft._values import amount, clean, issued_at, micro

__all__ = ["Article", "Mapper", "local"]

_SALES: Final = frozenset("FT FS FR ND VD TV AA RP CS LD RA".split())  # noqa: SIM905
_RETURNS: Final = frozenset("NC TD DA RE".split())  # noqa: SIM905
_METHODS: Final = {
    "NU": PaymentMethod.CASH,
    "CC": PaymentMethod.CARD,
    "CD": PaymentMethod.CARD,
    "MB": PaymentMethod.TRANSFER,
    "TB": PaymentMethod.TRANSFER,
    "CH": PaymentMethod.CHECK,
    "CO": PaymentMethod.GIFT_CARD,
    "DE": PaymentMethod.WALLET,
    "TR": PaymentMethod.VOUCHER,
}
# Texts that are read; to leave the others unread is a good part of the speed.
_VALUES: Final = frozenset(
    "InvoiceNo ATCUD InvoiceStatus InvoiceStatusDate Reason Hash InvoiceDate InvoiceType SourceID SystemEntryDate CustomerID".split()  # noqa: SIM905
)
_LINE_VALUES: Final = frozenset(
    "LineNumber ProductCode ProductDescription Description Quantity CreditAmount DebitAmount SettlementAmount".split()  # noqa: SIM905
)
_HASH_POSITIONS: Final = (0, 10, 20, 30)
_CENT: Final = 10_000
_ANONYMOUS: Final = CustomerRef()


class _Names(dict[str, str]):
    """Local names by tag, worked out once for each tag: namespaces differ from version to version and mean nothing to us."""

    def __missing__(self, tag: str) -> str:
        name = self[tag] = tag.rpartition("}")[2]
        return name


_NAMES: Final = _Names()


def local(element: etree._Element) -> str:
    """The name without its namespace."""
    return _NAMES[element.tag]


class Article(NamedTuple):
    """What the product table adds to a line."""

    family: str = ""
    ean: str | None = None
    kind: LineKind = LineKind.PRODUCT


@dataclass(slots=True)
class _Line:
    values: dict[str, str | None]
    references: list[str]
    rate: int = 0
    tax_amount: int = 0
    signed: int = 0


@dataclass(slots=True)
class _Invoice:
    values: dict[str, str | None] = field(default_factory=dict)
    lines: list[_Line] = field(default_factory=list)
    payments: list[tuple[str, str | None]] = field(default_factory=list)


class Mapper:
    """Maps invoices one by one with what header and tables said before."""

    def __init__(self, *, zone: ZoneInfo, source: str, store: str, stores: Mapping[str, str], checks: Checks) -> None:
        self.header = Header()
        self.customers: dict[str, CustomerRef] = {}
        self.articles: dict[str, Article] = {}
        self._zone = zone
        self._source = source
        self._store = store
        self._stores = stores
        self._checks = checks
        self._no_article = Article()

    def document(self, element: etree._Element) -> SalesDocument | None:
        """The document; None for a summary of documents that were made elsewhere.

        Raises:
            RecordRejectedError: It cannot be used: its type, status or amounts make no sense.
            ValueError: A value cannot be read, or the model refuses it.
        """
        invoice = _extract(element)
        values = invoice.values
        number = " ".join((values.get("InvoiceNo") or "").split())
        status = (values.get("InvoiceStatus") or "N").strip().upper()
        facts = self._facts(values, number, status)
        for line in invoice.lines:
            credit, debit = micro(line.values.get("CreditAmount")), micro(line.values.get("DebitAmount"))
            facts.credit += credit
            facts.debit += debit
            line.signed = credit - debit
        self._checks.document(facts)
        if not number:
            raise RecordRejectedError("InvoiceNo is missing", ref="", code="invoice_no")
        if status not in {"N", "S", "A", "R", "F"}:
            raise RecordRejectedError(f"InvoiceStatus {clean(status, 10)!r} is not one of N, S, A, R, F", ref=number, code="status")
        if status in {"R", "F"}:
            self._checks.note("summary" if status == "R" else "billed_again", number)
        return None if status == "R" else self._build(invoice, number, status, facts)

    def _facts(self, values: Mapping[str, str | None], number: str, status: str) -> Facts:
        return Facts(
            number=number,
            kind=(values.get("InvoiceType") or "").strip(),
            status=status,
            date=(values.get("InvoiceDate") or "").strip(),
            entry=(values.get("SystemEntryDate") or "").strip(),
            hash="".join((values.get("Hash") or "").split()),
            gross=amount(values.get("GrossTotal")),
        )

    def _build(self, invoice: _Invoice, number: str, status: str, facts: Facts) -> SalesDocument:
        values = invoice.values
        kind = self._kind(facts)
        when, doubtful = issued_at(facts.date, facts.entry, self._zone)
        if doubtful:
            self._checks.note("doubtful_time", number)
        cancelled = status == "A"
        ended = values.get("InvoiceStatusDate") if cancelled else None
        if not (values.get("GrossTotal") or "").strip():
            raise RecordRejectedError("GrossTotal is missing", ref=number, code="totals")
        gross = facts.gross
        net = amount(values.get("NetTotal")) if (values.get("NetTotal") or "").strip() else gross - amount(values.get("TaxPayable"))
        lines = self._lines(invoice.lines, kind, number, gross, net)
        refs = tuple(dict.fromkeys(ref for line in lines if (ref := line.reference)))
        return SalesDocument(
            source=self._source,
            source_id=number[:80],
            origin=Origin.SAFT,
            kind=kind,
            status=DocumentStatus.CANCELLED if cancelled else DocumentStatus.ISSUED,
            fiscal=self._fiscal(values, number, facts.hash),
            document_type=facts.kind[:20],
            store=self._stores.get(number.rpartition("/")[0], self._store),
            operator=clean(values.get("SourceID"), 80),
            issued_at=when,
            doubtful_time=doubtful,
            currency=self.header.currency,
            customer=self._customer(values.get("CustomerID")),
            lines=lines,
            payments=tuple(
                Payment(method=_METHODS.get(mechanism, PaymentMethod.OTHER), amount=amount(paid)) for mechanism, paid in invoice.payments
            ),
            refs=refs,
            gross=gross,
            net=net,
            cancelled_at=issued_at(None, ended, self._zone)[0] if ended else None,
            cancel_reason=clean(values.get("Reason"), 500) if cancelled else "",
        )

    def _kind(self, facts: Facts) -> DocumentKind:
        if not facts.kind:
            facts.kind = facts.number.partition(" ")[0].upper()
            self._checks.note("type_from_prefix", facts.number)
        if facts.kind in _RETURNS:
            return DocumentKind.RETURN
        if facts.kind in _SALES:
            return DocumentKind.SALE
        raise RecordRejectedError(f"InvoiceType {clean(facts.kind, 20)!r} is not known", ref=facts.number, code="document_type")

    def _fiscal(self, values: Mapping[str, str | None], number: str, signature: str) -> FiscalKey | None:
        if not self.header.tax_number:
            return None
        atcud = (values.get("ATCUD") or "").strip()
        return FiscalKey(
            issuer=self.header.tax_number,
            number=number[:80],
            atcud=None if atcud in {"", "0"} else atcud[:100],
            hash4="".join(signature[at] for at in _HASH_POSITIONS) if len(signature) > _HASH_POSITIONS[-1] else None,
        )

    def _customer(self, identity: str | None) -> CustomerRef:
        identity = clean(identity, 80)
        if not identity:
            return _ANONYMOUS
        found = self.customers.get(identity)
        if found is None:
            found = self.customers[identity] = CustomerRef(erp=identity)
        return found

    def _lines(self, lines: list[_Line], kind: DocumentKind, number: str, gross: int, net: int) -> tuple[Line, ...]:
        """Lines whose amounts sum to the document's: parts of NetTotal and GrossTotal in proportion to what the file says."""
        if not lines:
            return ()
        total = sum(line.signed for line in lines)
        # A return's lines are debits; producers that write signs, or the other column, mean the same document.
        turn = -1 if total < 0 or (total == 0 and kind is DocumentKind.RETURN) else 1
        for line in lines:
            line.signed *= turn
        positive = [line for line in lines if line.signed >= 0]
        against = -sum(line.signed for line in lines if line.signed < 0)
        if against:
            self._checks.note("negative_lines", number)
        if abs(abs(total) - net * _CENT) > _CENT * (len(lines) + 1):
            self._checks.note("document_total", number)
        nets = split(net, [line.signed for line in positive])
        grosses = split(gross, [line.signed * (10_000 + line.rate) + line.tax_amount * 10_000 for line in positive])
        takes = split((against + _CENT // 2) // _CENT, [line.signed for line in positive]) if against else [0] * len(positive)
        seen: set[str] = set()
        return tuple(
            self._line(line, seen, kind, line_gross, line_net, less)
            for line, line_gross, line_net, less in zip(positive, grosses, nets, takes, strict=True)
        )

    def _line(self, line: _Line, seen: set[str], kind: DocumentKind, gross: int, net: int, less: int) -> Line:
        values = line.values
        code = clean(values.get("ProductCode"), 80) or "-"
        article = self.articles.get(code, self._no_article)
        identity = clean(values.get("LineNumber"), 20)
        if not identity or identity in seen:
            identity = f"{identity}#{len(seen) + 1}"
        seen.add(identity)
        given = values.get("SettlementAmount")
        discount = (abs(micro(given)) * (10_000 + line.rate) // 10_000 + _CENT // 2) // _CENT if given else 0
        returned = line.references[0] if kind is DocumentKind.RETURN and line.references else None
        return Line(
            line_id=identity,
            product=code,
            description=clean(values.get("ProductDescription") or values.get("Description"), 500),
            family=article.family,
            ean=article.ean,
            kind=article.kind,
            quantity=(abs(micro(values.get("Quantity"))) + 500) // 1000,
            gross=gross,
            net=net,
            discount=discount + less,
            vat_rate=line.rate,
            reference=Reference(document=returned) if returned else None,
        )


def _extract(element: etree._Element) -> _Invoice:
    """One walk over the element; the first of equal names counts."""
    invoice = _Invoice()
    values = invoice.values
    for child in element:
        name = _NAMES[child.tag]
        if name == "Line":
            invoice.lines.append(_extract_line(child))
        elif name == "DocumentStatus":
            # Its SourceID is who changed the status; the document's own comes later.
            for inner in child:
                inner_name = _NAMES[inner.tag]
                if inner_name != "SourceID":
                    values.setdefault(inner_name, inner.text)
        elif name == "DocumentTotals":
            for inner in child:
                inner_name = _NAMES[inner.tag]
                if inner_name == "Payment":
                    parts = {_NAMES[part.tag]: part.text for part in inner}
                    invoice.payments.append(((parts.get("PaymentMechanism") or "").strip().upper(), parts.get("PaymentAmount")))
                else:
                    values.setdefault(inner_name, inner.text)
        elif name in _VALUES:
            values.setdefault(name, child.text)
    return invoice


def _extract_line(element: etree._Element) -> _Line:
    values: dict[str, str | None] = {}
    line = _Line(values, [])
    for child in element:
        name = _NAMES[child.tag]
        if name == "Tax":
            for inner in child:
                inner_name = _NAMES[inner.tag]
                if inner_name == "TaxPercentage":
                    line.rate = min((micro(inner.text) + 50) // 100 // 100, 10_000)
                elif inner_name == "TaxAmount":
                    line.tax_amount = abs(micro(inner.text))
        elif name == "References":
            line.references += [ref for inner in child.iter() if _NAMES[inner.tag] == "Reference" and (ref := clean(inner.text, 80))]
        elif name in _LINE_VALUES:
            values.setdefault(name, child.text)
    return line
