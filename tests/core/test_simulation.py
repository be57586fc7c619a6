"""A draft tried on past sales: what it would have cost, who wins and who loses, and why; from parts that add up in any order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import reduce
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from v5_core.engine import CustomerFacts, compile_programmes, settle
from v5_core.model import (
    Applied,
    DocumentKind,
    DocumentStatus,
    Line,
    Origin,
    Payment,
    PaymentMethod,
    SalesDocument,
)
from v5_core.programme import (
    AmountOffer,
    Budget,
    Club,
    EarnPerAmount,
    EarnPerSale,
    Entitlement,
    Limit,
    PercentOffer,
    PointsCap,
    Programme,
    Redemption,
    Selector,
    Validity,
    VoucherRule,
    VoucherStep,
)
from v5_core.simulation import Case, Report, Scenario, Simulator, Tally, report_of
from v5_core.simulation import simulate as simulate_all

LISBON = ZoneInfo("Europe/Lisbon")
START = datetime(2026, 9, 1, 10, tzinfo=UTC)
NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
EURO = EarnPerAmount(id="euro", title="Points", points=1000, amount=100)
WORTH = Redemption(points=100_000, amount=500)


def club(version: int = 1, **more: Any) -> Programme:
    return Programme(id="club", version=version, name="Club", **({"earning": (EURO,), "redemption": WORTH} | more))


def sale(number: int, *lines: tuple[str, int, int], at: datetime = START, **more: Any) -> SalesDocument:
    """Lines are (product, paid, what the till took off)."""
    rows = tuple(
        Line(line_id=str(index), product=product, family=product[0], gross=paid, net=paid, discount=off)
        for index, (product, paid, off) in enumerate(lines, 1)
    )
    gross = sum(one.gross for one in rows)
    values: dict[str, Any] = {"source": "t", "source_id": str(number), "origin": Origin.ERP, "kind": DocumentKind.SALE, "store": "LX1"}
    return SalesDocument(**(values | {"issued_at": at, "lines": rows, "gross": gross, "net": gross} | more))


def case(document: SalesDocument, customer: str | None = "anna", **facts: Any) -> Case:
    return Case(document, CustomerFacts(customer, **facts) if customer else None, LISBON)


def simulate(base: Programme, draft: Programme, cases: Sequence[Case], **options: Any) -> Report:
    simulator = Simulator(Scenario([base], as_of=NOW), Scenario([draft], as_of=NOW), **options)
    return simulate_all(simulator, lambda: cases)


@pytest.mark.feature("NX-06")
def test_doubling_the_points_costs_what_the_points_are_worth() -> None:
    draft = club(2, earning=(EURO.model_copy(update={"points": 2000}),))
    found = simulate(
        club(), draft, [case(sale(1, ("a", 1000, 0))), case(sale(2, ("a", 500, 0)), "bob"), case(sale(3, ("a", 700, 0)), None)]
    )
    total = found.total
    assert (total.documents, total.differing, total.gross) == (3, 2, 2200)
    assert (total.base.points, total.draft.points) == (15_000, 30_000)
    assert (total.base.worth, total.draft.worth, total.difference) == (75, 150, 75)
    assert total.draft.discount == 0, "liability and discounts are told apart"
    assert (found.winners, found.losers, found.unchanged) == (2, 0, 0)
    assert [(one.customer, one.difference, one.points) for one in found.biggest_winners] == [("anna", 50, 10_000), ("bob", 25, 5000)]
    assert [(one.rule, one.kind, one.difference) for one in found.rules] == [("euro", "earning", 75)]
    first = found.documents[0]
    assert (first.number, first.customer, first.difference) == ("1", "anna", 50)
    assert "10 points" in first.base_explanations[0].text
    assert "20 points" in first.draft_explanations[0].text


@pytest.mark.feature("NX-06")
def test_an_unchanged_programme_changes_nothing_and_its_figures_are_the_ledgers() -> None:
    offer = PercentOffer(id="ten", percent=1000)
    programme = club(offers=(offer,))
    # The till sold at 9.00 what lists at 10.00, with the offer of that day; and 1.00 off by hand on another.
    documents = [sale(1, ("a", 900, 100), applied=(Applied(rule="ten"),)), sale(2, ("a", 700, 300))]
    found = simulate(programme, club(2, offers=(offer,)), [case(one) for one in documents])
    assert (found.total.differing, found.winners, found.losers, found.unchanged) == (0, 0, 0, 1)
    compiled = compile_programmes([programme])
    posted = sum(settle(compiled, one, CustomerFacts("anna"), zone=LISBON).points_earned for one in documents)
    assert found.total.base.points == found.total.draft.points == posted == 16_000
    assert found.total.base.discount == 200, "both baskets list at 10.00"
    assert found.documents == ()


@pytest.mark.feature("NX-06")
def test_an_offer_costs_its_discount_and_the_points_of_what_is_not_paid_any_more() -> None:
    draft = club(2, offers=(PercentOffer(id="fifth", title="A fifth off", percent=2000, selector=Selector(families=("a",))),))
    found = simulate(club(), draft, [case(sale(1, ("apple", 1000, 0), ("bread", 500, 0)))])
    assert (found.total.draft.discount, found.total.base.discount) == (200, 0)
    assert (found.total.base.points, found.total.draft.points) == (15_000, 13_000)
    assert found.total.difference == 200 - 10, "2.00 off, and 2 points less, which were worth 0.10"
    assert [(one.rule, one.kind, one.draft.discount) for one in found.rules] == [("fifth", "offer", 200), ("euro", "earning", 0)]
    assert [one.rule for one in found.documents[0].draft_explanations] == ["fifth", "euro"]


@pytest.mark.feature("NX-06")
def test_an_offer_that_is_dropped_makes_losers() -> None:
    offer = PercentOffer(id="ten", percent=1000)
    cases = [case(sale(number, ("a", 900, 100)), f"c{number:02d}") for number in range(25)] + [case(sale(99, ("a", 9000, 1000)), "big")]
    found = simulate(club(offers=(offer,)), club(2), cases)
    assert (found.winners, found.losers, found.unchanged) == (0, 26, 0)
    assert len(found.biggest_losers) == 10
    assert (found.biggest_losers[0].customer, found.biggest_losers[0].difference) == ("big", -950), "10.00 more to pay, 10 points more"
    bands = {(one.above, one.to): one.customers for one in found.distribution if one.customers}
    assert bands == {(-100, 0): 25, (-1000, -500): 1}
    assert found.total.draft.points == 25 * 10_000 + 100_000, "points are counted on what would have been paid"


def test_a_return_takes_back_and_a_cancelled_sale_counts_for_nothing() -> None:
    draft = club(2, earning=(EURO.model_copy(update={"points": 3000}),))
    back = sale(2, ("a", 400, 0), kind=DocumentKind.RETURN)
    gone = sale(3, ("a", 900, 0), status=DocumentStatus.CANCELLED)
    found = simulate(club(), draft, [case(sale(1, ("a", 1000, 0))), case(back), case(gone), case(sale(4, ("a", 1, 0), currency="USD"))])
    assert (found.total.documents, found.skipped, found.returns) == (2, 2, 1)
    assert (found.total.gross, found.total.base.points, found.total.draft.points) == (600, 6000, 18_000)
    assert "returns" in found.notes


@pytest.mark.feature("NX-06")
def test_rewards_coupons_and_entitlements_are_taken_again_as_often_as_they_were() -> None:
    reward = AmountOffer(id="five", kind="amount_order", amount=500, cost=50_000)
    coupon = PercentOffer(id="ten", percent=1000, coupon=True)
    free = PercentOffer(id="free", percent=5000, entitlement="coffee", selector=Selector(families=("c",)))
    clubs = (Club(id="cafe", title="Café", entitlements=(Entitlement(id="coffee", title="Coffee", uses=1),)),)
    now = club(offers=(reward, coupon, free), clubs=clubs)
    cases = [
        case(sale(1, ("a", 1500, 500), applied=(Applied(rule="five"),))),
        case(sale(2, ("a", 900, 100), applied=(Applied(rule="ten", code="K-1"),)), "bob"),
        case(sale(3, ("coffee", 100, 100), applied=(Applied(rule="free"),)), "eve"),
        case(sale(4, ("a", 1000, 0), applied=(Applied(rule="five", times=2),)), None),
    ]
    same = simulate(now, club(2, offers=(reward, coupon, free), clubs=clubs), cases)
    assert (same.total.differing, same.total.base.discount) == (0, 500 + 100 + 100), "nobody known takes no reward"
    assert same.total.base.points == 15_000 + 9000 + 1000 - 50_000, "what the reward cost is taken off what was earned"
    dearer = club(2, offers=(reward.model_copy(update={"cost": 80_000}), coupon.model_copy(update={"percent": 2000})))
    found = simulate(now, dearer, cases)
    assert {(one.rule, one.base.discount, one.draft.discount, one.draft.points - one.base.points) for one in found.rules} == {
        ("five", 500, 500, -30_000), ("ten", 100, 200, 0), ("free", 100, 0, 0), ("euro", 0, 0, 0),
    }  # fmt: skip
    moved = {one.customer: one.difference for one in (*found.biggest_winners, *found.biggest_losers)}
    assert moved == {"anna": -150, "bob": 95, "eve": -95}, "the dearer reward; a tenth more off and a point less; no free coffee"
    each = club(2, offers=(PercentOffer(id="each", percent=1000, budgets=(Budget(amount=150, by="customer", short="rest"),)),))
    twice = [case(sale(number, ("a", 1000, 0), at=START + timedelta(days=number))) for number in range(3)]
    assert simulate(club(), each, twice, follow=True).total.draft.discount == 150
    followed = simulate(now, dearer, cases, follow=True)
    assert followed.total == found.total


@pytest.mark.feature("NX-06")
def test_limits_that_all_share_go_to_those_who_came_first() -> None:
    first_two = PercentOffer(id="two", percent=1000, limits=(Limit(uses=2, by="all", per="day"),))
    per_store = PercentOffer(id="store", percent=1000, limits=(Limit(uses=1, by="store"),))
    people = PercentOffer(id="people", percent=1000, limits=(Limit(uses=2, by="all", count="customers"),))
    purse = PercentOffer(id="purse", percent=1000, budgets=(Budget(amount=250, short="rest"),))
    capped = EURO.model_copy(update={"id": "double", "caps": (PointsCap(points=25_000, per="ever", by="all"),)})
    coming = [("eve", 30, "LX1"), ("anna", 10, "LX1"), ("bob", 20, "PT2"), ("anna", 40, "PT2")]
    cases = [
        case(sale(number, ("a", 1000, 0), at=START + timedelta(minutes=after), store=store), who)
        for number, (who, after, store) in enumerate(coming)
    ]

    def gave(**draft: Any) -> tuple[dict[str, int], dict[str, int]]:
        simulator = Simulator(Scenario([club()], as_of=NOW), Scenario([club(2, **draft)], as_of=NOW))
        assert simulator.counting
        annas, others = cases[1::2], cases[0::2]
        parts = [simulator.run(annas), simulator.run(others)]
        there = parts[0] + parts[1]
        assert there.shared is not None
        second = simulator.knowing(there.shared)
        report = report_of(second.run(others) + second.run(annas), second)
        assert report == simulate_all(simulator, lambda: cases), "whichever way it is cut"
        assert "shared_limits" not in report.notes
        rule = next(one for one in report.rules if one.rule != "euro")
        return {one.name: one.draft.discount for one in report.stores}, {"points": rule.draft.points, "discount": rule.draft.discount}

    assert gave(offers=(first_two,)) == ({"LX1": 100, "PT2": 100}, {"points": 0, "discount": 200}), "anna and bob, by the clock"
    assert gave(offers=(per_store,)) == ({"LX1": 100, "PT2": 100}, {"points": 0, "discount": 200})
    assert gave(offers=(people,)) == ({"LX1": 100, "PT2": 200}, {"points": 0, "discount": 300}), "anna is one of two and comes twice"
    assert gave(offers=(purse,)) == ({"LX1": 150, "PT2": 100}, {"points": 0, "discount": 250}), "the third gets the rest of the money"
    assert gave(earning=(EURO, capped))[1] == {"points": 25_000, "discount": 0}, "the last one within the cap gets what is left of it"


def test_dates_are_set_aside_unless_they_are_wanted() -> None:
    coming = EarnPerAmount(
        id="winter", points=1000, amount=100, validity=Validity(first_day=date(2026, 12, 1), last_day=date(2026, 12, 24))
    )
    ended = EarnPerAmount(id="summer", points=1000, amount=100, validity=Validity(last_day=date(2026, 11, 21)))
    draft = club(2, earning=(EURO, coming, ended), validity=Validity(starts_at=datetime(2026, 12, 1, tzinfo=UTC)))
    cases = [case(sale(1, ("a", 1000, 0)))]
    found = simulate(club(), draft, cases)
    assert (found.total.base.points, found.total.draft.points) == (10_000, 20_000), "what begins next month is tried, what ended is not"
    simulator = Simulator(Scenario([club()], as_of=None), Scenario([draft.model_copy(update={"validity": Validity()})], as_of=None))
    dated = report_of(simulator.run(cases), simulator)
    assert dated.total.draft.points == 20_000, "in September it was still summer"
    assert {one.rule for one in dated.rules} == {"euro", "summer"}


def test_vouchers_are_counted_with_what_they_are_good_for() -> None:
    rule = VoucherRule(
        id="back", kind="till", steps=(VoucherStep(amount_from=2000, amount=300), VoucherStep(amount_from=5000, percent=1000))
    )
    found = simulate(
        club(), club(2, vouchers=(rule,)), [case(sale(1, ("a", 1900, 0))), case(sale(2, ("a", 2500, 0))), case(sale(3, ("a", 6000, 0)))]
    )
    assert (found.total.draft.vouchers, found.total.draft.voucher_amount) == (2, 300 + 600)
    assert found.total.difference == 900
    assert next(one for one in found.rules if one.kind == "voucher").rule == "back"


@pytest.mark.feature("NX-06")
def test_a_customer_is_followed_from_sale_to_sale_when_asked() -> None:
    capped = EURO.model_copy(update={"caps": (PointsCap(points=15_000, per="month"),)})
    visit = EarnPerSale(id="visit", points=5000, per="visit")
    once = PercentOffer(id="once", percent=1000, limits=(Limit(uses=1, by="customer"),))
    draft = club(2, earning=(capped, visit), offers=(once,))
    days = [START, START + timedelta(hours=2), START + timedelta(days=1), START + timedelta(days=40)]
    cases = [case(sale(number, ("a", 1000, 0), at=at)) for number, at in enumerate(days)]
    alone = simulate(club(), draft, cases)
    assert (alone.total.draft.discount, alone.total.draft.points) == (400, 4 * 9000 + 4 * 5000)
    assert "sequence" in alone.notes
    followed = simulate(club(), draft, cases, follow=True)
    assert followed.total.draft.discount == 100, "the offer is good once"
    # 9.00 once and 10.00 after it, within 15 points a month: 9, 6, 0, and 10 in the next; three visits of four sales.
    assert followed.total.draft.points == 9000 + 6000 + 0 + 10_000 + 3 * 5000
    assert "sequence" not in followed.notes


def test_points_that_are_worth_nothing_are_told_in_points() -> None:
    draft = club(2, redemption=None, earning=(EURO.model_copy(update={"points": 4000}),))
    found = simulate(club(redemption=None), draft, [case(sale(1, ("a", 1000, 0)))])
    assert found.in_money is False
    assert (found.biggest_winners[0].difference, found.biggest_winners[0].points) == (3000, 30_000)
    assert [(one.above, one.to) for one in found.distribution if one.customers] == [(2000, 5000)]


def test_stores_months_tiers_and_segments_add_up_to_the_total() -> None:
    draft = club(2, earning=(EURO.model_copy(update={"points": 2000}),))
    cases = [
        case(sale(1, ("a", 1000, 0)), tiers=frozenset({"gold"}), segments=frozenset({"loyal", "new"})),
        case(sale(2, ("a", 500, 0), store="PT2", at=datetime(2026, 9, 30, 23, 30, tzinfo=UTC)), "bob", segments=frozenset({"new"})),
    ]
    found = simulate(club(), draft, cases)
    assert [(one.name, one.draft.points) for one in found.stores] == [("LX1", 20_000), ("PT2", 10_000)]
    assert [one.name for one in found.months] == ["2026-09", "2026-10"], "the last hour of September in UTC is October in Lisbon"
    assert [(one.name, one.documents) for one in found.tiers] == [("gold", 1)]
    assert [(one.name, one.base.points) for one in found.segments] == [("loyal", 10_000), ("new", 15_000)]
    assert sum(one.difference for one in found.stores) == sum(one.difference for one in found.months) == found.total.difference


def test_the_report_is_json_and_comes_back() -> None:
    draft = club(2, offers=(PercentOffer(id="ten", percent=1000),))
    found = simulate(
        club(),
        draft,
        [case(sale(1, ("a", 1000, 0))), case(sale(2, ("a", 1000, 0), payments=(Payment(method=PaymentMethod.CASH, amount=1000),)), None)],
    )
    assert Report.model_validate_json(found.model_dump_json()) == found
    assert '"discount":"1.00"' in found.model_dump_json(), "money on the wire is a decimal string"


def test_a_report_needs_closed_customers() -> None:
    simulator = Simulator(Scenario([club()], as_of=NOW), Scenario([club(2)], as_of=NOW))
    tally = Tally()
    simulator.add(tally, case(sale(1, ("a", 1000, 0))))
    with pytest.raises(ValueError, match="close them"):
        report_of(tally, simulator)


SALES = st.tuples(
    st.integers(0, 4), st.sampled_from("ab"), st.integers(0, 3000), st.integers(0, 500), st.booleans(), st.sampled_from(["LX1", "PT2"])
)


@given(rows=st.lists(SALES, max_size=14), cuts=st.lists(st.integers(0, 14), max_size=3), turned=st.randoms(use_true_random=False))
@pytest.mark.feature("NX-06")
def test_parts_add_up_in_any_order(rows: list[tuple[int, str, int, int, bool, str]], cuts: list[int], turned: Any) -> None:
    draft = club(
        2,
        earning=(EURO.model_copy(update={"points": 1500}),),
        offers=(PercentOffer(id="ten", percent=700, selector=Selector(families=("a",))),),
    )
    simulator = Simulator(Scenario([club()], as_of=NOW), Scenario([draft], as_of=NOW), most=3)
    cases = [
        case(
            sale(n, (product, paid, off), store=store, kind=DocumentKind.RETURN if back else DocumentKind.SALE), f"c{who}" if who else None
        )
        for n, (who, product, paid, off, back, store) in enumerate(rows)
    ]
    whole = report_of(simulator.run(cases), simulator)
    edges = [0, *sorted(min(cut, len(cases)) for cut in cuts), len(cases)]
    parts = []
    for first, last in pairwise(edges):
        tally = Tally(most=3)
        for one in cases[first:last]:
            simulator.add(tally, one)
        parts.append(tally)
    left = reduce(lambda one, other: one + other, parts, Tally(most=3))
    turned.shuffle(parts)
    right = reduce(lambda one, other: other + one, parts, Tally(most=3))
    for tally in (left, right):
        simulator.close(tally)
        assert report_of(tally, simulator) == whole
    assert whole.winners + whole.losers + whole.unchanged == len({one.facts.customer for one in cases if one.facts})
    assert sum(one.customers for one in whole.distribution) == whole.winners + whole.losers + whole.unchanged
    for side in ("base", "draft"):
        total = getattr(whole.total, side)
        assert sum(getattr(one, side).points for one in whole.rules) == total.points
        assert sum(getattr(one, side).discount for one in whole.rules) == total.discount
        assert sum(getattr(one, side).points for one in whole.stores) == total.points
