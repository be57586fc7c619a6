"""What goes into the engine and what comes out of it; plain frozen data, easy to store as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from pydantic import TypeAdapter

from v5_core.hooks import Explanation

__all__ = [
    "Coupon", "CustomerFacts", "Earned", "LineReversal", "Reversal", "SaleState", "SettledLine", "Settlement", "Share", "Stored", "Use",
    "limit_key",
]  # fmt: skip

Fact = str | int | bool | date | None


@dataclass(frozen=True, slots=True)
class CustomerFacts:
    """What the engine may know of an identified customer.

    Attributes:
        customer: V5's customer id.
        card_types: Types of the customer's active cards; a programme applies when it names one of them.
        balance_available: Points that can be spent now (thousandths), holds of others already taken off.
        held: Points that open holds reserve (thousandths).
        attributes: Further facts that criteria may name, as `customer.<name>`.
        blocked: A blocked customer neither earns nor gets members' offers.
        tiers: Ids of the tiers that the customer has.
        clubs: Ids of the clubs of which the customer is a member now.
        entitlements: Uses left of each entitlement.
        card_rate: The standing discount of the customer's card (hundredths of a percent); 0 is none of its own.
        sales: Sales counted so far; None when unknown.
        last_visit: Store-local day of the last sale before this one.
    """

    customer: str
    card_types: frozenset[str] = frozenset({"points"})
    segments: frozenset[str] = frozenset()
    birth_date: date | None = None
    member_since: date | None = None
    balance_available: int = 0
    held: int = 0
    attributes: Mapping[str, Fact] = field(default_factory=dict)
    blocked: bool = False
    tiers: frozenset[str] = frozenset()
    clubs: frozenset[str] = frozenset()
    entitlements: Mapping[str, int] = field(default_factory=dict)
    card_rate: int = 0
    sales: int | None = None
    last_visit: date | None = None


@dataclass(frozen=True, slots=True)
class Coupon:
    """A coupon for an offer, or a percentage voucher for a whole sale, as it stands now.

    Attributes:
        rule: The offer that it opens; "" for a percentage voucher.
        programme: Whose offer; "" for a percentage voucher.
        uses_left: Uses that neither sales nor open holds of others took.
        customer: Only for this customer; None: whoever brings it.
        problem: A code when it cannot be used whatever the sale is ("blocked", "pending": the sale that made it is not final).
    """

    code: str
    rule: str = ""
    programme: str = ""
    percent: int = 0
    uses_left: int = 1
    customer: str | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    stores: frozenset[str] = frozenset()
    minimum: int = 0
    problem: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Stored:
    """A gift card, wallet, amount voucher or credit note as it stands now.

    Attributes:
        type_id: Its `StoredValueType`, or the voucher rule that made it.
        balance: Minor units that can be used now; holds of others are taken off.
        whole: Used up at once, whatever is left of it.
        by_code: It may be named by its code; False: only by the customer it belongs to.
        problem: A code when it cannot pay ("blocked", "pending").
    """

    code: str
    kind: str = "gift_card"
    type_id: str = ""
    balance: int = 0
    customer: str | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    stores: frozenset[str] = frozenset()
    minimum: int = 0
    whole: bool = False
    by_code: bool = True
    problem: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class SaleState:
    """What is stored about what a basket names. Empty for a basket that names nothing and programmes without limits.

    Attributes:
        used: How much of each limit is used up, in the scope and period that count for this sale: key `limit_key(...)`; uses for a
            limit, thousandths of points for a cap, minor units for a budget.
    """

    coupons: Mapping[str, Coupon] = field(default_factory=dict)
    stored: Mapping[str, Stored] = field(default_factory=dict)
    used: Mapping[str, int] = field(default_factory=dict)


def limit_key(programme: str, rule: str, index: int, *, cap: bool = False, budget: bool = False) -> str:
    """Names one limit (or cap of points, or budget) of a rule in `SaleState.used`."""
    return f"{programme}/{rule}/{'cap' if cap else 'budget' if budget else ''}{index}"


@dataclass(frozen=True, slots=True)
class Use:
    """One use of something that is counted: an offer with limits, a coupon, an entitlement.

    Attributes:
        times: How often; a reward can be taken several times in a sale, and of some offers each unit counts.
        amount: What it took off; budgets count it.
    """

    programme: str
    rule: str
    times: int = 1
    code: str = ""
    entitlement: str = ""
    limited: bool = False
    amount: int = 0


@dataclass(frozen=True, slots=True)
class Earned:
    """Points that one rule gives for one document: a lot of the ledger.

    Attributes:
        points: Thousandths; negative only when a return that points at nothing is settled.
        expires_at: The instant from which they no longer count; None is never.
        usable_from: The instant from which they can be spent; None is at once.
    """

    programme: str
    version: int
    rule: str
    points: int
    expires_at: datetime | None = None
    usable_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """The part of a rule's points that one line brought; `unit` is the programme's smallest step, in thousandths."""

    programme: str
    rule: str
    points: int
    unit: int = 1000


@dataclass(frozen=True, slots=True)
class SettledLine:
    """One line as it was settled: what a later return needs to take back in proportion."""

    line_id: str
    product: str
    quantity: int
    gross: int
    shares: tuple[Share, ...] = ()
    spent: int = 0


@dataclass(frozen=True, slots=True)
class Settlement:
    """What an issued document does to its customer. Store it (`to_json`): returns are computed from it for ever.

    Attributes:
        earned: One lot per programme and rule, sorted; their sum is the sum of the lines' shares.
        points_spent: Points that the document's holds brought, split over the lines as `SettledLine.spent`.
        uses: What the sale used of limited offers, coupons and entitlements.
    """

    earned: tuple[Earned, ...] = ()
    points_earned: int = 0
    points_spent: int = 0
    lines: tuple[SettledLine, ...] = ()
    explanations: tuple[Explanation, ...] = ()
    uses: tuple[Use, ...] = ()

    def to_json(self) -> str:
        """The settlement as JSON text."""
        return _SETTLEMENT.dump_json(self).decode()

    @staticmethod
    def from_json(text: str | bytes) -> Settlement:
        """Reads what `to_json` wrote."""
        return _SETTLEMENT.validate_json(text)


@dataclass(frozen=True, slots=True)
class LineReversal:
    """What one return takes from one line of the original. `measure` counts towards `returned` of the next return."""

    line_id: str
    measure: int
    shares: tuple[Share, ...] = ()
    given: int = 0


@dataclass(frozen=True, slots=True)
class Reversal:
    """What a return does: points taken back per rule, and spent points given back.

    Attributes:
        returned: Cumulative measure per line of the original after this return; pass it to the next one.
        unmatched: Amount of the return that no line of the original could take (more returned than was sold).
    """

    points_taken: int = 0
    points_given: int = 0
    taken: tuple[Share, ...] = ()
    lines: tuple[LineReversal, ...] = ()
    returned: Mapping[str, int] = field(default_factory=dict)
    unmatched: int = 0
    explanations: tuple[Explanation, ...] = ()


_SETTLEMENT: Final = TypeAdapter(Settlement)
