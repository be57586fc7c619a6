"""Every statement that is sent to PHC, built for the columns that this installation really has."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, FromClause, Select, and_, case, exists, false, func, null, or_, select, true

from v5_core.sources.sql import after, clock_text, until
from v5_core.sources.window import Key
from v5_plugin_phc.config import PhcConfig
from v5_plugin_phc.tables import NO_DATE, cl, e1, fi, fi2, ft, ft2, ft3, serieat, st, td

__all__ = ["SALE_TYPES", "Shape", "Statements"]

Shape = dict[str, frozenset[str]]

# td.tipodoc: 1 sales, 3 credit notes. PHC's own turnover queries leave 4 and 5 out, and so do we.
SALE_TYPES: Final = (1, 3)
_EMPTY_DATE: Final = datetime.combine(NO_DATE, datetime.min.time())


class Statements:
    """The statements for one installation."""

    def __init__(self, config: PhcConfig, shape: Shape) -> None:
        self._config = config
        self._shape = shape
        self.has_ftid = "ftid" in shape["ft"]

    def _pick(self, column: Column[Any]) -> ColumnElement[Any]:
        name = f"{column.table.name}_{column.name}"
        return column.label(name) if column.name in self._shape[column.table.name] else null().label(name)

    def _tipodoc(self) -> ColumnElement[Any]:
        return func.coalesce(td.c.tipodoc, ft.c.tipodoc) if "tipodoc" in self._shape["ft"] else td.c.tipodoc

    def _sales(self) -> ColumnElement[bool]:
        """Issued sales documents with lines: a header that stands before its lines is not taken yet."""
        # Drafts have no number (fno <= 0).
        wanted = [ft.c.fno > 0, self._tipodoc().in_(SALE_TYPES), exists().where(fi.c.ftstamp == ft.c.ftstamp)]
        if self._config.read_from:
            wanted.append(ft.c.fdata >= _midnight(self._config.read_from))
        return and_(*wanted)

    def _scan(self, *key: ColumnElement[Any], day: ColumnElement[Any]) -> Select[Any]:
        lines = select(func.count()).select_from(fi).where(fi.c.ftstamp == ft.c.ftstamp).scalar_subquery()
        columns = [part.label(f"key{place}") for place, part in enumerate(key)]
        light = [ft.c.usrdata, ft.c.usrhora, ft.c.etotal, ft.c.anulado, ft3.c.anuldata, lines.label("lines")]
        joined = ft.outerjoin(td, td.c.ndoc == ft.c.ndoc).outerjoin(ft3, ft3.c.ft3stamp == ft.c.ftstamp)
        return select(ft.c.ftstamp.label("id"), day.label("day"), *columns, *light).select_from(joined).where(self._sales()).order_by(*key)

    def inserts_by_id(self, floor: Key | None, top: int) -> Select[Any]:
        """New documents in the order of `ftid`: it tells a late row whatever its timestamps say."""
        statement = self._scan(ft.c.ftid, day=ft.c.ousrdata).limit(top)
        return statement if floor is None else statement.where(after([ft.c.ftid], floor))

    def inserts_by_time(self, floor: Key | None, now: datetime, top: int) -> Select[Any]:
        """New documents in the order of their creation, up to now on the wall clock."""
        return self._timed(ft.c.ousrdata, ft.c.ousrhora, floor, now).limit(top)

    def changes(self, floor: Key | None, now: datetime, top: int) -> Select[Any]:
        """Documents that somebody touched after they were made."""
        touched = or_(ft.c.usrdata != ft.c.ousrdata, ft.c.usrhora != ft.c.ousrhora)
        return self._timed(ft.c.usrdata, ft.c.usrhora, floor, now).where(touched).limit(top)

    def cancellations(self, floor: Key | None, now: datetime, top: int) -> Select[Any]:
        """Cancelled documents by the date of cancellation, which may leave `ft.usrdata` as it was."""
        return self._timed(_cancelled_on(), func.coalesce(ft3.c.anulhora, ""), floor, now).where(ft.c.anulado == true()).limit(top)

    def _timed(self, day: ColumnElement[Any], hour: ColumnElement[Any], floor: Key | None, now: datetime) -> Select[Any]:
        clock = clock_text(hour)
        key = (day, clock, ft.c.ftstamp)
        statement = self._scan(*key, day=day).where(until(day, clock, _midnight(now.date()), now.strftime("%H:%M:%S")))
        if floor is None:
            return statement
        # The plain condition on the day lets the server use an index; the spelled-out one is exact.
        start = datetime.fromisoformat(str(floor[0]))
        return statement.where(day >= start, after(key, (start, *floor[1:])))

    def days(self, since: date, *, cancelled: bool) -> Select[Any]:
        """How many documents each day has."""
        day = _cancelled_on() if cancelled else ft.c.ousrdata
        joined = ft.outerjoin(td, td.c.ndoc == ft.c.ndoc).outerjoin(ft3, ft3.c.ft3stamp == ft.c.ftstamp)
        recent = or_(day >= _midnight(since), day == _EMPTY_DATE) if cancelled else day >= _midnight(since)
        wanted = and_(self._sales(), recent, ft.c.anulado == true()) if cancelled else and_(self._sales(), recent)
        # Counted outside: a parameter in GROUP BY is another one than the same in SELECT when it goes through ODBC.
        each = select(day.label("day")).select_from(joined).where(wanted).subquery("each_document")
        return select(each.c.day, func.count().label("documents")).group_by(each.c.day).order_by(each.c.day)

    def of_day(self, day: date, after_stamp: str, top: int, *, cancelled: bool) -> Select[Any]:
        """The documents of one day, by stamp."""
        on = _cancelled_on() if cancelled else ft.c.ousrdata
        statement = self._scan(ft.c.ftstamp, day=on).where(on == _midnight(day), ft.c.ftstamp > after_stamp).limit(top)
        return statement.where(ft.c.anulado == true()) if cancelled else statement

    def headers(self, stamps: Sequence[str]) -> Select[Any]:
        """Everything about documents but their lines."""
        tables = [ft, ft2, ft3, td]
        source: FromClause = (
            ft.outerjoin(ft2, ft2.c.ft2stamp == ft.c.ftstamp)
            .outerjoin(ft3, ft3.c.ft3stamp == ft.c.ftstamp)
            .outerjoin(td, td.c.ndoc == ft.c.ndoc)
            .outerjoin(cl, and_(cl.c.no == ft.c.no, cl.c.estab == ft.c.estab))
        )
        columns = [self._pick(column) for table in tables for column in table.c] + [self._pick(cl.c.clivd)]
        if self._shape["serieat"]:
            series = and_(serieat.c.origem == "FT", serieat.c.ano == ft.c.ftano, serieat.c.numero == ft.c.ndoc)
            source = source.outerjoin(serieat, series)
        columns.append(self._pick(serieat.c.idseriephc))
        return select(*columns).select_from(source).where(ft.c.ftstamp.in_(stamps))

    def lines(self, stamps: Sequence[str]) -> Select[Any]:
        """The lines of documents, with family and barcode from the article."""
        own = case((fi.c.ref == "", fi.c.oref), else_=fi.c.ref) if "oref" in self._shape["fi"] else fi.c.ref
        source: FromClause = fi.outerjoin(st, st.c.ref == own)
        columns = [self._pick(column) for column in fi.c]
        columns += [
            own.label("article"),
            *(self._pick(column) for column in (st.c.familia, st.c.codigo, st.c.stns)),
            self._pick(fi2.c.refretif),
        ]
        if self._shape["fi2"]:
            source = source.outerjoin(fi2, fi2.c.fi2stamp == fi.c.fistamp)
        return select(*columns).select_from(source).where(fi.c.ftstamp.in_(stamps)).order_by(fi.c.ftstamp, fi.c.lordem, fi.c.fistamp)

    def origins(self, line_stamps: Sequence[str]) -> Select[Any]:
        """Which document each line belongs to."""
        return select(fi.c.fistamp, fi.c.ftstamp).where(fi.c.fistamp.in_(line_stamps))

    def customers(self, floor: Key | None, now: datetime, top: int) -> Select[Any]:
        """Customers by their last change; the record that stands for the final consumer is none."""
        statement = self._records(cl.c.clstamp, cl.c.usrdata, cl.c.usrhora, list(cl.c), floor, now).limit(top)
        return statement.where(or_(cl.c.clivd == false(), cl.c.clivd.is_(None))) if "clivd" in self._shape["cl"] else statement

    def products(self, floor: Key | None, now: datetime, top: int) -> Select[Any]:
        """Articles by their last change."""
        return self._records(st.c.ststamp, st.c.usrdata, st.c.usrhora, list(st.c), floor, now).limit(top)

    def _records(
        self, stamp: Column[Any], day: Column[Any], hour: Column[Any], columns: list[Column[Any]], floor: Key | None, now: datetime
    ) -> Select[Any]:
        key = (day, clock_text(hour), stamp)
        named = [part.label(f"key{place}") for place, part in enumerate(key)]
        statement = select(stamp.label("id"), *named, *(self._pick(column) for column in columns)).order_by(*key)
        statement = statement.where(until(key[0], key[1], _midnight(now.date()), now.strftime("%H:%M:%S")))
        if floor is None:
            return statement
        start = datetime.fromisoformat(str(floor[0]))
        return statement.where(day >= start, after(key, (start, *floor[1:])))

    def company(self) -> Select[Any]:
        """The company's own record."""
        return select(self._pick(e1.c.nomecomp), self._pick(e1.c.ncont)).order_by(e1.c.estab).limit(1)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001 - PHC's columns are wall-clock dates


def _cancelled_on() -> ColumnElement[Any]:
    return func.coalesce(ft3.c.anuldata, _EMPTY_DATE, type_=ft3.c.anuldata.type)
