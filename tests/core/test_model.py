"""A document is one document whichever way it comes in, and in whichever order its reports arrive."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from pydantic import ValidationError

from v5_core.merging import merge
from v5_core.model import CustomerRef, DocumentStatus, FiscalKey, Line, Origin, Payment, PaymentMethod, Reference, SalesDocument

if TYPE_CHECKING:
    from tests.core.conftest import MakeDocument, MakeLine


NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
FISCAL = FiscalKey(issuer="501442600", number="FT 1/1", atcud="ABC-1")


class Report(Protocol):
    """A report of one sale from somewhere; `values` are fields of `SalesDocument`."""

    def __call__(self, origin: Origin, **values: Any) -> SalesDocument: ...


@pytest.fixture
def report(document: MakeDocument, line: MakeLine) -> Report:
    def make(origin: Origin, **values: Any) -> SalesDocument:
        lines = values.pop("lines", [line("1", 1000)])
        sums = {} if lines else {"gross": 1000, "net": 813}
        return document(lines, **{**sums, "source": origin.value, "origin": origin, "fiscal": FISCAL, **values})

    return make


def test_the_fiscal_key_is_the_identity_wherever_it_is_known(report: Report) -> None:
    assert report(Origin.ERP).keys == ("fiscal:501442600:FT 1/1", "source:erp:1")
    assert report(Origin.ERP, fiscal=FiscalKey(issuer="pt1", number=" ft  1/1")).keys[0] == "fiscal:PT1:FT 1/1"
    assert report(Origin.ERP, fiscal=None).keys == ("source:erp:1",)


def test_the_revision_is_the_content(report: Report) -> None:
    assert report(Origin.ERP).revision == report(Origin.ERP).revision
    assert report(Origin.ERP).revision != report(Origin.ERP, till="2").revision

    class Later(SalesDocument):
        weather: str = ""

    now = report(Origin.ERP)
    assert Later.model_validate(now.model_dump()).revision == now.revision, "a field of a later version changes no revision by being there"


def test_documents_that_do_not_add_up_are_refused(document: MakeDocument, line: MakeLine) -> None:
    for wrong in ({"gross": 999}, {"net": 1}, {"currency": "JPY"}, {"issued_at": datetime(2026, 1, 1)}, {"unknown": 1}):  # noqa: DTZ001
        with pytest.raises(ValidationError):
            document([line("1", 1000)], **wrong)
    with pytest.raises(ValidationError, match="unique"):
        document([line("1", 1000), line("1", 1000)])
    with pytest.raises(ValidationError):
        Line(line_id="1", product="A\x00", gross=1, net=1)


def test_the_erp_knows_best_and_the_till_knows_the_customer(report: Report) -> None:
    erp = report(Origin.ERP, customer=CustomerRef(erp="12"), payments=(Payment(method=PaymentMethod.CASH, amount=1000),))
    hook = report(
        Origin.HOOK, customer=CustomerRef(card="29"), till="T1", operator="Ana", document_type="FS",
        payments=(Payment(method=PaymentMethod.POINTS, amount=100, hold="h"),),
    )  # fmt: skip
    for one, other in ((erp, hook), (hook, erp)):
        merged = merge(one, other)
        assert (merged.origin, merged.customer.card, merged.till, merged.operator) == (Origin.ERP, "29", "T1", "Ana")
        assert merged.payments[0].hold == "h", "the hold is what spent the points"
        assert merged.document_type == "FS"


def test_paper_gives_way_and_lines_are_kept_when_only_paper_has_them(report: Report, line: MakeLine) -> None:
    paper = report(Origin.PRINT)
    saft = report(Origin.SAFT, lines=(), fiscal=None, refs=(Reference(document="FT 1/0"),))
    merged = merge(paper, saft)
    assert (merged.origin, len(merged.lines), merged.fiscal) == (Origin.SAFT, 1, FISCAL)
    assert len(merge(paper, report(Origin.SAFT, lines=(), gross=999)).lines) == 0, "another total: other lines"


def test_a_cancellation_is_forgotten_only_by_its_own_source(report: Report) -> None:
    cancelled = report(Origin.SAFT, status=DocumentStatus.CANCELLED, cancelled_at=NOON, cancel_reason="error")
    erp = report(Origin.ERP)
    for one, other in ((cancelled, erp), (erp, cancelled)):
        merged = merge(one, other)
        assert (merged.status, merged.cancelled_at, merged.cancel_reason) == (DocumentStatus.CANCELLED, NOON, "error")
    assert merge(report(Origin.SAFT, status=DocumentStatus.CANCELLED), report(Origin.SAFT)).status is DocumentStatus.ISSUED


def test_the_newer_report_of_the_same_source_wins_and_an_unknown_customer_is_filled(report: Report) -> None:
    assert merge(report(Origin.ERP, till="1"), report(Origin.ERP, till="2")).till == "2"
    merged = merge(report(Origin.SAFT, customer=CustomerRef(tax_number="501442600")), report(Origin.ERP))
    assert merged.customer.tax_number == "501442600"
    assert merge(report(Origin.ERP), report(Origin.HOOK)).customer.is_anonymous
    assert merge(report(Origin.ERP), report(Origin.PRINT)) == report(Origin.ERP)


def test_reports_in_any_order_tell_the_same_story(report: Report) -> None:
    reports = [
        report(Origin.PRINT, till="T1"),
        report(Origin.HOOK, customer=CustomerRef(card="29"), payments=(Payment(method=PaymentMethod.POINTS, amount=100, hold="h"),)),
        report(Origin.SAFT, status=DocumentStatus.CANCELLED, cancelled_at=NOON),
        report(Origin.ERP, customer=CustomerRef(erp="12"), operator="Ana"),
    ]
    ends = set()
    for order in itertools.permutations(reports):
        known = order[0]
        for new in order[1:]:
            known = merge(known, new)
        ends.add((known.origin, known.status, known.customer.card, known.operator, known.till, known.payments))
    assert len(ends) == 1
