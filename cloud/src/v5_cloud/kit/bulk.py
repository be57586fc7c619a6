"""Many rows of many tables written at once: one statement on PostgreSQL, one per table on SQLite.

On PostgreSQL the rows travel as JSON parameters of a statement whose text does not change, so that it is prepared once per
connection; all tables are written by data-modifying CTEs in a single round trip.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Final, Literal, cast

import orjson
from sqlalchemy import CursorResult, bindparam, inspect, text
from sqlalchemy.dialects.sqlite import Insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from v5_cloud.kit.direct import execute
from v5_cloud.kit.stale import stale, stale_of
from v5_cloud.kit.tenant import Scope
from v5_cloud.models import AccountRow, StoreDay, TenantRow
from v5_core.errors import RetryableError

__all__ = ["Mode", "WriteSet"]

Row = Mapping[str, Any]
Mode = Literal["insert", "keep", "replace", "add"]
_ACCOUNT: Final = ("balance", "held", "earned", "spent", "version", "sequence", "expiring", "expiring_on", "updated_at")


@dataclass(slots=True)
class WriteSet:
    """What a transaction wants to write.

    Modes: "insert" fails on a row that exists, "keep" leaves it, "replace" overwrites it, "add" adds the numbers up.
    A column of JSON may be given as text that is JSON already (`orjson.Fragment`).
    """

    scope: Scope
    rows: dict[tuple[type[TenantRow], Mode], dict[Any, Row]] = field(default_factory=dict)
    accounts: list[Row] = field(default_factory=list)

    def put(self, model: type[TenantRow], rows: Sequence[Row], mode: Mode = "insert") -> None:
        """Adds rows of a table; `tenant_id` is put in here."""
        if rows:
            kept = self.rows.setdefault((model, mode), {})
            names, key_of = _keys(model), _key_of(model)
            for row in rows:
                whole = {**row, "tenant_id": self.scope.tenant}
                key = key_of(whole)
                before = kept.get(key)
                if before is None or mode == "replace":
                    kept[key] = whole
                elif mode == "add":
                    kept[key] = {name: value if name in names else before[name] + value for name, value in whole.items()}
                elif mode == "insert":
                    raise ValueError(f"{model.__tablename__}: the same row twice")

    def account(self, row: Row, expected: int) -> None:
        """Changes an account whose version is still `expected`; the replica counter moves with it."""
        self.accounts.append({**{name: row[name] for name in _ACCOUNT}, "id": row["id"], "expected": expected})

    def flush(self, session: Session, epoch: int) -> None:
        """Writes everything.

        Raises:
            RetryableError: An account was changed by somebody else meanwhile.
        """
        if not self.rows and not self.accounts:
            return
        sqlite = session.get_bind().dialect.name == "sqlite"
        changed = self._sqlite(session) if sqlite else self._postgres(session, epoch)
        if changed != len(self.accounts):
            raise RetryableError("An account was changed at the same moment; send the request again.", retry_after=1)
        stale(session, self.scope.tenant, stale_of(((model, rows.values()) for (model, _), rows in self.rows.items()), self.accounts))

    def _postgres(self, session: Session, epoch: int) -> int:
        # Every session locks rows of one table in the same order, so that two of them never wait for each other.
        tables = tuple((model.__tablename__, mode) for model, mode in self.rows)
        parameters: list[Any] = [self.scope.tenant]
        if self.accounts:
            self.accounts.sort(key=lambda row: str(row["id"]))
            parameters += (_json(self.accounts), epoch, [row["id"] for row in self.accounts])
        parameters += [_json([rows[key] for key in sorted(rows)]) for rows in self.rows.values()]
        return int(execute(session.connection(), _statement(tables, bool(self.accounts)), parameters)[0][0])

    def _sqlite(self, session: Session) -> int:
        for (model, mode), rows in self.rows.items():
            session.connection().execute(_upsert(model, mode), [dict(row) for row in rows.values()])
        if not self.accounts:
            return 0
        # SQLite has one writer, so a counter of the whole company costs nothing there.
        table = AccountRow.__table__
        sets = ", ".join(f"{name} = :{name}" for name in _ACCOUNT)
        sql = (
            f"UPDATE account SET {sets}, replica = (SELECT coalesce(max(b.replica), 0) + 1 FROM account b WHERE b.tenant_id = :tenant "  # noqa: S608 - names of our own columns
            "AND b.company_id = account.company_id) WHERE tenant_id = :tenant AND id = :id AND version = :expected"
        )
        typed = text(sql).bindparams(
            bindparam("tenant", self.scope.tenant),
            *[bindparam(name, type_=table.c[name].type) for name in ("expiring_on", "updated_at")],
        )
        changed = 0
        for row in self.accounts:
            changed += cast("CursorResult[Any]", session.execute(typed, dict(row))).rowcount
        return changed


@functools.cache
def _keys(model: type[TenantRow]) -> tuple[str, ...]:
    return tuple(column.name for column in inspect(model).primary_key)


@functools.cache
def _upsert(model: type[TenantRow], mode: Mode) -> Insert:
    """SQLite's statement: made once, for making it costs more than running it."""
    statement = sqlite_insert(model.__table__)  # type: ignore[arg-type]
    keys = _keys(model)
    others = {column.name: column for column in statement.excluded if column.name not in keys}
    if mode == "keep":
        return statement.on_conflict_do_nothing(index_elements=keys)
    if mode == "replace":
        return statement.on_conflict_do_update(index_elements=keys, set_=others)
    if mode == "add":
        added = {name: model.__table__.c[name] + column for name, column in others.items()}
        return statement.on_conflict_do_update(index_elements=keys, set_=added)
    return statement


@functools.cache
def _key_of(model: type[TenantRow]) -> Callable[[Row], Any]:
    return itemgetter(*_keys(model))


def _json(rows: Sequence[Row]) -> str:
    return orjson.dumps(rows).decode()


_MODELS: Final = {mapper.class_.__tablename__: mapper.class_ for mapper in StoreDay.registry.mappers}


@functools.lru_cache(maxsize=256)
def _statement(tables: tuple[tuple[str, Mode], ...], accounts: bool) -> str:  # noqa: FBT001 - a cache key
    parts = []
    for index, (name, mode) in enumerate(tables, start=5 if accounts else 2):
        table = _MODELS[name].__table__
        columns = ", ".join(f'"{column.name}"' for column in table.columns)
        keys = [column.name for column in table.primary_key.columns]
        others = [column.name for column in table.columns if column.name not in keys]
        conflict = ""
        if mode == "keep":
            conflict = f" ON CONFLICT ({', '.join(keys)}) DO NOTHING"
        elif mode in {"replace", "add"}:
            added = "" if mode == "replace" else '"{table}"."{one}" + '
            sets = ", ".join(f'"{one}" = ' + added.format(table=name, one=one) + f'excluded."{one}"' for one in others)
            conflict = f" ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {sets}"
        source = f'jsonb_populate_recordset(NULL::"{name}", CAST(${index} AS jsonb))'
        parts.append(f'w{index} AS (INSERT INTO "{name}" ({columns}) SELECT {columns} FROM {source}{conflict})')  # noqa: S608 - names of our own tables
    if accounts:
        table = AccountRow.__table__
        types = {"expiring_on": "date", "updated_at": "timestamptz"}
        shape = ", ".join(f"{name} {types.get(name, 'bigint')}" for name in _ACCOUNT)
        sets = ", ".join(f"{name} = x.{name}" for name in _ACCOUNT)
        # The ids a second time: of a recordset PostgreSQL thinks that it has a hundred rows, and would rather walk all accounts.
        parts.append(
            f"changed AS (UPDATE account a SET {sets}, replica = CAST($3 AS bigint) + CAST(CAST(pg_current_xact_id() AS text) AS bigint) "  # noqa: S608
            f"FROM jsonb_to_recordset(CAST($2 AS jsonb)) AS x(id text, expected bigint, {shape}) "
            "WHERE a.tenant_id = CAST($1 AS text) AND a.id = ANY (CAST($4 AS text[])) "
            "AND a.id = x.id AND a.version = x.expected RETURNING 1)"
        )
    count = "(SELECT count(*) FROM changed)" if accounts else "0"
    return f"WITH {', '.join(parts)} SELECT {count} FROM (SELECT CAST($1 AS text)) AS t"  # noqa: S608
