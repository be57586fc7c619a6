"""From a voucher rule and what was measured to what is issued: the same function for tills, events and turnover runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Literal
from zoneinfo import ZoneInfo

from v5_core.days import day_end, day_start
from v5_core.money import Rounding, apply_rate
from v5_core.programme import VoucherRule, VoucherStep

__all__ = ["Draft", "Measured", "draft", "missing", "turnover"]


@dataclass(frozen=True, slots=True)
class Measured:
    """What a rule goes by: the sale or the turnover of the period in minor units, and the sales in it."""

    amount: int = 0
    visits: int = 1


@dataclass(frozen=True, slots=True)
class Draft:
    """A voucher about to be made.

    Attributes:
        kind: "voucher" is money in `amount`; "percent" a share off one purchase; "coupon" opens the offer `offer`.
        valid_from: First instant, inclusive.
        valid_until: First instant at which it no longer counts.
    """

    rule: str
    kind: Literal["voucher", "percent", "coupon"]
    title: str
    valid_from: datetime
    valid_until: datetime
    amount: int = 0
    percent: int = 0
    offer: str = ""
    stores: tuple[str, ...] = ()
    minimum: int = 0
    whole: bool = True
    uses: int = 1


def draft(rule: VoucherRule, measured: Measured, *, at: datetime, zone: ZoneInfo, rounding: Rounding = "half-up") -> Draft | None:
    """What the rule gives for what was measured; None when it gives nothing.

    The highest step that the amount reaches decides; whoever has too few visits gets nothing.

    Args:
        rule: Of the programme.
        measured: The sale or the period.
        at: When it is issued.
        zone: Of the store, in which days are counted.
        rounding: Of a percentage of what was measured.
    """
    step = _step(rule, measured.amount)
    if step is None or measured.visits < rule.visits:
        return None
    amount = percent = 0
    if rule.gives == "amount":
        amount = step.amount or apply_rate(measured.amount, step.percent, rounding)
        if amount <= 0:
            return None
    elif rule.gives == "percent":
        percent = step.percent
    today = at.astimezone(zone).date()
    first = today + timedelta(days=rule.valid_after_days)
    last = first + timedelta(days=rule.valid_days - 1)
    if rule.valid_until is not None:
        last = min(last, rule.valid_until)
    if last < first:
        return None
    return Draft(
        rule=rule.id,
        kind="voucher" if rule.gives == "amount" else rule.gives,
        title=rule.title,
        valid_from=day_start(first, zone) if rule.valid_after_days else at,
        valid_until=day_end(last, zone),
        amount=amount,
        percent=percent,
        offer=rule.offer or "",
        stores=rule.stores,
        minimum=rule.minimum_purchase,
        whole=rule.whole,
        uses=rule.uses,
    )


def missing(rule: VoucherRule, measured: Measured) -> tuple[int, int] | None:
    """What is missing to the next step that gives more: amount and visits; None at the highest."""
    above = [step.amount_from for step in rule.steps if step.amount_from > measured.amount]
    visits = max(0, rule.visits - measured.visits)
    if _step(rule, measured.amount) is not None and visits:
        return 0, visits
    return (min(above) - measured.amount, visits) if above else None


def turnover(
    rule: VoucherRule, rows: Iterable[tuple[str, Measured]], *, at: datetime, zone: ZoneInfo, rounding: Rounding = "half-up"
) -> list[tuple[str, Measured, Draft]]:
    """Who gets what in a run over a period, by customer; whoever gets nothing is left out."""
    found: list[tuple[str, Measured, Draft]] = []
    for customer, measured in sorted(rows, key=itemgetter(0)):
        made = draft(rule, measured, at=at, zone=zone, rounding=rounding)
        if made is not None:
            found.append((customer, measured, made))
    return found


def _step(rule: VoucherRule, amount: int) -> VoucherStep | None:
    reached = [step for step in rule.steps if step.amount_from <= amount]
    return max(reached, key=lambda step: (step.amount_from, step.amount, step.percent), default=None)
