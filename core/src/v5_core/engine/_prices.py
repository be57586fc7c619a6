"""The prices of a basket as offers take from them, and the units of each line that are still open to offers which close units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from v5_core.arithmetic import SPLITS
from v5_core.engine._rules import OfferRule, Pool
from v5_core.engine._situation import Situation

__all__ = ["Cut", "Piece", "Prices", "Step", "cheapest_first", "dearest_first", "first_units", "shares_of", "step_of", "without"]

# Units of one line: its index, how many, and their price together. Prices are never negative, so halves round up by plain division.
Piece = tuple[int, int, int]
# Prices of a unit are put in order as whole numbers: so far apart that two which differ at all do not become one.
_EXACT: Final = 10**12
# What an offer took: of which lines how much each, together, of what, how many units (or sets of a bundle), and units to add to the basket.
Step = tuple[OfferRule, Sequence[int], Sequence[int], int, int, int, int]


def shares_of(step: Step, ids: Sequence[str]) -> dict[str, int]:
    """What a step took of each line that it touched, by the line's id."""
    return {ids[i]: share for i, share in zip(step[1], step[2], strict=True) if share}


class Cut:
    """What an offer took.

    Attributes:
        shares: By the line's index; never nothing.
        amount: Their sum.
        base: The price of what it was taken of.
        count: Units that it touched, or sets of a bundle.
        gift: Units to add to the basket.
        closed: Units that are closed to later offers which close units.
    """

    __slots__ = ("amount", "base", "closed", "count", "gift", "shares")

    def __init__(self, shares: dict[int, int], amount: int, base: int, count: int = 0, gift: int = 0, closed: Sequence[Piece] = ()) -> None:
        self.shares = shares
        self.amount = amount
        self.base = base
        self.count = count
        self.gift = gift
        self.closed = closed


def step_of(rule: OfferRule, cut: Cut) -> Step | None:
    """What an offer took as a step; None when it gave nothing."""
    if not cut.shares and not cut.gift:
        return None
    return rule, list(cut.shares), list(cut.shares.values()), cut.amount, cut.base, cut.count, cut.gift


class Prices:
    """What is left of each line.

    Attributes:
        remaining: The price of each line.
        open_units: Of each line, those that no offer has closed.
        open_prices: Of a line of which some units are closed and some are not: the price of those that are not; of all others nothing.
        selected: The lines of each selection, for what offers choose by more than their own selector.
        allowed: While an offer is applied that may not touch every unit of its lines: how many of each of them.
        cap: While an offer is applied that chooses units itself: how many it may take; None is as many as it finds.
        closing_later: Whether offers after those of the order close units; until then nobody asks what open units cost.
        units: Of each line.
    """

    __slots__ = ("allowed", "cap", "closing_later", "open_prices", "open_units", "remaining", "selected", "situation", "units")

    def __init__(self, situation: Situation, selected: Mapping[int, list[int]]) -> None:
        self.situation = situation
        self.units = situation.units
        self.remaining = situation.gross.copy()
        self.open_units = self.units.copy()
        self.open_prices = [0] * len(self.units)
        self.selected = selected
        self.allowed: dict[int, int] | None = None
        self.cap: int | None = None
        self.closing_later = True

    def trial(self) -> Prices:
        """The same prices, to try something on."""
        other = Prices(self.situation, self.selected)
        other.remaining = self.remaining.copy()
        other.open_units = self.open_units.copy()
        other.open_prices = self.open_prices.copy()
        return other

    def become(self, other: Prices) -> None:
        """Takes over what was tried."""
        self.remaining[:] = other.remaining
        self.open_units = other.open_units
        self.open_prices = other.open_prices

    def pieces(self, indexes: list[int], *, closing: bool) -> list[Piece]:
        """The units of these lines that an offer may touch."""
        units, remaining = self.open_units if closing else self.units, self.remaining
        found = [(i, units[i], remaining[i] if units[i] == self.units[i] else self.open_prices[i]) for i in indexes if units[i]]
        return found if self.allowed is None else self._allowed(found)

    def _allowed(self, pieces: list[Piece]) -> list[Piece]:
        most = self.allowed or {}
        return [piece for one in pieces for piece in first_units([one], most.get(one[0], one[1]))]

    def chosen(self, pool: Pool) -> list[int]:
        """The lines of a pool."""
        return pool.of(self.selected.get(pool.selection, []), self.situation, self.remaining)

    def take(self, shares: Mapping[int, int], base: int, count: int = 0, gift: int = 0, closed: Sequence[Piece] = ()) -> Cut:
        """Takes shares off lines, by their index, and closes units; an offer that gives nothing closes none."""
        amount = sum(shares.values())
        if not gift and not amount:
            return Cut({}, 0, base)
        remaining = self.remaining
        self.close(closed)
        touched = {i for i, _, _ in closed}
        taken = {i: share for i, share in shares.items() if share}
        for i, share in taken.items():
            before = remaining[i]
            remaining[i] = before - share
            price = self.open_prices[i]
            if price and i not in touched:  # what is taken off a whole line lies on its open units in proportion
                self.open_prices[i] = (2 * price * (before - share) + before) // (2 * before)
        return Cut(taken, amount, base, count, gift, closed)

    def close(self, pieces: Sequence[Piece]) -> None:
        """Later offers that close units find these no more; said before anything is taken off them."""
        open_units, open_prices = self.open_units, self.open_prices
        for i, units, price in pieces:
            before = self.remaining[i] if open_units[i] == self.units[i] else open_prices[i]
            open_units[i] -= units
            open_prices[i] = before - price if open_units[i] else 0

    def reopen(self, indexes: Sequence[int], shares: Sequence[int]) -> None:
        """What was just taken off whole lines lies on those of their units that are open in proportion."""
        open_prices = self.open_prices
        for i, share in zip(indexes, shares, strict=True):
            price = open_prices[i]
            if price:
                left = self.remaining[i]
                open_prices[i] = (2 * price * left + left + share) // (2 * (left + share))

    def take_at_most(self, maxima: Sequence[int], cut: Cut, odd_cents: str) -> Cut:
        """Takes a cut that was only tried, kept within each maximum in turn; lines are in the order of their ids."""
        shares = dict(sorted(cut.shares.items()))
        for maximum in maxima:
            if sum(shares.values()) > maximum:
                shares = dict(zip(shares, SPLITS[odd_cents](maximum, list(shares.values())), strict=True))
        return self.take(shares, cut.base, cut.count, cut.gift, cut.closed)


def cheapest_first(pieces: list[Piece]) -> list[Piece]:
    """In the order of their unit price; of equal prices the first line's."""
    return sorted(pieces, key=_by_price) if len(pieces) > 1 else pieces


def dearest_first(pieces: list[Piece]) -> list[Piece]:
    """The other way round; of equal prices the first line's again."""
    return sorted(pieces, key=_by_price_down) if len(pieces) > 1 else pieces


def _by_price(piece: Piece) -> tuple[int, int]:
    return piece[2] * _EXACT // piece[1], piece[0]


def _by_price_down(piece: Piece) -> tuple[int, int]:
    return -(piece[2] * _EXACT // piece[1]), piece[0]


def first_units(ordered: list[Piece], units: int) -> list[Piece]:
    """The first so many units; part of a piece at its share of the price."""
    found = []
    for piece in ordered:
        if units <= 0:
            break
        i, has, price = piece
        if has > units:
            piece = (i, units, (2 * price * units + has) // (2 * has))
        units -= has
        found.append(piece)
    return found


def without(pieces: list[Piece], taken: list[Piece]) -> list[Piece]:
    """What is left of the pieces."""
    gone: dict[int, tuple[int, int]] = {}
    for i, units, price in taken:
        before = gone.get(i, (0, 0))
        gone[i] = (before[0] + units, before[1] + price)
    left = []
    for i, units, price in pieces:
        less = gone.get(i, (0, 0))
        if units > less[0]:
            left.append((i, units - less[0], price - less[1]))
    return left
