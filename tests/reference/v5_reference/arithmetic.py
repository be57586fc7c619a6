"""Rounding and sharing out, with fractions; and codes as people type them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import floor

__all__ = ["fold", "half_up", "rounded", "share_out", "share_out_to_first", "share_out_to_last"]


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


def share_out_to_last(total: int, weights: Sequence[Fraction | int]) -> list[int]:
    """Parts that sum to the total: each gets its whole part, then the last that has less than it weighs gets one more."""
    if sum(weights) == 0:
        return share_out(total, weights)
    parts = [floor(Fraction(total) * Fraction(weight) / Fraction(sum(weights))) for weight in weights]
    while sum(parts) < total:
        parts[max(i for i, weight in enumerate(weights) if parts[i] < weight)] += 1
    return parts


def share_out_to_first(total: int, weights: Sequence[Fraction | int]) -> list[int]:
    """Parts that sum to the total: each gets its whole part, the first that weigh anything one more each."""
    if sum(weights) == 0:
        return share_out(total, weights)
    parts = [floor(Fraction(total) * Fraction(weight) / Fraction(sum(weights))) for weight in weights]
    weighing = (i for i, weight in enumerate(weights) if weight)
    while sum(parts) < total:
        parts[next(weighing)] += 1
    return parts


def fold(code: str) -> str:
    """The same in either case, whatever spaces or dashes stand in it."""
    return code.replace(" ", "").replace("-", "").upper()
