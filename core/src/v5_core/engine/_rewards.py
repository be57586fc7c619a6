"""What points can buy: money off a sale, and the levels to reach."""

from __future__ import annotations

from datetime import datetime

from v5_core.arithmetic import apply_rate, ratio
from v5_core.engine._compile import Compiled, View
from v5_core.engine._fast import builder
from v5_core.engine._rules import CompiledProgramme
from v5_core.hooks import Reward
from v5_core.programme import Redemption, RewardLevel

__all__ = ["next_reward", "points_worth", "redeemable", "redeeming", "reward_list", "rewards_for", "worth"]

_reward = builder(Reward)


def _shown(level: RewardLevel, balance: int) -> Reward:
    missing = max(0, level.cost - balance)
    return _reward({"rule": level.id, "title": level.title, "cost": level.cost, "amount": level.amount, "missing": missing})


def redeeming(compiled: Compiled, card_types: frozenset[str], at: datetime, currency: str) -> CompiledProgramme | None:
    """The programme by which these cards turn points into money: the first by id that has such a rule."""
    for programme, active in zip(compiled.programmes, compiled.active(at, currency), strict=True):
        if active and programme.data.redemption is not None and not programme.card_types.isdisjoint(card_types):
            return programme
    return None


def worth(rule: Redemption, points: int) -> int:
    """Points as money, rounded down: a customer never gets more than the points are worth."""
    return ratio(points, rule.amount, rule.points, "down")


def redeemable(rule: Redemption, balance: int, total: int) -> tuple[int, int]:
    """Points that may be used on an order of `total`, and what they are worth: whole steps, within share, minimum and balance."""
    ceiling = apply_rate(total, rule.max_share, "down")
    points = min(balance, ratio(ceiling, rule.points, rule.amount, "down"))
    points -= points % rule.step
    if points <= 0 or points < rule.minimum:
        return 0, 0
    return points, worth(rule, points)


def points_worth(compiled: Compiled, points: int, card_types: frozenset[str], at: datetime, currency: str = "EUR") -> int:
    """Worth of `points` as money (for a hold); 0 when no programme redeems them."""
    programme = redeeming(compiled, card_types, at, currency)
    return worth(programme.data.redemption, points) if programme is not None and programme.data.redemption is not None else 0


def reward_list(view: View, balance: int) -> tuple[Reward, ...]:
    """All rewards of the buyer's programmes, cheapest first, with what is missing to each."""
    return tuple([_shown(level, balance) for level in view.rewards])


def rewards_for(compiled: Compiled, balance: int, card_types: frozenset[str], at: datetime, currency: str = "EUR") -> tuple[Reward, ...]:
    """All reward levels, cheapest first, with what is missing to each."""
    found = [
        _shown(level, balance)
        for programme, active in zip(compiled.programmes, compiled.active(at, currency), strict=True)
        if active and not programme.card_types.isdisjoint(card_types)
        for level in programme.rewards
    ]
    return tuple(sorted(found, key=lambda reward: (reward.cost, reward.rule)))


def next_reward(compiled: Compiled, balance: int, card_types: frozenset[str], at: datetime, currency: str = "EUR") -> Reward | None:
    """The cheapest reward that the balance does not reach yet."""
    return next((reward for reward in rewards_for(compiled, balance, card_types, at, currency) if reward.missing), None)
