"""The frequent forms of offers have loops of their own: they give what the long way gives, and take nothing that they do not know."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

from v5_core.engine import Compiled, CustomerFacts, compile_programmes, decide, evaluate
from v5_core.engine._rules import Form
from v5_core.hooks import QuoteRequest
from v5_core.model import Claim, Line
from v5_core.programme import Programme

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
ANNA = CustomerFacts("anna", card_rate=700)
FREQUENT: tuple[dict[str, Any], ...] = (
    {"kind": "percent_lines", "percent": "12.5", "selector": {"families": ["a", "b"]}},
    {"kind": "percent_lines", "percent": "33.33", "units_per_line": 2},
    {"kind": "card_discount", "percent": "5", "selector": {"families": ["c"]}},
    {"kind": "amount_units", "amount": "0.33", "selector": {"families": ["b", "c"]}},
    {"kind": "amount_units", "amount": "4.00", "units_per_line": 1},
    {"kind": "percent_order", "percent": "7"},
    {"kind": "amount_order", "amount": "2.01", "selector": {"families": ["a", "c"]}},
    {"kind": "buy_get", "buy": "2", "get": "1", "times": 1, "choose": "dearest", "get_selector": {"families": ["a", "b"]}},
    {"kind": "buy_get", "buy": "1", "get": "1", "percent": "50", "selector": {"families": ["a", "c"]}},
    {"kind": "buy_get", "buy": "2", "get": "2", "get_selector": {"families": ["b"]}, "selector": {"families": ["b", "c"]}},
    {"kind": "buy_get", "buy": "3", "get": "1", "closes_units": False, "selector": {"families": ["b"]}},
)
# Each says one thing more, which the loops know nothing of.
OTHERS: tuple[dict[str, Any], ...] = (
    {"kind": "percent_lines", "percent": "10", "of_same": "product"},
    {"kind": "percent_lines", "percent": "10", "maximum": "1.00"},
    {"kind": "percent_lines", "percent": "10", "closes_units": True},
    {"kind": "amount_units", "amount": "1.00", "amount_basis": "net"},
    {"kind": "amount_order", "amount": "1.00", "minimum": "5.00", "repeat": True},
    {"kind": "buy_get", "buy": "2", "get": "1", "choose": "next"},
    {"kind": "buy_get", "buy": "2", "get": "1", "add": "mug"},
)


def made(offers: list[dict[str, Any]], **policies: str) -> Compiled:
    named = [{"id": f"o{n}", "exclusive": False, "members_only": False, "priority": -n, **one} for n, one in enumerate(offers)]
    data = {"id": "p", "name": "P", "offers": named, "policies": policies}
    return compile_programmes([Programme.model_validate_json(json.dumps(data))])


def basket(chance: Random) -> QuoteRequest:
    lines = []
    for k in range(chance.randint(1, 9)):
        quantity = chance.choice((1000, 2000, 3000, 5000, 1500))
        gross = chance.choice((0, 1, 99, 101, 1000, 1999, 3333, chance.randint(0, 9999)))
        lines.append(
            Line(
                line_id=str(k), product=f"p{chance.randint(0, 5)}", family=chance.choice("abcd"), quantity=quantity, gross=gross, net=gross
            )
        )
    return QuoteRequest(store="S", at=AT, lines=tuple(lines))


@pytest.mark.parametrize("rounding", ["half-up", "down"])
def test_a_frequent_form_gives_what_the_long_way_gives(rounding: str) -> None:
    chance = Random(rounding)
    for _ in range(40):
        offers = chance.sample(FREQUENT, chance.randint(2, len(FREQUENT)))
        quick, long = made(offers, discount_rounding=rounding), made(offers, discount_rounding=rounding)
        assert all(rule.form != Form.OTHER for rule in quick.offers)
        for rule in long.offers:
            rule.form = Form.OTHER
        for _ in range(10):
            asked = basket(chance)
            assert evaluate(quick, asked, ANNA, local_time=AT) == evaluate(long, asked, ANNA, local_time=AT)


def test_a_reward_finds_units_at_what_offers_of_the_order_left_of_them() -> None:
    chance = Random(5)
    reward = {"kind": "buy_get", "buy": "1", "get": "1", "percent": "50", "cost": "10"}
    given = 0
    for _ in range(40):
        offers = [*chance.sample(FREQUENT, 3), FREQUENT[8], FREQUENT[5], FREQUENT[6]]
        quick, long = made([*offers, reward]), made([*offers, reward])
        for rule in long.offers:
            rule.form = Form.OTHER
        asked = basket(chance).model_copy(update={"claims": (Claim(rule=f"o{len(offers)}"),)})
        found = evaluate(quick, asked, replace(ANNA, balance_available=100_000), local_time=AT)
        assert found == evaluate(long, asked, replace(ANNA, balance_available=100_000), local_time=AT)
        given += bool(found.points_spent)
    assert given


@pytest.mark.parametrize("other", OTHERS, ids=lambda one: next(reversed(one)))
def test_an_offer_that_says_more_goes_the_long_way(other: dict[str, Any]) -> None:
    assert [rule.form for rule in made([other]).offers] == [Form.OTHER]


def test_a_policy_of_other_figures_goes_the_long_way() -> None:
    for policy in ({"percent_of": "till"}, {"percent_per": "unit"}, {"odd_cents": "last_line"}, {"units_price": "till_less_discounts"}):
        assert {rule.form for rule in made([FREQUENT[0], FREQUENT[5]], **policy).offers} == {Form.OTHER}


def test_a_decision_says_in_figures_what_its_reply_says_in_words() -> None:
    chance = Random(3)
    programmes = made(list(FREQUENT))
    for _ in range(20):
        asked = basket(chance)
        found = decide(programmes, asked, ANNA, local_time=AT)
        reply = found.reply()
        assert reply == evaluate(programmes, asked, ANNA, local_time=AT)
        assert (found.total, found.net, found.to_pay, found.discounts.total) == (reply.total, reply.net, reply.to_pay, reply.discount)
        assert [(rule, amount, dict(shares)) for rule, amount, shares, _ in found.steps()] == [
            (one.rule, one.amount, one.shares) for one in reply.benefits
        ]
