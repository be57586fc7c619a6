"""What is to pay, with and without VAT: each way of rounding, whoever buys."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from v5_core.engine import CustomerFacts, compile_programmes, evaluate
from v5_core.hooks import QuoteRequest, QuoteResponse
from v5_core.model import Line
from v5_core.programme import PercentOffer, Policies, Programme

AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


def quote(lines: list[Line], *, percent: int = 0, rounding: str = "line", member: bool = False) -> QuoteResponse:
    offers = (PercentOffer(id="off", kind="percent_order", percent=percent, members_only=False),) if percent else ()
    policies = Policies.model_validate({"tax_rounding": rounding})
    compiled = compile_programmes([Programme(id="p", name="P", offers=offers, policies=policies)])
    facts = CustomerFacts(customer="c1") if member else None
    return evaluate(compiled, QuoteRequest(store="S1", at=AT, lines=tuple(lines)), facts, local_time=AT)


def line(name: str, gross: int, net: int, rate: int) -> Line:
    return Line(line_id=name, product=name, gross=gross, net=net, vat_rate=rate)


@pytest.mark.parametrize("member", [False, True])
@pytest.mark.parametrize(
    ("rounding", "total", "net"), [("line", 49990, 42010), ("total_net", 49992, 42010), ("total_net_keep_gross", 49990, 42008)]
)
def test_vat_is_rounded_as_the_policy_says_whoever_buys(rounding: str, total: int, net: int, *, member: bool) -> None:
    found = quote([line(str(number), 9998, 8402, 1900) for number in range(5)], rounding=rounding, member=member)
    assert (found.total, found.net) == (total, net)


def test_the_net_of_a_reduced_line_follows_its_rate_and_not_its_rounded_net() -> None:
    # 300.00 with 10 % inside is 272.73 without; 10 % less is 270.00, of which 245.45 without VAT (in proportion it would be 245.46).
    assert quote([line("1", 30000, 27273, 1000)], percent=1000).net == 24545
    # Where no rate explains the net (several taxes, a rate that is not known), the proportion stays.
    assert quote([line("1", 30000, 20000, 0)], percent=1000).net == 18000
    assert quote([line("1", 0, 0, 2300)], percent=1000).net == 0
