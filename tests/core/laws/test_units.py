"""What holds of offers that take some units, like or different ones, in turns, again and again, or within a budget."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from v5_core.engine import CustomerFacts, SaleState, compile_programmes, evaluate, limit_key
from v5_core.hooks import QuoteRequest, QuoteResponse
from v5_core.model import Line
from v5_core.programme import Programme

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
MEMBER = CustomerFacts("c1")
_few = st.none() | st.integers(1, 4)
_by = st.sampled_from(("product", "family", "line"))
_ALIKE: tuple[dict[str, Any], ...] = (
    {},
    {},
    {"of_same": "product"},
    {"of_same": "family"},
    {"of_different": "family", "minimum_quantity": 2000},
)
_alike = st.sampled_from(_ALIKE)


@st.composite
def offers(draw: st.DrawFn, number: int) -> dict[str, Any]:
    """An offer with what this page is about."""
    kind = draw(st.sampled_from(("percent_lines", "percent_order", "amount_units", "amount_lines", "amount_order", "cheapest", "buy_get")))
    made: dict[str, Any] = {"id": f"o{number}", "kind": kind, "exclusive": False, "closes_units": draw(st.booleans()), **draw(_alike)}
    if kind.startswith("percent"):
        made |= {"percent": draw(st.sampled_from((333, 1000, 10_000)))}
    elif kind.startswith("amount"):
        made |= {"amount": draw(st.integers(1, 900)), "amount_basis": draw(st.sampled_from(("gross", "net")))}
    if kind.startswith(("percent", "amount")):
        made |= {"units": draw(_few), "units_per_line": draw(_few), "choose": draw(st.sampled_from(("cheapest", "dearest")))}
    elif kind == "cheapest":
        made |= {"percent": 5000, "units": draw(st.integers(1, 3)), "choose": draw(st.sampled_from(("cheapest", "dearest")))}
    else:
        turns = {"buy": 1000 * draw(st.integers(1, 3)), "get": 1000 * draw(st.integers(1, 2)), "times": draw(_few)}
        made |= {**turns, "choose": draw(st.sampled_from(("cheapest", "dearest", "next")))}
    if kind in ("cheapest", "amount_order") and draw(st.booleans()):
        made |= {"repeat": True, "minimum": draw(st.integers(100, 900)), "repeat_at_most": draw(_few)}
    if draw(st.booleans()):
        made |= {"budgets": ({"amount": draw(st.integers(1, 900)), "short": draw(st.sampled_from(("nothing", "rest"))), "by": "customer"},)}
    if draw(st.booleans()):
        made |= {"limits": ({"uses": draw(st.integers(1, 4)), "by": "customer"},), "use_of": draw(st.sampled_from(("sale", "unit")))}
    return made


@st.composite
def lines(draw: st.DrawFn) -> list[Line]:
    """A basket of articles in two families."""
    made = []
    for number in range(draw(st.integers(1, 5))):
        units, price, rate = draw(st.integers(1, 4)), draw(st.integers(0, 900)), draw(st.sampled_from((0, 600, 2300)))
        gross = units * price
        fields = {
            "quantity": 1000 * units,
            "gross": gross,
            "net": (20_000 * gross + 10_000 + rate) // (2 * (10_000 + rate)),
            "vat_rate": rate,
        }
        product = draw(st.sampled_from("AB"))
        made.append(Line.model_validate({"line_id": str(number), "product": product, "family": draw(st.sampled_from("xy")), **fields}))
    return made


def ask(programme: Programme, goods: list[Line], state: SaleState) -> QuoteResponse:
    request = QuoteRequest.model_validate({"store": "S", "at": AT, "lines": goods})
    return evaluate(compile_programmes([programme]), request, MEMBER, local_time=AT, language="en", state=state)


@given(st.data())
def test_units_budgets_and_uses_are_never_exceeded(data: st.DataObject) -> None:
    """Nothing below zero, nothing lost, no budget and no limit passed, whatever order lines and offers come in."""
    policies: dict[str, Any] = {
        "odd_cents": data.draw(st.sampled_from(("largest_remainder", "first_lines", "last_line"))),
        "percent_per": data.draw(st.sampled_from(("line", "unit"))),
        "units_price": data.draw(st.sampled_from(("share", "till_less_discounts"))),
        "percent_of": data.draw(st.sampled_from(("remaining", "till"))),
        "lowest_prices": data.draw(st.dictionaries(st.sampled_from("AC"), st.integers(0, 900), max_size=1)),
    }
    given_offers = [data.draw(offers(number)) for number in range(data.draw(st.integers(1, 3)))]
    programme = Programme.model_validate({"id": "p", "name": "P", "offers": given_offers, "policies": policies})
    goods = data.draw(lines())
    used = {limit_key("p", one.id, 0, budget=True): data.draw(st.integers(0, 500)) for one in programme.offers if one.budgets}
    reply = ask(programme, goods, SaleState(used=used))
    for line in goods:
        lowest = policies["lowest_prices"].get(line.product, 0) * line.quantity // 1000
        assert sum(one.shares.get(line.line_id, 0) for one in reply.benefits) <= max(0, line.gross - lowest)
    for benefit in reply.benefits:
        offer = next(one for one in programme.offers if one.id == benefit.rule)
        assert sum(benefit.shares.values()) == benefit.amount > 0
        assert all(share > 0 for share in benefit.shares.values())
        for budget in offer.budgets:
            assert benefit.amount + used[limit_key("p", offer.id, 0, budget=True)] <= budget.amount
        for limit in offer.limits:
            assert 1 <= benefit.times <= limit.uses
    assert reply.total == sum(line.gross for line in goods) - reply.discount
    turned = programme.model_copy(update={"offers": tuple(reversed(programme.offers))})
    assert ask(turned, random.Random(1).sample(goods, len(goods)), SaleState(used=used)) == reply
