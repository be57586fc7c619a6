"""What a form posted, as JSON again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from v5_cloud.programmes.conditions import LISTS, Conditions, split
from v5_cloud.programmes.form.figures import Figures
from v5_cloud.programmes.form.shapes import Shape

__all__ = ["CONTROLS", "change", "read"]

Posted = Mapping[str, Sequence[str]]
CONTROLS: Final = frozenset({"sale", "alert"})
"""Kinds of criteria whose days, hours, stores ... can be chosen."""
_ABSENT: Final = object()


def read(shape: Shape, posted: Posted, old: Any, figures: Figures, path: str = "f") -> Any:
    """The value of a part: what the form shows of `old` unchanged is taken from `old`."""
    return _part(shape, posted, path, old, figures)


def _one(posted: Posted, name: str) -> str:
    values = posted.get(name, ())
    return values[-1].replace("\r\n", "\n") if values else ""


def _part(shape: Shape, posted: Posted, path: str, old: Any, figures: Figures) -> Any:
    known: dict[str, Any] = old if isinstance(old, dict) else {}
    found: dict[str, Any] = {}
    for one in shape.fields:
        unit = one.scale.get(_one(posted, f"{path}.{one.scale['field']}"), "count") if one.scale else ""
        value = _value(one, posted, f"{path}.{one.name}", known.get(one.name), figures, unit)
        if value is not _ABSENT:
            found[one.name] = value
    return found


def _value(shape: Shape, posted: Posted, path: str, old: Any, figures: Figures, unit: str = "") -> Any:
    widget = shape.widget
    if widget == "part":
        return None if shape.nullable and f"{path}.+" not in posted else _part(shape, posted, path, old, figures)
    if widget in _READERS:
        return _READERS[widget](shape, posted, path, old, figures)
    typed = _one(posted, path)
    if widget == "const":
        return shape.options[0]
    if not typed.strip():
        return None if shape.nullable else "" if old == "" else _ABSENT
    return old if typed == figures.text(shape, old, unit) else figures.value(shape, typed, unit)


def _switch(shape: Shape, posted: Posted, path: str, old: Any, figures: Figures) -> Any:
    return path in posted


def _checks(shape: Shape, posted: Posted, path: str, old: Any, figures: Figures) -> Any:
    return list(posted.get(path, ()))


def _chips(shape: Shape, posted: Posted, path: str, old: Any, figures: Figures) -> Any:
    item, known = shape.inner, {figures.text(shape.inner, one): one for one in old or ()}
    lines = [line.strip() for line in _one(posted, path).split("\n") if line.strip()]
    return [known[line] if line in known else figures.value(item, line) for line in lines]


def _criteria(shape: Shape, posted: Posted, path: str, old: Any, figures: Figures) -> Any:
    rest = _one(posted, path).strip()
    if shape.unit not in CONTROLS:
        return old if old is not None and rest == str(old).strip() else rest
    lists = {name: tuple(line.strip() for line in _one(posted, f"{path}.{name}").split("\n") if line.strip()) for name in LISTS}
    days = tuple(int(day) for day in posted.get(f"{path}.weekdays", ()) if day in set("1234567"))
    said = Conditions(
        weekdays=days,
        from_hour=_one(posted, f"{path}.from_hour").strip(),
        until_hour=_one(posted, f"{path}.until_hour").strip(),
        birthday=f"{path}.birthday" in posted,
        **lists,
        rest=rest,
    )
    before = split(str(old or ""))
    same = replace(before, weekdays=tuple(sorted(before.weekdays)), rest=before.rest.strip())
    return old if old is not None and replace(said, weekdays=tuple(sorted(days))) == same else said.text()


def _tongues(shape: Shape, posted: Posted, path: str, old: Any, figures: Figures) -> Any:
    known: dict[str, str] = old if isinstance(old, dict) else {}
    given = {name.removeprefix(f"{path}."): _one(posted, name) for name in posted if name.startswith(f"{path}.")}
    order = [*known, *(code for code in given if code not in known)]
    return {code: given[code] for code in order if given.get(code, "").strip()}


def _map(shape: Shape, posted: Posted, path: str, old: Any, figures: Figures) -> Any:
    known: dict[str, Any] = old if isinstance(old, dict) else {}
    found = {}
    for row in posted.get(f"{path}.#", ()):
        key, typed = _one(posted, f"{path}.{row}.key").strip(), _one(posted, f"{path}.{row}.value")
        if key or typed.strip():
            same = key in known and figures.text(shape.inner, known[key]) == typed
            found[key] = known[key] if same else figures.value(shape.inner, typed)
    return found


def _list(shape: Shape, posted: Posted, path: str, old: Any, figures: Figures) -> Any:
    known: list[Any] = old if isinstance(old, list) else []
    rows = [row for row in posted.get(f"{path}.#", ()) if row.isdigit() and len(row) < 5]
    return [_part(_scaled(shape.inner, posted, path), posted, f"{path}.{row}", known[int(row)] if int(row) < len(known) else None, figures)
            for row in rows]  # fmt: skip


def _scaled(item: Shape, posted: Posted, path: str) -> Shape:
    """Rows whose unit hangs on a field beside their list (a level's threshold on what is measured) know it from there."""
    above = path.rpartition(".")[0]

    def told(one: Shape) -> Shape:
        if not one.scale:
            return one
        unit = one.scale.get(_one(posted, f"{above}.{one.scale['field']}"), "count")
        return replace(one, scale={"field": one.scale["field"], "": unit})

    return replace(item, fields=tuple(told(one) for one in item.fields)) if any(one.scale for one in item.fields) else item


_READERS: Final = {
    "switch": _switch, "checks": _checks, "chips": _chips, "criteria": _criteria, "tongues": _tongues, "map": _map, "list": _list,
}  # fmt: skip


def change(shape: Shape, value: dict[str, Any], action: str) -> None:
    """One more of a list, or one less: `add:caps`, `drop:caps.1`; a part that may be missing is put in, or taken away."""
    verb, _, path = action.partition(":")
    here: Any = value
    names = path.split(".")
    for name in names[:-1]:
        here = here[int(name)] if isinstance(here, list) else here.setdefault(name, {})
    last = names[-1]
    if verb == "drop":
        if isinstance(here, list):
            del here[int(last)]
        else:
            here[last] = None
    elif verb == "add":
        known = here.get(last) if isinstance(here, dict) else None
        if isinstance(known, list):
            known.append({})
        elif isinstance(known, dict):
            known.setdefault("", "")
        else:
            here[last] = {}
