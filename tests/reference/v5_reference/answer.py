"""What the reference says of a basket."""

from __future__ import annotations

from dataclasses import dataclass, field

from v5_reference.earning import Given

__all__ = ["Answer"]


@dataclass
class Answer:
    """What the reference says of a basket."""

    total: int = 0
    net: int = 0
    to_pay: int = 0
    discount: int = 0
    benefits: list[tuple[str, dict[str, int], int]] = field(default_factory=list)
    gifts: list[tuple[str, str, int, int]] = field(default_factory=list)
    applied: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    cost: int = 0
    points_used: int = 0
    points_amount: int = 0
    redeemable: int = 0
    redeemable_amount: int = 0
    given: list[Given] = field(default_factory=list)
    codes: list[tuple[str, str, str]] = field(default_factory=list)
    taken: dict[str, int] = field(default_factory=dict)
    claims: list[tuple[str, int, str]] = field(default_factory=list)
    stored: list[tuple[str, int, int, str]] = field(default_factory=list)
    would_save: int = 0

    @property
    def earned(self) -> int:
        return sum(one.points for one in self.given)
