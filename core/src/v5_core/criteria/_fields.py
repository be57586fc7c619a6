"""Kinds of fields, and the reading of a value for its field; both back ends read values here, so they cannot differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from v5_core.criteria._ast import Between, Compare, Criterion, In, IsEmpty, IsNull, Like, operands
from v5_core.criteria._period import read_period
from v5_core.errors import FieldError, ValidationError
from v5_core.money import parse_scaled

__all__ = ["CriteriaError", "FieldType", "Value", "check", "effective", "read_value"]

Value = str | int | bool | date
Kind = Literal["text", "number", "date", "bool", "set"]
Argument = Literal["text", "period"]
_TEXT_ARGUMENT = 80


class CriteriaError(ValidationError):
    """A criterion cannot be read. `position` counts from 0 and is None when it came as JSON; `expected` says what would be right."""

    code = "criteria"

    def __init__(self, message: str, *, position: int | None = None, expected: str = "", argument: int | None = None) -> None:
        where = f"at character {position + 1}: " if position is not None else ""
        hint = f"; expected {expected}" if expected else ""
        super().__init__(f"{where}{message}{hint}", errors=(FieldError("criteria", "criteria", f"{where}{message}{hint}"),))
        self.position = position
        self.expected = expected
        self.plain = message
        self.argument = argument


@dataclass(frozen=True, slots=True)
class FieldType:
    """What a field holds; `decimals` scales a number's literals (an amount has two: 12.34 is 1234 in the record).

    Attributes:
        takes: Kinds of its arguments: then the record holds a function of their texts (`spend('2026-01')`).
        needs: How many of them must be given.
    """

    kind: Kind
    decimals: int = 0
    takes: tuple[Argument, ...] = ()
    needs: int = 0

    def signature(self, name: str) -> str:
        """How it is written: `spend(period?)`."""
        parts = [f"{one}{'' if index < self.needs else '?'}" for index, one in enumerate(self.takes)]
        return f"{name}({', '.join(parts)})" if parts else name


def effective(fields: Mapping[str, FieldType], leaf: Compare | In | Between | Like | IsNull | IsEmpty) -> FieldType:
    """The type of a leaf's operand: its field's, or a whole number for a part of a date.

    Raises:
        CriteriaError: Unknown field, or a part of something that is no date.
    """
    found = fields.get(leaf.field)
    if found is None:
        known = ", ".join(fields[name].signature(name) for name in sorted(fields))
        raise CriteriaError(f"unknown field {leaf.field!r}", expected="one of " + known)
    _arguments(leaf.field, found, leaf.args)
    if leaf.part:
        if found.kind != "date":
            raise CriteriaError(f"{leaf.part}() needs a date, {leaf.field!r} is none", expected="a date field")
        return FieldType("number")
    return found


def _arguments(name: str, kind: FieldType, given: tuple[str, ...]) -> None:
    if len(given) > len(kind.takes):
        raise CriteriaError(f"{name!r} does not take {len(given)} argument(s)", expected=kind.signature(name), argument=len(kind.takes))
    if len(given) < kind.needs:
        raise CriteriaError(f"{name!r} needs {kind.needs} argument(s)", expected=kind.signature(name))
    for index, (wanted, text) in enumerate(zip(kind.takes, given, strict=False)):
        if wanted == "text":
            if not 0 < len(text) <= _TEXT_ARGUMENT:
                raise CriteriaError(f"{text!r} names nothing", expected=f"1 to {_TEXT_ARGUMENT} characters", argument=index)
            continue
        try:
            read_period(text)
        except ValueError as error:
            raise CriteriaError(f"{text!r} is no period", expected=str(error), argument=index) from None


def read_value(text: str, kind: FieldType, field: str) -> Value:
    """A literal as the record holds it.

    Raises:
        CriteriaError: Not a value of this kind.
    """
    if kind.kind == "number":
        try:
            return parse_scaled(text, kind.decimals)
        except ValueError as error:
            raise CriteriaError(f"{field!r} is a number, {text!r} is not: {error}", expected="a number such as 12.5") from None
    if kind.kind == "date":
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise CriteriaError(f"{field!r} is a date, {text!r} is not", expected="a date such as 2026-11-22") from None
    if kind.kind == "bool":
        if text not in ("true", "false"):
            raise CriteriaError(f"{field!r} is yes or no, {text!r} is not", expected="true or false")
        return text == "true"
    return text


def check(criterion: Criterion, fields: Mapping[str, FieldType]) -> None:
    """Checks fields, operators and values of a criterion.

    Raises:
        CriteriaError: The first thing that is wrong.
    """
    for leaf in operands(criterion):
        kind = effective(fields, leaf)
        name = leaf.field
        if isinstance(leaf, Compare):
            if leaf.op not in ("=", "!=") and kind.kind in ("text", "bool", "set"):
                raise CriteriaError(f"{name!r} has no order, {leaf.op!r} cannot compare it", expected="=, !=, in or like")
            read_value(leaf.value, kind, name)
        elif isinstance(leaf, In):
            for value in leaf.values:
                read_value(value, kind, name)
        elif isinstance(leaf, Between):
            if kind.kind not in ("number", "date"):
                raise CriteriaError(f"{name!r} has no order, between cannot compare it", expected="a number or a date field")
            read_value(leaf.low, kind, name)
            read_value(leaf.high, kind, name)
        elif isinstance(leaf, Like) and kind.kind != "text":
            raise CriteriaError(f"{name!r} is not text, like cannot compare it", expected="a text field")
        elif isinstance(leaf, IsEmpty) and kind.kind != "text":
            raise CriteriaError(f"{name!r} is not text, it cannot be empty", expected="is null")
