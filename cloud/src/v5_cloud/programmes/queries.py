"""What the programmes page reads."""

from __future__ import annotations

from v5_cloud.kit.tenant import Repository
from v5_cloud.models import Company, ProgrammeRow

__all__ = ["ProgrammeReads"]


class ProgrammeReads(Repository):
    """Reads for pages."""

    def all(self) -> list[ProgrammeRow]:
        """Every version, newest first within its programme."""
        statement = self.select(ProgrammeRow).order_by(
            ProgrammeRow.company_id, ProgrammeRow.name, ProgrammeRow.slug, ProgrammeRow.version.desc()
        )
        return list(self.session.scalars(statement))

    def companies(self) -> dict[str, str]:
        """Names by id."""
        return {row.id: row.name for row in self.session.scalars(self.select(Company))}
