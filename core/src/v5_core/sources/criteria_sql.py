"""The criteria language in SQL: the same answer as `v5_core.criteria.compile_memory`, on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Integer, String, and_, case, cast, extract, false, func, literal, not_, or_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from v5_core.criteria import (
    And,
    Between,
    Compare,
    CriteriaError,
    Criterion,
    FieldType,
    In,
    IsEmpty,
    IsNull,
    Like,
    Not,
    Or,
    Value,
    ascii_lower,
    check,
    effective,
    read_value,
)

__all__ = ["Columns", "compile_sql"]

# A set field has no column: it is a function from a value to a condition (usually an EXISTS on another table).
# Neither has a field with arguments: it is a function from their texts to a column.
Columns: TypeAlias = Mapping[str, ColumnElement[Any] | Callable[..., ColumnElement[Any]]]


class _AsciiLower(GenericFunction[str]):
    """Lower case of A to Z only: SQLite's lower() does just that, PostgreSQL's follows the locale."""

    type = String()
    name = "ascii_lower"
    inherit_cache = True


class _Position(GenericFunction[int]):
    """Where the second text starts in the first, from 1; 0 is nowhere."""

    type = Integer()
    name = "text_position"
    inherit_cache = True


@compiles(_AsciiLower)
def _lower(element: _AsciiLower, compiler: SQLCompiler, **options: Any) -> str:
    inner = compiler.process(element.clauses, **options)
    return f"translate({inner}, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')"


@compiles(_AsciiLower, "sqlite")
def _lower_sqlite(element: _AsciiLower, compiler: SQLCompiler, **options: Any) -> str:
    return f"lower({compiler.process(element.clauses, **options)})"


@compiles(_Position)
def _position(element: _Position, compiler: SQLCompiler, **options: Any) -> str:
    return f"strpos({compiler.process(element.clauses, **options)})"


@compiles(_Position, "sqlite")
def _position_sqlite(element: _Position, compiler: SQLCompiler, **options: Any) -> str:
    return f"instr({compiler.process(element.clauses, **options)})"


def compile_sql(criterion: Criterion, fields: Mapping[str, FieldType], columns: Columns) -> ColumnElement[bool]:
    """A criterion as a condition for WHERE (where unknown is no match, as in memory).

    Args:
        criterion: From `parse` or `from_json`.
        fields: The same as for `compile_memory`.
        columns: A column per field, with integers for numbers (scaled as the field says); a function for a set field and for one
            with arguments.

    Raises:
        CriteriaError: An unknown field, or a value or operator that does not fit it.
    """
    check(criterion, fields)
    return _compile(criterion, fields, columns)


def _compile(node: Criterion, fields: Mapping[str, FieldType], columns: Columns) -> ColumnElement[bool]:
    if isinstance(node, Not):
        return not_(_compile(node.item, fields, columns))
    if isinstance(node, And):
        return and_(*(_compile(item, fields, columns) for item in node.items))
    if isinstance(node, Or):
        return or_(*(_compile(item, fields, columns) for item in node.items))
    column = columns.get(node.field)
    if column is None:
        raise CriteriaError("elsewhere", "one_of", named=repr(node.field), names=", ".join(sorted(columns)))
    kind = effective(fields, node)
    if not isinstance(column, ColumnElement):
        if kind.kind == "set":
            return _set_leaf(node, column)
        column = column(*node.args)
    return _leaf(node, _part(column, node.part), kind)


def _part(column: ColumnElement[Any], part: str) -> ColumnElement[Any]:
    if not part:
        return column
    if part == "weekday":  # databases count from Sunday 0, the language from Monday 1 (ISO)
        day = cast(extract("dow", column), Integer)
        return case((day == 0, 7), else_=day)
    return cast(extract(part, column), Integer)


def _set_leaf(node: Compare | In | Between | Like | IsNull | IsEmpty, has: Callable[[str], ColumnElement[bool]]) -> ColumnElement[bool]:
    if isinstance(node, In):
        return or_(*(has(value) for value in node.values))
    if isinstance(node, Compare):
        return has(node.value) if node.op == "=" else not_(has(node.value))
    return false()  # a set is never unknown


def _leaf(node: Compare | In | Between | Like | IsNull | IsEmpty, column: ColumnElement[Any], kind: FieldType) -> ColumnElement[bool]:
    if isinstance(node, IsNull):
        return column.is_(None)
    if isinstance(node, IsEmpty):
        return or_(column.is_(None), column == "")
    if isinstance(node, Compare):
        return _compare(column, node.op, read_value(node.value, kind, node.field))
    if isinstance(node, In):
        return column.in_([read_value(value, kind, node.field) for value in node.values])
    if isinstance(node, Between):
        return column.between(read_value(node.low, kind, node.field), read_value(node.high, kind, node.field))
    lowered, needle = _AsciiLower(column), ascii_lower(node.value)
    if node.op == "contains":
        return _Position(lowered, literal(needle)) > 0
    return func.substr(lowered, 1, len(needle)) == needle


def _compare(column: ColumnElement[Any], operator: str, value: Value) -> ColumnElement[bool]:
    conditions: dict[str, Callable[[], ColumnElement[bool]]] = {
        "=": lambda: column == value,
        "!=": lambda: column != value,
        "<": lambda: column < value,
        "<=": lambda: column <= value,
        ">": lambda: column > value,
        ">=": lambda: column >= value,
    }
    return conditions[operator]()
