"""The prices of a basket as offers take from them, and the units of each line that are still open to offers which close units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from v5_core.arithmetic import split
from v5_core.engine._rules import OfferRule, Pool
from v5_core.engine._situation import Situation

__all__ = ["Cut", "Piece", "Prices", "Step", "cheapest_first", "dearest_first", "first_units", "without"]

# Units of one line: its index, how many, and their price together. Prices are never negative, so halves round up by plain division.
Piece = tuple[int, int, int]
# What an offer took: of which line how much, together, of what, how many units (or sets of a bundle), and units to add to the basket.
Step = tuple[OfferRule, dict[str, int], int, int, int, int]


class Cut:
    """What an offer took.

    Attributes:
        shares: By line id; never nothing.
        amount: Their sum.
        base: The price of what it was taken of.
        count: Units that it touched, or sets of a bundle.
        gift: Units to add to the basket.
        closed: Units that are closed to later offers which close units.
    """

    __slots__ = ("amount", "base", "closed", "count", "gift", "shares")

    def __init__(self, shares: dict[str, int], amount: int, base: int, count: int = 0, gift: int = 0, closed: Sequence[Piece] = ()) -> None:
        self.shares = shares
        self.amount = amount
        self.base = base
        self.count = count
        self.gift = gift
        self.closed = closed


class Prices:
    """What is left of each line.

    Attributes:
        remaining: The price of each line.
        open: Lines of which units are closed: the units that are still open, and their price.
        selected: The lines of each selection, for what offers choose by more than their own selector.
        allowed: While an offer is applied that may not touch every unit of its lines: how many of each of them.
        cap: While an offer is applied that chooses units itself: how many it may take; None is as many as it finds.
        units: Of each line; `ids` its id.
    """

    __slots__ = ("allowed", "cap", "ids", "open", "remaining", "selected", "situation", "units")

    def __init__(self, situation: Situation, selected: Mapping[int, list[int]]) -> None:
        self.situation = situation
        self.ids = situation.ids
        self.units = situation.units
        self.remaining = situation.gross.copy()
        self.open: dict[int, tuple[int, int]] = {}
        self.selected = selected
        self.allowed: dict[int, int] | None = None
        self.cap: int | None = None

    def trial(self) -> Prices:
        """The same prices, to try something on."""
        other = Prices(self.situation, self.selected)
        other.remaining = self.remaining.copy()
        other.open = self.open.copy()
        return other

    def become(self, other: Prices) -> None:
        """Takes over what was tried."""
        self.remaining[:] = other.remaining
        self.open = other.open

    def pieces(self, indexes: list[int], *, closing: bool) -> list[Piece]:
        """The units of these lines that an offer may touch."""
        units, remaining, open_ = self.units, self.remaining, self.open
        if not closing or not open_:
            found = [(i, units[i], remaining[i]) for i in indexes]
            return found if self.allowed is None else self._allowed(found)
        found = []
        for i in indexes:
            left, price = open_[i] if i in open_ else (units[i], remaining[i])
            if left:
                found.append((i, left, price))
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
        remaining, open_, ids = self.remaining, self.open, self.ids
        for i, units, price in closed:
            all_units, all_price = open_[i] if i in open_ else (self.units[i], remaining[i])
            open_[i] = (all_units - units, all_price - price)
        touched = {i for i, _, _ in closed}
        named: dict[str, int] = {}
        for i, share in shares.items():
            if share:
                if i in open_ and i not in touched:
                    self.reopen(i, share)
                remaining[i] -= share
                named[ids[i]] = share
        return Cut(named, amount, base, count, gift, closed)

    def reopen(self, index: int, share: int) -> None:
        """What is about to be taken off a whole line lies on its open units in proportion."""
        units, price = self.open[index]
        before = self.remaining[index]
        self.open[index] = (units, (2 * price * (before - share) + before) // (2 * before))

    def take_at_most(self, maxima: Sequence[int], cut: Cut) -> Cut:
        """Takes a cut that was only tried, kept within each maximum in turn; odd cents fall on lines in the order of their ids."""
        shares = {i: cut.shares[line_id] for i, line_id in enumerate(self.ids) if line_id in cut.shares}
        for maximum in maxima:
            if sum(shares.values()) > maximum:
                shares = dict(zip(shares, split(maximum, list(shares.values())), strict=True))
        return self.take(shares, cut.base, cut.count, cut.gift, cut.closed)


def cheapest_first(pieces: list[Piece]) -> list[Piece]:
    """In the order of their unit price; of equal prices the first line's."""
    return sorted(pieces, key=_by_price) if len(pieces) > 1 else pieces


def dearest_first(pieces: list[Piece]) -> list[Piece]:
    """The other way round; of equal prices the first line's again."""
    return sorted(pieces, key=_by_price_down) if len(pieces) > 1 else pieces


def _by_price(piece: Piece) -> tuple[int, int]:
    return piece[2] * 1_000_000 // piece[1], piece[0]


def _by_price_down(piece: Piece) -> tuple[int, int]:
    return -(piece[2] * 1_000_000 // piece[1]), piece[0]


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
