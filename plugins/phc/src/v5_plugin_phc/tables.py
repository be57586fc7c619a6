"""PHC's tables, as far as they are read. Types follow SQL Server; SQLite and PostgreSQL carry the same shape for tests and demo.

PHC pads char(25) stamps with blanks, writes '' and 1900-01-01 where others write NULL, and keeps money as numeric(19,6).
Columns in `OPTIONAL` are missing in some versions; everything else is required.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Boolean, Column, DateTime, Dialect, MetaData, Numeric, String, Table, Text
from sqlalchemy import types as sql_types

from v5_core.sources.sql import PaddedChar

__all__ = ["NO_DATE", "OPTIONAL", "OPTIONAL_TABLES", "TABLES", "cl", "e1", "fi", "fi2", "ft", "ft2", "ft3", "serieat", "st", "td"]

NO_DATE: Final = date(1900, 1, 1)


class Money(sql_types.TypeDecorator[Decimal]):
    """numeric(19,6) that is exact everywhere; SQLite, which has no decimals, keeps it as text."""

    impl = Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> sql_types.TypeEngine[Any]:
        """Text on SQLite, numeric elsewhere."""
        return dialect.type_descriptor(String(30) if dialect.name == "sqlite" else Numeric(19, 6))

    def process_bind_param(self, value: Decimal | int | None, dialect: Dialect) -> Any:
        """As text on SQLite."""
        return str(value) if dialect.name == "sqlite" and value is not None else value

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """Always a Decimal."""
        return None if value is None else Decimal(str(value))


class Whole(sql_types.TypeDecorator[int]):
    """numeric(n,0): a whole number, whatever the driver makes of it."""

    impl = Numeric
    cache_ok = True

    def __init__(self, digits: int) -> None:
        super().__init__(digits, 0)
        self.digits = digits

    def load_dialect_impl(self, dialect: Dialect) -> sql_types.TypeEngine[Any]:
        """BigInteger where numeric would come back as a float."""
        return dialect.type_descriptor(Numeric(self.digits, 0) if dialect.name == "mssql" else sql_types.BigInteger())

    def process_result_value(self, value: Any, dialect: Dialect) -> int | None:
        """Always an int."""
        return None if value is None else int(value)


_META: Final = MetaData()
_STAMP: Final = PaddedChar(25)


def _audit(prefix: str) -> list[Column[Any]]:
    return [Column(f"{prefix}data", DateTime), Column(f"{prefix}hora", String(8))]


def _money(*names: str) -> list[Column[Any]]:
    return [Column(name, Money) for name in names]


ft = Table(
    "ft",
    _META,
    Column("ndoc", Whole(3), primary_key=True, autoincrement=False),
    Column("fno", Whole(10), primary_key=True, autoincrement=False),
    Column("ftano", Whole(4), primary_key=True, autoincrement=False),
    Column("ftstamp", _STAMP, unique=True, nullable=False),
    Column("ftid", Whole(12), index=True),
    Column("nmdoc", String(20)),
    Column("tipodoc", Whole(1)),
    Column("fdata", DateTime),
    Column("no", Whole(10)),
    Column("estab", Whole(3)),
    Column("nome", String(55)),
    Column("ncont", String(20)),
    Column("anulado", Boolean),
    *_money("etotal", "ettiliq", "ettiva", "edescc", "efinv"),
    Column("site", String(20)),
    Column("pnome", String(30)),
    Column("vendnm", String(20)),
    Column("eancl", String(35)),
    *_audit("ousr"),
    *_audit("usr"),
)
ft2 = Table(
    "ft2",
    _META,
    Column("ft2stamp", _STAMP, primary_key=True),
    Column("tiposaft", String(5)),
    Column("assinatura", Text),
    *_money("evdinheiro", "epaga1", "epaga2", "epaga3", "epaga4", "epaga5", "epaga6", "etroco"),
)
ft3 = Table(
    "ft3",
    _META,
    Column("ft3stamp", _STAMP, primary_key=True),
    Column("atcud", String(100)),
    Column("motanul", String(50)),
    Column("anuldata", DateTime),
    Column("anulhora", String(8)),
    Column("invoicenoori", String(60)),
)
fi = Table(
    "fi",
    _META,
    Column("fistamp", _STAMP, primary_key=True),
    Column("ftstamp", _STAMP, index=True, nullable=False),
    Column("ref", String(18)),
    Column("oref", String(18)),
    Column("design", String(100)),
    Column("lordem", Whole(10)),
    Column("ofistamp", _STAMP),
    Column("ivaincl", Boolean),
    *_money("qtt", "epv", "etiliquido", "iva"),
)
fi2 = Table("fi2", _META, Column("fi2stamp", _STAMP, primary_key=True), Column("refretif", String(60)))
td = Table(
    "td",
    _META,
    Column("ndoc", Whole(3), primary_key=True, autoincrement=False),
    Column("nmdoc", String(20)),
    Column("tipodoc", Whole(1)),
    Column("tiposaft", String(5)),
    Column("manternumero", Boolean),
    Column("docsimport", Boolean),
)
serieat = Table(
    "serieat",
    _META,
    Column("serieatstamp", _STAMP, primary_key=True),
    Column("origem", String(10)),
    Column("ano", Whole(4)),
    Column("numero", Whole(10)),
    Column("idseriephc", String(60)),
)
cl = Table(
    "cl",
    _META,
    Column("no", Whole(10), primary_key=True, autoincrement=False),
    Column("estab", Whole(3), primary_key=True, autoincrement=False),
    Column("clstamp", _STAMP, nullable=False),
    Column("nome", String(55)),
    Column("ncont", String(20)),
    Column("telefone", String(60)),
    Column("tlmvl", String(45)),
    Column("email", String(100)),
    Column("nascimento", DateTime),
    Column("inactivo", Boolean),
    Column("clivd", Boolean),
    *_audit("usr"),
)
st = Table(
    "st",
    _META,
    Column("ststamp", _STAMP, primary_key=True),
    Column("ref", String(18), unique=True),
    Column("design", String(100)),
    Column("familia", String(18)),
    Column("faminome", String(60)),
    Column("codigo", String(40)),
    Column("iva1incl", Boolean),
    Column("stns", Boolean),
    Column("inactivo", Boolean),
    *_money("epv1"),
    *_audit("usr"),
)
e1 = Table(
    "e1",
    _META,
    Column("estab", Whole(3), primary_key=True, autoincrement=False),
    Column("nomecomp", String(100)),
    Column("ncont", String(20)),
)

TABLES: Final = {table.name: table for table in (ft, ft2, ft3, fi, fi2, td, serieat, cl, st, e1)}
OPTIONAL_TABLES: Final = frozenset({"fi2", "serieat", "e1"})
OPTIONAL: Final[dict[str, frozenset[str]]] = {
    "ft": frozenset({"ftid", "site", "pnome", "vendnm", "eancl", "efinv", "edescc", "nmdoc", "tipodoc"}),
    "ft2": frozenset({"assinatura", "evdinheiro", "epaga1", "epaga2", "epaga3", "epaga4", "epaga5", "epaga6", "etroco"}),
    "ft3": frozenset({"atcud", "invoicenoori", "motanul"}),
    "td": frozenset({"nmdoc", "tiposaft", "manternumero", "docsimport"}),
    "fi": frozenset({"oref"}),
    "cl": frozenset({"clivd", "nascimento", "inactivo", "tlmvl", "telefone", "email"}),
    "st": frozenset({"faminome", "codigo", "stns", "inactivo", "iva1incl"}),
    "e1": frozenset({"nomecomp"}),
}
