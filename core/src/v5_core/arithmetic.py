"""Ratios and splits of integers: what all figures of the engine are made by. Without imports, so that it can be compiled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Literal

__all__ = ["SPLITS", "Rounding", "apply_rate", "ratio", "split", "split_to_first", "split_to_last"]

Rounding = Literal["down", "half-up"]


def ratio(value: int, numerator: int, denominator: int, rounding: Rounding = "half-up") -> int:
    """Value * numerator / denominator on integers; half-up rounds away from zero at the half, down towards zero."""
    if denominator <= 0:
        raise ValueError("the denominator must be positive")
    product = value * numerator
    magnitude = abs(product)
    whole = (2 * magnitude + denominator) // (2 * denominator) if rounding == "half-up" else magnitude // denominator
    return whole if product >= 0 else -whole


def apply_rate(value: int, rate: int, rounding: Rounding = "half-up") -> int:
    """The share `rate` (hundredths of a percent) of `value`: 23 % of 1000 is 230."""
    return ratio(value, rate, 10_000, rounding)


def split_to_last(total: int, weights: list[int]) -> list[int]:
    """Splits an integer over weights so that the parts sum to it: each part is rounded down, the last takes the rest.

    No part is more than its weight (the total is not either): what the last cannot take falls on the one before it.
    """
    if not any(weights):
        return split(total, weights)
    pool = sum(weights)
    parts = [total * weight // pool for weight in weights]
    rest = total - sum(parts)
    for index in range(len(parts) - 1, -1, -1):
        more = min(rest, weights[index] - parts[index])
        parts[index] += more
        rest -= more
    return parts


def split_to_first(total: int, weights: list[int]) -> list[int]:
    """Splits an integer over weights so that the parts sum to it: each part is rounded down, the first ones with a weight get one more."""
    if not any(weights):
        return split(total, weights)
    pool = sum(weights)
    parts = [total * weight // pool for weight in weights]
    rest = total - sum(parts)
    for index in [index for index, weight in enumerate(weights) if weight][:rest]:
        parts[index] += 1
    return parts


def split(total: int, weights: list[int]) -> list[int]:
    """Splits an integer over weights so that the parts sum to it (largest remainder, ties by position).

    Args:
        total: Any sign.
        weights: Not negative. All zero: the whole goes to the first part.

    Raises:
        ValueError: No weights, or a negative one.
    """
    if not weights:
        raise ValueError("nothing to split over")
    if min(weights) < 0:
        raise ValueError("weights must not be negative")
    pool = sum(weights)
    if pool == 0:
        return [total] + [0] * (len(weights) - 1)
    magnitude = rest = abs(total)
    parts: list[int] = []
    lacking: list[int] = []  # the remainders, below nothing: the least is served first, of equal ones the first position
    for weight in weights:
        product = magnitude * weight
        part = product // pool
        parts.append(part)
        lacking.append(part * pool - product)
        rest -= part
    if rest == 1:
        parts[lacking.index(min(lacking))] += 1
    elif rest:
        for index in sorted(range(len(parts)), key=lacking.__getitem__)[:rest]:
            parts[index] += 1
    return parts if total >= 0 else [-part for part in parts]


SPLITS: Final[Mapping[str, Callable[[int, list[int]], list[int]]]] = {
    "largest_remainder": split,
    "first_lines": split_to_first,
    "last_line": split_to_last,
}
"""By the policy that says where odd cents go."""
