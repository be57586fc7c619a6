"""The fields of a customer in SQL: the same answers as `v5_core.segments.record_of`, on SQLite and PostgreSQL.

What is asked of a customer's days is worked out in one pass over them, whatever the number of criteria and periods: each distinct
sum becomes a column of one grouped subquery, which the customers are joined with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Integer,
    Subquery,
    Text,
    and_,
    case,
    cast,
    exists,
    extract,
    func,
    literal,
    literal_column,
    not_,
    or_,
)
from sqlalchemy.sql.selectable import Select

from v5_cloud.kit.tenant import Repository
from v5_cloud.models import AccountRow, CardRow, CustomerRow, MembershipRow, SegmentMember, ShoppingDay, ShoppingProduct, StandingRow
from v5_core.criteria import And, Criterion, compile_memory, operands, read_period
from v5_core.segments import CUSTOMER_FIELDS, FAVOURITES, FREQUENCIES, FREQUENCY_DAYS, HABIT_MONTHS, Cuts, Shopper, record_of

__all__ = ["CustomerColumns", "only_shoppers"]

Column = ColumnElement[Any]
_SHOPPING: Final = "shopping"
_OWN: Final = (
    "name", "email", "phone", "tax_number", "home_store", "origin", "remark", "birth_date", "member_since", "consent_sms",
    "consent_email", "consent_post", "blocked", "inactive",
)  # fmt: skip
_C: Final = CustomerRow.__table__.c
_D: Final = ShoppingDay.__table__.c
_P: Final = ShoppingProduct.__table__.c


class CustomerColumns(Mapping[str, Any]):
    """Columns for `compile_sql`. What they need of the days is known once all criteria are compiled: see `shopping`."""

    def __init__(self, repository: Repository, today: date, cuts: Cuts | None) -> None:
        self._repository = repository
        self._today = today
        self._cuts = cuts
        self._sums: dict[tuple[str, str, str], str] = {}

    def __getitem__(self, name: str) -> Any:
        if name in _OWN:
            return _C[name]
        return getattr(self, f"_{name}")() if name in _PLAIN else getattr(self, f"_{name}")

    def get(self, name: str, default: Any = None) -> Any:
        """The column, or what is given instead."""
        return self[name] if name in CUSTOMER_FIELDS else default

    def __iter__(self) -> Iterator[str]:
        return iter(CUSTOMER_FIELDS)

    def __len__(self) -> int:
        return len(CUSTOMER_FIELDS)

    # ── the pass over the days ────────────────────────────────────────────────────────────────────────────────────────────
    def shopping(self, ids: Callable[[Any], Column] | None = None) -> Subquery | None:
        """What the compiled criteria ask of the days, by customer; None when that is nothing.

        Args:
            ids: Narrows a column of customers, when not all of them are wanted.
        """
        if not self._sums:
            return None
        spans = {read_period(period)(self._today) if period else None for _, period, _ in self._sums}
        # One period for all is asked once of the row, and not of each sum.
        shared = len(spans) == 1
        columns = [
            _sum(kind, self._inside("" if shared else period, store)).label(label) for (kind, period, store), label in self._sums.items()
        ]
        statement = self._repository.columns(ShoppingDay, _D.customer_id, *columns)
        known = [one for one in spans if one is not None]
        if len(known) == len(spans):
            statement = statement.where(_D.day.between(min(first for first, _ in known), max(last for _, last in known)))
        if ids is not None:
            statement = statement.where(ids(_D.customer_id))
        return statement.group_by(_D.customer_id).subquery(_SHOPPING)

    def _inside(self, period: str, store: str) -> Column | None:
        conditions: list[Column] = []
        if period:
            first, last = read_period(period)(self._today)
            conditions.append(_D.day.between(first, last))
        if store:
            conditions.append(_D.store == store)
        return and_(*conditions) if conditions else None

    def _days(self, kind: str, period: str = "", store: str = "") -> Column:
        label = self._sums.setdefault((kind, period, store), f"s{len(self._sums)}")
        day = kind in ("first", "last")
        found: Column = literal_column(f"{_SHOPPING}.{label}", Date() if day else BigInteger())
        return found if day else func.coalesce(found, 0)

    # ── the record ────────────────────────────────────────────────────────────────────────────────────────────────────────
    def _incomplete(self) -> Column:
        missing = [or_(column.is_(None), column == "") for column in (_C.name, _C.phone, _C.email)]
        return or_(*missing, _C.birth_date.is_(None))

    def _referred(self) -> Column:
        return _C.referred_by.is_not(None)

    def _days_to_birthday(self) -> Column:
        today = self._today
        # 29 February is the sixtieth day, and so is 1 March in other years: that is when it is celebrated.
        this, following = self._place(today.year), self._place(today.year + 1)
        length, now = date(today.year, 12, 31).timetuple().tm_yday, today.timetuple().tm_yday
        return case((this >= now, this - now), else_=following + (length - now))

    def _place(self, year: int) -> Column:
        before = {month: date(year, month, 1).timetuple().tm_yday - 1 for month in range(1, 13)}
        return case(before, value=cast(extract("month", _C.birth_date), Integer)) + cast(extract("day", _C.birth_date), Integer)

    def _birthday(self) -> Column:
        return self._days_to_birthday() == 0

    def _age(self) -> Column:
        month, day = cast(extract("month", _C.birth_date), Integer), cast(extract("day", _C.birth_date), Integer)
        later = month * 100 + day > self._today.month * 100 + self._today.day
        return self._today.year - cast(extract("year", _C.birth_date), Integer) - case((later, 1), else_=0)

    def _since(self, day: Column) -> Column:
        if self._repository.sqlite:
            return cast(func.julianday(literal(self._today, Date())) - func.julianday(day), Integer)
        return literal(self._today, Date()).op("-", return_type=Integer())(day)

    def _member_days(self) -> Column:
        return self._since(_C.member_since)

    # ── what the customer has ─────────────────────────────────────────────────────────────────────────────────────────────
    def _balance(self) -> Column:
        free = AccountRow.balance - AccountRow.held
        mine = (AccountRow.customer_id == _C.id) & (AccountRow.kind == "points")
        return func.coalesce(self._repository.columns(AccountRow, free).where(mine).correlate(CustomerRow).scalar_subquery(), 0)

    def _has(self, statement: Select[Any]) -> Column:
        return statement.correlate(CustomerRow).exists()

    def _card_type(self, value: str) -> Column:
        mine = (CardRow.customer_id == _C.id) & CardRow.active & (CardRow.card_type == value)
        return self._has(self._repository.columns(CardRow, CardRow.number).where(mine))

    def _segment(self, value: str) -> Column:
        mine = (SegmentMember.customer_id == _C.id) & (SegmentMember.segment == value)
        return self._has(self._repository.columns(SegmentMember, SegmentMember.segment).where(mine))

    def _tier(self, value: str) -> Column:
        levels, item = self._elements(StandingRow.tiers, "jsonb_each")
        mine = (StandingRow.customer_id == _C.id) & exists(literal(1)).select_from(levels).where(item(0) == value)
        return self._has(self._repository.columns(StandingRow, StandingRow.customer_id).where(mine))

    def _club(self, value: str) -> Column:
        today = self._today
        rests, item = self._elements(MembershipRow.breaks, "jsonb_array_elements")
        resting = (
            exists(literal(1)).select_from(rests).where(item(0) <= today.isoformat(), or_(item(1).is_(None), item(1) >= today.isoformat()))
        )
        running = and_(
            MembershipRow.starts <= today,
            or_(MembershipRow.left_on.is_(None), MembershipRow.left_on > today),
            or_(MembershipRow.ends_on.is_(None), MembershipRow.ends_on >= today),
            not_(resting),
        )
        mine = (MembershipRow.customer_id == _C.id) & (MembershipRow.club == value) & running
        return self._has(self._repository.columns(MembershipRow, MembershipRow.club).where(mine))

    def _elements(self, column: Any, function: str) -> tuple[Any, Callable[[int], Column]]:
        if self._repository.sqlite:
            rows = func.json_each(column).table_valued("value", name="e")
            return rows, lambda index: func.json_extract(rows.c.value, f"$[{index}]")
        rows = getattr(func, function)(column).table_valued("value", name="e")
        return rows, lambda index: rows.c.value.op("->>", return_type=Text())(literal_column(str(index)))

    # ── what the customer bought ──────────────────────────────────────────────────────────────────────────────────────────
    def _sales(self, period: str = "") -> Column:
        return self._days("sales", period)

    def _visits(self, period: str = "") -> Column:
        return self._days("visits", period)

    def _spend(self, period: str = "") -> Column:
        return self._days("gross", period)

    def _earned(self, period: str = "") -> Column:
        return self._days("points", period)

    def _bought(self, period: str = "") -> Column:
        return self._sales(period) > 0

    def _store_spend(self, store: str, period: str = "") -> Column:
        return self._days("gross", period, store)

    def _store_visits(self, store: str, period: str = "") -> Column:
        return self._days("visits", period, store)

    def _first_sale(self) -> Column:
        return self._days("first")

    def _last_sale(self) -> Column:
        return self._days("last")

    def _days_since_sale(self) -> Column:
        return self._since(self._days("last"))

    def _average_sale(self) -> Column:
        return self._spend().op("/", return_type=BigInteger())(func.nullif(self._sales(), 0))

    def _goods(self, column: Column, code: str, period: str, measure: Column) -> Column:
        conditions = [_P.customer_id == _C.id, column == code]
        if period:
            conditions.append(_P.day.between(*read_period(period)(self._today)))
        statement = self._repository.columns(ShoppingProduct, cast(func.coalesce(func.sum(measure), 0), BigInteger))
        return statement.where(*conditions).correlate(CustomerRow).scalar_subquery()

    def _bought_product(self, code: str, period: str = "") -> Column:
        return self._product_quantity(code, period) > 0

    def _product_spend(self, code: str, period: str = "") -> Column:
        return self._goods(_P.product, code, period, _P.gross)

    def _product_quantity(self, code: str, period: str = "") -> Column:
        return self._goods(_P.product, code, period, _P.quantity)

    def _bought_family(self, code: str, period: str = "") -> Column:
        return self._family_quantity(code, period) > 0

    def _family_spend(self, code: str, period: str = "") -> Column:
        return self._goods(_P.family, code, period, _P.gross)

    def _family_quantity(self, code: str, period: str = "") -> Column:
        return self._goods(_P.family, code, period, _P.quantity)

    # ── habits ────────────────────────────────────────────────────────────────────────────────────────────────────────────
    def _preferred_store(self) -> Column:
        habit = _D.day.between(*read_period(HABIT_MONTHS)(self._today))
        by_code = _D.store if self._repository.sqlite else _D.store.collate("C")
        statement = self._repository.columns(ShoppingDay, _D.store).where(_D.customer_id == _C.id, habit, _D.sales > 0)
        order = (func.sum(_D.sales).desc(), func.max(_D.day).desc(), by_code)
        return statement.group_by(_D.store).order_by(*order).limit(1).correlate(CustomerRow).scalar_subquery()

    def _frequency(self) -> Column:
        visits = self._visits(FREQUENCY_DAYS)
        return case(*((visits >= least, name) for least, name in FREQUENCIES), else_="never")

    def _favourite(self, column: Column, value: str) -> Column:
        habit = _P.day.between(*read_period(HABIT_MONTHS)(self._today))
        times = func.sum(_P.sales)
        place = func.rank().over(partition_by=_P.customer_id, order_by=times.desc()).label("place")
        ranked = self._repository.columns(ShoppingProduct, _P.customer_id, column.label("code"), place).where(habit, column != "")
        found = ranked.group_by(_P.customer_id, column).having(times > 0).subquery()
        # Not by customer: the ranking is done once for all of them.
        mine = self._repository.columns(CustomerRow, found.c.customer_id).join(found, CustomerRow.id == found.c.customer_id)
        return _C.id.in_(mine.where(found.c.code == value, found.c.place <= FAVOURITES).correlate(None))

    def _favourite_product(self, value: str) -> Column:
        return self._favourite(_P.product, value)

    def _favourite_family(self, value: str) -> Column:
        return self._favourite(_P.family, value)

    # ── bands ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
    def _band(self, reached: Callable[[Cuts, str], list[Column]]) -> Column:
        if self._cuts is None:
            return literal(None, Integer())
        period = str(self._cuts.days)
        steps = [case((one, 1), else_=0) for one in reached(self._cuts, period)]
        band: Column = literal_column("1", Integer())
        for step in steps:
            band = band + step
        return case((self._sales(period) > 0, band), else_=0)

    def _r(self) -> Column:
        # The day itself is compared: no arithmetic on a million rows.
        return self._band(lambda cuts, period: [self._days("last", period) >= self._today - timedelta(days=one) for one in cuts.recency])

    def _f(self) -> Column:
        return self._band(lambda cuts, period: [self._sales(period) >= one for one in cuts.frequency])

    def _v(self) -> Column:
        return self._band(lambda cuts, period: [self._spend(period) >= one for one in cuts.value])


def only_shoppers(criterion: Criterion, today: date, cuts: Cuts | None) -> bool:
    """Whether a criterion cannot mean anybody who bought nothing: then the database need not look at those.

    So it is when one of the conditions that must hold asks for nothing but purchases, and does not hold without any.
    """
    nobody = record_of(Shopper(""), today, cuts)
    must = criterion.items if isinstance(criterion, And) else (criterion,)
    return any(all(leaf.field in _OF_DAYS for leaf in operands(one)) and not compile_memory(one, CUSTOMER_FIELDS)(nobody) for one in must)


def _sum(kind: str, inside: Column | None) -> Column:
    if kind in ("visits", "first", "last"):
        visit = _D.sales > 0
        inside = visit if inside is None else and_(visit, inside)
    measures = {"visits": func.count(), "first": func.min(_D.day), "last": func.max(_D.day)}
    found: Any = measures[kind] if kind in measures else func.sum(_D[kind])
    if inside is not None:
        found = found.filter(inside)
    return found if kind in measures else cast(found, BigInteger)


_OF_DAYS: Final = frozenset({
    "sales", "visits", "spend", "earned", "bought", "store_spend", "store_visits", "first_sale", "last_sale", "days_since_sale",
    "average_sale", "frequency", "r", "f", "v",
})  # fmt: skip
_PLAIN: Final = frozenset(name for name, kind in CUSTOMER_FIELDS.items() if name not in _OWN and kind.kind != "set" and not kind.takes)
