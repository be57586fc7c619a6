"""What points can buy."""

from __future__ import annotations

from datetime import datetime

from v5_core.engine._compile import Compiled
from v5_core.hooks import Reward


def points_worth(compiled: Compiled, points: int, card_types: frozenset[str], at: datetime) -> int:
    """Worth of `points` as money (for a hold); 0 when no programme redeems them."""
    raise NotImplementedError


def rewards_for(compiled: Compiled, balance: int, card_types: frozenset[str], at: datetime) -> tuple[Reward, ...]:
    """All reward levels, cheapest first, with what is missing to each."""
    raise NotImplementedError


def next_reward(compiled: Compiled, balance: int, card_types: frozenset[str], at: datetime) -> Reward | None:
    """The cheapest reward that the balance does not reach yet."""
    raise NotImplementedError
