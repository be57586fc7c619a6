"""One sale under one set of programmes: what it took off, what it earned, which vouchers it made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from v5_core.engine import CustomerFacts, SaleState, decide, reckon
from v5_core.engine._fast import builder
from v5_core.hooks import Explanation, QuoteRequest
from v5_core.model import Claim, DocumentKind, Line, LineKind, SalesDocument
from v5_core.money import ratio
from v5_core.simulation._again import again
from v5_core.simulation._given import Given, Kind
from v5_core.simulation._past import Past
from v5_core.simulation._scenario import Scenario
from v5_core.stored import Measured, basis, draft

__all__ = ["Outcome", "earned", "listed", "made", "paid_with", "taken_off"]

_request = builder(QuoteRequest)


@dataclass(slots=True)
class Outcome:
    """One sale under one set of programmes.

    Attributes:
        rules: What each rule gave: (kind, rule, what).
        shares: What offers took off each line.
        told: Give the explanations: words are made of the few sales that somebody will read.
    """

    given: Given = field(default_factory=Given)
    rules: list[tuple[Kind, str, Given]] = field(default_factory=list)
    shares: dict[str, int] = field(default_factory=dict)
    told: list[Callable[[], Iterable[Explanation]]] = field(default_factory=list)

    @property
    def explanations(self) -> tuple[Explanation, ...]:
        """In words."""
        return tuple(one for tell in self.told for one in tell())


def listed(document: SalesDocument, claims: tuple[Claim, ...] = ()) -> QuoteRequest | None:
    """The basket at list prices: what the till took off is put back. None for a document without goods."""
    lines = []
    for line in document.lines:
        if line.discount and line.kind is not LineKind.DEDUCTION:
            full = line.gross + line.discount
            net = ratio(full, line.net, line.gross) if line.gross else ratio(full, 10_000, 10_000 + line.vat_rate)
            line = line.model_copy(update={"gross": full, "net": net, "discount": 0})
        lines.append(line)
    if not lines:
        return None
    return _request(
        {
            "store": document.store,
            "till": document.till,
            "at": document.issued_at,
            "currency": document.currency,
            "customer": document.customer,
            "lines": tuple(lines),
            "points_to_use": 0,
            "operator": document.operator,
            "codes": tuple(dict.fromkeys([one.code for one in document.applied if one.code])),
            "claims": claims,
            "stored_value": (),
            "payments": tuple([payment.method for payment in document.payments]),
        }
    )


def taken_off(
    scenario: Scenario, basket: QuoteRequest | None, document: SalesDocument, facts: CustomerFacts | None, zone: ZoneInfo,
    state: SaleState, language: str,
) -> Outcome:  # fmt: skip
    """What the offers take off the basket of a document, with the rewards and coupons that it took; what comes back is negative."""
    outcome = Outcome()
    compiled = scenario.offering
    if basket is None or compiled is None or (not scenario.for_anybody and (facts is None or facts.blocked)):
        return outcome
    if document.applied:
        facts, state = again(scenario, document, facts, state)
    sign = -1 if document.kind is DocumentKind.RETURN else 1
    decision = decide(compiled, basket, facts, local_time=basket.at.astimezone(zone), language=language, state=state)
    outcome.told.append(decision.explanations)
    for rule, amount, shares, points in decision.steps():
        given = Given(points=sign * points, discount=sign * amount)
        outcome.given += given
        outcome.rules.append(("offer", rule, given))
        for line, share in shares.items():
            outcome.shares[line] = outcome.shares.get(line, 0) + share
    return outcome


def earned(
    outcome: Outcome, scenario: Scenario, document: SalesDocument, facts: CustomerFacts | None, zone: ZoneInfo, state: SaleState,
    language: str,
) -> None:  # fmt: skip
    """Adds the points that the document earns, as it was paid."""
    if facts is None or facts.blocked:
        return
    found = reckon(scenario.compiled, document, facts, zone=zone, language=language, state=state)
    outcome.told.append(found.explanations)
    for one in found.earnings:
        if one.points:
            given = Given(points=found.sign * one.points)
            outcome.given += given
            outcome.rules.append(("earning", one.rule.rule_id, given))


def paid_with(document: SalesDocument, before: Mapping[str, int], after: Mapping[str, int]) -> SalesDocument:
    """The document as it would have been paid if offers had taken off `after` and not `before`; no line costs less than nothing."""
    lines: list[Line] = []
    for line in document.lines:
        more = after.get(line.line_id, 0) - before.get(line.line_id, 0)
        more = max(min(more, line.gross), -line.discount)
        if more and line.kind is not LineKind.DEDUCTION:
            gross = line.gross - more
            net = ratio(gross, line.net, line.gross) if line.gross else ratio(gross, 10_000, 10_000 + line.vat_rate)
            line = line.model_copy(update={"gross": gross, "net": net, "discount": line.discount + more})
        lines.append(line)
    total = {"gross": sum(one.signed_gross for one in lines), "net": sum(one.signed_net for one in lines)}
    return document.model_copy(update={"lines": tuple(lines), **total})


def made(
    outcome: Outcome, scenario: Scenario, document: SalesDocument, facts: CustomerFacts | None, zone: ZoneInfo, state: SaleState,
    past: Past | None,
) -> None:  # fmt: skip
    """Adds the vouchers that the sale makes. A rule over a period or several visits counts only where the customer's past is followed."""
    if document.kind is DocumentKind.RETURN:
        return
    for programme, rule in scenario.vouchers:
        over_time = bool(rule.period_days or rule.visits > 1)
        if over_time and past is None:
            continue
        amount = basis(programme, rule, document, facts, zone)
        if amount is None or (past is not None and past.used_up(rule.id)) or _used_up(scenario, rule.id, state):
            continue
        visits = 1
        if over_time and past is not None:
            before, visits = past.turnover(rule.period_days)
            amount = amount if not rule.period_days else before + document.gross
        voucher = draft(rule, Measured(amount, visits), at=document.issued_at, zone=zone, rounding=programme.policies.discount_rounding)
        if voucher is not None:
            given = Given(vouchers=1, voucher_amount=voucher.amount)
            outcome.given += given
            outcome.rules.append(("voucher", rule.id, given))


def _used_up(scenario: Scenario, rule: str, state: SaleState) -> bool:
    return any(state.used.get(limit.key, 0) >= limit.most for limit in scenario.shared.get(rule, ()))
