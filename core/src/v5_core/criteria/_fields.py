"""Kinds of fields, and the reading of a value for its field; both back ends read values here, so they cannot differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from v5_core.criteria._ast import Between, Compare, Criterion, In, IsEmpty, IsNull, Like, operands
from v5_core.errors import FieldError, ValidationError
from v5_core.money import parse_scaled

__all__ = ["CriteriaError", "FieldType", "Value", "check", "effective", "read_value"]

Value = str | int | bool | date
Kind = Literal["text", "number", "date", "bool", "set"]


class CriteriaError(ValidationError):
    """A criterion cannot be read. `position` counts from 0 and is None when it came as JSON; `expected` says what would be right."""

    code = "criteria"

    def __init__(self, message: str, *, position: int | None = None, expected: str = "") -> None:
        where = f"at character {position + 1}: " if position is not None else ""
        hint = f"; expected {expected}" if expected else ""
        super().__init__(f"{where}{message}{hint}", errors=(FieldError("criteria", "criteria", f"{where}{message}{hint}"),))
        self.position = position
        self.expected = expected
        self.plain = message


@dataclass(frozen=True, slots=True)
class FieldType:
    """What a field holds; `decimals` scales a number's literals (an amount has two: 12.34 is 1234 in the record)."""

    kind: Kind
    decimals: int = 0


def effective(fields: Mapping[str, FieldType], leaf: Compare | In | Between | Like | IsNull | IsEmpty) -> FieldType:
    """The type of a leaf's operand: its field's, or a whole number for a part of a date.

    Raises:
        CriteriaError: Unknown field, or a part of something that is no date.
    """
    found = fields.get(leaf.field)
    if found is None:
        raise CriteriaError(f"unknown field {leaf.field!r}", expected="one of " + ", ".join(sorted(fields)))
    if leaf.part:
        if found.kind != "date":
            raise CriteriaError(f"{leaf.part}() needs a date, {leaf.field!r} is none", expected="a date field")
        return FieldType("number")
    return found


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
