"""A random day: afterwards every cache is what the movements say, and every past balance is what the reference remembers."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from v5_core.engine import Earned, Share
from v5_core.ledger import AccountState, InsufficientPointsError, Target, adjust
from v5_core.programme import Policies
from v5_reference.book import Book
from v5_reference.progress import Progress

OPERATIONS = int(os.environ.get("V5_OPERATIONS", "3000"))
SEED = int(os.environ.get("V5_SEED", "20261124"))
ON_ONE_ACCOUNT = 150
MORNING = datetime(2026, 3, 2, 7, tzinfo=UTC)


@dataclass
class Account:
    """One account and its reference."""

    bank: Any
    book: Book
    random: Random
    now: datetime = MORNING
    sales: dict[str, list[int]] = field(default_factory=dict)
    count: int = 0

    def step(self) -> None:
        """One thing that happens at a till, at a desk or by itself."""
        self.count += 1
        self.now += timedelta(seconds=self.random.randint(1, 900))
        self.random.choices((self.sell, self.give_back, self.pay_held, self.expire, self.correct), (60, 20, 12, 4, 4))[0]()

    def sell(self, holds: tuple[str, ...] = (), spent: int | None = None) -> None:
        """Mostly points are earned that live for some hours; now and then some are spent."""
        entry, earned = f"s{self.count}", self.random.randint(0, 15)
        if spent is None:
            spent = self.random.randint(1, 8) if self.random.random() < 0.3 else 0
        lapses = self.now + timedelta(hours=self.random.randint(1, 48)) if self.random.random() < 0.5 else None
        lots = (Earned("p", 1, "euro", earned, lapses),) if earned else ()
        self.bank.book(entry, Target(earned=lots, spent=spent, holds=holds), self.now)
        self.book.document(entry, self.now, earned=earned, lapses=lapses, spent=spent, holds=holds)
        self.sales[entry] = [earned, spent]

    def give_back(self) -> None:
        """A part of a sale of today comes back."""
        if not self.sales:
            return
        original = self.random.choice(sorted(self.sales))
        taken, given = (self.random.randint(0, left) for left in self.sales[original])
        self.sales[original] = [left - part for left, part in zip(self.sales[original], (taken, given), strict=True)]
        shares = (Share("p", "euro", taken),) if taken else ()
        self.bank.book(f"r{self.count}", Target(taken=shares, given=given, original=original), self.now)
        self.book.document(f"r{self.count}", self.now, taken=taken, given=given, original=original)

    def pay_held(self) -> None:
        """Points are reserved, and then used or set free."""
        name, points = f"h{self.count}", self.random.randint(1, 12)
        try:
            self.bank.hold(name, points, self.now, self.now + timedelta(minutes=15))
        except InsufficientPointsError:
            assert not self.book.hold(name, points, self.now)
            return
        assert self.book.hold(name, points, self.now)
        self.now += timedelta(seconds=40)
        if self.random.random() < 0.6:
            self.sell((name,), self.random.randint(1, points))
        else:
            self.bank.release(name, self.now)
            self.book.release(name, self.now)

    def expire(self) -> None:
        self.bank.expire(self.now)
        self.book.expire(self.now)

    def correct(self) -> None:
        points = self.random.choice((10, -6))
        self.bank.write(adjust(self.bank.account, f"a{self.count}", points, at=self.now, policies=self.bank.policies))
        self.book.adjust(f"a{self.count}", points, self.now)

    def check(self) -> None:
        """Everything that is cached, rebuilt from the rows; and the past."""
        self.bank.recheck()
        own = [row for row in self.bank.postings if row.account == "A"]
        rebuilt: AccountState = self.bank.account
        assert sum(row.points for row in own) == rebuilt.balance == self.book.balance
        lots = {(lot.entry, lot.rule): (lot.remaining, lot.held, lot.expired) for lot in self.bank.lots.values() if lot.debt is None}
        assert lots == self.book.batches()
        span = (self.now - MORNING).total_seconds()
        for at in [MORNING + timedelta(seconds=self.random.uniform(0, span)) for _ in range(20)]:
            assert sum(row.points for row in own if row.at <= at) == self.book.balance_at(at)


def test_after_a_random_day_every_cache_and_every_past_balance_is_what_the_movements_say(bank: Any) -> None:
    random = Random(SEED)
    with Progress("the ledger's random day", OPERATIONS) as progress:
        while progress.done < OPERATIONS:
            values: dict[str, Any] = {
                "lots": random.choice(("nearest_expiry", "fifo")), "negative_balance": random.choice(("allow", "clip")),
                "same_sale_points": random.random() < 0.5,
            }  # fmt: skip
            one = bank(**values)
            one.recheck, one.check = one.check, lambda: None  # after every write it would cost the square of the day
            account = Account(one, Book(Policies(**values)), Random(random.random()))
            for _ in range(min(ON_ONE_ACCOUNT, OPERATIONS - progress.done)):
                account.step()
                progress.step()
            account.check()
