"""What the minimum and the upper bounds of an offer count, which units belong together, and how often it is given again."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from v5_core.programme import BuyGetOffer, Offer
from v5_reference.arithmetic import half_up
from v5_reference.pool import Goods, Pool, all_units, matches, pool_of

__all__ = ["Counting", "groups", "of_sets", "set_size"]


def groups(by: str, positions: Sequence[int], goods: Sequence[Goods]) -> list[list[int]]:
    """Lines of one product, family or brand together, or each line by itself; in the order of their lines."""
    found: dict[str, list[int]] = {}
    for i in positions:
        line = goods[i].line
        found.setdefault({"line": line.line_id, "product": line.product, "family": line.family, "brand": line.brand}[by], []).append(i)
    return list(found.values())


def set_size(offer: Offer) -> int:
    """How many different units make a set."""
    if isinstance(offer, BuyGetOffer):
        inside = offer.get_selector is None and offer.add is None
        return max(1, offer.buy // 1000) + (max(1, offer.get // 1000) if inside else 0)
    return offer.minimum_quantity // 1000


def of_sets(offer: Offer, pool: Pool, goods: Sequence[Goods]) -> tuple[int, list[list[int]]]:
    """The most sets of different units there are, and the lines of each value. A set has each value once, and may be larger."""
    kinds = groups(offer.of_different or "product", sorted(pool), goods)
    counts = [sum(pool[i][0] for i in own) for own in kinds]
    sets = max(k for k in range(sum(counts) + 1) if sum(min(count, k) for count in counts) >= k * set_size(offer))
    return sets, kinds


class Counting:
    """One offer and the lines that it selects; `deducted` is what deductions take off the order, with VAT and without."""

    def __init__(self, offer: Offer, goods: Sequence[Goods], deducted: tuple[int, int]) -> None:
        self.offer, self.goods, self.deducted = offer, goods, deducted
        self.till = [one.line.gross for one in goods]

    def counted(self, positions: Sequence[int]) -> list[int]:
        """The lines that the minimum is about."""
        if self.offer.minimum_selector is None:
            return list(positions)
        return [i for i, one in enumerate(self.goods) if matches(self.offer.minimum_selector, one)]

    def measured(self, positions: Sequence[int], prices: Sequence[int]) -> int:
        """The amount that is held against the minimum; a deduction lies on the order, not on its lines."""
        order = self.offer.minimum_of == "order"
        amount = 0
        for i in range(len(self.goods)) if order else positions:
            line = self.goods[i].line
            if self.offer.minimum_basis == "gross":
                amount += prices[i]
            elif line.gross:
                amount += half_up(Fraction(prices[i] * line.net, line.gross))
        return amount - self.deducted[self.offer.minimum_basis == "net"] if order else amount

    def quantity(self, positions: Sequence[int]) -> int:
        """Thousandths; of alike units those of the group only."""
        whole = self.offer.minimum_of == "order" and self.offer.of_same is None
        return sum(self.goods[i].line.quantity for i in (range(len(self.goods)) if whole else positions))

    def above(self, positions: Sequence[int], prices: Sequence[int], *, at_till: bool) -> bool:
        """Beyond an upper bound; that of quantities is asked at the till's prices, that of amounts where the minimum is."""
        offer = self.offer
        everything = range(len(self.goods)) if offer.minimum_of == "order" else positions
        quantity = sum(self.goods[i].line.quantity for i in everything)
        if at_till and offer.not_above_quantity is not None and quantity > offer.not_above_quantity:
            return True
        here = at_till == (offer.minimum_price == "till")
        return here and offer.not_above is not None and self.measured(positions, prices) > offer.not_above

    def problem(self, positions: Sequence[int], prices: Sequence[int], *, at_till: bool) -> str:
        """Why these lines together are not what the offer is for."""
        offer = self.offer
        if at_till and self.quantity(positions) < offer.minimum_quantity:
            return "minimum"
        if self.above(positions, prices, at_till=at_till):
            return "condition"
        if at_till and offer.of_different and len(groups(offer.of_different, positions, self.goods)) < set_size(offer):
            return "minimum"
        here = at_till == (offer.minimum_price == "till")
        return "minimum" if here and self.measured(positions, prices) < offer.minimum else ""

    def of_same(self, positions: Sequence[int], prices: Sequence[int], *, at_till: bool) -> tuple[list[int], str]:
        """The lines of the groups of like units that reach everything by themselves; if none does, why."""
        found: list[int] = []
        problems = set()
        for own in groups(self.offer.of_same or "line", positions, self.goods):
            problem = self.problem(own, prices, at_till=at_till)
            if not at_till and self.quantity(own) < self.offer.minimum_quantity:
                problem = "minimum"
            if not problem and not at_till and self.offer.closes_units and not self.open_enough(own):
                problem = "minimum"
            problems.add(problem)
            if not problem:
                found += own
        return sorted(found), "" if found else "condition" if "condition" in problems else "minimum"

    def open_enough(self, positions: Sequence[int]) -> bool:
        """An offer that closes units reaches the minimum of its lines with units that are open."""
        offer = self.offer
        if offer.minimum_of == "order" or offer.minimum_selector is not None:
            return True
        quantity, amount = Fraction(0), 0
        for i in positions:
            one = self.goods[i]
            part = Fraction(one.units, all_units(one))
            quantity += one.line.quantity * part
            price = one.open_price if offer.minimum_price == "remaining" else half_up(one.line.gross * part)
            if offer.minimum_basis == "net":
                price = half_up(Fraction(price * one.line.net, one.line.gross)) if one.line.gross else 0
            amount += price
        return quantity >= offer.minimum_quantity and amount >= offer.minimum

    def repeats(self, positions: Sequence[int]) -> int:
        """How often an offer is given: once, or for every full minimum; of different units for every set."""
        offer = self.offer
        if not offer.repeat:
            return 1
        counted = self.counted(positions)
        found = [offer.repeat_at_most] if offer.repeat_at_most is not None else []
        if offer.minimum:
            prices = self.till if offer.minimum_price == "till" else [one.price for one in self.goods]
            found.append(self.measured(counted, prices) // offer.minimum)
        if offer.of_different:
            found.append(of_sets(offer, pool_of(self.goods, counted, closing=offer.closes_units), self.goods)[0])
        elif offer.minimum_quantity:
            every = range(len(self.goods)) if offer.minimum_of == "order" else counted
            quantity = Fraction(0)
            for i in every:
                one = self.goods[i]
                quantity += Fraction(one.line.quantity * (one.units if offer.closes_units else all_units(one)), all_units(one))
            found.append(int(quantity // offer.minimum_quantity))
        return max(0, min(found))
