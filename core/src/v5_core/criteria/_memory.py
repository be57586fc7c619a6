"""The back end in memory: closures over a record, with SQL's three-valued logic (None is unknown)."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from v5_core.criteria._ast import And, Between, Compare, Criterion, In, IsEmpty, IsNull, Like, Not, Or
from v5_core.criteria._fields import FieldType, check, effective, read_value

__all__ = ["Predicate", "ascii_lower", "compile_memory"]

Record = Mapping[str, Any]
Predicate = Callable[[Record], bool]
_Test = Callable[[Record], bool | None]
_Get = Callable[[Record], Any]
_OPERATORS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_PARTS: Final[dict[str, Callable[[date], int]]] = {
    "weekday": date.isoweekday,
    "day": operator.attrgetter("day"),
    "month": operator.attrgetter("month"),
    "year": operator.attrgetter("year"),
}
_LOWER: Final = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}


def ascii_lower(text: str) -> str:
    """Lower case of A to Z only: the same on every database, whatever its locale."""
    return text.translate(_LOWER)


def compile_memory(criterion: Criterion, fields: Mapping[str, FieldType]) -> Predicate:
    """A criterion as a function of a record. Unknown is no match.

    The record has a value for each field name (absent or None is unknown); for a field with arguments a function of their texts.

    Raises:
        CriteriaError: An unknown field, or a value or operator that does not fit it.
    """
    check(criterion, fields)
    test = _compile(criterion, fields)
    return lambda record: test(record) is True


def _compile(node: Criterion, fields: Mapping[str, FieldType]) -> _Test:
    if isinstance(node, Not):
        inner = _compile(node.item, fields)

        def negate(record: Record) -> bool | None:
            result = inner(record)
            return None if result is None else not result

        return negate
    if isinstance(node, And | Or):
        return _join([_compile(item, fields) for item in node.items], decisive=isinstance(node, Or))
    kind = effective(fields, node)
    if fields[node.field].takes:
        return _leaf(node, _applied(node.field, node.args), kind)
    return _leaf(node, _getter(node.field, node.part), kind)


def _join(tests: list[_Test], *, decisive: bool) -> _Test:
    # A decisive result ends it; otherwise one unknown makes all unknown.
    def join(record: Record) -> bool | None:
        outcome: bool | None = not decisive
        for test in tests:
            result = test(record)
            if result is decisive:
                return decisive
            if result is None:
                outcome = None
        return outcome

    return join


def _applied(name: str, arguments: tuple[str, ...]) -> _Get:
    def get(record: Record) -> Any:
        function = record.get(name)
        return None if function is None else function(*arguments)

    return get


def _getter(name: str, part: str) -> _Get:
    if not part:
        return lambda record: record.get(name)
    take = _PARTS[part]

    def get(record: Record) -> int | None:
        value = record.get(name)
        return None if value is None else take(value)

    return get


def _leaf(node: Compare | In | Between | Like | IsNull | IsEmpty, get: _Get, kind: FieldType) -> _Test:
    if isinstance(node, IsEmpty):
        return lambda record: get(record) in (None, "")
    if kind.kind == "set":
        return _set_leaf(node, get)
    if isinstance(node, IsNull):
        return lambda record: get(record) is None
    test = _known(node, kind)

    def known(record: Record) -> bool | None:
        value = get(record)
        return None if value is None else test(value)

    return known


def _set_leaf(node: Compare | In | Between | Like | IsNull, get: _Get) -> _Test:
    wanted = frozenset(node.values if isinstance(node, In) else [node.value] if isinstance(node, Compare) else [])
    negated = isinstance(node, Compare) and node.op == "!="
    # A set is never unknown: nobody's segments are the empty set.
    return lambda record: wanted.isdisjoint(get(record) or ()) is negated


def _known(node: Compare | In | Between | Like, kind: FieldType) -> Callable[[Any], bool]:
    if isinstance(node, Compare):
        compare, wanted = _OPERATORS[node.op], read_value(node.value, kind, node.field)
        return lambda value: compare(value, wanted)
    if isinstance(node, In):
        values = frozenset(read_value(value, kind, node.field) for value in node.values)
        return lambda value: value in values
    if isinstance(node, Between):
        low: Any = read_value(node.low, kind, node.field)
        high: Any = read_value(node.high, kind, node.field)
        return lambda value: bool(low <= value <= high)
    needle = ascii_lower(node.value)
    if node.op == "contains":
        return lambda value: needle in ascii_lower(value)
    return lambda value: ascii_lower(value).startswith(needle)
