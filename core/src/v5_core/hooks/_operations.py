"""Requests, replies and the port."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Protocol

from pydantic import AwareDatetime, Field

from v5_core.hooks._parts import (
    Benefit,
    ClaimResult,
    CodeResult,
    CustomerView,
    Explanation,
    Gift,
    Message,
    ReceiptLine,
    Reward,
    StoredPayment,
    StoredUse,
    TierView,
    VoucherView,
)
from v5_core.model import Applied, Balance, Claim, Code, CustomerRef, Line, Moment, PaymentMethod, SalesDocument, Text, Wire
from v5_core.money import Amount, Points

__all__ = [
    "CancelRequest",
    "CancelResponse",
    "CommitRequest",
    "CommitResponse",
    "EnrolRequest",
    "EnrolResponse",
    "HoldRequest",
    "HoldResponse",
    "Hooks",
    "IdentifyRequest",
    "IdentifyResponse",
    "QuoteRequest",
    "QuoteResponse",
    "ReturnRequest",
    "ReturnResponse",
]


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
    claims: tuple[ClaimResult, ...] = ()


class HoldRequest(Wire):
    """Reserve what the sale is going to use; a second till cannot use it. At least one thing must be named.

    Attributes:
        points: To be used as money or for rewards.
        stored_value: Amounts of gift cards, wallets, vouchers, credit notes.
        codes: Coupons, each for one use.
        rules: Offers with limits or entitlements that the quote applied, each for one use.
        applied: Offers and coupons that the quote applied, each for as many uses and as much money of its budgets as it says.
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
    applied: Annotated[tuple[Applied, ...], Field(max_length=50)] = ()
    ttl_seconds: Annotated[int, Field(ge=10, le=86_400)] = 900
    operator: str = Field(default="", max_length=80)

    def taking(self, rule: str) -> Applied:
        """How often, and how much, is taken of a rule: once, unless `applied` says more."""
        return next((one for one in self.applied if one.rule == rule), Applied(rule=rule))


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
        vouchers: What the sale made.
        withdrawn: Vouchers that it had made and that a correction of it took back or made smaller, as they are now.
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
    withdrawn: tuple[VoucherView, ...] = ()


class CancelRequest(Wire):
    """A sale abandoned (release `hold`) or a document cancelled (by one of its keys)."""

    request_id: Code
    store: Code
    at: Moment
    hold: str | None = Field(default=None, max_length=80)
    document: str | None = Field(default=None, max_length=200)
    reason: Text = ""


class CancelResponse(Wire):
    """What was undone.

    Attributes:
        messages: What a person should know, such as money of a sold gift card that was spent by then.
        vouchers: Vouchers of the sale that are good, or worth more, again when its return is cancelled; with their codes.
        withdrawn: Vouchers of the cancelled sale that were taken back, as they are now.
    """

    released: bool = False
    reversed_document: str | None = None
    points: Points = 0
    balance: Balance | None = None
    provisional: bool = False
    messages: tuple[Message, ...] = ()
    vouchers: tuple[VoucherView, ...] = ()
    withdrawn: tuple[VoucherView, ...] = ()


class ReturnRequest(Wire):
    """A credit note: `document.kind` is return; lines point at what they return, or nothing does."""

    request_id: Code
    document: SalesDocument


class ReturnResponse(Wire):
    """Points taken back and given back.

    Attributes:
        vouchers: What the return made: a credit note; and vouchers of its sales that are good again where it takes less than before.
        withdrawn: Vouchers of the sale that the return took back or made smaller, as they are now.
        messages: What a person should know, such as money of a returned gift card that was spent by then.
    """

    document: Code
    duplicate: bool = False
    points_taken: Points = 0
    points_given: Points = 0
    balance: Balance | None = None
    receipt: tuple[ReceiptLine, ...] = ()
    explanations: tuple[Explanation, ...] = ()
    provisional: bool = False
    vouchers: tuple[VoucherView, ...] = ()
    withdrawn: tuple[VoucherView, ...] = ()
    messages: tuple[Message, ...] = ()


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
