"""What the replies are made of: benefits, messages, explanations, and what a till may see of a customer."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from v5_core.model import Balance, Card, Code, Text, Wire
from v5_core.money import Amount, Points, Quantity, Rate

__all__ = [
    "Benefit",
    "ClaimResult",
    "CodeResult",
    "CustomerView",
    "EntitlementView",
    "Explanation",
    "Gift",
    "MembershipView",
    "Message",
    "ReceiptLine",
    "Reward",
    "StoredPayment",
    "StoredUse",
    "TierView",
    "VoucherView",
]


class Explanation(Wire):
    """Why a figure is what it is: rule and version, the lines it touched, the arithmetic in words."""

    rule: str
    version: int = 0
    lines: tuple[str, ...] = ()
    text: Text
    points: Points = 0
    amount: Amount = 0


class Benefit(Wire):
    """A discount that an offer gives, split over the lines in `shares`; `line_id` is set when it touches one line only.

    Attributes:
        times: Uses that it takes of limits and of its coupon: more than one where each unit counts.
    """

    rule: str
    title: Text
    line_id: str | None = None
    amount: Amount
    shares: dict[str, Amount] = Field(default_factory=dict)
    times: int = 1


class Reward(Wire):
    """Something points can buy: within reach or not."""

    rule: str
    title: Text
    cost: Points
    amount: Amount = 0
    missing: Points = 0


class Gift(Wire):
    """A product to add to the basket for nothing; `cost` in points when it is a reward."""

    rule: str
    product: Code
    quantity: Quantity
    description: Text = ""
    cost: Points = 0


class StoredPayment(Wire):
    """A gift card, wallet, voucher or credit note to pay with; without an amount as much as it covers."""

    code: Code
    amount: Annotated[Amount, Field(gt=0)] | None = None


class StoredUse(Wire):
    """What a stored value pays of this basket, and what is left on it after that; `problem` is a code when it cannot pay."""

    code: str
    kind: str = ""
    amount: Amount = 0
    left: Amount = 0
    problem: str = ""
    text: Text = ""


class CodeResult(Wire):
    """What became of a code that was typed: applied by which rule, or refused with a code and words."""

    code: str
    rule: str = ""
    problem: str = ""
    text: Text = ""


class ClaimResult(Wire):
    """What became of a reward that was claimed: given how many `times`, or why not as often as it was wanted."""

    rule: str
    times: int = 0
    problem: str = ""
    text: Text = ""


class TierView(Wire):
    """The customer's level, and what is missing to the next."""

    programme: str
    tier: str
    title: Text = ""
    until: date | None = None
    next_tier: str = ""
    missing: int = 0


class EntitlementView(Wire):
    """What a member may have, and how often still in this period."""

    entitlement: str
    title: Text
    left: int
    until: date | None = None


class MembershipView(Wire):
    """A membership of a club: `state` is active, ending (inside the warning), paused or ended."""

    club: str
    title: Text
    state: Literal["active", "ending", "paused", "ended"]
    since: date
    until: date | None = None
    entitlements: tuple[EntitlementView, ...] = ()


class VoucherView(Wire):
    """A voucher, coupon, gift card, wallet or credit note: money in `amount`, a percentage in `percent`, or a coupon for an offer."""

    code: str
    kind: str
    title: Text = ""
    amount: Amount = 0
    percent: Rate = 0
    rule: str = ""
    valid_from: date | None = None
    valid_until: date | None = None


class Message(Wire):
    """Words for a person: at the till, or on the receipt."""

    audience: Literal["cashier", "customer"]
    severity: Literal["info", "warning", "alert"] = "info"
    text: Text


class ReceiptLine(Wire):
    """One line of the loyalty footer; a QR line carries its content in `qr`."""

    text: str = Field(default="", max_length=200)
    align: Literal["left", "center", "right"] = "left"
    bold: bool = False
    large: bool = False
    qr: str | None = Field(default=None, max_length=300)


class CustomerView(Wire):
    """What the till may see of a customer."""

    customer: Code
    name: Text = ""
    cards: tuple[Card, ...] = ()
    balance: Balance
    blocked: bool = False
    remark: Text = ""
    member_since: date | None = None
    messages: tuple[Message, ...] = ()
    tiers: tuple[TierView, ...] = ()
    memberships: tuple[MembershipView, ...] = ()
    segments: tuple[Code, ...] = ()
    vouchers: tuple[VoucherView, ...] = ()
