"""The engine says of any basket what the slow reference says: to the cent, to the point, line by line."""

from __future__ import annotations

import os
from typing import Any

from hypothesis import assume, given, note, settings
from hypothesis import strategies as st

from v5_core.engine import compile_programmes, evaluate
from v5_core.engine import settle as settle_fast
from v5_core.hooks import QuoteResponse
from v5_core.model import Applied, DocumentKind, LineKind, Origin, Payment, PaymentMethod, SalesDocument
from v5_reference import Answer, quote, settle
from v5_reference.baskets import ZONE, customers, requests, states
from v5_reference.programmes import programme_sets


def figures(reply: QuoteResponse) -> dict[str, Any]:
    """What a reply says, as the reference words it."""
    points: dict[str, int] = {}
    return {
        "benefits": [(one.rule, one.shares, one.times) for one in reply.benefits],
        "discount": reply.discount,
        "total": reply.total,
        "net": reply.net,
        "gifts": [(one.rule, one.product, one.quantity, one.cost) for one in reply.gifts],
        "codes": [(one.code, one.rule, one.problem) for one in reply.codes],
        "claims": [(one.rule, one.times, one.problem) for one in reply.claims],
        "points": (reply.points_used, reply.points_amount, reply.points_spent, reply.redeemable, reply.redeemable_amount),
        "stored": [(one.code, one.amount, one.left, one.problem) for one in reply.stored_value],
        "to_pay": reply.to_pay,
        "earned": reply.points_earned,
        "saved": reply.savings_as_member,
        **points,
    }


def expected(answer: Answer) -> dict[str, Any]:
    """The same of the reference."""
    return {
        "benefits": answer.benefits,
        "discount": answer.discount,
        "total": answer.total,
        "net": answer.net,
        "gifts": answer.gifts,
        "codes": answer.codes,
        "claims": answer.claims,
        "points": (answer.points_used, answer.points_amount, answer.points_used + answer.cost, answer.redeemable, answer.redeemable_amount),
        "stored": answer.stored,
        "to_pay": answer.to_pay,
        "earned": answer.earned,
        "saved": answer.would_save,
    }


@settings(max_examples=3 * int(os.environ.get("V5_EXAMPLES", "60")))
@given(st.data())
def test_engine_and_reference_agree_on_any_basket(data: st.DataObject) -> None:
    programmes = data.draw(programme_sets())
    state = data.draw(states(programmes))
    request = data.draw(requests(programmes, state))
    facts = data.draw(customers())
    local = request.at.astimezone(ZONE)
    reply = evaluate(compile_programmes(programmes), request, facts, local_time=local, language="en", state=state)
    answer = quote(programmes, request, facts, local_time=local, state=state)
    note("\n".join(one.text for one in reply.explanations))
    assert figures(reply) == expected(answer)


@given(st.data())
def test_engine_and_reference_agree_on_what_a_quoted_sale_earns(data: st.DataObject) -> None:
    """The till takes what the quote said into its prices and names it: what lay before rewards and offers on the order is worked out."""
    programmes = data.draw(programme_sets())
    state = data.draw(states(programmes))
    request = data.draw(requests(programmes, state))
    facts = data.draw(customers())
    compiled = compile_programmes(programmes)
    reply = evaluate(compiled, request, facts, local_time=request.at.astimezone(ZONE), language="en", state=state)
    off = {line.line_id: sum(one.shares.get(line.line_id, 0) for one in reply.benefits) for line in request.lines}
    lines = [
        line.model_copy(update={"gross": line.gross - off[line.line_id], "net": min(line.net, line.gross - off[line.line_id])})
        for line in request.lines
    ]
    lines = [line.model_copy(update={"discount": line.discount + off[line.line_id]}) for line in lines]
    code_of = {one.rule: one.code for one in reply.codes if one.rule}
    taken = dict.fromkeys([*(one.rule for one in reply.benefits), *(one.rule for one in reply.gifts)])
    total = sum(line.signed_gross for line in lines)
    assume(sum(line.signed_net for line in lines) >= 0)
    document = SalesDocument(
        source="t", source_id="1", origin=Origin.HOOK, kind=DocumentKind.SALE, store=request.store, issued_at=request.at,
        lines=tuple(lines), operator=request.operator, gross=max(0, total), net=max(0, sum(line.signed_net for line in lines)),
        applied=tuple(Applied(rule=rule, code=code_of.get(rule)) for rule in taken),
        payments=tuple(Payment(method=one, amount=0) for one in request.payments),
    )  # fmt: skip
    found = settle_fast(compiled, document, facts, zone=ZONE, language="en", state=state)
    wanted = settle(programmes, document, facts, zone=ZONE, state=state)
    assert [(one.programme, one.rule, one.points) for one in found.earned] == [
        (one.programme.id, one.rule.id, one.points) for one in wanted if one.points
    ]


@given(st.data())
def test_engine_and_reference_agree_on_what_any_sale_earns(data: st.DataObject) -> None:
    programmes = data.draw(programme_sets())
    state = data.draw(states(programmes))
    request = data.draw(requests(programmes, state))
    facts = data.draw(customers())
    total = sum(line.signed_gross for line in request.lines)
    methods = (PaymentMethod.POINTS, PaymentMethod.GIFT_CARD, PaymentMethod.CASH, PaymentMethod.VOUCHER)
    payments = tuple(Payment(method=data.draw(st.sampled_from(methods)), amount=data.draw(st.integers(0, total))) for _ in range(2))
    document = SalesDocument(
        source="t", source_id="1", origin=Origin.HOOK, kind=DocumentKind.SALE, store=request.store, issued_at=request.at,
        lines=request.lines, operator=request.operator, payments=payments, gross=total, net=sum(line.signed_net for line in request.lines),
    )  # fmt: skip
    found = settle_fast(compile_programmes(programmes), document, facts, zone=ZONE, language="en", state=state)
    wanted = settle(programmes, document, facts, zone=ZONE, state=state)
    assert [(one.programme, one.rule, one.points) for one in found.earned] == [
        (one.programme.id, one.rule.id, one.points) for one in wanted if one.points
    ]
    goods = sorted((line for line in request.lines if line.kind is not LineKind.DEDUCTION), key=lambda line: line.line_id)
    shares = {(line.line_id, s.programme, s.rule): s.points for line in found.lines for s in line.shares}
    assert shares == {(goods[i].line_id, one.programme.id, one.rule.id): points for one in wanted for i, points in one.lines.items()}
