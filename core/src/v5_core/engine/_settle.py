"""An issued document settled."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from v5_core.engine._compile import Compiled
from v5_core.engine._types import CustomerFacts, Settlement
from v5_core.model import SalesDocument


def settle(
    compiled: Compiled,
    document: SalesDocument,
    facts: CustomerFacts | None,
    *,
    zone: ZoneInfo,
    points_spent: int = 0,
    language: str = "pt",
) -> Settlement:
    """Points that an issued document earns; the prices are the till's, so no new discounts.

    A cancelled document, a blocked customer or none at all give an empty settlement (with the lines, so that it can be stored).
    `points_spent` is what the captured holds brought: it is split over the lines, so that a return gives it back in proportion.
    A return that points at nothing is settled by the earning rules with negative points; spent points are not given back, for
    nothing says that any were.
    """
    raise NotImplementedError
