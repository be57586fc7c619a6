"""What one offer takes off the goods: their units laid out one by one, sorted, and taken from the top."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from v5_core.engine import CustomerFacts
from v5_core.model import Line
from v5_core.programme import (
    AmountOffer,
    BundleOffer,
    BuyGetOffer,
    CardDiscount,
    CheapestOffer,
    FixedPriceOffer,
    Offer,
    PercentOffer,
    Policies,
    Selector,
)
from v5_reference.arithmetic import half_up, rounded, share_out
from v5_reference.criteria import line_matches

__all__ = ["Cut", "Goods", "cut_of", "matches", "open_goods"]


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


@dataclass
class Cut:
    """What an offer takes, by the position of the line."""

    shares: dict[int, int] = field(default_factory=dict)
    closed: list[Taken] = field(default_factory=list)
    gift: int = 0

    def off(self, position: int, amount: int) -> None:
        self.shares[position] = self.shares.get(position, 0) + amount

    def at_most(self, limit: int) -> None:
        """Keeps it within a limit; odd cents fall on lines in the order of their ids."""
        positions = sorted(self.shares)
        if sum(self.shares.values()) > limit:
            parts = share_out(max(0, limit), [self.shares[one] for one in positions])
            self.shares = dict(zip(positions, parts, strict=True))

    @property
    def amount(self) -> int:
        return sum(self.shares.values())


def open_goods(lines: Sequence[Line]) -> list[Goods]:
    """Lines at the till's prices; what is weighed is one unit."""
    found = []
    for line in lines:
        units = line.quantity // 1000 if line.quantity % 1000 == 0 and line.quantity else 1
        found.append(Goods(line, line.gross, units, line.gross))
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


def _pool(goods: Sequence[Goods], positions: Sequence[int], *, closing: bool) -> Pool:
    found = {}
    for one in positions:
        whole = open_goods([goods[one].line])[0].units
        units, price = (goods[one].units, goods[one].open_price) if closing else (whole, goods[one].price)
        if units:
            found[one] = (units, price)
    return found


def _take(pool: Pool, units: int, *, dearest: bool = False) -> list[Taken]:
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


def _available(pool: Pool) -> int:
    return sum(units for units, _ in pool.values())


def cut_of(offer: Offer, goods: Sequence[Goods], positions: Sequence[int], policies: Policies, facts: CustomerFacts | None) -> Cut:
    """What an offer takes off these lines as they stand, within its own maximum."""
    cut, rounding = Cut(), policies.discount_rounding
    of_till = policies.percent_of == "till"

    def percentage(one: Taken, rate: int) -> int:
        price = one.price
        if of_till:
            line = goods[one.position].line
            price = half_up(Fraction(line.gross * one.units, open_goods([line])[0].units))
        return min(one.price, rounded(Fraction(price * rate, 10_000), rounding))

    if isinstance(offer, CardDiscount):
        rate = (facts.card_rate if facts is not None else 0) or offer.percent
        _each_line(cut, offer, goods, positions, lambda one: percentage(one, rate), None)
    elif isinstance(offer, PercentOffer) and offer.kind == "percent_lines":
        percent = offer.percent
        _each_line(cut, offer, goods, positions, lambda one: percentage(one, percent), offer.units_per_line)
    elif isinstance(offer, AmountOffer) and offer.kind == "amount_units":
        amount = offer.amount
        _each_line(cut, offer, goods, positions, lambda one: min(one.price, amount * one.units), offer.units_per_line)
    elif isinstance(offer, PercentOffer | AmountOffer):
        left = sum(goods[one].price for one in positions)
        base = sum(goods[one].line.gross for one in positions) if of_till else left
        whole = offer.amount if isinstance(offer, AmountOffer) else rounded(Fraction(base * offer.percent, 10_000), rounding)
        whole = min(left, whole)
        if whole:
            cut.shares = dict(zip(positions, share_out(whole, [goods[one].price for one in positions]), strict=True))
    else:
        _KINDS[offer.kind](cut, offer, goods, positions, rounding)
    if offer.maximum is not None:
        cut.at_most(offer.maximum)
    return cut


def _each_line(
    cut: Cut, offer: Offer, goods: Sequence[Goods], positions: Sequence[int], off: Callable[[Taken], int], most: int | None
) -> None:
    for position, (units, price) in _pool(goods, positions, closing=offer.closes_units).items():
        one = _take({position: (units, price)}, units if most is None else most)[0]
        cut.off(position, off(one))
        if offer.closes_units:
            cut.closed.append(one)


def _prices(cut: Cut, offer: Any, goods: Sequence[Goods], positions: Sequence[int], rounding: str) -> None:
    """A final price of each unit, to the cent of the line; a cheaper one stays. It touches whole lines, open units where it closes them."""
    for position in positions:
        one = goods[position]
        units, now = (one.units, one.open_price) if offer.closes_units else (open_goods([one.line])[0].units, one.price)
        if not units:
            continue
        each = offer.price if isinstance(offer, FixedPriceOffer) else offer.prices.get(one.line.product)
        if each is not None:
            if getattr(offer, "price_basis", "gross") == "net" and one.line.net:
                each = half_up(Fraction(each * one.line.gross, one.line.net))
            quantity = Fraction(one.line.quantity * units, 1000 * open_goods([one.line])[0].units)
            off = max(0, now - half_up(each * quantity))
        else:
            off = rounded(Fraction(now * offer.percent, 10_000), rounding)
        cut.off(position, off)
        if offer.closes_units and off:
            cut.closed.append(Taken(position, units, now))


def _bundle(cut: Cut, offer: BundleOffer, goods: Sequence[Goods], positions: Sequence[int], rounding: str) -> None:
    del positions  # each part says itself which lines it is of
    chosen = [[i for i, one in enumerate(goods) if matches(part.selector, one)] for part in offer.parts]
    left = _pool(goods, range(len(goods)), closing=offer.closes_units)
    times = 0
    while offer.times is None or times < offer.times:
        trial, one_set = dict(left), list[Taken]()
        for part, lines in zip(offer.parts, chosen, strict=True):
            wanted = max(1, part.quantity // 1000)
            mine = {i: trial[i] for i in lines if i in trial}
            if _available(mine) < wanted:
                return
            one_set += _take(mine, wanted, dearest=True)
            for i in lines:
                trial.pop(i, None)
            trial |= mine
        base = sum(one.price for one in one_set)
        if offer.price is not None:
            off = max(0, base - offer.price)
        else:
            off = rounded(Fraction(base * offer.percent, 10_000), rounding) if offer.percent else min(base, offer.amount)
        one_set.sort(key=lambda one: one.position)
        for one, share in zip(one_set, share_out(off, [one.price for one in one_set]), strict=True):
            cut.off(one.position, share)
        if offer.closes_units:
            cut.closed += one_set
        left, times = trial, times + 1


def _buy_get(cut: Cut, offer: BuyGetOffer, goods: Sequence[Goods], positions: Sequence[int], rounding: str) -> None:
    buy, get = max(1, offer.buy // 1000), max(1, offer.get // 1000)
    dearest = offer.choose == "dearest"
    buying = _pool(goods, positions, closing=offer.closes_units)
    getting = positions
    if offer.get_selector is not None:
        getting = [i for i, one in enumerate(goods) if matches(offer.get_selector, one)]
    times = _available(buying) if offer.times is None else min(offer.times, _available(buying))
    while times:
        # A unit may be bought or got, not both. What is got is chosen first, then the dearest of the rest are bought.
        pool = _pool(goods, sorted({*positions, *getting}), closing=offer.closes_units)
        got: list[Taken] = []
        if offer.add is None:
            mine = {i: pool[i] for i in getting if i in pool}
            enough = _available(mine) >= times * get
            got = _take(mine, times * get, dearest=dearest)
            pool = {i: one for i, one in pool.items() if i not in getting} | mine
        else:
            enough, cut.gift = True, times * get
        buying = {i: pool[i] for i in positions if i in pool}
        if enough and _available(buying) >= times * buy:
            for one in got:
                if offer.price is None:
                    cut.off(one.position, rounded(Fraction(one.price * offer.percent, 10_000), rounding))
                else:
                    cut.off(one.position, max(0, one.price - offer.price * one.units))
            if offer.closes_units:
                cut.closed = got + _take(buying, times * buy, dearest=True)
            return
        times -= 1
    cut.gift = 0


def _cheapest(cut: Cut, offer: CheapestOffer, goods: Sequence[Goods], positions: Sequence[int], rounding: str) -> None:
    for one in _take(_pool(goods, positions, closing=offer.closes_units), offer.units):
        if offer.percent:
            cut.off(one.position, rounded(Fraction(one.price * offer.percent, 10_000), rounding))
        else:
            cut.off(one.position, min(one.price, offer.amount * one.units))
        if offer.closes_units:
            cut.closed.append(one)


_KINDS: dict[str, Callable[..., None]] = {
    "fixed_price": _prices, "price_list": _prices, "bundle": _bundle, "buy_get": _buy_get, "cheapest": _cheapest,
}  # fmt: skip
