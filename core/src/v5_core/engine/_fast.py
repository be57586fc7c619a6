"""Builds reply models without validating again what the engine itself computed.

A quote makes some forty small objects; pydantic's checks would cost more than the whole evaluation. Only values that come from checked
models or from integer arithmetic go through here, and tests validate every reply of the engine in full.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import BaseModel

__all__ = ["builder"]

Model = TypeVar("Model", bound=BaseModel)


def builder(model: type[Model]) -> Callable[[dict[str, Any]], Model]:
    """A function that makes a `model` of a dict holding a value for every field (the dict is kept)."""
    new, put = model.__new__, object.__setattr__
    names = set(model.model_fields)

    def build(values: dict[str, Any]) -> Model:
        made = new(model)
        put(made, "__dict__", values)
        put(made, "__pydantic_fields_set__", names)
        put(made, "__pydantic_extra__", None)
        put(made, "__pydantic_private__", None)
        return made

    return build
