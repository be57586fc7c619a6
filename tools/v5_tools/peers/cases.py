"""The format of an acceptance case."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

__all__ = [
    "VERBS", "Account", "Adjust", "Call", "Cancel", "Case", "Claim", "Clock", "Commit", "Coupon", "Customer", "Given", "Hold", "Identify",
    "Issue", "Item", "Join", "Load", "Return", "Returned", "Sale", "Sell", "Step", "Store", "Stored", "Tax",
]  # fmt: skip

DEFAULT_NOW: Final = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)


def _decimal(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


# Written as 12, 12.50 or "12.50": the loader keeps what was written, so that no figure goes through binary floating point.
Number = Annotated[Decimal, BeforeValidator(_decimal), WithJsonSchema({"type": ["number", "string"], "examples": ["12.50"]})]


class Source(_Part):
    """Whose behaviour the case restates, and where it was found."""

    peer: str
    where: str = ""


class Tax(_Part):
    """One of several taxes on a line.

    Attributes:
        included: The price holds it already.
        compound: It is a percentage of the price with the taxes before it, not of the bare price.
    """

    rate: Number
    included: bool = False
    compound: bool = False


class Item(_Part):
    """A line of a basket as people write it.

    Attributes:
        price: Of one unit; negative for a deduction. Instead: `amount`, or `gross` and `net`.
        amount: Of the whole line.
        gross: Of the whole line, with VAT, where the till's own figures are given; then `net` too.
        vat: Percent, or a list of taxes.
        line: The line's id; 1, 2, 3 ... by position when left out.
        discount: What the till already took off, with VAT.
    """

    product: str
    price: Number | None = None
    amount: Number | None = None
    gross: Number | None = None
    net: Number | None = None
    quantity: Number = Decimal(1)
    vat: Number | tuple[Tax, ...] = Decimal(0)
    price_includes_vat: bool = True
    family: str = ""
    brand: str = ""
    tags: tuple[str, ...] = ()
    kind: Literal["product", "service", "reward", "gift_card", "deduction"] = "product"
    description: str = ""
    ean: str | None = None
    discount: Number = Decimal(0)
    line: str = ""

    @model_validator(mode="after")
    def _one_price(self) -> Self:
        if (self.price is not None) + (self.amount is not None) + (self.gross is not None) != 1:
            raise ValueError("a line needs exactly one of price, amount and gross")
        if (self.gross is None) != (self.net is None):
            raise ValueError("gross and net go together")
        return self


class Claim(_Part):
    """A reward to take for points: so many times, or so many units of a gift."""

    rule: str
    times: int = 1
    product: str | None = None
    quantity: Number | None = None


class Account(_Part):
    """A gift card, wallet, voucher or credit note to pay with."""

    code: str
    amount: Number | None = None


def _named(key: str) -> BeforeValidator:
    def full(value: object) -> object:
        return {key: value} if isinstance(value, str) else value

    return BeforeValidator(full)


def _listed(value: object) -> object:
    return [value] if isinstance(value, str | dict) else value


# One thing where a list is meant is a list of it.
_One = BeforeValidator(_listed)


class _AtTill(_Part):
    store: str = ""
    till: str = "1"
    customer: str | dict[str, str] | None = None


class Sale(_AtTill):
    """A basket, and what is named with it; the fields are those of the quote."""

    basket: Annotated[tuple[Item, ...], Field(min_length=1), _One]
    codes: Annotated[tuple[str, ...], _One] = ()
    claims: Annotated[tuple[Annotated[Claim, _named("rule")], ...], _One] = ()
    stored_value: Annotated[tuple[Annotated[Account, _named("code")], ...], _One] = ()
    points_to_use: Number = Decimal(0)
    payments: Annotated[tuple[str, ...], _One] = ()
    operator: str = ""
    currency: str = ""


class Sell(Sale):
    """Quote, hold (where points, stored value or codes are used) and commit, as a till does; the reply holds all three.

    Attributes:
        number: The document's number; made up when left out.
        hold: False: nothing is reserved before the sale.
    """

    number: str = ""
    hold: bool = True


class Hold(_AtTill):
    """Reserve: what the quote named in `of` uses, or what is said here."""

    of: str = ""
    points: Number = Decimal(0)
    stored_value: tuple[Annotated[Account, _named("code")], ...] = ()
    codes: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    ttl_seconds: int = 900


class Commit(_AtTill):
    """A document issued: what the quote named in `of` becomes, paid with the hold named in `hold`; or a basket at its own prices."""

    of: str = ""
    hold: str = ""
    number: str = ""
    basket: tuple[Item, ...] = ()
    payments: tuple[dict[str, str], ...] = ()
    operator: str = ""


class Cancel(_AtTill):
    """A hold released or a document cancelled: by the step that made it, or by name."""

    of: str = ""
    hold: str | None = None
    document: str | None = None
    reason: str = ""


class Returned(_Part):
    """Units of a line that come back: by article, or by the line's id."""

    product: str = ""
    line: str = ""
    quantity: Number | None = None


class Return(_AtTill):
    """A credit note: of the sale named in `of` (all of it, or `lines`), or of a `basket` that points at nothing."""

    of: str = ""
    lines: tuple[Annotated[Returned, _named("product")], ...] = ()
    basket: tuple[Item, ...] = ()
    number: str = ""
    payments: tuple[dict[str, str], ...] = ()


class Identify(_AtTill):
    """Who is this? By a customer of the case, or by any key."""

    key: str = ""


class Clock(_Part):
    """Time passes: so much, or until an instant."""

    days: int = 0
    hours: int = 0
    minutes: int = 0
    to: AwareDatetime | None = None


class Call(_Part):
    """Any other call of the public API."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    path: str
    body: Any = None
    query: dict[str, str] = Field(default_factory=dict)


class _Issued(_Part):
    code: str = ""
    customer: str | None = None
    valid_from: date | None = None
    valid_until: date | None = None
    stores: tuple[str, ...] = ()
    minimum: Number = Decimal(0)


class Coupon(_Issued):
    """A coupon for the `offer` of a programme, or a voucher of so many `percent` off a sale; `uses` are how often it is good."""

    offer: str = ""
    percent: Number | None = None
    uses: int = 1


class Stored(_Issued):
    """A gift card, wallet or credit note of a `type` that a programme has; without a type a voucher of an amount."""

    type: str = ""
    amount: Number = Decimal(0)
    whole: bool = False


class Issue(_Part):
    """Makes a coupon or a stored value by hand."""

    coupon: Coupon | None = None
    stored_value: Stored | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.coupon is None) == (self.stored_value is None):
            raise ValueError("issue needs either coupon or stored_value")
        return self


class Load(_Part):
    """Money that was paid comes on a wallet."""

    code: str
    amount: Number


class Adjust(_Part):
    """Points given or taken by hand."""

    customer: str
    points: Number
    reason: str = "adjustment"
    expires_on: date | None = None


class Join(_Part):
    """A customer joins a club, for its own period or until a day."""

    customer: str
    club: str
    until: date | None = None


class Step(_Part):
    """One verb, and what is expected of its reply.

    Attributes:
        as_: A name under which later steps refer to it.
        expect: Path into the reply to what must be there.
        error: The code of the problem that must come instead of a reply.
        note: For readers.
    """

    model_config = ConfigDict(populate_by_name=True)

    as_: str = Field(default="", alias="as")
    note: str = ""
    quote: Sale | None = None
    sell: Sell | None = None
    hold: Hold | None = None
    commit: Commit | None = None
    cancel: Cancel | None = None
    return_: Return | None = Field(default=None, alias="return")
    identify: Identify | None = None
    enrol: dict[str, Any] | None = None
    customer: str | None = None
    publish: dict[str, Any] | None = None
    issue: Issue | None = None
    load: Load | None = None
    voucher: str | None = None
    adjust: Adjust | None = None
    join: Join | None = None
    clock: Clock | None = None
    housekeeping: dict[str, Any] | None = None
    call: Call | None = None
    expect: dict[str, Any] = Field(default_factory=dict)
    error: str = ""

    @model_validator(mode="after")
    def _one_verb(self) -> Self:
        if len(self._verbs()) != 1:
            raise ValueError(f"a step has exactly one verb: {', '.join(VERBS)}")
        return self

    def _verbs(self) -> list[str]:
        return [name for name in VERBS if getattr(self, name.replace("return", "return_")) is not None]

    @property
    def verb(self) -> str:
        """Its verb."""
        return self._verbs()[0]

    @property
    def body(self) -> Any:
        """What the verb says."""
        return getattr(self, self.verb.replace("return", "return_"))


VERBS: Final = (
    "quote", "sell", "hold", "commit", "cancel", "return", "identify", "enrol", "customer", "publish", "issue", "load", "voucher",
    "adjust", "join", "clock", "housekeeping", "call",
)  # fmt: skip


class Store(_Part):
    """A store."""

    code: str
    timezone: str = "Europe/Lisbon"
    language: str = "en"


class Customer(_Part):
    """A customer who is there when the case begins; further fields are those of `enrol`."""

    model_config = ConfigDict(extra="allow")

    id: str
    points: Number = Decimal(0)
    clubs: tuple[str, ...] = ()


class Given(_Part):
    """How the world is when the case begins."""

    now: AwareDatetime = DEFAULT_NOW
    currency: str = "EUR"
    country: str = "PT"
    stores: Annotated[tuple[Annotated[Store, _named("code")], ...], Field(min_length=1)] = (Store(code="S1"),)
    customers: tuple[Annotated[Customer, _named("id")], ...] = ()
    coupons: tuple[Coupon, ...] = ()
    stored_value: tuple[Stored, ...] = ()


class Case(_Part):
    """An acceptance case.

    Attributes:
        policy: In words: which of several behaviours this is, and by which switches.
        programmes: As they are published, before the first step.
        table: Variants: the case runs once for each row, with `$name` replaced by the row's value.
        row: Which row this is; set by the runner.
    """

    id: str
    title: str
    source: Annotated[Source, _named("peer")] | None = None
    topics: tuple[str, ...] = ()
    policy: str = ""
    note: str = ""
    programmes: tuple[dict[str, Any], ...] = ()
    given: Given = Given()
    steps: Annotated[tuple[Step, ...], Field(min_length=1)]
    table: tuple[dict[str, Any], ...] = ()
    row: str = ""
