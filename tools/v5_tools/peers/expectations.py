"""Paths into a reply, and whether what is there is what was expected."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from v5_tools.peers import hints

__all__ = ["BadPathError", "absent", "check", "find"]

_STEP: Final = re.compile(r"\[(\*|-?\d+|[\w-]+=[^\]]*)\]|([^.\[\]]+)")
_TERMS: Final = re.compile(r"\s([+-])\s")
_ABSENT: Final[Any] = None


class BadPathError(ValueError):
    """An expectation that cannot be read."""


def find(reply: Any, path: str) -> Any:
    """What is at a path; None where nothing is.

    `benefits[0].amount`, `stored_value[code=GC1].left`, `messages[*].text`; amounts can be added and taken off: `total - net`.

    Raises:
        BadPathError: Not a path, or no numbers to reckon with.
    """
    first, *rest = _TERMS.split(path)
    if not rest:
        return _walk(reply, path)
    value = _number(_walk(reply, first), first)
    for sign, term in zip(rest[::2], rest[1::2], strict=True):
        other = _number(_walk(reply, term), term)
        value = value + other if sign == "+" else value - other
    return f"{value:f}"


def _number(value: Any, path: str) -> Decimal:
    number = _decimal(value)
    if number is None:
        raise BadPathError(f"{path} is {value!r}, which is no number")
    return number


def _walk(value: Any, path: str) -> Any:
    steps = _STEP.findall(path.strip())
    if not steps or "".join(f"[{index}]" if index else name for index, name in steps).replace(".", "") != path.strip().replace(".", ""):
        raise BadPathError(f"{path!r} is no path: names with dots, [0], [*] or [key=value] are expected")
    for position, (index, name) in enumerate(steps):
        if index == "*":
            rest = "".join(f"[{one}]" if one else f".{key}" for one, key in steps[position + 1 :]).lstrip(".")
            items = value if isinstance(value, list) else []
            return [_walk(one, rest) for one in items] if rest else items
        value = _into(value, index, name)
        if value is None:
            return _ABSENT
    return value


def _into(value: Any, index: str, name: str) -> Any:
    if name:
        return value.get(name) if isinstance(value, Mapping) else None
    if not isinstance(value, list):
        return None
    if "=" not in index:
        number = int(index)
        return value[number] if -len(value) <= number < len(value) else None
    key, _, wanted = index.partition("=")
    return next((one for one in value if isinstance(one, Mapping) and str(one.get(key)) == wanted), None)


def absent(reply: Any, path: str) -> str:
    """Why a path leads to nothing: where it ends, and what is there instead; "" where it leads to something."""
    for term in _TERMS.split(path)[::2]:
        if told := hints.missing(reply, _STEP.findall(term.strip())):
            return told
    return ""


def check(got: Any, expected: Any) -> bool:
    """Whether a value is as expected. Numbers are compared as numbers ("9" is "9.00"), lists item by item.

    A mapping may say `approx` with `within`, `at_least`, `at_most`, `count`, `contains`, `not`; any other holds the fields that must fit.

    Raises:
        BadPathError: A mapping that mixes these words with others.
    """
    if isinstance(expected, Mapping):
        words = set(expected) & set(_WORDS) | ({"within"} & set(expected))
        if not words:
            return isinstance(got, Mapping) and all(check(find(got, str(key)), value) for key, value in expected.items())
        if words != set(expected):
            raise BadPathError(f"{', '.join(sorted(set(expected) - words))}: not to be mixed with {', '.join(sorted(words))}")
        return all(_WORDS[word](got, value, expected) for word, value in expected.items() if word in _WORDS)
    if isinstance(expected, list):
        return isinstance(got, list) and len(got) == len(expected) and all(map(check, got, expected))
    if expected is None or isinstance(expected, bool) or isinstance(got, bool):
        return got is expected or (expected is None and got in ("", [], {}))
    one, other = _decimal(got), _decimal(expected)
    return one == other if one is not None and other is not None else got == expected


def _decimal(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _approx(got: Any, wanted: Any, whole: Mapping[str, Any]) -> bool:
    return abs(_number(got, "what was got") - _number(wanted, "approx")) <= _number(whole.get("within", "0.01"), "within")


def _contains(got: Any, wanted: Any, _: Mapping[str, Any]) -> bool:
    if isinstance(got, list):
        return any(check(one, wanted) or (isinstance(one, str) and str(wanted) in one) for one in got)
    return isinstance(got, str) and str(wanted) in got


_WORDS: Final[Mapping[str, Any]] = {
    "approx": _approx,
    "at_least": lambda got, wanted, _: _number(got, "what was got") >= _number(wanted, "at_least"),
    "at_most": lambda got, wanted, _: _number(got, "what was got") <= _number(wanted, "at_most"),
    "count": lambda got, wanted, _: len(got or ()) == int(wanted),
    "contains": _contains,
    "not": lambda got, wanted, _: not check(got, wanted),
}
