"""What is asked of a simulation, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from v5_core.programme import Programme
from v5_core.simulation import Report

__all__ = ["Asked", "SimulationItem", "SimulationOrder", "SimulationRecord"]


@dataclass(frozen=True, slots=True)
class Asked:
    """Which part of the past, and how it is looked at; see `SimulationOrder`."""

    since: date
    until: date
    stores: tuple[str, ...] = ()
    follow: bool = True
    keep_dates: bool = False
    language: str = "en"


class SimulationOrder(BaseModel):
    """What to try: a programme as it is, or a version that is saved; and on which sales.

    Attributes:
        programme: The draft itself.
        id: Of a saved version, with its number in `version`.
        since: First business day; left out: 90 days back.
        until: Last business day; left out: today.
        stores: Only these stores; empty: all.
        follow: Follow each customer from sale to sale: balance, visits, the customer's own limits and caps.
        keep_dates: Take the dates of rules as they are written; otherwise a rule that has not ended counts all the time.
        language: Of the explanations of the sample.
    """

    model_config = ConfigDict(extra="forbid")

    programme: Programme | None = None
    id: Annotated[str, Field(max_length=80)] | None = None
    version: Annotated[int, Field(ge=1, lt=2**31)] | None = None
    since: date | None = None
    until: date | None = None
    stores: Annotated[list[Annotated[str, Field(min_length=1, max_length=80)]], Field(max_length=1000)] = []
    follow: bool = True
    keep_dates: bool = False
    language: Annotated[str, Field(pattern="^(pt|en|es|fr|he)$")] = "en"

    @model_validator(mode="after")
    def _one_programme(self) -> Self:
        if (self.programme is None) == (self.id is None or self.version is None):
            raise ValueError("give either a programme, or id and version of a saved one")
        if self.since is not None and self.until is not None and self.since > self.until:
            raise ValueError("since lies after until")
        return self


class SimulationItem(BaseModel):
    """A simulation in lists: `state` is queued, running, done or failed; `documents` of `total` were looked at."""

    model_config = ConfigDict(extra="forbid")

    id: str
    programme: str
    version: int
    name: str
    state: str
    since: date
    until: date
    stores: list[str]
    follow: bool
    keep_dates: bool
    documents: int
    total: int
    problem: str
    created_at: datetime
    created_by: str
    done_at: datetime | None


class SimulationRecord(SimulationItem):
    """A simulation with its report, once it is done."""

    company: str
    report: Report | None
