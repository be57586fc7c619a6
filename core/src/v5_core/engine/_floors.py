"""Prices below which no offer goes: what an offer may not take from some lines, and what it takes from others instead."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from v5_core.arithmetic import SPLITS, ratio
from v5_core.engine._prices import Cut, Prices
from v5_core.engine._rules import OfferRule
from v5_core.engine._situation import Situation

__all__ = ["above_lowest", "at_lowest", "has_lowest"]

_SPREAD = ("percent_order", "amount_order")


def has_lowest(rule: OfferRule) -> bool:
    """Whether some articles have a price below which this offer may not go; what points buy is paid for."""
    return bool(rule.programme.lowest_prices) and not rule.cost


def above_lowest(rule: OfferRule, cut: Cut, prices: Prices) -> Cut:
    """What it may take of a cut that was only tried; an offer of the order takes the rest from the lines that have room."""
    lowest, lines, remaining = rule.programme.lowest_prices, prices.situation.lines, prices.remaining
    room = {i: remaining[i] for i in cut.shares}
    for i in room:
        price = lowest.get(lines[i].product)
        if price is not None:
            room[i] = max(0, remaining[i] - ratio(price, lines[i].quantity, 1000))
    spread = rule.kind in _SPREAD
    shares = _spread(rule, cut.amount, room, remaining) if spread else {i: min(share, room[i]) for i, share in cut.shares.items()}
    return Cut(shares, sum(shares.values()), cut.base, cut.count, cut.gift, cut.closed)


def at_lowest(rule: OfferRule, indexes: Iterable[int], situation: Situation, remaining: Sequence[int]) -> list[str]:
    """Articles of these lines that have come down to their lowest price."""
    lowest, lines = rule.programme.policies.lowest_prices, situation.lines
    listed = [
        (lines[i].product, ratio(lowest[lines[i].product], lines[i].quantity, 1000), i) for i in indexes if lines[i].product in lowest
    ]
    return [product for product, least, i in listed if remaining[i] == least]


def _spread(rule: OfferRule, amount: int, room: dict[int, int], remaining: list[int]) -> dict[int, int]:
    # Lines whose part would be more than they have room for give that; the others share out the rest at once.
    full: dict[int, int] = {}
    having = sorted(room)
    while having:
        parts = dict(zip(having, SPLITS[rule.odd_cents](amount - sum(full.values()), [remaining[i] for i in having]), strict=True))
        over = [i for i in having if parts[i] > room[i]]
        if not over:
            return full | parts
        full |= {i: room[i] for i in over}
        having = [i for i in having if i not in full]
    return full
