"""The forms that most offers have, each in one loop: what the whole of a quote's time goes into.

`_pricing` can do all of it too, with everything that an offer may say besides; what is frequent is chosen here when programmes are made
ready (`form_of`). Loops are written out, and in each what the open units of a line cost after it: a call costs more than its sums.
"""

from __future__ import annotations

from typing import Final

from v5_core.engine._floors import has_lowest
from v5_core.engine._prices import Prices, Step, step_of
from v5_core.engine._pricing import take
from v5_core.engine._rules import Form, OfferRule, card_rate
from v5_core.programme import BuyGetOffer

__all__ = ["amount_off", "buy_get", "form_of", "order_off", "percent_off"]


def form_of(rule: OfferRule) -> int:
    """Which of the frequent forms an offer has."""
    offer = rule.offer
    form = _FORMS.get(rule.kind, Form.OTHER)
    if not form or rule.guarded or rule.of_till or rule.per_unit or rule.less_discounts or rule.set_size:
        return Form.OTHER
    if rule.odd_cents != "largest_remainder" or has_lowest(rule):
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
    remaining, open_prices, all_units = prices.remaining, prices.open_prices, prices.units
    most, half = rule.units_per_line, rule.half
    percent = card_rate(rule, prices.situation) if rule.by_card else rule.percent
    shares: list[int] = []
    base = taken = 0
    for i in indexes:
        price = before = remaining[i]
        if not price:
            shares.append(0)
            continue
        if most:
            units = all_units[i]
            if most < units:
                price = (2 * price * most + units) // (2 * units)
        base += price
        share = (price * percent + half) // 10_000
        shares.append(share)
        taken += share
        left = remaining[i] = before - share
        price = open_prices[i]
        if price:
            open_prices[i] = (2 * price * left + before) // (2 * before)
    return (rule, indexes, shares, taken, base, 0, 0) if taken else None


def amount_off(rule: OfferRule, indexes: list[int], prices: Prices) -> Step | None:
    """An amount off each unit of each line, or off so many of its units."""
    remaining, open_prices, all_units = prices.remaining, prices.open_prices, prices.units
    most, amount = rule.units_per_line, rule.amount
    shares: list[int] = []
    base = count = taken = 0
    for i in indexes:
        price = before = remaining[i]
        if not price:
            shares.append(0)
            continue
        units = all_units[i]
        if most and most < units:
            price = (2 * price * most + units) // (2 * units)
            units = most
        base += price
        share = amount * units
        if share > price:
            share = price
        if share:
            count += units
        shares.append(share)
        taken += share
        left = remaining[i] = before - share
        price = open_prices[i]
        if price:
            open_prices[i] = (2 * price * left + before) // (2 * before)
    return (rule, indexes, shares, taken, base, count, 0) if taken else None


def order_off(rule: OfferRule, indexes: list[int], prices: Prices) -> Step | None:
    """A percentage or an amount off all lines together; `split`, written out: odd cents go to the greatest remainders."""
    remaining = prices.remaining
    base = 0
    for i in indexes:
        base += remaining[i]
    amount = rule.amount or (base * rule.percent + rule.half) // 10_000
    if amount > base:
        amount = base
    if not amount:
        return None
    shares: list[int] = []
    lacking: list[int] = []  # the remainders, below nothing: the least is served first, of equal ones the first line
    rest = amount
    for i in indexes:
        before = remaining[i]
        product = amount * before
        share = product // base
        shares.append(share)
        lacking.append(share * base - product)
        remaining[i] = before - share
        rest -= share
    if rest > 4:
        for position in sorted(range(len(shares)), key=lacking.__getitem__)[:rest]:
            shares[position] += 1
            remaining[indexes[position]] -= 1
        rest = 0
    while rest:  # a cent or two, mostly
        position = lacking.index(min(lacking))
        shares[position] += 1
        remaining[indexes[position]] -= 1
        lacking[position] = 1  # served: all others are below nothing, or at it
        rest -= 1
    if prices.closing_later:
        prices.reopen(indexes, shares)
    return rule, indexes, shares, amount, base, 0, 0


def buy_get(rule: OfferRule, indexes: list[int], prices: Prices) -> Step | None:
    """Buy some units, get one reduced, the cheapest or the dearest; where more can be got the long way puts them in order."""
    all_units, buy = prices.units, rule.buy
    units = prices.open_units if rule.closes else all_units
    here = 0
    for i in indexes:
        here += units[i]
    times = here // buy
    if rule.times and rule.times < times:
        times = rule.times
    if times * rule.get != 1:
        return step_of(rule, take(rule, indexes, prices)) if times else None
    lines = indexes
    if rule.pools:
        pool = rule.pools[0]
        lines = prices.selected.get(pool.selection, []) if pool.simple else prices.chosen(pool)
    best = _best(lines, units, rule.direction, prices)
    if best < 0 or here - (best in indexes) < buy:
        return None
    has, before, open_prices = units[best], prices.remaining[best], prices.open_prices
    price = before if has == all_units[best] else open_prices[best]
    base = (2 * price + has) // (2 * has)
    share = (base * rule.percent + rule.half) // 10_000
    if not share:
        return None
    if rule.closes:
        units[best] = has - 1
        open_prices[best] = price - base if has > 1 else 0
        _close(indexes, buy, prices)
    elif open_prices[best]:
        open_prices[best] = (2 * open_prices[best] * (before - share) + before) // (2 * before)
    prices.remaining[best] = before - share
    return rule, [best], [share], share, base, 1, 0


def _best(indexes: list[int], units: list[int], direction: int, prices: Prices) -> int:
    # The line of the cheapest unit, or with direction -1 of the dearest; of equal ones the first; -1 is none.
    remaining, open_prices, all_units = prices.remaining, prices.open_prices, prices.units
    best, best_price, best_units = -1, 1, 0
    for i in indexes:
        has = units[i]
        if has:
            price = direction * (remaining[i] if has == all_units[i] else open_prices[i])
            if price * best_units < best_price * has:  # prices of a unit, each times both quantities
                best, best_price, best_units = i, price, has
    return best


def _close(indexes: list[int], wanted: int, prices: Prices) -> None:
    # So many units, the dearest, are found no more by later offers that close units; there are as many.
    units, open_prices = prices.open_units, prices.open_prices
    while wanted:
        i = _best(indexes, units, -1, prices)
        has = units[i]
        if has > wanted:
            price = prices.remaining[i] if has == prices.units[i] else open_prices[i]
            units[i] = has - wanted
            open_prices[i] = price - (2 * price * wanted + has) // (2 * has)
            return
        units[i] = open_prices[i] = 0
        wanted -= has


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
