"""What company and store endpoints and pages show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from v5_core.money import Points

__all__ = ["CompanyItem", "Overview", "StoreItem"]


class _Shown(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CompanyItem(_Shown):
    """A company; `closed_at` says since when it takes no new stores."""

    id: str
    name: str
    tax_number: str
    address: str
    currency: str
    country: str
    receipt_url: str
    manager_email: str
    manager_phone: str
    offline_points_limit: Points
    closed_at: datetime | None
    closed_by: str


class StoreItem(_Shown):
    """A store; `closed_at` says since when it takes no new agents."""

    id: str
    company: str
    code: str
    name: str
    address: str
    timezone: str
    language: str
    directives: list[str]
    manager_email: str
    manager_phone: str
    closed_at: datetime | None
    closed_by: str


@dataclass(frozen=True, slots=True)
class Overview:
    """The companies and stores in reach."""

    companies: Sequence[CompanyItem]
    stores: Sequence[StoreItem]

    @property
    def store_names(self) -> dict[str, str]:
        """Names by code, as documents name stores."""
        return {one.code: one.name for one in self.stores}

    @property
    def currency(self) -> str:
        """Of the first company."""
        return self.companies[0].currency if self.companies else "EUR"

    def currency_of(self, company: str) -> str:
        """Of one company."""
        return next((one.currency for one in self.companies if one.id == company), self.currency)

    def company(self, company: str) -> CompanyItem | None:
        """By id."""
        return next((one for one in self.companies if one.id == company), None)
