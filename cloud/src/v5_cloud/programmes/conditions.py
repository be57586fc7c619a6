"""A rule's `when` taken apart: days, hours, stores, levels, clubs, segments and means of payment to choose, and the rest as text."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

from v5_core.criteria import And, Between, Compare, CriteriaError, Criterion, In, Or, parse, to_text

__all__ = ["LISTS", "Conditions", "split"]

# Which criteria field each list of choices is about.
LISTS: Final = {"stores": "store", "tiers": "tier", "clubs": "club", "segments": "segment", "payments": "payment"}
_OF_FIELD: Final = {field: name for name, field in LISTS.items()}
_DAY: Final = range(25)


@dataclass(frozen=True, slots=True)
class Conditions:
    """What must hold, all of it. `rest` is criteria that no control can say.

    Attributes:
        weekdays: Monday is 1.
        from_hour: First hour of the day, "" for any.
        until_hour: The hour that no longer belongs to it, "" for any.
        birthday: Today is the customer's birthday.
    """

    weekdays: tuple[int, ...] = ()
    from_hour: str = ""
    until_hour: str = ""
    birthday: bool = False
    stores: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    clubs: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    payments: tuple[str, ...] = ()
    rest: str = ""

    def text(self) -> str:
        """As criteria."""
        parts = [_choice("weekday", [str(one) for one in self.weekdays])] if self.weekdays else []
        parts += self._hours()
        parts += ["birthday = true"] if self.birthday else []
        for name, field in LISTS.items():
            chosen: tuple[str, ...] = getattr(self, name)
            if chosen:
                parts.append(_choice(field, list(chosen)))
        if self.rest.strip():
            parts.append(f"({self.rest.strip()})" if parts and _is_choice(self.rest) else self.rest.strip())
        return " and ".join(parts)

    def _hours(self) -> list[str]:
        if self.from_hour.isdigit() and self.until_hour.isdigit() and int(self.until_hour) > 0:
            return [f"hour between {int(self.from_hour)} and {int(self.until_hour) - 1}"]
        made = [f"hour >= {self.from_hour}"] if self.from_hour else []
        return made + ([f"hour < {self.until_hour}"] if self.until_hour else [])


_EMPTY: Final = Conditions()


def _choice(field: str, values: list[str]) -> str:
    if len(values) == 1:
        return to_text(Compare(field=field, op="=", value=values[0]))
    return to_text(In(field=field, values=tuple(values)))


def _is_choice(text: str) -> bool:
    # Only an "or" at the top needs its brackets; what cannot be read is left as it is, and refused as it is.
    return isinstance(_tree(text), Or)


@lru_cache(maxsize=2000)
def _tree(text: str) -> Criterion | None:
    try:
        return parse(text)
    except CriteriaError:
        return None


@lru_cache(maxsize=2000)
def split(text: str) -> Conditions:
    """Takes criteria apart; what no control can say stays in `rest`, all of it when the text cannot be read."""
    tree = _tree(text) if text.strip() else None
    if tree is None:
        return replace(_EMPTY, rest=text)
    found: dict[str, Any] = {}
    rest: list[Criterion] = []
    for one in tree.items if isinstance(tree, And) else (tree,):
        said = _said(one)
        if said and not said.keys() & found.keys():
            found |= said
        else:
            rest.append(one)
    if len(rest) == (len(tree.items) if isinstance(tree, And) else 1):
        return replace(_EMPTY, rest=text)
    return Conditions(**found, rest=to_text(And(items=tuple(rest)) if len(rest) > 1 else rest[0]) if rest else "")


def _said(one: Criterion) -> dict[str, Any]:
    """What a control can say of a leaf: nothing when it cannot."""
    if isinstance(one, Between) and one.field == "hour":
        return _hours(one.low, str(int(one.high) + 1)) if one.high.isdigit() else {}
    if not isinstance(one, Compare | In) or one.args or one.part:
        return {}
    if isinstance(one, Compare) and one.field == "hour":
        return {">=": _hours(one.value, ""), "<": _hours("", one.value)}.get(one.op, {})
    if isinstance(one, Compare) and one.op != "=":
        return {}
    values = one.values if isinstance(one, In) else (one.value,)
    if one.field == "birthday":
        return {"birthday": True} if values == ("true",) else {}
    if one.field == "weekday":
        return {"weekdays": tuple(int(day) for day in values)} if set(values) <= set("1234567") else {}
    return {_OF_FIELD[one.field]: values} if one.field in _OF_FIELD else {}


def _hours(first: str, end: str) -> dict[str, Any]:
    given = {name: text for name, text in (("from_hour", first), ("until_hour", end)) if text}
    return given if all(text.isdigit() and int(text) in _DAY for text in given.values()) else {}
