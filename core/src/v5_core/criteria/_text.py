"""The text form of a tree: what `parse` reads back as the same tree."""

from __future__ import annotations

import re
from typing import Final

from v5_core.criteria._ast import And, Between, Compare, Criterion, In, IsEmpty, IsNull, Like, Not, Or

__all__ = ["to_text"]

# Numbers and dates stand bare; everything else in quotes, which a number or a date understands too.
_BARE: Final = re.compile(r"-?\d+(\.\d+)?|\d{4}-\d{2}-\d{2}|true|false")


def to_text(criterion: Criterion) -> str:
    """A criterion as people write it."""
    if isinstance(criterion, Not):
        return f"not {_inside(criterion.item)}"
    if isinstance(criterion, And):
        return " and ".join(_inside(one) for one in criterion.items)
    if isinstance(criterion, Or):
        return " or ".join(_inside(one) for one in criterion.items)
    return _leaf(criterion)


def _inside(criterion: Criterion) -> str:
    text = to_text(criterion)
    return f"({text})" if isinstance(criterion, And | Or) else text


def _value(text: str) -> str:
    return text if _BARE.fullmatch(text) else "'" + text.replace("'", "''") + "'"


def _leaf(node: Compare | In | Between | Like | IsNull | IsEmpty) -> str:
    field = f"{node.part}({node.field})" if node.part else node.field
    if node.args:
        field += f"({', '.join(_value(one) for one in node.args)})"
    if isinstance(node, IsNull):
        return f"{field} is null"
    if isinstance(node, IsEmpty):
        return f"{field} is empty"
    if isinstance(node, Compare):
        return f"{field} {node.op} {_value(node.value)}"
    if isinstance(node, In):
        return f"{field} in ({', '.join(_value(one) for one in node.values)})"
    if isinstance(node, Between):
        return f"{field} between {_value(node.low)} and {_value(node.high)}"
    quoted = "'" + node.value.replace("'", "''") + "'"
    return f"{field} {node.op.replace('_', ' ')} {quoted}"
