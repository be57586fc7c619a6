"""What holds of any programme, basket and customer, whatever the figures are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from v5_core.engine import CustomerFacts, SaleState, compile_programmes, evaluate, reversal, settle
from v5_core.hooks import QuoteRequest, QuoteResponse
from v5_core.model import DocumentKind, Line, LineKind, Origin, Reference, SalesDocument
from v5_core.money import ratio
from v5_core.programme import PercentOffer, Programme
from v5_reference.baskets import ZONE, customers, requests, states
from v5_reference.programmes import programme_sets


def ask(programmes: Sequence[Programme], request: QuoteRequest, facts: CustomerFacts | None, state: SaleState) -> QuoteResponse:
    compiled = compile_programmes(programmes)
    return evaluate(compiled, request, facts, local_time=request.at.astimezone(ZONE), language="en", state=state)


def document(request: QuoteRequest, lines: Sequence[Line], kind: DocumentKind = DocumentKind.SALE, **values: Any) -> SalesDocument:
    gross, net = sum(line.signed_gross for line in lines), sum(line.signed_net for line in lines)
    base = {"source": "t", "source_id": "1", "origin": Origin.HOOK, "kind": kind, "store": request.store, "issued_at": request.at}
    return SalesDocument.model_validate(base | {"lines": tuple(lines), "gross": gross, "net": net, **values})


@given(st.data())
def test_no_order_of_anything_changes_a_quote(data: st.DataObject) -> None:
    """Lines, offers, rules, programmes, codes and claims in another order: the same reply, field by field."""
    programmes = data.draw(programme_sets())
    state = data.draw(states(programmes))
    request = data.draw(requests(programmes, state))
    facts = data.draw(customers())
    random = data.draw(st.randoms(use_true_random=False))

    def shuffled(items: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(random.sample(list(items), len(items)))

    turned = [
        one.model_copy(update={name: shuffled(getattr(one, name)) for name in ("offers", "earning", "boosts", "stored_value")})
        for one in shuffled(programmes)
    ]
    other = request.model_copy(update={name: shuffled(getattr(request, name)) for name in ("lines", "codes", "claims", "payments")})
    first, second = ask(programmes, request, facts, state), ask(turned, other, facts, state)
    codes = {one.code: one for one in second.codes}
    assert second.model_copy(update={"codes": tuple(codes[one.code] for one in first.codes)}) == first


@given(st.data())
def test_nothing_is_lost_between_the_lines(data: st.DataObject) -> None:
    """Shares sum to their discount, discounts to theirs, to what is left to pay; nothing is below zero, nothing is paid twice."""
    programmes = data.draw(programme_sets())
    state = data.draw(states(programmes))
    request = data.draw(requests(programmes, state))
    facts = data.draw(customers())
    reply = ask(programmes, request, facts, state)
    assert all(sum(one.shares.values()) == one.amount for one in reply.benefits)
    assert all(share > 0 for one in reply.benefits for share in one.shares.values())
    assert sum(one.amount for one in reply.benefits) == reply.discount
    for line in request.lines:
        assert sum(one.shares.get(line.line_id, 0) for one in reply.benefits) <= line.gross
    till = sum(line.signed_gross for line in request.lines)
    if all(one.policies.tax_rounding in ("line", "total_net_keep_gross") for one in programmes):
        assert reply.total == till - reply.discount - reply.points_amount
    assert reply.to_pay == reply.total - sum(one.amount for one in reply.stored_value)
    assert min(reply.total, reply.to_pay, reply.points_earned, reply.points_used, reply.redeemable, reply.savings_as_member) >= 0
    for used in reply.stored_value:
        assert 0 <= used.amount <= (state.stored[used.code].balance if used.code in state.stored else 0)
    earns_here = any(one.policies.same_sale_points for one in programmes)
    if reply.points_spent and facts is not None:
        assert reply.points_spent <= facts.balance_available + (reply.points_earned if earns_here else 0)


@given(st.data())
def test_a_hundred_percent_leaves_exactly_nothing(data: st.DataObject) -> None:
    """In every way of rounding VAT, whatever else applies, with deductions and without."""
    programmes = data.draw(programme_sets())
    state = data.draw(states(programmes))
    request = data.draw(requests(programmes, state))
    everything = {"kinds": tuple(kind for kind in LineKind if kind is not LineKind.DEDUCTION)}
    free = PercentOffer(id="free", kind="percent_order", percent=10_000, exclusive=False, priority=-1000, members_only=False)
    free = PercentOffer.model_validate(free.model_dump() | {"selector": everything})
    last = Programme(id="zz", name="Free", offers=(free,))
    # Beside an offer that stands alone nothing is free.
    beside = [one.model_copy(update={"offers": tuple(offer for offer in one.offers if not offer.alone)}) for one in programmes]
    reply = ask([*beside, last], request, data.draw(customers()), state)
    assert (reply.total, reply.net, reply.to_pay, reply.points_amount) == (0, 0, 0, 0)


@given(st.data())
def test_bought_and_returned_in_parts_is_as_if_it_never_was(data: st.DataObject) -> None:
    """Whatever parts come back in whatever order, in the end exactly what was earned is taken and what was spent is given back."""
    programmes = data.draw(programme_sets())
    state = data.draw(states(programmes))
    request = data.draw(requests(programmes, state, deductions=False))
    facts = data.draw(customers())
    spent = data.draw(st.sampled_from((0, 5_000, 1_234)))
    sale = settle(
        compile_programmes(programmes), document(request, request.lines), facts, zone=ZONE, points_spent=spent, language="en", state=state
    )
    assert sum(share.points for line in sale.lines for share in line.shares) == sale.points_earned == sum(one.points for one in sale.earned)
    assert sum(line.spent for line in sale.lines) == spent
    parts = []
    for line in request.lines:
        number = data.draw(st.integers(1, 3))
        for part in range(number):
            cut = {
                name: getattr(line, name) * (part + 1) // number - getattr(line, name) * part // number for name in ("gross", "quantity")
            }
            back = {
                "line_id": f"{line.line_id}.{part}",
                "net": ratio(cut["gross"], 100, 123),
                "reference": Reference(document="1", line=line.line_id),
            }
            parts.append(line.model_copy(update=cut | back))
    parts = data.draw(st.permutations(parts))
    returned: Any = {}
    taken: dict[tuple[str, str], int] = {}
    given_back = unmatched = 0
    while parts:
        some = data.draw(st.integers(1, len(parts)))
        one = reversal(sale, returned, document(request, parts[:some], DocumentKind.RETURN), language="en")
        parts, returned = parts[some:], one.returned
        for share in one.taken:
            taken[share.programme, share.rule] = taken.get((share.programme, share.rule), 0) + share.points
        given_back += one.points_given
        unmatched += one.unmatched
        assert all(share.points >= 0 for share in one.taken)
        assert one.points_given >= 0
    assert {tag: points for tag, points in taken.items() if points} == {(one.programme, one.rule): one.points for one in sale.earned}
    assert given_back == spent
    assert unmatched == 0
