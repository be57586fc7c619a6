"""What to add to a basket so that it brings a voucher, or a greater one."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from v5_cloud.programmes.asks import Asks
from v5_core.engine import CustomerFacts
from v5_core.hooks import Message, QuoteRequest, QuoteResponse
from v5_core.model import DocumentKind, Origin, SalesDocument
from v5_core.money import ratio
from v5_core.stored import Measured, basis, draft, missing
from v5_core.words import Words

__all__ = ["voucher_nudges"]


def voucher_nudges(
    asks: Asks, request: QuoteRequest, reply: QuoteResponse, facts: CustomerFacts | None, zone: ZoneInfo, words: Words
) -> tuple[Message, ...]:
    """One message for each rule that gives more for at most as much again; rules over a period are left to the till's commit."""
    rules = [(one, rule) for one, rule in asks.vouchers if not rule.period_days and rule.visits <= 1]
    if not rules:
        return ()
    gross = sum(line.signed_gross for line in request.lines)
    # The basket as if it were sold now; it was checked on its way in.
    sale = SalesDocument.model_construct(
        source="quote", source_id="quote", origin=Origin.HOOK, kind=DocumentKind.SALE, store=request.store, till=request.till,
        operator=request.operator, issued_at=request.at, currency=request.currency, lines=request.lines, payments=(),
        gross=gross, net=gross,
    )  # fmt: skip
    found = []
    for programme, rule in rules:
        amount = basis(programme, rule, sale, facts, zone)
        if amount is None or gross <= 0:
            continue
        amount = ratio(amount, reply.total, gross, "down")
        more = missing(rule, Measured(amount))
        made = draft(rule, Measured(amount + more[0]), at=request.at, zone=zone) if more else None
        if more is None or made is None or more[0] > amount:
            continue
        value = words.rate(made.percent) if made.percent else words.money(made.amount) if made.amount else made.offer
        title = f"{made.title} {value}".strip()
        text = words.say("add_more", missing=words.money(more[0]), title=title)
        found.append(Message(audience="cashier", severity="info", text=text[:500]))
    return tuple(found)
