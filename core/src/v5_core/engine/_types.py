"""What goes into the engine and what comes out of it; plain frozen data, easy to store as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from pydantic import TypeAdapter

from v5_core.hooks import Explanation

__all__ = ["CustomerFacts", "Earned", "LineReversal", "Reversal", "SettledLine", "Settlement", "Share"]

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


@dataclass(frozen=True, slots=True)
class Earned:
    """Points that one rule gives for one document: a lot of the ledger.

    Attributes:
        points: Thousandths; negative only when a return that points at nothing is settled.
        expires_at: The instant from which they no longer count; None is never.
    """

    programme: str
    version: int
    rule: str
    points: int
    expires_at: datetime | None = None


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
    """

    earned: tuple[Earned, ...] = ()
    points_earned: int = 0
    points_spent: int = 0
    lines: tuple[SettledLine, ...] = ()
    explanations: tuple[Explanation, ...] = ()

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
