"""Values as people type them in their language, and back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel import Locale
from babel.numbers import get_decimal_symbol, get_group_symbol

from v5_cloud.programmes.form.shapes import Shape
from v5_core.money import format_scaled, parse_scaled

__all__ = ["DECIMALS", "Figures"]

DECIMALS: Final = {"money": 2, "points": 3, "quantity": 3, "percent": 2, "count": 0}
_MARKS: Final = re.compile(r"[\s\u200e\u200f\u2066-\u2069€$£₪%]")


@dataclass(frozen=True, slots=True)
class Figures:
    """Numbers and times of one language and zone."""

    locale: Locale
    zone: ZoneInfo

    def number(self, typed: str) -> str:
        """What was typed as a decimal string; what is no number stays as it is, to be refused by name."""
        text = _MARKS.sub("", typed)
        point, group = get_decimal_symbol(self.locale), get_group_symbol(self.locale)
        if "," in text and "." in text:
            last = max(text.rfind(","), text.rfind("."))
            text = re.sub(r"[.,]", "", text[:last]) + "." + text[last + 1 :]
        elif group in ",." and group != point and re.fullmatch(rf"-?\d{{1,3}}(\{group}\d{{3}})+", text):
            text = text.replace(group, "")
        else:
            text = text.replace(",", ".")
        return text if re.fullmatch(r"-?\d+(\.\d+)?", text) else typed.strip()

    def shown(self, number: str) -> str:
        """A decimal string as people of the language write it, without groups."""
        return number.replace(".", get_decimal_symbol(self.locale)) if re.fullmatch(r"-?\d+(\.\d+)?", number) else number

    def text(self, shape: Shape, value: Any, unit: str = "") -> str:
        """A single value as the form shows it."""
        if value is None:
            return ""
        if shape.widget == "unit":
            return self.shown(str(value))
        if shape.widget == "scaled" and isinstance(value, int):
            return self.shown(format_scaled(value, DECIMALS[unit], trim=unit != "money"))
        if shape.widget == "moment":
            try:
                return datetime.fromisoformat(str(value)).astimezone(self.zone).strftime("%Y-%m-%dT%H:%M")
            except ValueError:
                return str(value)
        return str(value)

    def value(self, shape: Shape, typed: str, unit: str = "") -> Any:
        """What was typed, as JSON; what cannot be read stays text, for the model to refuse."""
        if shape.widget == "unit":
            return self.number(typed)
        if shape.widget == "scaled":
            try:
                return parse_scaled(self.number(typed), DECIMALS[unit])
            except ValueError:
                return typed
        if shape.widget == "number":
            text = self.number(typed)
            return int(text) if re.fullmatch(r"-?\d{1,18}", text) else typed
        if shape.widget == "moment":
            try:
                return datetime.fromisoformat(typed).replace(tzinfo=self.zone).isoformat()
            except ValueError:
                return typed
        return typed
