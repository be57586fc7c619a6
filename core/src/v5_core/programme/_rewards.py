"""What points can buy without an offer: money off, and levels to reach."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from v5_core.model import Text
from v5_core.money import Amount, Points, Rate
from v5_core.programme._common import Part, Slug

__all__ = ["Redemption", "RewardLevel"]


class Redemption(Part):
    """Points used as money: `points` are worth `amount`; at most `max_share` of the order, in steps of `step`.

    Attributes:
        when: Criteria over sale and customer under which points may be used at all (permissions by operator, store, tier).
        daily_limit: Most points that one customer may use in a day; None is no limit.
    """

    form_first = ("points", "amount", "minimum", "step", "max_share")

    points: Annotated[Points, Field(gt=0)]
    amount: Annotated[Amount, Field(gt=0)]
    minimum: Annotated[Points, Field(ge=0)] = 0
    step: Annotated[Points, Field(gt=0)] = 1000
    max_share: Annotated[Rate, Field(gt=0, le=10_000)] = 10_000
    when: str = Field(default="", max_length=1000, json_schema_extra={"x-criteria": "sale"})
    daily_limit: Annotated[Points, Field(gt=0)] | None = None


class RewardLevel(Part):
    """Something to reach: shown as the next reward. What it gives is an offer with a `cost`, or said in the title."""

    form_first = ("title", "cost", "amount")

    id: Slug
    title: Text
    cost: Annotated[Points, Field(gt=0)]
    amount: Annotated[Amount, Field(ge=0)] = 0
