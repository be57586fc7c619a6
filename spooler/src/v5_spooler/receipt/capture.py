"""The sale on a receipt: from the fiscal QR code first, line items from the layout, never from the footer's own words."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from typing import Final, Literal
from zoneinfo import ZoneInfo

from pydantic import ValidationError
from stdnum.pt import nif

from v5_core.hooks import CancelRequest, CommitRequest, ReturnRequest
from v5_core.model import (
    CustomerRef,
    DocumentKind,
    DocumentStatus,
    FiscalKey,
    Line,
    Origin,
    Payment,
    PaymentMethod,
    Reference,
    SalesDocument,
)
from v5_core.money import split
from v5_spooler.escpos.profiles import Profile
from v5_spooler.escpos.tokens import Token
from v5_spooler.receipt.fiscal import FINAL_CONSUMER, FiscalCode, find_fiscal, parse_fiscal
from v5_spooler.receipt.layout import Layout, Reading
from v5_spooler.receipt.text import lines_of

__all__ = ["Capture", "Operation", "Shop", "read_sale"]

Operation = Literal["commit", "return", "cancel"]
_KINDS: Final = dict.fromkeys(("FT", "FS", "FR", "VD"), DocumentKind.SALE) | {"NC": DocumentKind.RETURN}


@dataclass(frozen=True, slots=True)
class Shop:
    """Where the printer stands."""

    store: str
    zone: ZoneInfo
    till: str = ""
    currency: str = "EUR"


@dataclass(frozen=True, slots=True)
class Capture:
    """A sale read from print.

    Attributes:
        key: Fiscal key; a second job with it is a copy.
        body: The request for the agent, JSON; `request_id` follows from key and operation alone.
        findings: What was noticed (items that do not sum to the total), for people.
    """

    key: str
    operation: Operation
    request_id: str
    body: str
    document: SalesDocument
    findings: tuple[str, ...] = ()


def read_sale(
    tokens: Sequence[Token], profile: Profile, layout: Layout | None, shop: Shop, arrived: datetime, *, raster: Sequence[str] = ()
) -> Capture | None:
    """The sale that the job prints; None when it is no sales document (kitchen order, report, transport guide).

    `raster` are the contents of QR codes that the job prints as images; `arrived` dates a receipt that does not tell its time.
    """
    content = find_fiscal(tokens) or next((code for code in raster if code.startswith("A:") and "*G:" in code), None)
    if content is None and layout is None:
        return None
    reading = layout.read(lines_of(tokens, profile)) if layout else Reading()
    findings: list[str] = []
    code: FiscalCode | None = None
    if content is not None:
        try:
            code = parse_fiscal(content)
        except ValueError as error:
            findings.append(f"fiscal QR code: {error}")
    if code is None:
        code = _from_text(reading, arrived)
    if code is None or code.kind is None:
        return None
    return _capture(code, reading, shop, arrived, findings)


def _from_text(reading: Reading, arrived: datetime) -> FiscalCode | None:
    # No code on paper: only a receipt that names its issuer, its number and its total is certain enough to be a sale.
    fields = reading.fields
    number, issuer = fields.get("number", ""), fields.get("issuer", "")
    if not number or not issuer or reading.total is None or not nif.is_valid(issuer):
        return None
    kind = number.split()[0].upper()
    buyer = fields.get("buyer")
    return FiscalCode(
        key=FiscalKey(issuer=issuer, number=number),
        buyer=None if buyer in {None, FINAL_CONSUMER} else buyer,
        country="PT",
        document_type=kind,
        status="N",
        day=_day(fields.get("date")) or arrived.date(),
        gross=reading.total,
        vat=-1,
        kind=_KINDS.get(kind),
    )


def _capture(code: FiscalCode, reading: Reading, shop: Shop, arrived: datetime, findings: list[str]) -> Capture | None:
    lines = _lines(code, reading, findings)
    net = sum(line.net for line in lines) if code.vat < 0 else max(code.gross - code.vat, 0)
    issued, doubtful = _issued(code.day, reading.fields.get("time"), shop.zone, arrived)
    references = (Reference(document=reading.fields["reference"]),) if reading.fields.get("reference") else ()
    cancelled = code.cancelled
    try:
        document = SalesDocument(
            source="print",
            source_id=code.key.key,
            origin=Origin.PRINT,
            kind=code.kind or DocumentKind.SALE,
            status=DocumentStatus.CANCELLED if cancelled else DocumentStatus.ISSUED,
            fiscal=code.key,
            document_type=code.document_type,
            store=shop.store,
            till=(reading.fields.get("till") or shop.till)[:40],
            operator=reading.fields.get("operator", "")[:80],
            issued_at=issued,
            doubtful_time=doubtful,
            currency=shop.currency,
            customer=_customer(code, reading),
            lines=lines,
            payments=_payments(code.gross, reading),
            refs=references if code.kind is DocumentKind.RETURN else (),
            gross=code.gross,
            net=net if lines or code.vat >= 0 else code.gross,
        )
    except ValidationError:
        return None
    operation: Operation = "cancel" if cancelled else "return" if code.kind is DocumentKind.RETURN else "commit"
    request_id = "print-" + hashlib.sha256(f"{operation}:{code.key.key}".encode()).hexdigest()[:40]
    return Capture(code.key.key, operation, request_id, _body(operation, request_id, document, arrived), document, tuple(findings))


def _body(operation: Operation, request_id: str, document: SalesDocument, arrived: datetime) -> str:
    if operation == "cancel":
        return CancelRequest(request_id=request_id, store=document.store, at=arrived, document=document.keys[0]).model_dump_json()
    if operation == "return":
        return ReturnRequest(request_id=request_id, document=document).model_dump_json()
    return CommitRequest(request_id=request_id, document=document).model_dump_json()


def _customer(code: FiscalCode, reading: Reading) -> CustomerRef:
    card = reading.fields.get("card", "").replace(" ", "") or None
    return CustomerRef(card=card, tax_number=code.buyer)


def _payments(gross: int, reading: Reading) -> tuple[Payment, ...]:
    if not reading.payments:
        return ()
    # Cash handed over may exceed the total: what counts is what the sale took.
    left, payments = gross, []
    for method, amount in sorted(reading.payments, key=lambda payment: payment[0] == "cash"):
        taken = min(amount, left)
        left -= taken
        if taken:
            payments.append(Payment(method=PaymentMethod(method), amount=taken))
    return tuple(payments)


def _lines(code: FiscalCode, reading: Reading, findings: list[str]) -> tuple[Line, ...]:
    items = [item for item in reading.items if item.total > 0]
    taken = sum(-item.total for item in reading.items if item.total < 0) + reading.discount
    if not items:
        return ()
    total = sum(item.total for item in items)
    if total != code.gross and total - taken != code.gross:
        findings.append(f"items sum to {total} and discounts to {taken}, the document says {code.gross} cents: kept without items")
        return ()
    off = split(total - code.gross, [item.total for item in items])
    gross = [item.total - part for item, part in zip(items, off, strict=True)]
    bare = [amount * 10_000 // (10_000 + item.vat) for amount, item in zip(gross, items, strict=True)]
    net = bare if code.vat < 0 else split(max(code.gross - code.vat, 0), bare)
    return tuple(
        Line(
            line_id=str(number),
            product=item.code or _slug(item.description),
            description=item.description,
            quantity=item.quantity,
            gross=gross[number - 1],
            net=net[number - 1],
            discount=item.discount + off[number - 1],
            vat_rate=min(item.vat, 10_000),
        )
        for number, item in enumerate(items, start=1)
    )


def _slug(description: str) -> str:
    # Paper often names no article code: the words, folded, stand for it until the ERP tells better.
    return re.sub(r"[^\w]+", "-", description.casefold()).strip("-")[:80] or "article"


def _day(text: str | None) -> date | None:
    for form in ("%Y-%m-%d", "%d-%m-%Y", "%d/%m/%Y", "%d.%m.%Y"):
        try:
            return datetime.strptime(text or "", form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    return None


def _issued(day: date, clock: str | None, zone: ZoneInfo, arrived: datetime) -> tuple[datetime, bool]:
    """The time on paper in the store's zone, flagged when the autumn hour makes it doubtful; else the arrival; else noon."""
    here = arrived.astimezone(zone)
    if clock is None:
        return (here.replace(microsecond=0), False) if here.date() == day else (datetime.combine(day, time(12), zone), False)
    hour, minute, *second = (int(part) for part in clock.split(":"))
    if hour > 23 or minute > 59 or (second and second[0] > 59):
        return datetime.combine(day, time(12), zone), False
    issued = datetime.combine(day, time(hour, minute, second[0] if second else 0), zone)
    later = issued.replace(fold=1)
    doubtful = issued.utcoffset() != later.utcoffset()
    # The paper was printed just after it was issued: of the two readings the nearer one is right.
    if doubtful and abs(later - arrived) < abs(issued - arrived) and abs(later - arrived) < timedelta(minutes=30):
        issued = later
    # A fixed offset, not the zone: Python never finds a time in a doubtful hour equal to the same instant in UTC (PEP 495).
    return issued.replace(tzinfo=timezone(issued.utcoffset() or timedelta())), doubtful
