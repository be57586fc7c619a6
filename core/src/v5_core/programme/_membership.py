"""Tiers by what a customer did, and clubs that a customer joins."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from v5_core.model import Text
from v5_core.programme._common import Part, Per, Slug

__all__ = ["Club", "Entitlement", "Tier", "TierScheme"]


class Tier(Part):
    """A level, and what it takes to reach it, in the scheme's measure: minor units, thousandths of points, or visits."""

    form_first = ("title", "threshold")

    id: Slug
    title: Text = ""
    threshold: Annotated[
        int,
        Field(
            ge=0, le=10**15, json_schema_extra={"x-scale": {"field": "measure", "spend": "money", "points": "points", "visits": "count"}}
        ),
    ]


class TierScheme(Part):
    """Levels by points, spend or visits. Up at once; down when the period that counted is over and the grace has passed.

    Attributes:
        measure: "points" earned, "spend" with VAT, or "visits" (sales).
        period: "calendar_year" starts again on 1 January, "rolling" counts the last `months`, "lifetime" never starts again.
        grace_days: Days a level is kept after it is no longer reached.
        counts: What each customer bought ("person"), or what all who use one account bought together ("account"): one level for relatives.
        with_this_sale: The sale itself counts (its spend, or as a visit) towards the level by which it earns and gets its offers; a quote
            goes by the till's prices. False: the level that was there before it.
        tiers: From the lowest; the first threshold is 0 (everyone has it).
    """

    form_first = ("measure", "period", "months", "tiers")

    measure: Literal["points", "spend", "visits"] = "spend"
    period: Literal["calendar_year", "rolling", "lifetime"] = "rolling"
    months: Annotated[int, Field(gt=0, le=120)] = 12
    grace_days: Annotated[int, Field(ge=0, le=3660)] = 0
    counts: Literal["person", "account"] = "person"
    with_this_sale: bool = False
    tiers: Annotated[tuple[Tier, ...], Field(min_length=1, max_length=50)]

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        thresholds = [tier.threshold for tier in self.tiers]
        if thresholds != sorted(set(thresholds)):
            raise ValueError("the thresholds of the tiers must rise")
        return self


class Entitlement(Part):
    """Something a member may have so many times in a period: a free coffee, an alteration, an entry."""

    form_first = ("title", "uses", "per")

    id: Slug
    title: Text
    uses: Annotated[int, Field(gt=0, le=1_000_000)]
    per: Per | Literal["membership"] = "membership"


class Club(Part):
    """A club and its membership.

    Attributes:
        months: Length of a membership; 0 never ends.
        warn_days: Days before the end from which the till says so.
        renew_days: Days before the end from which it may be renewed; the new period follows the old one.
        late_days: Days after the end in which a renewal still follows the old period without a gap.
        breaks: Whether a membership may be paused; the end moves by the days of the break.
        shared: Relatives may be joined to one account.
        join: Criteria over the customer who may join; "" is anybody.
    """

    form_first = ("title", "months", "join", "entitlements")

    id: Slug
    title: Text
    months: Annotated[int, Field(ge=0, le=1200)] = 12
    warn_days: Annotated[int, Field(ge=0, le=366)] = 30
    renew_days: Annotated[int, Field(ge=0, le=366)] = 60
    late_days: Annotated[int, Field(ge=0, le=366)] = 0
    breaks: bool = False
    shared: bool = False
    join: str = Field(default="", max_length=1000, json_schema_extra={"x-criteria": "customer"})
    entitlements: Annotated[tuple[Entitlement, ...], Field(max_length=50)] = ()
