"""The forms that most offers have, each in one loop: what the whole of a quote's time goes into.

`_pricing` can do all of it too, with everything that an offer may say besides; what is frequent is chosen here when programmes are made
ready (`form_of`). Loops are written out, and what units that are closed cost (`Prices.reopen`) too: a call costs more than its sums.
"""

from __future__ import annotations

from typing import Final

from v5_core.engine._prices import Prices, Step
from v5_core.engine._rules import Form, OfferRule, card_rate
from v5_core.programme import BuyGetOffer

__all__ = ["amount_off", "buy_get", "form_of", "order_off", "percent_off"]

_Unit = tuple[int, int, int, int]  # place in the order of prices, index of the line, units, their price together


def form_of(rule: OfferRule) -> int:
    """Which of the frequent forms an offer has."""
    offer = rule.offer
    form = _FORMS.get(rule.kind, Form.OTHER)
    if not form or rule.guarded or rule.of_till or rule.per_unit or rule.less_discounts or rule.last_cents or rule.set_size:
        return Form.OTHER
    # What an offer says beyond this, now or in a later version, no loop knows: it goes the long way.
    for name, field in type(offer).model_fields.items():
        if name not in _KNOWN and getattr(offer, name) != field.get_default(call_default_factory=True):
            return Form.OTHER
    if isinstance(offer, BuyGetOffer):
        return Form.OTHER if offer.choose == "next" else form
    return Form.OTHER if rule.closes else form


def percent_off(rule: OfferRule, indexes: list[int], prices: Prices) -> Step | None:
    """A percentage of each line, or of so many of its units."""
    remaining, open_, all_units, ids = prices.remaining, prices.open, prices.units, prices.ids
    most, half = rule.units_per_line, rule.half
    percent = card_rate(rule, prices.situation) if rule.by_card else rule.percent
    shares: dict[str, int] = {}
    base = taken = 0
    for i in indexes:
        price = before = remaining[i]
        if most:
            units = all_units[i]
            if most < units:
                price = (2 * price * most + units) // (2 * units)
        base += price
        share = (price * percent + half) // 10_000
        if share:
            left = before - share
            if i in open_:
                units, price = open_[i]
                open_[i] = (units, (2 * price * left + before) // (2 * before))
            remaining[i] = left
            shares[ids[i]] = share
            taken += share
    return (rule, shares, taken, base, 0, 0) if taken else None


def amount_off(rule: OfferRule, indexes: list[int], prices: Prices) -> Step | None:
    """An amount off each unit of each line, or off so many of its units."""
    remaining, open_, all_units, ids = prices.remaining, prices.open, prices.units, prices.ids
    most, amount = rule.units_per_line, rule.amount
    shares: dict[str, int] = {}
    base = count = taken = 0
    for i in indexes:
        price = before = remaining[i]
        units = all_units[i]
        if most and most < units:
            price = (2 * price * most + units) // (2 * units)
            units = most
        count += units
        if price:
            base += price
            share = amount * units
            if share > price:
                share = price
            left = before - share
            if i in open_:
                units, price = open_[i]
                open_[i] = (units, (2 * price * left + before) // (2 * before))
            remaining[i] = left
            shares[ids[i]] = share
            taken += share
    return (rule, shares, taken, base, count, 0) if taken else None


def order_off(rule: OfferRule, indexes: list[int], prices: Prices) -> Step | None:
    """A percentage or an amount off all lines together; `split`, written out: odd cents go to the greatest remainders."""
    remaining, open_, ids = prices.remaining, prices.open, prices.ids
    base = 0
    for i in indexes:
        base += remaining[i]
    amount = rule.amount or (base * rule.percent + rule.half) // 10_000
    if amount > base:
        amount = base
    if not amount:
        return None
    shares: dict[str, int] = {}
    rest = amount
    parts: list[int] = []
    lacking: list[int] = []
    for i in indexes:
        product = amount * remaining[i]
        part = product // base
        parts.append(part)
        lacking.append(part * base - product)
        rest -= part
    if rest > 4:
        for position in sorted(range(len(parts)), key=lacking.__getitem__)[:rest]:
            parts[position] += 1
        rest = 0
    while rest:  # a cent or two, mostly
        position = lacking.index(min(lacking))
        parts[position] += 1
        lacking[position] = 1  # served: all others are below nothing, or at it
        rest -= 1
    for position, i in enumerate(indexes):
        share = parts[position]
        if share:
            before = remaining[i]
            left = before - share
            if i in open_:
                units, price = open_[i]
                open_[i] = (units, (2 * price * left + before) // (2 * before))
            remaining[i] = left
            shares[ids[i]] = share
    return rule, shares, amount, base, 0, 0


def buy_get(rule: OfferRule, indexes: list[int], prices: Prices) -> Step | None:
    """Buy some units, get the cheapest or the dearest others reduced."""
    buy, get, closes = rule.buy, rule.get, rule.closes
    buying, here = _units(indexes, prices, closes, -1)
    times = here // buy
    if rule.times and rule.times < times:
        times = rule.times
    if not times:
        return None
    if rule.pools:
        getting, times = _elsewhere(rule, buying, here, times, prices)
    else:
        getting, times = _units(indexes, prices, closes, rule.direction)[0], min(times, here // (buy + get))
    if not times:
        return None
    got = _first(getting, times * get)
    remaining, open_, ids = prices.remaining, prices.open, prices.ids
    percent, half = rule.percent, rule.half
    shares: dict[str, int] = {}
    base = count = taken = 0
    for _, i, units, price in got:
        base += price
        count += units
        share = (price * percent + half) // 10_000
        if share:
            shares[ids[i]] = share
            taken += share
    if not taken:
        return None
    if closes:
        left = _without(buying, got)
        _close(got, prices)
        _close(_first(left, times * buy), prices)
    for _, i, _, price in got:
        share = (price * percent + half) // 10_000
        if share:
            if not closes and i in open_:
                prices.reopen(i, share)
            remaining[i] -= share
    return rule, shares, taken, base, count, 0


def _elsewhere(rule: OfferRule, buying: list[_Unit], here: int, times: int, prices: Prices) -> tuple[list[_Unit], int]:
    # What can be got among other lines than those bought, and how often.
    pool = rule.pools[0]
    lines = prices.selected.get(pool.selection, []) if pool.simple else prices.chosen(pool)
    getting, there = _units(lines, prices, rule.closes, rule.direction)
    if there < times * rule.get:
        times = there // rule.get
    if here < times * (rule.buy + rule.get):  # units may be too few to buy some and get others
        times = _most(buying, getting, rule.buy, rule.get, times)
    return getting, times


def _units(indexes: list[int], prices: Prices, closes: bool, direction: int) -> tuple[list[_Unit], int]:  # noqa: FBT001 - by position, often
    # The units of these lines that an offer may touch, each line with its place in the order of unit prices; and how many.
    remaining, open_, all_units = prices.remaining, prices.open, prices.units
    found: list[_Unit] = []
    together = 0
    for i in indexes:
        if closes and i in open_:
            units, price = open_[i]
            if not units:
                continue
        else:
            units, price = all_units[i], remaining[i]
        together += units
        found.append((direction * (price * 1_000_000 // units), i, units, price))
    return found, together


def _first(pieces: list[_Unit], units: int) -> list[_Unit]:
    # The first so many units in their order; part of a line at its share of the price.
    if units == 1 and pieces:
        place, i, has, price = min(pieces)
        return [(place, i, 1, (2 * price + has) // (2 * has))]
    found: list[_Unit] = []
    for piece in sorted(pieces):
        place, i, has, price = piece
        if has > units:
            found.append((place, i, units, (2 * price * units + has) // (2 * has)))
            break
        found.append(piece)
        units -= has
        if not units:
            break
    return found


def _without(pieces: list[_Unit], taken: list[_Unit]) -> list[_Unit]:
    # What is left of the pieces, the dearest first again.
    left: list[_Unit] = []
    for piece in pieces:
        i = piece[1]
        for one in taken:
            if one[1] == i:
                units, price = piece[2] - one[2], piece[3] - one[3]
                if units > 0:
                    left.append((-(price * 1_000_000 // units), i, units, price))
                break
        else:
            left.append(piece)
    return left


def _close(pieces: list[_Unit], prices: Prices) -> None:
    # Later offers that close units find these no more.
    open_ = prices.open
    for _, i, units, price in pieces:
        if i in open_:
            left, before = open_[i]
            open_[i] = (left - units, before - price)
        else:
            open_[i] = (prices.units[i] - units, prices.remaining[i] - price)


def _most(buying: list[_Unit], getting: list[_Unit], buy: int, get: int, high: int) -> int:
    # How often it can be applied when a unit may be bought or got, not both. More of it never makes less possible: halving finds it.
    low = 0
    while low < high:
        middle = (low + high + 1) // 2
        got = {i: units for _, i, units, _ in _first(getting, middle * get)}
        left = 0
        for _, i, units, _ in buying:
            left += max(0, units - got.get(i, 0))
        low, high = (middle, high) if left >= middle * buy else (low, middle - 1)
    return low


_FORMS: Final = {
    "percent_lines": Form.PERCENT,
    "card_discount": Form.PERCENT,
    "amount_units": Form.AMOUNT,
    "percent_order": Form.ORDER,
    "amount_order": Form.ORDER,
    "buy_get": Form.BUY_GET,
}
# Fields of offers that say whether, when and for whom, and those that the loops go by.
_KNOWN: Final = frozenset({
    "id", "title", "kind", "when", "validity", "selector", "priority", "group", "exclusive", "members_only", "codes", "coupon", "notify",
    "entitlement", "limits", "budgets", "cost", "minimum", "minimum_of", "minimum_selector", "minimum_basis", "minimum_price",
    "minimum_quantity", "not_above", "not_above_quantity", "closes_units",
    "percent", "amount", "units_per_line", "buy", "get", "get_selector", "choose", "times",
})  # fmt: skip
