"""Statements on tiers, memberships, what customers' days brought, and points by hand."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Row, case, false, func, literal, null, or_, tuple_, union_all

from v5_cloud.kit.tenant import Repository
from v5_cloud.models import AccountRow, AdjustmentRow, CustomerDay, CustomerRow, DocumentRow, MembershipRow, RunRow, StandingRow

__all__ = ["MembershipRepository"]

_PAGE = 1000


class MembershipRepository(Repository):
    """Where the customers of a company stand."""

    def standings(self, customers: Collection[str]) -> Sequence[StandingRow]:
        """Levels as last worked out."""
        if not customers:
            return ()
        return self.session.scalars(self.select(StandingRow).where(StandingRow.customer_id.in_(customers))).all()

    def days(self, customers: Collection[str], since: date) -> Sequence[Row[Any]]:
        """(customer, day, gross, points, sales) from a day on; what lies before it added up, with no day."""
        if not customers:
            return ()
        columns = (CustomerDay.gross, CustomerDay.points, CustomerDay.sales)
        mine = CustomerDay.customer_id.in_(customers)
        recent = self.columns(CustomerDay, CustomerDay.customer_id, CustomerDay.day, *columns).where(mine)
        sums = [func.sum(column) for column in columns]
        earlier = self.columns(CustomerDay, CustomerDay.customer_id, null(), *sums).where(mine, CustomerDay.day < since)
        return self.session.execute(union_all(recent.where(CustomerDay.day >= since), earlier.group_by(CustomerDay.customer_id))).all()

    def added_up(self, customers: Collection[str]) -> Sequence[Row[Any]]:
        """The same from the documents themselves, all days: for customers who were never measured."""
        if not customers:
            return ()
        sign = case((DocumentRow.kind == "sale", 1), else_=-1)
        sale = case((DocumentRow.kind == "sale", 1), else_=0)
        statement = self.columns(
            DocumentRow,
            DocumentRow.customer_id,
            DocumentRow.business_day,
            func.sum(sign * DocumentRow.gross),
            func.sum(DocumentRow.points_earned),
            func.sum(sale),
        ).where(DocumentRow.customer_id.in_(customers), DocumentRow.status == "issued", DocumentRow.state != "merged")
        return self.session.execute(statement.group_by(DocumentRow.customer_id, DocumentRow.business_day)).all()

    def memberships(self, customers: Collection[str]) -> Sequence[MembershipRow]:
        """Memberships of some customers."""
        if not customers:
            return ()
        statement = self.select(MembershipRow).where(MembershipRow.customer_id.in_(customers))
        return self.session.scalars(statement.order_by(MembershipRow.programme, MembershipRow.club)).all()

    def memberships_for(self, customer: str) -> Sequence[MembershipRow]:
        """Memberships of a customer, and of the one whose account is shared."""
        head = self.columns(CustomerRow, CustomerRow.shares_with).where(CustomerRow.id == customer).scalar_subquery()
        statement = self.select(MembershipRow).where(or_(MembershipRow.customer_id == customer, MembershipRow.customer_id == head))
        return self.session.scalars(statement.order_by(MembershipRow.programme, MembershipRow.club)).all()

    def membership(self, customer: str, club: str) -> MembershipRow | None:
        """One membership, locked."""
        statement = self.select(MembershipRow).where(MembershipRow.customer_id == customer, MembershipRow.club == club)
        return self.session.scalars(statement.with_for_update().execution_options(populate_existing=True)).one_or_none()

    def members(
        self, club: str, ending: date | None, after: str, limit: int, *,
        lasting: date | None = None, over: date | None = None, words: Sequence[str] = (),
    ) -> Sequence[Row[MembershipRow, CustomerRow]]:  # fmt: skip
        """Members of a club by customer.

        Args:
            club: Which.
            ending: Only those whose last day is not after it.
            after: Customer after whom to begin.
            limit: How many.
            lasting: Only who is a member on that day, or rests.
            over: Only who is no member any more on that day.
            words: Only names that have all of these in them.
        """
        statement = self.join(
            self.columns(MembershipRow, MembershipRow, CustomerRow), CustomerRow, CustomerRow.id == MembershipRow.customer_id
        )
        statement = statement.where(MembershipRow.club == club, MembershipRow.customer_id > after)
        if ending is not None:
            statement = statement.where(MembershipRow.ends_on <= ending)
        if lasting is not None:
            statement = statement.where(_lasts(lasting))
        if over is not None:
            statement = statement.where(~_lasts(over))
        for word in words:
            statement = statement.where(CustomerRow.search.contains(word, autoescape=True))
        return self.session.execute(statement.order_by(MembershipRow.customer_id).limit(limit)).all()

    def club_sizes(self, today: date, soon: date) -> dict[str, tuple[int, int]]:
        """Members of each club today, and those whose last day is not after another."""
        lasting = case((_lasts(today), 1), else_=0)
        near = case((_lasts(today) & func.coalesce(MembershipRow.ends_on <= soon, false()), 1), else_=0)
        statement = self.columns(MembershipRow, MembershipRow.club, func.sum(lasting), func.sum(near)).group_by(MembershipRow.club)
        return {str(row[0]): (int(row[1]), int(row[2])) for row in self.session.execute(statement)}

    def falling(self, today: date | None, limit: int) -> Sequence[str]:
        """Customers who lost a level by a day; without a day, all who are measured."""
        statement = self.columns(StandingRow, StandingRow.customer_id)
        statement = statement.where(StandingRow.changes_on <= today) if today else statement
        return self.session.scalars(statement.order_by(StandingRow.changes_on).limit(limit)).all()

    def forget_levels(self, limit: int) -> int:
        """Nothing measures any more: what is known of customers' days would soon be wrong. Gives how many customers that were."""
        found = self.session.scalars(self.columns(StandingRow, StandingRow.customer_id).limit(limit)).all()
        if found:
            self.session.execute(self.delete(CustomerDay).where(CustomerDay.customer_id.in_(found)))
            self.session.execute(self.delete(StandingRow).where(StandingRow.customer_id.in_(found)))
        return len(found)

    def run(self, run: str) -> RunRow | None:
        """A run, locked."""
        statement = self.select(RunRow).where(RunRow.id == run)
        return self.session.scalars(statement.with_for_update().execution_options(populate_existing=True)).one_or_none()

    def runs(self, after: tuple[datetime, str] | None, limit: int) -> Sequence[RunRow]:
        """Runs, newest first."""
        statement = self.select(RunRow)
        if after:
            statement = statement.where(tuple_(RunRow.created_at, RunRow.id) < tuple_(*after))
        return self.session.scalars(statement.order_by(RunRow.created_at.desc(), RunRow.id.desc()).limit(limit)).all()

    def adjustment(self, adjustment: str) -> AdjustmentRow | None:
        """An adjustment, locked."""
        statement = self.select(AdjustmentRow).where(AdjustmentRow.id == adjustment)
        return self.session.scalars(statement.with_for_update().execution_options(populate_existing=True)).one_or_none()

    def adjustment_by_id(self, adjustment: str) -> AdjustmentRow | None:
        """An adjustment, not locked."""
        return self.session.scalars(self.select(AdjustmentRow).where(AdjustmentRow.id == adjustment)).one_or_none()

    def run_by_id(self, run: str) -> RunRow | None:
        """A run, not locked."""
        return self.session.scalars(self.select(RunRow).where(RunRow.id == run)).one_or_none()

    def due(self, today: str) -> Sequence[str]:
        """Scheduled runs whose day has come, and those that were broken off."""
        come = (RunRow.state == "scheduled") & (RunRow.asked["on"].as_string() <= today)
        statement = self.columns(RunRow, RunRow.id).where(or_(come, RunRow.state.in_(("running", "reversing"))))
        return self.session.scalars(statement.order_by(RunRow.created_at)).all()

    def groups(self, customers: Collection[str]) -> dict[str, frozenset[str]]:
        """By customer, all who use the same account; who has one alone is left out."""
        head = func.coalesce(CustomerRow.shares_with, CustomerRow.id)
        heads = self.columns(CustomerRow, head).where(CustomerRow.id.in_(customers))
        together: dict[str, list[str]] = {}
        for account, one in self.session.execute(self.columns(CustomerRow, head, CustomerRow.id).where(head.in_(heads))):
            together.setdefault(account, []).append(one)
        return {one: frozenset(group) for group in together.values() if len(group) > 1 for one in group}

    def relatives(self, customer: str) -> Sequence[str]:
        """Who uses a customer's account beside them."""
        statement = self.columns(CustomerRow, CustomerRow.id).where(CustomerRow.shares_with == customer)
        return self.session.scalars(statement.order_by(CustomerRow.id)).all()

    def strayed(self, limit: int) -> Sequence[str]:
        """Customers who share an account and have points on their own all the same."""
        statement = self.join(self.columns(CustomerRow, CustomerRow.id), AccountRow, AccountRow.customer_id == CustomerRow.id)
        statement = statement.where(CustomerRow.shares_with.is_not(None), AccountRow.balance != 0)
        return self.session.scalars(statement.order_by(CustomerRow.id).limit(limit)).all()

    def people(self, customers: Collection[str], *, heads: bool = True) -> Iterator[Row[CustomerRow, AccountRow]]:
        """Customers with their points accounts, one after the other: some, or all; those who are blocked or gone are left out.

        Args:
            customers: Whom; empty: all.
            heads: Only who has an account alone, or the one that others use too.
        """
        statement = self.join(
            self.columns(CustomerRow, CustomerRow, AccountRow), AccountRow, AccountRow.customer_id == CustomerRow.id
        ).where(CustomerRow.blocked.is_(False), CustomerRow.inactive.is_(False))
        if heads:
            statement = statement.where(CustomerRow.shares_with.is_(None))
        if customers:
            statement = statement.where(CustomerRow.id.in_(customers))
        # There may be a million of them.
        found = self.session.execute(statement.order_by(CustomerRow.id).execution_options(yield_per=_PAGE))
        try:
            yield from found
        finally:
            found.close()

    def adjustments_of(self, run: str, customers: Collection[str]) -> Sequence[AdjustmentRow]:
        """What a run adjusted of some customers."""
        mine = self.select(AdjustmentRow).where(AdjustmentRow.run_id == run, AdjustmentRow.customer_id.in_(customers))
        return self.session.scalars(mine.order_by(AdjustmentRow.id)).all()

    def adjustments_for(self, customer: str, limit: int) -> Sequence[AdjustmentRow]:
        """What was adjusted of a customer, newest first."""
        statement = self.select(AdjustmentRow).where(AdjustmentRow.customer_id == customer)
        return self.session.scalars(statement.order_by(AdjustmentRow.created_at.desc(), AdjustmentRow.id.desc()).limit(limit)).all()

    def turnover(self, since: datetime, until: datetime, stores: Collection[str], basis: Literal["gross", "net"]) -> Sequence[Row[Any]]:
        """(customer, gross or net, sales) of a period, returns taken off; customers who are blocked are left out."""
        sign = case((DocumentRow.kind == "sale", 1), else_=-1)
        sale = case((DocumentRow.kind == "sale", 1), else_=0)
        statement = self.join(
            self.columns(
                DocumentRow,
                DocumentRow.customer_id,
                func.sum(sign * (DocumentRow.net if basis == "net" else DocumentRow.gross)),
                func.sum(sale),
            ),
            CustomerRow,
            CustomerRow.id == DocumentRow.customer_id,
        ).where(
            DocumentRow.issued_at >= since,
            DocumentRow.issued_at < until,
            DocumentRow.status == "issued",
            DocumentRow.state != "merged",
            CustomerRow.blocked == literal(False),  # noqa: FBT003 - a column's value
            CustomerRow.inactive == literal(False),  # noqa: FBT003
        )
        if stores:
            statement = statement.where(DocumentRow.store.in_(stores))
        return self.session.execute(statement.group_by(DocumentRow.customer_id).order_by(DocumentRow.customer_id)).all()


def _lasts(day: date) -> ColumnElement[bool]:
    ends, left = MembershipRow.ends_on, MembershipRow.left_on
    return or_(ends.is_(None), ends >= day) & or_(left.is_(None), left > day)
