"""What one offer takes off the lines it touches: one function for each kind, on the prices as they stand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, cast

from v5_core.arithmetic import ratio, split
from v5_core.engine._prices import Cut, Piece, Prices, cheapest_first, dearest_first, first_units, without
from v5_core.engine._rules import OfferRule, card_rate
from v5_core.programme import BundleOffer, BuyGetOffer, CheapestOffer, FixedPriceOffer, PriceListOffer

__all__ = ["open_enough", "take"]


def take(rule: OfferRule, indexes: list[int], prices: Prices, most: int | None = None) -> Cut:
    """Takes off these lines what the rule gives now, within its own maximum and `most`."""
    if rule.limit is None and most is None:
        return _KINDS[rule.kind](rule, indexes, prices)
    trial = prices.trial()
    cut = _KINDS[rule.kind](rule, indexes, trial)
    maxima = [max(0, maximum) for maximum in (rule.limit, most) if maximum is not None]
    if cut.amount > min(maxima):
        return prices.take_at_most(maxima, cut)
    prices.become(trial)
    return cut


def open_enough(rule: OfferRule, indexes: list[int], prices: Prices) -> bool:
    """Whether the units that no offer before closed reach the minimum of an offer that closes units."""
    offer, lines, units = rule.offer, prices.situation.lines, prices.units
    if not prices.open or offer.minimum_of == "order" or not (offer.minimum_quantity or rule.minimum):
        return True
    pieces = prices.pieces(indexes, closing=True)
    if sum([lines[i].quantity * left // units[i] for i, left, _ in pieces]) < offer.minimum_quantity:
        return False
    if offer.minimum_price == "till":  # what earlier offers took off counts as little here as where nothing is closed
        pieces = [(i, left, _till_price(prices, i, left)) for i, left, _ in pieces]
    net = offer.minimum_basis == "net"
    found = [ratio(price, lines[i].net, lines[i].gross) if net and lines[i].gross else price for i, _, price in pieces]
    return sum(found) >= rule.minimum


def _each_line(rule: OfferRule, indexes: list[int], prices: Prices) -> Cut:
    """A percentage of each line, or an amount off each of its units."""
    if rule.closes:
        return _each_open(rule, indexes, prices)
    remaining, open_, all_units, ids = prices.remaining, prices.open, prices.units, prices.ids
    most, of_till, half = rule.units_per_line, rule.of_till, rule.half
    amount, percent = rule.amount, card_rate(rule, prices.situation) if rule.by_card else rule.percent
    shares: dict[str, int] = {}
    base = count = taken = 0
    if not (most or amount or of_till):  # most offers are percentages of whole lines, and nothing else
        for i in indexes:
            price = remaining[i]
            base += price
            share = (price * percent + half) // 10_000
            if share:
                if i in open_:
                    prices.reopen(i, share)
                remaining[i] = price - share
                shares[ids[i]] = share
                taken += share
        return Cut(shares, taken, base)
    for i in indexes:  # the loop in which most quotes spend their time: what `_each_open` does, without a list of pieces
        before = price = remaining[i]
        units = all_units[i]
        if most and most < units:
            price = (2 * price * most + units) // (2 * units)
            units = most
        if amount:
            share = amount * units
            base += price
        else:
            of = _till_price(prices, i, units) if of_till else price
            share = (of * percent + half) // 10_000
            base += of
        if share > price:
            share = price
        count += units
        if share:
            if i in open_:
                prices.reopen(i, share)
            remaining[i] = before - share
            shares[ids[i]] = share
            taken += share
    return Cut(shares, taken, base, count)


def _each_open(rule: OfferRule, indexes: list[int], prices: Prices) -> Cut:
    # The same on units that are still open, which are closed by it.
    most, amount, percent = rule.units_per_line, rule.amount, card_rate(rule, prices.situation)
    shares: dict[int, int] = {}
    closed = [first_units([piece], most)[0] if most else piece for piece in prices.pieces(indexes, closing=True)]
    base = count = 0
    for i, units, price in closed:
        of = _till_price(prices, i, units) if rule.of_till and not amount else price
        shares[i] = min(price, amount * units if amount else (of * percent + rule.half) // 10_000)
        base += of
        count += units
    return prices.take(shares, base, count, closed=closed)


def _till_price(prices: Prices, index: int, units: int) -> int:
    return ratio(prices.situation.gross[index], units, prices.units[index])


def _order(rule: OfferRule, indexes: list[int], prices: Prices) -> Cut:
    """A percentage or an amount off all lines together, split over them."""
    remaining, open_, ids = prices.remaining, prices.open, prices.ids
    own = [remaining[i] for i in indexes]
    base = sum(own)
    if rule.amount:
        amount = rule.amount
    else:
        of = sum([prices.situation.gross[i] for i in indexes]) if rule.of_till else base
        amount = (of * rule.percent + rule.half) // 10_000
    if amount > base:
        amount = base
    shares: dict[str, int] = {}
    if amount:
        parts = split(amount, own)
        for position, i in enumerate(indexes):
            share = parts[position]
            if share:
                if i in open_:
                    prices.reopen(i, share)
                remaining[i] -= share
                shares[ids[i]] = share
    return Cut(shares, amount, base)


def _fixed(rule: OfferRule, indexes: list[int], prices: Prices) -> Cut:
    price = cast("FixedPriceOffer", rule.offer).price
    pieces = prices.pieces(indexes, closing=rule.closes)
    shares = {piece[0]: _above(prices, piece, price) for piece in pieces}
    return prices.take(shares, sum([left for _, _, left in pieces]), closed=_reduced(rule, pieces, shares))


def _above(prices: Prices, piece: Piece, price: int) -> int:
    # What units of a line cost more than at this unit price.
    i, units, left = piece
    return max(0, left - ratio(price, prices.situation.lines[i].quantity * units, 1000 * prices.units[i]))


def _reduced(rule: OfferRule, pieces: Sequence[Piece], shares: Mapping[int, int]) -> list[Piece]:
    # A cheaper price stays: what is not reduced is not touched, and stays open.
    return [piece for piece in pieces if shares.get(piece[0])] if rule.closes else []


def _price_list(rule: OfferRule, indexes: list[int], prices: Prices) -> Cut:
    offer = cast("PriceListOffer", rule.offer)
    shares: dict[int, int] = {}
    base = 0
    pieces = prices.pieces(indexes, closing=rule.closes)
    for piece in pieces:
        i, _, left = piece
        price = offer.prices.get(prices.situation.lines[i].product)
        if price is not None:
            shares[i] = _above(prices, piece, price)
        elif offer.percent:
            shares[i] = (left * offer.percent + rule.half) // 10_000
        else:
            continue
        base += left
    return prices.take(shares, base, closed=_reduced(rule, pieces, shares))


def _cheapest(rule: OfferRule, indexes: list[int], prices: Prices) -> Cut:
    offer = cast("CheapestOffer", rule.offer)
    pieces = prices.pieces(indexes, closing=rule.closes)
    chosen = first_units(dearest_first(pieces) if offer.choose == "dearest" else cheapest_first(pieces), offer.units)
    shares: dict[int, int] = {}
    for i, units, price in chosen:
        shares[i] = (price * offer.percent + rule.half) // 10_000 if offer.percent else min(price, offer.amount * units)
    base, count = sum([price for _, _, price in chosen]), sum([units for _, units, _ in chosen])
    return prices.take(shares, base, count, closed=chosen if rule.closes else ())


def _buy_get(rule: OfferRule, indexes: list[int], prices: Prices) -> Cut:
    offer = cast("BuyGetOffer", rule.offer)
    buy, get = max(1, offer.buy // 1000), max(1, offer.get // 1000)
    buying = prices.pieces(indexes, closing=rule.closes)
    here = 0
    for _, units, _ in buying:
        here += units
    most = here if offer.times is None else offer.times
    if offer.add is not None:
        times = min(here // buy, most)
        closed = first_units(dearest_first(buying), times * buy) if rule.closes else []
        return prices.take({}, 0, times * get, times * get, closed)
    in_order = dearest_first if offer.choose == "dearest" else cheapest_first
    if offer.get_selector is None:
        getting, times = in_order(buying), min(here // (buy + get), most)
    else:
        getting = in_order(prices.pieces(prices.chosen(rule.pools[0]), closing=rule.closes))
        times = min(most, here // buy, sum([units for _, units, _ in getting]) // get)
        if here < times * (buy + get):  # units may be too few to buy some and get others
            times = _most(buying, getting, buy, get, times)
    if not times:
        return Cut({}, 0, 0)
    if offer.choose == "next":
        got, bought = _in_turns(buying, getting, buy, get, times)
    else:
        got = first_units(getting, times * get)
        bought = first_units(dearest_first(without(buying, got)), times * buy) if rule.closes else []
    shares: dict[int, int] = {}
    base = count = 0
    for i, units, price in got:
        shares[i] = shares.get(i, 0) + (price * offer.percent + rule.half) // 10_000
        base += price
        count += units
    return prices.take(shares, base, count, closed=got + bought if rule.closes else ())


def _in_turns(buying: list[Piece], getting: list[Piece], buy: int, get: int, times: int) -> tuple[list[Piece], list[Piece]]:
    # The dearest are bought, the next to them got, and so on.
    got: list[Piece] = []
    bought: list[Piece] = []
    for _ in range(times):
        here = first_units(dearest_first(without(buying, bought + got)), buy)
        more = first_units(dearest_first(without(getting, bought + got + here)), get)
        if sum([units for _, units, _ in here]) < buy or sum([units for _, units, _ in more]) < get:
            break
        bought += here
        got += more
    return got, bought


def _most(buying: list[Piece], getting: list[Piece], buy: int, get: int, high: int) -> int:
    # How often it can be applied when a unit may be bought or got, not both. More of it never makes less possible: halving finds it.
    low = 0
    while low < high:
        middle = (low + high + 1) // 2
        got = {i: units for i, units, _ in first_units(getting, middle * get)}
        left = sum([max(0, units - got.get(i, 0)) for i, units, _ in buying])
        low, high = (middle, high) if left >= middle * buy else (low, middle - 1)
    return low


def _bundle(rule: OfferRule, indexes: list[int], prices: Prices) -> Cut:
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
        picked.sort()  # odd cents fall on lines in the order of their ids
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
    return prices.take(shares, base, times, closed=closed)


def _one_set(wanted: list[int], pools: list[list[Piece]]) -> list[Piece]:
    # The units of one complete set, the dearest of each part; none when a part is missing.
    picked: list[Piece] = []
    for units, pool in zip(wanted, pools, strict=True):
        found = first_units(dearest_first(without(pool, picked)), units)
        if sum([has for _, has, _ in found]) < units:
            return []
        picked += found
    return picked


def _gift(rule: OfferRule, indexes: list[int], prices: Prices) -> Cut:
    del rule, indexes, prices
    return Cut({}, 0, 0, gift=1)


_KINDS: Final[dict[str, Callable[[OfferRule, list[int], Prices], Cut]]] = {
    "percent_lines": _each_line,
    "percent_order": _order,
    "amount_units": _each_line,
    "amount_order": _order,
    "fixed_price": _fixed,
    "price_list": _price_list,
    "bundle": _bundle,
    "buy_get": _buy_get,
    "cheapest": _cheapest,
    "gift": _gift,
    "card_discount": _each_line,
}
