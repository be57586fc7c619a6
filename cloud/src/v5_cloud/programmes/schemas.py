"""What programme endpoints and pages show."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from v5_cloud.kit.problems import ProblemField
from v5_core.programme import Programme

__all__ = ["DraftItem", "ProgrammeItem"]


class ProgrammeItem(BaseModel):
    """One version of a programme."""

    model_config = ConfigDict(extra="forbid")

    id: str
    version: int
    name: str
    state: str
    created_at: datetime
    published_at: datetime | None
    published_by: str
    programme: Programme


class DraftItem(ProgrammeItem):
    """A version, and what stands in the way of its publication: `field` is the path in the programme's JSON."""

    findings: list[ProblemField]
