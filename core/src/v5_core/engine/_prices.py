"""The prices of a basket as offers take from them, and the units of each line that are still open to offers which close units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from v5_core.engine._rules import Pool
from v5_core.engine._situation import Situation
from v5_core.money import split

__all__ = ["Cut", "Piece", "Prices", "cap", "cheapest_first", "dearest_first", "first_units", "without"]

# Units of one line: its index, how many, and their price together. Prices are never negative, so halves round up by plain division.
Piece = tuple[int, int, int]


class Cut:
    """What an offer takes.

    Attributes:
        shares: By line index.
        base: The price of what it is taken of.
        count: Units that it touched, or sets of a bundle.
        closed: Units that are closed to later offers which close units.
        gift: Units to add to the basket.
    """

    __slots__ = ("base", "closed", "count", "gift", "shares")

    def __init__(self, shares: dict[int, int], base: int, count: int = 0, closed: Sequence[Piece] = (), gift: int = 0) -> None:
        self.shares = shares
        self.base = base
        self.count = count
        self.closed = closed
        self.gift = gift


class Prices:
    """What is left of each line.

    Attributes:
        remaining: The price of each line.
        open: Lines of which units are closed: the units that are still open, and their price.
        pools: Lines that offers choose by more than their own selector.
    """

    __slots__ = ("open", "pools", "remaining", "situation")

    def __init__(self, situation: Situation, pools: Mapping[Pool, list[int]]) -> None:
        self.situation = situation
        self.remaining = situation.gross.copy()
        self.open: dict[int, tuple[int, int]] = {}
        self.pools = pools

    def pieces(self, indexes: Sequence[int], *, closing: bool) -> list[Piece]:
        """The units of these lines that an offer may touch."""
        units, remaining, open_ = self.situation.units, self.remaining, self.open
        if not closing or not open_:
            return [(i, units[i], remaining[i]) for i in indexes]
        found = []
        for i in indexes:
            left, price = open_[i] if i in open_ else (units[i], remaining[i])
            if left:
                found.append((i, left, price))
        return found

    def chosen(self, pool: Pool) -> list[int]:
        """The lines of a pool."""
        indexes = self.pools.get(pool, [])
        if not pool.exclude_discounted:
            return indexes
        lines = self.situation.lines
        return [i for i in indexes if not lines[i].discount and self.remaining[i] == lines[i].gross]

    def take(self, cut: Cut) -> None:
        """Takes the shares off, and closes what the offer closed."""
        remaining = self.remaining
        if cut.closed or self.open:
            self._close(cut)
        for i, share in cut.shares.items():
            remaining[i] -= share

    def _close(self, cut: Cut) -> None:
        # What is taken off a line lies on its open units in proportion, unless it was taken off the very units that are closed now.
        remaining, open_ = self.remaining, self.open
        for i, units, price in cut.closed:
            all_units, all_price = open_[i] if i in open_ else (self.situation.units[i], remaining[i])
            open_[i] = (all_units - units, all_price - price)
        closed = {i for i, _, _ in cut.closed}
        for i, share in cut.shares.items():
            before = remaining[i]
            if i in open_ and i not in closed and before:
                units, price = open_[i]
                open_[i] = (units, (2 * price * (before - share) + before) // (2 * before))


def cap(cut: Cut, maximum: int) -> None:
    """Keeps a cut within a maximum."""
    maximum = max(0, maximum)
    if sum(cut.shares.values()) > maximum:
        indexes = sorted(cut.shares)  # odd cents fall on lines in the order of their ids
        parts = split(maximum, [cut.shares[i] for i in indexes])
        cut.shares = {i: part for i, part in zip(indexes, parts, strict=True) if part}


def cheapest_first(pieces: Sequence[Piece]) -> list[Piece]:
    """In the order of their unit price; of equal prices the first line's."""
    return sorted(pieces, key=_by_price)


def dearest_first(pieces: Sequence[Piece]) -> list[Piece]:
    """The other way round; of equal prices the first line's again."""
    return sorted(pieces, key=_by_price_down)


def _by_price(piece: Piece) -> tuple[int, int]:
    return piece[2] * 1_000_000 // piece[1], piece[0]


def _by_price_down(piece: Piece) -> tuple[int, int]:
    return -(piece[2] * 1_000_000 // piece[1]), piece[0]


def first_units(ordered: Sequence[Piece], units: int) -> list[Piece]:
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


def without(pieces: Sequence[Piece], taken: Sequence[Piece]) -> list[Piece]:
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
