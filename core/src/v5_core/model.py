"""What everything speaks about: customers, cards, products, stores and sales documents.

All models are frozen and refuse unknown fields. Amounts are integers in Python and decimal strings in JSON (see `money`); times are aware.
"""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Self, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from v5_core.money import CURRENCIES, Amount, Points, Quantity, Rate

__all__ = [
    "Applied",
    "Card",
    "CardKind",
    "Claim",
    "Code",
    "Customer",
    "CustomerRef",
    "Day",
    "DocumentKind",
    "DocumentStatus",
    "FiscalKey",
    "Line",
    "LineKind",
    "Moment",
    "Origin",
    "Payment",
    "PaymentMethod",
    "Printed",
    "Product",
    "Reference",
    "SalesDocument",
    "Text",
    "Wire",
]

# No control characters (they break logs, receipts and XML); length bounded everywhere.
Text = Annotated[str, StringConstraints(max_length=500, strip_whitespace=True, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f]*$")]
Code = Annotated[str, StringConstraints(min_length=1, max_length=80, strip_whitespace=True, pattern=r"^[^\x00-\x1f\x7f]+$")]


_When = TypeVar("_When", date, datetime)


def _placeable(value: _When) -> _When:
    # Near the ends of the calendar another zone, or a year until points lapse, cannot be reckoned.
    if not 1900 <= value.year < 3000:
        raise ValueError("a time between the years 1900 and 2999 is expected")
    return value


Moment = Annotated[AwareDatetime, AfterValidator(_placeable)]
Day = Annotated[date, AfterValidator(_placeable)]


class Wire(BaseModel):
    """Base of all models: frozen, unknown fields refused, no coercion between types."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")


class DocumentKind(StrEnum):
    """What the document does to loyalty. Decided from the ERP's document type, never from the sign of a number."""

    SALE = "sale"
    RETURN = "return"


class DocumentStatus(StrEnum):
    """Issued counts; cancelled is as if it never was."""

    ISSUED = "issued"
    CANCELLED = "cancelled"


class Origin(StrEnum):
    """Which way a document came in. `TRUST` orders them."""

    ERP = "erp"
    SAFT = "saft"
    HOOK = "hook"
    PRINT = "print"


class LineKind(StrEnum):
    """Ordinary goods, or lines that rules treat apart. A deduction is taken off the total: its amounts, positive too, count against it."""

    PRODUCT = "product"
    SERVICE = "service"
    REWARD = "reward"
    GIFT_CARD = "gift_card"
    DEDUCTION = "deduction"


class PaymentMethod(StrEnum):
    """How the sale was paid; `POINTS` and stored value name the hold that covered them."""

    CASH = "cash"
    CARD = "card"
    TRANSFER = "transfer"
    CHECK = "check"
    POINTS = "points"
    GIFT_CARD = "gift_card"
    WALLET = "wallet"
    VOUCHER = "voucher"
    CREDIT_NOTE = "credit_note"
    OTHER = "other"


class CardKind(StrEnum):
    """What a card can do."""

    POINTS = "points"
    DISCOUNT = "discount"
    GIFT = "gift"


class FiscalKey(Wire):
    """The legal identity of a document: issuer's tax number and document number, as in the fiscal QR code and SAF-T.

    Attributes:
        issuer: Tax number of the seller, digits and letters only.
        number: Document number as printed ("FT 2026A1/123"), inner spaces collapsed.
        atcud: Portuguese unique document code, when it is known.
        hash4: The four signature characters that are printed, when known.
    """

    issuer: Code
    number: Code
    atcud: str | None = Field(default=None, max_length=100)
    hash4: str | None = Field(default=None, max_length=4)

    @property
    def key(self) -> str:
        """One text for comparison: issuer and number, upper case, single spaces."""
        return f"{self.issuer.upper()}:{' '.join(self.number.upper().split())}"


class CustomerRef(Wire):
    """Whatever a source knows of the buyer; the cloud resolves it to a customer.

    Attributes:
        card: Card number as scanned.
        erp: The ERP's own customer number, unique within the source system.
        tax_number: Checked with python-stdnum when resolved; the final consumer's number identifies nobody.
        phone: Any notation; normalised to E.164 when resolved.
        customer: V5's own customer id, when a hook identified the customer before.
    """

    card: str | None = Field(default=None, max_length=80)
    erp: str | None = Field(default=None, max_length=80)
    tax_number: str | None = Field(default=None, max_length=40)
    phone: str | None = Field(default=None, max_length=40)
    customer: str | None = Field(default=None, max_length=80)
    name: str | None = Field(default=None, max_length=200)

    @property
    def is_anonymous(self) -> bool:
        """Nothing in it can identify a customer."""
        return self.strength == 0

    @property
    def strength(self) -> int:
        """How surely it identifies: 2 by a card or by V5's own id, 1 by a number of somebody else's, 0 not at all."""
        if self.card or self.customer:
            return 2
        return 1 if self.erp or self.tax_number or self.phone else 0


class Reference(Wire):
    """What a returned line points at: the original document, and its line where the ERP knows it.

    Attributes:
        document: Original document number as printed, or the source's own id.
        line: `line_id` of the original line; None when only the document is known.
    """

    document: Code
    line: str | None = Field(default=None, max_length=80)


class Line(Wire):
    """One line of a sales document; all amounts positive, for the whole line, after the till's own discounts.

    Attributes:
        line_id: Stable within the document.
        gross: With VAT, what the customer pays for the line.
        net: Without VAT.
        discount: What the till already took off, with VAT; more than zero makes it a discounted line.
        quantity: In thousandths in Python, decimal string in JSON.
        vat_rate: Hundredths of a percent.
        tags: Whatever else rules may choose by ("organic", "colour:red").
    """

    line_id: Code
    product: Code
    description: Text = ""
    family: str = Field(default="", max_length=80)
    brand: str = Field(default="", max_length=80)
    ean: str | None = Field(default=None, max_length=20)
    kind: LineKind = LineKind.PRODUCT
    quantity: Annotated[Quantity, Field(ge=0)] = 1000
    gross: Annotated[Amount, Field(ge=0)]
    net: Annotated[Amount, Field(ge=0)]
    discount: Annotated[Amount, Field(ge=0)] = 0
    vat_rate: Annotated[Rate, Field(ge=0, le=10_000)] = 0
    tags: Annotated[tuple[Code, ...], Field(max_length=50)] = ()
    reference: Reference | None = None

    @property
    def signed_gross(self) -> int:
        """What the line adds to the total: a deduction takes away."""
        return -self.gross if self.kind is LineKind.DEDUCTION else self.gross

    @property
    def signed_net(self) -> int:
        """The same without VAT."""
        return -self.net if self.kind is LineKind.DEDUCTION else self.net


class Payment(Wire):
    """One means of payment. `hold` names the hold that reserved points or stored value; `code` the gift card, wallet or voucher itself."""

    method: PaymentMethod
    amount: Annotated[Amount, Field(ge=0)]
    hold: str | None = Field(default=None, max_length=80)
    code: str | None = Field(default=None, max_length=80)


class Claim(Wire):
    """A reward that the customer takes: the offer by its id, how many times, and which gift.

    Attributes:
        quantity: Units of a gift that are wanted; says `times` by itself: five units of a reward that gives two are three times.
    """

    rule: Code
    times: Annotated[int, Field(gt=0, le=10_000)] = 1
    product: str | None = Field(default=None, max_length=80)
    quantity: Annotated[Quantity, Field(gt=0)] | None = None


class Applied(Wire):
    """What the till took into its prices: an offer as the quote named it, the code that opened it, how many times a reward was taken.

    Attributes:
        times: As the quote's benefit says, or as often as a reward was taken.
        amount: What it took off, with VAT, for offers with a budget; left out: all that was taken off the document's lines.
    """

    rule: Code
    code: str | None = Field(default=None, max_length=80)
    times: Annotated[int, Field(gt=0, le=10_000)] = 1
    amount: Annotated[Amount, Field(ge=0)] | None = None


class Printed(Wire):
    """A voucher whose code a store made and printed by itself: the rule as "programme/rule", and the code."""

    rule: str = Field(max_length=200)
    code: Code


class SalesDocument(Wire):
    """A sale or a return, the same whichever way it came in.

    Attributes:
        source: System that knows it by `source_id` ("phc", "grid", "till", "print"), one per installation of it.
        source_id: That system's own id (PHC: trimmed ftstamp).
        fiscal: Legal identity, wherever it is known.
        document_type: As the source says ("FT", "FS", "NC"); for people.
        store: Store code of the company.
        issued_at: When the document was issued, aware.
        doubtful_time: The local time fell in the autumn hour that exists twice.
        gross: With VAT; equals the sum of the lines when there are lines.
        refs: Documents a whole return points at, when lines do not say.
        applied: Offers, coupons and rewards that the prices already hold; only a till that asked for a quote knows them.
        printed: Vouchers on its receipt under codes of the store's own making: what rules give for the sale is booked under these.
    """

    source: Code
    source_id: Code
    origin: Origin
    kind: DocumentKind
    status: DocumentStatus = DocumentStatus.ISSUED
    fiscal: FiscalKey | None = None
    document_type: str = Field(default="", max_length=20)
    store: Code
    till: str = Field(default="", max_length=40)
    operator: str = Field(default="", max_length=80)
    issued_at: Moment
    doubtful_time: bool = False
    currency: str = "EUR"
    customer: CustomerRef = CustomerRef()
    lines: Annotated[tuple[Line, ...], Field(max_length=5000)] = ()
    payments: Annotated[tuple[Payment, ...], Field(max_length=50)] = ()
    refs: Annotated[tuple[Reference, ...], Field(max_length=100)] = ()
    applied: Annotated[tuple[Applied, ...], Field(max_length=200)] = ()
    printed: Annotated[tuple[Printed, ...], Field(max_length=20)] = ()
    gross: Annotated[Amount, Field(ge=0)]
    net: Annotated[Amount, Field(ge=0)]
    cancelled_at: Moment | None = None
    cancel_reason: Text = ""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.currency not in CURRENCIES:
            raise ValueError(f"currency {self.currency!r} is not supported: an ISO 4217 code with two decimals is expected")
        ids = [line.line_id for line in self.lines]
        if len(set(ids)) != len(ids):
            raise ValueError("line_id must be unique within the document")
        if self.lines and sum(line.signed_gross for line in self.lines) != self.gross:
            raise ValueError("gross must equal the sum of the lines' gross")
        if self.lines and sum(line.signed_net for line in self.lines) != self.net:
            raise ValueError("net must equal the sum of the lines' net")
        return self

    @property
    def keys(self) -> tuple[str, ...]:
        """All keys under which this document may be known, best first; the first is its identity."""
        source = f"source:{self.source}:{self.source_id}"
        return (f"fiscal:{self.fiscal.key}", source) if self.fiscal else (source,)

    @property
    def revision(self) -> str:
        """Hash of the content: same again gives the same answer, another posts the difference.

        What is as when left out is left out: a field that a later version adds changes no revision.
        """
        return hashlib.sha256(self.model_dump_json(exclude_defaults=True).encode()).hexdigest()


class Card(Wire):
    """A card of a customer. `number` is an EAN-13 of the company's own range, or any code on plastic already in use.

    Attributes:
        rate: The standing discount of a discount or VIP card; 0 is the programme's.
        valid_until: Last day on which the card counts; None is always.
    """

    number: Code
    kind: CardKind = CardKind.POINTS
    card_type: Code = "points"
    active: bool = True
    rate: Annotated[Rate, Field(ge=0, le=10_000)] = 0
    valid_until: date | None = None


class Customer(Wire):
    """A customer as sources send it and as the till sees it; missing means unknown."""

    source: Code
    source_id: Code
    name: Text = ""
    tax_number: str | None = Field(default=None, max_length=40)
    tax_country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] = "PT"
    phone: str | None = Field(default=None, max_length=40)
    email: str | None = Field(default=None, max_length=254)
    birth_date: date | None = None
    cards: tuple[Card, ...] = ()
    updated_at: datetime | None = None
    inactive: bool = False


class Product(Wire):
    """An article as sources send it."""

    source: Code
    source_id: Code
    code: Code
    description: Text = ""
    family: str = Field(default="", max_length=80)
    family_name: Text = ""
    brand: str = Field(default="", max_length=80)
    ean: str | None = Field(default=None, max_length=20)
    price: Annotated[Amount, Field(ge=0)] = 0
    vat_rate: Annotated[Rate, Field(ge=0, le=10_000)] = 0
    inactive: bool = False


class Balance(Wire):
    """Points of one card account: what can be spent now, what others hold, what expires next."""

    available: Points
    held: Points = 0
    expiring: Points = 0
    expiring_on: date | None = None
