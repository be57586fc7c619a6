"""Reading case files: decimals stay what was written, a table becomes its variants, and what is wrong is named by file and field."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import ValidationError

from v5_tools.peers import hints
from v5_tools.peers.cases import Case

__all__ = ["BadCaseError", "read"]

_VARIABLE: Final = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_NAME: Final = re.compile(r"\$[a-z]\w*")


class BadCaseError(Exception):
    """A case file cannot be used; `problems` say which field and why."""

    def __init__(self, path: Path, problems: list[str]) -> None:
        super().__init__(f"{path}: {'; '.join(problems)}")
        self.path = path
        self.problems = problems


class _Loader(yaml.SafeLoader):
    """YAML in which 12.50 is the text "12.50", a date is text, and only true and false are booleans."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag.rsplit(":", 1)[1] in {"merge", "null"}]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^-?(?:0|[1-9][0-9]*)$"), list("-0123456789"))


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [key.value for key, _ in node.value if key.value != "<<"]
    doubled = {str(key) for key in keys if keys.count(key) > 1}
    if doubled:
        raise yaml.constructor.ConstructorError(None, None, f"said twice: {', '.join(sorted(doubled))}", node.start_mark)
    return dict(yaml.SafeLoader.construct_mapping(loader, node, deep=True))


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


def read(path: Path) -> tuple[Case, ...]:
    """The case of a file, once for each row of its table.

    Raises:
        BadCaseError: With every field that is wrong.
    """
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # built on SafeLoader
    except (OSError, ValueError, yaml.YAMLError) as error:
        colon = " (text with a colon in it goes in quotes)" if "mapping values are not allowed" in str(error) else ""
        raise BadCaseError(path, [" ".join(str(error).split()) + colon]) from None
    if not isinstance(data, dict):
        raise BadCaseError(path, ["the file is no mapping with id, title and steps"])
    return tuple(_variants(path, data))


def _variants(path: Path, data: dict[str, Any]) -> Iterator[Case]:
    table = data.get("table")
    if table is None:
        yield _case(path, data, "")
        return
    if not (isinstance(table, list) and table and all(isinstance(row, dict) for row in table)):
        raise BadCaseError(path, ["table: a list of mappings is expected, one a variant"])
    names = {str(name) for row in table for name in row} - {"row"}
    used: set[str] = set()
    rest = {key: value for key, value in data.items() if key != "table"}
    unknown = {text[1:] for text in _texts(rest) if _NAME.fullmatch(text)} - names
    if unknown:
        raise BadCaseError(path, [f"table: no row says ${name}; there are {', '.join(sorted(names))}" for name in sorted(unknown)])
    cases = []
    for number, row in enumerate(table, start=1):
        name = str(row.get("row", f"row {number}"))
        cases.append(_case(path, _fill(rest, row, names, used), name))
    if names - used:
        raise BadCaseError(path, [f"table: no ${name} in the case" for name in sorted(names - used)])
    yield from cases


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)


_GONE: Final = object()


def _fill(value: Any, row: Mapping[str, Any], names: set[str], used: set[str]) -> Any:
    """`value` with the row's values in it; a name that this row lacks takes its key away."""
    if isinstance(value, dict):
        filled = {key: _fill(one, row, names, used) for key, one in value.items()}
        return {key: one for key, one in filled.items() if one is not _GONE}
    if isinstance(value, list):
        return [one for one in (_fill(one, row, names, used) for one in value) if one is not _GONE]
    if not isinstance(value, str) or "$" not in value:
        return value
    whole = _VARIABLE.fullmatch(value)
    if whole and (whole[1] or whole[2]) in names:
        name = whole[1] or whole[2]
        used.add(name)
        return row.get(name, _GONE)

    def put(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        if name not in names:
            return match[0]
        used.add(name)
        return str(row.get(name, ""))

    return _VARIABLE.sub(put, value)


def _case(path: Path, data: dict[str, Any], row: str) -> Case:
    try:
        return Case.model_validate({**data, "row": row})
    except ValidationError as error:
        where = f"({row}) " if row else ""
        raise BadCaseError(path, [f"{where}{one}" for one in hints.told(Case, error)]) from None
