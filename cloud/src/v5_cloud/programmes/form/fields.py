"""Shapes with values, ready to be shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from v5_cloud.pages.formats import Formats
from v5_cloud.pages.i18n import LANGUAGES
from v5_cloud.programmes.conditions import LISTS, split
from v5_cloud.programmes.form.figures import Figures
from v5_cloud.programmes.form.names import Names
from v5_cloud.programmes.form.reading import CONTROLS
from v5_cloud.programmes.form.shapes import Shape

__all__ = ["Field", "Sight", "fields_of"]

_MONDAY: Final = date(2026, 11, 16)


@dataclass(frozen=True, slots=True)
class Sight:
    """How values are shown: words, figures and formats of a language.

    Attributes:
        errors: What is wrong, by path.
    """

    names: Names
    figures: Figures
    formats: Formats
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def days(self) -> list[tuple[int, str]]:
        """Days of the week, Monday 1."""
        return [(day + 1, self.formats.day(_MONDAY + timedelta(days=day), "EEE")) for day in range(7)]


@dataclass(slots=True)
class Field:
    """One field to show.

    Attributes:
        path: Its name in the form.
        text: Its value as people write it.
        shown: What it says where it is only read.
        options: (value, title, help, chosen).
        rows: Of a map or of languages: (key, label, text).
        children: Of a part; of a list, one part for each row.
        touched: It says something else than the default.
    """

    shape: Shape
    path: str
    title: str
    help: str
    text: str = ""
    unit: str = ""
    error: str = ""
    on: bool = False
    present: bool = True
    touched: bool = False
    default: str = ""
    options: list[tuple[str, str, str, bool]] = field(default_factory=list)
    rows: list[tuple[str, str, str]] = field(default_factory=list)
    children: list[Field] = field(default_factory=list)
    conditions: Mapping[str, Any] = field(default_factory=dict)

    @property
    def widget(self) -> str:
        """How it is entered."""
        return self.shape.widget

    @property
    def id(self) -> str:
        """For labels."""
        return self.path.replace(".", "-")

    @property
    def common(self) -> list[Field]:
        """What is shown at once: what comes first, and what says something."""
        return [one for one in self.children if (one.shape.first or one.touched or one.wrong) and one.widget != "const"]

    @property
    def more(self) -> list[tuple[str, list[Field]]]:
        """The others, by group."""
        shown = self.common
        groups: dict[str, list[Field]] = {}
        for one in self.children:
            if one not in shown and one.widget != "const":
                groups.setdefault(one.shape.group, []).append(one)
        return list(groups.items())

    @property
    def constants(self) -> list[Field]:
        """What goes along unseen."""
        return [one for one in self.children if one.widget == "const"]

    @property
    def wrong(self) -> bool:
        """Something in it is wrong."""
        return bool(self.error) or any(one.wrong for one in self.children)

    def walk(self) -> Iterator[Field]:
        """Itself and everything in it."""
        yield self
        for one in self.children:
            yield from one.walk()


def fields_of(shape: Shape, value: Any, sight: Sight, path: str = "f") -> Field:
    """A part with what it holds."""
    return _field(shape, value, sight, path, {})


def _field(shape: Shape, value: Any, sight: Sight, path: str, around: Mapping[str, Any]) -> Field:
    names = sight.names
    made = Field(shape, path, names.title(shape), names.help(shape), error=sight.errors.get(path, ""))
    made.unit = shape.scale.get(str(around.get(shape.scale["field"])), "count") if shape.scale else shape.unit
    made.touched = not shape.first and shape.name != "id" and _says(value, shape.default)
    if shape.widget == "part":
        made.present = not shape.nullable or isinstance(value, dict)
        held: dict[str, Any] = value if isinstance(value, dict) else {}
        inner = {one.name: held.get(one.name, one.default) for one in shape.fields}
        made.children = [_field(one, inner[one.name], sight, f"{path}.{one.name}", {**around, **inner}) for one in shape.fields]
        if not made.present:
            made.children = []
    elif shape.widget == "list":
        rows = value if isinstance(value, list | tuple) else ()
        made.children = [_field(shape.inner, one, sight, f"{path}.{index}", around) for index, one in enumerate(rows)]
        made.error = made.error or next((text for name, text in sight.errors.items() if name == path), "")
    else:
        _fill(made, value, sight)
    return made


def _fill(made: Field, value: Any, sight: Sight) -> None:
    shape, names, figures = made.shape, sight.names, sight.figures
    if shape.widget == "switch":
        made.on = bool(value)
    elif shape.widget in ("choice", "const"):
        made.text = str(value if value is not None else "")
        made.options = [(one, *names.option(shape, one), one == made.text) for one in shape.options]
    elif shape.widget == "checks":
        chosen = list(value or ())
        order = [*chosen, *(one for one in shape.options if one not in chosen)]
        made.options = [(one, *names.option(shape, one), one in chosen) for one in order]
    elif shape.widget == "chips":
        made.text = "\n".join(figures.text(shape.inner, one) for one in value or ())
        made.unit = shape.inner.unit
        made.error = made.error or next((text for name, text in sight.errors.items() if name.startswith(f"{made.path}.")), "")
    elif shape.widget == "criteria":
        made.text = str(value or "")
        if shape.unit in CONTROLS:
            said = split(made.text)
            made.text = said.rest
            made.conditions = {name: getattr(said, name) for name in ("weekdays", "from_hour", "until_hour", "birthday", *LISTS)}
    elif shape.widget == "tongues":
        known: dict[str, Any] = value if isinstance(value, dict) else {}
        order = [*known, *(code for code in LANGUAGES if code not in known)]
        made.rows = [(code, LANGUAGES[code].name if code in LANGUAGES else code, str(known.get(code, ""))) for code in order if code]
        made.error = made.error or next((text for name, text in sight.errors.items() if name.startswith(f"{made.path}.")), "")
    elif shape.widget == "map":
        held: dict[str, Any] = value if isinstance(value, dict) else {}
        made.rows = [(key, "", figures.text(shape.inner, one)) for key, one in held.items()]
        made.unit = shape.inner.unit
        made.error = made.error or next((text for name, text in sight.errors.items() if name.startswith(f"{made.path}.")), "")
    else:
        made.text = figures.text(shape, value, made.unit)
        made.default = figures.text(shape, shape.default, made.unit) if not shape.required else ""


def _says(value: Any, default: Any) -> bool:
    """Whether it is anything but the default, which an empty list, text or part is too."""
    if isinstance(value, dict) and isinstance(default, dict):
        return any(_says(inner, default.get(name)) for name, inner in value.items())
    return value != default and not (value in (None, "", [], (), {}) and default in (None, "", [], (), {}))
