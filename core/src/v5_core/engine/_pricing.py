"""What one offer takes off the lines it touches: one function for each kind, on the prices as they stand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, cast

from v5_core.engine._prices import Cut, Piece, Prices, cap, cheapest_first, dearest_first, first_units, without
from v5_core.engine._rules import OfferRule, card_rate
from v5_core.money import ratio, split
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
)

__all__ = ["cut_of", "open_enough"]


def cut_of(rule: OfferRule, indexes: Sequence[int], prices: Prices) -> Cut:
    """What a rule takes off these lines now, its own maximum kept; changes nothing."""
    cut = _KINDS[type(rule.offer)](rule, indexes, prices)
    if 0 in cut.shares.values():
        cut.shares = {i: share for i, share in cut.shares.items() if share}
    if rule.limit is not None:
        cap(cut, rule.limit)
    return cut


def open_enough(rule: OfferRule, indexes: Sequence[int], prices: Prices) -> bool:
    """Whether the units that no offer before closed reach the minimum of an offer that closes units."""
    offer, lines, units = rule.offer, prices.situation.lines, prices.situation.units
    if not prices.open or not (offer.minimum_quantity or rule.minimum):
        return True
    pieces = prices.pieces(indexes, closing=True)
    if sum([lines[i].quantity * left // units[i] for i, left, _ in pieces]) < offer.minimum_quantity:
        return False
    if offer.minimum_of == "order":
        return True
    net = offer.minimum_basis == "net"
    found = [ratio(price, lines[i].net, lines[i].gross) if net and lines[i].gross else price for i, _, price in pieces]
    return sum(found) >= rule.minimum


def _percent(rule: OfferRule, indexes: Sequence[int], prices: Prices) -> Cut:
    if not rule.order_wide:
        return _of_lines(rule, indexes, prices, rule.percent)
    of = prices.situation.gross if rule.of_till else prices.remaining
    return _over(indexes, prices, (sum([of[i] for i in indexes]) * rule.percent + rule.half) // 10_000)


def _card(rule: OfferRule, indexes: Sequence[int], prices: Prices) -> Cut:
    return _of_lines(rule, indexes, prices, card_rate(rule, prices.situation))


def _of_lines(rule: OfferRule, indexes: Sequence[int], prices: Prices, percent: int) -> Cut:
    half, most, closes = rule.half, rule.units_per_line, rule.closes
    base = count = 0
    shares: dict[int, int] = {}
    closed: list[Piece] = []
    for i, units, price in prices.pieces(indexes, closing=closes):
        if most and most < units:
            price = (2 * price * most + units) // (2 * units)
            units = most
        of = ratio(prices.situation.gross[i], units, prices.situation.units[i]) if rule.of_till else price
        shares[i] = min(price, (of * percent + half) // 10_000)
        base += of
        count += units
        if closes:
            closed.append((i, units, price))
    return Cut(shares, base, count, closed)


def _over(indexes: Sequence[int], prices: Prices, amount: int) -> Cut:
    remaining = prices.remaining
    own = [remaining[i] for i in indexes]
    base = sum(own)
    amount = min(amount, base)
    return Cut(dict(zip(indexes, split(amount, own), strict=True)) if amount else {}, base)


def _amount(rule: OfferRule, indexes: Sequence[int], prices: Prices) -> Cut:
    amount, most, closes = rule.amount, rule.units_per_line, rule.closes
    if rule.offer.kind == "amount_order":
        return _over(indexes, prices, amount)
    base = count = 0
    shares: dict[int, int] = {}
    closed: list[Piece] = []
    for i, units, price in prices.pieces(indexes, closing=closes):
        if most and most < units:
            price = (2 * price * most + units) // (2 * units)
            units = most
        shares[i] = min(price, amount * units)
        base += price
        count += units
        if closes:
            closed.append((i, units, price))
    return Cut(shares, base, count, closed)


def _to_price(prices: Prices, index: int, price: int, cut: Cut) -> None:
    left = prices.remaining[index]
    cut.base += left
    cut.shares[index] = max(0, left - ratio(price, prices.situation.lines[index].quantity, 1000))


def _fixed(rule: OfferRule, indexes: Sequence[int], prices: Prices) -> Cut:
    price = cast("FixedPriceOffer", rule.offer).price
    cut = Cut({}, 0)
    for i in indexes:
        _to_price(prices, i, price, cut)
    return cut


def _price_list(rule: OfferRule, indexes: Sequence[int], prices: Prices) -> Cut:
    offer = cast("PriceListOffer", rule.offer)
    cut = Cut({}, 0)
    for i in indexes:
        price = offer.prices.get(prices.situation.lines[i].product)
        if price is not None:
            _to_price(prices, i, price, cut)
        elif offer.percent:
            cut.base += prices.remaining[i]
            cut.shares[i] = (prices.remaining[i] * offer.percent + rule.half) // 10_000
    return cut


def _cheapest(rule: OfferRule, indexes: Sequence[int], prices: Prices) -> Cut:
    offer = cast("CheapestOffer", rule.offer)
    ordered = cheapest_first(prices.pieces(indexes, closing=rule.closes))
    chosen = first_units(ordered, offer.units)
    shares: dict[int, int] = {}
    for i, units, price in chosen:
        shares[i] = (price * offer.percent + rule.half) // 10_000 if offer.percent else min(price, offer.amount * units)
    base, count = sum([price for _, _, price in chosen]), sum([units for _, units, _ in chosen])
    return Cut(shares, base, count, chosen if rule.closes else ())


def _buy_get(rule: OfferRule, indexes: Sequence[int], prices: Prices) -> Cut:
    offer = cast("BuyGetOffer", rule.offer)
    buy, get = max(1, offer.buy // 1000), max(1, offer.get // 1000)
    buying = prices.pieces(indexes, closing=rule.closes)
    here = sum([units for _, units, _ in buying])
    most = here if offer.times is None else offer.times
    if offer.add is not None:
        times = min(here // buy, most)
        closed = first_units(dearest_first(buying), times * buy) if rule.closes else []
        return Cut({}, 0, times * get, closed, gift=times * get)
    in_order = dearest_first if offer.choose == "dearest" else cheapest_first
    if offer.get_selector is None:
        getting, times = in_order(buying), min(here // (buy + get), most)
    else:
        getting = in_order(prices.pieces(prices.chosen(rule.pools[0]), closing=rule.closes))
        times = _most(buying, getting, buy, get, min(most, here // buy))
    if not times:
        return Cut({}, 0)
    got = first_units(getting, times * get)
    shares: dict[int, int] = {}
    base = count = 0
    for i, units, price in got:
        shares[i] = (price * offer.percent + rule.half) // 10_000
        base += price
        count += units
    if rule.closes:
        got += first_units(dearest_first(without(buying, got)), times * buy)
        return Cut(shares, base, count, got)
    return Cut(shares, base, count)


def _most(buying: list[Piece], getting: list[Piece], buy: int, get: int, most: int) -> int:
    # How often it can be applied when a unit may be bought or got, not both. More of it never makes less possible: halving finds it,
    # and mostly the first try, which is the most.
    low, high = 0, min(most, sum([units for _, units, _ in getting]) // get)
    middle = high
    while low < high:
        got = {i: units for i, units, _ in first_units(getting, middle * get)}
        left = sum([max(0, units - got.get(i, 0)) for i, units, _ in buying])
        low, high = (middle, high) if left >= middle * buy else (low, middle - 1)
        middle = (low + high + 1) // 2
    return low


def _bundle(rule: OfferRule, indexes: Sequence[int], prices: Prices) -> Cut:
    offer = cast("BundleOffer", rule.offer)
    del indexes  # each part chooses its own lines
    wanted = [max(1, part.quantity // 1000) for part in offer.parts]
    pools = [prices.pieces(prices.chosen(pool), closing=rule.closes) for pool in rule.pools]
    shares: dict[int, int] = {}
    closed: list[Piece] = []
    base = times = 0
    while offer.times is None or times < offer.times:
        picked = _one_set(wanted, pools)
        if not picked:
            break
        together = sum([price for _, _, price in picked])
        if offer.price is not None:
            off = max(0, together - offer.price)
        else:
            off = (together * offer.percent + rule.half) // 10_000 if offer.percent else min(together, offer.amount)
        for (i, _, _), share in zip(picked, split(off, [price for _, _, price in picked]), strict=True):
            shares[i] = shares.get(i, 0) + share
        times += 1
        base += together
        if rule.closes:
            closed += picked
        pools = [without(pool, picked) for pool in pools]
    return Cut(shares, base, times, closed)


def _one_set(wanted: list[int], pools: list[list[Piece]]) -> list[Piece]:
    # The units of one complete set, the dearest of each part; none when a part is missing.
    picked: list[Piece] = []
    for units, pool in zip(wanted, pools, strict=True):
        found = first_units(dearest_first(without(pool, picked)), units)
        if sum([has for _, has, _ in found]) < units:
            return []
        picked += found
    return picked


def _gift(rule: OfferRule, indexes: Sequence[int], prices: Prices) -> Cut:
    del rule, indexes, prices
    return Cut({}, 0, gift=1)


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
