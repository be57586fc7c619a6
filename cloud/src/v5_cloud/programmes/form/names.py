"""Titles and help of fields and choices in the language of the page; the model's own where there are none yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from v5_cloud.programmes.form.choices import GROUPS, KINDS, OPTIONS, PARTS
from v5_cloud.programmes.form.shapes import Shape
from v5_cloud.programmes.form.titles import FIELDS

__all__ = ["Names"]


@dataclass(frozen=True, slots=True)
class Names:
    """Words of one language.

    Attributes:
        say: Messages of the page's language.
    """

    say: Callable[[str], str]

    def title(self, shape: Shape) -> str:
        """What a field is called."""
        found = _row(FIELDS, shape)
        return self.say(found[0]) if found else shape.title.replace("_", " ")

    def help(self, shape: Shape) -> str:
        """What a field does."""
        found = _row(FIELDS, shape)
        return self.say(found[1]) if found else shape.help

    def option(self, shape: Shape, value: str) -> tuple[str, str]:
        """What a choice is called, and what it does where that is known."""
        for key in (f"{shape.owner}.{shape.name}.{value}", f"{shape.name}.{value}", value):
            if key in OPTIONS:
                return self.say(OPTIONS[key]), ""
        return value.replace("_", " "), ""

    def part(self, name: str) -> tuple[str, str, str]:
        """Title, explanation and picture of a part."""
        title, text, symbol = PARTS.get(name, (name.replace("_", " ").capitalize(), "", "layers"))
        return self.say(title), self.say(text) if text else "", symbol

    def kind(self, part: str, kind: str) -> tuple[str, str, str]:
        """The same of a kind of rule."""
        title, text, symbol = KINDS.get(f"{part}.{kind}", (kind.replace("_", " ").capitalize(), "", "layers"))
        return self.say(title), self.say(text) if text else "", symbol

    def group(self, name: str) -> str:
        """What a group of fields is called."""
        return self.say(GROUPS[name]) if name in GROUPS else name.replace("_", " ").capitalize()


def _row(table: Mapping[str, Any], shape: Shape) -> Any:
    return table.get(f"{shape.owner}.{shape.name}") or table.get(shape.name)
