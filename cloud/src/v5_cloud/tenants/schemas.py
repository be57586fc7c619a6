"""What store endpoints show."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

__all__ = ["StoreItem"]


class StoreItem(BaseModel):
    """A store."""

    model_config = ConfigDict(extra="forbid")

    id: str
    code: str
    name: str
    timezone: str
    language: str
