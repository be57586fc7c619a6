"""Lots that were left where they are: an account of ten thousand lots is worked on with the few that an operation touches.

What was not loaded is summed up beside what was. An operation that cannot be right without more of it says so, by `LotsNeededError`, and
changes nothing; whoever called it loads what is asked for and calls again. So no outcome ever depends on how much was loaded.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from v5_core.ledger._types import Lot

__all__ = ["SHOWN", "WHOLE", "LotsNeededError", "Order", "Reach", "Rest"]

SHOWN: Final = timedelta(days=60)
"""How far ahead an expiry is worth showing."""


@dataclass(frozen=True, slots=True)
class Order:
    """In which order lots are drawn from, and at what instant: of lots that live then and can be spent then.

    Attributes:
        fifo: The oldest first; otherwise the one that lapses next.
        at: The instant.
    """

    fifo: bool
    at: datetime


class LotsNeededError(Exception):
    """An operation needs lots that were not loaded: the next ones of `order`, or all there are."""

    def __init__(self, order: Order | None = None) -> None:
        super().__init__("more lots must be loaded")
        self.order = order


@dataclass(frozen=True, slots=True)
class Reach:
    """In `order` nothing was left out up to `last`; None is to the end."""

    order: Order
    last: Lot | None = None


@dataclass(frozen=True, slots=True)
class Rest:
    """Open lots of an account that were not loaded, summed up. Debts, and lots that a hold reserves, are always loaded.

    Attributes:
        points: What they hold, all in all; 0 when everything was loaded.
        at: The instant for which the sums below were taken.
        lapsed: Of `points`, what had lapsed by then and was not taken out yet.
        pending: Of `points`, what lived then and could not be spent yet.
        ends_at: When the next of them lapse after that instant.
        ending: What lapses then, when that is no further ahead than `SHOWN`.
        reach: How far they were loaded in the order of drawing.
    """

    points: int = 0
    at: datetime | None = None
    lapsed: int = 0
    pending: int = 0
    ends_at: datetime | None = None
    ending: int = 0
    reach: Reach | None = None

    def summed(self, at: datetime) -> Rest:
        """The same, for whoever reads the sums.

        Raises:
            LotsNeededError: They were taken for another instant.
        """
        if self.points and at != self.at:
            raise LotsNeededError
        return self

    def outlives(self, at: datetime, until: datetime) -> bool:
        """Whether none of them lapses after `at` and before `until`."""
        if not self.points:
            return True
        return self.at is not None and self.at >= at and not self.lapsed and (self.ends_at is None or self.ends_at >= until)


WHOLE: Final = Rest()
"""Nothing was left out."""
