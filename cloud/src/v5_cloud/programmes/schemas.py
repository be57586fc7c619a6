"""What programme endpoints show."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from v5_core.programme import Programme

__all__ = ["ProgrammeItem"]


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
