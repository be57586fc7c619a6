"""Why a coupon or a stored value cannot be used: one order of checks for quotes, holds, tills and the cloud."""

from __future__ import annotations

from datetime import datetime

from v5_core.engine._types import Coupon, Stored

__all__ = ["refusal"]


def refusal(
    thing: Coupon | Stored, *, at: datetime, store: str, customer: str | None, total: int | None = None, scanned: bool = True
) -> str:
    """A code of why it cannot be used here and now, or "" when it can.

    Whose it is comes first: a stranger learns nothing more of it. What can change with the basket comes last.

    Args:
        thing: As it stands.
        at: When.
        store: Where.
        customer: Who is identified, if anybody.
        total: Of the sale, where it is known.
        scanned: Named by its code, and not found by its customer.
    """
    if thing.problem:
        return thing.problem
    if thing.customer != customer and (thing.customer is not None or (scanned and isinstance(thing, Stored) and not thing.by_code)):
        return "not_yours"
    if thing.valid_from is not None and at < thing.valid_from:
        return "not_yet"
    if thing.valid_until is not None and at >= thing.valid_until:
        return "expired"
    if thing.stores and store not in thing.stores:
        return "not_here"
    if (thing.uses_left if isinstance(thing, Coupon) else thing.balance) <= 0:
        return "used_up"
    return "minimum" if total is not None and total < thing.minimum else ""
