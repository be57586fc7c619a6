"""Layout files: how one ERP's receipt shows items, total, payments and the customer's card, as expressions per line.

Plugins bring layouts for their ERP; the generic Portuguese one comes with the spooler.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from v5_core.errors import ConfigError
from v5_core.money import parse_scaled

__all__ = ["Layout", "ReadItem", "Reading", "load_layout", "parse_layout"]


def _expression(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error
    return text


Expression = Annotated[str, AfterValidator(_expression)]


class Layout(BaseModel):
    """What a layout file holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str = ""
    items_start: Expression = ""
    items_end: Expression = ""
    item: tuple[Expression, ...] = ()
    total: tuple[Expression, ...] = ()
    discount: tuple[Expression, ...] = ()
    payment: tuple[Expression, ...] = ()
    fields: dict[str, Expression] = Field(default_factory=dict)
    payments: dict[str, str] = Field(default_factory=dict)

    def read(self, lines: Iterable[str]) -> Reading:
        """Everything the expressions find."""
        return self._reader.run(lines)

    @cached_property
    def _reader(self) -> _Reader:
        return _Reader(self)


@dataclass(slots=True)
class ReadItem:
    """One item line; amounts in cents, quantity in thousandths, rate in hundredths of a percent."""

    description: str
    total: int
    quantity: int = 1000
    vat: int = 0
    code: str = ""
    discount: int = 0


@dataclass(slots=True)
class Reading:
    """What was found. `fields` holds card, operator, till, time, date, issuer, buyer, number, reference."""

    items: list[ReadItem] = field(default_factory=list)
    total: int | None = None
    discount: int = 0
    payments: list[tuple[str, int]] = field(default_factory=list)
    fields: dict[str, str] = field(default_factory=dict)


class _Reader:
    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        flags = re.IGNORECASE
        self.start = re.compile(layout.items_start, flags) if layout.items_start else None
        self.end = re.compile(layout.items_end, flags) if layout.items_end else None
        self.groups = {
            kind: [re.compile(text, flags) for text in getattr(layout, kind)] for kind in ("item", "total", "discount", "payment")
        }
        self.singles = {name: re.compile(text, flags) for name, text in layout.fields.items()}

    def run(self, lines: Iterable[str]) -> Reading:
        reading = Reading()
        texts = list(lines)
        inside = self.start is None or not any(self.start.search(text) for text in texts)
        done = False
        for text in texts:
            self._fields(text, reading)
            if self._ends(text):
                done = done or bool(reading.items)
                inside = inside and not reading.items
            if self._sums(text, reading):
                continue
            if not inside and not done and self.start is not None and self.start.search(text):
                inside = True
            elif inside and not done:
                self._item(text, reading)
        return reading

    def _ends(self, text: str) -> bool:
        return self.end is not None and self.end.search(text) is not None

    def _fields(self, text: str, reading: Reading) -> None:
        for name, expression in self.singles.items():
            if name not in reading.fields and (match := expression.search(text)):
                reading.fields[name] = " ".join(match["value"].split())

    def _first(self, kind: str, text: str) -> dict[str, Any] | None:
        for expression in self.groups[kind]:
            if match := expression.search(text):
                return match.groupdict()
        return None

    def _sums(self, text: str, reading: Reading) -> bool:
        if found := self._first("total", text):
            reading.total = _cents(found["amount"])
        elif found := self._first("discount", text):
            reading.discount += _cents(found["amount"])
        elif found := self._first("payment", text):
            word = found["method"].lower()
            method = next((value for key, value in self.layout.payments.items() if word.startswith(key)), "other")
            reading.payments.append((method, _cents(found["amount"])))
        else:
            return False
        return True

    def _item(self, text: str, reading: Reading) -> None:
        found = self._first("item", text)
        if not found:
            return
        reading.items.append(
            ReadItem(
                description=" ".join(found["description"].split())[:200],
                total=_cents(found["total"], signed=True),
                quantity=_scaled(found.get("quantity"), 3, 1000),
                vat=_scaled(found.get("vat"), 2, 0),
                code=found.get("code") or "",
                discount=_scaled(found.get("discount"), 2, 0),
            )
        )


def _scaled(text: str | None, decimals: int, default: int) -> int:
    return default if not text else parse_scaled(text.replace(" ", "").replace(",", "."), decimals, exact=False)


def _cents(text: str, *, signed: bool = False) -> int:
    # "1.234,56", "1 234.56", "1,234.56": the last separator is the decimal one.
    digits = re.sub(r"[^\d]", "", text)
    value = int(digits) if re.search(r"[.,]\d{2}$", text.strip()) else int(digits) * 100
    return -value if signed and "-" in text else value


def parse_layout(text: str, name: str = "layout") -> Layout:
    """A layout from TOML text.

    Raises:
        ConfigError: It cannot be used; names the setting.
    """
    try:
        return Layout.model_validate(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise ConfigError(f"layout {name!r} cannot be read: {error}") from error


def load_layout(name: str) -> Layout:
    """By the name of one that comes with the spooler, `plugin:slug` for one a plugin brings, or the path of a TOML file."""
    if name.startswith("plugin:"):
        return _from_plugin(name.removeprefix("plugin:"))
    bundled = files("v5_spooler.receipt").joinpath("layouts", f"{name}.toml")
    if "/" not in name and bundled.is_file():
        return parse_layout(bundled.read_text("utf-8"), name)
    if Path(name).is_file():
        return parse_layout(Path(name).read_text("utf-8"), name)
    raise ConfigError(f"layout {name!r} is unknown: use 'portugal', 'plugin:<slug>', or the path of a TOML file")


def _from_plugin(slug: str) -> Layout:
    from v5_core.plugins import load_plugins

    found = load_plugins().get(slug)
    if found is None or found.plugin is None:
        raise ConfigError(f"plugin {slug!r} is not usable here: {found.problem if found else 'it is not installed'}")
    texts = found.plugin.receipt_layouts()
    if not texts:
        raise ConfigError(f"plugin {slug!r} brings no receipt layout")
    return parse_layout(texts[0], f"plugin:{slug}")
