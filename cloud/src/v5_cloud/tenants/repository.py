"""Statements on tenants, companies and stores."""

from __future__ import annotations

from collections.abc import Sequence

from v5_cloud.kit.tenant import Repository
from v5_cloud.models import Company, Installation, Store, Tenant

__all__ = ["TenantRepository"]


class TenantRepository(Repository):
    """Tenants, companies and stores."""

    def tenant(self) -> Tenant | None:
        """The tenant's own row."""
        return self.session.scalars(self.select(Tenant)).one_or_none()

    def companies(self) -> Sequence[Company]:
        """All companies in reach, the oldest first."""
        return self.session.scalars(self.select(Company).order_by(Company.created_at, Company.id)).all()

    def company(self, company_id: str) -> Company | None:
        """One company."""
        return self.session.scalars(self.select(Company).where(Company.id == company_id)).one_or_none()

    def stores(self) -> Sequence[Store]:
        """All stores in reach, by code."""
        return self.session.scalars(self.select(Store).order_by(Store.code, Store.id)).all()

    def epoch(self) -> int:
        """How often this database was restored; in the scope of the directory."""
        return self.fact("epoch") or 0

    def fact(self, key: str) -> int | None:
        """A fact of this database itself; in the scope of the directory."""
        row = self.session.scalars(self.select(Installation).where(Installation.key == key)).one_or_none()
        return row.value if row else None
