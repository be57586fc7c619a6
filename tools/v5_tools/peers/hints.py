"""What a mistake in a case was meant to be: the keys that a place has, what other systems call them, and what a reply holds instead."""

from __future__ import annotations

import re
import types
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from v5_tools.peers.spellings import OF_CASES, OF_CRITERIA, OF_PROGRAMMES

__all__ = ["keys_of", "missing", "places", "told", "word"]

_UNKNOWN_FIELD: Final = re.compile(r"unknown field '(\w+)'")


def told(root: type[BaseModel], error: ValidationError) -> list[str]:
    """The mistakes, each with its place; what a place would take is said once."""
    said: set[type[BaseModel]] = set()
    found = error.errors()
    # A list that seems empty, or no figure, because what it holds is wrong: what it holds is told.
    vain = [one for one in found if one["type"] == "too_short" or _branch(one["loc"][-1:])]
    outer = [one["loc"] if one["type"] == "too_short" else one["loc"][:-1] for one in vain]
    told_within = [
        one for one, loc in zip(vain, outer, strict=True) if any(loc == other["loc"][: len(loc)] for other in found if other not in vain)
    ]
    found = [one for one in found if one not in told_within]
    return [f"{_place(one['loc'])}: {_meant(root, one, said)}" for one in found]


def places(root: type[BaseModel], data: Mapping[str, Any]) -> list[str]:
    """The same for data that the service refuses; nothing where it is in order."""
    try:
        root.model_validate(dict(data))
    except ValidationError as error:
        return told(root, error)
    return []


def word(message: str) -> str:
    """What a word of a condition is called here that a message says is unknown; "" where nobody would know."""
    unknown = _UNKNOWN_FIELD.search(message)
    known = OF_CRITERIA.get(unknown[1], "") if unknown else ""
    return known if known.startswith("(") or not known else f"perhaps {known}"


def _branch(loc: tuple[int | str, ...]) -> bool:
    # Pydantic names which of several shapes it tried.
    return any(isinstance(part, str) and ("(" in part or "[" in part) for part in loc)


def _place(loc: tuple[int | str, ...]) -> str:
    parts = [part for part in loc if not _branch((part,))]
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts).lstrip(".") or "the file"


def _meant(root: type[BaseModel], error: Any, said: set[type[BaseModel]]) -> str:
    place = _at(root, error["loc"][:-1]) if error["type"] == "extra_forbidden" else None
    if place is None:
        return str(error["msg"])
    key, keys = str(error["loc"][-1]), keys_of(place)
    table = OF_PROGRAMMES if root.__name__ == "Programme" else OF_CASES
    known = table.get(f"{place.__name__}.{key}") or table.get(key, "")
    if known.startswith("("):
        close = known
    else:
        close = known if known.partition(" ")[0].rstrip(":,") in keys else next(iter(get_close_matches(key, keys, 1)), "")
    there = "" if place in said else f". There are: {', '.join(keys)}"
    said.add(place)
    perhaps = "" if not close else f" {close}" if close.startswith("(") else f"; perhaps {close}"
    return f"no such key here{perhaps}{there}"


def keys_of(model: type[BaseModel]) -> list[str]:
    """The keys of a place, as they are written."""
    return [field.alias or name for name, field in model.model_fields.items() if name not in ("row",)]


def _at(root: type[BaseModel], loc: Iterable[int | str]) -> type[BaseModel] | None:
    """The model at a place; of several kinds the one that the place names."""
    here: list[type[BaseModel]] = [root]
    for part in loc:
        if isinstance(part, int):
            continue
        fields = [field.annotation for model in here for name, field in model.model_fields.items() if part in (name, field.alias)]
        if fields:
            here = [model for one in fields for model in _models(one)]
        else:
            here = [model for model in here if part in (model.__name__, *_tags(model))] or here
    return here[0] if here else None


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) in (Union, types.UnionType, tuple, list, Annotated):
        for one in get_args(annotation):
            yield from _models(one)


def _tags(model: type[BaseModel]) -> tuple[Any, ...]:
    kind = model.model_fields.get("kind")
    return get_args(kind.annotation) if kind is not None and get_origin(kind.annotation) is Literal else ()


def missing(reply: Any, steps: Iterable[tuple[str, str]]) -> str:
    """Where a path into a reply ends, and what is there; "" where it leads to something."""
    here, path = reply, ""
    for index, name in steps:
        if index == "*":
            return ""
        if name:
            if not isinstance(here, Mapping):
                return f"{path or 'the reply'} is {_short(here)}"
            if name not in here:
                where = f"{path} has" if path else "there are"
                return f"no {name}: {where} {', '.join(map(str, here)) or 'nothing'}{_elsewhere(here, name, path)}"
            here = here[name]
        elif not isinstance(here, list):
            return f"{path or 'the reply'} is {_short(here)}"
        elif "=" in index:
            key, _, wanted = index.partition("=")
            found = next((one for one in here if isinstance(one, Mapping) and str(one.get(key)) == wanted), None)
            if found is None:
                values = [str(one.get(key)) for one in here if isinstance(one, Mapping)]
                return f"{path or 'the reply'} has no {key} {wanted}; it has {', '.join(values) or 'none'}"
            here = found
        elif not -len(here) <= int(index) < len(here):
            return f"{path or 'the reply'} has {len(here)} of them"
        else:
            here = here[int(index)]
        path = f"{path}.{name}".lstrip(".") if name else f"{path}[{index}]"
    return ""


def _elsewhere(here: Mapping[str, Any], name: str, path: str) -> str:
    inside = [key for key, value in here.items() if isinstance(value, Mapping) and name in value]
    close = [f"{key}.{name}" for key in inside] or get_close_matches(name, [str(key) for key in here], 1)
    return f"; perhaps {' or '.join(f'{path}.{one}'.lstrip('.') for one in close)}" if close else ""


def _short(value: Any) -> str:
    return "nothing" if value is None else repr(value)[:60]
