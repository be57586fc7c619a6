"""At the till: answers from the store's own copy, durable before they are given, counted once afterwards."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from v5_core.errors import BlockedError, ConflictError, NotFoundError, RequestReusedError, ValidationError
from v5_core.hooks import (
    CancelRequest,
    CommitRequest,
    CommitResponse,
    CustomerView,
    EnrolRequest,
    HoldRequest,
    HoldResponse,
    IdentifyRequest,
    IdentifyResponse,
    QuoteRequest,
    ReturnRequest,
)
from v5_core.model import Balance, CustomerRef, DocumentKind, Origin, Payment, PaymentMethod, Reference

if TYPE_CHECKING:
    from tests.agent.conftest import Eventually, Make, World


INES = "9512000144105"


@pytest.fixture
def cut(store: World) -> World:
    """The same with the line down."""
    store.cloud.answers["/v1/push"] = [("cut", None, {})] * 3
    store.agent().line.down(store.clock(), "cut")
    return store


def who(store: World, key: str) -> IdentifyResponse:
    return store.agent().till.identify(IdentifyRequest(store="LX1", key=key))


def known(store: World, key: str) -> CustomerView:
    found = who(store, key).customer
    assert found is not None
    return found


def hold(store: World, points: int, request_id: str = "h1", card: str = INES) -> HoldResponse:
    request = HoldRequest(request_id=request_id, store="LX1", at=store.clock(), customer=CustomerRef(card=card), points=points)
    return store.agent().till.hold(request)


def commit(store: World, number: int, request_id: str | None = None, **more: Any) -> CommitResponse:
    document = store.sale(number, origin=Origin.HOOK, source="till", card=more.pop("card", INES), **more)
    return store.agent().till.commit(CommitRequest(request_id=request_id or f"c{number}", document=document))


@pytest.mark.feature("AR-09", "PR-01", "PR-31")
@pytest.mark.parametrize("key", [INES, "912345678", "+351 912 345 678", "00351912345678", "123 456 789", "goncalves ines", "INÊS GONÇ"])
def test_a_customer_is_found_by_whatever_is_typed(store: World, key: str) -> None:
    answer = who(store, key)
    assert answer.customer is not None
    assert answer.customer.name == "Inês Gonçalves"
    assert answer.customer.balance.available == 300_000
    assert answer.customer.remark == "Alergia a frutos secos"
    assert not answer.provisional


@pytest.mark.feature("PR-16")
def test_a_part_of_a_name_gives_a_choice_and_nobody_gives_nobody(store: World) -> None:
    assert {one.name for one in who(store, "almeida").candidates} == {"João Almeida", "Inês Almeida Prado"}
    assert {one.name for one in who(store, "91").candidates} == set()
    assert {one.name for one in who(store, "9191").candidates} == set()
    nobody = who(store, "Zacarias")
    assert (nobody.customer, nobody.candidates) == (None, ())
    assert who(store, "%%").customer is None


@pytest.mark.feature("AR-10", "FM-08", "FM-15", "PR-29")
def test_the_cashier_is_told_what_matters(store: World) -> None:
    answer = who(store, INES)
    words = " | ".join(one.text for one in known(store, INES).messages)
    assert "Tem cartão de pontos: 300 pontos" in words
    assert "50 pontos expiram em 31/12/2026" in words
    assert "Já pode levar: Café" in words
    assert "Faltam 200 pontos para Caneca" in words
    assert answer.directives == ("Castanhas a 20 % até domingo",)
    blocked = known(store, "914444444")
    assert blocked.messages[0].severity == "alert"


def test_somebody_unknown_here_is_asked_of_the_cloud(store: World) -> None:
    view = {"customer": {"customer": "cus_9", "name": "Nova", "balance": {"available": "12"}}}
    store.cloud.answers["/v1/hooks/identify"] = [(200, view, {})]
    assert known(store, "969696969").balance.available == 12_000


def test_a_quote_is_answered_here_and_changes_nothing(cut: World) -> None:
    document = cut.sale(1, gross=2000)
    request = QuoteRequest(store="LX1", at=document.issued_at, customer=CustomerRef(card=INES), lines=document.lines)
    answer = cut.agent().till.quote(request)
    assert answer.points_earned == 20_000
    assert answer.redeemable_amount > 0
    assert answer.provisional
    assert cut.agent().outbox.stats().queued == 0


@pytest.mark.feature("NX-03")
def test_a_sale_with_the_line_down_is_answered_kept_and_counted_once(cut: World, make: type[Make]) -> None:
    held = hold(cut, 100_000)
    assert (held.amount, held.provisional) == (500, True)
    assert known(cut, INES).balance.available == 200_000, "what is held cannot be spent at another till"
    payment = Payment(method=PaymentMethod.POINTS, amount=500, hold=held.hold)
    answer = commit(cut, 1, payments=(payment,))
    assert answer.provisional
    assert answer.points_spent == 100_000
    assert answer.points_earned > 0
    assert answer.balance is not None
    assert answer.balance.available == 200_000 + answer.points_earned
    assert any("confirmar" in line.text for line in answer.receipt)
    cut.clock.move(16)
    agent = cut.agent()
    cut.cloud.answers.clear()
    agent.send()
    agent.send()
    assert [event["type"] for event in cut.cloud.events.values()] == ["hold", "document"]
    assert agent.outbox.stats().queued == 0
    # The cloud has booked both; its new replica says so, and nothing is taken off twice.
    booked = make.replica().customers[0].model_copy(update={"balance_available": 209_000})
    cut.cloud.replica = make.replica(version=8, customers=(booked,))
    agent.pull()
    assert known(cut, INES).balance.available == 209_000


def test_what_one_customer_may_spend_while_the_line_is_down_is_limited(cut: World) -> None:
    hold(cut, 60_000, "h1")
    with pytest.raises(ConflictError) as caught:
        hold(cut, 60_000, "h2")
    assert caught.value.error_code == "offline_limit"
    hold(cut, 40_000, "h3")
    with pytest.raises(ConflictError) as poor:
        hold(cut, 20_000, "h4", card="9512000177233")
    assert poor.value.error_code == "insufficient_points"
    with pytest.raises(BlockedError):
        cut.agent().till.hold(
            HoldRequest(request_id="h5", store="LX1", at=cut.clock(), customer=CustomerRef(phone="914444444"), points=1000)
        )
    with pytest.raises(NotFoundError):
        hold(cut, 1000, "h6", card="5555")


def test_tills_of_one_store_cannot_spend_the_same_points_at_once(cut: World) -> None:
    def attempt(number: int) -> int:
        try:
            return hold(cut, 10_000, f"t{number}").points
        except ConflictError:
            return 0

    with ThreadPoolExecutor(16) as tills:
        assert sum(tills.map(attempt, range(40))) == 100_000, "exactly the offline limit"
    assert known(cut, INES).balance.available == 200_000


def test_a_hold_lapses_and_can_be_released(cut: World) -> None:
    held = hold(cut, 50_000)
    cancelled = cut.agent().till.cancel(CancelRequest(request_id="x1", store="LX1", at=cut.clock(), hold=held.hold))
    assert cancelled.released
    assert known(cut, INES).balance.available == 300_000
    hold(cut, 50_000, "h2")
    cut.clock.move(901)
    assert known(cut, INES).balance.available == 300_000


def test_the_same_request_gets_the_same_answer_and_another_body_is_a_conflict(cut: World) -> None:
    first = commit(cut, 1, "req-1")
    assert not first.duplicate
    told_again = first.model_copy(update={"duplicate": True})
    assert commit(cut, 1, "req-1") == told_again
    with pytest.raises(RequestReusedError):
        commit(cut, 2, "req-1")
    assert cut.agent().outbox.stats().queued == 1
    assert commit(cut, 1, "req-2").duplicate
    assert cut.agent().outbox.stats().queued == 1
    again = cut.agent(fresh=True)
    request = CommitRequest(request_id="req-1", document=cut.sale(1, origin=Origin.HOOK, source="till", card=INES))
    assert again.till.commit(request) == told_again


def test_the_cloud_s_answer_is_taken_when_it_comes_in_time(store: World) -> None:
    final = CommitResponse(document="d", points_earned=99_000, balance=Balance(available=1_000))
    store.cloud.answers["/v1/hooks/commit"] = [(200, json.loads(final.model_dump_json()), {})]
    answer = commit(store, 1)
    assert (answer.points_earned, answer.provisional) == (99_000, False)
    assert commit(store, 1) == answer.model_copy(update={"duplicate": True})
    store.agent().send()
    assert store.cloud.events == {}, "the cloud has it by the till's own call"


def test_a_slow_cloud_does_not_keep_the_till_waiting_and_the_sale_still_arrives(store: World, eventually: Eventually) -> None:
    store.settings = {"hooks": {"answer_ms": 100}}
    agent = store.agent(fresh=True)
    store.cloud.answers["/v1/hooks/commit"] = [("sleep", 0.6, {})]
    started = datetime.now(UTC)
    answer = commit(store, 1)
    assert (datetime.now(UTC) - started).total_seconds() < 0.5
    assert answer.provisional
    agent.send()
    eventually(lambda: agent.outbox.stats().queued == 0 or bool(agent.send(force=True)))
    eventually(lambda: len(store.cloud.events) == 1)


def test_the_sale_is_durable_before_the_cloud_is_asked(store: World) -> None:
    seen: list[int] = []

    def looking(path: str, _data: dict[str, Any]) -> None:
        if path == "/v1/hooks/commit":
            seen.append(store.agent().outbox.stats().queued)

    store.cloud.intercept = looking
    commit(store, 1)
    assert seen == [1]


def test_a_sale_the_cloud_refuses_is_told_to_the_till_and_kept(store: World) -> None:
    body = {"code": "store_unknown", "detail": "no such store", "errors": [{"field": "document.store", "code": "unknown", "message": "?"}]}
    store.cloud.answers["/v1/hooks/commit"] = [(422, body, {})]
    with pytest.raises(ValidationError) as caught:
        commit(store, 1)
    assert caught.value.errors[0].field == "document.store"
    agent = store.agent()
    assert agent.outbox.stats().quarantined == 1
    assert agent.outbox.replay(since=None, quarantined=True) == 1
    agent.send(force=True)
    assert len(store.cloud.events) == 1


def test_a_hold_of_the_cloud_counts_here_until_the_replica_shows_it(store: World, make: type[Make]) -> None:
    reply = HoldResponse(hold="hold_77", points=100_000, amount=500, expires_at=datetime(2099, 1, 1, tzinfo=UTC))
    store.cloud.answers["/v1/hooks/hold"] = [(200, json.loads(reply.model_dump_json()), {})]
    assert hold(store, 100_000).hold == "hold_77"
    assert known(store, INES).balance.available == 200_000
    shown = make.replica().customers[0].model_copy(update={"balance_available": 200_000, "balance_held": 100_000})
    store.cloud.replica = make.replica(version=8, customers=(shown,))
    store.agent().pull()
    balance = known(store, INES).balance
    assert (balance.available, balance.held) == (200_000, 100_000)
    answer = commit(store, 3, payments=(Payment(method=PaymentMethod.POINTS, amount=500, hold="hold_77"),))
    assert answer.points_spent == 100_000
    assert answer.balance is not None
    assert answer.balance.available == 200_000 + answer.points_earned


@pytest.mark.feature("PR-09", "PR-12")
def test_a_customer_enrolled_with_the_line_down_is_known_at_once_and_in_the_cloud_later(cut: World, make: type[Make]) -> None:
    request = EnrolRequest(request_id="e1", store="LX1", name="Rui Matos", phone="+351915555555", card="9512000199990")
    answer = cut.agent().till.enrol(request)
    assert (answer.created, answer.provisional) == (True, True)
    found = known(cut, "9512000199990")
    assert found.name == "Rui Matos"
    document = cut.sale(1, origin=Origin.HOOK, source="till").model_copy(update={"customer": CustomerRef(customer=found.customer)})
    assert cut.agent().till.commit(CommitRequest(request_id="c1", document=document)).points_earned == 12_000
    cut.cloud.answers.clear()
    cut.clock.move(16)
    cut.agent().send()
    cut.agent().send()
    events = list(cut.cloud.events.values())
    assert [event["type"] for event in events] == ["enrol", "document"]
    assert events[1]["document"]["customer"]["card"] == "9512000199990", "the cloud can tell who it was"
    mine = make.replica().customers[1].model_copy(update={"customer": "cus_50", "name": "Rui Matos", "cards": ("9512000199990",)})
    cut.cloud.replica = make.replica(version=8, customers=(mine,))
    cut.agent().pull()
    assert known(cut, "9512000199990").customer == "cus_50"


def test_an_enrolment_of_somebody_known_creates_nobody(cut: World) -> None:
    answer = cut.agent().till.enrol(EnrolRequest(request_id="e1", store="LX1", name="Ines G", phone="912 345 678"))
    assert (answer.created, answer.customer.customer) == (False, "cus_1")
    with pytest.raises(ValidationError):
        cut.agent().till.enrol(EnrolRequest(request_id="e2", store="LX1"))


def test_a_wrong_number_is_said_at_once_and_leaves_nothing_behind(cut: World) -> None:
    with pytest.raises(ValidationError) as caught:
        cut.agent().till.enrol(EnrolRequest(request_id="e1", store="LX1", name="Ana", tax_number="123"))
    assert caught.value.errors[0].field == "tax_number"
    assert cut.agent().outbox.stats().queued == 0
    assert cut.agent().till.enrol(EnrolRequest(request_id="e1", store="LX1", name="Ana", tax_number="501 442 600")).created


def test_an_enrolment_the_cloud_refuses_is_simply_not_done(store: World) -> None:
    body = {"code": "conflict", "detail": "the card is somebody else's"}
    store.cloud.answers["/v1/hooks/enrol"] = [(409, body, {})]
    request = EnrolRequest(request_id="e1", store="LX1", name="Rui Sousa", card="777")
    with pytest.raises(ConflictError):
        store.agent().till.enrol(request)
    stats = store.agent().outbox.stats()
    assert (stats.queued, stats.quarantined) == (0, 0)
    assert who(store, "Rui Sousa").customer is None
    store.agent().till.enrol(request.model_copy(update={"card": None}))
    assert store.agent().outbox.stats().queued == 1


def test_a_return_takes_back_what_the_sale_gave(cut: World, make: type[Make]) -> None:
    sold = commit(cut, 1, gross=2000)
    assert sold.points_earned == 20_000
    back = cut.sale(2, gross=1000, origin=Origin.HOOK, source="till", card=INES, kind=DocumentKind.RETURN)
    line = back.lines[0].model_copy(update={"reference": Reference(document="FT A/1", line="1"), "quantity": 500})
    back = back.model_copy(update={"lines": (line,)})
    answer = cut.agent().till.return_(ReturnRequest(request_id="r1", document=back))
    assert answer.points_taken == 10_000
    assert known(cut, INES).balance.available == 310_000
    with pytest.raises(ValidationError):
        cut.agent().till.commit(CommitRequest(request_id="r2", document=back))


def test_a_cancelled_document_is_taken_back_here_and_told_to_the_cloud(cut: World) -> None:
    sold = commit(cut, 1)
    request = CancelRequest(request_id="x1", store="LX1", at=cut.clock(), document=sold.document, reason="wrong")
    answer = cut.agent().till.cancel(request)
    assert answer.reversed_document == sold.document
    assert answer.points == sold.points_earned
    assert known(cut, INES).balance.available == 300_000
    rows = [row["event"]["type"] for row in cut.agent().outbox.export()]
    assert rows == ["document", "cancel"]


def test_the_erp_s_own_record_of_a_till_s_sale_is_the_same_document(cut: World) -> None:
    sold = commit(cut, 1)
    cut.erp.records = [cut.sale(1)]
    cut.agent().poll()
    aggregates = {row["aggregate_id"] for row in cut.agent().outbox.export()}
    assert aggregates == {sold.document}, "one identity, so the cloud counts it once"


def test_a_damaged_replica_is_fetched_again(store: World) -> None:
    agent = store.agent()
    folder = agent.folder
    store.agents.pop().close()
    (folder / "replica.db").write_bytes(b"no database" * 500)
    agent = store.agent()
    assert who(store, INES).customer is None
    agent.pull(force=True)
    assert known(store, INES).name == "Inês Gonçalves"


def test_a_store_without_programmes_still_sells(world: World) -> None:
    world.cloud.replica = None
    agent = world.agent()
    agent.line.down(world.clock(), "cut")
    document = world.sale(1, origin=Origin.HOOK, source="till")
    answer = agent.till.commit(CommitRequest(request_id="c", document=document))
    assert answer.provisional
    quoted = agent.till.quote(QuoteRequest(store="LX1", at=document.issued_at, lines=document.lines))
    assert quoted.total == document.gross


def redeemable(store: World) -> int:
    lines = store.sale(9, gross=10_000).lines
    request = QuoteRequest(store="LX1", at=store.clock(), customer=CustomerRef(card=INES), lines=lines)
    return store.agent().till.quote(request).redeemable


def test_points_that_the_cloud_confirmed_can_be_used_before_the_replica_is_pulled(store: World, make: type[Make]) -> None:
    final = CommitResponse(document="d", points_earned=100_000, balance=Balance(available=400_000))
    store.cloud.answers["/v1/hooks/commit"] = [(200, json.loads(final.model_dump_json()), {})]
    assert redeemable(store) == 300_000
    commit(store, 1)
    assert known(store, INES).balance.available == 400_000, "the cloud's figure, not the store's own"
    assert redeemable(store) == 400_000
    ines, *others = make.replica().customers
    store.cloud.replica = make.replica(version=8, customers=(ines.model_copy(update={"balance_available": 400_000}), *others))
    store.agent().pull()
    assert known(store, INES).balance.available == 400_000, "counted once"
    assert redeemable(store) == 400_000


def test_a_return_without_the_line_knows_the_returns_before_it(cut: World) -> None:
    """Bought for 20.00; 8.00 and 12.00 come back, then somebody tries once more."""
    sold = commit(cut, 1, gross=2000)
    takes = []
    for number, cents in ((2, 800), (3, 1200), (4, 1200)):
        note = cut.sale(number, gross=cents, origin=Origin.HOOK, source="till", card=INES, kind=DocumentKind.RETURN)
        line = note.lines[0].model_copy(update={"reference": Reference(document="FT A/1", line="1")})
        request = ReturnRequest(request_id=f"r{number}", document=note.model_copy(update={"lines": (line,)}))
        takes.append(cut.agent().till.return_(request).points_taken)
    assert takes == [8_000, 12_000, 0]
    assert sum(takes) == sold.points_earned
    assert known(cut, INES).balance.available == 300_000
