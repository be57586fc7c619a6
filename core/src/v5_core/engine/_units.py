"""Units that must be alike, or all different, and offers that take so many units only: which units of a basket an offer may touch."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from v5_core.arithmetic import ratio
from v5_core.engine._prices import Cut, Piece, Prices, cheapest_first, dearest_first, first_units
from v5_core.engine._rules import OfferRule
from v5_core.engine._situation import Situation

__all__ = ["above", "alike", "allow", "joined", "measured", "repeats"]


def alike(by: str, indexes: Sequence[int], situation: Situation) -> list[list[int]]:
    """The lines in groups of one product, family or brand, or each line by itself; groups and lines in the order of their lines."""
    groups: dict[str, list[int]] = {}
    for i in indexes:
        line = situation.lines[i]
        groups.setdefault(line.line_id if by == "line" else getattr(line, by), []).append(i)
    return list(groups.values())


def allow(rule: OfferRule, indexes: list[int], prices: Prices, units: int | None, reduces: Callable[[Piece], bool]) -> None:
    """Says which units of these lines an offer may touch: so many, the cheapest or the dearest; of different things those of whole sets.

    Kinds that choose units themselves are told how many they may take (`Prices.cap`); of all others the units are chosen here, among
    those that they reduce.
    """
    pieces = prices.pieces(indexes, closing=rule.closes)
    if rule.sets:
        groups, counts = _of_kinds(rule, pieces, prices.situation)
        pieces = [piece for own in groups for piece in first_units(dearest_first(own), _sets(rule, counts))]
    elif units is None:
        return
    if rule.chooses:
        prices.cap = units
    elif units is not None:
        if rule.units_per_line:
            pieces = [piece for one in pieces for piece in first_units([one], rule.units_per_line)]
        pieces = [piece for piece in pieces if reduces(piece)]
        dearest = getattr(rule.offer, "choose", "cheapest") == "dearest"
        pieces = first_units(dearest_first(pieces) if dearest else cheapest_first(pieces), units)
    prices.allowed = dict.fromkeys(indexes, 0)
    for i, has, _ in pieces:
        prices.allowed[i] += has


def _of_kinds(rule: OfferRule, pieces: list[Piece], situation: Situation) -> tuple[list[list[Piece]], list[int]]:
    # Pieces by what must differ, and the units of each kind.
    found = {piece[0]: piece for piece in pieces}
    groups = [[found[i] for i in own] for own in alike(rule.offer.of_different or "product", list(found), situation)]
    return groups, [sum([has for _, has, _ in own]) for own in groups]


def _sets(rule: OfferRule, counts: list[int]) -> int:
    # With k sets each kind gives at most k units, one a set: the most sets that there are units for. A set may have more than it needs.
    sets = 0
    while sum([min(count, sets + 1) for count in counts]) >= (sets + 1) * rule.set_size:
        sets += 1
    return sets


def above(rule: OfferRule, indexes: Sequence[int], situation: Situation, prices: Sequence[int], *, at_till: bool) -> bool:
    """Whether a basket is beyond what the offer is for, at the till's prices or at those that are left."""
    offer = rule.offer
    if offer.not_above_quantity is not None and at_till:
        counted = indexes if offer.minimum_of == "lines" else range(len(situation.lines))
        if sum([situation.lines[i].quantity for i in counted]) > offer.not_above_quantity:
            return True
    if offer.not_above is None or at_till != (offer.minimum_price == "till"):
        return False
    return measured(rule, indexes, situation, prices) > offer.not_above


def measured(rule: OfferRule, indexes: Sequence[int], situation: Situation, prices: Sequence[int]) -> int:
    """What a minimum is compared with."""
    offer, lines = rule.offer, situation.lines
    chosen = indexes if offer.minimum_of == "lines" else range(len(lines))
    if offer.minimum_basis == "gross":
        found, deducted = sum([prices[i] for i in chosen]), situation.deducted
    else:
        found = sum([ratio(prices[i], lines[i].net, lines[i].gross) for i in chosen if lines[i].gross])
        deducted = situation.deducted_net
    return found - deducted if offer.minimum_of == "order" else found


def repeats(rule: OfferRule, indexes: list[int], prices: Prices) -> int:
    """How often an offer is given that is given again for every full minimum; whichever units of the basket it may reduce."""
    offer, situation, units = rule.offer, prices.situation, prices.units
    if not offer.repeat:
        return 1
    counted = indexes if rule.minimum_pool is None else prices.chosen(rule.minimum_pool)
    found = [] if offer.repeat_at_most is None else [offer.repeat_at_most]
    if rule.minimum:
        now = situation.gross if offer.minimum_price == "till" else prices.remaining
        found.append(measured(rule, counted, situation, now) // rule.minimum)
    has = prices.open_units if rule.closes else units
    if rule.set_size:
        found.append(_sets(rule, _of_kinds(rule, [(i, has[i], 0) for i in counted if has[i]], situation)[1]))
    elif offer.minimum_quantity:
        every = range(len(units)) if offer.minimum_of == "order" else counted
        found.append(sum([situation.lines[i].quantity * has[i] // units[i] for i in every]) // offer.minimum_quantity)
    return max(0, min(found))


def joined(cuts: Sequence[Cut]) -> Cut:
    """What an offer took of several groups, as one."""
    if len(cuts) == 1:
        return cuts[0]
    shares: dict[int, int] = {}
    for cut in cuts:
        for i, share in cut.shares.items():
            shares[i] = shares.get(i, 0) + share
    closed = [piece for cut in cuts for piece in cut.closed]
    total, base = sum([cut.amount for cut in cuts]), sum([cut.base for cut in cuts])
    return Cut(shares, total, base, sum([cut.count for cut in cuts]), sum([cut.gift for cut in cuts]), closed)
