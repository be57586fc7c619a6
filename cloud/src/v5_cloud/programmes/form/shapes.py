"""What a form has to know of each field, read from the JSON Schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

__all__ = ["Model", "PartShape", "Shape"]

Json = dict[str, Any]
_OWN: Final = frozenset({"id", "version", "state"})
BASICS: Final = "basics"


@dataclass(frozen=True, slots=True)
class Shape:
    """A field.

    Attributes:
        owner: Name of the model that has it.
        widget: How it is entered: text, number, unit, scaled, date, moment, switch, choice, checks, chips, criteria, tongues, map, list,
            part, const.
        nullable: It may be nothing at all.
        first: Shown at once, not under "more".
        group: Of those under "more": which belong together.
        options: What may be chosen.
        unit: money, points, quantity, percent; or the kind of criteria.
        scale: For "scaled": the unit by the value of the sibling field `scale["field"]`.
        item: Of a list, a map, chips.
        fields: Of a part, in the order to show them.
    """

    name: str
    owner: str
    widget: str
    title: str = ""
    help: str = ""
    required: bool = False
    nullable: bool = False
    default: Any = None
    first: bool = True
    group: str = ""
    options: tuple[str, ...] = ()
    unit: str = ""
    scale: Mapping[str, str] = field(default_factory=dict)
    longest: int = 0
    item: Shape | None = None
    fields: tuple[Shape, ...] = ()

    @property
    def inner(self) -> Shape:
        """What a list, a map or chips are made of."""
        if self.item is None:
            raise TypeError(f"{self.name} holds no items")
        return self.item

    def walk(self) -> Iterator[Shape]:
        """Itself and everything in it."""
        yield self
        for one in (*self.fields, *((self.item,) if self.item else ())):
            yield from one.walk()


@dataclass(frozen=True, slots=True)
class PartShape:
    """A part of a programme.

    Attributes:
        many: It holds a list of rules; else there is one of it, or none where `nullable`.
        kinds: What a rule can be, to choose from before its fields are shown; empty where there is one kind only.
    """

    name: str
    many: bool
    nullable: bool = False
    kinds: tuple[str, ...] = ()


class Model:
    """A programme's JSON Schema.

    Args:
        schema: As `Programme.model_json_schema()` gives it.
    """

    def __init__(self, schema: Json) -> None:
        self._schema = schema
        self._known: dict[tuple[str, str], Shape] = {}

    @cached_property
    def parts(self) -> Mapping[str, PartShape]:
        """The parts by name: first what a programme is, then its rules in the order of the model."""
        found = {BASICS: PartShape(BASICS, many=False)}
        for name, raw in self._schema["properties"].items():
            schema, nullable = self._plain(raw)
            items = self._plain(schema.get("items", {}))[0] if schema.get("type") == "array" else {}
            if items.get("properties") or items.get("oneOf"):
                found[name] = PartShape(name, many=True, kinds=self._kinds(items))
            elif schema.get("properties") and name not in self._schema["x-first"]:
                found[name] = PartShape(name, many=False, nullable=nullable)
        return found

    def _kinds(self, items: Json) -> tuple[str, ...]:
        if "discriminator" in items:
            order = [self._plain(one)[0] for one in items["oneOf"]]
            return tuple(kind for one in order for kind in _values(one["properties"]["kind"]))
        found = _values(items["properties"].get("kind", {}))
        return found if len(found) > 1 else ()

    def rule(self, part: str, kind: str = "") -> Shape:
        """The shape of a part's rule, of a kind where there are several."""
        known = self._known.get((part, kind))
        if known is None:
            known = self._known[part, kind] = self._basics() if part == BASICS else self._rule(part, kind)
        return known

    def _rule(self, part: str, kind: str) -> Shape:
        schema = self._plain(self._schema["properties"][part])[0]
        items = self._plain(schema["items"])[0] if schema.get("type") == "array" else schema
        for one in items.get("oneOf", ()):
            variant = self._plain(one)[0]
            if kind in _values(variant["properties"]["kind"]):
                items = variant
        return self._part(part, items, owner=items.get("title", part), required=True)

    def _basics(self) -> Shape:
        shapes = self._part(BASICS, self._schema, owner="Programme", required=True)
        own = tuple(one for one in shapes.fields if one.name not in _OWN and one.name not in self.parts)
        return Shape(BASICS, "Programme", "part", required=True, fields=own)

    def _plain(self, schema: Json) -> tuple[Json, bool]:
        """References followed, and "or nothing" taken apart."""
        if "$ref" in schema:
            target = self._schema["$defs"][schema["$ref"].rsplit("/", 1)[1]]
            schema = {**target, **{name: value for name, value in schema.items() if name != "$ref"}}
        variants = schema.get("anyOf")
        if not variants:
            return schema, False
        others = [self._plain(one)[0] for one in variants if one.get("type") != "null"]
        around = {name: value for name, value in schema.items() if name != "anyOf"}
        if len(others) > 1:
            merged = {"type": "string", "enum": [value for one in others for value in _values(one)]}
            return {**merged, **around}, len(others) < len(variants)
        inner = {name: value for name, value in others[0].items() if name != "default"}
        return {**inner, **around}, len(others) < len(variants)

    def _part(self, name: str, schema: Json, *, owner: str, **more: Any) -> Shape:
        first = schema.get("x-first") or list(schema["properties"])
        required = schema.get("required", ())
        fields = [
            self._field(one, raw, owner, required=one in required, first=one in first or (one in required and one != "id"))
            for one, raw in schema["properties"].items()
        ]
        groups = list(dict.fromkeys(one.group for one in fields))
        order = {one: place for place, one in enumerate(first)}
        ranked = sorted(fields, key=lambda one: (not one.first, order.get(one.name, 99), groups.index(one.group)))
        return Shape(name, owner, "part", fields=tuple(ranked), **more)

    def _field(self, name: str, raw: Json, owner: str, *, required: bool, first: bool) -> Shape:
        schema, nullable = self._plain(raw)
        common: Json = {
            "title": raw.get("title", name),
            "help": raw.get("description", ""),
            "required": required,
            "nullable": nullable,
            "default": raw.get("default"),
            "first": first,
            "group": raw.get("x-group", ""),
        }
        if schema.get("properties"):
            return self._part(name, schema, owner=schema.get("title", owner), **common)
        return Shape(name, owner, **self._widget(name, schema, owner), **common)

    def _widget(self, name: str, schema: Json, owner: str) -> Json:
        kind = schema.get("type")
        if "x-criteria" in schema:
            return {"widget": "criteria", "unit": schema["x-criteria"], "longest": schema.get("maxLength", 0)}
        if "x-scale" in schema:
            return {"widget": "scaled", "scale": schema["x-scale"]}
        if "x-unit" in schema:
            return {"widget": "unit", "unit": schema["x-unit"]}
        if "const" in schema:
            return {"widget": "const", "options": (schema["const"],)}
        if "enum" in schema:
            return {"widget": "choice", "options": tuple(schema["enum"])}
        if kind in ("boolean", "integer"):
            return {"widget": "switch" if kind == "boolean" else "number"}
        if kind == "array":
            return self._many(name, schema, owner)
        if kind == "object":
            (pattern, inner), *_ = schema.get("patternProperties", {"": {"type": "string"}}).items()
            item = self._field("", inner, owner, required=True, first=True)
            return {"widget": "tongues" if pattern == "^[a-z]{2}$" else "map", "item": item}
        formats = {"date": "date", "date-time": "moment"}
        return {"widget": formats.get(schema.get("format", ""), "text"), "longest": schema.get("maxLength", 0)}

    def _many(self, name: str, schema: Json, owner: str) -> Json:
        items = self._plain(schema["items"])[0]
        item = self._field(name, items, owner, required=True, first=True)
        if item.widget == "part":
            return {"widget": "list", "item": item}
        return {"widget": "checks", "options": item.options, "item": item} if item.options else {"widget": "chips", "item": item}


def _values(schema: Json) -> tuple[str, ...]:
    return (schema["const"],) if "const" in schema else tuple(schema.get("enum", ()))
