"""Customers with the aggregates that answer criteria, read for evaluation in memory: one customer's profile, a page of a replica."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date

from v5_cloud.kit.tenant import Repository
from v5_cloud.membership.records import record_of
from v5_cloud.models import AccountRow, CardRow, CustomerRow, MembershipRow, SegmentMember, ShoppingDay, ShoppingProduct, StandingRow
from v5_core.membership import end_of
from v5_core.segments import Bought, Day, Shopper

__all__ = ["ShopperRepository"]


class ShopperRepository(Repository):
    """Reads customers as `Shopper`: seven statements, however many they are."""

    def read(self, ids: Collection[str], today: date) -> list[Shopper]:
        """Customers in full, by id."""
        sets = self._sets(ids, today)
        days, products = self.days(ids), self._products(ids)
        free = self.columns(AccountRow, AccountRow.customer_id, AccountRow.balance - AccountRow.held).where(
            AccountRow.customer_id.in_(ids), AccountRow.kind == "points"
        )
        balances = {customer: int(points) for customer, points in self.session.execute(free)}
        rows = self.session.scalars(self.select(CustomerRow).where(CustomerRow.id.in_(ids)).order_by(CustomerRow.id))
        return [
            Shopper(
                customer=row.id, name=row.name, email=row.email, phone=row.phone, tax_number=row.tax_number, home_store=row.home_store,
                origin=row.origin, remark=row.remark, birth_date=row.birth_date, member_since=row.member_since,
                consent_sms=row.consent_sms, consent_email=row.consent_email, consent_post=row.consent_post,
                referred=row.referred_by is not None, blocked=row.blocked, inactive=row.inactive, balance=balances.get(row.id, 0),
                card_type=frozenset(sets["card_type"][row.id]), tier=frozenset(sets["tier"][row.id]), club=frozenset(sets["club"][row.id]),
                segment=frozenset(sets["segment"][row.id]), days=tuple(days[row.id]), products=tuple(products[row.id]),
            )
            for row in rows
        ]  # fmt: skip

    def _sets(self, ids: Collection[str], today: date) -> dict[str, dict[str, set[str]]]:
        found: dict[str, dict[str, set[str]]] = {name: defaultdict(set) for name in ("card_type", "tier", "club", "segment")}
        for card in self.session.scalars(self.select(CardRow).where(CardRow.customer_id.in_(ids), CardRow.active)):
            found["card_type"][card.customer_id].add(card.card_type)
        for standing in self.session.scalars(self.select(StandingRow).where(StandingRow.customer_id.in_(ids))):
            found["tier"][standing.customer_id] |= {level[0] for level in standing.tiers.values()}
        for row in self.session.scalars(self.select(MembershipRow).where(MembershipRow.customer_id.in_(ids))):
            if _current(row, today):
                found["club"][row.customer_id].add(row.club)
        for member in self.session.scalars(self.select(SegmentMember).where(SegmentMember.customer_id.in_(ids))):
            found["segment"][member.customer_id].add(member.segment)
        return found

    def days(self, ids: Collection[str]) -> dict[str, list[Day]]:
        """What each customer's days brought."""
        found: dict[str, list[Day]] = defaultdict(list)
        for row in self.session.scalars(self.select(ShoppingDay).where(ShoppingDay.customer_id.in_(ids))):
            found[row.customer_id].append(Day(row.day, row.store, row.sales, row.gross, row.points))
        return found

    def _products(self, ids: Collection[str]) -> dict[str, list[Bought]]:
        found: dict[str, list[Bought]] = defaultdict(list)
        for row in self.session.scalars(self.select(ShoppingProduct).where(ShoppingProduct.customer_id.in_(ids))):
            found[row.customer_id].append(Bought(row.day, row.product, row.family, row.sales, row.quantity, row.gross))
        return found


def _current(row: MembershipRow, today: date) -> bool:
    record = record_of(row)
    end = end_of(record, today)
    left = record.left is not None and today >= record.left
    over = today < record.starts or left or (end is not None and end < today)
    return not over and not any(one.covers(today) for one in record.breaks)
