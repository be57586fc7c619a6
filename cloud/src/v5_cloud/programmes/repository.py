"""Statements on programmes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import CursorResult, func

from v5_cloud.kit.tenant import Repository
from v5_cloud.models import Company, ProgrammeRow

__all__ = ["ProgrammeRepository"]


class ProgrammeRepository(Repository):
    """Programmes of a company."""

    def all(self) -> Sequence[ProgrammeRow]:
        """Every version, newest first within a programme."""
        return self.session.scalars(self.select(ProgrammeRow).order_by(ProgrammeRow.slug, ProgrammeRow.version.desc())).all()

    def published(self) -> Sequence[ProgrammeRow]:
        """Published versions, oldest first."""
        statement = self.select(ProgrammeRow).where(ProgrammeRow.state == "published").order_by(ProgrammeRow.slug, ProgrammeRow.version)
        return self.session.scalars(statement).all()

    def one(self, slug: str, version: int) -> ProgrammeRow | None:
        """One version."""
        statement = self.select(ProgrammeRow).where(ProgrammeRow.slug == slug, ProgrammeRow.version == version)
        return self.session.scalars(statement).one_or_none()

    def last_published(self, slug: str) -> int:
        """The highest version that was published; 0 for none."""
        statement = self.columns(ProgrammeRow, func.max(ProgrammeRow.version))
        return int(self.session.scalar(statement.where(ProgrammeRow.slug == slug, ProgrammeRow.state == "published")) or 0)

    def discard(self, slug: str, version: int) -> bool:
        """Takes a draft away; False when there is none."""
        statement = self.delete(ProgrammeRow).where(
            ProgrammeRow.slug == slug, ProgrammeRow.version == version, ProgrammeRow.state == "draft"
        )
        return bool(cast("CursorResult[Any]", self.session.execute(statement)).rowcount)

    def stamp(self) -> int:
        """The company's count of publications."""
        return int(self.session.scalar(self.columns(Company, Company.programme_stamp).where(Company.id == self.scope.company)) or 0)

    def bump(self) -> None:
        """One more publication."""
        statement = self.update(Company).where(Company.id == self.scope.company).values(programme_stamp=Company.programme_stamp + 1)
        self.session.execute(statement)
