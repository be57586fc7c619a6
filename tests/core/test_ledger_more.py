"""The ledger beyond sales: pending points, activity, resets and their undoing, stored value that moves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from v5_core.engine import Earned, Share
from v5_core.errors import ConflictError
from v5_core.ledger import (
    AccountState,
    Counter,
    InsufficientPointsError,
    Operation,
    Target,
    adjust,
    available,
    book,
    lessened,
    move,
    pending_points,
    renewals,
    reset,
    undo,
)
from v5_core.programme import EarnPerAmount, Expiry, Policies

if TYPE_CHECKING:
    from tests.core.conftest import Bank, MakeProgramme, OpenBank

LISBON = ZoneInfo("Europe/Lisbon")
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def pending(points: int, days: int) -> Target:
    return Target(earned=(Earned("base", 1, "euro", points, None, NOON + days * DAY),))


def living(points: int, months_end: datetime) -> Target:
    return Target(earned=(Earned("base", 1, "euro", points, months_end),))


def test_pending_points_cannot_be_spent_before_their_day(bank: OpenBank) -> None:
    one = bank()
    one.book("sale", pending(10_000, days=14))
    assert (available(one.account, NOON), pending_points(one.account, NOON)) == (0, 10_000)
    with pytest.raises(InsufficientPointsError):
        one.hold("h", 1_000)
    later = NOON + 14 * DAY
    assert (available(one.account, later), pending_points(one.account, later)) == (10_000, 0)
    one.hold("h", 10_000, at=later)


@pytest.mark.parametrize("negative", ["allow", "clip"])
@pytest.mark.parametrize("kind", ["spent", "earned"])
def test_a_sale_that_shrinks_after_it_came_back_leaves_nothing_behind(bank: OpenBank, kind: str, negative: str) -> None:
    one, kept = bank(negative_balance=negative), 20_000 if kind == "spent" else 0
    if kept:
        one.book("before", living(kept, NOON + 9 * DAY))

    def sale(points: int) -> Target:
        return Target(spent=points) if kind == "spent" else living(points, NOON + DAY)

    def back(points: int) -> Target:
        return Target(given=points, original="sale") if kind == "spent" else Target(taken=(Share("base", "euro", points),), original="sale")

    one.book("sale", sale(10_000))
    one.book("return", back(10_000))
    assert one.account.balance == kept
    one.book("return", lessened("return", one.booked("return", "sale"), back(6_000)))
    one.book("sale", sale(6_000))
    one.book("return", back(6_000))
    assert one.account.balance == kept


def test_a_return_takes_the_pending_points_of_its_own_sale(bank: OpenBank) -> None:
    one = bank()
    one.book("other", pending(5_000, days=1))
    one.book("sale", pending(10_000, days=14))
    one.book("sale", Target())
    assert {lot.entry: lot.remaining for lot in one.account.lots} == {"other": 5_000}


def test_points_of_the_very_sale_pay_for_it_only_where_the_programme_says_so(bank: OpenBank) -> None:
    whole = replace(living(10_000, NOON + 90 * DAY), spent=4_000)
    allowed, refused = bank(same_sale_points=True), bank()
    for one in (allowed, refused):
        one.book("old", Target(earned=(Earned("base", 1, "euro", 3_000),)), NOON - DAY)
        one.book("sale", whole)
        assert one.account.balance == 9_000
    # Its own lapse first, so that with the switch they are what is spent; without it the old ones go first.
    assert {lot.entry: lot.remaining for lot in allowed.account.lots} == {"old": 3_000, "sale": 6_000}
    assert {lot.entry: lot.remaining for lot in refused.account.lots} == {"sale": 9_000}


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_every_purchase_keeps_living_points_alive_whatever_the_order_of_arrival(
    bank: OpenBank, programme: MakeProgramme, order: tuple[int, ...]
) -> None:
    base = programme(expiry=Expiry(kind="activity", count=12))
    one = bank()
    one.book("first", living(10_000, NOON + 365 * DAY))
    for months in order:
        at = NOON + months * 30 * DAY
        moved = renewals([base], at, LISBON)
        one.write(book(one.account, f"visit{months}", one.booked(f"visit{months}"), Target(), at=at, policies=Policies(), renewed=moved))
    assert one.account.lots[0].expires_at == datetime(2028, 1, 24, tzinfo=UTC), "a year after the last visit, the whole day included"


def test_what_lapsed_before_a_purchase_stays_lapsed(bank: OpenBank, programme: MakeProgramme) -> None:
    base = programme(expiry=Expiry(kind="activity", count=1))
    one = bank()
    one.book("first", living(10_000, NOON + 30 * DAY))
    at = NOON + 31 * DAY
    one.write(book(one.account, "late", one.booked("late"), Target(), at=at, policies=Policies(), renewed=renewals([base], at, LISBON)))
    assert available(one.account, at) == 0


def test_a_rule_with_an_expiry_of_its_own_does_not_live_on(bank: OpenBank, programme: MakeProgramme) -> None:
    fixed = EarnPerAmount(id="euro", points=1000, amount=100, expiry=Expiry(kind="days", count=10))
    one = bank()
    one.book("first", living(10_000, NOON + 10 * DAY))
    moved = renewals([programme(earning=(fixed,), expiry=Expiry(kind="activity", count=12))], NOON, LISBON)
    one.write(book(one.account, "visit", one.booked("visit"), Target(), at=NOON, policies=Policies(), renewed=moved))
    assert one.account.lots[0].expires_at == NOON + 10 * DAY


@pytest.mark.feature("PR-24")
def test_a_reset_takes_all_but_what_is_held_and_can_be_undone(bank: OpenBank) -> None:
    one = bank()
    one.book("a", living(5_000, NOON + 10 * DAY))
    one.book("b", pending(3_000, days=5))
    one.hold("h", 1_000, until=NOON + DAY)
    before = {lot.lot_id: lot.remaining for lot in one.account.lots}
    one.write(reset(one.account, "reset", at=NOON))
    assert (one.account.balance, available(one.account, NOON)) == (1_000, 0)
    one.write(undo(one.account, "back", one.booked("reset"), "reset", at=NOON, policies=Policies()))
    assert {lot.lot_id: lot.remaining for lot in one.account.lots} == before
    again = one.write(undo(one.account, "back2", one.booked("reset"), "reset", at=NOON, policies=Policies()))
    assert again.postings == (), "what was given back is not given twice"


def test_points_added_by_hand_that_lapsed_are_not_taken_again_when_it_is_undone(bank: OpenBank) -> None:
    one = bank()
    one.write(adjust(one.account, "gift", 10_000, at=NOON, policies=Policies(), expires_at=NOON + DAY))
    one.book("spend", Target(spent=4_000))
    one.expire(NOON + DAY)
    one.write(undo(one.account, "back", one.booked("gift"), "gift", at=NOON + DAY, policies=Policies()))
    assert one.account.balance == -4_000, "what was spent is owed; what lapsed is gone"


def test_a_reset_may_leave_something(bank: OpenBank) -> None:
    one = bank()
    one.book("a", living(5_000, NOON + 10 * DAY))
    one.write(reset(one.account, "reset", at=NOON, keep=2_000))
    assert one.account.balance == 2_000


@pytest.mark.parametrize(("policy", "left"), [("allow", -4_000), ("clip", 0)])
def test_undoing_an_adjustment_whose_points_were_spent(bank: OpenBank, policy: str, left: int) -> None:
    one = bank(negative_balance=policy)
    one.write(adjust(one.account, "gift", 10_000, at=NOON, policies=one.policies))
    one.book("spend", Target(spent=4_000))
    done = one.write(undo(one.account, "back", one.booked("gift"), "gift", at=NOON, policies=one.policies))
    assert (one.account.balance, done.clipped) == (left, 4_000 if policy == "clip" else 0)


def test_undoing_a_deduction_gives_the_same_lots_back(bank: OpenBank) -> None:
    one = bank()
    one.book("a", living(5_000, NOON + 10 * DAY))
    one.book("b", living(5_000, NOON + 20 * DAY))
    before = {lot.lot_id: lot.remaining for lot in one.account.lots}
    one.write(adjust(one.account, "fix", -8_000, at=NOON, policies=one.policies))
    one.write(undo(one.account, "back", one.booked("fix"), "fix", at=NOON, policies=one.policies))
    assert {lot.lot_id: lot.remaining for lot in one.account.lots} == before


def test_money_and_points_never_meet_in_one_counter(bank: OpenBank) -> None:
    one = bank()
    one.account = AccountState("A", unit="EUR")
    one.book("sold", Target(earned=(Earned("base", 1, "card50", 5_000),), counter=Counter.SOLD))
    one.book("bought", Target(spent=2_000))
    assert {(p.account, p.points) for p in one.postings if p.account != "A"} == {("sold:EUR", -5_000), ("redeemed:EUR", 2_000)}


def test_the_balance_of_a_lost_card_moves_with_its_ends_and_its_debt(bank: OpenBank) -> None:
    lost, new = bank(), bank()
    lost.account, new.account = AccountState("A", unit="EUR"), AccountState("B", unit="EUR")
    lost.book("sold", living(5_000, NOON + 10 * DAY))
    lost.book("loaded", living(2_000, NOON + 20 * DAY))
    lost.book("bought", Target(spent=1_000))
    out, into = move(lost.account, new.account, "m1", at=NOON)
    lost.write(out)
    assert (out.account.balance, out.account.lots) == (0, ())
    assert sorted((lot.remaining, lot.expires_at) for lot in into.account.lots) == [(2_000, NOON + 20 * DAY), (4_000, NOON + 10 * DAY)]
    assert sum(p.points for p in (*out.postings, *into.postings)) == 0
    assert sum(p.points for p in (*out.postings, *into.postings) if p.account == "moved:EUR") == 0


def test_a_card_in_use_or_in_another_currency_does_not_move(bank: OpenBank) -> None:
    one = bank()
    one.book("sold", living(5_000, NOON + 10 * DAY))
    with pytest.raises(ConflictError) as wrong:
        move(one.account, AccountState("B", unit="EUR"), "m", at=NOON)
    assert wrong.value.error_code == "unit"
    one.hold("h", 1_000, until=NOON + DAY)
    with pytest.raises(ConflictError) as busy:
        move(one.account, AccountState("B"), "m", at=NOON)
    assert busy.value.error_code == "held"


Step = tuple[str, int, int]
STEPS = st.lists(
    st.tuples(st.sampled_from(["earn", "pend", "spend", "adjust", "reset", "undo", "cancel"]), st.integers(1, 20), st.integers(0, 5)),
    max_size=14,
)


@given(steps=STEPS, clip=st.booleans(), same_sale=st.booleans())
@settings(max_examples=150, deadline=None)
def test_whatever_happens_the_books_agree_and_no_undoing_gives_twice(steps: list[Step], *, clip: bool, same_sale: bool) -> None:
    from tests.core.conftest import Bank as Tables

    one: Bank = Tables(policies=Policies(negative_balance="clip" if clip else "allow", same_sale_points=same_sale))
    entries: list[str] = []
    for number, (what, points, which) in enumerate(steps):
        entry, at = f"e{number}", NOON + number * timedelta(hours=7)
        known = entries[which % len(entries)] if entries else ""
        if what in ("earn", "pend"):
            until = at + which * DAY if what == "pend" else None
            one.book(entry, Target(earned=(Earned("base", 1, "euro", points * 1000, at + 30 * DAY, until),)), at)
            entries.append(entry)
        elif what == "spend":
            one.book(entry, Target(spent=points * 1000), at)
            entries.append(entry)
        elif what == "adjust":
            one.write(adjust(one.account, entry, (points - 10) * 1000, at=at, policies=one.policies))
            entries.append(entry)
        elif what == "reset":
            one.write(reset(one.account, entry, at=at))
            entries.append(entry)
        elif what == "undo" and known:
            one.write(undo(one.account, entry, one.booked(known), known, at=at, policies=one.policies))
            drawn = sum(row.points for row in one.allocations if row.origin == known and row.operation is Operation.ADJUST)
            assert drawn == 0
        elif what == "cancel" and known:
            one.book(known, Target(), at)
