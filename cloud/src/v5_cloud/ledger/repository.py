"""Statements on accounts, lots, holds, allocations and postings."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any, Final

from sqlalchemy import JSON, ColumnElement, CompoundSelect, Select, func, literal, null, or_, union_all

from v5_cloud.kit.tenant import Repository
from v5_cloud.ledger.working import Account, Member, Working, allocation_of, lot_of
from v5_cloud.models import AccountRow, AllocationRow, Company, CustomerKey, CustomerRow, HoldRow, LotRow, PostingRow, SegmentMember
from v5_core.ledger import Hold, HoldState, Lot, Operation

__all__ = ["LedgerRepository"]

_ACCOUNT: Final = len(Account._fields)


class LedgerRepository(Repository):
    """The ledger of a company."""

    def lock(self, keys: Collection[str], accounts: Collection[str], holds: Collection[str]) -> tuple[list[tuple[Account, Member]], int]:
        """Accounts of whoever the keys, account ids or holds name, locked until the transaction ends; and the programmes' stamp."""
        values = {"keys": list(keys), "accounts": list(accounts), "holds": list(holds)}
        given = {name: found for name, found in values.items() if found}
        if not given:
            return [], -1
        rows = self.rows(f"ledger.lock:{','.join(given)}", lambda: self._lock(given), given)
        pairs = [(Account(*row[:_ACCOUNT]), Member(*row[_ACCOUNT:-1])) for row in rows]
        # A relative's account is another customer's.
        heads = {one.shares_with for _, one in pairs if one.shares_with} - {one.id for _, one in pairs}
        more = self.lock([f"id:{head}" for head in sorted(heads)], (), ())[0] if heads else []
        return pairs + more, int(rows[0][-1]) if rows else -1

    def _lock(self, given: Collection[str]) -> Select[Any]:
        wanted: list[Select[Any]] = []
        if "keys" in given:
            wanted.append(self.columns(CustomerKey, CustomerKey.customer_id).where(self.within(CustomerKey.key, "keys")))
        if "accounts" in given:
            wanted.append(self.columns(AccountRow, AccountRow.customer_id).where(self.within(AccountRow.id, "accounts")))
        if "holds" in given:
            named = or_(self.within(HoldRow.id, "holds"), self.within(HoldRow.alias, "holds"))
            owners = self.columns(HoldRow, HoldRow.account_id).where(named)
            wanted.append(self.columns(AccountRow, AccountRow.customer_id).where(self.among(AccountRow.id, owners)))
        stamp = self.columns(Company, Company.programme_stamp).where(Company.id == self.scope.company).scalar_subquery()
        account = [getattr(AccountRow, name) for name in Account._fields]
        member = [self._segments() if name == "segments" else getattr(CustomerRow, name) for name in Member._fields]
        statement = self.join(self.columns(AccountRow, *account, *member, stamp), CustomerRow, CustomerRow.id == AccountRow.customer_id)
        return (
            statement.where(self.among(AccountRow.customer_id, *wanted), self.among(CustomerRow.id, *wanted))
            .order_by(AccountRow.id)
            .with_for_update(of=AccountRow)
        )

    def _segments(self) -> ColumnElement[Any]:
        # Along with the rest: a statement of its own would cost every sale one more.
        name = func.json_group_array(SegmentMember.segment, type_=JSON()) if self.sqlite else SegmentMember.segment
        mine = self.columns(SegmentMember, name).where(SegmentMember.customer_id == CustomerRow.id).correlate(CustomerRow)
        return mine.scalar_subquery() if self.sqlite else func.array(mine.scalar_subquery())

    def details(self, working: Working, accounts: Collection[str], names: Collection[str] = ()) -> None:
        """Loads open lots and open holds, and the holds that payments name, in one statement; the accounts are locked by now."""
        if not accounts:
            return
        found_lots: list[Lot] = []
        found_holds: list[Hold] = []
        for row in self.rows("ledger.details", self._details, {"accounts": list(accounts), "names": list(names)}):
            kind, key, account, entry, one, two, points, rest, held, expired, debt, since, until, sequence, ready = row
            if kind == "lot":
                owed = Operation(debt) if debt else None
                found_lots.append(Lot(key, account, entry, one, two, points, rest, since, until, held, expired, sequence, owed, ready))
            else:
                parts = tuple((str(lot), int(part)) for lot, part in json.loads(two))
                state = HoldState(kind.partition(":")[2])
                found_holds.append(Hold(key, account, points, since, until, parts, state, rest, entry))
                if one:
                    working.aliases[key] = one
        working.load((), found_lots, found_holds)

    def _details(self) -> CompoundSelect[Any]:
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
            LotRow.usable_from,
        ).where(self.within(LotRow.account_id, "accounts"), LotRow.remaining != 0)
        named = or_(self.within(HoldRow.id, "names"), self.within(HoldRow.alias, "names"))
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
            null(),
        ).where(self.within(HoldRow.account_id, "accounts"), or_(HoldRow.state == "open", named))
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
        working.recall((row.account_id, allocation_of(row)) for row in allocations)

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
