"""What one offer takes off the lines it touches: one function for each kind, on the prices as they stand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, cast

from v5_core.arithmetic import SPLITS, ratio, split
from v5_core.engine._floors import above_lowest, has_lowest
from v5_core.engine._prices import Cut, Piece, Prices, cheapest_first, dearest_first, first_units, without
from v5_core.engine._rules import OfferRule, card_rate
from v5_core.engine._units import alike, allow, joined, repeats
from v5_core.programme import BundleOffer, BuyGetOffer, CheapestOffer, FixedPriceOffer, PriceListOffer

__all__ = ["open_enough", "take"]


def take(rule: OfferRule, indexes: list[int], prices: Prices, most: int | None = None, units: int | None = None) -> Cut:
    """Takes off these lines what the rule gives now, within its own maximum and `most`; of so many `units` at most."""
    floored = has_lowest(rule)
    if rule.limit is None and most is None and not floored:
        return _taken(rule, indexes, prices, units)
    trial = prices.trial()
    cut = _taken(rule, indexes, trial, units)
    maxima = [max(0, maximum) for maximum in (rule.limit, most) if maximum is not None]
    if floored:
        cut = above_lowest(rule, cut, prices)
    if floored or cut.amount > min(maxima):
        return prices.take_at_most(maxima, cut, rule.odd_cents)
    prices.become(trial)
    return cut


def _taken(rule: OfferRule, indexes: list[int], prices: Prices, units: int | None) -> Cut:
    if units is None and not rule.partial:
        return _KINDS[rule.kind](rule, indexes, prices)
    if rule.units is not None:
        units = rule.units if units is None else min(units, rule.units)
    cuts = []
    for own in alike(rule.same, indexes, prices.situation) if rule.same else [indexes]:
        allow(rule, own, prices, units, lambda piece: bool(piece[2] and (not rule.to_price or _lowered(rule, prices, piece))))
        cut = _KINDS[rule.kind](rule, own, prices)
        prices.allowed = prices.cap = None
        cuts.append(cut)
        if units is not None:
            units = max(0, units - cut.count)
    return joined(cuts)


def open_enough(rule: OfferRule, indexes: list[int], prices: Prices) -> bool:
    """Whether the units that no offer before closed reach the minimum of an offer that closes units."""
    offer, lines, units = rule.offer, prices.situation.lines, prices.units
    if prices.open_units == units or offer.minimum_of == "order" or not (offer.minimum_quantity or rule.minimum):
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
    """A percentage of each line, or an amount off each of its units: of those that are still open where it closes them."""
    most, amount, percent = rule.units_per_line, rule.amount, card_rate(rule, prices.situation)
    whole = prices.open_units if rule.closes else prices.units
    shares: dict[int, int] = {}
    touched = []
    for piece in prices.pieces(indexes, closing=rule.closes):
        i, units, price = piece
        if most and most < units:
            ((i, units, price),) = first_units([piece], most)
        if most and rule.less_discounts and units < whole[i]:
            price = max(0, _till_price(prices, i, units) - (prices.situation.gross[i] - prices.remaining[i]))
        touched.append((i, units, price))
    base = count = 0
    for i, units, price in touched:
        of = _till_price(prices, i, units) if rule.of_till and not amount else price
        parts = units if rule.per_unit else 1
        percentage = (of * percent + rule.half * parts) // (10_000 * parts) * parts
        shares[i] = min(price, _off(rule, prices, i, units) if amount else percentage)
        base += of
        count += units if shares[i] else 0
    return prices.take(shares, base, count, closed=touched if rule.closes else ())


def _off(rule: OfferRule, prices: Prices, index: int, units: int) -> int:
    # An amount off these units of a line, with VAT.
    off = rule.amount if rule.once else rule.amount * units
    return off if rule.gross_amount else _with_vat(off, prices, index)


def _with_vat(amount: int, prices: Prices, index: int) -> int:
    line = prices.situation.lines[index]
    return ratio(amount, line.gross, line.net) if line.net else amount


def _till_price(prices: Prices, index: int, units: int) -> int:
    return ratio(prices.situation.gross[index], units, prices.units[index])


def _order(rule: OfferRule, indexes: list[int], prices: Prices) -> Cut:
    """A percentage or an amount off all lines together, split over them."""
    if prices.allowed is not None:
        return _order_of(rule, indexes, prices)
    remaining = prices.remaining
    own = [remaining[i] for i in indexes]
    base = sum(own)
    if rule.amount:
        amount = _order_amount(rule, indexes, indexes, own, prices)
    else:
        of = sum([prices.situation.gross[i] for i in indexes]) if rule.of_till else base
        amount = (of * rule.percent + rule.half) // 10_000
    if amount > base:
        amount = base
    if not amount:
        return Cut({}, 0, base)
    parts = SPLITS[rule.odd_cents](amount, own)
    return prices.take(dict(zip(indexes, parts, strict=True)), base)


def _order_of(rule: OfferRule, indexes: list[int], prices: Prices) -> Cut:
    # The same of some units of the lines.
    pieces = prices.pieces(indexes, closing=rule.closes)
    own = [price for _, _, price in pieces]
    base, count = sum(own), sum([units for _, units, price in pieces if price])
    if rule.amount:
        amount = _order_amount(rule, indexes, [i for i, _, _ in pieces], own, prices)
    else:
        of = sum([_till_price(prices, i, units) for i, units, _ in pieces]) if rule.of_till else base
        amount = (of * rule.percent + rule.half) // 10_000
    if not base or not amount:
        return Cut({}, 0, base)
    parts = SPLITS[rule.odd_cents](min(amount, base), own)
    shares = {piece[0]: part for piece, part in zip(pieces, parts, strict=True)}
    return prices.take(shares, base, count, closed=pieces if rule.closes else ())


def _order_amount(rule: OfferRule, counted: list[int], indexes: list[int], own: list[int], prices: Prices) -> int:
    # As often as it is given by what is counted; an amount without VAT with it: each line's part by the line's own rate.
    amount = rule.amount * repeats(rule, counted, prices) if rule.offer.repeat else rule.amount
    if rule.gross_amount:
        return amount
    lines = prices.situation.lines
    nets = [ratio(price, lines[i].net, lines[i].gross) if lines[i].gross else 0 for i, price in zip(indexes, own, strict=True)]
    if amount >= sum(nets):
        return sum(own)
    return sum([_with_vat(part, prices, i) for i, part in zip(indexes, split(amount, nets), strict=True)])


def _to_price(rule: OfferRule, indexes: list[int], prices: Prices) -> Cut:
    """A final price, or by a list; a cheaper price stays: what is not reduced is not touched, and stays open."""
    pieces = prices.pieces(indexes, closing=rule.closes)
    shares = {piece[0]: _lowered(rule, prices, piece) for piece in pieces}
    reduced = [piece for piece in pieces if shares[piece[0]]]
    base, count = sum([left for _, _, left in reduced]), sum([units for _, units, _ in reduced])
    return prices.take(shares, base, count, closed=reduced if rule.closes else ())


def _lowered(rule: OfferRule, prices: Prices, piece: Piece) -> int:
    # What units of a line cost more than at the price that they are to have.
    i, units, left = piece
    offer, line = rule.offer, prices.situation.lines[i]
    if isinstance(offer, FixedPriceOffer):
        price: int | None = offer.price
        if offer.price_basis == "net" and line.net:
            price = ratio(offer.price, line.gross, line.net)
    else:
        price = cast("PriceListOffer", offer).prices.get(line.product)
    if price is None:
        return (left * rule.percent + rule.half) // 10_000
    return max(0, left - ratio(price, line.quantity * units, 1000 * prices.units[i]))


def _cheapest(rule: OfferRule, indexes: list[int], prices: Prices) -> Cut:
    offer = cast("CheapestOffer", rule.offer)
    pieces = prices.pieces(indexes, closing=rule.closes)
    ordered = dearest_first(pieces) if offer.choose == "dearest" else cheapest_first(pieces)
    chosen = first_units(ordered, _capped(prices, offer.units * repeats(rule, indexes, prices)))
    shares: dict[int, int] = {}
    for i, units, price in chosen:
        shares[i] = (price * offer.percent + rule.half) // 10_000 if offer.percent else min(price, offer.amount * units)
    base, count = sum([price for _, _, price in chosen]), sum([units for i, units, _ in chosen if shares[i]])
    return prices.take(shares, base, count, closed=chosen if rule.closes else ())


def _buy_get(rule: OfferRule, indexes: list[int], prices: Prices) -> Cut:
    offer = cast("BuyGetOffer", rule.offer)
    buy, get = max(1, offer.buy // 1000), max(1, offer.get // 1000)
    buying = prices.pieces(indexes, closing=rule.closes)
    here = 0
    for _, units, _ in buying:
        here += units
    most = here if offer.times is None else offer.times
    if prices.cap is not None:
        most = min(most, prices.cap // get)
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
        off = (price * offer.percent + rule.half) // 10_000 if offer.price is None else max(0, price - offer.price * units)
        shares[i] = shares.get(i, 0) + off
        base += price
        count += units if off else 0
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
    most = None if offer.times is None and prices.cap is None else _capped(prices, offer.times or 1_000_000)
    while most is None or times < most:
        picked = _one_set(wanted, pools)
        if not picked:
            break
        picked.sort()  # odd cents fall on lines in the order of their ids
        together = sum([price for _, _, price in picked])
        if offer.price is not None:
            off = max(0, together - offer.price)
        else:
            off = (together * offer.percent + rule.half) // 10_000 if offer.percent else min(together, offer.amount)
        parts = SPLITS[rule.odd_cents](off, [price for _, _, price in picked])
        for (i, _, _), share in zip(picked, parts, strict=True):
            shares[i] = shares.get(i, 0) + share
        times += 1
        base += together
        if rule.closes:
            closed += picked
        pools = [without(pool, picked) for pool in pools]
    return prices.take(shares, base, times, closed=closed)


def _capped(prices: Prices, units: int) -> int:
    return units if prices.cap is None else min(units, prices.cap)


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
    "amount_lines": _each_line,
    "amount_order": _order,
    "fixed_price": _to_price,
    "price_list": _to_price,
    "bundle": _bundle,
    "buy_get": _buy_get,
    "cheapest": _cheapest,
    "gift": _gift,
    "card_discount": _each_line,
}
