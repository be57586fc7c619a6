"""Statements on accounts, lots, holds, allocations and postings."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from functools import partial
from typing import Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Integer,
    Select,
    Text,
    bindparam,
    cast,
    func,
    literal,
    literal_column,
    null,
    or_,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute

from v5_cloud.kit.tenant import Repository
from v5_cloud.ledger.working import Account, Member, Working, allocation_of, lot_of
from v5_cloud.models import AccountRow, AllocationRow, Company, CustomerKey, CustomerRow, HoldRow, LotRow, PostingRow, SegmentMember
from v5_cloud.models.base import UtcDateTime
from v5_core.ledger import SHOWN, Hold, HoldState, Lot, LotsNeededError, Operation, Reach, Rest

__all__ = ["LedgerRepository"]

_ACCOUNT: Final = len(Account._fields)
_PAGE: Final = 16
# Written out, and not given at run time: only so can the database see that an index of open lots, or of debts, is enough.
_NONE: Final = literal_column("0", Integer())
_OPEN: Final = LotRow.remaining != _NONE
_LIVE: Final = HoldRow.state == literal_column("'open'", Text())


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
        heads = {head for _, one in pairs for head in one.heads} - {one.id for _, one in pairs}
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
        """Loads all open lots and open holds, and the holds that payments name, in one statement; the accounts are locked by now."""
        if accounts:
            values = {"accounts": list(accounts), "names": list(names)}
            self._take_in(working, self.rows("ledger.details", self._details, values))
            working.whole(accounts)

    def outline(self, working: Working, accounts: Collection[str], names: Collection[str] = ()) -> None:
        """The same without most lots: debts and held lots are loaded, the others summed up. What is needed of them is loaded then.

        So a sale of a card with ten thousand lots costs what one with a new card does.
        """
        if accounts:
            now = working.now
            values = {"accounts": list(accounts), "names": list(names), "known": self._list(working.known(accounts))}
            found = self.rows("ledger.outline", self._outline, {**values, "now": now, "soon": now + SHOWN})
            self._take_in(working, found)
            working.more = partial(self._more, working)

    def _more(self, working: Working, account: str, needed: LotsNeededError) -> None:
        """Loads what an operation asked for: the next lots in the order of drawing, or all."""
        order = needed.order
        if order is None:
            self.details(working, [account])
            return
        known = working.known([account])
        # More each time, so that whoever draws from all of them does not ask a thousand times.
        limit = max(_PAGE, len(known))
        values = {"account": account, "at": order.at, "known": self._list(known)}
        found: list[Lot] = []
        for kind in ("fifo",) if order.fifo else ("lapsing", "lasting"):
            if len(found) < limit:
                rows = self.rows(f"ledger.next:{kind}", partial(self._next, kind), {**values, "most": limit - len(found)})
                found += [_lot(row) for row in rows]
        working.load((), found, ())
        self.outline(working, [account])
        working.reach(account, Reach(order, found[-1] if len(found) == limit else None))

    def lapsed(self, working: Working, account: str, limit: int) -> bool:
        """Loads lots whose time is over; gives whether there may be more of them. Before `outline`."""
        over = (LotRow.account_id == account) & _OPEN & (LotRow.expires_at <= working.now) & (LotRow.remaining > LotRow.held)
        rows = self.session.execute(self._lots().where(over).order_by(LotRow.expires_at).limit(limit)).all()
        working.load((), [_lot(row) for row in rows], ())
        return len(rows) == limit

    def _take_in(self, working: Working, rows: Sequence[Any]) -> None:
        lots: list[Lot] = []
        holds: list[Hold] = []
        sums: list[Any] = []
        for row in rows:
            kind, key, account, entry, one, two, points, rest, _, _, _, since, until, _, _ = row
            if kind == "lot":
                lots.append(_lot(row))
            elif kind == "sum":
                sums.append(row)
            else:
                parts = tuple((str(lot), int(part)) for lot, part in json.loads(two))
                holds.append(Hold(key, account, points, since, until, parts, HoldState(kind.partition(":")[2]), rest, entry))
                if one:
                    working.aliases[key] = one
        working.load((), lots, holds)
        for _, _, account, _, _, _, balance, over, pending, ending, _, _, ends_at, _, _ in sums:
            working.sum_up(account, balance, Rest(0, working.now, over, pending, ends_at, ending))

    def _details(self) -> CompoundSelect[Any]:
        return union_all(self._lots().where(self.within(LotRow.account_id, "accounts"), _OPEN), *self._holds())

    def _outline(self) -> CompoundSelect[Any]:
        always = or_(LotRow.remaining < _NONE, LotRow.held > _NONE)
        return union_all(self._lots().where(self.within(LotRow.account_id, "accounts"), always), *self._holds(), self._sums())

    def _lots(self) -> Select[Any]:
        return self.columns(
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
        )

    def _holds(self) -> tuple[Select[Any], Select[Any]]:
        # Apart: with an "or" between them neither index would do, and every hold there ever was would be looked at.
        named = or_(self.within(HoldRow.id, "names"), self.within(HoldRow.alias, "names"))
        return self._hold().where(_LIVE), self._hold().where(~_LIVE, named)

    def _hold(self) -> Select[Any]:
        return self.columns(
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
        ).where(self.within(HoldRow.account_id, "accounts"))

    def _sums(self) -> Select[Any]:
        """An account with what `Rest` says of it, of the lots that are neither loaded nor debts nor held."""
        now, soon = bindparam("now", type_=UtcDateTime()), bindparam("soon", type_=UtcDateTime())
        alive = or_(LotRow.expires_at.is_(None), LotRow.expires_at > now)
        next_end = self._left_out(LotRow.expires_at, LotRow.expires_at > now).order_by(LotRow.expires_at).limit(1)
        end = next_end.correlate(AccountRow).scalar_subquery()
        return self.columns(
            AccountRow,
            literal("sum"),
            literal(""),
            AccountRow.id,
            literal(""),
            literal(""),
            literal(""),
            AccountRow.balance,
            self._sum(LotRow.expires_at <= now),
            self._sum(LotRow.usable_from > now, alive),
            self._sum(LotRow.expires_at == end, LotRow.expires_at <= soon),
            literal(""),
            AccountRow.updated_at,
            end,
            literal(0),
            null(),
        ).where(self.within(AccountRow.id, "accounts"))

    def _sum(self, *conditions: ColumnElement[bool]) -> ColumnElement[int]:
        total = func.coalesce(func.sum(LotRow.remaining), 0)
        return cast(self._left_out(total, *conditions).correlate(AccountRow).scalar_subquery(), BigInteger)

    def _left_out(self, column: ColumnElement[Any] | InstrumentedAttribute[Any], *conditions: ColumnElement[bool]) -> Select[Any]:
        plain = (LotRow.remaining > _NONE, LotRow.held == _NONE, _OPEN, ~self._known())
        return self.columns(LotRow, column).where(LotRow.account_id == AccountRow.id, *plain, *conditions)

    def _next(self, kind: str) -> Select[Any]:
        at = bindparam("at", type_=UtcDateTime())
        lives = {"lapsing": LotRow.expires_at > at, "lasting": LotRow.expires_at.is_(None)}
        ready = or_(LotRow.usable_from.is_(None), LotRow.usable_from <= at)
        condition = lives.get(kind, or_(*lives.values())) & ready & (LotRow.remaining > LotRow.held) & _OPEN & ~self._known()
        order = (LotRow.earned_at, LotRow.lot_id) if kind == "fifo" else (LotRow.expires_at, LotRow.earned_at, LotRow.lot_id)
        found = self._lots().where(LotRow.account_id == bindparam("account", type_=Text()), condition)
        return found.order_by(*order).limit(bindparam("most", type_=Integer()))

    def _known(self) -> ColumnElement[bool]:
        if self.sqlite:
            # As one parameter: there may be more lots than SQLite takes parameters.
            return LotRow.lot_id.in_(func.json_each(bindparam("known")).table_valued("value").select())
        return self.within(LotRow.lot_id, "known")

    def _list(self, texts: list[str]) -> Any:
        return json.dumps(texts) if self.sqlite else texts

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
        # What is loaded by now is no longer among what was summed up.
        self.outline(working, working.summed({row.account_id for row in (*lots, *named)}))
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
        statement = self.select(HoldRow).where(_LIVE, HoldRow.expires_at <= now).order_by(HoldRow.expires_at).limit(limit)
        return self.session.scalars(statement).all()

    def lapsed_accounts(self, now: Any, limit: int) -> Sequence[str]:
        """Accounts with lots whose time is over."""
        condition = _OPEN & (LotRow.remaining > 0) & (LotRow.expires_at <= now) & (LotRow.held < LotRow.remaining)
        return self.session.scalars(self.columns(LotRow, LotRow.account_id).where(condition).distinct().limit(limit)).all()


def _lot(row: Any) -> Lot:
    _, key, account, entry, programme, rule, points, rest, held, expired, debt, since, until, sequence, ready = row
    return Lot(
        key, account, entry, programme, rule, points, rest, since, until, held, expired, sequence, Operation(debt) if debt else None, ready
    )
