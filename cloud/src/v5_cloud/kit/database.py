"""Engine and unit of work: `with database.write(scope) as session:` commits at its end, or rolls back on any exception."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, cast

import orjson
import psycopg
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from v5_cloud.kit.settings import Settings
from v5_cloud.kit.tenant import Scope

__all__ = ["Database"]

_PLANS: Final = "v5_plans"
_FIRST_PAUSE: Final = 0.5
_MOST_PAUSE: Final = 60.0
_PRAGMAS: Final = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=20000", "temp_store=MEMORY")


class Database:
    """One database and its transactions.

    SQLite has one writer: writers queue on a lock of this process and take `BEGIN IMMEDIATE` against other processes. PostgreSQL
    transactions first say whose they are (`v5.tenant`, for row-level security), together with the advisory locks they want.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.statements = 0
        self._writer = threading.Lock()
        self.engine = self._create()
        event.listen(self.engine, "before_cursor_execute", self._count)

    @property
    def is_sqlite(self) -> bool:
        """Embedded or server."""
        return self.engine.dialect.name == "sqlite"

    def _create(self) -> Engine:
        url = self.settings.sqlalchemy_url
        if url.startswith("sqlite"):
            engine = create_engine(
                url,
                connect_args={"check_same_thread": False, "timeout": 20},
                pool_size=self.settings.pool_size,
                max_overflow=40,
                json_serializer=_json,
                hide_parameters=True,  # whatever fails and is logged: no personal data with it
            )
            event.listen(engine, "connect", _prepare_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
            return engine
        engine = create_engine(
            url,
            pool_size=self.settings.pool_size,
            max_overflow=self.settings.pool_size,
            pool_pre_ping=False,
            pool_recycle=1800,
            json_serializer=_json,
            hide_parameters=True,
        )
        event.listen(engine, "connect", _short_statements)
        event.listen(engine, "begin", _begin_postgres)
        if self.settings.database_role:
            event.listen(engine, "connect", _role_taker(self.settings.database_role))
        return engine

    def _count(self, *_: Any) -> None:
        # Read by the bench (statements per sale); a lost update between threads does no harm there.
        self.statements += 1

    def look_around(self) -> None:
        """SQLite learns how large its tables are, from a sample, or it walks all sales to find one. PostgreSQL does so itself."""
        if self.is_sqlite:
            with self._writer, self.engine.begin() as connection:
                connection.exec_driver_sql("PRAGMA analysis_limit=400")
                connection.exec_driver_sql("PRAGMA optimize=0x10002")

    def dispose(self) -> None:
        """Closes all connections."""
        self.engine.dispose()

    @contextmanager
    def write(self, scope: Scope, *, locks: Sequence[int] = ()) -> Iterator[Session]:
        """A transaction that commits at the end of the block.

        Args:
            scope: Whose rows; nothing else can be reached.
            locks: Advisory locks to take first, in this order, held until the end. SQLite needs none.
        """
        if self.is_sqlite:
            with self._writer, self._session(scope, locks=(), write=True) as session:
                yield session
        else:
            with self._session(scope, locks=locks, write=True) as session:
                yield session

    @contextmanager
    def read(self, scope: Scope) -> Iterator[Session]:
        """A transaction that is never committed."""
        with self._session(scope, locks=(), write=False) as session:
            yield session

    @contextmanager
    def _session(self, scope: Scope, *, locks: Sequence[int], write: bool) -> Iterator[Session]:
        session = Session(self.engine, expire_on_commit=False, autoflush=write)
        try:
            claim = "" if self.is_sqlite else _claim(scope, locks, write=write)
            session.connection(execution_options={"v5_write": write, "v5_claim": claim})
            yield session
            if write:
                session.commit()
        finally:
            session.close()


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _claim(scope: Scope, locks: Sequence[int], *, write: bool) -> str:
    tenant = scope.tenant.replace("'", "''")
    claim = f"SELECT set_config('v5.tenant', '{tenant}', true)"
    if write:
        # What a transaction does finds its rows by their keys, whatever these are: to plan each statement anew for its values, as
        # PostgreSQL does by itself when rows are few, would cost a sale as much again as running them. Lists and reports are read.
        claim += ", set_config('plan_cache_mode', 'force_generic_plan', true)"
    if locks:
        numbers = ",".join(str(int(one)) for one in sorted(locks))
        claim += f", (SELECT count(pg_advisory_xact_lock(k)) FROM unnest('{{{numbers}}}'::bigint[]) AS k)"  # noqa: S608 - numbers
    return claim


def _begin_postgres(connection: Connection) -> None:
    # The driver would send BEGIN by itself, one more way there and back: here it travels with the claim.
    options = connection.get_execution_options()
    if options.get("isolation_level") == "AUTOCOMMIT":
        return
    driver = cast("psycopg.Connection[Any]", connection.connection.dbapi_connection)
    if not driver.autocommit:
        driver.autocommit = True
    sql = "; ".join(filter(None, (_fresh_plans(connection), "BEGIN", options.get("v5_claim"))))
    connection.exec_driver_sql(sql, execution_options={"no_parameters": True})


def _fresh_plans(connection: Connection) -> str:
    # A plan is made for tables as large as they are; on young ones, which grow by the second, it must not be kept for long.
    now = time.monotonic()
    due, pause = connection.info.get(_PLANS, (now, _FIRST_PAUSE))
    if now < due:
        return ""
    connection.info[_PLANS] = (now + pause, min(2 * pause, _MOST_PAUSE))
    return "DISCARD PLANS"


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    write = connection.get_execution_options().get("v5_write", True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _short_statements(connection: Any, _record: Any) -> None:
    # Every statement here reads a handful of rows: compiling it to machine code costs more than running it.
    cursor = connection.cursor()
    cursor.execute("SET jit = off")
    cursor.close()
    connection.commit()


def _role_taker(role: str) -> Any:
    def take(connection: Any, _record: Any) -> None:
        # A role that may not exist (no right to create it): then FORCE ROW LEVEL SECURITY binds the owner itself.
        cursor = connection.cursor()
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s AND pg_has_role(current_user, oid, 'MEMBER')", (role,))
        if cursor.fetchone():
            cursor.execute(f'SET ROLE "{role}"')
        cursor.close()
        connection.commit()

    return take
