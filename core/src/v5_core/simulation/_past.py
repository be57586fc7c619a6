"""What a customer's earlier sales of the period did: balance, visits, caps and limits of the customer's own, turnover."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from v5_core.days import period
from v5_core.engine import CustomerFacts, SaleState
from v5_core.model import DocumentKind, PaymentMethod, SalesDocument
from v5_core.programme import Per
from v5_core.simulation._given import Given
from v5_core.simulation._scenario import Scenario

__all__ = ["Past"]

_NOTHING = SaleState()


@dataclass(slots=True)
class Past:
    """One customer under one set of programmes, sale after sale. What lies before the first of them is not known, and is nothing.

    Attributes:
        day: Of the sale that is being looked at.
    """

    scenario: Scenario
    day: date
    balance: int = 0
    sales: int = 0
    last_visit: date | None = None
    _used: dict[tuple[str, str], int] = field(default_factory=dict)
    _days: deque[tuple[date, int]] = field(default_factory=deque)

    def facts(self, facts: CustomerFacts) -> CustomerFacts:
        """The customer's facts before this sale."""
        balance = max(0, facts.balance_available + self.balance)
        return replace(facts, balance_available=balance, sales=(facts.sales or 0) + self.sales, last_visit=self.last_visit)

    def state(self) -> SaleState:
        """What limits and caps have seen before this sale."""
        names = {key: uses for (key, span), uses in self._used.items() if span in self._spans()} if self._used else None
        return SaleState(used=names) if names else _NOTHING

    def used_up(self, rule: str) -> bool:
        """Whether a voucher rule gave this customer all that it gives."""
        limits = self.scenario.limits.get(rule)
        return limits is not None and any(self._used.get((key, period(per, self.day)[0]), 0) >= uses for key, per, uses in limits)

    def turnover(self, days: int) -> tuple[int, int]:
        """What was bought before this sale in so many days back, and in how many sales, this one counted."""
        first = self.day - timedelta(days=days)
        mine = [gross for day, gross in self._days if day >= first]
        return sum(mine), 1 + len([gross for gross in mine if gross >= 0])

    def take(self, document: SalesDocument, given: Mapping[str, Given]) -> None:
        """Takes in what the sale did, by rule; what rewards cost is negative points."""
        scenario = self.scenario
        for rule, one in given.items():
            self.balance += one.points
            for key, per in scenario.caps.get(rule, ()):
                self._count(key, per, max(0, one.points))
        if document.kind is DocumentKind.RETURN:
            self._days.append((self.day, -document.gross))
            return
        for rule, one in given.items():
            for key, per, _ in scenario.limits.get(rule, ()):
                self._count(key, per, 1)
            for key, per in scenario.budgets.get(rule, ()):
                self._count(key, per, one.discount)
        rule_ = scenario.redemption
        if rule_ is not None:
            paid = sum(payment.amount for payment in document.payments if payment.method is PaymentMethod.POINTS)
            self.balance -= -(-paid * rule_.points // rule_.amount)
        self._days.append((self.day, document.gross))
        self.sales += 1
        self.last_visit = self.day

    def _count(self, key: str, per: Per, times: int) -> None:
        name = (key, period(per, self.day)[0])
        self._used[name] = self._used.get(name, 0) + times

    def _spans(self) -> frozenset[str]:
        return frozenset(period(per, self.day)[0] for per in self.scenario.periods)
