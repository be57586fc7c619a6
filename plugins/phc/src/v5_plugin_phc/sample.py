"""A PHC-shaped database with PHC's habits, for tests and the demo. Everything in it is made here.

    engine = create_engine("sqlite:///phc.db")
    create(engine)
    sale = insert_sale(engine, at=now, lines=[SampleLine("CAF250", 2, "4.50")], customer=1)
    insert_credit_note(engine, of=sale, at=later)
    cancel(engine, sale, at=later)

Stamps are padded with blanks, missing dates are 1900-01-01, hours are text, credit notes are negative: as in a real one.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, MetaData, func, inspect, select, update

from v5_plugin_phc.tables import NO_DATE, TABLES, cl, fi, ft, ft3

__all__ = [
    "ARTICLES",
    "CUSTOMERS",
    "TAX_NUMBER",
    "SampleLine",
    "cancel",
    "correct",
    "create",
    "insert_article",
    "insert_credit_note",
    "insert_customer",
    "insert_late",
    "insert_many",
    "insert_sale",
]

TAX_NUMBER: Final = "599999993"
INVOICE_RECEIPT, CREDIT_NOTE, SIMPLE_INVOICE = 1, 2, 3
_SERIES: Final = {
    INVOICE_RECEIPT: ("Fatura-Recibo", 1, "FR"),
    CREDIT_NOTE: ("Nota de Crédito", 3, "NC"),
    SIMPLE_INVOICE: ("V/Fatura Simpl.", 1, "FS"),
}
_NEVER: Final = datetime.combine(NO_DATE, datetime.min.time())
_OPENED: Final = _NEVER.replace(year=2025, day=2, hour=9)
_PRESENT: Final[WeakKeyDictionary[Engine, dict[str, set[str]]]] = WeakKeyDictionary()  # columns that a database was made with
_CENT: Final = Decimal("0.01")

# ref, design, family, family name, price with VAT, rate, EAN
ARTICLES: Final = (
    ("CAF250", "Café moído 250 g", "MERC", "Mercearia", "4.50", "23", "5600000000014"),
    ("PAODELO", "Pão de ló de Ovar", "PAD", "Padaria", "8.90", "6", "5600000000021"),
    ("AZEITE75", "Azeite virgem extra 0,75 l", "MERC", "Mercearia", "11.75", "6", "5600000000038"),
    ("VINHO1", "Vinho tinto Douro", "BEB", "Bebidas", "7.20", "13", "5600000000045"),
    ("SABAO", "Sabão azul e branco", "LIMP", "Limpeza", "1.85", "23", "5600000000052"),
)
# name, tax number, mobile, e-mail; the first is the final consumer
CUSTOMERS: Final = (
    ("Consumidor Final", "", "", ""),
    ("Ana Conceição", "", "912000001", "ana@example.pt"),
    ("João Guimarães", "", "912000002", "joao@example.pt"),
    ("Padaria São José, Lda", "", "222000003", "geral@example.pt"),
)


@dataclass(frozen=True, slots=True)
class SampleLine:
    """One line: prices with VAT, `total` after the discount (None: price times quantity)."""

    ref: str
    quantity: Decimal | int | str = 1
    price: Decimal | str = "1.00"
    rate: Decimal | int | str = 23
    design: str = ""
    total: Decimal | str | None = None

    @property
    def amount(self) -> Decimal:
        """What the customer pays for the line."""
        return (
            Decimal(self.total) if self.total is not None else (Decimal(self.price) * Decimal(self.quantity)).quantize(_CENT, ROUND_HALF_UP)
        )


def create(engine: Engine, *, without: Iterable[str] = (), tax_number: str = TAX_NUMBER, year: int = 2026) -> None:
    """Makes the tables with series, company, customers and articles; `without` leaves columns out ("ft.ftid")."""
    missing = set(without)
    meta = MetaData()
    for table in TABLES.values():
        if table.name in missing:
            continue
        copy = table.to_metadata(meta)
        for column in [column for column in copy.c if f"{table.name}.{column.name}" in missing]:
            copy.indexes -= {index for index in copy.indexes if column.name in index.c}
            copy._columns.remove(column)  # noqa: SLF001 - SQLAlchemy has no public way to drop one
    meta.create_all(engine)
    with engine.begin() as connection:
        _insert(connection, "e1", [{"estab": 0, "nomecomp": "Mercearia Exemplo, Lda", "ncont": tax_number}])
        for ndoc, (name, tipodoc, saft) in _SERIES.items():
            row = {"ndoc": ndoc, "nmdoc": name, "tipodoc": tipodoc, "tiposaft": saft, "manternumero": False, "docsimport": False}
            _insert(connection, "td", [row])
            series = {"serieatstamp": f"SERIE{ndoc}", "origem": "FT", "ano": year, "numero": ndoc, "idseriephc": f"{saft} {year}A{ndoc}"}
            _insert(connection, "serieat", [series])
        for number, (name, tax, mobile, email) in enumerate(CUSTOMERS):
            _insert(connection, "cl", [_customer(number, name, tax, mobile, email, _OPENED, final_consumer=number == 0)])
        _insert(connection, "st", [_article(*article) for article in ARTICLES])


def insert_customer(
    engine: Engine,
    number: int,
    name: str,
    *,
    tax_number: str = "",
    mobile: str = "",
    email: str = "",
    final_consumer: bool = False,
    at: datetime | None = None,
    zone: str = "Europe/Lisbon",
) -> None:
    """A customer record."""
    local = _wall(at, zone) if at else _OPENED
    with engine.begin() as connection:
        _insert(connection, "cl", [_customer(number, name, tax_number, mobile, email, local, final_consumer=final_consumer)])


def insert_article(
    engine: Engine, ref: str, design: str, family: str = "", family_name: str = "", price: str = "1.00", rate: str = "23", ean: str = ""
) -> None:
    """An article's record; the rate stands in PHC's table of rates, which is not read, so it is not kept."""
    with engine.begin() as connection:
        _insert(connection, "st", [_article(ref, design, family, family_name, price, rate, ean)])


def insert_sale(
    engine: Engine,
    *,
    at: datetime,
    lines: Sequence[SampleLine],
    customer: int = 0,
    card: str = "",
    till: str = "CX1",
    site: str = "",
    ndoc: int = INVOICE_RECEIPT,
    clock: str = "%H:%M:%S",
    zone: str = "Europe/Lisbon",
    header: Mapping[str, Any] | None = None,
) -> str:
    """A sales document paid in cash; gives its stamp.

    `at` is aware, or the till's wall clock; `clock` is how this till writes hours (PHC knows several ways); `header` sets columns of
    ft, ft2 or ft3 otherwise.
    """
    local = _wall(at, zone)
    with engine.begin() as connection:
        return _insert_document(connection, _Draft(local, lines, customer, card, till, site, ndoc, clock, header or {}))


def insert_late(engine: Engine, *, at: datetime, lines: Sequence[SampleLine], **how: Any) -> str:
    """A sale of a till that was offline: it appears now, with the timestamps of then."""
    return insert_sale(engine, at=at, lines=lines, **how)


def insert_credit_note(engine: Engine, *, of: str, at: datetime, lines: Sequence[int] | None = None, zone: str = "Europe/Lisbon") -> str:
    """A credit note over some lines (by position; all of them by default) of the document with stamp `of`, with negative totals."""
    with engine.begin() as connection:
        original = connection.execute(select(fi).where(fi.c.ftstamp == of).order_by(fi.c.lordem)).mappings().all()
        chosen = [original[position] for position in (lines if lines is not None else range(len(original)))]
        buyer = connection.execute(select(ft.c.no).where(ft.c.ftstamp == of)).scalar_one()
        given = [SampleLine(row["ref"], row["qtt"], row["epv"], row["iva"], row["design"], row["etiliquido"]) for row in chosen]
        origins = [row["fistamp"] for row in chosen]
        return _insert_document(connection, _Draft(_wall(at, zone), given, buyer, ndoc=CREDIT_NOTE, origins=origins))


def cancel(engine: Engine, stamp: str, *, at: datetime, reason: str = "Engano", bump: bool = True, zone: str = "Europe/Lisbon") -> None:
    """Cancels a document; `bump` false leaves `ft.usrdata` as it was, as some versions do."""
    local = _wall(at, zone)
    with engine.begin() as connection:
        connection.execute(update(ft).where(ft.c.ftstamp == stamp).values(anulado=True, **(_audit("usr", local) if bump else {})))
        when = {"anuldata": _midnight(local), "anulhora": local.strftime("%H:%M:%S")}
        connection.execute(update(ft3).where(ft3.c.ft3stamp == stamp).values(motanul=reason, **when))


def correct(engine: Engine, stamp: str, *, description: str, at: datetime, zone: str = "Europe/Lisbon") -> None:
    """Changes the first line's description of an issued document."""
    with engine.begin() as connection:
        first = connection.execute(select(fi.c.fistamp).where(fi.c.ftstamp == stamp).order_by(fi.c.lordem)).scalars().first()
        connection.execute(update(fi).where(fi.c.fistamp == first).values(design=description))
        connection.execute(update(ft).where(ft.c.ftstamp == stamp).values(**_audit("usr", _wall(at, zone))))


def insert_many(engine: Engine, count: int, *, at: datetime) -> None:
    """Many small sales of one second, fast."""
    with engine.begin() as connection:
        for start in range(0, count, 5000):
            rows = [_document(n + 1, n + 1, _Draft(at, [SampleLine("CAF250", 1, "4.50")])) for n in range(start, min(start + 5000, count))]
            for table in ("ft", "ft2", "ft3"):
                _insert(connection, table, [row[table] for row in rows])
            _insert(connection, "fi", [line for row in rows for line in row["fi"]])


# How PHC keeps it -------------------------------------------------------------------------------------------------------------


def _customer(number: int, name: str, tax_number: str, mobile: str, email: str, local: datetime, *, final_consumer: bool) -> dict[str, Any]:
    row: dict[str, Any] = {"no": number, "estab": 0, "clstamp": f"CL{number:010d}", "nome": name, "ncont": tax_number, "tlmvl": mobile}
    row |= {"telefone": "", "email": email, "nascimento": _NEVER, "inactivo": False, "clivd": final_consumer}
    return row | _audit("usr", local)


def _article(ref: str, design: str, family: str, family_name: str, price: str, _rate: str, ean: str) -> dict[str, Any]:
    row: dict[str, Any] = {"ststamp": f"ST{ref}", "ref": ref, "design": design, "familia": family, "faminome": family_name, "codigo": ean}
    return row | {"iva1incl": True, "stns": False, "inactivo": False, "epv1": Decimal(price), **_audit("usr", _OPENED)}


@dataclass(frozen=True, slots=True)
class _Draft:
    """What a till enters; PHC makes up the rest. `origins`: the returned line of each line."""

    local: datetime
    lines: Sequence[SampleLine]
    customer: int = 0
    card: str = ""
    till: str = "CX1"
    site: str = ""
    ndoc: int = INVOICE_RECEIPT
    clock: str = "%H:%M:%S"
    header: Mapping[str, Any] = field(default_factory=dict)
    origins: Sequence[str] | None = None


def _insert_document(connection: Connection, draft: _Draft) -> str:
    mine = (ft.c.ndoc == draft.ndoc) & (ft.c.ftano == draft.local.year)
    number = connection.execute(select(func.coalesce(func.max(ft.c.fno), 0)).where(mine)).scalar_one() + 1
    serial = connection.execute(select(func.count()).select_from(ft)).scalar_one() + 1
    rows = _document(number, serial, draft)
    buyer = connection.execute(select(cl.c.nome, cl.c.ncont).where(cl.c.no == draft.customer, cl.c.estab == 0)).mappings().first()
    if buyer is not None:
        rows["ft"] |= {"nome": buyer["nome"], "ncont": buyer["ncont"]}
    for table in ("ft", "ft2", "ft3"):
        _insert(connection, table, [rows[table]])
    _insert(connection, "fi", rows["fi"])
    return str(rows["ft"]["ftstamp"])


def _document(number: int, serial: int, draft: _Draft) -> dict[str, Any]:
    local, lines, ndoc = draft.local, draft.lines, draft.ndoc
    name, tipodoc, saft = _SERIES[ndoc]
    sign = -1 if tipodoc == 3 else 1
    stamp = f"V5{local.year}S{ndoc}N{number:08d}"
    gross = sum((line.amount for line in lines), Decimal())
    net = sum((_net(line) for line in lines), Decimal()).quantize(_CENT, ROUND_HALF_UP)
    signature = base64.b64encode(hashlib.sha512(stamp.encode()).digest() * 2).decode()[:172]
    head = {"ndoc": ndoc, "fno": number, "ftano": local.year, "ftstamp": stamp, "ftid": serial, "nmdoc": name, "tipodoc": tipodoc}
    head |= {"fdata": _midnight(local), "no": draft.customer, "estab": 0, "nome": "", "ncont": "", "anulado": False, "etotal": sign * gross}
    head |= {"ettiliq": sign * net, "ettiva": sign * (gross - net), "edescc": 0, "efinv": 0, "site": draft.site, "pnome": draft.till}
    head |= {"vendnm": "Rita", "eancl": draft.card, **_audit("ousr", local, draft.clock), **_audit("usr", local, draft.clock)}
    two = {"ft2stamp": stamp, "tiposaft": saft, "assinatura": signature, "evdinheiro": gross, "etroco": 0}
    two |= {f"epaga{place}": 0 for place in range(1, 7)}
    three = {"ft3stamp": stamp, "atcud": f"V5SAMPLE-{number}", "motanul": "", "anuldata": _NEVER, "anulhora": "", "invoicenoori": ""}
    for row in (head, two, three):
        row |= {column: value for column, value in draft.header.items() if column in row}
    body = [_line(stamp, place, line, sign, draft.origins) for place, line in enumerate(lines)]
    return {"ft": head, "ft2": two, "ft3": three, "fi": body}


def _line(stamp: str, place: int, line: SampleLine, sign: int, origins: Sequence[str] | None) -> dict[str, Any]:
    row: dict[str, Any] = {
        "fistamp": f"{stamp}L{place:05d}",
        "ftstamp": stamp,
        "ref": line.ref,
        "oref": "",
        "design": line.design or line.ref,
    }
    row |= {
        "lordem": (place + 1) * 10_000,
        "ofistamp": origins[place] if origins else "",
        "ivaincl": True,
        "qtt": sign * Decimal(line.quantity),
    }
    return row | {"epv": Decimal(line.price), "etiliquido": sign * line.amount, "iva": Decimal(line.rate)}


def _net(line: SampleLine) -> Decimal:
    return line.amount * 100 / (100 + Decimal(line.rate))


def _insert(connection: Connection, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    known = _PRESENT.setdefault(connection.engine, {})
    if name not in known:
        there = inspect(connection).has_table(name)
        known[name] = {column["name"] for column in inspect(connection).get_columns(name)} if there else set()
    if rows and known[name]:
        connection.execute(TABLES[name].insert(), [{key: value for key, value in row.items() if key in known[name]} for row in rows])


def _audit(prefix: str, at: datetime, clock: str = "%H:%M:%S") -> dict[str, Any]:
    return {f"{prefix}data": _midnight(at), f"{prefix}hora": at.strftime(clock)}


def _midnight(at: datetime) -> datetime:
    return datetime(at.year, at.month, at.day)  # noqa: DTZ001 - PHC's columns are wall-clock dates


def _wall(at: datetime, zone: str) -> datetime:
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) if at.tzinfo else at
