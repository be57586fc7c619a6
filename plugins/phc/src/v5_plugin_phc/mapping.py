"""PHC rows to V5 documents, customers and products."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from v5_core.errors import FieldError, RecordRejectedError
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
from v5_core.money import round_decimal, split
from v5_core.sources.localtime import Placed, parse_clock, place
from v5_plugin_phc.config import PhcConfig
from v5_plugin_phc.tables import NO_DATE

__all__ = ["Issuer", "Row", "fiscal_number", "to_customer", "to_document", "to_product"]

Row = Mapping[str, Any]

FINAL_CONSUMER: Final = "999999990"  # the tax number that stands for nobody
_RETURNS: Final = frozenset({"NC"})
_SALES: Final = frozenset({"FT", "FS", "FR", "VD", "TV", "ND"})
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_NO_ARTICLE: Final = "-"  # a line of free text that costs money
_SIGNATURE_PLACES: Final = (0, 10, 20, 30)  # the characters of the signature that are printed


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who sells: the company's tax number, when it is known."""

    tax_number: str


def text(row: Row, name: str, limit: int = 200) -> str:
    """A text column: trimmed, without control characters, bounded; missing is empty."""
    return _CONTROL.sub("", str(row.get(name) or "")).strip()[:limit]


def amount(row: Row, name: str) -> Decimal:
    """A money column; missing is zero."""
    value = row.get(name)
    return value if isinstance(value, Decimal) else Decimal(str(value or 0))


def day(value: object) -> date | None:
    """A date column; PHC writes 1900-01-01 for none."""
    found = value.date() if isinstance(value, datetime) else value if isinstance(value, date) else None
    return found if found is not None and found > NO_DATE else None


def _bad(row: Row, column: str, code: str, message: str) -> RecordRejectedError:
    """One record that cannot be used: names table, key and column."""
    table, _, name = column.partition(".")
    key = f"ft {row.get('ft_ndoc')}/{row.get('ft_fno')}/{row.get('ft_ftano')} ({text(row, 'ft_ftstamp')})"
    where = f"table {table}, column {name}"
    if table == "fi":
        where = f"table fi, line {text(row, 'fi_fistamp')}, column {name}"
    return RecordRejectedError(f"{where}: {message}", ref=key, code=f"phc.{column}.{code}", errors=(FieldError(column, code, message),))


def fiscal_number(row: Row) -> str | None:
    """The legal number of a document; None for what is not a fiscal document.

    Imported documents keep the number they came with. Series communicated to the tax authority (2023 on) have their own name in
    `serieat`; before that it is year, 'A' and series, or the series alone where numbering goes on over the years.
    """
    kind, number = text(row, "ft2_tiposaft") or text(row, "td_tiposaft"), row["ft_fno"]
    if row.get("td_docsimport") and text(row, "ft3_invoicenoori"):
        return text(row, "ft3_invoicenoori", 60)
    if not kind:
        return None
    series = text(row, "serieat_idseriephc")
    if series:
        return f"{series}/{number}" if " " in series else f"{kind} {series}/{number}"
    if row["ft_ftano"] >= 2014 and not row.get("td_manternumero"):
        return f"{kind} {row['ft_ftano']}A{row['ft_ndoc']}/{number}"
    return f"{kind} {row['ft_ndoc']}/{number}"


def _fiscal(row: Row, issuer: Issuer) -> FiscalKey | None:
    number = fiscal_number(row)
    if number is None or not issuer.tax_number:
        return None
    signature = text(row, "ft2_assinatura", 1000)
    printed = "".join(signature[place] for place in _SIGNATURE_PLACES) if len(signature) > _SIGNATURE_PLACES[-1] else None
    atcud = text(row, "ft3_atcud", 100)
    return FiscalKey(issuer=issuer.tax_number, number=number, atcud=atcud or None, hash4=printed)


def _kind(row: Row) -> DocumentKind:
    """From the document type alone: totals of credit notes are negative in some versions and positive in others."""
    tipodoc = row.get("td_tipodoc") if row.get("td_tipodoc") is not None else row.get("ft_tipodoc")
    saft = text(row, "ft2_tiposaft") or text(row, "td_tiposaft")
    kind = {1: DocumentKind.SALE, 3: DocumentKind.RETURN}.get(tipodoc or 0)
    told = DocumentKind.RETURN if saft in _RETURNS else DocumentKind.SALE if saft in _SALES else None
    if kind is None or (told is not None and told is not kind):
        raise _bad(row, "td.tipodoc", "kind", f"document type {tipodoc} and SAF-T type {saft!r} do not agree on sale or return")
    return kind


def _placed(row: Row, date_column: str, clock_column: str, zone: ZoneInfo) -> Placed:
    found = day(row.get(date_column))
    table, _, name = date_column.partition("_")
    if found is None:
        raise _bad(row, f"{table}.{name}", "missing", "the date is missing")
    try:
        return place(found, parse_clock(str(row.get(clock_column) or "")), zone)
    except ValueError:
        name = clock_column.partition("_")[2]
        raise _bad(row, f"{table}.{name}", "clock", f"{row.get(clock_column)!r} is not a time of day") from None


def customer_number(number: int | None, branch: int | None) -> str:
    """PHC's customer number as one text: '123', or '123/1' for an establishment of it."""
    return f"{number}/{branch}" if branch else f"{number or ''}".replace("None", "")


def _customer(row: Row) -> CustomerRef:
    card = text(row, "ft_eancl", 80) or None
    tax = text(row, "ft_ncont", 40)
    if row.get("cl_clivd") or not row.get("ft_no"):
        return CustomerRef(card=card)
    return CustomerRef(
        card=card,
        erp=customer_number(row["ft_no"], row.get("ft_estab")),
        tax_number=tax if tax and tax != FINAL_CONSUMER else None,
        name=text(row, "ft_nome") or None,
    )


@dataclass(frozen=True, slots=True)
class _Priced:
    """A line with its exact amounts, as PHC keeps them; all positive for an ordinary line."""

    row: Row
    rate: Decimal
    gross: Decimal
    net: Decimal
    full: Decimal


def _price(header: Row, row: Row) -> _Priced:
    rate = amount(row, "fi_iva")
    if not 0 <= rate <= 100:
        raise _bad({**header, **row}, "fi.iva", "range", f"{rate} is not a rate of VAT")
    value, listed = amount(row, "fi_etiliquido"), amount(row, "fi_epv") * amount(row, "fi_qtt")
    factor = 1 + rate / 100
    if row.get("fi_ivaincl"):
        return _Priced(row, rate, value, value / factor, listed)
    return _Priced(row, rate, value * factor, value, listed * factor)


def _totals(header: Row, lines: Sequence[_Priced]) -> tuple[int, int]:
    """Gross and net of the document in cents, as the header has them, always positive."""
    gross = round_decimal(abs(amount(header, "ft_etotal")), 2)
    net = gross - round_decimal(abs(amount(header, "ft_ettiva")), 2)
    if not 0 <= net <= gross or gross >= 10**13:
        raise _bad(header, "ft.ettiva", "total", "VAT is larger than the total, or the total is impossible")
    if gross and not any(line.gross > 0 for line in lines):
        raise _bad(header, "ft.etotal", "lines", "the header has an amount and no line has one")
    return gross, net


def _lines(header: Row, rows: Sequence[Row], references: Mapping[str, Reference]) -> tuple[tuple[Line, ...], int, int, str]:
    priced = [_price(header, row) for row in rows]
    if sum(line.gross for line in priced) < 0:  # a credit note with negative lines; the kind was decided elsewhere
        priced = [_Priced(line.row, line.rate, -line.gross, -line.net, -line.full) for line in priced]
    gross, net = _totals(header, priced)
    # A negative line is a discount written as a line: the amount that is left is shared by the others.
    kept = [line for line in priced if line.gross > 0 or (line.gross == 0 and text(line.row, "article"))]
    shares = split(gross, [int(line.gross * 10**6) for line in kept]) if kept else []
    nets = split(net, [int(line.net * 10**6) for line in kept]) if kept else []
    lines = tuple(_line(line, share, part, references) for line, share, part in zip(kept, shares, nets, strict=True))
    return lines, gross, net, _disagreement(header, priced, gross)


def _disagreement(header: Row, priced: Sequence[_Priced], gross: int) -> str:
    told = round_decimal(sum((line.gross for line in priced), Decimal()), 2)
    headed = round_decimal(abs(amount(header, "ft_efinv")), 2)
    if min(abs(told - gross), abs(told - headed - gross)) <= len(priced) + 1:
        return ""
    number = f"ft {header['ft_ndoc']}/{header['ft_fno']}/{header['ft_ftano']}"
    return f"{number}: the lines sum to {told} cents and the header says {gross}; the header was taken and shared over the lines"


def _line(line: _Priced, gross: int, net: int, references: Mapping[str, Reference]) -> Line:
    row, stamp = line.row, text(line.row, "fi_fistamp")
    full = round_decimal(abs(line.full), 2)
    return Line(
        line_id=stamp,
        product=text(row, "article", 80) or _NO_ARTICLE,
        description=text(row, "fi_design", 500),
        family=text(row, "st_familia", 80),
        ean=text(row, "st_codigo", 20) or None,
        kind=LineKind.SERVICE if row.get("st_stns") else LineKind.PRODUCT,
        quantity=round_decimal(abs(amount(row, "fi_qtt")), 3),
        gross=gross,
        net=min(net, gross),
        discount=full - gross if full > gross + 1 else 0,  # a single cent is rounding
        vat_rate=round_decimal(line.rate, 2),
        reference=references.get(stamp),
    )


def _payments(row: Row, config: PhcConfig, gross: int) -> tuple[Payment, ...]:
    cash = round_decimal(abs(amount(row, "ft2_evdinheiro")), 2)
    others = {number: round_decimal(abs(amount(row, f"ft2_epaga{number}")), 2) for number in range(1, 7)}
    change = round_decimal(abs(amount(row, "ft2_etroco")), 2)
    if cash + sum(others.values()) - change == gross and cash >= change:
        cash -= change  # the customer's note, less what was given back
    paid = [Payment(method=PaymentMethod.CASH, amount=cash)] if cash else []
    paid += [Payment(method=config.payments.get(n, PaymentMethod.OTHER), amount=value) for n, value in others.items() if value]
    return tuple(paid)


def to_document(
    header: Row, rows: Sequence[Row], references: Mapping[str, Reference], config: PhcConfig, issuer: Issuer
) -> tuple[SalesDocument, str]:
    """One document, and a finding about it ('' when there is none).

    Raises:
        RecordRejectedError: Names table, key and column.
    """
    zone = ZoneInfo(config.zone)
    issued = _placed(header, "ft_fdata", "ft_ousrhora", zone)
    kind = _kind(header)
    lines, gross, net, finding = _lines(header, rows, references)
    cancelled = bool(header.get("ft_anulado"))
    refs = () if kind is DocumentKind.SALE else tuple(dict.fromkeys(_told(row) for row in rows if text(row, "fi2_refretif")))
    try:
        document = SalesDocument(
            source=config.source,
            source_id=text(header, "ft_ftstamp"),
            origin=Origin.ERP,
            kind=kind,
            status=DocumentStatus.CANCELLED if cancelled else DocumentStatus.ISSUED,
            fiscal=_fiscal(header, issuer),
            document_type=text(header, "ft2_tiposaft", 20) or text(header, "ft_nmdoc", 20) or text(header, "td_nmdoc", 20),
            store=config.store_of(text(header, "ft_site")),
            till=text(header, "ft_pnome", 40),
            operator=text(header, "ft_vendnm", 80),
            issued_at=issued.at,
            doubtful_time=issued.doubtful,
            currency=config.currency,
            customer=_customer(header),
            lines=lines,
            payments=_payments(header, config, gross),
            refs=() if any(line.reference for line in lines) else refs,
            gross=gross,
            net=sum(line.net for line in lines) if lines else net,
            cancelled_at=_cancelled_at(header, zone) if cancelled else None,
            cancel_reason=text(header, "ft3_motanul", 500) if cancelled else "",
        )
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise _bad(header, "ft.row", "invalid", f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}") from None
    return document, finding


def _told(row: Row) -> Reference:
    return Reference(document=text(row, "fi2_refretif", 60))


def _cancelled_at(row: Row, zone: ZoneInfo) -> datetime | None:
    for table, columns in (("ft3", ("anuldata", "anulhora")), ("ft", ("usrdata", "usrhora"))):
        found = day(row.get(f"{table}_{columns[0]}"))
        if found is not None:
            try:
                return place(found, parse_clock(str(row.get(f"{table}_{columns[1]}") or "")), zone).at
            except ValueError:
                continue  # when it was cancelled is worth less than that it was
    return None


def to_customer(row: Row, config: PhcConfig) -> Customer:
    """One customer; raises pydantic's ValidationError when it cannot be one."""
    tax = text(row, "cl_ncont", 40)
    updated = day(row.get("key0"))
    return Customer(
        source=config.source,
        source_id=customer_number(row["cl_no"], row.get("cl_estab")),
        name=text(row, "cl_nome"),
        tax_number=tax if tax and tax != FINAL_CONSUMER else None,
        phone=text(row, "cl_tlmvl", 40) or text(row, "cl_telefone", 40) or None,
        email=text(row, "cl_email", 254) or None,
        birth_date=day(row.get("cl_nascimento")),
        updated_at=place(updated, parse_clock(str(row["key1"] or "")), ZoneInfo(config.zone)).at if updated else None,
        inactive=bool(row.get("cl_inactivo")),
    )


def to_product(row: Row, config: PhcConfig) -> Product:
    """One article; its price only when PHC keeps it with VAT, for the rate is not in the article's record."""
    return Product(
        source=config.source,
        source_id=text(row, "id"),
        code=text(row, "st_ref", 80),
        description=text(row, "st_design", 500),
        family=text(row, "st_familia", 80),
        family_name=text(row, "st_faminome", 500),
        ean=text(row, "st_codigo", 20) or None,
        price=round_decimal(max(amount(row, "st_epv1"), Decimal()), 2) if row.get("st_iva1incl") else 0,
        inactive=bool(row.get("st_inactivo")),
    )
