"""Vouchers that a sale brings forth: whom a rule is about, what is measured, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from v5_core.engine import CustomerFacts
from v5_core.hooks import QuoteRequest
from v5_core.model import LineKind, SalesDocument
from v5_core.programme import Programme, VoucherRule
from v5_reference.arithmetic import fold, half_up
from v5_reference.criteria import sale_matches
from v5_reference.pool import matches, open_goods

__all__ = ["Made", "is_about", "last_days", "made", "measured"]


@dataclass(frozen=True)
class Made:
    """A voucher."""

    kind: str
    amount: int
    percent: int
    offer: str
    uses: int
    valid_from: datetime
    valid_until: datetime


def is_about(programme: Programme, rule: VoucherRule, facts: CustomerFacts | None) -> bool:
    """Anonymous rules are about who is not known; all others about members, or about anybody who is not blocked."""
    if rule.kind == "anonymous":
        return facts is None
    if facts is not None and facts.blocked:
        return False
    member = facts is not None and any(card in facts.card_types for card in programme.card_types)
    return member or not rule.members_only


def last_days(rule: VoucherRule, today: date) -> tuple[date, date] | None:
    """The first and the last day on which one made today can be used; None when it could never be."""
    first = today + timedelta(days=rule.valid_after_days)
    days = [first + timedelta(days=rule.valid_days - 1), rule.valid_until]
    last = min(day for day in days if day is not None)
    return (first, last) if first <= last else None


def measured(programme: Programme, rule: VoucherRule, document: SalesDocument, facts: CustomerFacts | None, zone: ZoneInfo) -> int | None:
    """The money of a sale that a rule goes by; None when the sale is nothing to it."""
    local = document.issued_at.astimezone(zone)
    request = QuoteRequest(
        store=document.store, till=document.till, at=document.issued_at, lines=document.lines, operator=document.operator,
        payments=tuple(one.method for one in document.payments),
    )  # fmt: skip
    typed = {fold(one.code) for one in document.applied if one.rule == rule.id and one.code}
    if not all(
        (
            is_about(programme, rule, facts),
            programme.validity.covers(document.issued_at, local.date()),
            rule.validity.covers(document.issued_at, local.date()),
            not rule.codes or any(fold(code) in typed for code in rule.codes),
            sale_matches(rule.when, request, facts, local),
        )
    ):
        return None
    goods = open_goods([line for line in document.lines if line.kind is not LineKind.DEDUCTION])
    chosen = [one.line for one in goods if matches(rule.selector, one)]
    if not chosen:
        return None
    if rule.basis == "net":
        return max(0, min(sum(line.net for line in chosen), document.net))
    return max(0, min(sum(line.gross for line in chosen), sum(line.signed_gross for line in document.lines)))


def made(rule: VoucherRule, amount: int, visits: int, at: datetime, zone: ZoneInfo) -> Made | None:
    """What a rule makes of so much money and so many visits: by the highest step that is reached."""
    reached = sorted(
        (step for step in rule.steps if step.amount_from <= amount), key=lambda one: (one.amount_from, one.amount, one.percent)
    )
    today = at.astimezone(zone).date()
    days = last_days(rule, today)
    if not reached or visits < rule.visits or days is None:
        return None
    step, money, percent = reached[-1], 0, 0
    if rule.gives == "amount":
        money = step.amount or half_up(Fraction(amount * step.percent, 10_000))
        if not money:
            return None
    elif rule.gives == "percent":
        percent = step.percent
    begins = datetime.combine(days[0], time(0), zone) if rule.valid_after_days else at
    ends = datetime.combine(days[1] + timedelta(days=1), time(0), zone)
    kind = "voucher" if rule.gives == "amount" else rule.gives
    return Made(kind, money, percent, rule.offer or "", rule.uses, begins, ends)
