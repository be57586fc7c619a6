"""JSON from outside, read so that a bare number can never be taken for an amount."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from v5_core.money import WireInt

__all__ = ["loads"]


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def loads(body: bytes | str) -> Any:
    """json.loads whose integers are marked as coming from the wire; NaN and Infinity are refused.

    Raises:
        ValueError: Not JSON, or nested too deeply.
    """
    try:
        return json.loads(body, parse_int=WireInt, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("nested too deeply") from None
