"""The reference page of programmes (docs/programme-reference.md), made from the JSON Schema: each part, each kind, each field."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from v5_core.money import format_scaled
from v5_core.programme import Programme

__all__ = ["page"]

Schema = Mapping[str, Any]
_HEAD: Final = """# Programme reference

Every part, kind and field of a programme, made from its [JSON Schema](schemas/programme.json), which the service also gives at
`GET /v1/programmes/schema`. [Programmes](programmes.md) explains how they work together.

Money, points, quantities and percentages are decimal strings (`"12.50"`); days are `2026-11-22`, instants have an offset
(`2026-11-22T10:00:00+00:00`). A field that no kind below has is refused.
"""
_DECIMALS: Final = {"money": 2, "points": 3, "quantity": 3, "percent": 2}


def page() -> str:
    """The page as Markdown."""
    schema = Programme.model_json_schema()
    made = _Page(schema)
    return "\n".join([_HEAD, *made.programme(), *made.others()]).rstrip() + "\n"


class _Page:
    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.defs: Schema = schema.get("$defs", {})
        self.told: set[str] = set()

    def programme(self) -> Iterator[str]:
        """The programme itself, then the parts that have kinds."""
        yield "## The programme\n"
        yield from self.table(self.schema)
        for name, field in self.schema["properties"].items():
            kinds = self.kinds(field.get("items", {}))
            if not kinds:
                continue
            yield f"## {name}\n"
            for definition, values in kinds.items():
                self.told.add(definition)
                yield from self.section(definition, ", ".join(f"`{value}`" for value in values))

    def others(self) -> Iterator[str]:
        """What the parts are made of."""
        yield "## Parts of rules\n"
        for name, definition in self.defs.items():
            if name not in self.told and "properties" in definition:
                yield from self.section(name, name)

    def section(self, name: str, title: str) -> Iterator[str]:
        """One kind or part."""
        definition = self.defs[name]
        yield f"### {title} {{#{_anchor(name)}}}\n"
        if text := _said(definition.get("description", "")):
            yield f"{text}\n"
        yield from self.table(definition)

    def table(self, definition: Schema) -> Iterator[str]:
        """The fields, those that are needed first."""
        required = definition.get("required", ())
        fields = definition["properties"]
        yield "| field | is | when left out | says |"
        yield "| --- | --- | --- | --- |"
        for name in sorted(fields, key=lambda one: (one not in required, _place(definition, one))):
            field = fields[name]
            left_out = "**needed**" if name in required else _default(field)
            yield f"| `{name}` | {self.type_of(field)} | {left_out} | {_said(field.get('description', ''))} |"
        yield ""

    def kinds(self, field: Schema) -> dict[str, list[str]]:
        """Definitions of a list whose items have kinds: by definition, the values of `kind`."""
        found: dict[str, list[str]] = {}
        for value, ref in field.get("discriminator", {}).get("mapping", {}).items():
            found.setdefault(_name(ref), []).append(value)
        return found

    def type_of(self, field: Schema) -> str:
        """A field's type in words."""
        if "$ref" in field:
            return self.link(_name(field["$ref"]))
        if "anyOf" in field:
            return " or ".join(self.type_of(one) for one in field["anyOf"] if one.get("type") != "null")
        if "enum" in field:
            return ", ".join(f"`{value}`" for value in field["enum"])
        if "const" in field:
            return f"`{field['const']}`"
        if field.get("type") == "array":
            items = field.get("items", {})
            kinds = self.kinds(items)
            return "list of " + (", ".join(self.link(one) for one in kinds) if kinds else self.type_of(items) if items else "values")
        if field.get("type") == "object":
            return "object"
        return self.plain(field)

    def plain(self, field: Schema) -> str:
        """Text, whole number, truth."""
        unit = field.get("x-unit")
        words = {"integer": "whole number", "boolean": "`true` or `false`", "string": "text", "number": "number"}
        said = unit or ("criteria" if "x-criteria" in field else field.get("format") or words.get(str(field.get("type")), "value"))
        low, high = field.get("minimum", field.get("exclusiveMinimum")), field.get("maximum")
        return f"{said}, {low} to {high}" if low is not None and high is not None and not unit else str(said)

    def link(self, name: str) -> str:
        """A definition: where it is told, or its values."""
        definition = self.defs[name]
        if "enum" in definition:
            return ", ".join(f"`{value}`" for value in definition["enum"])
        return f"[{name}](#{_anchor(name)})"


def _name(ref: str) -> str:
    return ref.rsplit("/", 1)[-1]


def _anchor(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()


def _place(definition: Schema, name: str) -> tuple[int, str]:
    first = list(definition.get("x-first", ()))
    return (first.index(name) if name in first else len(first), name)


def _default(field: Schema) -> str:
    if "default" not in field or field["default"] in (None, "", [], {}):
        return ""
    value = field["default"]
    if isinstance(value, int) and field.get("x-unit") in _DECIMALS:
        value = format_scaled(value, _DECIMALS[field["x-unit"]], trim=field["x-unit"] != "money")
    return "as in its table" if isinstance(value, dict) else f"`{json.dumps(value, ensure_ascii=False)}`"


def _said(text: str) -> str:
    # What stands before the list of attributes, on one line; a bar would end the cell.
    return " ".join(text.split("Attributes:")[0].split()).replace("|", "\\|")
