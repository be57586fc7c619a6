"""Between XML elements and the models: safe parsing, order, and both directions driven by the models' own fields."""

from __future__ import annotations

import functools
import re
import threading
import types
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final, Union, get_args, get_origin

from lxml import etree

from v5_core.errors import FieldError, MalformedError
from v5_core.model import Wire

__all__ = ["DEFAULT", "NAMESPACE", "Schema", "faults", "parse", "parser", "printable", "qualified", "tidy", "to_data", "to_element"]

NAMESPACE: Final = "urn:v5:hooks:1"
DEFAULT: Final[Any] = {None: NAMESPACE}
_NIL: Final = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_MOST_ERRORS: Final = 20
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DATE_ZONE: Final = re.compile(r"(Z|[+-]\d\d:\d\d)$")
_EXPECTED: Final = re.compile(r"(Missing child|not expected).*\. Expected is (?:one of )?\((.*)\)")
_STEP: Final = re.compile(r"^(?:[^:]*:)?(\w+)(?:\[(\d+)\])?$")


@dataclass(frozen=True, slots=True)
class _Field:
    """What the codec must know of a model's field."""

    required: bool
    many: bool
    model: type[Wire] | None
    shares: bool
    day: bool


class Schema:
    """The compiled schema; libxml2's validator keeps its errors on itself, so that one thread uses it at a time."""

    def __init__(self, element: etree._Element) -> None:
        self._schema = etree.XMLSchema(element)
        self._lock = threading.Lock()

    def errors(self, element: etree._Element) -> list[tuple[str, str]]:
        """Path and message of everything that does not fit."""
        with self._lock:
            if self._schema.validate(element):
                return []
            return [(entry.path or "", entry.message) for entry in self._schema.error_log]  # type: ignore[attr-defined]


def parser() -> etree.XMLParser:
    """A parser that opens nothing and expands nothing."""
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True)


def parse(body: bytes) -> etree._Element:
    """The root of a document from outside.

    Raises:
        MalformedError: Not XML, or XML with a DOCTYPE.
    """
    try:
        root = etree.fromstring(body, parser())
    except (etree.XMLSyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        where = f" (line {line})" if line else ""
        raise MalformedError(f"the body is not well-formed XML{where}") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise MalformedError("a DOCTYPE is not accepted")
    return root


def qualified(name: str) -> str:
    """The name in our namespace."""
    return f"{{{NAMESPACE}}}{name}"


def printable(text: str) -> str:
    """The text with characters that XML cannot carry replaced."""
    return _NOT_XML.sub("�", text)


def tidy(message: etree._Element, model: type[Wire]) -> etree._Element:
    """A copy with the elements in the contract's order and without what says "nothing" (nil, or an optional left empty).

    Toolkits differ in both; a till must not fail for it. What the contract does not know is kept, for the schema to refuse by name.
    """
    clean = etree.Element(message.tag, nsmap={"t": NAMESPACE})
    _copy(message, clean, model)
    return clean


def _copy(source: etree._Element, target: etree._Element, model: type[Wire]) -> None:
    fields = _fields(model)
    order = {qualified(name): (position, field) for position, (name, field) in enumerate(fields.items())}
    known = sorted((child for child in source if child.tag in order), key=lambda child: order[str(child.tag)][0])
    for child in known:
        field = order[str(child.tag)][1]
        if not field.required and (child.get(_NIL) in {"true", "1"} or not (len(child) or child.text or child.attrib)):
            continue
        copy = etree.SubElement(target, child.tag)
        if field.model is not None:
            _copy(child, copy, field.model)
        elif field.shares:
            for share in child:
                etree.SubElement(copy, share.tag, {str(key): str(value) for key, value in share.attrib.items()})
        else:
            copy.text = child.text
            for inner in child:
                etree.SubElement(copy, inner.tag)
    for child in source:
        if child.tag not in order:
            etree.SubElement(target, child.tag)


def faults(schema: Schema, element: etree._Element, model: type[Wire]) -> tuple[FieldError, ...]:
    """What the schema holds against a message, each with the path REST would name."""
    found: dict[str, FieldError] = {}
    for path, message in schema.errors(element):
        field = _dotted(path, message, model)
        # libxml2 tells the facet first and then, of the same element, that its type does not fit: the first says more.
        if field not in found and len(found) < _MOST_ERRORS:
            found[field] = FieldError(field, "schema", message.replace(f"{{{NAMESPACE}}}", ""))
    return tuple(found.values())


def _dotted(path: str, message: str, model: type[Wire]) -> str:
    parents: list[tuple[list[str], type[Wire] | None]] = [([], model)]
    for step in path.strip("/").split("/")[1:]:
        match = _STEP.match(step)
        name, index = (match[1], match[2]) if match else (step, None)
        parts, current = parents[-1]
        field = _fields(current).get(name) if current else None
        place = [str(int(index or 1) - 1)] if field and field.many else []
        parents.append(([*parts, name, *place], field.model if field else None))
    # Our copy is in order, so that "not expected here" of a later field means that a required one before it is missing.
    missing = _EXPECTED.search(message)
    if missing:
        parts, current = parents[-2] if missing[1] == "not expected" and len(parents) > 1 else parents[-1]
        names = [name.rsplit("}")[-1] for name in re.findall(r"[^\s,]+", missing[2])]
        required = [name for name in names if current and name in _fields(current) and _fields(current)[name].required]
        if required:
            return ".".join([*parts, required[0]])
    return ".".join(parents[-1][0])


def to_data(element: etree._Element, model: type[Wire]) -> dict[str, Any]:
    """The message as the plain data that the model checks."""
    data: dict[str, Any] = {}
    fields = _fields(model)
    for child in element:
        name = etree.QName(child).localname
        field = fields[name]
        value: Any
        if field.model is not None:
            value = to_data(child, field.model)
        elif field.shares:
            value = {str(share.get("line")): str(share.get("amount")).strip() for share in child}
        else:
            value = child.text or ""
            # xs:date may carry a zone, which a birth date cannot mean.
            value = _DATE_ZONE.sub("", value.strip()) if field.day else value
        if field.many:
            data.setdefault(name, []).append(value)
        else:
            data[name] = value
    return data


def to_element(name: str, data: Mapping[str, Any], model: type[Wire]) -> etree._Element:
    """A model's JSON data as an element; what is None is left out."""
    element = etree.Element(qualified(name), nsmap=DEFAULT)
    _fill(element, data, model)
    return element


def _fill(element: etree._Element, data: Mapping[str, Any], model: type[Wire]) -> None:
    for name, field in _fields(model).items():
        value = data.get(name)
        for item in (value or ()) if field.many else (() if value is None else (value,)):
            child = etree.SubElement(element, qualified(name))
            if field.model is not None:
                _fill(child, item, field.model)
            elif field.shares:
                for line, amount in item.items():
                    etree.SubElement(child, qualified("share"), {"line": printable(line), "amount": amount})
            else:
                child.text = str(item).lower() if isinstance(item, bool) else printable(str(item))


@functools.cache
def _fields(model: type[Wire]) -> dict[str, _Field]:
    found = {}
    for name, info in model.model_fields.items():
        kind, many = _bare(info.annotation), False
        if get_origin(kind) is tuple:
            kind, many = _bare(get_args(kind)[0]), True
        nested = kind if isinstance(kind, type) and issubclass(kind, Wire) else None
        found[name] = _Field(info.is_required(), many, nested, get_origin(kind) is dict, kind is date)
    return found


def _bare(annotation: Any) -> Any:
    """The type without Annotated and without "or None"."""
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation = get_args(annotation)[0]
        elif origin in {Union, types.UnionType}:
            annotation = next(part for part in get_args(annotation) if part is not type(None))
        else:
            return annotation
