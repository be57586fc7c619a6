"""What endpoints of vouchers take and show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from v5_core.model import Code, Day, Text, Wire
from v5_core.money import Amount, Rate

__all__ = [
    "BlockRequest", "ExtendRequest", "HistoryLine", "IssueRequest", "LoadRequest", "MoveRequest", "Moved", "VoucherFilter", "VoucherItem",
    "VoucherMovement",
]  # fmt: skip

Reason = Annotated[Text, Field(min_length=1, max_length=500)]


class IssueRequest(Wire):
    """What is to be issued.

    Attributes:
        request_id: The same id with the same body gives the same codes again.
        kind: "coupon" opens an offer of a programme, "percent" takes a share off one purchase, "voucher" is an amount; "gift_card",
            "wallet" and "credit_note" are of a type that a programme publishes.
        type: The programme's type of stored value; it says ceiling, validity and the like.
        offer: The offer that a coupon opens.
        count: How many, each with a code of its own.
        code: A code of your own, for one.
        uses: Of each coupon or percentage.
        customer: Only this customer may use it; left out: whoever brings it.
        valid_from: First day.
        valid_until: Last day; left out: as the type says.
        minimum: Of the purchase.
        whole: Used up at once.
    """

    request_id: Code
    kind: Literal["coupon", "percent", "voucher", "gift_card", "wallet", "credit_note"]
    type: str = Field(default="", max_length=60)
    offer: str = Field(default="", max_length=60)
    title: Text = ""
    count: Annotated[int, Field(ge=1, le=1000)] = 1
    code: str = Field(default="", max_length=80)
    amount: Annotated[Amount, Field(ge=0)] = 0
    percent: Annotated[Rate, Field(ge=0, le=10_000)] = 0
    uses: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    customer: str | None = Field(default=None, max_length=80)
    store: str = Field(default="", max_length=80)
    valid_from: Day | None = None
    valid_until: Day | None = None
    stores: Annotated[tuple[Code, ...], Field(max_length=1000)] = ()
    minimum: Annotated[Amount, Field(ge=0)] = 0
    whole: bool = False

    @model_validator(mode="after")
    def _says_what(self) -> Self:
        needed = {"coupon": ("offer", self.offer), "percent": ("percent", self.percent), "voucher": ("amount", self.amount)}
        name, value = needed.get(self.kind, ("type", self.type))
        if not value:
            raise ValueError(f"{self.kind} needs {name}")
        if self.code and self.count > 1:
            raise ValueError("a code of your own is for one only")
        if self.valid_from and self.valid_until and self.valid_until < self.valid_from:
            raise ValueError("it would end before it starts")
        return self


class LoadRequest(Wire):
    """Money that was paid comes on a wallet."""

    request_id: Code
    amount: Annotated[Amount, Field(gt=0)]
    store: str = Field(default="", max_length=80)


class BlockRequest(Wire):
    """Blocks a code, or lets it be used again."""

    blocked: bool = True
    reason: Reason


class ExtendRequest(Wire):
    """A later last day, also for the money that is on it."""

    request_id: Code
    until: Day
    reason: Reason


class MoveRequest(Wire):
    """Moves all that is on a lost card to another one: a known code of the same kind, or a new one."""

    request_id: Code
    to: str = Field(default="", max_length=80)
    reason: Reason


class VoucherItem(BaseModel):
    """A voucher, coupon, gift card, wallet or credit note as it stands."""

    model_config = ConfigDict(extra="forbid")

    code: str
    kind: str
    programme: str
    type: str
    title: str
    offer: str
    percent: Rate
    currency: str
    face: Amount
    balance: Amount
    held: Amount
    uses: int
    used: int
    reserved: int
    excess: int
    customer: str | None
    valid_from: datetime | None
    valid_until: datetime | None
    stores: list[str]
    minimum: Amount
    whole: bool
    state: str
    reason: str
    moved_to: str
    document: str | None
    run: str | None
    created_at: datetime
    created_by: str


class Moved(BaseModel):
    """What became of a lost card."""

    model_config = ConfigDict(extra="forbid")

    lost: VoucherItem
    replaced_by: VoucherItem
    amount: Amount


class VoucherMovement(BaseModel):
    """A movement of money on a stored value."""

    model_config = ConfigDict(extra="forbid")

    at: datetime
    operation: str
    amount: Amount
    balance: Amount
    document: str | None
    store: str


@dataclass(frozen=True, slots=True)
class VoucherFilter:
    """What a list of vouchers is narrowed to; what is empty narrows nothing.

    Attributes:
        code: Exactly this one, folded.
        part: A part of the code, folded.
        tail: The last characters of the code, folded.
        ends: Only those whose end is not after this instant.
        lives_at: Only those that have not ended by then.
    """

    kind: str = ""
    type: str = ""
    customer: str = ""
    state: str = ""
    run: str = ""
    code: str = ""
    part: str = ""
    tail: str = ""
    ends: datetime | None = None
    lives_at: datetime | None = None


class HistoryLine(BaseModel):
    """What happened to a voucher: a movement of money, or something that a person did to it.

    Attributes:
        what: "issue", "load", "use", "return", "undo", "lapse", "move", "hold", "block", "unblock" or "extend".
        until: Of a hold: when it ends by itself.
        actor: Who, where somebody did it by hand.
    """

    model_config = ConfigDict(extra="forbid")

    at: datetime
    what: str
    amount: Amount | None = None
    balance: Amount | None = None
    document: str | None = None
    number: str = ""
    store: str = ""
    until: datetime | None = None
    actor: str = ""
