"""A random day of a chain, all kinds of work at once: the ledger proves itself, tells every past balance, and loses nothing."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any, cast

import pytest
from sqlalchemy import func, select

from v5_cloud.models import AccountRow, AllocationRow, LotRow, PostingRow, VoucherRow
from v5_reference.chain import Sale
from v5_reference.day import Day
from v5_reference.progress import Progress
from v5_reference.shop import open_chain

if TYPE_CHECKING:
    from tests.cloud.conftest import Service, Start

OPERATIONS = int(os.environ.get("V5_OPERATIONS", "250"))
SEED = int(os.environ.get("V5_SEED", "20261124"))
EVE = datetime(2027, 3, 27, 20, tzinfo=UTC)
"""The night to the 28th has an hour less in Lisbon."""
WAYS = {
    "sqlite": {"lots": "nearest_expiry", "negative_balance": "allow"},
    "postgresql": {"lots": "fifo", "negative_balance": "clip"},
}  # fmt: skip


@pytest.mark.feature("NX-07")
def test_after_a_random_day_the_ledger_is_sound_and_remembers_every_balance(start: Start, database_url: str) -> None:
    customers = max(8, OPERATIONS // 150)
    service = start(database_url, customers=customers)
    service.clock.now = EVE - timedelta(days=1)
    day = Day(open_chain(service, WAYS[database_url.partition(":")[0]]), Random(SEED), most=max(40, min(250, OPERATIONS // 100)))
    service.clock.now = EVE
    with Progress("the random day", OPERATIONS) as progress:
        while day.operations < OPERATIONS:
            day.step()
            progress.reach(day.operations)
    assert {"sell", "give_back", "cancel", "hold", "replay", "push"} <= {name for name, times in day.counts.items() if times}
    day.end()
    service.sound()
    _agrees(service, day)
    _conserved(service)


def test_whose_a_sale_is_counts_before_the_erp_tells_its_new_lines(start: Start, database_url: str) -> None:
    """Bought by one, told by the ERP, given back; then it was another's, of fewer goods: which of that one's points lapse first."""
    service = start(database_url, customers=8)
    service.clock.now = EVE
    way, (first, other) = {"lots": "nearest_expiry", "negative_balance": "allow"}, (1, 2)
    day = Day(open_chain(service, way), Random(SEED))
    for name, who, goods in (("s1", other, 430), ("s2", first, 86)):
        day.number += 1
        sale = Sale(name, service.clock.now, goods, who=who, voucher=f"VO{name}")
        day._commit(sale)
        service.clock.forward(days=1)
    day.open = [sale]
    for work, who, goods in ((Day.report_again, first, 0), (Day.give_back, first, 0), (Day.report_again, other, -27)):
        day.number += 1
        day.random = cast("Random", Chosen(who, goods))
        work(day)
    service.clock.forward(days=2)
    day.keep_house()
    day.random = Random(SEED)
    service.sound()
    _agrees(service, day)


@pytest.mark.parametrize("negative", ["allow", "clip"])
def test_what_came_back_of_a_sale_that_is_corrected_afterwards(start: Start, database_url: str, negative: str) -> None:
    """Ten points paid of 90 euros, all of it back; then it was five points and 85 euros: nobody gains or loses a point by that."""
    service = start(database_url, customers=8)
    service.clock.now = EVE
    day = Day(open_chain(service, {"lots": "nearest_expiry", "negative_balance": negative}), Random(SEED))
    for name, goods, points in (("s1", 200, 0), ("s2", 90, 10)):
        day.number += 1
        sale = Sale(name, service.clock.now, goods, who=1, points=points, voucher=f"VO{name}")
        day._commit(sale)
        service.clock.forward(days=1)
    day.open = [sale]
    for work in (Day.give_back, Day.report_again):
        day.number += 1
        day.random = cast("Random", Chosen(1, -5))
        work(day)
        day.chain.settle(sale)
    assert day.chain.account(1).balance == 20
    day.random = Random(SEED)
    service.sound()
    _agrees(service, day)


def test_points_that_were_not_there_to_be_taken_are_not_taken_when_the_erp_tells_it_again(start: Start, database_url: str) -> None:
    service = start(database_url, customers=8)
    service.clock.now = EVE
    day = Day(open_chain(service, {"lots": "fifo", "negative_balance": "clip"}), Random(SEED))
    for name, goods, points in (("s1", 100, 0), ("s2", 15, 10)):
        day.number += 1
        day._commit(Sale(name, service.clock.now, goods, who=1, points=points, voucher=f"VO{name}"))
    day.open = [day.chain.sales["s1"]]
    day.number, day.random = 10, cast("Random", Chosen(1, 0))
    day.give_back()
    day.number = 11
    day._commit(Sale("s3", service.clock.now, 50, who=1, voucher="VOs3"))
    day.number = 12
    day.report_again()
    assert day.chain.account(1).balance == 5
    day.random = Random(SEED)
    service.sound()
    _agrees(service, day)


def test_nor_of_a_sale_that_was_somebody_elses_before(start: Start, database_url: str) -> None:
    service = start(database_url, customers=8)
    service.clock.now = EVE - timedelta(days=1)
    day = Day(open_chain(service, {"lots": "fifo", "negative_balance": "clip"}), Random(SEED))
    service.clock.now = EVE

    def sold(name: str, goods: int, who: int = 1, points: int = 0) -> None:
        day.number += 1
        day._commit(Sale(name, service.clock.now, goods, who=who, points=points, voucher=f"VO{name}"))

    def told(more: int) -> None:
        day.number, day.random = day.number + 10, cast("Random", Chosen(1, more))
        day.report_again()

    sold("s1", 100, who=2)
    day.open = [day.chain.sales["s1"]]
    told(0)
    sold("s2", 15, points=10)
    told(-30)
    sold("s3", 50)
    told(1)
    assert day.chain.account(1).balance == 5
    day.random = Random(SEED)
    service.sound()
    _agrees(service, day)


@dataclass
class Chosen:
    """Instead of chance: whose it is, how many goods more."""

    who: int
    goods: int

    def choice(self, among: list[Any]) -> Any:
        """The only one."""
        return among[0]

    def random(self) -> float:
        """So that all comes back, the ERP tells, and the till knows whose it is."""
        return 0.25

    def randrange(self, _: int) -> int:
        """Whose it is."""
        return self.who

    def randint(self, _: int, __: int) -> int:
        """How many more."""
        return self.goods


def _agrees(service: Service, day: Day) -> None:
    """Balances now, and at instants by chance, of every customer and every card."""
    span = (service.clock.now - EVE).total_seconds()
    with service.held.database.read(service.scope) as session:
        rows = session.execute(select(AccountRow.id, AccountRow.customer_id, AccountRow.balance)).all()
        codes = {row.account_id: row.code for row in session.execute(select(VoucherRow.account_id, VoucherRow.code))}
        unit = {row.id: 1000 if row.customer_id else 100 for row in rows}
        books = {row.id: day.book_of(row.customer_id, codes.get(row.id, "")) for row in rows}
        for row in rows:
            assert row.balance == unit[row.id] * books[row.id].balance, (row.customer_id, codes.get(row.id))
        for row in rows[:: max(1, len(rows) // 500)]:
            moved = session.execute(select(PostingRow.at, PostingRow.points).where(PostingRow.account == row.id)).all()
            for _ in range(5):
                at = EVE + timedelta(seconds=day.random.uniform(0, span))
                assert sum(one.points for one in moved if one.at <= at) == unit[row.id] * books[row.id].balance_at(at)
    day.check_uses()


def _conserved(service: Service) -> None:
    """Every unit sums to zero over all accounts and counters; whatever was drawn was drawn from a lot that there is."""
    with service.held.database.read(service.scope) as session:
        assert set(session.scalars(select(func.sum(PostingRow.points)).group_by(PostingRow.unit))) == {0}
        lots = select(LotRow.lot_id).where(LotRow.account_id == AllocationRow.account_id, LotRow.lot_id == AllocationRow.lot_id)
        assert session.scalar(select(func.count()).select_from(AllocationRow).where(~lots.exists())) == 0
        homeless = select(func.count()).select_from(LotRow).where(LotRow.account_id.not_in(select(AccountRow.id)))
        assert session.scalar(homeless) == 0
