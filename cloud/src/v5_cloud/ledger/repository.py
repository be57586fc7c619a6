"""Statements on accounts, lots, holds, allocations and postings."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any, Final

from sqlalchemy import BindParameter, CompoundSelect, Select, bindparam, func, literal, or_, union_all

from v5_cloud.kit.tenant import Repository, Scope
from v5_cloud.ledger.working import Working, allocation_of, lot_of
from v5_cloud.models import AccountRow, AllocationRow, Company, CustomerKey, CustomerRow, HoldRow, LotRow, PostingRow
from v5_core.ledger import Hold, HoldState, Lot, Operation

__all__ = ["LedgerRepository"]

_KEPT: Final = 1000
_DETAILS: Final[dict[Scope, CompoundSelect[Any]]] = {}


class LedgerRepository(Repository):
    """The ledger of a company."""

    def lock(
        self, keys: Collection[str], accounts: Collection[str], holds: Collection[str]
    ) -> tuple[list[tuple[AccountRow, CustomerRow]], int]:
        """Accounts of whoever the keys, account ids or holds name, locked until the transaction ends; and the programmes' stamp."""
        wanted: list[Select[Any]] = []
        if keys:
            wanted.append(self.columns(CustomerKey, CustomerKey.customer_id).where(CustomerKey.key.in_(keys)))
        if accounts:
            wanted.append(self.columns(AccountRow, AccountRow.customer_id).where(AccountRow.id.in_(accounts)))
        if holds:
            owners = self.columns(HoldRow, HoldRow.account_id).where(or_(HoldRow.id.in_(holds), HoldRow.alias.in_(holds)))
            wanted.append(self.columns(AccountRow, AccountRow.customer_id).where(self.among(AccountRow.id, owners)))
        if not wanted:
            return [], -1
        stamp = self.columns(Company, Company.programme_stamp).where(Company.id == self.scope.company).scalar_subquery()
        statement = self.columns(AccountRow, AccountRow, CustomerRow, stamp)
        statement = self.join(statement, CustomerRow, CustomerRow.id == AccountRow.customer_id)
        statement = (
            statement.where(self.among(AccountRow.customer_id, *wanted), self.among(CustomerRow.id, *wanted))
            .order_by(AccountRow.id)
            .with_for_update(of=AccountRow)
        )
        rows = self.session.execute(statement.execution_options(populate_existing=True)).all()
        return [(row[0], row[1]) for row in rows], int(rows[0][2]) if rows else -1

    def details(self, working: Working, accounts: Collection[str], names: Collection[str] = ()) -> None:
        """Loads open lots and open holds, and the holds that payments name, in one statement; the accounts are locked by now."""
        if not accounts:
            return
        statement = _DETAILS.get(self.scope)
        if statement is None:
            # Built once per company: building it costs as much as running it.
            if len(_DETAILS) >= _KEPT:
                _DETAILS.clear()
            statement = _DETAILS[self.scope] = self._details()
        found_lots: list[Lot] = []
        found_holds: list[Hold] = []
        for row in self.session.execute(statement, {"accounts": list(accounts), "names": list(names)}):
            kind, key, account, entry, one, two, points, rest, held, expired, debt, since, until, sequence = row
            if kind == "lot":
                owed = Operation(debt) if debt else None
                found_lots.append(Lot(key, account, entry, one, two, points, rest, since, until, held, expired, sequence, owed))
            else:
                parts = tuple((str(lot), int(part)) for lot, part in json.loads(two))
                state = HoldState(kind.partition(":")[2])
                found_holds.append(Hold(key, account, points, since, until, parts, state, rest, entry))
                if one:
                    working.aliases[key] = one
        working.load((), found_lots, found_holds)

    def _details(self) -> CompoundSelect[Any]:
        wanted: BindParameter[Any] = bindparam("accounts", expanding=True)
        lots = self.columns(
            LotRow,
            literal("lot").label("kind"),
            LotRow.lot_id.label("id"),
            LotRow.account_id,
            LotRow.entry,
            LotRow.programme,
            LotRow.rule,
            LotRow.points,
            LotRow.remaining,
            LotRow.held,
            LotRow.expired,
            func.coalesce(LotRow.debt, ""),
            LotRow.earned_at,
            LotRow.expires_at,
            LotRow.sequence,
        ).where(LotRow.account_id.in_(wanted), LotRow.remaining != 0)
        called: BindParameter[Any] = bindparam("names", expanding=True)
        named = or_(HoldRow.id.in_(called), HoldRow.alias.in_(called))
        holds = self.columns(
            HoldRow,
            literal("hold:") + HoldRow.state,
            HoldRow.id,
            HoldRow.account_id,
            HoldRow.entry,
            HoldRow.alias,
            HoldRow.parts,
            HoldRow.points,
            HoldRow.captured,
            literal(0),
            literal(0),
            literal(""),
            HoldRow.created_at,
            HoldRow.expires_at,
            literal(0),
        ).where(HoldRow.account_id.in_(wanted), or_(HoldRow.state == "open", named))
        return union_all(lots, holds)

    def booked(self, working: Working, documents: Collection[str], entries: Collection[str]) -> None:
        """Loads what documents have booked so far: their lots, their allocations, and the lots that these name."""
        if not documents:
            return
        every = [*documents, *entries]
        lots = self.session.scalars(self.select(LotRow).where(LotRow.entry.in_(every))).all()
        statement = self.select(AllocationRow).where(or_(AllocationRow.entry.in_(every), AllocationRow.origin.in_(every)))
        allocations = self.session.scalars(statement).all()
        names = {one.lot_id for one in allocations}
        named = self.session.scalars(self.select(LotRow).where(LotRow.lot_id.in_(names))).all() if names else []
        working.load((), [lot_of(row) for row in (*lots, *named)], ())
        for row in allocations:
            working.allocations.setdefault(row.account_id, []).append(allocation_of(row))

    def owners(self, documents: Collection[str]) -> set[str]:
        """Accounts on which documents have booked something; before locking them."""
        if not documents:
            return set()
        statement = self.columns(PostingRow, PostingRow.owner).where(PostingRow.document_id.in_(documents)).distinct()
        return set(self.session.scalars(statement).all())

    def account_of(self, customer_id: str) -> AccountRow | None:
        """A customer's account, not locked."""
        return self.session.scalars(self.select(AccountRow).where(AccountRow.customer_id == customer_id)).one_or_none()

    def hold(self, name: str) -> HoldRow | None:
        """A hold by its id or by the name that an offline till gave it."""
        statement = self.select(HoldRow).where(or_(HoldRow.id == name, HoldRow.alias == name)).limit(1)
        return self.session.scalars(statement).one_or_none()

    def overdue_holds(self, now: Any, limit: int) -> Sequence[HoldRow]:
        """Open holds whose time is over."""
        statement = self.select(HoldRow).where(HoldRow.state == "open", HoldRow.expires_at <= now).order_by(HoldRow.expires_at).limit(limit)
        return self.session.scalars(statement).all()

    def lapsed_accounts(self, now: Any, limit: int) -> Sequence[str]:
        """Accounts with lots whose time is over."""
        condition = (LotRow.remaining > 0) & (LotRow.expires_at <= now) & (LotRow.held < LotRow.remaining)
        return self.session.scalars(self.columns(LotRow, LotRow.account_id).where(condition).distinct().limit(limit)).all()
