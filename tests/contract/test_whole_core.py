"""Codes, rewards, coupons, stored value, levels and clubs: the same basket gives the same reply wherever it is asked."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from v5_core.hooks import CancelRequest, CommitRequest, EnrolRequest, QuoteRequest, StoredPayment
from v5_core.model import Applied, Claim, CustomerRef, Line, Payment, PaymentMethod

if TYPE_CHECKING:
    from tests.contract.conftest import Counter


@pytest.mark.feature("NX-03", "PR-01")
def test_the_same_basket_gives_the_same_reply_everywhere(counter: Counter) -> None:
    answer = counter.basket(
        codes=("AUTUMN", counter.coupon, "NOTHING"), claims=(Claim(rule="mug"),), stored_value=(StoredPayment(code=counter.wallet),)
    )
    # 100.00 less 10 %, less 5 % of what is left, less the coupon's 3.00.
    assert {one.rule: one.amount for one in answer.benefits} == {"autumn": 1000, "for-silver": 450, "welcome": 300}
    assert (answer.total, answer.discount, answer.to_pay) == (8250, 1750, 4250)
    assert [(one.rule, one.product, one.cost) for one in answer.gifts] == [("mug", "MUG", 50_000)]
    assert answer.points_spent == 50_000
    assert [(one.rule, bool(one.problem)) for one in answer.codes] == [("autumn", False), ("welcome", False), ("", True)]
    assert [(one.kind, one.amount, one.left, one.problem) for one in answer.stored_value] == [("wallet", 4000, 0, "")]


@pytest.mark.feature("PR-31")
def test_the_till_sees_level_and_vouchers(counter: Counter) -> None:
    view = counter.who()
    assert [(one.programme, one.tier, one.title, one.next_tier, one.missing) for one in view.tiers] == [
        ("house", "silver", "Silver", "gold-tier", 60_000)
    ]
    kinds = {one.kind: (one.amount, one.rule, one.code.replace("-", "")) for one in view.vouchers}
    assert kinds["wallet"] == (4000, "wallet", counter.wallet.replace("-", ""))
    assert kinds["coupon"] == (0, "welcome", counter.coupon.replace("-", ""))


@pytest.mark.feature("FM-33", "PR-05")
def test_stored_value_is_reserved_paid_with_and_less_afterwards(counter: Counter) -> None:
    held = counter.keep(stored_value=(StoredPayment(code=counter.wallet, amount=2500),))
    assert [(one.amount, one.left) for one in held.stored_value] == [(2500, 1500)]
    assert counter.refused(lambda: counter.keep(stored_value=(StoredPayment(code=counter.wallet, amount=1501),))) == (
        409,
        "insufficient_value",
    )
    document = counter.document(1, 5000).model_copy(
        update={"payments": (Payment(method=PaymentMethod.WALLET, amount=2500, hold=held.hold),)}
    )
    sold = counter.hooks.commit(CommitRequest(request_id="pay", document=document))
    assert [(one.amount, one.left) for one in sold.stored_value] == [(2500, 1500)]
    assert counter.basket(stored_value=(StoredPayment(code=counter.wallet),)).stored_value[0].amount == 1500
    undo = CancelRequest(request_id="undo", store="LX1", at=document.issued_at, document=sold.document)
    counter.hooks.cancel(undo)
    assert counter.basket(stored_value=(StoredPayment(code=counter.wallet),)).stored_value[0].amount == 4000


@pytest.mark.feature("PR-07")
def test_a_coupon_is_used_once(counter: Counter) -> None:
    held = counter.keep(codes=(counter.coupon,))
    assert counter.refused(lambda: counter.keep(codes=(counter.coupon,))) == (409, "used_up")
    cancel = CancelRequest(request_id=counter.name(), store="LX1", at=counter.document(1, 1).issued_at, hold=held.hold)
    assert counter.hooks.cancel(cancel).released
    counter.keep(codes=(counter.coupon,))
    document = counter.document(1, 5000).model_copy(update={"applied": (Applied(rule="welcome", code=counter.coupon),)})
    counter.hooks.commit(CommitRequest(request_id="use", document=document))
    assert [one.problem for one in counter.basket(codes=(counter.coupon,)).codes] == ["used_up"]
    assert {one.kind for one in counter.who().vouchers} == {"wallet"}


@pytest.mark.feature("FM-12")
def test_a_reward_costs_its_points(counter: Counter) -> None:
    line = Line(line_id="1", product="MUG", gross=0, net=0)
    document = counter.document(1, 0).model_copy(update={"lines": (line,), "applied": (Applied(rule="mug"),)})
    sold = counter.hooks.commit(CommitRequest(request_id="mug", document=document))
    assert (sold.points_spent, sold.points_earned) == (50_000, 0)
    assert counter.balance() == (250_000, 0)


def test_a_hold_of_nothing_is_refused(counter: Counter) -> None:
    assert counter.refused(lambda: counter.keep()) == (422, "validation")


@pytest.mark.feature("PR-11", "PR-30")
def test_a_club_joined_at_the_till_gives_its_benefit_at_once(counter: Counter) -> None:
    assert "alter" not in {one.rule for one in counter.basket().benefits}
    request = EnrolRequest(request_id="join", store="LX1", card=counter.card, clubs=("gold",), member_until=date(2027, 3, 31))
    joined = counter.hooks.enrol(request)
    assert not joined.created
    (club,) = joined.customer.memberships
    assert (club.club, club.title, club.state, club.until) == ("gold", "Gold club", "active", date(2027, 3, 31))
    assert [(one.entitlement, one.left) for one in club.entitlements] == [("alteration", 2)]
    assert counter.who().memberships == joined.customer.memberships
    assert {one.rule: one.amount for one in counter.basket().benefits} == {"for-silver": 500, "alter": 200}
    unknown = request.model_copy(update={"request_id": "join-2", "clubs": ("brass",)})
    assert counter.refused(lambda: counter.hooks.enrol(unknown)) == (422, "unknown_club")


def test_whoever_is_nobody_gets_nothing_of_it(counter: Counter) -> None:
    sale = counter.document(1, 10_000)
    asked = QuoteRequest(store="LX1", at=sale.issued_at, customer=CustomerRef(), lines=sale.lines, codes=(counter.coupon,))
    answer = counter.hooks.quote(asked)
    assert answer.benefits == ()
    assert answer.codes[0].problem
