"""The ledger: postings balance, lots refill, debts are repaid, holds reserve; the bank checks the invariants after every write."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from v5_core.engine import Earned, Share
from v5_core.errors import ConflictError, NotFoundError
from v5_core.ledger import Counter, HoldState, InsufficientPointsError, Operation, Target, adjust, available, balance_view, held_points

if TYPE_CHECKING:
    from tests.core.conftest import Bank, OpenBank


NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def earned(points: int, rule: str = "euro", days: int | None = None) -> Target:
    return Target(earned=(Earned("base", 1, rule, points, None if days is None else NOON + days * DAY),))


def taken(points: int, original: str, given: int = 0, rule: str = "euro") -> Target:
    return Target(taken=(Share("base", rule, points),), given=given, original=original)


def counters(bank: Bank) -> dict[str, int]:
    found: dict[str, int] = {}
    for posting in bank.postings:
        if posting.account != "A":
            found[posting.account] = found.get(posting.account, 0) + posting.points
    return {name: points for name, points in found.items() if points}


@pytest.mark.feature("NX-07")
def test_every_movement_has_two_sides(bank: OpenBank) -> None:
    one = bank()
    one.book("sale", earned(10_000))
    one.book("spend", Target(spent=4_000))
    assert one.account.balance == 6_000
    assert counters(one) == {"issued": -10_000, "redeemed": 4_000}


def test_the_same_document_again_posts_nothing(bank: OpenBank) -> None:
    one = bank()
    one.book("sale", earned(10_000))
    again = one.book("sale", earned(10_000))
    assert (again.postings, again.lots_new, again.account.version) == ((), (), 1)


def test_a_revision_posts_the_difference(bank: OpenBank) -> None:
    one = bank()
    one.book("sale", earned(10_000))
    assert sum(p.points for p in one.book("sale", earned(12_000)).postings if p.account == "A") == 2_000
    assert sum(p.points for p in one.book("sale", earned(5_000)).postings if p.account == "A") == -7_000
    one.book("sale", earned(5_000, rule="other"))
    assert one.account.balance == 5_000
    assert [lot.rule for lot in one.account.lots] == ["other"]


def test_a_cancelled_sale_undoes_both_sides_and_may_come_back(bank: OpenBank) -> None:
    one = bank()
    one.book("before", earned(20_000))
    sale = replace(earned(10_000), spent=15_000)
    one.book("sale", sale)
    one.book("sale", Target())
    assert one.account.balance == 20_000
    assert {lot.entry: lot.remaining for lot in one.account.lots} == {"before": 20_000}
    one.book("sale", sale)
    assert one.account.balance == 15_000


def test_spends_draw_the_nearest_expiry_first_or_the_oldest(bank: OpenBank) -> None:
    nearest, fifo = bank(), bank(lots="fifo")
    for one in (nearest, fifo):
        one.book("old", earned(5_000), NOON - DAY)
        one.book("new", earned(5_000, days=30))
        one.book("spend", Target(spent=6_000))
    assert {lot.entry: lot.remaining for lot in nearest.account.lots} == {"old": 4_000}
    assert {lot.entry: lot.remaining for lot in fifo.account.lots} == {"new": 4_000}


def test_a_return_refills_the_very_lots_with_their_old_expiry(bank: OpenBank) -> None:
    one = bank()
    one.book("a", earned(5_000, days=10))
    one.book("b", earned(5_000, days=20))
    before = set(one.account.lots)
    one.book("sale", Target(spent=8_000))
    one.book("back1", Target(given=3_000, original="sale"))
    one.book("back2", Target(given=5_000, original="sale"))
    assert set(one.account.lots) == before
    assert one.book("back3", Target(given=5_000, original="sale")).postings == (), "never more than was drawn"


def test_a_return_that_turns_out_smaller_takes_back_what_it_gave_too_much(bank: OpenBank) -> None:
    one = bank()
    one.book("a", earned(5_000))
    one.book("sale", Target(spent=4_000))
    one.book("back", Target(given=4_000, original="sale"))
    one.book("back", Target(given=1_000, original="sale"))
    assert (one.account.balance, counters(one)["redeemed"]) == (2_000, 3_000)


def test_points_already_spent_make_a_debt_that_later_earnings_repay_first(bank: OpenBank) -> None:
    one = bank()
    one.book("sale", earned(10_000))
    one.book("spend", Target(spent=10_000))
    one.book("return", taken(10_000, "sale"))
    assert one.account.balance == -10_000 == available(one.account, NOON)
    one.book("next", earned(4_000))
    assert one.account.balance == -6_000
    one.book("next2", earned(9_000))
    assert one.account.balance == 3_000
    # The repaid debt's drawing moved to the lots that repaid it: when the return is undone they are full again.
    one.book("return", Target(original="sale"))
    assert {lot.entry: lot.remaining for lot in one.account.lots} == {"next": 4_000, "next2": 9_000}


def test_policy_clip_stops_at_zero_and_says_so(bank: OpenBank) -> None:
    one = bank(negative_balance="clip")
    one.book("sale", earned(10_000))
    one.book("spend", Target(spent=7_000))
    outcome = one.book("return", taken(10_000, "sale"))
    assert (one.account.balance, outcome.clipped) == (0, 7_000)


def test_clip_does_not_lose_points_that_only_change_their_rule(bank: OpenBank) -> None:
    one = bank(negative_balance="clip")
    one.book("sale", earned(5_000, rule="b"))
    one.book("spend", Target(spent=5_000))
    one.book("sale", earned(5_000, rule="a"))
    assert one.account.balance == 0


def test_points_spent_while_the_line_was_down_become_a_debt_under_any_policy(bank: OpenBank) -> None:
    one = bank(negative_balance="clip")
    one.book("sale", earned(3_000))
    one.book("offline", Target(spent=5_000))
    assert one.account.balance == -2_000


@pytest.mark.parametrize("kind", ["release", "time out"])
def test_a_hold_reserves_until_it_ends(bank: OpenBank, kind: str) -> None:
    one = bank()
    one.book("sale", earned(10_000))
    one.hold("h1", 7_000)
    assert (available(one.account, NOON), held_points(one.account), one.account.balance) == (3_000, 7_000, 10_000)
    with pytest.raises(InsufficientPointsError):
        one.hold("h2", 3_001)
    one.release("h1", timed_out=kind == "time out")
    assert available(one.account, NOON) == 10_000
    assert one.holds["h1"].state is (HoldState.TIMED_OUT if kind == "time out" else HoldState.RELEASED)
    with pytest.raises(NotFoundError):
        one.release("h1")


def test_a_captured_hold_spends_and_frees_what_is_left_of_it(bank: OpenBank) -> None:
    one = bank()
    one.book("sale", earned(10_000))
    one.hold("h1", 7_000)
    one.book("doc", Target(spent=5_000, holds=("h1",)))
    assert (one.account.balance, available(one.account, NOON), held_points(one.account)) == (5_000, 5_000, 0)
    assert (one.holds["h1"].state, one.holds["h1"].captured, one.holds["h1"].entry) == (HoldState.CAPTURED, 5_000, "doc")
    assert one.book("doc", Target(spent=5_000, holds=("h1",))).postings == ()


def test_a_hold_that_timed_out_does_not_stop_the_sale(bank: OpenBank) -> None:
    one = bank()
    one.book("sale", earned(10_000))
    one.hold("h1", 7_000)
    one.release("h1", timed_out=True)
    one.book("doc", Target(spent=7_000, holds=("h1",)))
    assert one.account.balance == 3_000


def test_holds_refuse_nonsense(bank: OpenBank) -> None:
    one = bank()
    one.book("sale", earned(10_000))
    one.hold("h1", 1_000)
    with pytest.raises(ConflictError):
        one.hold("h1", 1_000)
    with pytest.raises(ConflictError):
        one.hold("h2", 0)


@pytest.mark.feature("AR-06")
def test_lots_lapse_by_themselves_and_held_points_only_when_free(bank: OpenBank) -> None:
    one = bank()
    one.book("short", earned(5_000, days=10))
    one.book("long", earned(5_000, days=100))
    one.hold("h1", 2_000)
    later = NOON + 10 * DAY
    assert available(one.account, later - timedelta(seconds=1)) == 8_000
    assert available(one.account, later) == 5_000, "lapsed points cannot be spent even before the run"
    one.expire(later)
    assert one.account.balance == 7_000
    assert one.expire(later).postings == ()
    one.release("h1", later)
    one.expire(later)
    assert (one.account.balance, counters(one)["expired"]) == (5_000, 5_000)


def test_a_customer_does_not_lose_lapsed_points_twice(bank: OpenBank) -> None:
    one = bank()
    one.book("sale", earned(10_000, days=10))
    one.book("other", earned(4_000))
    one.expire(NOON + 11 * DAY)
    one.book("return", taken(10_000, "sale"), NOON + 12 * DAY)
    assert one.account.balance == 4_000
    assert counters(one) == {"issued": -4_000}


def test_adjustments_add_and_take(bank: OpenBank) -> None:
    one = bank()
    one.write(adjust(one.account, "adj1", 5_000, at=NOON, policies=one.policies, expires_at=NOON + DAY))
    one.write(adjust(one.account, "adj2", -7_000, at=NOON, policies=one.policies))
    assert (one.account.balance, counters(one)) == (-2_000, {"adjusted": 2_000})
    one.write(adjust(one.account, "adj3", 0, at=NOON, policies=one.policies))
    one.write(adjust(one.account, "adj4", 3_000, at=NOON, policies=one.policies))
    assert one.account.balance == 1_000
    clipped = bank(negative_balance="clip")
    assert clipped.write(adjust(clipped.account, "x", -1_000, at=NOON, policies=clipped.policies)).clipped == 1_000


def test_the_balance_shows_what_expires_next_on_its_last_day(bank: OpenBank) -> None:
    one = bank()
    midnight = datetime(2026, 12, 1, tzinfo=ZoneInfo("Europe/Lisbon"))
    one.book("a", Target(earned=(Earned("base", 1, "euro", 5_000, midnight),)))
    one.book("b", earned(5_000, days=500))
    view = balance_view(one.account, at=NOON, zone=ZoneInfo("Europe/Lisbon"))
    assert (view.available, view.held, view.expiring, str(view.expiring_on)) == (10_000, 0, 5_000, "2026-11-30")
    assert balance_view(one.account, at=NOON, zone=ZoneInfo("Europe/Lisbon"), within=DAY).expiring == 0


def test_a_return_that_comes_before_its_sale_ends_the_same(bank: OpenBank) -> None:
    early, late = bank(), bank()
    early.book("return", taken(10_000, ""))
    early.book("sale", earned(10_000))
    early.book("return", taken(10_000, "sale"))
    late.book("sale", earned(10_000))
    late.book("return", taken(10_000, "sale"))
    assert early.account.balance == late.account.balance == 0
    assert early.account.lots == late.account.lots == ()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["earn", "return", "spend", "cancel", "hold", "expire"]), st.integers(1, 20), st.integers(0, 9)),
        max_size=25,
    )
)
def test_invariants_hold_in_any_history(bank: OpenBank, history: list[tuple[str, int, int]]) -> None:
    one = bank()
    sales: list[tuple[str, int]] = []
    for number, (what, points, pick) in enumerate(history):
        at, points = NOON + number * DAY, points * 1000
        if what == "earn":
            sales.append((f"s{number}", points))
            one.book(f"s{number}", Target(earned=(Earned("base", 1, "euro", points, at + pick * DAY if pick else None),)), at)
        elif what == "spend":
            one.book(f"p{number}", Target(spent=points), at)
        elif what == "hold" and available(one.account, at) >= points:
            one.hold(f"h{number}", points, at)
            one.book(f"d{number}", Target(spent=points - 500, holds=(f"h{number}",)), at) if pick % 2 else one.release(f"h{number}", at)
        elif what == "expire":
            one.expire(at)
        elif what in ("return", "cancel") and sales:
            entry, earned_points = sales[pick % len(sales)]
            if what == "return":
                one.book(f"r{entry}", taken(min(points, earned_points), entry), at)
            else:
                one.book(f"r{entry}", Target(original=entry), at)
                one.book(entry, Target(), at)
    for number in range(len(history)):  # undoing everything, returns first, leaves nothing but what lapsed
        for prefix in ("rs", "d", "p"):
            one.book(f"{prefix}{number}", Target(original=f"s{number}" if prefix == "rs" else ""), NOON)
    for entry, _ in sales:
        one.book(entry, Target(), NOON)
    assert one.account.balance == 0
    assert counters(one).get(Counter.ISSUED.value, 0) == 0
    assert counters(one).get(Counter.REDEEMED.value, 0) == 0


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=4), st.integers(0, 20))
def test_documents_in_any_order_of_arrival_give_the_same_balance(bank: OpenBank, amounts: list[int], spent: int) -> None:
    targets = [(f"s{i}", earned(points * 1000, rule=f"r{i}")) for i, points in enumerate(amounts)] + [("spend", Target(spent=spent * 1000))]
    ends = set()
    for order in itertools.permutations(targets):
        one = bank()
        for entry, target in order:
            one.book(entry, target)
        ends.add((one.account.balance, sum(lot.remaining for lot in one.account.lots if lot.remaining > 0)))
    assert len(ends) == 1
    assert next(iter(ends))[0] == 1000 * (sum(amounts) - spent)


def test_what_a_document_took_is_tied_to_lots(bank: OpenBank) -> None:
    one = bank()
    one.book("sale", earned(10_000))
    one.book("spend", Target(spent=4_000))
    rows = [row for row in one.allocations if row.entry == "spend"]
    assert [(row.operation, row.points, row.origin) for row in rows] == [(Operation.SPEND, 4_000, "spend")]
    assert one.lots[rows[0].lot_id].entry == "sale"
