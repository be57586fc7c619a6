"""Figures of a period, from the sums that settling keeps per store and day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func

from v5_cloud.kit.tenant import Repository
from v5_cloud.models import AccountRow, CustomerRow, PostingRow, StoreDay
from v5_core.ledger import Operation

__all__ = ["DashboardRepository", "DayTotal", "Period", "Sums"]


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days, both ends included."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Sums:
    """Sales of a period, in all stores or one."""

    sales: int
    gross: int
    member_sales: int
    member_gross: int


@dataclass(frozen=True, slots=True)
class DayTotal:
    """Turnover of one store on one day."""

    day: date
    store: str
    gross: int


class DashboardRepository(Repository):
    """Reads for the home page."""

    def sums(self, period: Period, store: str = "") -> Sums:
        """Sales of the period."""
        statement = self.columns(
            StoreDay,
            *(
                func.coalesce(func.sum(column), 0)
                for column in (StoreDay.sales, StoreDay.gross, StoreDay.member_sales, StoreDay.member_gross)
            ),
        ).where(StoreDay.day.between(period.first, period.last))
        if store:
            statement = statement.where(StoreDay.store == store)
        return Sums(*(int(value) for value in self.session.execute(statement).one()))

    def days(self, period: Period, store: str = "") -> list[DayTotal]:
        """Turnover per day and store, where there was any."""
        statement = (
            self.columns(StoreDay, StoreDay.day, StoreDay.store, func.sum(StoreDay.gross))
            .where(StoreDay.day.between(period.first, period.last))
            .group_by(StoreDay.day, StoreDay.store)
        )
        if store:
            statement = statement.where(StoreDay.store == store)
        return [DayTotal(day, code, int(gross)) for day, code, gross in self.session.execute(statement)]

    def points(self, period: Period, store: str = "") -> dict[str, int]:
        """Points moved on customers' accounts, by operation."""
        statement = (
            self.columns(PostingRow, PostingRow.operation, func.sum(PostingRow.points))
            .where(PostingRow.account == PostingRow.owner, PostingRow.unit == "points", PostingRow.day.between(period.first, period.last))
            .group_by(PostingRow.operation)
        )
        if store:
            statement = statement.where(PostingRow.store == store)
        moved = dict.fromkeys((str(one) for one in Operation), 0)
        return moved | {operation: int(points) for operation, points in self.session.execute(statement)}

    def liability(self) -> int:
        """Points that customers hold."""
        return int(
            self.session.scalar(self.columns(AccountRow, func.coalesce(func.sum(AccountRow.balance), 0)).where(AccountRow.unit == "points"))
            or 0
        )

    def new_customers(self, since: datetime, until: datetime) -> int:
        """Records made in that time."""
        statement = self.columns(CustomerRow, func.count()).where(CustomerRow.created_at >= since, CustomerRow.created_at < until)
        return int(self.session.scalar(statement) or 0)

    def customers(self) -> int:
        """All that are active."""
        return int(self.session.scalar(self.columns(CustomerRow, func.count()).where(CustomerRow.inactive.is_(False))) or 0)

    def today(self, day: date) -> dict[tuple[str, str], tuple[int, int]]:
        """Sales and turnover of a day, by company and store."""
        statement = (
            self.columns(StoreDay, StoreDay.company_id, StoreDay.store, func.sum(StoreDay.sales), func.sum(StoreDay.gross))
            .where(StoreDay.day == day)
            .group_by(StoreDay.company_id, StoreDay.store)
        )
        return {(company, store): (int(sales), int(gross)) for company, store, sales, gross in self.session.execute(statement)}
