"""Statements on vouchers, the accounts they hold money on, counted uses and reservations."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, Select, extract, func, or_, tuple_

from v5_cloud.kit.tenant import Repository
from v5_cloud.models import AccountRow, AuditRow, CustomerRow, HoldRow, Reservation, UseCounter, VoucherRow
from v5_cloud.programmes.asks import CounterKey
from v5_cloud.vouchers.schemas import VoucherFilter

__all__ = ["VoucherRepository"]


class VoucherRepository(Repository):
    """Everything with a code, of a company."""

    def by_codes(self, codes: Collection[str], *, lock: bool = False) -> Sequence[VoucherRow]:
        """Vouchers by their folded codes; locked in the order of their codes until the transaction ends."""
        if not codes:
            return ()
        statement = self.select(VoucherRow).where(VoucherRow.code.in_(sorted(codes))).order_by(VoucherRow.code)
        if lock:
            statement = statement.with_for_update()
        return self.session.scalars(statement.execution_options(populate_existing=True)).all()

    def of_customer(self, customer: str, *, state: str = "active", limit: int = 100) -> Sequence[VoucherRow]:
        """A customer's vouchers, those that lapse first first."""
        statement = self.select(VoucherRow).where(VoucherRow.customer_id == customer, VoucherRow.state == state)
        return self.session.scalars(statement.order_by(VoucherRow.valid_until, VoucherRow.code).limit(limit)).all()

    def _narrowed(self, statement: Select[Any], wanted: VoucherFilter) -> Select[Any]:
        for column, value in (
            (VoucherRow.kind, wanted.kind),
            (VoucherRow.type, wanted.type),
            (VoucherRow.customer_id, wanted.customer),
            (VoucherRow.state, wanted.state),
            (VoucherRow.run_id, wanted.run),
            (VoucherRow.code, wanted.code),
        ):
            if value:
                statement = statement.where(column == value)
        if wanted.part:
            statement = statement.where(VoucherRow.code.contains(wanted.part, autoescape=True))
        if wanted.tail:
            statement = statement.where(func.substr(VoucherRow.code, func.length(VoucherRow.code) - len(wanted.tail) + 1) == wanted.tail)
        if wanted.ends is not None:
            statement = statement.where(VoucherRow.valid_until <= wanted.ends)
        if wanted.lives_at is not None:
            statement = statement.where(or_(VoucherRow.valid_until.is_(None), VoucherRow.valid_until > wanted.lives_at))
        return statement

    def found(
        self, wanted: VoucherFilter, after: tuple[datetime, str] | None, limit: int, *, passed: int = 0
    ) -> Sequence[Row[VoucherRow, AccountRow]]:
        """Vouchers, newest first, each with its account where it has one; from behind `after`, or behind so many."""
        same = (AccountRow.id == VoucherRow.account_id) & self.guard(AccountRow)
        statement = self._narrowed(self.columns(VoucherRow, VoucherRow, AccountRow).outerjoin(AccountRow, same), wanted)
        if after:
            statement = statement.where(tuple_(VoucherRow.created_at, VoucherRow.code) < tuple_(*after))
        return self.session.execute(
            statement.order_by(VoucherRow.created_at.desc(), VoucherRow.code.desc()).offset(passed or None).limit(limit)
        ).all()

    def count(self, wanted: VoucherFilter) -> int:
        """How many these are."""
        return int(self.session.scalar(self._narrowed(self.columns(VoucherRow, func.count()), wanted)) or 0)

    def noted(self, code: str, since: datetime) -> Sequence[AuditRow]:
        """What people and systems did to a code, newest first."""
        statement = self.select(AuditRow).where(AuditRow.subject == code, AuditRow.action.startswith("voucher."), AuditRow.at >= since)
        return self.session.scalars(statement.order_by(AuditRow.at.desc()).limit(200)).all()

    def open_holds(self, account: str) -> Sequence[HoldRow]:
        """Payments under way, newest first."""
        statement = self.select(HoldRow).where(HoldRow.account_id == account, HoldRow.state == "open")
        return self.session.scalars(statement.order_by(HoldRow.created_at.desc())).all()

    def of_run(self, run: str, customers: Collection[str]) -> Sequence[str]:
        """Codes that a run made for some customers."""
        mine = self.columns(VoucherRow, VoucherRow.code).where(VoucherRow.run_id == run, VoucherRow.customer_id.in_(customers))
        return self.session.scalars(mine).all()

    def accounts(self, ids: Collection[str], *, lock: bool = True) -> Sequence[AccountRow]:
        """Accounts of stored values; locked in the order of their ids."""
        if not ids:
            return ()
        statement = self.select(AccountRow).where(AccountRow.id.in_(sorted(ids))).order_by(AccountRow.id)
        if lock:
            statement = statement.with_for_update()
        return self.session.scalars(statement.execution_options(populate_existing=True)).all()

    def by_accounts(self, ids: Collection[str]) -> Sequence[VoucherRow]:
        """Vouchers that hold money on these accounts."""
        return self.session.scalars(self.select(VoucherRow).where(VoucherRow.account_id.in_(ids))).all() if ids else ()

    def counters(self, scopes: Collection[str], periods: Collection[str]) -> dict[CounterKey, tuple[int, int]]:
        """Used and held of everything that is counted in these scopes and periods."""
        wanted = UseCounter.scope.in_(sorted(scopes)) & UseCounter.period.in_(sorted(periods))
        statement = self.columns(UseCounter, UseCounter.scope, UseCounter.period, UseCounter.key, UseCounter.used, UseCounter.held)
        return {(scope, period, key): (used, held) for scope, period, key, used, held in self.session.execute(statement.where(wanted))}

    def lock_counters(self, keys: Iterable[CounterKey]) -> dict[CounterKey, tuple[int, int]]:
        """Used and held of these counters, which nobody else changes until the transaction ends; made where there are none."""
        ordered = sorted(set(keys))
        found = self._locked(ordered)
        new = [key for key in ordered if key not in found]
        if new:
            # Two sales may be the first of a period at once: one of them makes the row, the other waits for it.
            for scope, period, key in new:
                self.session.execute(
                    self.text(
                        "INSERT INTO use_counter (tenant_id, company_id, scope, period, key, used, held) "
                        "VALUES (:tenant, :company, :scope, :period, :key, 0, 0) ON CONFLICT DO NOTHING"
                    ).bindparams(company=self.scope.company, scope=scope, period=period, key=key)
                )
            found |= self._locked(new)
        return found

    def _locked(self, keys: Sequence[CounterKey]) -> dict[CounterKey, tuple[int, int]]:
        if not keys:
            return {}
        columns = (UseCounter.scope, UseCounter.period, UseCounter.key, UseCounter.used, UseCounter.held)
        statement = self.columns(UseCounter, *columns).where(tuple_(*columns[:3]).in_(keys)).order_by(*columns[:3]).with_for_update()
        return {(scope, period, key): (used, held) for scope, period, key, used, held in self.session.execute(statement)}

    def reservations(self, names: Collection[str], *, lock: bool = True) -> Sequence[Reservation]:
        """Reservations by id or by the request that asked for them."""
        if not names:
            return ()
        statement = self.select(Reservation).where(or_(Reservation.id.in_(names), Reservation.alias.in_(names))).order_by(Reservation.id)
        if lock:
            statement = statement.with_for_update()
        return self.session.scalars(statement.execution_options(populate_existing=True)).all()

    def open_at(self, store: str, now: datetime) -> Sequence[Reservation]:
        """Open reservations of a store, locked: a sale may leave out which one was made for it."""
        statement = self.select(Reservation).where(Reservation.store == store, Reservation.state == "open", Reservation.expires_at > now)
        return self.session.scalars(statement.order_by(Reservation.id).with_for_update().execution_options(populate_existing=True)).all()

    def overdue(self, now: datetime, limit: int) -> Sequence[str]:
        """Open reservations whose time is over."""
        statement = self.columns(Reservation, Reservation.id).where(Reservation.state == "open", Reservation.expires_at <= now)
        return self.session.scalars(statement.order_by(Reservation.expires_at).limit(limit)).all()

    def born(self, days: Collection[date], after: str, limit: int) -> Sequence[str]:
        """Customers whose birthday is on one of these days, whatever the year (29 February on 1 March too); by id, after one."""
        wanted = {day.month * 100 + day.day for day in days}
        if 301 in wanted:
            wanted.add(229)
        born = extract("month", CustomerRow.birth_date) * 100 + extract("day", CustomerRow.birth_date)
        statement = self.columns(CustomerRow, CustomerRow.id).where(
            CustomerRow.blocked.is_(False), CustomerRow.inactive.is_(False), CustomerRow.id > after, born.in_(sorted(wanted))
        )
        return self.session.scalars(statement.order_by(CustomerRow.id).limit(limit)).all()

    def people(self, ids: Collection[str]) -> Sequence[CustomerRow]:
        """Customers by their ids."""
        return self.session.scalars(self.select(CustomerRow).where(CustomerRow.id.in_(ids)).order_by(CustomerRow.id)).all()

    def holds_on(self, account: str) -> int:
        """Open holds on an account."""
        statement = self.columns(HoldRow, func.count()).where(HoldRow.account_id == account, HoldRow.state == "open")
        return int(self.session.scalar(statement) or 0)
