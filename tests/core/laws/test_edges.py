"""Edges that examples by chance seldom meet: the last day, the day itself, the deduction from the whole."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from v5_core.engine import CustomerFacts, Earned, compile_programmes, evaluate, occurrences
from v5_core.hooks import QuoteRequest
from v5_core.ledger import AccountState, Booked, Target, book
from v5_core.model import DocumentKind, Line, LineKind, Origin, SalesDocument
from v5_core.programme import Policies, Programme, VoucherRule
from v5_core.segments import Day, Known, Shopper, decide, measured, record_of
from v5_core.stored import basis

LISBON = ZoneInfo("Europe/Lisbon")
BORN, JOINED = date(1990, 3, 10), date(2025, 3, 10)


@pytest.mark.parametrize(
    ("days", "found"),
    [(-1, []), (0, ["anniversary", "birthday"]), (6, ["anniversary", "birthday"]), (7, []), (365, ["anniversary", "birthday"])],
)
def test_a_birthday_that_nobody_worked_on_is_made_up_for_within_a_week(days: int, found: list[str]) -> None:
    facts = CustomerFacts("c", birth_date=BORN, member_since=JOINED)
    seen = occurrences(facts, date(2026, 3, 10) + timedelta(days=days))
    assert sorted(one.event for one in seen if one.event != "profile") == found


def test_a_birthday_counts_from_the_day_of_joining_on_and_the_anniversary_a_year_later() -> None:
    for since, found in ((date(2026, 3, 10), ["birthday"]), (date(2026, 3, 11), []), (date(2025, 3, 11), ["birthday"])):
        seen = occurrences(CustomerFacts("c", birth_date=BORN, member_since=since), date(2026, 3, 10))
        assert sorted(one.event for one in seen if one.event != "profile") == found, since


@pytest.mark.parametrize(("way", "amount"), [("gross", 1000), ("net", 813)])
def test_what_is_deducted_from_a_sale_counts_for_no_voucher(way: str, amount: int) -> None:
    rule = VoucherRule.model_validate({"id": "v", "kind": "till", "steps": ({"amount": 500},), "basis": way})
    lines = (
        Line(line_id="1", product="A", gross=1230, net=1000, vat_rate=2300),
        Line(line_id="2", product="D", gross=230, net=187, vat_rate=2300, kind=LineKind.DEDUCTION),
    )
    document = SalesDocument(
        source="t", source_id="1", origin=Origin.HOOK, kind=DocumentKind.SALE, store="S", lines=lines, gross=1000, net=813,
        issued_at=datetime(2026, 11, 24, 12, tzinfo=UTC),
    )  # fmt: skip
    assert basis(Programme(id="p", name="P", vouchers=(rule,)), rule, document, CustomerFacts("c"), LISBON) == amount


def test_a_visit_of_a_day_that_the_sums_know_may_be_the_same_one() -> None:
    """Bought in the morning, when the sums were taken, and again in the same store: one visit, or two, nobody can say here."""
    today = date(2026, 3, 3)
    visit = Day(today, "LX1", 1, 1000)
    known = Known(today, measured(["visits >= 2"], [visit], today), (visit,))
    assert decide("visits >= 2", Shopper("c"), known, today) is None
    assert decide("visits >= 2", Shopper("c"), replace(known, since=(replace(visit, day=today + timedelta(days=1)),)), today) is True


def test_the_average_of_more_returned_than_bought_is_cut_as_databases_cut() -> None:
    days = (Day(date(2026, 3, 1), "LX1", 2, 500), Day(date(2026, 3, 2), "LX1", 0, -1001))
    assert record_of(Shopper("c", days=days), date(2026, 3, 3))["average_sale"] == -250


@pytest.mark.parametrize(("there", "used"), [(10_000, 10_000), (9_000, 0), (12_000, 10_000)])
def test_the_least_that_may_be_used_may_be_used(there: int, used: int) -> None:
    programme = Programme.model_validate({"id": "p", "name": "P", "redemption": {"points": 1000, "amount": 10, "minimum": 10_000}})
    lines = (Line(line_id="1", product="A", gross=5000, net=5000),)
    at = datetime(2026, 11, 24, 12, tzinfo=UTC)
    request = QuoteRequest(store="S", at=at, lines=lines, points_to_use=10_000)
    reply = evaluate(compile_programmes([programme]), request, CustomerFacts("c", balance_available=there), local_time=at)
    assert (reply.redeemable, reply.points_used) == (there if there >= 10_000 else 0, used)


@pytest.mark.parametrize(("seconds", "moved"), [(-1, True), (0, False)])
def test_points_that_lapse_at_the_very_instant_of_a_sale_are_gone(seconds: int, *, moved: bool) -> None:
    end = datetime(2026, 11, 24, 12, tzinfo=UTC)
    until = end + timedelta(days=30)
    earned = Target(earned=(Earned("p", 1, "euro", 5, end),))
    account = book(AccountState("A"), "old", Booked(), earned, at=end - timedelta(days=1), policies=Policies()).account
    sale = Target(earned=(Earned("p", 1, "euro", 1, until),))
    at = end + timedelta(seconds=seconds)
    after = book(account, "sale", Booked(), sale, at=at, policies=Policies(), renewed={("p", ""): until}).account
    assert [lot.expires_at for lot in after.lots if lot.entry == "old"] == [until if moved else end]
