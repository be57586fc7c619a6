"""Codes that a store printed travel with the sale, wherever it is told; a rule that gives nothing makes nothing of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from v5_core.codes import make_code
from v5_core.hooks import CommitRequest, QuoteRequest, ReturnRequest, StoredPayment
from v5_core.model import CustomerRef, Printed

if TYPE_CHECKING:
    from tests.contract.conftest import Counter


@pytest.mark.feature("PR-07", "NX-03")
def test_a_code_on_paper_is_worth_nothing_by_itself(counter: Counter) -> None:
    code = make_code()
    sale = counter.document(1, 5000).model_copy(update={"printed": (Printed(rule="house/none", code=code),)})
    sold = counter.hooks.commit(CommitRequest(request_id="p1", document=sale))
    assert (sold.vouchers, sold.points_earned) == ((), 50_000)
    asked = QuoteRequest(
        store="LX1", at=sale.issued_at, customer=CustomerRef(card=counter.card), lines=sale.lines, stored_value=(StoredPayment(code=code),)
    )
    (use,) = counter.hooks.quote(asked).stored_value
    assert (use.amount, use.problem in ("unknown", "offline")) == (0, True)
    back = counter.hooks.return_(ReturnRequest(request_id="p2", document=counter.document(2, 5000, of=1)))
    assert (back.points_taken, back.vouchers, back.withdrawn) == (50_000, (), ())
