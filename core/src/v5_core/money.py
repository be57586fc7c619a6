"""Money, points, quantities and rates as integers, and splits that sum.

Units: money in the currency's minor unit (cents), points and quantities in thousandths, rates in hundredths of a percent
(23 % is 2300). On the wire all four are decimal strings ("12.34", "1.5", "23"). No float is ever accepted.
"""

from __future__ import annotations

import re
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache, partial
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, PlainSerializer, ValidationInfo, WithJsonSchema

from v5_core.arithmetic import Rounding, apply_rate, ratio, split

__all__ = [
    "CURRENCIES",
    "Amount",
    "Points",
    "Quantity",
    "Rate",
    "Rounding",
    "WireInt",
    "apply_rate",
    "format_scaled",
    "parse_scaled",
    "ratio",
    "round_decimal",
    "split",
]

# ADR 0002: currencies with two decimals (ISO 4217); any other is refused by name, never guessed.
CURRENCIES: Final = frozenset(
    "AED AOA ARS AUD BRL CAD CHF CNY COP CVE CZK DKK EUR GBP HKD HUF ILS INR MAD MOP MXN MZN NOK NZD PEN PLN RON SEK SGD "  # noqa: SIM905
    "STN TRY UAH USD UYU ZAR".split()
)
_LIMIT: Final = 10**15
_PLAIN: Final = re.compile(r"(-?[0-9]{1,15})(?:\.([0-9]{1,6}))?").fullmatch


class WireInt(int):
    """An integer that came as a JSON number (see `wire.loads`): refused where a decimal string is expected."""


def parse_scaled(value: object, decimals: int, *, exact: bool = True) -> int:
    """Reads a decimal string (or Decimal, or an int of whole units) into an integer of 10**-decimals.

    Args:
        value: "12.34", Decimal("12.34") or 12. Floats and booleans are refused.
        decimals: Decimals kept.
        exact: Refuse more decimals than are kept; otherwise round half up (what a file writes with six decimals).

    Raises:
        ValueError: Not a number, not finite, too large, or too many decimals.
    """
    if type(value) is str:
        # What nearly every amount looks like; the rest goes the long way.
        plain = _PLAIN(value)
        if plain is not None and len(part := plain[2] or "") <= decimals:
            return int(plain[1] + part.ljust(decimals, "0"))
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise ValueError("a decimal string is expected, such as '12.34'")
    if isinstance(value, str) and (len(value) > 40 or not value.strip()):
        raise ValueError("a decimal string is expected, such as '12.34'")
    try:
        number = Decimal(value.strip() if isinstance(value, str) else value)
    except InvalidOperation:
        raise ValueError("a decimal string is expected, such as '12.34'") from None
    if not number.is_finite() or abs(number) >= _LIMIT:
        raise ValueError("the number is out of range")
    scaled = number.scaleb(decimals)
    whole = scaled.to_integral_value(rounding=ROUND_HALF_UP)
    if exact and whole != scaled:
        raise ValueError(f"at most {decimals} decimals are allowed")
    return int(whole)


def format_scaled(value: int, decimals: int, *, trim: bool = False) -> str:
    """Writes an integer of 10**-decimals as a decimal string; `trim` drops trailing zeros ("1.500" becomes "1.5")."""
    if decimals == 0:
        return str(value)
    if value < 0:
        return "-" + format_scaled(-value, decimals, trim=trim)
    digits = str(value).zfill(decimals + 1)
    part = digits[-decimals:].rstrip("0") if trim else digits[-decimals:]
    return f"{digits[:-decimals]}.{part}" if part else digits[:-decimals]


def _scaled(decimals: int, example: str, unit: str, *, trim: bool) -> tuple[Any, ...]:
    # An int that arrives from our own code is already scaled; on the wire an amount is a string, for a bare JSON number
    # leaves open whether it means units or minor units. The same few texts come again and again ("0.00", "23", "1").
    known = lru_cache(maxsize=65_536)(partial(parse_scaled, decimals=decimals))

    def read(value: object, info: ValidationInfo) -> object:
        if type(value) is str:
            return known(value)
        if isinstance(value, str | Decimal):
            return parse_scaled(value, decimals)
        if isinstance(value, bool | float | WireInt) or (info.mode == "json" and isinstance(value, int)):
            raise ValueError(f"a decimal string is expected, such as '{example}'")
        return value

    def write(value: int) -> str:
        return format_scaled(value, decimals, trim=trim)

    schema = {"type": "string", "pattern": rf"^-?\d{{1,15}}(\.\d{{1,{decimals}}})?$", "examples": [example], "x-unit": unit}
    return BeforeValidator(read), PlainSerializer(write, return_type=str, when_used="json"), WithJsonSchema(schema)


_BOUND = Field(strict=True, gt=-_LIMIT * 1000, lt=_LIMIT * 1000)
# In Python an Amount is an int of minor units; in JSON it is a decimal string. A JSON number is refused: see model.Wire.
Amount = Annotated[int, _BOUND, *_scaled(2, "12.34", "money", trim=False)]
Points = Annotated[int, _BOUND, *_scaled(3, "12.5", "points", trim=True)]
Quantity = Annotated[int, _BOUND, *_scaled(3, "1.5", "quantity", trim=True)]
Rate = Annotated[int, _BOUND, *_scaled(2, "23", "percent", trim=True)]


def round_decimal(value: Decimal, decimals: int, rounding: Rounding = "half-up") -> int:
    """A Decimal as an integer of 10**-decimals."""
    mode = ROUND_HALF_UP if rounding == "half-up" else ROUND_DOWN
    return int(value.scaleb(decimals).to_integral_value(rounding=mode))
