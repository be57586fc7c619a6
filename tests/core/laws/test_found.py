"""What the laws found once, each in its smallest form."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from v5_core.engine import Coupon, CustomerFacts, Earned, SaleState, Stored, claimed_points, compile_programmes, evaluate, limit_key
from v5_core.hooks import QuoteRequest, QuoteResponse
from v5_core.ledger import AccountState, Booked, Target, available, book, move
from v5_core.model import Applied, DocumentKind, Line, LineKind, Origin, SalesDocument
from v5_core.programme import Policies, Programme

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
MEMBER = CustomerFacts("c1", balance_available=50_000)


def line(name: str, gross: int, **values: Any) -> Line:
    return Line.model_validate(
        {"line_id": name, "product": f"P{name}", "gross": gross, "net": gross * 100 // 123, "vat_rate": 2300, **values}
    )


def ask(
    offers: list[dict[str, Any]], lines: list[Line], facts: CustomerFacts | None = MEMBER, state: SaleState | None = None,
    parts: dict[str, Any] | None = None, **named: Any,
) -> QuoteResponse:  # fmt: skip
    club = {"id": "club", "title": "Club", "entitlements": ({"id": "coffee", "title": "Coffee", "uses": 9},)}
    programme = Programme.model_validate({"id": "p", "name": "P", "offers": offers, "clubs": (club,), **(parts or {})})
    request = QuoteRequest.model_validate({"store": "S", "at": AT, "lines": lines, **named})
    return evaluate(compile_programmes([programme]), request, facts, local_time=AT, language="en", state=state or SaleState())


def test_a_reward_that_gives_nothing_costs_nothing() -> None:
    reply = ask([{"kind": "amount_order", "id": "r", "amount": 500, "cost": 10_000}], [line("1", 0)], claims=({"rule": "r"},))
    assert (reply.discount, reply.points_spent) == (0, 0)
    reply = ask([{"kind": "amount_order", "id": "r", "amount": 500, "cost": 10_000}], [line("1", 700)], claims=({"rule": "r", "times": 3},))
    assert (reply.discount, reply.points_spent) == (700, 20_000)


@pytest.mark.parametrize("bound", ["limit", "coupon", "entitlement"])
def test_a_reward_is_given_as_often_as_is_left(bound: str) -> None:
    offer: dict[str, Any] = {"kind": "gift", "id": "mug", "products": ("MUG",), "cost": 10_000}
    bounds: dict[str, dict[str, Any]] = {
        "limit": {"limits": ({"uses": 3},)},
        "coupon": {"coupon": True},
        "entitlement": {"entitlement": "coffee"},
    }
    offer |= bounds[bound]
    facts = CustomerFacts("c1", balance_available=50_000, entitlements={"coffee": 2})
    state = SaleState({"C": Coupon("C", "mug", "p", uses_left=2)}, used={limit_key("p", "mug", 0): 1})
    reply = ask([offer], [line("1", 100)], facts, state, codes=("C",), claims=({"rule": "mug", "times": 4},))
    assert [(gift.quantity, gift.cost) for gift in reply.gifts] == [(2000, 20_000)]
    assert reply.points_spent == 20_000


def test_one_entitlement_is_used_once_by_two_offers() -> None:
    facts = CustomerFacts("c1", entitlements={"coffee": 1})
    offers = [{"kind": "percent_lines", "id": name, "percent": 1000, "exclusive": False, "entitlement": "coffee"} for name in ("a", "b")]
    reply = ask(offers, [line("1", 1000)], facts)
    assert [one.rule for one in reply.benefits] == ["a"]


def test_two_claims_of_one_reward_both_count() -> None:
    offer = {"kind": "gift", "id": "mug", "products": ("RED", "BLUE"), "cost": 10_000}
    claims = ({"rule": "mug", "product": "RED"}, {"rule": "mug", "product": "BLUE"})
    reply = ask([offer], [line("1", 100)], claims=claims)
    assert sorted(gift.product for gift in reply.gifts) == ["BLUE", "RED"]
    assert reply == ask([offer], [line("1", 100)], claims=claims[::-1])


def test_of_two_coupons_for_one_offer_one_is_used_whichever_was_typed_first() -> None:
    offer = {"kind": "percent_order", "id": "o", "percent": 1000, "coupon": True}
    state = SaleState({code: Coupon(code, "o", "p") for code in ("A", "B")})
    for codes in (("A", "B"), ("B", "A")):
        found = {one.code: (one.rule, one.problem) for one in ask([offer], [line("1", 1000)], state=state, codes=codes).codes}
        assert found == {"A": ("o", ""), "B": ("", "not_combined")}


@pytest.mark.parametrize("way", ["line", "total_net", "total_net_keep_gross"])
def test_what_deductions_take_off_entirely_is_nothing(way: str) -> None:
    lines = [Line(line_id="1", product="P", gross=1, net=0, vat_rate=2300), line("d", 1, kind=LineKind.DEDUCTION)]
    reply = ask([], lines, parts={"policies": {"tax_rounding": way}})
    assert (reply.total, reply.net, reply.to_pay) == (0, 0, 0)


def test_the_condition_of_a_set_and_of_goods_to_get_counts() -> None:
    lines = [line("1", 3000), line("2", 500)]
    cheap = {"where": "gross < 10"}
    bundle = {"kind": "bundle", "id": "b", "parts": ({"selector": cheap},), "price": 100}
    assert ask([bundle], lines).benefits[0].shares == {"2": 400}
    pair = {"kind": "buy_get", "id": "g", "selector": {"products": ("P2",)}, "get_selector": {"where": "gross > 10"}}
    assert ask([pair], lines).benefits[0].shares == {"1": 3000}


def test_the_condition_of_a_stored_value_counts() -> None:
    kind = {"id": "meals", "kind": "wallet", "selector": {"where": "gross < 10"}}
    state = SaleState(stored={"W": Stored("W", "wallet", "meals", balance=5000)})
    reply = ask([], [line("1", 3000), line("2", 500)], state=state, parts={"stored_value": (kind,)}, stored_value=({"code": "W"},))
    assert reply.to_pay == 3000


def test_what_a_stored_value_may_pay_for_is_said_by_the_version_in_force() -> None:
    kind: dict[str, Any] = {"id": "meals", "kind": "wallet"}
    now = Programme.model_validate({"id": "p", "name": "P", "stored_value": (kind,)})
    later = {"validity": {"starts_at": AT + timedelta(days=1)}, "stored_value": (kind | {"selector": {"products": ("X",)}},)}
    programmes = [now, Programme.model_validate({"id": "p", "name": "P", "version": 2, **later})]
    request = QuoteRequest.model_validate({"store": "S", "at": AT, "lines": [line("1", 300)], "stored_value": ({"code": "W"},)})
    state = SaleState(stored={"W": Stored("W", "wallet", "meals", balance=5000)})
    assert evaluate(compile_programmes(programmes), request, MEMBER, local_time=AT, state=state).to_pay == 0


def test_a_reward_taken_just_after_midnight_on_the_first_day_costs_its_points() -> None:
    offer = {"kind": "amount_order", "id": "r", "amount": 500, "cost": 10_000}
    programme = Programme.model_validate({"id": "p", "name": "P", "offers": (offer,), "validity": {"first_day": "2026-07-02"}})
    document = SalesDocument(
        source="t", source_id="1", origin=Origin.HOOK, kind=DocumentKind.SALE, store="S",
        issued_at=datetime(2026, 7, 1, 23, 30, tzinfo=UTC), lines=(line("1", 500),), applied=(Applied(rule="r"),), gross=500, net=406,
    )  # fmt: skip
    assert claimed_points(compile_programmes([programme]), document) == 10_000


def test_a_price_list_that_closes_units_keeps_them_from_later_offers() -> None:
    offers = [
        {"kind": "fixed_price", "id": "sale", "price": 500, "closes_units": True, "selector": {"products": ("P1",)}},
        {"kind": "buy_get", "id": "two", "percent": 10_000},
    ]  # fmt: skip
    assert ask(offers, [line("1", 1000), line("2", 900)]).discount == 500


def test_what_was_taken_off_earlier_counts_the_same_for_a_minimum_whether_other_units_are_closed_or_not() -> None:
    first = {"kind": "percent_lines", "id": "a", "percent": 1000, "exclusive": False, "priority": 9}
    set_ = {"kind": "bundle", "id": "b", "parts": ({"selector": {"products": ("P2",)}},), "amount": 100, "exclusive": False, "priority": 8}
    last = {
        "kind": "percent_lines", "id": "c", "percent": 5000, "exclusive": False, "closes_units": True, "minimum": 1000,
        "selector": {"products": ("P1",)},
    }  # fmt: skip
    for offers in ([first, last], [first, set_, last]):
        assert "c" in [one.rule for one in ask(offers, [line("1", 1000), line("2", 900)]).benefits]


def test_points_given_back_twice_after_a_debt_was_repaid_go_to_the_lot_that_repaid_it(bank: Any) -> None:
    def earned(points: int) -> tuple[Earned, ...]:
        return (Earned("p", 1, "euro", points),)

    one = bank()
    one.book("before", Target(earned=earned(10)), AT)
    one.book("sale", Target(spent=10), AT + timedelta(hours=1))
    one.book("credit", Target(given=10, original="sale"), AT + timedelta(hours=2))
    one.book("elsewhere", Target(spent=10), AT + timedelta(hours=3))
    one.book("credit", Target(original="sale"), AT + timedelta(hours=4))  # cancelled: the points are gone, so they are owed
    one.book("later", Target(earned=earned(10)), AT + timedelta(hours=5))  # and repaid
    one.book("second credit", Target(given=10, original="sale"), AT + timedelta(hours=6))
    assert one.account.balance == 10
    assert [(lot.entry, lot.remaining) for lot in one.account.lots] == [("later", 10)]


def test_a_debt_is_repaid_by_the_oldest_points_also_when_a_hold_is_released(bank: Any) -> None:
    one = bank(lots="fifo")
    one.book("old", Target(earned=(Earned("p", 1, "euro", 2),)), AT)
    one.book("young", Target(earned=(Earned("p", 1, "euro", 2, AT + timedelta(days=3)),)), AT + timedelta(hours=1))
    one.hold("till", 4, AT + timedelta(hours=2))
    one.book("offline", Target(spent=2), AT + timedelta(hours=3))
    one.release("till", AT + timedelta(hours=4))
    assert [(lot.entry, lot.remaining) for lot in one.account.lots] == [("young", 2)]


@pytest.mark.parametrize(("lots", "left"), [("fifo", "target"), ("nearest_expiry", "mv")])
def test_points_that_move_are_as_old_as_they_were(lots: Any, left: str) -> None:
    policies = Policies(lots=lots)
    source, target = AccountState("A"), AccountState("B")
    old = Target(earned=(Earned("p", 1, "euro", 5, AT + timedelta(days=30), AT + timedelta(hours=3)),))
    source = book(source, "source", Booked(), old, at=AT, policies=policies).account
    young = Target(earned=(Earned("p", 1, "euro", 5, AT + timedelta(days=9)),))
    target = book(target, "target", Booked(), young, at=AT + timedelta(hours=1), policies=policies).account
    out, into = move(source, target, "mv", at=AT + timedelta(hours=2), policies=policies)
    assert (out.account.balance, into.account.balance) == (0, 10)
    assert available(into.account, AT + timedelta(hours=2)) == 5  # what is pending stays so
    spent = book(into.account, "s", Booked(), Target(spent=5), at=AT + timedelta(hours=4), policies=policies)
    assert [lot.entry for lot in spent.account.lots] == [left]


def test_points_that_move_repay_what_is_owed_there() -> None:
    policies = Policies()
    source = book(AccountState("A"), "a", Booked(), Target(earned=(Earned("p", 1, "euro", 5),)), at=AT, policies=policies).account
    target = book(AccountState("B"), "b", Booked(), Target(spent=3), at=AT, policies=policies).account
    _, into = move(source, target, "mv", at=AT + timedelta(hours=1))
    assert [(lot.remaining, lot.debt) for lot in into.account.lots] == [(2, None)]
