"""Reading an ERP's database through SQLAlchemy Core: short read-only connections, errors as a table, keyset conditions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    CHAR,
    URL,
    ColumnElement,
    Connection,
    String,
    Table,
    TypeDecorator,
    and_,
    case,
    cast,
    create_engine,
    event,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy import false as sql_false
from sqlalchemy.engine import Engine
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from v5_core.errors import AuthError, ConfigError, FatalError, RetryableError, V5Error
from v5_core.sources.window import Key

__all__ = ["RULES", "ErrorRule", "PaddedChar", "after", "clock_text", "columns_of", "reading", "translate", "until"]


@dataclass(frozen=True, slots=True)
class ErrorRule:
    """What a driver's error means: a pattern over "code text", the error to raise, and words for people."""

    pattern: re.Pattern[str]
    error: type[V5Error]
    code: str
    message: str


def _rule(pattern: str, error: type[V5Error], code: str, message: str) -> ErrorRule:
    return ErrorRule(re.compile(pattern, re.IGNORECASE | re.DOTALL), error, code, message)


# In order; the first that matches decides, and what nothing matches is tried again. Numbers: SQL Server's; five characters: SQLSTATE.
RULES: Final = (
    _rule(
        r"\b18456\b|\b1845[0-9]\b|\b28000\b|\b28P01\b|login failed|password authentication failed|role .* does not exist",
        AuthError,
        "sql.login",
        "the database refused user or password: check both in the settings",
    ),
    _rule(
        r"\b4060\b|\b3D000\b|cannot open database",
        ConfigError,
        "sql.database",
        "there is no such database on the server, or no access to it",
    ),
    _rule(
        r"\b229\b|\b230\b|\b42501\b|permission denied|permission was denied",
        ConfigError,
        "sql.permission",
        "the database user may not read a table: run the grants of the plugin's README",
    ),
    _rule(
        r"\b208\b|\b42S02\b|\b42P01\b|invalid object name|no such table|relation .* does not exist",
        ConfigError,
        "sql.table",
        "a table is missing: is this the right database?",
    ),
    _rule(
        r"\b207\b|\b42S22\b|\b42703\b|invalid column name|no such column|column .* does not exist",
        ConfigError,
        "sql.column",
        "a column is missing: this ERP version is not supported",
    ),
    _rule(
        r"\bIM00[2-4]\b|can't open lib|data source name not found",
        ConfigError,
        "sql.driver",
        "no ODBC driver of this name is installed",
    ),
    _rule(r"unable to open database file", ConfigError, "sql.file", "the database file cannot be opened: check its path"),
    _rule(r"file is not a database|malformed", FatalError, "sql.corrupt", "the file is not a database, or it is damaged"),
    _rule(
        r"\b1205\b|\b1222\b|\b40P01\b|\b40001\b|\b55P03\b|deadlock|is locked|lock request",
        RetryableError,
        "sql.locked",
        "the ERP holds a lock on the data; the read is tried again",
    ),
    _rule(r"\b57014\b|\bHYT0[01]\b|\b20003\b|timed? ?out|timeout", RetryableError, "sql.timeout", "the database did not answer in time"),
    _rule(
        r"\b2000[2-9]\b|\b20047\b|\b08\w{3}\b|\b57P0\w\b|\b53\w{3}\b|refused|unreachable|could not translate|closed the connection",
        RetryableError,
        "sql.unreachable",
        "the database server cannot be reached: is it running, and are host and port right?",
    ),
)
_UNKNOWN: Final = ErrorRule(re.compile(""), RetryableError, "sql.unknown", "the database failed in an unknown way")


def translate(error: Exception) -> V5Error:
    """A driver's error as one of ours. The driver's own text may hold names and passwords, so it is not repeated."""
    origin = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    text = f"{getattr(origin, 'sqlstate', None) or ''} {' '.join(str(part) for part in origin.args)} {origin}"
    rule = next((rule for rule in RULES if rule.pattern.search(text)), _UNKNOWN)
    return rule.error(rule.message, code=rule.code)


_ARGUMENTS: Final[dict[str, Callable[[int], dict[str, Any]]]] = {
    # A named protocol version: left to itself the library tries several, each with the whole time-out. 7.3 is SQL Server 2008 and later.
    "pymssql": lambda seconds: {"login_timeout": seconds, "timeout": seconds, "tds_version": "7.3"},
    "pyodbc": lambda seconds: {"timeout": seconds},
    "psycopg": lambda seconds: {
        "connect_timeout": max(seconds, 2),  # libpq knows nothing shorter
        "options": f"-c statement_timeout={seconds * 1000} -c default_transaction_read_only=on",
    },
    "pysqlite": lambda seconds: {"timeout": seconds},
}


def _engine(url: URL, seconds: int) -> Engine:
    engine = create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=_arguments(url, seconds))

    @event.listens_for(engine, "connect")
    def _polite(connection: Any, _record: Any) -> None:
        if engine.dialect.name != "mssql":
            return
        if engine.dialect.driver == "pyodbc":
            connection.timeout = seconds  # of each statement; other ODBC drivers refuse it
        # The ERP goes first: never wait long for its locks, and be the victim of any deadlock with it.
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCK_TIMEOUT {seconds * 1000}; SET DEADLOCK_PRIORITY LOW")

    return engine


def _arguments(url: URL, seconds: int) -> dict[str, Any]:
    driver = str(url.get_dialect().driver)
    return _ARGUMENTS[driver](seconds) if driver in _ARGUMENTS else {}


@contextmanager
def reading(url: URL, *, seconds: int) -> Iterator[Connection]:
    """A connection for one read; nothing is ever committed.

    Args:
        url: Where; the password stays in it and is never shown.
        seconds: Time-out of the login and of each statement.

    Raises:
        V5Error: Any trouble of the driver, by `RULES`.
    """
    try:
        engine = _engine(url, seconds)
    except (ArgumentError, NoSuchModuleError, ImportError):
        raise ConfigError(f"there is no driver {url.drivername!r} here: install it or choose another", code="sql.driver") from None
    try:
        with engine.connect() as connection:
            yield connection
    except SQLAlchemyError as error:
        raise translate(error) from error
    finally:
        engine.dispose()


def columns_of(connection: Connection, table: Table) -> frozenset[str]:
    """Names of the columns that the table really has, lower case; empty when it cannot be read.

    An empty select asks for no right beyond SELECT and works alike in every dialect.
    """
    try:
        with connection.begin_nested() if connection.in_transaction() else connection.begin():
            names = connection.execute(select(literal_column("*")).select_from(table).where(sql_false())).keys()
            return frozenset(str(name).lower() for name in names)
    except DBAPIError as error:
        problem = translate(error)
        if problem.error_code in {"sql.table", "sql.permission"}:
            return frozenset()
        raise


class PaddedChar(TypeDecorator[str]):
    """char(n) as SQL Server keeps it: padded in the database, trimmed in Python.

    Parameters are cast to char(n): a driver that sends Unicode parameters would otherwise make the server convert the column, and
    give up its index.
    """

    impl = CHAR
    cache_ok = True

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.length = length

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        """Pads, for databases that compare char(n) to the last blank."""
        return None if value is None else value.ljust(self.length)

    def process_result_value(self, value: str | None, dialect: Any) -> str | None:
        """Trims."""
        return None if value is None else value.rstrip()

    def bind_expression(self, bindparam: Any) -> ColumnElement[str]:
        """Casts the parameter to the column's own type."""
        return cast(bindparam, CHAR(self.length))


def clock_text(column: ColumnElement[str]) -> ColumnElement[str]:
    """Times of day kept as text, made comparable as text: '9.05' becomes '09:05'."""
    # Constants in the text, not as parameters: the expression stands in SELECT, WHERE and ORDER BY, and must be the same in each.
    dot, colon, zero = (literal_column(f"'{sign}'", String) for sign in ".:0")
    plain = func.ltrim(func.rtrim(func.replace(column, dot, colon)), type_=String)
    second = func.substring(plain, literal_column("2"), literal_column("1"), type_=String)
    return case((second == colon, zero.concat(plain)), else_=plain)


def after(columns: Sequence[ColumnElement[Any]], key: Key | Sequence[Any]) -> ColumnElement[bool]:
    """Rows strictly after a key in the order of the columns, spelled out (not every database compares rows)."""
    first, value = columns[0], key[0]
    if len(columns) == 1:
        return first > value
    return or_(first > value, and_(first == value, after(columns[1:], key[1:])))


def until(day: ColumnElement[Any], clock: ColumnElement[str], last_day: Any, last_clock: str) -> ColumnElement[bool]:
    """Rows up to and including a wall-clock moment."""
    return or_(day < last_day, and_(day == last_day, clock <= last_clock))
