"""A voucher rule that asks for a code: the quote says that the code counts, and only a sale that says it makes the voucher."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from v5_core.engine import CustomerFacts, compile_programmes, evaluate
from v5_core.hooks import QuoteRequest
from v5_core.model import Applied, DocumentKind, Line, Origin, SalesDocument
from v5_core.programme import Programme, VoucherRule
from v5_core.stored import basis

LISBON = ZoneInfo("Europe/Lisbon")
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
ANA = CustomerFacts("ana")
LINES = (Line(line_id="1", product="A", gross=11_500, net=10_000, vat_rate=1500),)


def programme(**values: Any) -> Programme:
    rule: dict[str, Any] = {"id": "next", "kind": "next_purchase", "steps": ({"amount": "5.00"},), "codes": ("Thank-You",), **values}
    return Programme(id="p", name="P", vouchers=(VoucherRule.model_validate(rule),))


def sale(*applied: Applied) -> SalesDocument:
    return SalesDocument(
        source="till", source_id="1", origin=Origin.HOOK, kind=DocumentKind.SALE, store="S1", issued_at=NOON, lines=LINES,
        gross=11_500, net=10_000, applied=applied,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "kind", "code", "rule"),
    [
        (ANA, "next_purchase", "thank you", "next"),
        (ANA, "next_purchase", "THANKS", ""),
        (None, "next_purchase", "THANKYOU", ""),
        (None, "anonymous", "THANKYOU", "next"),
        (ANA, "anonymous", "THANKYOU", ""),
    ],
)
def test_the_quote_says_whether_the_code_counts(facts: CustomerFacts | None, kind: str, code: str, rule: str) -> None:
    request = QuoteRequest(store="S1", at=NOON, lines=LINES, codes=(code,))
    (told,) = evaluate(compile_programmes([programme(kind=kind)]), request, facts, local_time=NOON, language="en").codes
    assert (told.rule, bool(told.problem)) == (rule, not rule)


def test_only_a_sale_that_says_the_code_is_measured_with_or_without_vat() -> None:
    said = Applied(rule="next", code="THANK-YOU")
    for given, document, measured in (
        (programme(), sale(said), 11_500),
        (programme(basis="net"), sale(said), 10_000),
        (programme(), sale(), None),
        (programme(), sale(Applied(rule="next", code="OTHER")), None),
        (programme(), sale(Applied(rule="other", code="THANK-YOU")), None),
        (programme(codes=()), sale(), 11_500),
    ):
        assert basis(given, given.vouchers[0], document, ANA, LISBON) == measured
