"""What the laws found of offers by units, sets, budgets and bounds, each in its smallest form."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from v5_core.engine import CustomerFacts, SaleState, compile_programmes, evaluate, limit_key, settle
from v5_core.hooks import QuoteRequest, QuoteResponse
from v5_core.model import Applied, DocumentKind, Line, Origin, SalesDocument
from v5_core.programme import Programme

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
MEMBER = CustomerFacts("c1", balance_available=50_000)


def line(name: str, gross: int, units: int = 1, **values: Any) -> Line:
    base = {"line_id": name, "product": f"P{name}", "gross": gross, "net": gross * 100 // 123, "vat_rate": 2300, "quantity": 1000 * units}
    return Line.model_validate(base | values)


def ask(offers: list[dict[str, Any]], lines: list[Line], used: dict[str, int] | None = None, **named: Any) -> QuoteResponse:
    programme = Programme.model_validate({"id": "p", "name": "P", "offers": offers})
    request = QuoteRequest.model_validate({"store": "S", "at": AT, "lines": lines, **named})
    state = SaleState(used=used or {})
    return evaluate(compile_programmes([programme]), request, MEMBER, local_time=AT, language="en", state=state)


def off(reply: QuoteResponse) -> dict[str, dict[str, int]]:
    return {one.rule: dict(one.shares) for one in reply.benefits}


@pytest.mark.parametrize(("short", "given", "spent"), [("rest", 700, 20_000), ("nothing", 500, 10_000), ("all", 1000, 20_000)])
@pytest.mark.parametrize("claims", [[{"rule": "r", "times": 2}], [{"rule": "r"}, {"rule": "r"}]])
def test_a_budget_holds_however_a_reward_is_claimed(claims: list[dict[str, Any]], short: str, given: int, spent: int) -> None:
    offer = {"kind": "amount_order", "id": "r", "amount": 500, "cost": 10_000, "budgets": ({"amount": 700, "short": short},)}
    reply = ask([offer], [line("1", 5000)], claims=claims)
    assert (reply.discount, reply.points_spent) == (given, spent)


@pytest.mark.parametrize(
    ("bound", "used"),
    [
        ({"budgets": ({"amount": 700},)}, {limit_key("p", "big", 0, budget=True): 700}),
        ({"budgets": ({"amount": 700},)}, {limit_key("p", "big", 0, budget=True): 600}),
        ({"budgets": ({"amount": 700, "short": "rest"},)}, {limit_key("p", "big", 0, budget=True): 600}),
        ({"limits": ({"uses": 3},), "use_of": "unit"}, {limit_key("p", "big", 0): 2}),
    ],
)
def test_what_competes_is_worth_what_it_can_still_give(bound: dict[str, Any], used: dict[str, int]) -> None:
    big = {"kind": "amount_units", "id": "big", "amount": 200, **bound}
    small = {"kind": "percent_lines", "id": "small", "percent": 3000}
    assert off(ask([big, small], [line("1", 1000, 3)])) == {"big": {"1": 600}}
    assert off(ask([big, small], [line("1", 1000, 3)], used)) == {"small": {"1": 300}}


def test_each_group_of_like_units_has_its_own_upper_bound() -> None:
    alike = {"kind": "percent_lines", "id": "o", "percent": 1000, "of_same": "product"}
    offer = alike | {"minimum_quantity": 2000, "not_above_quantity": 3000}
    assert off(ask([offer], [line("1", 1000, 2), line("2", 1000, 3)])) == {"o": {"1": 100, "2": 100}}
    assert off(ask([offer], [line("1", 1000, 2), line("2", 1000, 4)])) == {"o": {"1": 100}}
    by_price = alike | {"not_above": 1500, "minimum_price": "remaining"}
    assert off(ask([by_price], [line("1", 1000), line("2", 1000)])) == {"o": {"1": 100, "2": 100}}


def test_the_till_says_what_is_missing_to_the_nearest_group() -> None:
    offer = {"kind": "percent_lines", "id": "o", "title": "Three", "percent": 1000, "of_same": "product", "minimum_quantity": 3000}
    plain = {name: value for name, value in offer.items() if name != "of_same"}
    (wanted,) = [one.text for one in ask([plain], [line("1", 1000, 2)]).messages]  # one unit is missing
    assert [one.text for one in ask([offer], [line("1", 1000, 2), line("2", 1000, 1)]).messages] == [wanted]


def test_gifts_come_for_each_group_and_for_each_set() -> None:
    alike = {"kind": "gift", "id": "mug", "products": ("MUG",), "of_same": "product", "minimum_quantity": 3000, "repeat": True}
    lines = [line("1", 1000, 5), line("2", 1000, 4)]
    assert [gift.quantity for gift in ask([alike], lines).gifts] == [2000]
    sets = {"kind": "gift", "id": "mug", "products": ("MUG",), "of_different": "product", "minimum_quantity": 2000, "repeat": True}
    assert [gift.quantity for gift in ask([sets], [line("1", 1000, 5), line("2", 1000, 1)]).gifts] == [1000]


def test_gifts_by_the_unit_are_the_article_as_often_as_uses_are_left() -> None:
    offer = {
        "kind": "gift", "id": "mug", "products": ("MUG",), "minimum_quantity": 1000, "repeat": True, "use_of": "unit",
        "limits": ({"uses": 3},),
    }  # fmt: skip
    reply = ask([offer], [line("1", 1000, 5)], {limit_key("p", "mug", 0): 1})
    assert [(gift.product, gift.quantity) for gift in reply.gifts] == [("MUG", 2000)]


def test_an_entitlement_pays_once_for_gifts_of_one_sale() -> None:
    club = {"id": "club", "title": "Club", "entitlements": ({"id": "coffee", "title": "Coffee", "uses": 9},)}
    offers = [
        {"kind": "gift", "id": "a", "products": ("MUG",), "minimum_quantity": 1000, "repeat": True, "entitlement": "coffee"},
        {"kind": "percent_lines", "id": "b", "percent": 1000, "entitlement": "coffee", "exclusive": False},
    ]
    programme = Programme.model_validate({"id": "p", "name": "P", "offers": offers, "clubs": (club,)})
    facts = CustomerFacts("c1", entitlements={"coffee": 2})
    request = QuoteRequest(store="S", at=AT, lines=(line("1", 1000, 5),))
    reply = evaluate(compile_programmes([programme]), request, facts, local_time=AT)
    assert (reply.gifts[0].quantity, off(reply)) == (5000, {"b": {"1": 100}})


def test_an_amount_for_every_two_units_is_counted_on_all_units_whichever_it_reduces() -> None:
    offer = {"kind": "amount_order", "id": "o", "amount": 100, "repeat": True, "minimum_quantity": 2000, "units": 1}
    assert ask([offer], [line("1", 4000, 4)]).discount == 200


@pytest.mark.parametrize("bound", [{"units": 3}, {"limits": ({"uses": 3},), "use_of": "unit"}])
def test_so_many_units_of_the_sale_and_of_each_line_are_both_kept(bound: dict[str, Any]) -> None:
    offer = {"kind": "percent_lines", "id": "o", "percent": 1000, "units_per_line": 1, **bound}
    lines = [line("1", 3000, 3), line("2", 2000), line("3", 4000), line("4", 9000)]
    assert off(ask([offer], lines)) == {"o": {"1": 100, "2": 200, "3": 400}}


def test_units_that_cost_less_already_are_no_use() -> None:
    offer = {"kind": "fixed_price", "id": "o", "price": 500, "use_of": "unit", "limits": ({"uses": 2},)}
    (benefit,) = ask([offer], [line("1", 800, 2), line("2", 0), line("3", 700), line("4", 900)]).benefits
    assert (dict(benefit.shares), benefit.times) == ({"3": 200, "4": 400}, 2)
    (benefit,) = ask([offer], [line("1", 800, 2), line("3", 700)]).benefits
    assert (dict(benefit.shares), benefit.times) == ({"3": 200}, 1)


def test_times_per_sale_is_of_rewards() -> None:
    offer = {"kind": "percent_lines", "id": "o", "percent": 1000, "use_of": "unit", "limits": ({"uses": 3},), "times_per_sale": 1}
    assert ask([offer], [line("1", 3000, 3)]).benefits[0].times == 3
    reward = {"kind": "percent_lines", "id": "o", "percent": 1000, "use_of": "unit", "cost": 1000, "times_per_sale": 1}
    reply = ask([reward], [line("1", 3000, 3)], claims=({"rule": "o", "times": 3},))
    assert (reply.discount, reply.benefits[0].times, reply.points_spent) == (300, 1, 1000)


@pytest.mark.parametrize(
    ("amounts", "counted"), [((500, 200), (500, 200)), ((500, 500), (500, 500)), ((None, None), (900, 0)), ((500, None), (500, 400))]
)
def test_a_sale_counts_on_budgets_what_each_use_took(amounts: tuple[int | None, int | None], counted: tuple[int, int]) -> None:
    """A reward that was claimed twice stands twice in the document, each with what it took and the coupon that opened it."""
    offer = {"kind": "amount_order", "id": "r", "amount": 500, "cost": 10_000, "coupon": True, "budgets": ({"amount": 5000},)}
    programme = Programme.model_validate({"id": "p", "name": "P", "offers": (offer,)})
    applied = tuple(Applied(rule="r", code=code, amount=amount) for code, amount in zip("AB", amounts, strict=True))
    document = SalesDocument(
        source="t", source_id="1", origin=Origin.HOOK, kind=DocumentKind.SALE, store="S", issued_at=AT, applied=applied,
        lines=(line("1", 4100, discount=900),), gross=4100, net=3333,
    )  # fmt: skip
    uses = settle(compile_programmes([programme]), document, MEMBER, zone=ZoneInfo("Europe/Lisbon")).uses
    assert [(one.code, one.amount) for one in uses] == [("A", counted[0]), ("B", counted[1])]


def test_a_set_is_taken_once_whatever_its_other_lines_have_in_common() -> None:
    parts = ({"selector": {"products": ("P1",)}}, {"selector": {"products": ("P2",)}})
    bundle = {"kind": "bundle", "id": "o", "parts": parts, "percent": 5000, "closes_units": False, "of_same": "product"}
    assert ask([bundle], [line("1", 1000), line("2", 1000)]).discount == 1000


def test_a_code_promises_the_voucher_of_the_version_in_force_while_it_can_be_used() -> None:
    rule = {"id": "v", "kind": "next_purchase", "steps": ({"amount": 500},), "codes": ("NEXT",)}
    old = Programme.model_validate({"id": "p", "name": "P", "vouchers": (rule,)})
    request = QuoteRequest(store="S", at=AT, lines=(line("1", 1000),), codes=("next",))

    def found(*programmes: Programme) -> tuple[str, str]:
        (code,) = evaluate(compile_programmes(programmes), request, MEMBER, local_time=AT).codes
        return code.rule, code.problem

    assert found(old) == ("v", "")
    anybody = Programme.model_validate({"id": "p", "name": "P", "vouchers": (rule | {"members_only": False},)})
    for who, wanted in ((None, ("v", "")), (replace(MEMBER, blocked=True), ("", "unknown"))):
        (code,) = evaluate(compile_programmes([anybody]), request, who, local_time=AT).codes
        assert (code.rule, code.problem) == wanted
    assert found(old, Programme.model_validate({"id": "p", "name": "P", "version": 2})) == ("", "unknown")
    for days, wanted in ((0, ("v", "")), (1, ("v", "")), (-1, ("", "unknown"))):
        until = rule | {"valid_until": AT.date() + timedelta(days=1 + days), "valid_after_days": 1}
        assert found(Programme.model_validate({"id": "p", "name": "P", "vouchers": (until,)})) == wanted
