"""What people type into forms, as services take it."""

from __future__ import annotations

import re
from datetime import date
from typing import Any, Final, TypeVar

from pydantic import BaseModel
from pydantic import ValidationError as ModelError

from v5_core.errors import FieldError, ValidationError

__all__ = ["day", "number", "read"]

Model = TypeVar("Model", bound=BaseModel)
_NUMBER: Final = re.compile(r"[+-]?\d+(?:\.\d{1,3})?")


def number(text: str) -> str:
    """A number as people of any of our languages write it ("1.234,50 €", "1,234.50", "-5") as a decimal string; "" when it is none."""
    bare = "".join(text.split()).strip("€$£₪").replace("\N{MINUS SIGN}", "-")
    comma, point = bare.rfind(","), bare.rfind(".")
    if comma >= 0 and point >= 0:
        group, mark = (".", ",") if comma > point else (",", ".")
        bare = bare.replace(group, "").replace(mark, ".")
    elif bare.count(",") == 1:
        bare = bare.replace(",", ".")
    whole, _, rest = bare.lstrip("+-").partition(".")
    if (comma < 0 or point < 0) and len(rest) == 3 and whole != "0":
        return ""  # "1.000": one, or a thousand? It depends on who reads it
    return bare.removeprefix("+") if _NUMBER.fullmatch(bare) else ""


def day(text: str) -> date | None:
    """A day as browsers send it; None when it is none."""
    try:
        return date.fromisoformat(text.strip()) if text.strip() else None
    except ValueError:
        return None


def read(model: type[Model], body: dict[str, Any], names: dict[str, str] | None = None, otherwise: str = "") -> Model:
    """A request out of what was typed.

    Args:
        model: Of the request.
        body: Its fields.
        names: What the form calls them, where it calls them otherwise.
        otherwise: The form's field for what no field alone is to blame for.

    Raises:
        ValidationError: Names each field of the form that is wrong.
    """
    try:
        return model.model_validate(body)
    except ModelError as error:
        fields = [str(one["loc"][0]) if one["loc"] else otherwise for one in error.errors()]
        wrong = tuple(FieldError((names or {}).get(one, one), "typed", "look at it again") for one in fields)
        raise ValidationError("Something in the form is not as expected.", code="typed", errors=wrong) from None
