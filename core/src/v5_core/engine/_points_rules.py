"""Earning rules made ready: what their arithmetic asks at every basket, read off their models once."""

from __future__ import annotations

from v5_core.engine._rules import CompiledProgramme, Rule
from v5_core.programme import EarnPerAmount, EarnPerQuantity, EarnPerSale, PointsCap

__all__ = ["PointsRule"]


class PointsRule(Rule):
    """A rule that gives points.

    Attributes:
        per: "amount", "quantity", "sale" or "visit": what it gives points for.
        points: For every `amount` of money, or of a quantity; or once.
        minimum: Money below which it gives nothing, and in `minimum_quantity` the quantity.
        whole: Only full multiples of the amount count; `per_line`: of the quantity, line by line.
        early: It goes by prices before discounts of the whole order.
    """

    __slots__ = ("amount", "caps", "early", "minimum", "minimum_quantity", "per", "per_line", "points", "whole")

    def __init__(self, data: EarnPerAmount | EarnPerQuantity | EarnPerSale, programme: CompiledProgramme) -> None:
        super().__init__(data, programme)
        self.points: int = data.points
        self.caps: tuple[PointsCap, ...] = data.caps
        self.minimum_quantity: int = data.minimum_quantity
        self.minimum = 0 if isinstance(data, EarnPerQuantity) else data.minimum
        self.whole = isinstance(data, EarnPerAmount) and data.whole
        self.per_line = isinstance(data, EarnPerQuantity) and data.per_line
        if isinstance(data, EarnPerAmount):
            self.per, self.amount = "amount", data.amount
        elif isinstance(data, EarnPerQuantity):
            self.per, self.amount = "quantity", data.quantity
        else:
            self.per, self.amount = data.per, 1
        self.early = programme.policies.category_base == "before_order_discounts" and self.restricted
