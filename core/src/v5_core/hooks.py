"""Sale-time operations: one set of models for REST, SOAP and Python, in the agent and in the cloud.

`Hooks` is the port; the agent answers it from the replica, the cloud from the ledger. Every request that changes something carries
`request_id`: the same id with the same body gives the stored answer, with another body `ConflictError`.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Protocol

from pydantic import AwareDatetime, Field

from v5_core.model import Balance, Card, Claim, Code, CustomerRef, Line, Moment, PaymentMethod, SalesDocument, Text, Wire
from v5_core.money import Amount, Points, Quantity, Rate

__all__ = [
    "Benefit",
    "CancelRequest",
    "CancelResponse",
    "CodeResult",
    "CommitRequest",
    "CommitResponse",
    "CustomerView",
    "EnrolRequest",
    "EnrolResponse",
    "EntitlementView",
    "Explanation",
    "Gift",
    "HoldRequest",
    "HoldResponse",
    "Hooks",
    "IdentifyRequest",
    "IdentifyResponse",
    "MembershipView",
    "Message",
    "QuoteRequest",
    "QuoteResponse",
    "ReceiptLine",
    "ReturnRequest",
    "ReturnResponse",
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
    """A discount that an offer gives, split over the lines in `shares`; `line_id` is set when it touches one line only."""

    rule: str
    title: Text
    line_id: str | None = None
    amount: Amount
    shares: dict[str, Amount] = Field(default_factory=dict)


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


class IdentifyRequest(Wire):
    """`key` is whatever was typed or scanned: card number, phone, tax number, or part of a name."""

    store: Code
    till: str = Field(default="", max_length=40)
    key: Annotated[str, Field(min_length=2, max_length=80)]


class IdentifyResponse(Wire):
    """One customer found, or several to choose from, or none."""

    customer: CustomerView | None = None
    candidates: tuple[CustomerView, ...] = ()
    provisional: bool = False
    directives: tuple[Text, ...] = ()


class EnrolRequest(Wire):
    """A new customer at the till. A card number may be handed over; otherwise one is made.

    Attributes:
        consent: For SMS, post and e-mail, where each is not said by itself.
        referred_by: Who brought the customer: card, phone or V5's id.
        identity: Number of an identity card, or of a passport: bare, with its check digit, or the second line of its machine-readable zone.
        unless_similar: Nothing is written when somebody is known who sounds alike (`possible_duplicate`).
        clubs: Joined at this very moment; a member whose renewal is open gets the next period.
        member_until: Last day of these memberships, where it is not the club's own length.
    """

    request_id: Code
    store: Code
    till: str = Field(default="", max_length=40)
    name: Text = ""
    phone: str | None = Field(default=None, max_length=40)
    email: str | None = Field(default=None, max_length=254)
    tax_number: str | None = Field(default=None, max_length=40)
    tax_country: str = Field(default="PT", pattern="^[A-Z]{2}$")
    birth_date: date | None = None
    card: str | None = Field(default=None, max_length=80)
    consent_sms: bool | None = None
    consent_email: bool | None = None
    consent_post: bool | None = None
    consent: bool = False
    referred_by: str | None = Field(default=None, max_length=80)
    identity: str | None = Field(default=None, max_length=80)
    identity_kind: Literal["national", "passport"] = "national"
    unless_similar: bool = False
    clubs: Annotated[tuple[Code, ...], Field(max_length=20)] = ()
    member_until: date | None = None

    def consents(self, way: Literal["sms", "email", "post"]) -> bool:
        """What was said of this way, else what was said of all."""
        said: bool | None = getattr(self, f"consent_{way}")
        return self.consent if said is None else said


class EnrolResponse(Wire):
    """The record made (or found: then `created` is false). `similar`: others who sound alike, for the cashier to look at."""

    customer: CustomerView
    created: bool
    provisional: bool = False
    similar: tuple[CustomerView, ...] = ()


class QuoteRequest(Wire):
    """A basket as it stands. Changes nothing.

    Attributes:
        codes: Codes that were typed or scanned: of offers, and of coupons.
        claims: Rewards that the customer wants to take for points.
        stored_value: Gift cards, wallets, vouchers and credit notes to pay with, in this order.
        payments: Means of payment that will be used, where an offer hangs on it.
    """

    store: Code
    till: str = Field(default="", max_length=40)
    at: Moment
    currency: str = "EUR"
    customer: CustomerRef = CustomerRef()
    lines: Annotated[tuple[Line, ...], Field(min_length=1, max_length=5000)]
    points_to_use: Annotated[Points, Field(ge=0)] = 0
    operator: str = Field(default="", max_length=80)
    codes: Annotated[tuple[Code, ...], Field(max_length=50)] = ()
    claims: Annotated[tuple[Claim, ...], Field(max_length=50)] = ()
    stored_value: Annotated[tuple[StoredPayment, ...], Field(max_length=50)] = ()
    payments: Annotated[tuple[PaymentMethod, ...], Field(max_length=10)] = ()


class QuoteResponse(Wire):
    """What the engine says of the basket.

    Attributes:
        total: After discounts and points, with VAT; what stored value pays is taken off it in `to_pay`.
        net: `total` without VAT.
        points_spent: Points that claims and `points_used` cost together.
        redeemable: Points that may be used on this basket now, and their worth in `redeemable_amount`.
        points_amount: Worth of `points_to_use` as granted.
        savings_as_member: What a member would have saved, when nobody is identified.
    """

    total: Amount
    discount: Amount = 0
    benefits: tuple[Benefit, ...] = ()
    points_earned: Points = 0
    redeemable: Points = 0
    redeemable_amount: Amount = 0
    points_used: Points = 0
    points_amount: Amount = 0
    rewards: tuple[Reward, ...] = ()
    messages: tuple[Message, ...] = ()
    savings_as_member: Amount = 0
    explanations: tuple[Explanation, ...] = ()
    provisional: bool = False
    net: Amount = 0
    to_pay: Amount = 0
    points_spent: Points = 0
    gifts: tuple[Gift, ...] = ()
    codes: tuple[CodeResult, ...] = ()
    stored_value: tuple[StoredUse, ...] = ()


class HoldRequest(Wire):
    """Reserve what the sale is going to use; a second till cannot use it. At least one thing must be named.

    Attributes:
        points: To be used as money or for rewards.
        stored_value: Amounts of gift cards, wallets, vouchers, credit notes.
        codes: Coupons, each for one use.
        rules: Offers with limits or entitlements that the quote applied, each for one use.
    """

    request_id: Code
    store: Code
    till: str = Field(default="", max_length=40)
    at: Moment
    customer: CustomerRef = CustomerRef()
    points: Annotated[Points, Field(ge=0)] = 0
    stored_value: Annotated[tuple[StoredPayment, ...], Field(max_length=50)] = ()
    codes: Annotated[tuple[Code, ...], Field(max_length=50)] = ()
    rules: Annotated[tuple[Code, ...], Field(max_length=50)] = ()
    ttl_seconds: Annotated[int, Field(ge=10, le=86_400)] = 900


class HoldResponse(Wire):
    """The hold, the worth of its points as money, what it reserves of stored value, and when it lapses by itself."""

    hold: Code
    points: Points = 0
    amount: Amount = 0
    stored_value: tuple[StoredUse, ...] = ()
    expires_at: AwareDatetime
    provisional: bool = False


class CommitRequest(Wire):
    """The document was issued. Once per document, however often it is sent; payments name the holds they used."""

    request_id: Code
    document: SalesDocument


class CommitResponse(Wire):
    """What the sale did to the customer, and what the receipt says of it.

    Attributes:
        difference: Set when the cloud's result differs from an earlier provisional answer.
    """

    document: Code
    duplicate: bool = False
    points_earned: Points = 0
    points_spent: Points = 0
    balance: Balance | None = None
    receipt: tuple[ReceiptLine, ...] = ()
    messages: tuple[Message, ...] = ()
    explanations: tuple[Explanation, ...] = ()
    provisional: bool = False
    vouchers: tuple[VoucherView, ...] = ()
    tiers: tuple[TierView, ...] = ()
    stored_value: tuple[StoredUse, ...] = ()


class CancelRequest(Wire):
    """A sale abandoned (release `hold`) or a document cancelled (by one of its keys)."""

    request_id: Code
    store: Code
    at: Moment
    hold: str | None = Field(default=None, max_length=80)
    document: str | None = Field(default=None, max_length=200)
    reason: Text = ""


class CancelResponse(Wire):
    """What was undone."""

    released: bool = False
    reversed_document: str | None = None
    points: Points = 0
    balance: Balance | None = None
    provisional: bool = False


class ReturnRequest(Wire):
    """A credit note: `document.kind` is return; lines point at what they return, or nothing does."""

    request_id: Code
    document: SalesDocument


class ReturnResponse(Wire):
    """Points taken back and given back."""

    document: Code
    duplicate: bool = False
    points_taken: Points = 0
    points_given: Points = 0
    balance: Balance | None = None
    receipt: tuple[ReceiptLine, ...] = ()
    explanations: tuple[Explanation, ...] = ()
    provisional: bool = False


class Hooks(Protocol):
    """The port of sale-time operations."""

    def identify(self, request: IdentifyRequest) -> IdentifyResponse:
        """Who is this?"""
        ...

    def enrol(self, request: EnrolRequest) -> EnrolResponse:
        """A new customer."""
        ...

    def quote(self, request: QuoteRequest) -> QuoteResponse:
        """What does the basket give? Changes nothing."""
        ...

    def hold(self, request: HoldRequest) -> HoldResponse:
        """Reserve points."""
        ...

    def commit(self, request: CommitRequest) -> CommitResponse:
        """The document was issued."""
        ...

    def cancel(self, request: CancelRequest) -> CancelResponse:
        """Release a hold or undo a document."""
        ...

    def return_(self, request: ReturnRequest) -> ReturnResponse:
        """A credit note."""
        ...
