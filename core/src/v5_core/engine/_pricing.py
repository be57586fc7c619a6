"""What one offer takes off the lines it touches: one function for each kind, on the prices as they stand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from v5_core.engine._rules import OfferRule, card_rate, static_match
from v5_core.engine._situation import Situation
from v5_core.model import Line
from v5_core.money import Rounding, apply_rate, ratio, split
from v5_core.programme import (
    AmountOffer,
    BundleOffer,
    BuyGetOffer,
    CardDiscount,
    CheapestOffer,
    FixedPriceOffer,
    GiftOffer,
    PercentOffer,
    PriceListOffer,
    QuantityOf,
    Selector,
)

__all__ = ["Cut", "Prices", "cap", "cut_of", "open_enough", "units_of"]


def units_of(line: Line) -> int:
    """Pieces of a line; what is weighed or measured is one piece."""
    whole, rest = divmod(line.quantity, 1000)
    return whole if whole and not rest else 1


@dataclass(slots=True)
class Cut:
    """What an offer takes: `shares` by line index, of the price `base`; `count` units in `times` goes; `gift` units to add."""

    shares: dict[int, int] = field(default_factory=dict)
    base: int = 0
    count: int = 0
    times: int = 1
    gift: int = 0
    closed: list[_Piece] = field(default_factory=list)


@dataclass(slots=True)
class _Piece:
    """Units of one line that are open to an offer, and their price together."""

    index: int
    units: int
    price: int

    @property
    def unit_price(self) -> int:
        return self.price * 1_000_000 // self.units


class Prices:
    """The price of each line as offers take from it, and which of its units no unit-closing offer has touched yet."""

    __slots__ = ("open", "remaining", "situation")

    def __init__(self, situation: Situation) -> None:
        self.situation = situation
        self.remaining = situation.gross.copy()
        self.open: dict[int, tuple[int, int]] = {}

    def pieces(self, indexes: Sequence[int], *, closing: bool) -> list[_Piece]:
        """The units of these lines that an offer may touch."""
        found = []
        lines, remaining, open_ = self.situation.lines, self.remaining, self.open
        for i in indexes:
            units, price = open_[i] if closing and i in open_ else (units_of(lines[i]), remaining[i])
            if units:
                found.append(_Piece(i, units, price))
        return found

    def apply(self, cut: Cut) -> None:
        """Takes the shares off, and closes what the offer closed."""
        remaining, open_ = self.remaining, self.open
        for piece in cut.closed:
            units, price = open_.get(piece.index) or (units_of(self.situation.lines[piece.index]), remaining[piece.index])
            open_[piece.index] = (units - piece.units, price - piece.price)
        closed = {piece.index for piece in cut.closed}
        for i, amount in cut.shares.items():
            before = remaining[i]
            remaining[i] = before - amount
            if i in open_ and i not in closed and before:
                units, price = open_[i]
                open_[i] = (units, ratio(price, before - amount, before))


def cut_of(rule: OfferRule, indexes: Sequence[int], prices: Prices) -> Cut:
    """What a rule takes off these lines now, its own maximum kept; changes nothing."""
    cut = _KINDS[type(rule.offer)](rule, indexes, prices)
    cut.shares = {i: share for i, share in cut.shares.items() if share}
    if rule.limit is not None:
        _cap(cut, rule.limit)
    return cut


def _cap(cut: Cut, maximum: int) -> None:
    total = sum(cut.shares.values())
    if total > maximum:
        parts = split(maximum, list(cut.shares.values()))
        cut.shares = {i: part for i, part in zip(cut.shares, parts, strict=True) if part}


def cap(cut: Cut, maximum: int) -> None:
    """Keeps a cut within what is left to pay."""
    _cap(cut, max(0, maximum))


def open_enough(rule: OfferRule, indexes: Sequence[int], prices: Prices) -> bool:
    """Whether the units that no offer before closed reach the minimum of an offer that closes units."""
    offer, lines = rule.offer, prices.situation.lines
    if not prices.open or not (offer.minimum_quantity or rule.minimum):
        return True
    pieces = [(lines[piece.index], piece) for piece in prices.pieces(indexes, closing=True)]
    if sum(line.quantity * piece.units // units_of(line) for line, piece in pieces) < offer.minimum_quantity:
        return False
    if offer.minimum_of == "order":
        return True
    net = offer.minimum_basis == "net"
    found = sum(ratio(piece.price, line.net, line.gross) if net and line.gross else piece.price for line, piece in pieces)
    return found >= rule.minimum


def _rounding(rule: OfferRule) -> Rounding:
    return rule.programme.policies.discount_rounding


def _of_till(rule: OfferRule) -> bool:
    return rule.programme.policies.percent_of == "till"


def _percent(rule: OfferRule, indexes: Sequence[int], prices: Prices) -> Cut:
    offer = rule.offer
    assert isinstance(offer, PercentOffer)  # noqa: S101 - the caller looked
    if offer.kind == "percent_order":
        of = prices.situation.gross if _of_till(rule) else prices.remaining
        return _over(indexes, prices, apply_rate(sum(of[i] for i in indexes), rule.percent, _rounding(rule)))
    return _of_lines(rule, indexes, prices, rule.percent, offer.units_per_line)


def _card(rule: OfferRule, indexes: Sequence[int], prices: Prices) -> Cut:
    return _of_lines(rule, indexes, prices, card_rate(rule, prices.situation), None)


def _of_lines(rule: OfferRule, indexes: Sequence[int], prices: Prices, percent: int, most: int | None) -> Cut:
    closing = rule.offer.closes_units
    cut = Cut()
    for piece in prices.pieces(indexes, closing=closing):
        chosen = piece if most is None else _part(piece, min(most, piece.units))
        price = chosen.price
        if _of_till(rule):
            i = piece.index
            price = ratio(prices.situation.gross[i], chosen.units, units_of(prices.situation.lines[i]))
        cut.shares[piece.index] = min(chosen.price, apply_rate(price, percent, _rounding(rule)))
        cut.base += price
        cut.count += chosen.units
        if closing:
            cut.closed.append(chosen)
    return cut


def _over(indexes: Sequence[int], prices: Prices, amount: int) -> Cut:
    own = [prices.remaining[i] for i in indexes]
    base = sum(own)
    amount = min(amount, base)
    return Cut(dict(zip(indexes, split(amount, own), strict=True)) if amount else {}, base)


def _amount(rule: OfferRule, indexes: Sequence[int], prices: Prices) -> Cut:
    offer = rule.offer
    assert isinstance(offer, AmountOffer)  # noqa: S101
    if offer.kind == "amount_order":
        return _over(indexes, prices, offer.amount)
    cut = Cut()
    most = offer.units_per_line
    for piece in prices.pieces(indexes, closing=offer.closes_units):
        chosen = piece if most is None else _part(piece, min(most, piece.units))
        cut.shares[chosen.index] = min(chosen.price, offer.amount * chosen.units)
        cut.base += chosen.price
        cut.count += chosen.units
        if offer.closes_units:
            cut.closed.append(chosen)
    return cut


def _to_price(prices: Prices, index: int, price: int, cut: Cut) -> None:
    line, left = prices.situation.lines[index], prices.remaining[index]
    target = ratio(price, line.quantity, 1000)
    cut.base += left
    cut.shares[index] = max(0, left - target)


def _fixed(rule: OfferRule, indexes: Sequence[int], prices: Prices) -> Cut:
    assert isinstance(rule.offer, FixedPriceOffer)  # noqa: S101
    cut = Cut()
    for i in indexes:
        _to_price(prices, i, rule.offer.price, cut)
    return cut


def _price_list(rule: OfferRule, indexes: Sequence[int], prices: Prices) -> Cut:
    offer = rule.offer
    assert isinstance(offer, PriceListOffer)  # noqa: S101
    cut = Cut()
    for i in indexes:
        price = offer.prices.get(prices.situation.lines[i].product)
        if price is not None:
            _to_price(prices, i, price, cut)
        elif offer.percent:
            cut.base += prices.remaining[i]
            cut.shares[i] = apply_rate(prices.remaining[i], offer.percent, _rounding(rule))
    return cut


def _cheapest(rule: OfferRule, indexes: Sequence[int], prices: Prices) -> Cut:
    offer = rule.offer
    assert isinstance(offer, CheapestOffer)  # noqa: S101
    cut = Cut()
    for piece in _pick(prices.pieces(indexes, closing=offer.closes_units), offer.units):
        off = apply_rate(piece.price, offer.percent, _rounding(rule)) if offer.percent else min(piece.price, offer.amount * piece.units)
        cut.shares[piece.index] = cut.shares.get(piece.index, 0) + off
        cut.base += piece.price
        cut.count += piece.units
        if offer.closes_units:
            cut.closed.append(piece)
    return cut


def _buy_get(rule: OfferRule, indexes: Sequence[int], prices: Prices) -> Cut:
    offer = rule.offer
    assert isinstance(offer, BuyGetOffer)  # noqa: S101
    buy, get = max(1, offer.buy // 1000), max(1, offer.get // 1000)
    buying = prices.pieces(indexes, closing=offer.closes_units)
    here = sum(piece.units for piece in buying)
    most = offer.times if offer.times is not None else here
    if offer.add is not None:
        times = min(here // buy, most)
        closed = _pick(buying, times * buy, dearest=True) if offer.closes_units else []
        return Cut(times=times, gift=times * get, count=times * get, closed=closed)
    if offer.get_selector is None:
        getting, times = buying, min(here // (buy + get), most)
    else:
        getting = prices.pieces(_chosen(offer.get_selector, prices), closing=offer.closes_units)
        times = _most(buying, getting, buy, get, most, dearest=offer.choose == "dearest")
    if not times:
        return Cut(times=0)
    got = _pick(getting, times * get, dearest=offer.choose == "dearest")
    bought = _pick(_without(buying, got), times * buy, dearest=True)
    cut = Cut(times=times, closed=[*got, *bought] if offer.closes_units else [])
    for piece in got:
        cut.shares[piece.index] = cut.shares.get(piece.index, 0) + apply_rate(piece.price, offer.percent, _rounding(rule))
        cut.base += piece.price
        cut.count += piece.units
    return cut


def _most(buying: list[_Piece], getting: list[_Piece], buy: int, get: int, most: int, *, dearest: bool) -> int:
    # How often it can be applied when a unit may be bought or got, not both. More of it never makes less possible: halving finds it.
    low, high = 0, min(most, sum(piece.units for piece in buying) // buy, sum(piece.units for piece in getting) // get)
    while low < high:
        middle = (low + high + 1) // 2
        left = sum(piece.units for piece in _without(buying, _pick(getting, middle * get, dearest=dearest)))
        low, high = (middle, high) if left >= middle * buy else (low, middle - 1)
    return low


def _bundle(rule: OfferRule, indexes: Sequence[int], prices: Prices) -> Cut:
    offer = rule.offer
    assert isinstance(offer, BundleOffer)  # noqa: S101
    del indexes  # each part chooses its own lines
    pools = [prices.pieces(_chosen(part.selector, prices), closing=offer.closes_units) for part in offer.parts]
    cut = Cut(times=0)
    while offer.times is None or cut.times < offer.times:
        picked = _one_set(offer.parts, pools)
        if picked is None:
            break
        base = sum(piece.price for piece in picked)
        if offer.price is not None:
            off = max(0, base - offer.price)
        else:
            off = apply_rate(base, offer.percent, _rounding(rule)) if offer.percent else min(base, offer.amount)
        for piece, share in zip(picked, split(off, [piece.price for piece in picked]), strict=True):
            cut.shares[piece.index] = cut.shares.get(piece.index, 0) + share
        cut.times += 1
        cut.base += base
        cut.count += sum(piece.units for piece in picked)
        if offer.closes_units:
            cut.closed += picked
        pools = [_without(pool, picked) for pool in pools]
    return cut


def _one_set(parts: tuple[QuantityOf, ...], pools: list[list[_Piece]]) -> list[_Piece] | None:
    picked: list[_Piece] = []
    for part, pool in zip(parts, pools, strict=True):
        wanted = max(1, part.quantity // 1000)
        found = _pick(_without(pool, picked), wanted, dearest=True)
        if sum(piece.units for piece in found) < wanted:
            return None
        picked += found
    return picked


def _gift(rule: OfferRule, indexes: Sequence[int], prices: Prices) -> Cut:
    assert isinstance(rule.offer, GiftOffer)  # noqa: S101
    del indexes, prices
    return Cut(gift=1)


def _chosen(selector: Selector, prices: Prices) -> list[int]:
    return [
        i for i, line in enumerate(prices.situation.lines)
        if static_match(selector, line.product, line.family, line.brand, line.kind, line.tags)
        and not (selector.exclude_discounted and (line.discount or prices.remaining[i] != line.gross))
    ]  # fmt: skip


def _part(piece: _Piece, units: int) -> _Piece:
    """So many units of a piece, at their share of its price."""
    return _Piece(piece.index, units, ratio(piece.price, units, piece.units))


def _pick(pieces: Sequence[_Piece], units: int, *, dearest: bool = False) -> list[_Piece]:
    """Units in the order of their price; of equal prices the first line's."""
    found = []
    for piece in sorted(pieces, key=lambda one: (-one.unit_price if dearest else one.unit_price, one.index)):
        if units <= 0:
            break
        chosen = _part(piece, min(units, piece.units))
        units -= chosen.units
        found.append(chosen)
    return found


def _without(pieces: Sequence[_Piece], taken: Sequence[_Piece]) -> list[_Piece]:
    """What is left of the pieces."""
    gone: dict[int, tuple[int, int]] = {}
    for piece in taken:
        units, price = gone.get(piece.index, (0, 0))
        gone[piece.index] = (units + piece.units, price + piece.price)
    left = []
    for piece in pieces:
        units, price = gone.get(piece.index, (0, 0))
        if piece.units > units:
            left.append(_Piece(piece.index, piece.units - units, piece.price - price))
    return left


_KINDS: Final[dict[type[Any], Callable[[OfferRule, Sequence[int], Prices], Cut]]] = {
    PercentOffer: _percent,
    AmountOffer: _amount,
    FixedPriceOffer: _fixed,
    PriceListOffer: _price_list,
    BundleOffer: _bundle,
    BuyGetOffer: _buy_get,
    CheapestOffer: _cheapest,
    GiftOffer: _gift,
    CardDiscount: _card,
}
