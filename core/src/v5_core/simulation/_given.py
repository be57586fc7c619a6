"""What rules give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Given", "Kind"]

Kind = Literal["earning", "offer", "voucher"]


@dataclass(slots=True)
class Given:
    """What one rule, or all of them together, gave: thousandths of points, and minor units."""

    points: int = 0
    discount: int = 0
    vouchers: int = 0
    voucher_amount: int = 0

    def __iadd__(self, other: Given) -> Given:
        self.points += other.points
        self.discount += other.discount
        self.vouchers += other.vouchers
        self.voucher_amount += other.voucher_amount
        return self
