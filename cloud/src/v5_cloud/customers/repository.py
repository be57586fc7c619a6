"""Statements on customers, their keys and cards."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Subquery, and_, case, func, intersect, or_, tuple_

from v5_cloud.kit.tenant import Repository
from v5_cloud.models import AccountRow, AllocationRow, CardRow, CustomerKey, CustomerRow, CustomerSound, DocumentRow, LotRow, PostingRow
from v5_core.names import sounds

__all__ = ["CustomerRepository"]

Pair = Row[CustomerRow, AccountRow]


class CustomerRepository(Repository):
    """Customers of a company."""

    def _with_account(self) -> Any:
        # A relative's account is another customer's.
        whose = func.coalesce(CustomerRow.shares_with, CustomerRow.id)
        return self.join(self.columns(CustomerRow, CustomerRow, AccountRow), AccountRow, AccountRow.customer_id == whose)

    def get(self, customer_id: str) -> Pair | None:
        """One customer with the account."""
        found: Pair | None = self.session.execute(self._with_account().where(CustomerRow.id == customer_id)).one_or_none()
        return found

    def locked(self, customer_id: str) -> CustomerRow | None:
        """One customer, whom nobody else changes until this transaction ends."""
        return self.session.scalars(self.select(CustomerRow).where(CustomerRow.id == customer_id).with_for_update()).one_or_none()

    def release(self, customer_id: str, key: str) -> None:
        """The customer is not known by that key any more."""
        self.session.execute(self.delete(CustomerKey).where(CustomerKey.key == key, CustomerKey.customer_id == customer_id))

    def by_keys(self, keys: Collection[str]) -> list[Pair]:
        """Customers that any of the keys names."""
        ids = self.columns(CustomerKey, CustomerKey.customer_id).where(CustomerKey.key.in_(keys))
        return list(self.session.execute(self._with_account().where(CustomerRow.id.in_(ids)).order_by(CustomerRow.id)).all())

    def taken(self, keys: Collection[str]) -> dict[str, str]:
        """Which of the keys have an owner, and who it is."""
        rows = self.session.execute(self.columns(CustomerKey, CustomerKey.key, CustomerKey.customer_id).where(CustomerKey.key.in_(keys)))
        return {key: customer for key, customer in rows}

    def _word(self, word: str) -> ColumnElement[bool]:
        """A word as one types it: in the name, the start of the e-mail, or three digits or more of any number."""
        ways: list[ColumnElement[bool]] = [
            CustomerRow.search.contains(word, autoescape=True),
            CustomerRow.email.startswith(word, autoescape=True),
        ]
        digits = "".join(one for one in word if one.isdigit())
        if len(digits) >= 3:
            ids = self.columns(CustomerKey, CustomerKey.customer_id).where(CustomerKey.key.contains(digits, autoescape=True))
            ways.append(CustomerRow.id.in_(ids))
        return or_(*ways)

    def _found(self, statement: Any, words: Sequence[str], keys: Collection[str], *, wide: bool) -> Any:
        if not words:
            return statement
        named = and_(*(self._word(word) if wide else CustomerRow.search.contains(word, autoescape=True) for word in words))
        ids = self.columns(CustomerKey, CustomerKey.customer_id).where(CustomerKey.key.in_(keys))
        return statement.where(or_(named, CustomerRow.id.in_(ids)) if keys else named)

    def search(
        self, words: Sequence[str], keys: Collection[str], after: tuple[str, str] | None, limit: int, *, wide: bool = False
    ) -> list[Pair]:
        """By name (every word, anywhere) or by key; ordered by name. `wide` also takes parts of numbers and e-mails."""
        statement = self._found(self._with_account(), words, keys, wide=wide)
        if after:
            statement = statement.where(tuple_(CustomerRow.search, CustomerRow.id) > tuple_(*after))
        return list(self.session.execute(statement.order_by(CustomerRow.search, CustomerRow.id).limit(limit)).all())

    def _sounding(self, statement: Any, words: Sequence[Collection[str]]) -> Any:
        found: list[Any] = []
        for keys in words:
            ways: list[ColumnElement[bool]] = []
            for key in keys:
                # Part of a word is part of its key; the keys are capital letters, which every collation sorts alike.
                until = key[:-1] + chr(ord(key[-1]) + 1)
                partial = (CustomerSound.sound >= key) & (CustomerSound.sound < until)
                ways.append(partial if len(key) > 1 else CustomerSound.sound == key)
            found.append(self.columns(CustomerSound, CustomerSound.customer_id).where(or_(*ways)))
        return statement.where(CustomerRow.id.in_(intersect(*found) if len(found) > 1 else found[0]))

    def alike(self, words: Sequence[Collection[str]], limit: int) -> list[Pair]:
        """Some customers in whose name each of the words sounds as a whole: a look into an index, however many customers there are."""
        found = [self.columns(CustomerSound, CustomerSound.customer_id).where(CustomerSound.sound.in_(keys)) for keys in words]
        ids = list(self.session.scalars((intersect(*found) if len(found) > 1 else found[0]).limit(limit)))
        return list(self.session.execute(self._with_account().where(CustomerRow.id.in_(ids)).order_by(CustomerRow.id)).all()) if ids else []

    def by_sound(self, words: Sequence[Collection[str]], after: tuple[str, str] | None, limit: int) -> list[Pair]:
        """Customers in whose name each of the words sounds, in any order; each word is given by its keys."""
        statement = self._sounding(self._with_account(), words)
        if after:
            statement = statement.where(tuple_(CustomerRow.search, CustomerRow.id) > tuple_(*after))
        return list(self.session.execute(statement.order_by(CustomerRow.search, CustomerRow.id).limit(limit)).all())

    def count_by_sound(self, words: Sequence[Collection[str]]) -> int:
        """How many these are."""
        return int(self.session.scalar(self._sounding(self.columns(CustomerRow, func.count()), words)) or 0)

    def keep_sounds(self, customer: CustomerRow) -> None:
        """Keeps how the customer's name sounds now."""
        wanted = sounds(customer.name)
        kept = set(self.session.scalars(self.columns(CustomerSound, CustomerSound.sound).where(CustomerSound.customer_id == customer.id)))
        if kept - wanted:
            gone = self.delete(CustomerSound).where(CustomerSound.customer_id == customer.id, CustomerSound.sound.in_(kept - wanted))
            self.session.execute(gone)
        self.add(
            *(
                CustomerSound(tenant_id=customer.tenant_id, company_id=customer.company_id, sound=one, customer_id=customer.id)
                for one in sorted(wanted - kept)
            )
        )

    def unheard(self, after: str, limit: int) -> Sequence[CustomerRow]:
        """Customers with a name of which no sound is kept, by id; after one."""
        heard = self.columns(CustomerSound, CustomerSound.customer_id).where(CustomerSound.customer_id == CustomerRow.id).exists()
        statement = self.select(CustomerRow).where(CustomerRow.id > after, CustomerRow.search != "", ~heard)
        return self.session.scalars(statement.order_by(CustomerRow.id).limit(limit)).all()

    def matches(self, words: Sequence[str], keys: Collection[str]) -> int:
        """How many the wide search finds."""
        return int(self.session.scalar(self._found(self.columns(CustomerRow, func.count()), words, keys, wide=True)) or 0)

    def shopping(self, ids: Collection[str]) -> dict[str, tuple[int, int, datetime | None]]:
        """What each of them bought: visits, turnover, last visit. Returns are taken off, cancelled documents do not count."""
        sale = DocumentRow.kind == "sale"
        sums = (
            func.coalesce(func.sum(case((sale, 1), else_=0)), 0),
            func.coalesce(func.sum(case((sale, DocumentRow.gross), else_=-DocumentRow.gross)), 0),
            func.max(case((sale, DocumentRow.issued_at))),
        )
        statement = self.columns(DocumentRow, DocumentRow.customer_id, *sums).where(
            DocumentRow.customer_id.in_(ids), DocumentRow.status == "issued", DocumentRow.state != "merged"
        )
        rows = self.session.execute(statement.group_by(DocumentRow.customer_id))
        return {customer: (int(visits), int(gross), last) for customer, visits, gross, last in rows}

    def lapsing(self, account: str) -> Sequence[Row[datetime, int]]:
        """Points that will lapse, by instant; the next first."""
        statement = self.columns(LotRow, LotRow.expires_at, func.sum(LotRow.remaining)).where(
            LotRow.account_id == account, LotRow.remaining > 0, LotRow.expires_at.is_not(None)
        )
        return self.session.execute(statement.group_by(LotRow.expires_at).order_by(LotRow.expires_at)).all()

    def cards(self, customers: Collection[str]) -> Sequence[CardRow]:
        """Cards, oldest first."""
        return self.session.scalars(
            self.select(CardRow).where(CardRow.customer_id.in_(customers)).order_by(CardRow.created_at, CardRow.number)
        ).all()

    def _moved(self, account: str) -> Subquery:
        """An account's movements: the postings of one operation of one document, all rules together, with the balance afterwards."""
        first, written = func.min(PostingRow.id), func.min(PostingRow.written_at)
        after = func.sum(func.sum(PostingRow.points)).over(order_by=(PostingRow.at, written, first))
        return (
            self.columns(
                PostingRow,
                first.label("id"),
                PostingRow.owner,
                PostingRow.entry,
                PostingRow.operation,
                PostingRow.at,
                written.label("written_at"),
                func.min(PostingRow.store).label("store"),
                func.sum(PostingRow.points).label("points"),
                after.label("balance"),
                PostingRow.document_id,
            )
            .where(PostingRow.owner == account, PostingRow.account == account)
            .group_by(PostingRow.owner, PostingRow.entry, PostingRow.operation, PostingRow.at, PostingRow.document_id)
            .subquery()
        )

    def movements(self, account: str, after: tuple[datetime, datetime, str] | None, limit: int, *, only: str = "") -> Sequence[Row[Any]]:
        """Newest first, from behind the cursor: the movement's columns and its document. `only` narrows to one id."""
        moved = self._moved(account)
        order = tuple_(moved.c.at, moved.c.written_at, moved.c.id)
        same = (DocumentRow.id == moved.c.document_id) & self.guard(DocumentRow)
        statement = self.columns(AccountRow, *moved.c, DocumentRow).join(moved, moved.c.owner == AccountRow.id).outerjoin(DocumentRow, same)
        if only:
            statement = statement.where(moved.c.id == only)
        if after:
            statement = statement.where(order < tuple_(*after))
        return self.session.execute(statement.order_by(moved.c.at.desc(), moved.c.written_at.desc(), moved.c.id.desc()).limit(limit)).all()

    def postings(self, account: str, entries: Collection[str]) -> Sequence[PostingRow]:
        """What these movements are made of: one for each rule."""
        statement = self.select(PostingRow).where(PostingRow.owner == account, PostingRow.account == account, PostingRow.entry.in_(entries))
        return self.session.scalars(statement.order_by(PostingRow.programme, PostingRow.rule)).all()

    def drawn(self, account: str, entry: str, operation: str) -> list[tuple[int, datetime, datetime | None]]:
        """The lots that a spend drew from: points, when they were earned, when they lapse."""
        same = (LotRow.account_id == AllocationRow.account_id) & (LotRow.lot_id == AllocationRow.lot_id)
        statement = self.columns(AllocationRow, AllocationRow.points, LotRow.earned_at, LotRow.expires_at)
        statement = self.join(statement, LotRow, same).where(
            AllocationRow.entry == entry, AllocationRow.account_id == account, AllocationRow.operation == operation
        )
        rows = self.session.execute(statement.order_by(LotRow.earned_at))
        return [(int(points), earned, expires) for points, earned, expires in rows]

    def lots(self, account: str, entry: str) -> Sequence[LotRow]:
        """The lots that an earning made."""
        statement = self.select(LotRow).where(LotRow.account_id == account, LotRow.entry == entry, LotRow.points > 0)
        return self.session.scalars(statement.order_by(LotRow.sequence)).all()

    def touch(self, account: str, epoch: int) -> None:
        """Moves the replica counter, so that stores fetch the customer again."""
        if self.session.get_bind().dialect.name == "sqlite":
            self.session.execute(
                self.text(
                    "UPDATE account SET replica = (SELECT coalesce(max(b.replica), 0) + 1 FROM account b WHERE b.tenant_id = :tenant "
                    "AND b.company_id = account.company_id) WHERE tenant_id = :tenant AND id = :id"
                ).bindparams(id=account)
            )
            return
        self.session.execute(
            self.text(
                "UPDATE account SET replica = :epoch + CAST(CAST(pg_current_xact_id() AS text) AS bigint) "
                "WHERE tenant_id = :tenant AND id = :id"
            ).bindparams(id=account, epoch=epoch)
        )
