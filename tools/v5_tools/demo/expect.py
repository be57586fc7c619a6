"""What should come out, reckoned apart from the engine: slow, obvious arithmetic on fractions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor
from typing import Final

from v5_core.programme import EarnPerAmount, Programme, Selector

CASH: Final = Fraction(1)


@dataclass(frozen=True)
class Item:
    """One line of a sale: what was bought, its family, and the price with VAT in cents."""

    product: str
    cents: int
    family: str = ""


@dataclass
class Expected:
    """What the ways in should add up to.

    Attributes:
        documents: Sales and returns per way.
        points: Net points (thousandths) per way.
        balance: Net change of each customer's balance (thousandths), by customer id.
        receipts: Receipts printed per way.
    """

    documents: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    points: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    balance: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    receipts: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def document(self, way: str, customer: str = "", points: int = 0, *, counted: bool = True) -> None:
        """Notes one document; not `counted` when it is known from another way already."""
        self.documents[way] += counted
        self.move(way, customer, points)

    def move(self, way: str, customer: str, points: int) -> None:
        """Notes points that come or go."""
        self.points[way] += points
        if customer:
            self.balance[customer] += points


def points_of(programme: Programme, items: Iterable[Item], *, share: Fraction = CASH) -> int:
    """Points (thousandths) that a sale earns under the simple rules of the sample programme.

    Args:
        programme: The programme in force.
        items: The lines.
        share: The part of the sale that was not paid with points.
    """
    kept = list(items)
    total = 0
    step = 10 ** (3 - programme.decimals)
    for rule in programme.earning:
        assert isinstance(rule, EarnPerAmount), "the sample programme earns per amount"
        exact = Fraction(0)
        for item in kept:
            if not _selected(rule.selector, item):
                continue
            factor = Fraction(1)
            for boost in programme.boosts:
                if not boost.when and _selected(boost.selector, item):
                    factor *= Fraction(boost.factor, 10_000)
            exact += Fraction(item.cents * rule.points, rule.amount) * factor * share
        total += floor(exact / step) * step
    return total


def _selected(selector: Selector, item: Item) -> bool:
    if item.product in selector.exclude_products or item.family in selector.exclude_families:
        return False
    if selector.products and item.product not in selector.products:
        return False
    return not selector.families or item.family in selector.families
