"""A document booked."""

from __future__ import annotations

from datetime import datetime

from v5_core.ledger._types import AccountState, Booked, Outcome, Target
from v5_core.programme import Policies


def book(state: AccountState, entry: str, booked: Booked, target: Target, *, at: datetime, policies: Policies) -> Outcome:
    """Brings what a document did to an account from `booked` to `target`; nothing to do gives an empty outcome.

    Args:
        entry: The document's first key.
        at: The document's instant (a cancellation: when it was cancelled).

    Raises:
        ConflictError: A hold that is not open.
    """
    raise NotImplementedError
