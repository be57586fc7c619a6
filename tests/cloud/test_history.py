"""A random day at the tills of a chain: the ledger proves itself, and tells the balance of every past instant."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from v5_cloud.ledger.checks import balance_at

if TYPE_CHECKING:
    from tests.cloud.conftest import Service, Start, Till

OPERATIONS = int(os.environ.get("V5_OPERATIONS", "120"))


@dataclass
class Sale:
    """What the sums of a whole programme come down to: a point for each euro that points did not pay, a hundred points for a euro."""

    index: int
    number: str
    euros: int
    spent: int = 0
    returned: int = 0

    @property
    def earned(self) -> int:
        return self.euros - self.spent // 100

    def back(self, euros: int) -> int:
        """What a return of so many euros changes: in proportion, by what has come back so far."""

        def share(points: int, returned: int) -> int:
            return (2 * points * returned + self.euros) // (2 * self.euros)

        after = self.returned + euros
        change = sum(sign * (share(p, after) - share(p, self.returned)) for sign, p in ((-1, self.earned), (1, self.spent)))
        self.returned = after
        return change


@dataclass
class Day:
    """Tills at work; `told` keeps what each movement should have changed."""

    till: Till
    random: Random
    customers: int
    open: list[Sale] = field(default_factory=list)
    told: dict[int, list[tuple[datetime, int]]] = field(default_factory=dict)
    count: int = 0

    def balance(self, index: int, at: datetime) -> int:
        return sum(points for when, points in self.told.get(index, ()) if when <= at)

    def step(self) -> None:
        self.count += 1
        self.till.clock.forward(seconds=self.random.randint(1, 60))
        action = self.random.choices((self.sell, self.give_back, self.cancel), (70, 22, 8))[0]
        action()

    def _note(self, index: int, points: int) -> None:
        self.told.setdefault(index, []).append((self.till.clock.now, points))

    def sell(self) -> None:
        """With points, when there are enough and the buyer likes to."""
        index, euros = self.random.randrange(self.customers), self.random.randint(3, 400)
        card, now = {"card": self.till.customer(index)["card"]}, self.till.clock.now
        sale = Sale(index, f"d{self.count}", euros)
        payments: list[dict[str, Any]] = [{"method": "cash", "amount": f"{euros}.00"}]
        if self.balance(index, now) >= 100 and self.random.random() < 0.4:
            body = {"request_id": f"h{self.count}", "store": "LX1", "at": now.isoformat(), "customer": card, "points": "100"}
            hold = self.till.ok("hold", body)["hold"]
            if self.random.random() < 0.2:
                self.till.ok("cancel", {"request_id": f"x{self.count}", "store": "LX1", "at": now.isoformat(), "hold": hold})
                return
            sale.spent = 100
            payments = [{"method": "points", "amount": "1.00", "hold": hold}, {"method": "cash", "amount": f"{euros - 1}.00"}]
        lines = [("CAFE-250", "mercearia", f"{euros}.00")]
        document = self.till.document(sale.number, lines, customer=card, payments=payments)
        self.till.commit(document)
        if self.random.random() < 0.1:
            assert self.till.commit(document)["duplicate"]
        self._note(index, sale.earned - sale.spent)
        self.open.append(sale)

    def give_back(self) -> None:
        """A part, or all that is left, linked to the sale."""
        if not self.open:
            return
        sale = self.random.choice(self.open)
        left = sale.euros - sale.returned
        euros = left if self.random.random() < 0.3 else self.random.randint(1, left)
        lines = [("CAFE-250", "mercearia", f"{euros}.00")]
        self.till.give(self.till.document(f"n{self.count}", lines, kind="return", reference={"document": sale.number, "line": "1"}))
        self._note(sale.index, sale.back(euros))
        if sale.returned == sale.euros:
            self.open.remove(sale)

    def cancel(self) -> None:
        """A sale of which nothing came back."""
        whole = [sale for sale in self.open if not sale.returned]
        if not whole:
            return
        sale, now = self.random.choice(whole), self.till.clock.now
        body = {"request_id": f"c{self.count}", "store": "LX1", "at": now.isoformat(), "document": f"source:till:{sale.number}"}
        self.till.ok("cancel", body)
        self._note(sale.index, sale.spent - sale.earned)
        self.open.remove(sale)


@pytest.mark.feature("NX-07")
def test_after_a_random_day_the_ledger_is_sound_and_remembers_every_balance(start: Start, database_url: str) -> None:
    customers = max(4, OPERATIONS // 100)
    service: Service = start(database_url, customers=customers)
    till = service.till()
    morning = till.clock.now
    day = Day(till, Random(20261124), customers)
    for _ in range(OPERATIONS):
        day.step()
    service.sound()
    span = (till.clock.now - morning).total_seconds()
    for index in range(min(customers, 200)):
        name = till.customer(index)["id"]
        assert till.balance(index) == str(day.balance(index, till.clock.now))
        for _ in range(5):
            at = morning + timedelta(seconds=day.random.uniform(0, span))
            assert balance_at(service.held, name, at) == 1000 * day.balance(index, at)
