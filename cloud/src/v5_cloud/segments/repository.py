"""Statements on segments and on what they are made of."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any

from sqlalchemy import CTE, BigInteger, ColumnElement, Label, Row, Text, and_, case, cast, false, func, literal, or_, union_all
from sqlalchemy.sql.selectable import Select

from v5_cloud.kit.tenant import Repository
from v5_cloud.models import CustomerRow, SegmentDue, SegmentMember, SegmentModel, SegmentRound, SegmentRow, SegmentStep, ShoppingDay
from v5_cloud.segments.columns import CustomerColumns, only_shoppers
from v5_core.criteria import Criterion, read_period
from v5_core.segments import CUSTOMER_FIELDS, Cuts, Rfm, cuts_of, ranks
from v5_core.sources.criteria_sql import compile_sql

__all__ = ["SegmentRepository"]

_STREAM = 5_000
Only = Callable[[Any], ColumnElement[bool]]


class SegmentRepository(Repository):
    """The segments of a company."""

    # ── definitions ───────────────────────────────────────────────────────────────────────────────────────────────────────
    def all(self) -> Sequence[SegmentRow]:
        """Every segment."""
        return self.session.scalars(self.select(SegmentRow).order_by(SegmentRow.id)).all()

    def any(self) -> bool:
        """Whether there is one."""
        return self.session.scalar(self.columns(SegmentRow, SegmentRow.id).limit(1)) is not None

    def get(self, segment: str) -> SegmentRow | None:
        """One segment."""
        return self.session.scalars(self.select(SegmentRow).where(SegmentRow.id == segment)).one_or_none()

    def remove(self, segment: str) -> None:
        """Takes a segment away; its members leave it first."""
        self.session.execute(self.delete(SegmentRow).where(SegmentRow.id == segment))

    def model(self) -> SegmentModel | None:
        """How customers are banded; None: nobody said."""
        return self.session.scalars(self.select(SegmentModel)).one_or_none()

    # ── who is meant ──────────────────────────────────────────────────────────────────────────────────────────────────────
    def _audience(
        self,
        criteria: Mapping[str, Criterion],
        today: date,
        cuts: Cuts | None,
        only: Only | None = None,
        *,
        inner: bool = False,
    ) -> tuple[Select[Any], dict[str, ColumnElement[bool]]]:
        """The customers joined with their purchases, and each criterion as a condition on that."""
        columns = CustomerColumns(self, today, cuts)
        conditions = {name: compile_sql(one, CUSTOMER_FIELDS, columns) for name, one in criteria.items()}
        statement = self.columns(CustomerRow, CustomerRow.id)
        shopping = columns.shopping(only)
        if only is not None:
            statement = statement.where(only(CustomerRow.id))
        if shopping is not None:
            statement = statement.join(shopping, shopping.c.customer_id == CustomerRow.id, isouter=not inner)
        return statement, conditions

    def found(self, criterion: Criterion, today: date, cuts: Cuts | None) -> Select[Any]:
        """The ids of whoever a criterion means."""
        statement, conditions = self._audience({"": criterion}, today, cuts, inner=only_shoppers(criterion, today, cuts))
        return statement.where(conditions[""])

    def count(self, criterion: Criterion, today: date, cuts: Cuts | None) -> int:
        """How many a criterion means."""
        statement = self.found(criterion, today, cuts)
        return int(self.session.scalar(statement.with_only_columns(func.count())) or 0)

    def counts(self, criteria: Mapping[str, Criterion], today: date, cuts: Cuts | None) -> dict[str, int]:
        """How many each of several criteria means, in one pass over the customers."""
        statement, conditions = self._audience(criteria, today, cuts)
        counted = [func.count().filter(condition).label(f"c{index}") for index, condition in enumerate(conditions.values())]
        row = self.session.execute(statement.with_only_columns(*counted)).one()
        return dict(zip(conditions, (int(one) for one in row), strict=True))

    def sample(self, criterion: Criterion, today: date, cuts: Cuts | None, after: str, limit: int) -> Sequence[Row[Any]]:
        """Some of them, by id."""
        statement = self.found(criterion, today, cuts).where(CustomerRow.id > after).order_by(CustomerRow.id).limit(limit)
        return self.session.execute(statement.add_columns(CustomerRow.name)).all()

    def moves(self, criteria: Mapping[str, Criterion], today: date, cuts: Cuts | None, only: Only | None = None) -> Iterator[Row[Any]]:
        """Customers whose segments are not what they should be: id, and for each segment 1 (enters), -1 (leaves) or 0.

        Args:
            criteria: By segment.
            today: The company's day.
            cuts: Thresholds of the bands.
            only: Narrows a column of customers, when not all of them are meant.
        """
        statement, conditions = self._audience(criteria, today, cuts, only)
        changes: list[Label[int]] = []
        for name, condition in conditions.items():
            mine = (SegmentMember.customer_id == CustomerRow.id) & (SegmentMember.segment == name)
            member = self.columns(SegmentMember, SegmentMember.segment).where(mine).correlate(CustomerRow).exists()
            meant = func.coalesce(condition, false())
            changes.append(case((and_(meant, ~member), 1), (and_(~meant, member), -1), else_=0).label(f"c{len(changes)}"))
        inner = statement.add_columns(*changes).subquery()
        moved = [inner.c[one.name] != 0 for one in changes]
        yield from self.session.execute(inner.select().where(or_(*moved)), execution_options={"yield_per": _STREAM})

    def pieces(self, size: int) -> list[tuple[int, Only]]:
        """All customers in pieces of some size, by id: how many each has, and what narrows a column of customers to it."""
        place = func.row_number().over(order_by=CustomerRow.id).label("place")
        numbered = self.columns(CustomerRow, CustomerRow.id, place).subquery()
        ends = self.session.scalars(numbered.select().with_only_columns(numbered.c.id).where(numbered.c.place % size == 0).order_by("id"))
        total = int(self.session.scalar(self.columns(CustomerRow, func.count())) or 0)
        found: list[tuple[int, Only]] = []
        low = ""
        for high in ends:
            found.append((size, partial(_between, low, high)))
            low = high
        return [*found, (total - size * len(found), partial(_between, low, None))]

    # ── working everybody out, and the bands before ───────────────────────────────────────────────────────────────────────
    def round(self, *, lock: bool = False) -> SegmentRound | None:
        """How far it is."""
        statement = self.select(SegmentRound)
        return self.session.scalars(statement.with_for_update() if lock else statement).one_or_none()

    def steps(self, limit: int) -> Sequence[SegmentStep]:
        """How customers were banded before, the last first."""
        return self.session.scalars(self.select(SegmentStep).order_by(SegmentStep.number.desc()).limit(limit)).all()

    def forget(self, upto: int, *, after: int = -1) -> None:
        """Forgets steps by their numbers."""
        self.session.execute(self.delete(SegmentStep).where(SegmentStep.number > after, SegmentStep.number <= upto))

    def cuts(self, rfm: Rfm, today: date) -> Cuts:
        """The thresholds of all customers who bought in the period."""
        parts = {"last": rfm.recency.quantiles, "sales": rfm.frequency.quantiles, "spent": rfm.value.quantiles}
        asked = {name: count for name, count in parts.items() if count}
        if not asked:
            return cuts_of(rfm, (), (), ())
        sums = (
            func.max(ShoppingDay.day).filter(ShoppingDay.sales > 0).label("last"),
            cast(func.sum(ShoppingDay.sales), BigInteger).label("sales"),
            cast(func.sum(ShoppingDay.gross), BigInteger).label("spent"),
        )
        inside = ShoppingDay.day.between(*read_period(str(rfm.days))(today))
        bought = self.columns(ShoppingDay, *sums).where(inside).group_by(ShoppingDay.customer_id)
        found = bought.having(func.sum(ShoppingDay.sales) > 0).cte("bought")
        rows = self.session.execute(union_all(*(_steps(found, name, count) for name, count in asked.items()))).all()
        values: dict[str, list[str]] = {"last": [], "sales": [], "spent": []}
        for name, count in asked.items():
            steps = sorted((int(upto), value, int(total)) for measure, value, upto, total in rows if measure == name)
            places = ranks(steps[0][2], count) if steps else []
            values[name] = [next(value for upto, value, _ in steps if upto >= place) for place in places]
        recency = [(today - date.fromisoformat(one)).days for one in values["last"]]
        return cuts_of(rfm, recency, [int(one) for one in values["sales"]], [int(one) for one in values["spent"]])

    # ── members ───────────────────────────────────────────────────────────────────────────────────────────────────────────
    def members(self, segment: str, after: str, limit: int) -> Sequence[Row[Any]]:
        """(customer, name, since) of a segment, by customer."""
        statement = self.join(
            self.columns(SegmentMember, SegmentMember.customer_id, CustomerRow.name, SegmentMember.since),
            CustomerRow,
            CustomerRow.id == SegmentMember.customer_id,
        ).where(SegmentMember.segment == segment, SegmentMember.customer_id > after)
        return self.session.execute(statement.order_by(SegmentMember.customer_id).limit(limit)).all()

    def size(self, segment: str) -> int:
        """How many members a segment has."""
        return int(self.session.scalar(self.columns(SegmentMember, func.count()).where(SegmentMember.segment == segment)) or 0)

    def of(self, customers: Collection[str]) -> dict[str, list[str]]:
        """Segments by customer, sorted."""
        found: dict[str, list[str]] = {}
        if customers:
            statement = self.columns(SegmentMember, SegmentMember.customer_id, SegmentMember.segment)
            wanted = statement.where(SegmentMember.customer_id.in_(customers)).order_by(SegmentMember.segment)
            for customer, segment in self.session.execute(wanted):
                found.setdefault(customer, []).append(segment)
        return found

    def some(self, segment: str, limit: int) -> Sequence[str]:
        """Some of a segment's members."""
        return self.session.scalars(
            self.columns(SegmentMember, SegmentMember.customer_id).where(SegmentMember.segment == segment).limit(limit)
        ).all()

    def leave(self, segment: str, customers: Collection[str]) -> None:
        """They are in the segment no more."""
        mine = (SegmentMember.segment == segment) & SegmentMember.customer_id.in_(customers)
        self.session.execute(self.delete(SegmentMember).where(mine))

    # ── customers who are worked out anew ─────────────────────────────────────────────────────────────────────────────────
    def due(self, limit: int) -> Sequence[tuple[str, datetime]]:
        """Customers to work out, and since when; the longest waiting first."""
        statement = self.columns(SegmentDue, SegmentDue.customer_id, SegmentDue.marked_at)
        rows = self.session.execute(statement.order_by(SegmentDue.marked_at, SegmentDue.customer_id).limit(limit))
        return [(customer, marked) for customer, marked in rows]

    def done(self, due: Sequence[tuple[str, datetime]]) -> None:
        """They were worked out; who was marked again meanwhile stays."""
        for customer, marked in due:
            mine = (SegmentDue.customer_id == customer) & (SegmentDue.marked_at <= marked)
            self.session.execute(self.delete(SegmentDue).where(mine))


def _between(low: str, high: str | None, column: Any) -> ColumnElement[bool]:
    inside: ColumnElement[bool] = column > low
    return inside if high is None else and_(inside, column <= high)


def _steps(found: CTE, name: str, quantiles: int) -> Select[Any]:
    """The values of a measure at the places that part the customers; equal values are counted together, not one by one."""
    column = found.c[name]
    # The most recent days are the best, so they come first: a quantile of days ago is one of dates backwards.
    order = column.desc() if name == "last" else column
    upto = cast(func.sum(func.count()).over(order_by=order), BigInteger).label("upto")
    every = cast(func.sum(func.count()).over(), BigInteger).label("total")
    steps = found.select().with_only_columns(column.label("value"), func.count().label("same"), upto, every).group_by(column).subquery()
    # As `ranks` has it, in whole numbers.
    places = [(steps.c.total * part + (quantiles - 1)) // quantiles for part in range(1, quantiles)]
    reached = [(steps.c.upto >= place) & (steps.c.upto - steps.c.same < place) for place in places]
    columns = (literal(name), cast(steps.c.value, Text), steps.c.upto, steps.c.total)
    return steps.select().with_only_columns(*columns).where(or_(*reached))
