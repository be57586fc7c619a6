"""Whether a voucher rule is about a sale, and about how much of it."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from v5_core.codes import fold_code
from v5_core.criteria import Predicate, compile_memory, parse
from v5_core.engine import CustomerFacts
from v5_core.engine._rules import static_match
from v5_core.engine._situation import LINE_FIELDS, SALE_FIELDS, Situation
from v5_core.model import SalesDocument
from v5_core.programme import Programme, VoucherRule

__all__ = ["basis", "meant"]


def basis(programme: Programme, rule: VoucherRule, document: SalesDocument, facts: CustomerFacts | None, zone: ZoneInfo) -> int | None:
    """What the lines that the rule selects cost in a sale, with VAT or without (`VoucherRule.basis`); None when the rule is not about it.

    An anonymous rule is about sales without a customer, every other about sales of members of the programme, or of anybody, who are not
    blocked.
    A sale without lines counts as a whole for a rule that selects everything.
    """
    local = document.issued_at.astimezone(zone)
    if rule.kind == "anonymous":
        if facts is not None:
            return None
    elif facts is None:
        if rule.members_only:
            return None
    elif facts.blocked or (rule.members_only and facts.card_types.isdisjoint(programme.card_types)):
        return None
    in_force = programme.validity.covers(document.issued_at, local.date()) and rule.validity.covers(document.issued_at, local.date())
    if not in_force or programme.currency != document.currency:
        return None
    if rule.codes and not _typed(rule, document):
        return None
    situation = Situation(
        document.lines, facts, at=document.issued_at, local=local, store=document.store, till=document.till, currency=document.currency,
        operator=document.operator, payments=[payment.method for payment in document.payments],
    )  # fmt: skip
    if rule.when.strip() and not situation.holds(_predicate(rule.when, "when")):
        return None
    selector = rule.selector
    net = rule.basis == "net"
    if not document.lines:
        return (document.net if net else document.gross) if selector == type(selector)() else None
    where = _predicate(selector.where, "where") if selector.where.strip() else None
    chosen = [
        line.net if net else line.gross
        for index, line in enumerate(situation.lines)
        if static_match(selector, line.product, line.family, line.brand, line.kind, line.tags)
        and not (selector.exclude_discounted and line.discount)
        and (where is None or where(situation.line_record(index)))
    ]
    # A rule that selects everything goes by what was to pay; what was deducted from the whole sale counts.
    return max(0, min(sum(chosen), document.net if net else situation.total)) if chosen else None


def _typed(rule: VoucherRule, document: SalesDocument) -> bool:
    codes = {fold_code(code) for code in rule.codes}
    return any(one.rule == rule.id and one.code and fold_code(one.code) in codes for one in document.applied)


def meant(programme: Programme, rule: VoucherRule, facts: CustomerFacts, at: datetime, zone: ZoneInfo, store: str = "") -> bool:
    """Whether a rule of an event (a birthday, a new customer) is about this customer now; its condition is asked without a sale."""
    local = at.astimezone(zone)
    if facts.blocked or facts.card_types.isdisjoint(programme.card_types):
        return False
    if not (programme.validity.covers(at, local.date()) and rule.validity.covers(at, local.date())):
        return False
    situation = Situation((), facts, at=at, local=local, store=store, till="", currency=programme.currency)
    return not rule.when.strip() or situation.holds(_predicate(rule.when, "when"))


@lru_cache(maxsize=1000)
def _predicate(text: str, kind: str) -> Predicate:
    fields = SALE_FIELDS if kind == "when" else LINE_FIELDS
    return compile_memory(parse(text, fields), fields)
