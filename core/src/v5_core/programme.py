"""Programmes as data: how points are earned, what offers give, how points are spent and when they lapse.

A programme is versioned, valid for a period, published once and then immutable. Everything is JSON, checked here. New kinds of rules
are new members of the unions below; nothing else changes shape.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from v5_core.model import Code, LineKind, Text, Wire
from v5_core.money import Amount, Points, Quantity, Rate, Rounding

__all__ = [
    "Boost",
    "EarnPerAmount",
    "EarnPerQuantity",
    "EarnRule",
    "Expiry",
    "Offer",
    "Policies",
    "Programme",
    "Redemption",
    "RewardLevel",
    "Selector",
    "Validity",
]

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,59}$")]


class Validity(Wire):
    """When a part is in force: from the first instant, until before the second; None is open."""

    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None

    def covers(self, at: datetime) -> bool:
        """Whether `at` lies inside."""
        return (self.starts_at is None or self.starts_at <= at) and (self.ends_at is None or at < self.ends_at)


class Selector(Wire):
    """Which lines. Empty lists select all; every list given must match; exclusions win.

    Attributes:
        where: Criteria in text form over line fields ("product", "family", "brand", "gross", "quantity" ...), or "".
        exclude_discounted: Leave out lines that the till, or an offer, already reduced.
    """

    products: tuple[Code, ...] = ()
    families: tuple[Code, ...] = ()
    brands: tuple[Code, ...] = ()
    kinds: tuple[LineKind, ...] = (LineKind.PRODUCT, LineKind.SERVICE)
    exclude_products: tuple[Code, ...] = ()
    exclude_families: tuple[Code, ...] = ()
    exclude_discounted: bool = False
    where: str = Field(default="", max_length=1000)


class _Rule(Wire):
    """What all rules share. `when` is criteria over sale and customer ("weekday = 2 and store = 'LX1'"), or ""."""

    id: Slug
    title: Text = ""
    when: str = Field(default="", max_length=1000)
    validity: Validity = Validity()
    selector: Selector = Selector()


class EarnPerAmount(_Rule):
    """`points` for every `amount` spent on the selected lines (1 point per 1.00)."""

    kind: Literal["per_amount"] = "per_amount"
    points: Annotated[Points, Field(gt=0)]
    amount: Annotated[Amount, Field(gt=0)]
    minimum: Annotated[Amount, Field(ge=0)] = 0


class EarnPerQuantity(_Rule):
    """`points` for every full multiple of `quantity` of the selected lines, together or line by line."""

    kind: Literal["per_quantity"] = "per_quantity"
    points: Annotated[Points, Field(gt=0)]
    quantity: Annotated[Quantity, Field(gt=0)] = 1000
    per_line: bool = False


EarnRule = Annotated[EarnPerAmount | EarnPerQuantity, Field(discriminator="kind")]


class Boost(_Rule):
    """Multiplies what the earning rules give on the selected lines. `factor` 200 % doubles, 0 % suspends earning."""

    factor: Annotated[Rate, Field(ge=0, le=10_000_000)]


class Offer(_Rule):
    """A percentage off the selected lines, or off the order (then split over the selected lines).

    Attributes:
        priority: Higher first.
        group: Offers of one group compete: of the exclusive ones in it the best for the customer wins.
        exclusive: Competes in its group; False: combines with whatever else applies, after it.
        maximum: Most that it may take off one sale; None is no limit.
        members_only: Only for identified customers.
    """

    kind: Literal["percent_lines", "percent_order"] = "percent_lines"
    percent: Annotated[Rate, Field(gt=0, le=10_000)]
    priority: int = Field(default=0, ge=-1000, le=1000)
    group: Slug = "default"
    exclusive: bool = True
    minimum: Annotated[Amount, Field(ge=0)] = 0
    maximum: Annotated[Amount, Field(gt=0)] | None = None
    members_only: bool = True


class Redemption(Wire):
    """Points used as money: `points` are worth `amount`; at most `max_share` of the order, in steps of `step`."""

    points: Annotated[Points, Field(gt=0)]
    amount: Annotated[Amount, Field(gt=0)]
    minimum: Annotated[Points, Field(ge=0)] = 0
    step: Annotated[Points, Field(gt=0)] = 1000
    max_share: Annotated[Rate, Field(gt=0, le=10_000)] = 10_000


class RewardLevel(Wire):
    """Something to reach: shown as the next reward."""

    id: Slug
    title: Text
    cost: Annotated[Points, Field(gt=0)]
    amount: Annotated[Amount, Field(ge=0)] = 0


class Expiry(Wire):
    """When earned points lapse, counted in the store's zone; each earning is a lot of its own."""

    kind: Literal["never", "days", "months", "end_of_month", "end_of_year"] = "never"
    count: int = Field(default=0, ge=0, le=1200)


class Policies(Wire):
    """Where systems differ, with our default.

    Attributes:
        rounding: Of points to the programme's precision.
        vat: Earn on amounts with VAT ("gross") or without ("net").
        base: Earn on what is left after the discounts of the sale, or on the price before them.
        earn_on_points: Whether what was paid with points earns again.
        lots: Which lot a spend draws from first.
        negative_balance: A return of points already spent: go below zero ("allow") or stop at zero ("clip").
    """

    rounding: Rounding = "down"
    vat: Literal["gross", "net"] = "gross"
    base: Literal["after_discounts", "before_discounts"] = "after_discounts"
    earn_on_points: bool = False
    lots: Literal["nearest_expiry", "fifo"] = "nearest_expiry"
    negative_balance: Literal["allow", "clip"] = "allow"


class Programme(Wire):
    """One programme, one version."""

    id: Slug
    version: int = Field(default=1, ge=1)
    name: Text
    currency: str = "EUR"
    state: Literal["draft", "published"] = "draft"
    validity: Validity = Validity()
    card_types: tuple[Code, ...] = ("points",)
    decimals: int = Field(default=0, ge=0, le=3)
    earning: tuple[EarnRule, ...] = ()
    boosts: tuple[Boost, ...] = ()
    offers: tuple[Offer, ...] = ()
    redemption: Redemption | None = None
    rewards: tuple[RewardLevel, ...] = ()
    expiry: Expiry = Expiry()
    policies: Policies = Policies()

    @model_validator(mode="after")
    def _unique_ids(self) -> Self:
        ids = [part.id for part in (*self.earning, *self.boosts, *self.offers, *self.rewards)]
        doubled = sorted({one for one in ids if ids.count(one) > 1})
        if doubled:
            raise ValueError(f"ids must be unique within the programme: {', '.join(doubled)}")
        return self
