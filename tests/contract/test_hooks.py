"""One contract, five ways to meet it: what a till learns from the fake holds for the agent and the cloud."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from v5_core.hooks import CancelRequest, CommitRequest, EnrolRequest, IdentifyRequest, QuoteRequest, ReturnRequest
from v5_core.model import CustomerRef

if TYPE_CHECKING:
    from tests.contract.conftest import Counter


@pytest.mark.feature("AR-09")
def test_a_card_finds_its_customer_and_a_stranger_s_nobody(counter: Counter) -> None:
    assert counter.balance() == (300_000, 0)
    nobody = counter.hooks.identify(IdentifyRequest(store="LX1", key="2999999999990"))
    assert nobody.customer is None
    assert nobody.candidates == ()


def test_a_quote_changes_nothing(counter: Counter) -> None:
    document = counter.document(1, 5000)
    asked = QuoteRequest(store="LX1", at=document.issued_at, customer=CustomerRef(card=counter.card), lines=document.lines)
    answer = counter.hooks.quote(asked)
    assert (answer.total, answer.points_earned, answer.redeemable) == (4750, 47_000, 300_000), "5 % off for the level"
    assert counter.hooks.quote(asked).redeemable == 300_000
    assert counter.balance() == (300_000, 0)


def test_a_sale_paid_partly_with_points(counter: Counter) -> None:
    held = counter.hold(200_000)
    assert (held.points, held.amount) == (200_000, 200)
    assert counter.balance() == (100_000, 200_000)
    sold = counter.commit(1, 5000, hold=held)
    assert sold.document == "source:till:sale-1"
    assert not sold.duplicate
    assert sold.points_spent == 200_000
    assert 0 < sold.points_earned <= 50_000, "whether points paid with earn is the programme's choice"
    assert sold.balance is not None
    assert sold.balance.available == 100_000 + sold.points_earned
    assert sold.receipt
    assert counter.balance() == (sold.balance.available, 0)


@pytest.mark.feature("PR-22")
def test_the_same_request_counts_once_and_says_so(counter: Counter) -> None:
    first = counter.commit(1, 5000, "same")
    again = counter.commit(1, 5000, "same")
    assert again.duplicate
    assert (again.document, again.points_earned) == (first.document, first.points_earned)
    assert counter.balance() == (350_000, 0)
    assert counter.refused(lambda: counter.commit(2, 700, "same")) == (409, "idempotency_conflict")
    assert counter.balance() == (350_000, 0)


def test_the_same_document_under_another_request_counts_once(counter: Counter) -> None:
    counter.commit(1, 5000)
    assert counter.commit(1, 5000).duplicate
    assert counter.balance() == (350_000, 0)


def test_points_that_are_not_there_cannot_be_held(counter: Counter) -> None:
    counter.hold(200_000)
    assert counter.refused(lambda: counter.hold(200_000)) == (409, "insufficient_points")
    assert counter.refused(lambda: counter.hold(1_000, card="2999999999990")) == (404, "unknown_customer")
    assert counter.balance() == (100_000, 200_000)


def test_a_hold_is_given_free(counter: Counter) -> None:
    held = counter.hold(200_000)
    request = CancelRequest(request_id=counter.name(), store="LX1", at=counter.document(1, 1).issued_at, hold=held.hold)
    assert counter.hooks.cancel(request).released
    assert counter.hooks.cancel(request).released, "the stored answer"
    assert counter.balance() == (300_000, 0)


def test_a_cancelled_document_leaves_nothing_behind(counter: Counter) -> None:
    sold = counter.commit(1, 5000)
    request = CancelRequest(request_id=counter.name(), store="LX1", at=counter.document(1, 1).issued_at, document=sold.document)
    answer = counter.hooks.cancel(request)
    assert answer.reversed_document == sold.document
    assert counter.balance() == (300_000, 0)


def test_part_returns_take_together_what_the_sale_gave(counter: Counter) -> None:
    sold = counter.commit(1, 1000)
    taken = []
    for number, gross in ((2, 333), (3, 667)):
        document = counter.document(number, gross, of=1)
        request = ReturnRequest(request_id=counter.name(), document=document)
        answer = counter.hooks.return_(request)
        assert answer.document == f"source:till:sale-{number}"
        assert counter.hooks.return_(request).duplicate
        taken.append(answer.points_taken)
    assert sum(taken) == sold.points_earned
    assert counter.balance() == (300_000, 0)


def test_a_sale_is_no_return_and_a_return_no_sale(counter: Counter) -> None:
    sale, back = counter.document(1, 500), counter.document(2, 500, of=1)
    assert counter.refused(lambda: counter.hooks.return_(ReturnRequest(request_id="a", document=sale))) == (422, "validation")
    assert counter.refused(lambda: counter.hooks.commit(CommitRequest(request_id="b", document=back))) == (422, "validation")


def test_a_customer_is_enrolled_once(counter: Counter) -> None:
    nothing = EnrolRequest(request_id="e0", store="LX1")
    assert counter.refused(lambda: counter.hooks.enrol(nothing)) == (422, "validation")
    request = EnrolRequest(request_id="e1", store="LX1", name="Rui Nogueira", phone="+351 961 234 567")
    made = counter.hooks.enrol(request)
    assert made.created
    assert made.customer.name == "Rui Nogueira"
    assert counter.hooks.enrol(request).customer.customer == made.customer.customer
    second = counter.hooks.enrol(request.model_copy(update={"request_id": "e2"}))
    assert not second.created
    other = request.model_copy(update={"name": "Outro"})
    assert counter.refused(lambda: counter.hooks.enrol(other)) == (409, "idempotency_conflict")


@pytest.mark.parametrize("counter", ["agent-rest", "agent-soap", "cloud-rest", "cloud-soap"], indirect=True)
@pytest.mark.parametrize("body", [b"", b"{", b"<a><b></a>", b"\xff\xfe"])
def test_bytes_that_are_no_request_are_malformed(counter: Counter, body: bytes) -> None:
    assert counter.send is not None
    status, raw = counter.send(counter.path, body)
    assert status == (500 if counter.path == "/soap" else 400), "a SOAP fault is always 500"
    assert b"malformed" in raw
    assert b"400" in raw
