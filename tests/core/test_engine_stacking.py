"""How offers meet: percentages of what is left or of the till's price, and units that an offer before used up."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from v5_core.engine import compile_programmes, evaluate
from v5_core.hooks import QuoteRequest, QuoteResponse
from v5_core.model import Line
from v5_core.programme import Programme

AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


def quote(offers: list[dict[str, Any]], policies: dict[str, str], *lines: tuple[str, int, int]) -> QuoteResponse:
    made = [
        {"kind": "percent_lines", "id": f"o{n}", "exclusive": False, "members_only": False, "priority": 9 - n, **one}
        for n, one in enumerate(offers)
    ]
    programme = Programme.model_validate({"id": "p", "name": "P", "offers": made, "policies": policies})
    basket = tuple(
        Line(line_id=str(n), product=product, quantity=units * 1000, gross=price * units, net=price * units)
        for n, (product, price, units) in enumerate(lines)
    )
    return evaluate(compile_programmes([programme]), QuoteRequest(store="S1", at=AT, lines=basket), None, local_time=AT, language="en")


@pytest.mark.parametrize("kind", ["percent_lines", "percent_order"])
@pytest.mark.parametrize(("way", "discount"), [("remaining", 2800), ("till", 3000)])
def test_two_percentages_compound_or_add_up(kind: str, way: str, discount: int) -> None:
    reply = quote([{"kind": kind, "percent": "20"}, {"kind": kind, "percent": "10"}], {"percent_of": way}, ("a", 10_000, 1))
    assert reply.discount == discount
    assert [one.text.rsplit(" = ", 1)[1] for one in reply.explanations] == ["€20.00", f"€{discount / 100 - 20:.2f}"]


def test_percentages_of_the_tills_price_never_take_more_than_there_is() -> None:
    reply = quote([{"percent": "80"}, {"percent": "80"}], {"percent_of": "till"}, ("a", 1000, 1), ("b", 500, 2))
    assert (reply.total, reply.discount) == (0, 2000)
    some = quote([{"percent": "50", "units_per_line": 1}, {"percent": "50", "units_per_line": 1}], {"percent_of": "till"}, ("b", 500, 2))
    assert some.discount == 500


def test_a_minimum_may_count_other_lines_than_those_that_are_reduced() -> None:
    mugs = {"kind": "percent_order", "percent": "10", "minimum_quantity": "2", "minimum_selector": {"products": ["mug"]}}
    assert quote([mugs], {}, ("mug", 500, 1), ("a", 10_000, 1)).discount == 0
    assert quote([mugs], {}, ("mug", 500, 2), ("a", 10_000, 1)).discount == 1100
    tea = {"percent": "50", "selector": {"products": ["tea"]}, "minimum": "20.00", "minimum_selector": {"products": ["pot"]}}
    assert quote([tea], {}, ("tea", 400, 1), ("pot", 1999, 1)).discount == 0
    assert quote([tea], {}, ("tea", 400, 1), ("pot", 2000, 1)).discount == 200
    left = {**tea, "minimum_price": "remaining"}
    off = {"kind": "amount_units", "amount": "1.00", "selector": {"products": ["pot"]}}
    assert quote([off, left], {}, ("tea", 400, 1), ("pot", 2000, 1)).discount == 100
    of_all = {"percent": "50", "selector": {"products": ["tea"]}, "minimum_quantity": "5", "minimum_of": "order"}
    assert quote([of_all], {}, ("tea", 400, 1), ("a", 100, 3)).discount == 0
    assert quote([of_all], {}, ("tea", 400, 1), ("a", 100, 4)).discount == 200


def test_units_that_an_offer_used_up_help_no_other_over_its_minimum() -> None:
    first = {"percent": "20", "minimum_quantity": "2", "closes_units": True, "selector": {"products": ["b"]}}
    then = {"percent": "50", "minimum_quantity": "2", "closes_units": True}
    assert quote([first, then], {}, ("a", 10_000, 2), ("b", 10_000, 2)).total == 26_000
    assert quote([first, then], {}, ("a", 10_000, 1), ("b", 10_000, 2)).total == 26_000
    by_amount = {"percent": "50", "minimum": "150.00", "closes_units": True}
    assert quote([first, by_amount], {}, ("a", 10_000, 1), ("b", 10_000, 2)).total == 26_000
    assert quote([first, by_amount], {}, ("a", 10_000, 2), ("b", 10_000, 2)).total == 26_000
    assert quote([by_amount], {}, ("a", 10_000, 1), ("b", 10_000, 2)).total == 15_000


@pytest.mark.parametrize(
    ("odd_cents", "shares"),
    [("largest_remainder", [2, 2, 1, 1]), ("first_lines", [2, 2, 2, 0]), ("last_line", [1, 2, 2, 1])],
)
def test_odd_cents_take_no_more_off_a_line_than_it_costs(odd_cents: str, shares: list[int]) -> None:
    offers = [{"kind": "amount_order", "amount": "0.06"}, {"kind": "percent_order", "percent": "100"}]
    reply = quote(offers, {"odd_cents": odd_cents}, ("a", 2, 1), ("b", 2, 1), ("c", 2, 1), ("d", 1, 1))
    assert [reply.benefits[0].shares.get(name, 0) for name in "0123"] == shares
    assert reply.total == 0
