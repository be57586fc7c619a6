"""Statements on programmes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import CursorResult, func
from sqlalchemy.orm import InstrumentedAttribute

from v5_cloud.kit.tenant import Repository
from v5_cloud.models import Company, DraftStep, ProductRow, ProgrammeRow

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

    # ── earlier states of a draft ─────────────────────────────────────────────────────────────────────────────────────────
    def steps(self, slug: str, version: int) -> Sequence[DraftStep]:
        """What a draft was, the last change first."""
        mine = (DraftStep.slug == slug) & (DraftStep.version == version)
        return self.session.scalars(self.select(DraftStep).where(mine).order_by(DraftStep.number.desc())).all()

    def forget(self, slug: str, version: int, upto: int | None = None) -> None:
        """Takes earlier states away: all of them, or those up to a number."""
        mine = (DraftStep.slug == slug) & (DraftStep.version == version)
        if upto is not None:
            mine &= DraftStep.number <= upto
        self.session.execute(self.delete(DraftStep).where(mine))

    def forget_last(self, step: DraftStep) -> None:
        """Takes one earlier state away."""
        self.session.delete(step)

    # ── what rules can name ───────────────────────────────────────────────────────────────────────────────────────────────
    def names(self, column: InstrumentedAttribute[str], limit: int) -> Sequence[str]:
        """Families or brands of the articles."""
        statement = self.columns(ProductRow, column).where(column != "", ProductRow.inactive.is_(False))
        return self.session.scalars(statement.distinct().order_by(column).limit(limit)).all()

    def products(self, limit: int, codes: Sequence[str] = (), families: Sequence[str] = ()) -> Sequence[ProductRow]:
        """Some articles: of these codes or families where there are any."""
        statement = self.select(ProductRow).where(ProductRow.inactive.is_(False))
        if codes:
            statement = statement.where(ProductRow.code.in_(codes))
        if families:
            statement = statement.where(ProductRow.family.in_(families))
        return self.session.scalars(statement.order_by(ProductRow.code).limit(limit)).all()

    def stamp(self) -> int:
        """The company's count of publications."""
        return int(self.session.scalar(self.columns(Company, Company.programme_stamp).where(Company.id == self.scope.company)) or 0)

    def bump(self) -> None:
        """One more publication."""
        statement = self.update(Company).where(Company.id == self.scope.company).values(programme_stamp=Company.programme_stamp + 1)
        self.session.execute(statement)
