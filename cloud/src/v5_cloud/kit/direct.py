"""Statements on the way of a sale, run on PostgreSQL's driver itself.

SQLAlchemy builds and compiles them, once; running them through it would cost several times what the driver takes (a context, a cursor and a
description of each column, five times a sale). The server prepares each once per connection.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import psycopg
from sqlalchemy import CompoundSelect, Connection, Select
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DBAPIError

__all__ = ["Compiled", "execute"]

# Numbered parameters: what the server wants, so that no driver has to look for others in the text.
_DIALECT: Final = PGDialect_psycopg(paramstyle="numeric_dollar")
_Process = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Compiled:
    """A statement ready to run.

    Attributes:
        sql: Its text, with numbered parameters.
        names: Of its parameters, in order.
        constants: Values that are part of the statement.
        given: How values that are given at run time are turned for the driver, where they are.
        results: The same for columns of the result.
        row: Makes a row with names of the driver's values.
    """

    sql: str
    names: tuple[str, ...]
    constants: Mapping[str, Any]
    given: Mapping[str, _Process]
    results: tuple[tuple[int, _Process], ...]
    row: Callable[[Sequence[Any]], Any]

    @classmethod
    def of(cls, statement: Select[Any] | CompoundSelect[Any]) -> Compiled:
        """Compiles a select."""
        found = statement.compile(dialect=_DIALECT)
        names = tuple(found.positiontup or ())
        binds = {name: bind.type.dialect_impl(_DIALECT).bind_processor(_DIALECT) for name, bind in found.binds.items()}
        constants = {name: _turned(binds[name], value) for name, value in found.params.items() if value is not None}
        columns = statement.selected_columns
        processes = [column.type.dialect_impl(_DIALECT).result_processor(_DIALECT, None) for column in columns]
        row = namedtuple("Row", columns.keys(), rename=True)  # type: ignore[misc]
        return cls(
            found.string,
            names,
            constants,
            {name: process for name, process in binds.items() if process is not None and name not in constants},
            tuple((index, process) for index, process in enumerate(processes) if process is not None),
            row._make,
        )

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> list[Any]:
        """Runs it."""
        given, constants = self.given, self.constants
        parameters = [
            constants[name] if name in constants else given[name](values[name]) if name in given else values[name] for name in self.names
        ]
        found = execute(connection, self.sql, parameters)
        if not self.results:
            return [self.row(one) for one in found]
        rows = []
        for one in found:
            cells = list(one)
            for index, process in self.results:
                cells[index] = process(cells[index])
            rows.append(self.row(cells))
        return rows


def _turned(process: _Process | None, value: Any) -> Any:
    return value if process is None else process(value)


def execute(connection: Connection, sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Runs a text with numbered parameters, in the connection's transaction.

    Raises:
        DBAPIError: As SQLAlchemy raises it.
    """
    driver = cast("psycopg.Connection[Any]", connection.connection.dbapi_connection)
    # Whoever counts or logs statements hears of these too.
    connection.dispatch.before_cursor_execute(connection, None, sql, parameters, None, False)  # noqa: FBT003
    try:
        with psycopg.RawCursor(driver) as cursor:
            return cursor.execute(sql.encode(), parameters, prepare=True).fetchall()
    except psycopg.Error as error:
        if driver.closed:
            connection.invalidate(error)
        raise DBAPIError.instance(sql, None, error, psycopg.Error, hide_parameters=True, dialect=connection.dialect) from error
