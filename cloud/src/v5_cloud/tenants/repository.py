"""Statements on tenants, companies and stores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import func

from v5_cloud.kit.tenant import Repository
from v5_cloud.models import (
    Agent,
    ApiKey,
    Company,
    CustomerRow,
    DocumentRow,
    DraftStep,
    EnrolCode,
    Installation,
    ProgrammeRow,
    SegmentRound,
    SegmentStep,
    Store,
    Tenant,
)

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

    def store(self, store_id: str) -> Store | None:
        """One store."""
        return self.session.scalars(self.select(Store).where(Store.id == store_id)).one_or_none()

    def change(self, kind: type[Company] | type[Store], row_id: str, values: Mapping[str, object]) -> None:
        """Sets some columns of a company or store."""
        self.session.execute(self.update(kind).where(kind.id == row_id).values(**values))

    def remove(self, kind: type[Company] | type[Store], row_id: str) -> None:
        """Takes a company or store away, with its enrolment codes; a company's keys too."""
        owner = EnrolCode.store_id if kind is Store else EnrolCode.company_id
        self.session.execute(self.delete(EnrolCode).where(owner == row_id))
        if kind is Company:
            self.session.execute(self.delete(ApiKey).where(ApiKey.company_id == row_id))
            for mine in (SegmentRound, SegmentStep):
                self.session.execute(self.delete(mine).where(mine.company_id == row_id))
            self.session.execute(self.delete(DraftStep).where(DraftStep.company_id == row_id))
            self.session.execute(self.delete(ProgrammeRow).where(ProgrammeRow.company_id == row_id))
        self.session.execute(self.delete(kind).where(kind.id == row_id))

    def used(self, what: type[Agent] | type[CustomerRow] | type[DocumentRow] | type[Store], **where: str) -> int:
        """How many rows point at it."""
        conditions = [getattr(what, name) == value for name, value in where.items()]
        return int(self.session.scalar(self.columns(what, func.count()).where(*conditions)) or 0)

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
