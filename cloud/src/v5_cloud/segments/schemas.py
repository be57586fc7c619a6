"""What segment endpoints take and show."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from v5_core.criteria import Criterion
from v5_core.model import Text, Wire
from v5_core.money import Amount
from v5_core.segments import Cuts, Rfm

__all__ = [
    "AmountBandItem",
    "Asked",
    "BandItem",
    "CustomerProfile",
    "FieldItem",
    "MemberItem",
    "MovedSegment",
    "Named",
    "Preview",
    "RfmItem",
    "RfmPreview",
    "SegmentBody",
    "SegmentItem",
]


class _Shown(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Asked(Wire):
    """Who is meant: as people write it (`where`), or as forms do (`criterion`, the same as a tree)."""

    where: Annotated[str, Field(max_length=20_000)] | None = None
    criterion: Criterion | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.where is None) == (self.criterion is None):
            raise ValueError("give either where or criterion")
        return self


class SegmentBody(Asked):
    """A segment."""

    title: Text = ""


class SegmentItem(_Shown):
    """A segment; `members` as of `refreshed_at`, which is empty while a new definition was not worked out for everybody."""

    id: str
    title: str
    where: str
    criterion: Criterion
    members: int
    refreshed_at: datetime | None
    created_at: datetime
    updated_at: datetime


class Named(_Shown):
    """A customer."""

    customer: str
    name: str


class MemberItem(Named):
    """Somebody in a segment, and since when."""

    since: datetime


class Preview(_Shown):
    """How many a criterion means today, and some of them."""

    where: str
    count: int
    sample: list[Named]


class FieldItem(_Shown):
    """What criteria may ask: `arguments` are texts or periods, the first `needs` of them must be given."""

    name: str
    kind: Literal["text", "number", "date", "bool", "set"]
    decimals: int
    arguments: list[Literal["text", "period"]]
    needs: int


class BandItem(_Shown):
    """A band and how many customers fall into it: days or sales from `low` to `high`, as far as there is a limit."""

    band: int
    low: int | None
    high: int | None
    customers: int


class AmountBandItem(BandItem):
    """The same of what was spent."""

    low: Amount | None
    high: Amount | None


class MovedSegment(_Shown):
    """How many a segment means now, and then."""

    segment: str
    title: str
    now: int
    then: int


class RfmPreview(_Shown):
    """What bands would make of the customers of today; `nobody` are those who bought nothing in the period (band 0)."""

    cuts: Cuts
    nobody: int
    recency: list[BandItem]
    frequency: list[BandItem]
    value: list[AmountBandItem]
    segments: list[MovedSegment]


class RfmItem(_Shown):
    """How customers are banded, and the thresholds as of a day; none yet: nobody bought anything."""

    rfm: Rfm
    cuts: Cuts
    cut_on: date | None


class CustomerProfile(_Shown):
    """What segments go by, of one customer, as of this moment; `r`, `f`, `v` are bands, 0 bought nothing in their period."""

    customer: str
    segments: list[str]
    sales: int
    visits: int
    spend: Amount
    average_sale: Amount | None
    first_sale: date | None
    last_sale: date | None
    r: int
    f: int
    v: int
    frequency: str
    preferred_store: str | None
    favourite_products: list[str]
    favourite_families: list[str]
