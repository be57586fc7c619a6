"""Rounding and sharing out, with fractions."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import floor

__all__ = ["half_up", "rounded", "share_out"]


def half_up(value: Fraction | int) -> int:
    """To the nearest whole; the half goes away from zero."""
    return floor(value + Fraction(1, 2)) if value >= 0 else -floor(-value + Fraction(1, 2))


def rounded(value: Fraction | int, way: str) -> int:
    """By a policy: "down" (towards zero) or "half-up"."""
    if way == "half-up":
        return half_up(value)
    return floor(value) if value >= 0 else -floor(-value)


def share_out(total: int, weights: Sequence[Fraction | int]) -> list[int]:
    """Parts that sum to the total: each gets its whole part, then one more goes to the largest rest, the first of equals."""
    if sum(weights) == 0:
        return [total] + [0] * (len(weights) - 1)
    exact = [Fraction(total) * Fraction(weight) / Fraction(sum(weights)) for weight in weights]
    parts = [floor(one) for one in exact]
    while sum(parts) < total:
        rests = [one - part for one, part in zip(exact, parts, strict=True)]
        parts[rests.index(max(rests))] += 1
    return parts
