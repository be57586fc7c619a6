"""Which of several exclusive offers of a group apply, and to which lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from v5_core.programme import Offer, Programme

__all__ = ["Rival", "best_of", "won"]

Rival = tuple[Programme, Offer, list[int]]
_TOGETHER = {"percent_order", "amount_order", "cheapest", "buy_get", "bundle", "gift"}


def best_of(rivals: Sequence[Rival], worth: Callable[[Rival], tuple[int, bool]], stage: Callable[[Offer], int]) -> Rival:
    """The one that takes most off the till's own prices, or has the highest priority of those that give anything."""

    def rank(one: Rival) -> tuple[object, ...]:
        # Of equal ones the one that comes first in the order of things.
        programme, offer, _ = one
        off, gives = worth(one)
        last = (stage(offer), -offer.priority, programme.id, offer.id)
        if rivals[0][0].policies.compete_by == "amount":
            return (-off, -offer.priority, *last)
        return (not gives, -offer.priority, -off, *last)

    return min(rivals, key=rank)


def won(rivals: Sequence[Rival], worth: Callable[[Rival], tuple[int, bool]], stage: Callable[[Offer], int]) -> list[list[int]]:
    """The lines that each rival gets; none: it does not apply."""
    if rivals[0][0].policies.compete_for == "basket" or any(_takes_lines_together(offer) for _, offer, _ in rivals):
        best = best_of(rivals, worth, stage)
        return [lines if offer is best[1] else [] for _, offer, lines in rivals]
    found: list[list[int]] = [[] for _ in rivals]
    for i in sorted({i for _, _, lines in rivals for i in lines}):
        winner = best_of([(programme, offer, [i]) for programme, offer, lines in rivals if i in lines], worth, stage)[1]
        found[[offer is winner for _, offer, _ in rivals].index(True)].append(i)
    return found


def _takes_lines_together(offer: Offer) -> bool:
    sets = offer.of_different and offer.minimum_selector is None
    return bool(offer.kind in _TOGETHER or offer.of_same or sets or getattr(offer, "units", None))
