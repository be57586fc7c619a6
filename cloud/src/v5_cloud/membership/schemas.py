"""What endpoints of tiers, clubs and points by hand take and show."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from v5_core.hooks import MembershipView, TierView
from v5_core.model import CardKind, Code, Day, Text, Wire
from v5_core.money import Amount, Points, Rate

__all__ = [
    "AdjustRequest", "AdjustmentItem", "CardChange", "CardRequest", "ExtendRequest", "JoinRequest", "LeaveRequest", "MassRequest",
    "MemberItem", "PauseRequest", "RelativeRequest", "RenewRequest", "ResetRequest", "ReverseRequest", "RunItem", "RunLine", "Standing",
    "TurnoverRequest",
]  # fmt: skip

Reason = Annotated[Text, Field(min_length=1, max_length=500)]


class JoinRequest(Wire):
    """A customer joins a club; benefits count from this very moment. `until` may shorten or lengthen the club's own period."""

    request_id: Code
    club: Code
    card: str = Field(default="", max_length=80)
    starts: Day | None = None
    until: Day | None = None


class RenewRequest(Wire):
    """The next period. The card that is shown must be this customer's."""

    request_id: Code
    card: str = Field(default="", max_length=80)
    until: Day | None = None


class PauseRequest(Wire):
    """A break: from today or a later day on; without a last day until somebody ends it."""

    request_id: Code
    first: Day | None = None
    last: Day | None = None


class ExtendRequest(Wire):
    """Moves the end by some days; back too."""

    request_id: Code
    days: Annotated[int, Field(ge=-3660, le=3660)]
    reason: Reason


class LeaveRequest(Wire):
    """The member leaves today; or a break ends today."""

    request_id: Code


class CardRequest(Wire):
    """One more card. `rate` is the standing discount of a discount or VIP card; `valid_until` its last day."""

    request_id: Code
    number: Code
    kind: CardKind = CardKind.POINTS
    card_type: Code = "points"
    rate: Annotated[Rate, Field(ge=0, le=10_000)] = 0
    valid_until: Day | None = None


class CardChange(Wire):
    """What changes of a card; what is left out stays."""

    active: bool = True
    rate: Annotated[Rate, Field(ge=0, le=10_000)] = 0
    valid_until: Day | None = None


class RelativeRequest(Wire):
    """Another customer whose purchases go to this customer's account."""

    relative: Annotated[str, Field(min_length=1, max_length=80)]


class MemberItem(BaseModel):
    """A member of a club in lists."""

    model_config = ConfigDict(extra="forbid")

    customer: str
    name: str
    membership: MembershipView


class Standing(BaseModel):
    """Where a customer stands: levels, memberships, and who shares the account."""

    model_config = ConfigDict(extra="forbid")

    customer: str
    tiers: list[TierView]
    memberships: list[MembershipView]
    shares_with: str | None
    relatives: list[str]


class AdjustRequest(Wire):
    """Points added or taken by hand."""

    request_id: Code
    points: Points
    reason: Reason
    expires_on: Day | None = None


class ReverseRequest(Wire):
    """Takes back what an adjustment or a run did."""

    request_id: Code
    reason: Reason


class AdjustmentItem(BaseModel):
    """Points added or taken by hand."""

    model_config = ConfigDict(extra="forbid")

    id: str
    customer: str
    kind: str
    points: Points
    reason: str
    run: str | None
    created_at: datetime
    created_by: str
    reversed_at: datetime | None
    reversed_by: str


class MassRequest(Wire):
    """Points for many customers at once: first a preview.

    Attributes:
        customers: Whom; left out: all who are not blocked.
        where: Criteria over customers in text form, such as "home_store = 'LX1' and balance >= 100".
    """

    request_id: Code
    points: Points
    reason: Reason
    customers: Annotated[tuple[Code, ...], Field(max_length=10_000)] = ()
    where: str = Field(default="", max_length=1000)
    expires_on: Day | None = None


class ResetRequest(Wire):
    """All points but `keep` are taken; on a day, where one is named, else once it is confirmed."""

    request_id: Code
    reason: Reason
    keep: Annotated[Points, Field(ge=0)] = 0
    on: Day | None = None


class TurnoverRequest(Wire):
    """Vouchers by turnover of a period: first a preview. Both days count.

    Attributes:
        where: Criteria over customers in text form, such as "home_store = 'LX1' and email != ''".
    """

    request_id: Code
    programme: Code
    rule: Code
    first: Day
    last: Day
    stores: Annotated[tuple[Code, ...], Field(max_length=1000)] = ()
    where: str = Field(default="", max_length=1000)


class RunLine(BaseModel):
    """What a run does to one customer."""

    model_config = ConfigDict(extra="forbid")

    customer: str
    measured: Amount
    visits: int
    points: Points
    amount: Amount
    percent: int


class RunItem(BaseModel):
    """Something done to many customers at once: preview, then scheduled or running, done, perhaps reversing and reversed.

    `begun` is how many customers are done, and not taken back again.
    """

    model_config = ConfigDict(extra="forbid")

    id: str
    kind: str
    state: str
    reason: str
    customers: int
    begun: int
    points: Points
    amount: Amount
    on: date | None
    lines: list[RunLine]
    created_at: datetime
    created_by: str
    done_at: datetime | None
    done_by: str
    reversed_at: datetime | None
    reversed_by: str
