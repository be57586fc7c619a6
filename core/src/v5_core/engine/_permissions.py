"""Who may turn points into money, and how many, before there is a basket: what a hold asks."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from v5_core.criteria import operands, parse
from v5_core.engine._compile import Compiled
from v5_core.engine._rewards import redeeming
from v5_core.engine._rules import CompiledProgramme, condition
from v5_core.engine._situation import SALE_FIELDS, Situation
from v5_core.engine._types import CustomerFacts
from v5_core.programme import Programme

__all__ = ["may_redeem", "redeeming_programme"]

_BASKET = frozenset({"total", "quantity", "lines", "payment"})


def redeeming_programme(compiled: Compiled, card_types: frozenset[str], at: datetime, currency: str) -> Programme | None:
    """The programme by which these cards turn points into money."""
    found = redeeming(compiled, card_types, at, currency)
    return found.data if isinstance(found, CompiledProgramme) else None


def may_redeem(
    programme: Programme, facts: CustomerFacts, *, at: datetime, zone: ZoneInfo, store: str, till: str = "", operator: str = ""
) -> bool:
    """Whether `Redemption.when` lets this operator, at this store, use this customer's points now.

    A condition that also asks for the basket is left to the quote, which knows it.
    """
    rule = programme.redemption
    if rule is None or not rule.when.strip():
        return True
    if any(leaf.field in _BASKET for leaf in operands(parse(rule.when, SALE_FIELDS))):
        return True
    local = at.astimezone(zone)
    situation = Situation(
        (), facts, at=at, local=local, store=store, till=till, currency=programme.currency, operator=operator
    )  # fmt: skip
    return situation.holds(condition(programme.id, "redemption.when", rule.when))
