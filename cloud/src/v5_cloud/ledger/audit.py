"""Statements of the ledger check: each gives (where, expected, found) of whatever does not agree."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from sqlalchemy import Select, case, func

from v5_cloud.kit.tenant import Repository
from v5_cloud.models import (
    AccountRow,
    AllocationRow,
    CustomerDay,
    DocumentKey,
    DocumentRow,
    HoldRow,
    LotRow,
    PostingRow,
    Reservation,
    StandingRow,
    UseCounter,
    VoucherRow,
)

__all__ = ["LedgerAudit"]

Rows = list[tuple[str, int, int]]


class LedgerAudit(Repository):
    """Reads the whole ledger of a company."""

    def _rows(self, statement: Select[Any]) -> Rows:
        return [(str(row[0]), int(row[1]), int(row[2])) for row in self.session.execute(statement.limit(1000))]

    def accounts(self) -> int:
        """How many there are."""
        return int(self.session.scalar(self.columns(AccountRow, func.count())) or 0)

    def postings(self) -> int:
        """How many there are."""
        return int(self.session.scalar(self.columns(PostingRow, func.count())) or 0)

    def _against(self, cached: Any, sums: Any) -> Rows:
        real = func.coalesce(sums.c.points, 0)
        statement = self.columns(AccountRow, AccountRow.id, real, cached).outerjoin(sums, sums.c.account == AccountRow.id)
        return self._rows(statement.where(real != cached))

    def balances(self) -> Rows:
        """Cached balances against postings."""
        sums = self.columns(PostingRow, PostingRow.account.label("account"), func.sum(PostingRow.points).label("points"))
        return self._against(AccountRow.balance, sums.group_by(PostingRow.account).subquery())

    def lots(self) -> Rows:
        """Cached balances against what is left in lots."""
        sums = self.columns(LotRow, LotRow.account_id.label("account"), func.sum(LotRow.remaining).label("points"))
        return self._against(AccountRow.balance, sums.group_by(LotRow.account_id).subquery())

    def holds(self) -> Rows:
        """Cached reservations against open holds."""
        sums = self.columns(HoldRow, HoldRow.account_id.label("account"), func.sum(HoldRow.points).label("points"))
        return self._against(AccountRow.held, sums.where(HoldRow.state == "open").group_by(HoldRow.account_id).subquery())

    def held_lots(self) -> Rows:
        """Cached reservations against what lots keep for holds."""
        sums = self.columns(LotRow, LotRow.account_id.label("account"), func.sum(LotRow.held).label("points"))
        return self._against(AccountRow.held, sums.group_by(LotRow.account_id).subquery())

    def unbalanced(self) -> Rows:
        """Movements whose postings do not sum to zero."""
        total = func.sum(PostingRow.points)
        grouped = self.columns(PostingRow, PostingRow.entry, 0, total).group_by(PostingRow.entry, PostingRow.owner)  # type: ignore[arg-type]
        return self._rows(grouped.having(total != 0))

    def drawn(self) -> Rows:
        """Lots whose rest is not what came less what was drawn."""
        sums = self.columns(
            AllocationRow, AllocationRow.account_id, AllocationRow.lot_id, func.sum(AllocationRow.points).label("points")
        ).group_by(AllocationRow.account_id, AllocationRow.lot_id)
        used = sums.subquery()
        expected = LotRow.points - func.coalesce(used.c.points, 0)
        statement = self.columns(LotRow, LotRow.lot_id, expected, LotRow.remaining).outerjoin(
            used, (used.c.account_id == LotRow.account_id) & (used.c.lot_id == LotRow.lot_id)
        )
        return self._rows(statement.where(expected != LotRow.remaining))

    def reserved(self) -> Rows:
        """Coupons and counters held, against what open reservations hold of them."""
        bodies = self.session.scalars(self.columns(Reservation, Reservation.body).where(Reservation.state == "open")).all()
        codes = Counter(code for body in bodies for code in body["codes"])
        counts: Counter[tuple[str, str, str]] = Counter()
        for body in bodies:
            for scope, period, key, times in body["counters"]:
                counts[scope, period, key] += times
        found: Rows = []
        for code, held in self.session.execute(self.columns(VoucherRow, VoucherRow.code, VoucherRow.held).where(VoucherRow.held != 0)):
            found.append((code, codes.pop(code, 0), held))
        statement = self.columns(UseCounter, UseCounter.scope, UseCounter.period, UseCounter.key, UseCounter.held)
        for scope, period, key, held in self.session.execute(statement.where(UseCounter.held != 0)):
            found.append((f"{scope} {key}", counts.pop((scope, period, key), 0), held))
        found += [(code, held, 0) for code, held in codes.items()]
        found += [(f"{scope} {key}", held, 0) for (scope, _, key), held in counts.items() if held]
        return [row for row in found if row[1] != row[2]]

    def levels(self) -> Rows:
        """Turnover that levels are measured by, against the documents of measured customers."""
        sign = case((DocumentRow.kind == "sale", 1), else_=-1)
        counted = (DocumentRow.status == "issued") & (DocumentRow.state != "merged")
        documents = self.columns(DocumentRow, DocumentRow.customer_id.label("customer"), func.sum(sign * DocumentRow.gross).label("gross"))
        bought = documents.where(counted).group_by(DocumentRow.customer_id).subquery()
        days = self.columns(CustomerDay, CustomerDay.customer_id.label("customer"), func.sum(CustomerDay.gross).label("gross"))
        kept = days.group_by(CustomerDay.customer_id).subquery()
        real, cached = func.coalesce(bought.c.gross, 0), func.coalesce(kept.c.gross, 0)
        statement = self.columns(StandingRow, StandingRow.customer_id, real, cached)
        statement = statement.outerjoin(bought, bought.c.customer == StandingRow.customer_id)
        return self._rows(statement.outerjoin(kept, kept.c.customer == StandingRow.customer_id).where(real != cached))

    def documents(self, *, clips: bool) -> Rows:
        """Documents whose points are not what their postings say; where returns stop at zero (`clips`), these may have taken less."""
        mine = (PostingRow.account == PostingRow.owner) & (PostingRow.unit == "points")
        earned = func.sum(case((mine & PostingRow.operation.in_(["earn", "take"]), PostingRow.points), else_=0))
        sums = self.columns(PostingRow, PostingRow.document_id.label("document"), earned.label("points"))
        posted = sums.where(PostingRow.document_id.is_not(None)).group_by(PostingRow.document_id).subquery()
        real = func.coalesce(posted.c.points, 0)
        statement = self.columns(DocumentRow, DocumentRow.id, real, DocumentRow.points_earned)
        statement = statement.outerjoin(posted, posted.c.document == DocumentRow.id).where(DocumentRow.account_id.is_not(None))
        wrong = real < DocumentRow.points_earned if clips else real != DocumentRow.points_earned
        return self._rows(statement.where(wrong, DocumentRow.state != "merged"))

    def doubled(self) -> Rows:
        """Documents without a key of their own: somebody else has it."""
        owned = self.columns(DocumentKey, DocumentKey.document_id).where(~DocumentKey.key.startswith("number:"))
        lost = self.columns(DocumentRow, DocumentRow.id, 1, 0).where(DocumentRow.id.not_in(owned), DocumentRow.state != "merged")  # type: ignore[arg-type]
        return self._rows(lost)

    def balance_at(self, customer: str, at: datetime) -> int:
        """The sum of a customer's postings that count by `at`."""
        accounts = self.columns(AccountRow, AccountRow.id).where(AccountRow.customer_id == customer)
        total = self.columns(PostingRow, func.coalesce(func.sum(PostingRow.points), 0))
        return int(self.session.scalar(total.where(PostingRow.account.in_(accounts), PostingRow.at <= at)) or 0)
