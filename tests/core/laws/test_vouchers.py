"""What a sale makes by voucher rules is what the slow reference says: to the cent and the instant, or nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from v5_core.model import Applied, DocumentKind, Origin, SalesDocument
from v5_core.programme import PercentOffer, Programme, VoucherRule
from v5_core.stored import Measured, basis, draft
from v5_reference import vouchers
from v5_reference.baskets import ZONE, customers, requests, states
from v5_reference.programmes import voucher_rules


@given(st.data())
def test_a_sale_makes_the_vouchers_that_the_reference_makes(data: st.DataObject) -> None:
    rule = VoucherRule.model_validate(data.draw(voucher_rules("v", "c")))
    programme = Programme(id="p", name="P", vouchers=(rule,), offers=(PercentOffer(id="c", percent=1000, coupon=True),))
    state = data.draw(states([programme]))
    request = data.draw(requests([programme], state))
    facts = data.draw(customers())
    total = sum(line.signed_gross for line in request.lines)
    document = SalesDocument(
        source="t", source_id="1", origin=Origin.HOOK, kind=DocumentKind.SALE, store=request.store, issued_at=request.at,
        lines=request.lines, operator=request.operator, gross=max(0, total), net=max(0, sum(line.signed_net for line in request.lines)),
        applied=tuple(Applied(rule="v", code=code) for code in request.codes),
    )  # fmt: skip
    amount = basis(programme, rule, document, facts, ZONE)
    assert amount == vouchers.measured(programme, rule, document, facts, ZONE)
    for measured in (0, 999, 1000, 2501, amount or 0):
        for visits in (1, 2):
            found = draft(rule, Measured(measured, visits), at=request.at, zone=ZONE)
            wanted = vouchers.made(rule, measured, visits, request.at, ZONE)
            assert (found is None) == (wanted is None)
            if found is not None and wanted is not None:
                assert (found.kind, found.amount, found.percent, found.offer, found.uses) == (
                    wanted.kind, wanted.amount, wanted.percent, wanted.offer, wanted.uses,
                )  # fmt: skip
                assert (found.valid_from, found.valid_until) == (wanted.valid_from, wanted.valid_until)
