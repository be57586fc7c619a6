"""Double-entry ledger of points and stored value, pure: a state and a wish give an outcome, a repository loads and writes.

    book(state, entry, booked, target, at=..., policies=...)   a document: first time, revised, cancelled, or a return
    lessened(entry, booked, target)                            what a return keeps while the sale that it leans on changes
    place_hold / release_hold                                  reserve points, give them free (capture is part of `book`)
    expire(state, entry, at=...)                               lots whose time is over
    adjust / reset / undo                                      by hand or on a day, with a reason kept by the caller; and back
    move(source, target, entry, at=...)                        all that is left on an account to another one
    renewals(programmes, at, zone)                             lots that live on because the customer buys
    available / pending_points / held_points / balance_view    what can be spent now, or later

An account may be worked on with some of its lots; what an operation needs beyond them it asks for (`Rest`, `LotsNeededError`).
Every movement is two postings that sum to zero: the card account against a counter (issued, redeemed, expired, adjusted). Nothing
is changed or deleted: a correction is a new posting. The sum of an account's postings, its cached balance and the sum of its lots'
remaining points are equal, always.
"""

from v5_core.ledger._book import book, lessened
from v5_core.ledger._holds import place_hold, release_hold
from v5_core.ledger._movements import adjust, expire, move, renewals, reset, undo
from v5_core.ledger._rest import SHOWN, WHOLE, LotsNeededError, Order, Reach, Rest
from v5_core.ledger._types import (
    AccountState,
    Allocation,
    Booked,
    Counter,
    Hold,
    HoldState,
    InsufficientPointsError,
    Lot,
    Operation,
    Outcome,
    Posting,
    Target,
)
from v5_core.ledger._views import available, balance_view, held_points, pending_points

__all__ = [
    "SHOWN",
    "WHOLE",
    "AccountState",
    "Allocation",
    "Booked",
    "Counter",
    "Hold",
    "HoldState",
    "InsufficientPointsError",
    "Lot",
    "LotsNeededError",
    "Operation",
    "Order",
    "Outcome",
    "Posting",
    "Reach",
    "Rest",
    "Target",
    "adjust",
    "available",
    "balance_view",
    "book",
    "expire",
    "held_points",
    "lessened",
    "move",
    "pending_points",
    "place_hold",
    "release_hold",
    "renewals",
    "reset",
    "undo",
]
