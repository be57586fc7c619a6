"""How points are earned."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from v5_core.model import Code
from v5_core.money import Amount, Points, Quantity, Rate
from v5_core.programme._common import Expiry, PointsCap, Rule

__all__ = ["Boost", "EarnEvent", "EarnPerAmount", "EarnPerQuantity", "EarnPerSale", "EarnRule"]


class _Earn(Rule):
    """What all earning rules share.

    Attributes:
        caps: Most points of this rule per sale, day, period and customer.
        expiry: Of these points, where it differs from the programme's.
        pending_days: Days before these points can be used, where it differs from the programme's.
    """

    caps: Annotated[tuple[PointsCap, ...], Field(max_length=10)] = ()
    expiry: Expiry | None = None
    pending_days: int | None = Field(default=None, ge=0, le=365)


class _AtSale(_Earn):
    """What earning rules of sales share.

    Attributes:
        minimum_quantity: Units of the selected lines, together, below which nothing is earned.
        codes: One of these must be typed or scanned at the sale; who has none does not earn by this rule.
    """

    minimum_quantity: Annotated[Quantity, Field(ge=0)] = 0
    codes: Annotated[tuple[Code, ...], Field(max_length=1000)] = ()


class EarnPerAmount(_AtSale):
    """`points` for every `amount` spent on the selected lines (1 point per 1.00).

    Attributes:
        minimum: Amount of the selected lines below which nothing is earned.
        whole: Only for full multiples of `amount`: 19.99 at 1 per 10.00 is 1.
    """

    form_first = ("title", "points", "amount", "minimum", "selector", "when", "validity")

    kind: Literal["per_amount"] = "per_amount"
    points: Annotated[Points, Field(gt=0)]
    amount: Annotated[Amount, Field(gt=0)]
    minimum: Annotated[Amount, Field(ge=0)] = 0
    whole: bool = False


class EarnPerQuantity(_AtSale):
    """`points` for every full multiple of `quantity` of the selected lines, together or line by line; from `minimum_quantity` on."""

    form_first = ("title", "points", "quantity", "selector", "when", "validity")

    kind: Literal["per_quantity"] = "per_quantity"
    points: Annotated[Points, Field(gt=0)]
    quantity: Annotated[Quantity, Field(gt=0)] = 1000
    per_line: bool = False


class EarnPerSale(_AtSale):
    """`points` once for a sale that has selected lines; `per` "visit" counts the customer's first sale of a day only."""

    form_first = ("title", "points", "per", "minimum", "selector", "when", "validity")

    kind: Literal["per_sale"] = "per_sale"
    points: Annotated[Points, Field(gt=0)]
    minimum: Annotated[Amount, Field(ge=0)] = 0
    per: Literal["sale", "visit"] = "sale"


class EarnEvent(_Earn):
    """`points` when something happens to the customer; once each, birthdays and anniversaries once a year.

    Attributes:
        event: "welcome" at enrolment, "birthday", "referral" to whoever brought a new customer at that customer's first purchase,
            "referred" to that new customer, "profile" when every field of `fields` is filled, "anniversary" of the enrolment.
        fields: For "profile": names of the record's fields.
    """

    form_first = ("title", "event", "points", "when", "validity")

    kind: Literal["event"] = "event"
    event: Literal["welcome", "birthday", "referral", "referred", "profile", "anniversary"]
    points: Annotated[Points, Field(gt=0)]
    fields: tuple[str, ...] = ("name", "phone", "email", "birth_date")


EarnRule = Annotated[EarnPerAmount | EarnPerQuantity | EarnPerSale | EarnEvent, Field(discriminator="kind")]


class Boost(Rule):
    """Multiplies what the earning rules give on the selected lines.

    Attributes:
        factor: 200 % doubles, 0 % suspends earning.
        codes: One of these must be typed or scanned at the sale ("double points with SUMMER").
    """

    form_first = ("title", "factor", "selector", "when", "validity")

    factor: Annotated[Rate, Field(ge=0, le=10_000_000)]
    codes: Annotated[tuple[Code, ...], Field(max_length=1000)] = ()
