"""A hold of points and of money together: all of it or nothing, and what the sale does not use is free at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from v5_core.hooks import CommitRequest, StoredPayment
from v5_core.model import Payment, PaymentMethod

if TYPE_CHECKING:
    from tests.contract.conftest import Counter


def left(counter: Counter) -> int:
    return next((one.amount for one in counter.who().vouchers if one.kind == "wallet"), 0)


@pytest.mark.feature("PR-04", "PR-05", "NX-03")
def test_what_cannot_be_had_as_a_whole_keeps_nothing(counter: Counter) -> None:
    money = (StoredPayment(code=counter.wallet, amount=1000),)
    for points, stored in (
        (10_000_000, money),
        (100_000, (StoredPayment(code=counter.wallet, amount=9000),)),
        (100_000, (*money, nothing())),
    ):
        status, _ = counter.refused(lambda points=points, stored=stored: counter.keep(points=points, stored_value=stored))  # type: ignore[misc]
        assert status in (404, 409)
        assert (counter.balance(), left(counter)) == ((300_000, 0), 4000)


def nothing() -> StoredPayment:
    return StoredPayment(code="NOTHING", amount=100)


@pytest.mark.feature("PR-04", "PR-05")
@pytest.mark.parametrize("used", ["wallet", "points", "both"])
def test_the_part_that_the_sale_does_not_use_is_free_at_once(counter: Counter, used: str) -> None:
    hold = counter.keep(points=100_000, stored_value=(StoredPayment(code=counter.wallet, amount=1000),))
    assert (counter.balance(), left(counter)) == ((200_000, 100_000), 3000)
    money = Payment(method=PaymentMethod.WALLET, amount=1000, hold=hold.hold)
    points = Payment(method=PaymentMethod.POINTS, amount=hold.amount, hold=hold.hold)
    payments = {"wallet": (money,), "points": (points,), "both": (money, points)}[used]
    document = counter.document(1, 5000).model_copy(update={"payments": payments})
    sold = counter.hooks.commit(CommitRequest(request_id="mixed", document=document))
    spent = 0 if used == "wallet" else 100_000
    assert sold.points_spent == spent
    assert counter.balance() == (300_000 - spent + sold.points_earned, 0)
    assert left(counter) == (4000 if used == "points" else 3000)
