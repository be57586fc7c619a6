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


# The slots of pydantic's base class, written directly: what `model_construct` does, at a third of its cost.
_SLOTS: dict[str, Any] = dict(vars(BaseModel))
_put_values = _SLOTS["__dict__"].__set__
_put_names = _SLOTS["__pydantic_fields_set__"].__set__
_put_extra = _SLOTS["__pydantic_extra__"].__set__
_put_private = _SLOTS["__pydantic_private__"].__set__


def builder(model: type[Model]) -> Callable[[dict[str, Any]], Model]:
    """A function that makes a `model` of a dict holding a value for every field (the dict is kept)."""
    new = object.__new__
    names = set(model.model_fields)

    def build(values: dict[str, Any]) -> Model:
        made = new(model)
        _put_values(made, values)
        _put_names(made, names)
        _put_extra(made, None)
        _put_private(made, None)
        return made

    return build
