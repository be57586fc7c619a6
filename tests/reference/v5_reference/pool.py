"""Lines as offers take from them, and their units laid out one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from v5_core.model import Line
from v5_core.programme import Selector
from v5_reference.arithmetic import half_up
from v5_reference.criteria import line_matches

__all__ = ["Goods", "Pool", "Taken", "all_units", "available", "matches", "open_goods", "pool_of", "take_units"]


@dataclass
class Goods:
    """A line as offers take from it: what it costs now, and which of its units no closing offer has touched."""

    line: Line
    price: int
    units: int
    open_price: int

    @property
    def untouched(self) -> bool:
        return self.price == self.line.gross and not self.line.discount


@dataclass
class Taken:
    """Units taken together from one line: they cost their share of what the line's open units cost, to the cent."""

    position: int
    units: int
    price: int


def all_units(goods: Goods) -> int:
    """Units of a line; what is weighed is one."""
    quantity = goods.line.quantity
    return quantity // 1000 if quantity % 1000 == 0 and quantity else 1


def open_goods(lines: Sequence[Line]) -> list[Goods]:
    """Lines at the till's prices."""
    found = [Goods(line, line.gross, 0, line.gross) for line in lines]
    for one in found:
        one.units = all_units(one)
    return found


def matches(selector: Selector, goods: Goods) -> bool:
    """Empty lists select all; every list given must match; exclusions win."""
    line = goods.line
    return all(
        (
            not selector.products or line.product in selector.products,
            not selector.families or line.family in selector.families,
            not selector.brands or line.brand in selector.brands,
            not selector.tags or any(tag in selector.tags for tag in line.tags),
            line.kind in selector.kinds,
            line.product not in selector.exclude_products,
            line.family not in selector.exclude_families,
            line.brand not in selector.exclude_brands,
            not any(tag in selector.exclude_tags for tag in line.tags),
            not selector.exclude_discounted or goods.untouched,
            line_matches(selector.where, line),
        )
    )


Pool = dict[int, tuple[int, int]]
"""Units and their price together, by the position of the line."""


def pool_of(goods: Sequence[Goods], positions: Sequence[int], *, closing: bool) -> Pool:
    """The units that an offer may touch: of whole lines, or those that are open where it closes them."""
    found = {}
    for one in positions:
        units, price = (goods[one].units, goods[one].open_price) if closing else (all_units(goods[one]), goods[one].price)
        if units:
            found[one] = (units, price)
    return found


def take_units(pool: Pool, units: int, *, dearest: bool = False) -> list[Taken]:
    """Takes units out of a pool, cheapest (or dearest) first; of equal ones those of the line whose id comes first."""
    laid_out = [(Fraction(price, count), position) for position, (count, price) in pool.items() for _ in range(count)]
    laid_out.sort(key=lambda one: (-one[0] if dearest else one[0], one[1]))
    chosen = [position for _, position in laid_out[:units]]
    found = []
    for position in dict.fromkeys(chosen):
        count, price = pool[position]
        taken = Taken(position, chosen.count(position), half_up(Fraction(price * chosen.count(position), count)))
        pool[position] = (count - taken.units, price - taken.price)
        if not pool[position][0]:
            del pool[position]
        found.append(taken)
    return found


def available(pool: Pool) -> int:
    """Its units."""
    return sum(units for units, _ in pool.values())
