"""The tree of a criterion, which is also its JSON form: every value is text, read by the kind of its field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final, Literal

from pydantic import Field, TypeAdapter

from v5_core.model import Wire

__all__ = ["And", "Between", "Compare", "Criterion", "In", "IsEmpty", "IsNull", "Like", "Not", "Or", "from_json", "operands", "to_json"]

FieldName = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_.]{0,79}$")]
Literal_ = Annotated[str, Field(max_length=500)]
Part = Literal["", "weekday", "day", "month", "year"]


class _Operand(Wire):
    """A field, one with arguments (`spend('2026-01')`), or a part of a date field: "weekday" counts from Monday 1 to Sunday 7."""

    field: FieldName
    args: Annotated[tuple[Literal_, ...], Field(max_length=4)] = ()
    part: Part = ""


class Compare(_Operand):
    """Field against value. On a set field "=" means contains."""

    op: Literal["=", "!=", "<", "<=", ">", ">="]
    value: Literal_


class In(_Operand):
    """Field is one of the values."""

    op: Literal["in"] = "in"
    values: Annotated[tuple[Literal_, ...], Field(min_length=1, max_length=10_000)]


class Between(_Operand):
    """Field from low to high, both included."""

    op: Literal["between"] = "between"
    low: Literal_
    high: Literal_


class Like(_Operand):
    """Text that starts with, or contains, the value; letters a to z match either case."""

    op: Literal["starts_with", "contains"]
    value: Annotated[str, Field(min_length=1, max_length=500)]


class IsNull(_Operand):
    """Nothing is known."""

    op: Literal["is_null"] = "is_null"


class IsEmpty(_Operand):
    """Nothing is known, or the text is empty (what `email = ''` means)."""

    op: Literal["is_empty"] = "is_empty"


class Not(Wire):
    """The opposite; of unknown: unknown."""

    op: Literal["not"] = "not"
    item: Criterion


class And(Wire):
    """All of them."""

    op: Literal["and"] = "and"
    items: Annotated[tuple[Criterion, ...], Field(min_length=1, max_length=1000)]


class Or(Wire):
    """Any of them."""

    op: Literal["or"] = "or"
    items: Annotated[tuple[Criterion, ...], Field(min_length=1, max_length=1000)]


Criterion = Annotated[Compare | In | Between | Like | IsNull | IsEmpty | Not | And | Or, Field(discriminator="op")]
for _model in (Not, And, Or):
    _model.model_rebuild()
_ADAPTER: Final[TypeAdapter[Criterion]] = TypeAdapter(Criterion)


def from_json(text: str | bytes) -> Criterion:
    """Reads the JSON form.

    Raises:
        ValueError: Not a criterion (pydantic names the place).
    """
    return _ADAPTER.validate_json(text)


def to_json(criterion: Criterion) -> str:
    """Writes the JSON form."""
    return _ADAPTER.dump_json(criterion).decode()


def operands(criterion: Criterion) -> Iterator[Compare | In | Between | Like | IsNull | IsEmpty]:
    """All leaves, left to right."""
    if isinstance(criterion, Not):
        yield from operands(criterion.item)
    elif isinstance(criterion, And | Or):
        for item in criterion.items:
            yield from operands(item)
    else:
        yield criterion
