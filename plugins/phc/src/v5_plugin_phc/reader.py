"""Reads PHC: new documents, later changes, customers, articles. One connection a read; nothing is ever written.

How nothing is missed is told in the README under "What is found, and when".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic import ValidationError
from sqlalchemy import Connection, Select

from v5_core.errors import ConfigError, FatalError, RecordRejectedError
from v5_core.model import Customer, Product, Reference
from v5_core.plugins import Batch, Cursor, Record, Rejected, Stream
from v5_core.sources.sql import columns_of
from v5_core.sources.window import Key, Scanned, Window, content_hash
from v5_plugin_phc.config import PhcConfig
from v5_plugin_phc.mapping import Issuer, Row, fiscal_number, text, to_customer, to_document, to_product
from v5_plugin_phc.queries import Shape, Statements
from v5_plugin_phc.tables import OPTIONAL, OPTIONAL_TABLES, TABLES

__all__ = ["Reader", "shape_of"]

VERSION: Final = 1
_AT_ONCE: Final = 500  # SQL Server takes at most 2100 parameters a statement
_BY_ID: Final = 200  # rows behind the newest ftid that are looked at again: more than tills that could be writing at once
_BY_TIME: Final = 1500
_MAX_LIMIT: Final = 500
_RAW: Final = ("ft_ndoc", "ft_fno", "ft_ftano", "ft_fdata", "ft_ousrhora", "ft_tipodoc", "ft_anulado", "ft_etotal", "ft_ettiva")


def shape_of(connection: Connection) -> Shape:
    """Columns that this installation has.

    Raises:
        ConfigError: A table or column that the plugin cannot do without is missing.
    """
    shape = {name: columns_of(connection, table) for name, table in TABLES.items()}
    for name, table in TABLES.items():
        if not shape[name] and name not in OPTIONAL_TABLES:
            raise ConfigError(f"table {name} is missing or may not be read: right database? grants of the README?", code="phc.table")
        missing = {column.name for column in table.c} - shape[name] - OPTIONAL.get(name, frozenset())
        if shape[name] and missing:
            raise ConfigError(f"table {name} lacks the columns {', '.join(sorted(missing))}: not a PHC CS database?", code="phc.column")
    return shape


@dataclass
class _Gathered:
    """What one read has come to so far."""

    records: list[Record] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)

    @property
    def handled(self) -> int:
        return len(self.records) + len(self.rejected)


class Reader:
    """One read on one open connection.

    Args:
        connection: To PHC's database.
        config: Settings.
        shape: What `shape_of` gave for this database.
        now: Aware; becomes the wall clock of the store's zone.
        recount: Whether to compare the number of documents of each day with what was read, when there is nothing else.
    """

    def __init__(self, connection: Connection, config: PhcConfig, shape: Shape, *, now: datetime, recount: bool) -> None:
        self._connection = connection
        self._config = config
        self._sql = Statements(config, shape)
        self._now = now.astimezone(ZoneInfo(config.zone)).replace(tzinfo=None)
        self._recount = recount
        self._has_company = bool(shape["e1"])
        self._overlap = timedelta(minutes=config.overlap_minutes)
        self.counts_agree = False

    def read(self, stream: Stream, cursor: Cursor | None, limit: int) -> Batch:
        """Up to `limit` records after `cursor`."""
        if cursor is not None and cursor.get("v") != VERSION:
            raise FatalError("the place where reading stopped cannot be understood: another plugin or a newer version wrote it")
        limit = max(1, min(limit, _MAX_LIMIT))
        found = _Gathered()
        state = dict(cursor or {"v": VERSION})
        reads: dict[Stream, Callable[[dict[str, Any], int, _Gathered], bool]] = {
            Stream.DOCUMENTS: self._documents,
            Stream.DOCUMENT_CHANGES: self._changes,
            Stream.CUSTOMERS: self._customers,
            Stream.PRODUCTS: self._products,
        }
        complete = reads[stream](state, limit, found)
        moved = state if found.handled else cursor
        return Batch(tuple(found.records), moved, complete, tuple(found.rejected), tuple(dict.fromkeys(found.findings))[:50])

    def company(self) -> tuple[str, str]:
        """The company's name and tax number; empty when its record is not there."""
        row = self._rows(self._sql.company())[:1] if self._has_company else []
        return (text(row[0], "e1_nomecomp"), text(row[0], "e1_ncont", 40)) if row else ("", "")

    # Documents ---------------------------------------------------------------------------------------------------------------

    def _documents(self, state: dict[str, Any], limit: int, found: _Gathered) -> bool:
        by_id = state.setdefault("by", "ftid" if self._sql.has_ftid else "time") == "ftid"
        if by_id and not self._sql.has_ftid:
            raise FatalError("the column ft.ftid, by which this database was read, is gone: have the documents read again from a date")
        if by_id:
            window = Window.restore(state.get("window"), cap=_BY_ID)
            return self._scan(
                state, "window", window, lambda top: self._sql.inserts_by_id(window.floor, top), limit, found, cancelled=False
            )
        window = Window.restore(state.get("window"), cap=_BY_TIME, overlap=self._overlap)
        by_time = lambda top: self._sql.inserts_by_time(window.floor, self._now, top)  # noqa: E731
        return self._scan(state, "window", window, by_time, limit, found, cancelled=False)

    def _changes(self, state: dict[str, Any], limit: int, found: _Gathered) -> bool:
        changed = Window.restore(state.get("changed"), cap=_BY_TIME, overlap=self._overlap)
        statement = self._sql.changes(changed.floor, self._now, changed.wanted(limit))
        fresh, complete = changed.take(self._scanned(statement), limit)
        self._gather(fresh, found)
        state["changed"] = changed.state()
        if not complete or found.handled >= limit:
            return False
        cancelled = Window.restore(state.get("cancelled"), cap=_BY_TIME, overlap=self._overlap)

        def by_date(top: int) -> Select[Any]:
            return self._sql.cancellations(cancelled.floor, self._now, top)

        return self._scan(state, "cancelled", cancelled, by_date, limit - found.handled, found, cancelled=True)

    def _scan(
        self,
        state: dict[str, Any],
        name: str,
        window: Window,
        statement: Callable[[int], Select[Any]],
        limit: int,
        found: _Gathered,
        *,
        cancelled: bool,
    ) -> bool:
        """One window, and the count of each day beside it."""
        days: dict[str, int] = dict(state.get("days", {}))
        if state.get("again") and self._again(state, days, limit, found, cancelled=cancelled):
            return False
        known = set(window.entries)
        fresh, complete = window.take(self._scanned(statement(window.wanted(limit))), limit)
        self._gather(fresh, found)
        for row in fresh:
            if row.id not in known:
                days[row.day] = days.get(row.day, 0) + 1
        state |= {name: window.state(), "days": self._recent(days)}
        if not complete or found.handled >= limit:
            return False
        if self._recount:
            return self._compare(state, limit - found.handled, found, cancelled=cancelled)
        return True

    def _recent(self, days: dict[str, int]) -> dict[str, int]:
        since = self._since().isoformat()
        return {day: count for day, count in sorted(days.items()) if day >= since or day < "1901"}

    def _since(self) -> date:
        return self._now.date() - timedelta(days=self._config.rescan_days)

    def _compare(self, state: dict[str, Any], limit: int, found: _Gathered, *, cancelled: bool) -> bool:
        """Days that have another number of documents than were read are read again: rows written very late, or taken away."""
        days = state["days"]
        actual = {_iso_day(row["day"]): int(row["documents"]) for row in self._rows(self._sql.days(self._since(), cancelled=cancelled))}
        odd = [day for day, count in actual.items() if days.get(day, 0) != count]
        if not odd:
            self.counts_agree = True
            return True
        state["again"] = {"day": odd[0], "after": "", "count": 0}
        found.findings.append(f"{odd[0]}: {days.get(odd[0], 0)} documents were read, {actual[odd[0]]} are there; the day is read again")
        return not self._again(state, dict(days), limit, found, cancelled=cancelled)

    def _again(self, state: dict[str, Any], days: dict[str, int], limit: int, found: _Gathered, *, cancelled: bool) -> bool:
        """A page of a day that is read again; whether there was anything in it."""
        again = dict(state["again"])
        statement = self._sql.of_day(date.fromisoformat(again["day"]), again["after"], limit + 1, cancelled=cancelled)
        rows = self._scanned(statement)
        page = rows[:limit]
        self._gather(page, found)
        again["count"] += len(page)
        if len(rows) > limit:
            state["again"] = again | {"after": page[-1].id}
        else:
            days[again["day"]] = again["count"]
            state["days"] = self._recent(days)
            del state["again"]
        return bool(page)

    def _scanned(self, statement: Select[Any]) -> list[Scanned]:
        scanned = []
        for row in self._rows(statement):
            key = tuple(_scalar(row[name]) for name in ("key0", "key1", "key2") if name in row)
            light = (row[name] for name in ("usrdata", "usrhora", "etotal", "anulado", "anuldata", "lines"))
            scanned.append(Scanned(row["id"], key, content_hash(light), _iso_day(row["day"])))
        return scanned

    def _gather(self, scanned: Sequence[Scanned], found: _Gathered) -> None:
        """Reads headers, lines and origins of some documents and maps each by itself."""
        stamps = [row.id for row in scanned]
        headers = {text(row, "ft_ftstamp"): row for row in self._many(self._sql.headers, stamps)}
        lines: dict[str, list[Row]] = {stamp: [] for stamp in stamps}
        for row in self._many(self._sql.lines, stamps):
            lines[text(row, "fi_ftstamp")].append(row)
        references = self._references([row for rows in lines.values() for row in rows])
        issuer = Issuer(self._config.tax_number or (self.company()[1] if stamps else ""))
        for stamp in stamps:
            if stamp not in headers:
                continue  # deleted since it was scanned
            try:
                document, finding = to_document(headers[stamp], lines[stamp], references, self._config, issuer)
            except RecordRejectedError as error:
                raw = json.dumps({name: headers[stamp].get(name) for name in _RAW}, default=str)
                found.rejected.append(Rejected(error.ref, error.error_code, error.message, raw))
                continue
            found.records.append(document)
            if finding:
                found.findings.append(finding)

    def _references(self, lines: Iterable[Row]) -> dict[str, Reference]:
        """By line: the number of the original document, and its line."""
        wanted = {text(row, "fi_fistamp"): text(row, "fi_ofistamp") for row in lines if text(row, "fi_ofistamp")}
        originals = {row["fistamp"]: row["ftstamp"] for row in self._many(self._sql.origins, sorted(set(wanted.values())))}
        headers = {text(row, "ft_ftstamp"): row for row in self._many(self._sql.headers, sorted(set(originals.values())))}
        numbers = {stamp: fiscal_number(row) or stamp for stamp, row in headers.items()}
        return {
            line: Reference(document=numbers[originals[origin]], line=origin)
            for line, origin in wanted.items()
            if originals.get(origin) in numbers
        }

    # Customers and articles --------------------------------------------------------------------------------------------------

    def _customers(self, state: dict[str, Any], limit: int, found: _Gathered) -> bool:
        def one(row: Row) -> Customer:
            return to_customer(row, self._config)

        return self._table("cl", state, limit, found, self._sql.customers, one)

    def _products(self, state: dict[str, Any], limit: int, found: _Gathered) -> bool:
        def one(row: Row) -> Product:
            return to_product(row, self._config)

        return self._table("st", state, limit, found, self._sql.products, one)

    def _table(
        self,
        table: str,
        state: dict[str, Any],
        limit: int,
        found: _Gathered,
        statement: Callable[[Key | None, datetime, int], Select[Any]],
        make: Callable[[Row], Customer | Product],
    ) -> bool:
        window = Window.restore(state.get("window"), cap=_BY_TIME, overlap=self._overlap)
        rows = self._rows(statement(window.floor, self._now, window.wanted(limit)))
        by_id = {row["id"]: row for row in rows}
        scanned = [Scanned(row["id"], tuple(_scalar(row[f"key{place}"]) for place in range(3)), content_hash(row.values())) for row in rows]
        fresh, complete = window.take(scanned, limit)
        for item in fresh:
            try:
                found.records.append(make(by_id[item.id]))
            except (ValidationError, ValueError) as error:
                first = error.errors(include_url=False, include_input=False)[0] if isinstance(error, ValidationError) else None
                what = f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}" if first else str(error)
                found.rejected.append(Rejected(f"{table} {item.id}", f"phc.{table}.invalid", f"table {table}, {what}"))
        state["window"] = window.state()
        return complete

    # Statements --------------------------------------------------------------------------------------------------------------

    def _rows(self, statement: Select[Any]) -> list[Row]:
        return [dict(row) for row in self._connection.execute(statement).mappings()]

    def _many(self, statement: Callable[[Sequence[str]], Select[Any]], keys: Sequence[str]) -> list[Row]:
        return [row for start in range(0, len(keys), _AT_ONCE) for row in self._rows(statement(keys[start : start + _AT_ONCE]))]


def _scalar(value: Any) -> str | int:
    if isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, int) else str(value or "")


def _iso_day(value: Any) -> str:
    return value.date().isoformat() if isinstance(value, datetime) else str(value or "1900-01-01")[:10]
