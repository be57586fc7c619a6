"""SQLAlchemy dialects that take a plugin's statements through a real ODBC driver, where SQLAlchemy has none of its own.

SQLAlchemy speaks ODBC to SQL Server only. To see an adapter work with ODBC's parameters, types and errors without a SQL Server, these
two join its ODBC connector with its SQLite and PostgreSQL dialects: `sqlite+pyodbc` over the driver SQLite3 (Debian: libsqliteodbc) and
`postgresql+pyodbc` over PostgreSQL Unicode (Debian: odbc-postgresql). For tests only: ODBC's types stand in the way of some features that
adapters do not use (arrays, JSON, returning).

    odbc.register()
    create_engine("sqlite+pyodbc:///phc.db")
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pyodbc  # type: ignore[import-not-found, unused-ignore]  # compiled, without types
from sqlalchemy import URL
from sqlalchemy import types as sql_types
from sqlalchemy.connectors.pyodbc import PyODBCConnector
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.dialects.sqlite.base import SQLiteDialect

__all__ = ["PostgresOdbc", "SqliteOdbc", "missing", "register"]

_DRIVERS = {"sqlite": "SQLite3", "postgresql": "PostgreSQL Unicode"}


class _OdbcDateTime(sql_types.DateTime):
    """ODBC's driver for SQLite hands dates out as text or as datetimes, by the column's declared type."""

    def bind_processor(self, dialect: Any) -> Any:
        """As SQLite's own dialect writes it, so that both compare equal."""
        return lambda value: None if value is None else value.strftime("%Y-%m-%d %H:%M:%S.%f")

    def result_processor(self, dialect: Any, coltype: Any) -> Any:
        """Always a datetime."""

        def read(value: Any) -> Any:
            return datetime.fromisoformat(value) if isinstance(value, str) else value

        return read


class SqliteOdbc(PyODBCConnector, SQLiteDialect):
    """SQLite through ODBC."""

    supports_statement_cache = True
    colspecs = {**SQLiteDialect.colspecs, sql_types.DateTime: _OdbcDateTime}  # noqa: RUF012 - as the base has it

    def __init__(self, dbapi: Any = None, **how: Any) -> None:
        # SQLite's dialect asks Python's sqlite3 module for its version, which pyodbc has not: the module is set afterwards.
        super().__init__(dbapi=None, paramstyle="qmark", **how)
        self.dbapi = dbapi

    def create_connect_args(self, url: URL) -> Any:
        """A connection text of the driver's own form."""
        return ((f"DRIVER={{{_DRIVERS['sqlite']}}};Database={url.database};LongNames=0;Timeout=5000",), {})

    def on_connect(self) -> Any:
        """SQLite's dialect would define Python functions here, which ODBC cannot."""
        return None

    def _get_server_version_info(self, connection: Any, allow_chars: bool = True) -> Any:  # noqa: FBT001, FBT002 - the base's signature
        return (3, 40, 0)

    def set_isolation_level(self, dbapi_connection: Any, level: Any) -> None:
        """Left as the driver has it."""

    def get_isolation_level(self, dbapi_connection: Any) -> Any:
        """What SQLite always does."""
        return "SERIALIZABLE"


class PostgresOdbc(PyODBCConnector, PGDialect):
    """PostgreSQL through ODBC."""

    supports_statement_cache = True
    use_native_uuid = False

    def create_connect_args(self, url: URL) -> Any:
        """A connection text of the driver's own form; booleans as bits, long texts whole."""
        text = (
            f"DRIVER={{{_DRIVERS['postgresql']}}};Server={url.host};Port={url.port or 5432};Database={url.database};"
            f"UID={url.username};PWD={url.password or ''};BoolsAsChar=0;MaxLongVarcharSize=100000;TextAsLongVarchar=1"
        )
        return ((text,), {})


def register() -> None:
    """Makes the two dialects known to SQLAlchemy under `sqlite+pyodbc` and `postgresql+pyodbc`."""
    registry.register("sqlite.pyodbc", "v5_core.testing.odbc", "SqliteOdbc")
    registry.register("postgresql.pyodbc", "v5_core.testing.odbc", "PostgresOdbc")


def missing(dialect: str) -> str:
    """Why a dialect cannot be used here, naming the Debian package; empty when it can."""
    if _DRIVERS[dialect] in pyodbc.drivers():
        return ""
    package = {"sqlite": "libsqliteodbc", "postgresql": "odbc-postgresql"}[dialect]
    return f"the ODBC driver {_DRIVERS[dialect]} is not installed (Debian: apt-get install unixodbc {package})"
