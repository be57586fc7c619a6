"""The ledger's records. All immutable; a repository maps each class to one table.

An account is kept in points (thousandths) or in a currency (minor units): a gift card, a wallet, a voucher or a credit note is an
account like any other. The fields are called points in both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from v5_core.engine import Earned, Reversal, Settlement, Share
from v5_core.errors import ConflictError
from v5_core.ledger._rest import WHOLE, Rest

__all__ = [
    "AccountState",
    "Allocation",
    "Booked",
    "Counter",
    "Hold",
    "HoldState",
    "InsufficientPointsError",
    "Lot",
    "Operation",
    "Outcome",
    "Posting",
    "Target",
]


class InsufficientPointsError(ConflictError):
    """Fewer points available than asked for."""

    code = "insufficient_points"


class Counter(StrEnum):
    """The other side of every posting; never a row of its own: its sum is derived, per store and day.

    Points and vouchers are ISSUED; gift cards and loads are SOLD; a credit note is OWED; MOVED lies between two accounts.
    """

    ISSUED = "issued"
    SOLD = "sold"
    OWED = "owed"
    MOVED = "moved"
    REDEEMED = "redeemed"
    EXPIRED = "expired"
    ADJUSTED = "adjusted"


class Operation(StrEnum):
    """What a posting or an allocation does."""

    EARN = "earn"
    TAKE = "take"
    SPEND = "spend"
    GIVE = "give"
    EXPIRE = "expire"
    ADJUST = "adjust"
    MOVE = "move"


class HoldState(StrEnum):
    """A hold is open until it ends in one of three ways, once."""

    OPEN = "open"
    CAPTURED = "captured"
    RELEASED = "released"
    TIMED_OUT = "timed_out"


@dataclass(frozen=True, slots=True)
class Posting:
    """One half of a movement. The postings of an outcome sum to zero.

    Attributes:
        account: The card account's id, or a `Counter`; of an account in money "issued:EUR".
        entry: What caused it: a document's first key, or the id of an adjustment or expiry run.
        at: When it counts (the document's instant), not when it was written.
    """

    account: str
    points: int
    entry: str
    operation: Operation
    at: datetime
    programme: str = ""
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Lot:
    """Points that came together and lapse together.

    Attributes:
        lot_id: Deterministic: the same fact makes the same lot.
        points: As they came; 0 for a debt (points spent or taken that were not there).
        remaining: Still there; negative while a debt is open. An open lot has remaining != 0.
        held: The part of `remaining` that open holds reserve.
        expired: The part of `points` that lapsed.
        sequence: Order in which the account's lots were made; debts are repaid in it.
        debt: For a debt: what was done with points that were not there (SPEND, TAKE or ADJUST).
        usable_from: The instant from which they can be spent; None is at once.
    """

    lot_id: str
    account: str
    entry: str
    programme: str
    rule: str
    points: int
    remaining: int
    earned_at: datetime
    expires_at: datetime | None = None
    held: int = 0
    expired: int = 0
    sequence: int = 0
    debt: Operation | None = None
    usable_from: datetime | None = None

    @property
    def free(self) -> int:
        """What a spend may draw."""
        return self.remaining - self.held


@dataclass(frozen=True, slots=True)
class Allocation:
    """Ties what an entry drew to the lot it came from; rows are only added, sums count.

    Attributes:
        entry: Who drew (positive) or put back (negative).
        origin: Whose drawing it is: the entry itself, or the sale whose spent points a return gives back.
        operation: SPEND or TAKE.
        programme: For TAKE, whose points were taken; empty for SPEND.
        rule: For TAKE; empty for SPEND.
    """

    entry: str
    origin: str
    operation: Operation
    lot_id: str
    points: int
    at: datetime
    programme: str = ""
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Hold:
    """Points reserved for a payment, tied to their lots from the start, so that they cannot lapse meanwhile."""

    hold_id: str
    account: str
    points: int
    created_at: datetime
    expires_at: datetime
    parts: tuple[tuple[str, int], ...]
    state: HoldState = HoldState.OPEN
    captured: int = 0
    entry: str = ""

    @property
    def is_open(self) -> bool:
        """Still reserving."""
        return self.state is HoldState.OPEN


@dataclass(frozen=True, slots=True)
class AccountState:
    """A card account as loaded: its row, its open holds and its open lots (remaining != 0), all or some. Empty for a new account.

    Attributes:
        balance: The cached sum of all postings of the account; equals the sum of `remaining` over all its lots.
        version: Grows with every outcome; write with `UPDATE ... WHERE version = :loaded`.
        sequence: Last lot sequence used.
        unit: "points", or the currency of a stored value.
        rest: The open lots that are not among `lots`.
    """

    account: str
    balance: int = 0
    version: int = 0
    sequence: int = 0
    lots: tuple[Lot, ...] = ()
    holds: tuple[Hold, ...] = ()
    unit: str = "points"
    rest: Rest = WHOLE


@dataclass(frozen=True, slots=True)
class Booked:
    """What a document has booked so far. Empty for a new sale, which then costs no query.

    Attributes:
        lots: All lots of the account whose `entry` is the document, or (for a return) the original; closed ones too; and the lots
            that `allocations` name.
        allocations: All allocations of the account whose `entry` or `origin` is the document, or (for a return) the original.
        spared: Points that the document should have taken and that were not there under "clip", by (programme, rule): what
            `Outcome.spared` said. They stay untaken, whoever tells of the document again and whatever is there by then.
    """

    lots: tuple[Lot, ...] = ()
    allocations: tuple[Allocation, ...] = ()
    spared: Mapping[tuple[str, str], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Target:
    """What a document should have done, all in all. Booking posts the difference to what it did; `Target()` undoes it.

    Attributes:
        earned: Lots to have (from `Settlement.earned`).
        taken: Points to have taken back, per rule (from `Reversal.taken`, or an unlinked return's settlement).
        spent: Points to have spent in total; drawn from `holds` first.
        holds: Holds that the document's payments name; captured, what is left of them is released.
        given: Spent points of `original` to have given back (from `Reversal.points_given`).
        original: First key of the document that a return points at; its lots are taken from first.
        counter: The other side of what is earned or taken.
    """

    earned: tuple[Earned, ...] = ()
    taken: tuple[Share, ...] = ()
    spent: int = 0
    holds: tuple[str, ...] = ()
    given: int = 0
    original: str = ""
    counter: Counter = Counter.ISSUED

    @classmethod
    def of_settlement(cls, settlement: Settlement, *, holds: tuple[str, ...] = ()) -> Target:
        """What a settled document should have done; an unlinked return takes where a sale earns."""
        return cls(
            earned=tuple([one for one in settlement.earned if one.points > 0]),
            taken=tuple([Share(one.programme, one.rule, -one.points) for one in settlement.earned if one.points < 0]),
            spent=settlement.points_spent,
            holds=holds,
        )

    @classmethod
    def of_reversal(cls, reversal: Reversal, original: str) -> Target:
        """What a return that points at `original` (that document's first key) should have done."""
        return cls(taken=reversal.taken, given=reversal.points_given, original=original)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What to write: rows to insert (postings, allocations, new lots, new holds), rows to update, the new account.

    Attributes:
        account: The state after; its row is updated when anything changed.
        lots_new: Insert.
        lots_changed: Update `remaining`, `held`, `expired` and `expires_at`.
        holds_new: Insert.
        holds_changed: Update `state`, `captured`, `entry`.
        clipped: Points that should have been taken and were not (policy "clip").
        spared: All such points of the document by now, by (programme, rule): to be kept for `Booked`.
    """

    account: AccountState
    postings: tuple[Posting, ...] = ()
    allocations: tuple[Allocation, ...] = ()
    lots_new: tuple[Lot, ...] = ()
    lots_changed: tuple[Lot, ...] = ()
    holds_new: tuple[Hold, ...] = ()
    holds_changed: tuple[Hold, ...] = ()
    clipped: int = 0
    spared: Mapping[tuple[str, str], int] = field(default_factory=dict)
