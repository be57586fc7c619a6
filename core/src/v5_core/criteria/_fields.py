"""Kinds of fields, and the reading of a value for its field; both back ends read values here, so they cannot differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from functools import partial
from typing import Any, Literal

from v5_core.criteria._ast import Between, Compare, Criterion, In, IsEmpty, IsNull, Like, operands
from v5_core.criteria._period import EXAMPLES, MOST_DAYS, read_period
from v5_core.errors import FieldError, ValidationError
from v5_core.money import parse_scaled
from v5_core.words import words_of

__all__ = ["CriteriaError", "FieldType", "Value", "check", "effective", "read_value"]

Value = str | int | bool | date
Kind = Literal["text", "number", "date", "bool", "set"]
Argument = Literal["text", "period"]
_TEXT_ARGUMENT = 80


class CriteriaError(ValidationError):
    """A criterion cannot be read; `said` tells where, why and what would be right, in any of our languages.

    Args:
        wrong: What is wrong, as `v5_core.words` calls it: `criteria_<wrong>`.
        right: What would be right there: `criteria_right_<right>`.
        position: Where it is, counted from 0; None when the criterion came as JSON.
        argument: Which argument of a field it is about.
        field: Which field of the input holds the criterion.
        kind: Of what the criterion is, "rule" or "alert"; "" for one that stands alone.
        values: What both sentences name.
    """

    code = "criteria"

    def __init__(
        self, wrong: str, right: str, *, position: int | None = None, argument: int | None = None, field: str = "criteria",
        kind: str = "", **values: Any,
    ) -> None:  # fmt: skip
        self.position = position
        self.argument = argument
        self.field = field
        self._wrong, self._right, self._kind, self._values = wrong, right, kind, values
        message = self.said("en")
        super().__init__(message, errors=(FieldError(field, "criteria", message),))

    def said(self, language: str) -> str:
        """The whole of it in a language; fields, operators and values stay as they are written."""
        words = words_of(language)
        right = words.say(f"criteria_right_{self._right}", **self._values)
        text = words.say("criteria_both", wrong=words.say(f"criteria_{self._wrong}", **self._values), right=right)
        if self.position is not None:
            text = words.say("criteria_at", position=self.position + 1, text=text)
        return words.say(f"criteria_of_{self._kind}", text=text, **self._values) if self._kind else text

    @property
    def expected(self) -> str:
        """What would be right, in English."""
        return words_of("en").say(f"criteria_right_{self._right}", **self._values)

    def told(self, language: str) -> ValidationError:
        """The same as an error in words of a language."""
        text = self.said(language)
        return ValidationError(text, code=self.error_code, errors=(FieldError(self.field, "criteria", text),))

    def at(self, position: int) -> CriteriaError:
        """The same, at a place of a text."""
        return CriteriaError(
            self._wrong, self._right, position=position, argument=self.argument, field=self.field, kind=self._kind, **self._values
        )

    def of(self, field: str, kind: str = "", owner: str = "") -> CriteriaError:
        """The same, of a field of the input, and of the rule or alert whose it is."""
        values = {**self._values, "owner": owner}
        return CriteriaError(self._wrong, self._right, position=self.position, argument=self.argument, field=field, kind=kind, **values)

    def __reduce__(self) -> tuple[object, ...]:
        # An exception is made anew of its message alone otherwise, when it comes from another process.
        given: dict[str, Any] = {"position": self.position, "argument": self.argument, "field": self.field, "kind": self._kind}
        return partial(CriteriaError, self._wrong, self._right, **given, **self._values), ()


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
        # Of a slip of the pen the names that are meant; otherwise all there are.
        names = get_close_matches(leaf.field, fields, n=5) or sorted(fields)
        known = ", ".join(fields[name].signature(name) for name in names)
        raise CriteriaError("unknown", "one_of", named=repr(leaf.field), names=known)
    _arguments(leaf.field, found, leaf.args)
    if leaf.part:
        if found.kind != "date":
            raise CriteriaError("part", "date_field", part=f"{leaf.part}()", named=repr(leaf.field))
        return FieldType("number")
    return found


def _arguments(name: str, kind: FieldType, given: tuple[str, ...]) -> None:
    if len(given) > len(kind.takes):
        raise CriteriaError("more", "exactly", named=repr(name), count=len(given), exactly=kind.signature(name), argument=len(kind.takes))
    if len(given) < kind.needs:
        raise CriteriaError("fewer", "exactly", named=repr(name), count=kind.needs, exactly=kind.signature(name))
    for index, (wanted, text) in enumerate(zip(kind.takes, given, strict=False)):
        if wanted == "text":
            if not 0 < len(text) <= _TEXT_ARGUMENT:
                raise CriteriaError("nameless", "name", found=repr(text), most=_TEXT_ARGUMENT, argument=index)
            continue
        try:
            read_period(text)
        except ValueError:
            raise CriteriaError("no_period", "period", found=repr(text), most=MOST_DAYS, names=EXAMPLES, argument=index) from None


def read_value(text: str, kind: FieldType, field: str) -> Value:
    """A literal as the record holds it.

    Raises:
        CriteriaError: Not a value of this kind.
    """
    if kind.kind == "number":
        try:
            return parse_scaled(text, kind.decimals)
        except ValueError:
            # What looks like a whole number and is none is out of range.
            wrong, right = ("large", "smaller") if text.strip("+-").isdigit() else ("no_number", "number" if kind.decimals else "whole")
            raise CriteriaError(wrong, right, named=repr(field), found=repr(text), most=kind.decimals) from None
    if kind.kind == "date":
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise CriteriaError("no_date", "date", named=repr(field), found=repr(text)) from None
    if kind.kind == "bool":
        if text not in ("true", "false"):
            raise CriteriaError("no_bool", "bool", named=repr(field), found=repr(text))
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
                raise CriteriaError("order", "one_of", named=repr(name), op=repr(leaf.op), names="=, !=, in, like")
            read_value(leaf.value, kind, name)
        elif isinstance(leaf, In):
            for value in leaf.values:
                read_value(value, kind, name)
        elif isinstance(leaf, Between):
            if kind.kind not in ("number", "date"):
                raise CriteriaError("order", "ordered", named=repr(name), op="between")
            read_value(leaf.low, kind, name)
            read_value(leaf.high, kind, name)
        elif isinstance(leaf, Like) and kind.kind != "text":
            raise CriteriaError("no_text", "text_field", named=repr(name), op="like")
        elif isinstance(leaf, IsEmpty) and kind.kind != "text":
            raise CriteriaError("not_empty", "exactly", named=repr(name), exactly="is null")
