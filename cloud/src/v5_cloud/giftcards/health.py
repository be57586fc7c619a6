"""How external gift-card systems do: what was asked of them, what is still open there, and whether they answer now."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from v5_cloud.giftcards.port import GiftCardRefusedError, GiftCardUnreachableError
from v5_cloud.giftcards.repository import UNDER_WAY, GiftCardRepository
from v5_cloud.giftcards.service import external_types
from v5_cloud.kit.container import Container
from v5_cloud.kit.tenant import Scope
from v5_core.errors import NotFoundError

__all__ = ["Act", "System", "answers", "systems"]

_MONTH: Final = timedelta(days=30)
_SHOWN: Final = 100
_PROBE: Final = "V5-CHECK"
"""A code that no system has: asking for its balance changes nothing and says whether anybody is there."""


@dataclass(frozen=True, slots=True)
class Act:
    """Something asked of an external system that is not settled, or never will be. Of the code only the end is kept."""

    id: str
    system: str
    kind: str
    state: str
    code: str
    amount: int
    currency: str
    attempts: int
    last_error: str
    created_at: datetime
    due_at: datetime


@dataclass(slots=True)
class System:
    """One external system: how much was asked of it in 30 days, by how it ended, and what is open."""

    name: str
    types: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    acts: list[Act] = field(default_factory=list)

    @property
    def waiting(self) -> int:
        """Acts that were tried and not answered."""
        return sum(one.attempts > 0 for one in self.acts if one.state != "failed")

    @property
    def failed(self) -> int:
        """Acts that a person must look at."""
        return sum(one.state == "failed" for one in self.acts)

    def total(self, *states: str) -> int:
        """Acts that ended so."""
        return sum(self.counts.get(state, 0) for state in states)


def systems(container: Container, scope: Scope) -> list[System]:
    """Every system that this service is connected to, or once was."""
    found = {name: System(name) for name in sorted(container.gift_cards)}
    with container.database.read(scope) as session:
        repository = GiftCardRepository(session, scope)
        for _, kind in external_types(container, scope, session).values():
            found[kind.external].types.append(kind.title or kind.id)
        for row in repository.totals(container.clock() - _MONTH):
            found.setdefault(row[0], System(row[0])).counts[row[1]] = int(row[2])
        for act in repository.latest((*UNDER_WAY, "failed"), _SHOWN):
            one = Act(
                act.id, act.system, act.kind, act.state, f"•••• {act.code[-4:]}", act.amount, act.currency, act.attempts, act.last_error,
                act.created_at, act.due_at,
            )  # fmt: skip
            found.setdefault(act.system, System(act.system)).acts.append(one)
    return list(found.values())


def answers(container: Container, name: str) -> bool:
    """Whether a system answers now.

    Raises:
        NotFoundError: This service is not connected to it.
    """
    system = container.gift_cards.get(name)
    if system is None:
        raise NotFoundError("There is no such gift-card system.")
    try:
        system.balance(_PROBE)
    except GiftCardUnreachableError:
        return False
    except GiftCardRefusedError:
        return True
    return True
