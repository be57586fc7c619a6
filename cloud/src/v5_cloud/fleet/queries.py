"""What the stores page reads."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import func

from v5_cloud.kit.tenant import Repository
from v5_cloud.models import Agent, Company, DocumentRow, Store, StoreDay

__all__ = ["FleetReads"]


class FleetReads(Repository):
    """Reads for pages."""

    def stores(self) -> list[Store]:
        """By code."""
        return list(self.session.scalars(self.select(Store).order_by(Store.code, Store.id)))

    def agents(self) -> list[Agent]:
        """Those in use first."""
        return list(self.session.scalars(self.select(Agent).order_by(Agent.revoked_at.is_not(None), Agent.name)))

    def companies(self) -> dict[str, str]:
        """Names by id."""
        return {row.id: row.name for row in self.session.scalars(self.select(Company))}

    def today(self, day: date) -> dict[tuple[str, str], tuple[int, int]]:
        """Sales and turnover of a day, by company and store."""
        statement = (
            self.columns(StoreDay, StoreDay.company_id, StoreDay.store, func.sum(StoreDay.sales), func.sum(StoreDay.gross))
            .where(StoreDay.day == day)
            .group_by(StoreDay.company_id, StoreDay.store)
        )
        return {(company, store): (int(sales), int(gross)) for company, store, sales, gross in self.session.execute(statement)}

    def last_document(self) -> dict[tuple[str, str], datetime]:
        """When the newest document was issued, by company and store."""
        statement = self.columns(DocumentRow, DocumentRow.company_id, DocumentRow.store, func.max(DocumentRow.issued_at))
        rows = self.session.execute(statement.where(DocumentRow.state != "merged").group_by(DocumentRow.company_id, DocumentRow.store))
        return {(company, store): at for company, store, at in rows}
