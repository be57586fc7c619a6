"""The API page tells the truth: its examples are read by the models, and its figures are what the engine gives."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from lxml import etree
from pydantic import BaseModel

from v5_cloud.app import create_app
from v5_cloud.kit.problems import Problem
from v5_cloud.kit.settings import Settings
from v5_cloud.segments.schemas import SegmentBody
from v5_core import hooks, push, signing, soap, wire
from v5_core.engine import Compiled, CustomerFacts, check_programme, compile_programmes, evaluate, next_reward, reversal, settle
from v5_core.ids import is_card_number
from v5_core.model import Balance, SalesDocument, Wire
from v5_core.programme import Programme
from v5_core.receipts import footer
from v5_core.segments import Rfm

if TYPE_CHECKING:
    from tests.docs.conftest import Page


LISBON = ZoneInfo("Europe/Lisbon")
MODELS: dict[str, type[BaseModel]] = {name: getattr(hooks, name) for name in hooks.__all__ if name.endswith(("Request", "Response"))}
MODELS |= {"Programme": Programme, "PushBatch": push.PushBatch, "PushReply": push.PushReply, "Problem": Problem}
MODELS |= {"Rfm": Rfm, "SegmentBody": SegmentBody}
Told = Callable[[str], Any]
MARIA = CustomerFacts(customer="c1", balance_available=180_000)


@pytest.fixture
def api(page: Callable[[str], Page]) -> Page:
    return page("api.md")


@pytest.fixture
def told(api: Page) -> Told:
    """An example of the page, read as the service reads a body from outside."""

    def read(name: str) -> Any:
        return MODELS[name].model_validate(wire.loads(api.one(name)))

    return read


@pytest.fixture
def programme(told: Told) -> Compiled:
    return compile_programmes([told("Programme")])


def short(model: BaseModel) -> dict[str, Any]:
    return model.model_dump(mode="json", exclude_defaults=True)


def test_every_json_example_of_every_page_is_read_by_the_model_it_names(pages: list[Page]) -> None:
    blocks = [block for page in pages for block in page.blocks if block.language == "json"]
    assert {block.title for block in blocks} == set(MODELS), "each JSON example is titled with its model, and each model has one"
    for block in blocks:
        example = MODELS[block.title].model_validate(wire.loads(block.text))
        assert MODELS[block.title].model_validate_json(example.model_dump_json()) == example, block
        if isinstance(example, Wire) and block.title not in {"Programme", "PushBatch"}:
            # Whatever is written differs from its default, except what a reader wants to see anyway.
            assert json.loads(block.text).keys() >= short(example).keys(), block


def test_the_programme_can_be_published(told: Told) -> None:
    check_programme(told("Programme"))


def test_the_quote_is_what_the_engine_gives(programme: Compiled, told: Told) -> None:
    request = told("QuoteRequest")
    answer = evaluate(programme, request, MARIA, local_time=request.at.astimezone(LISBON), language="en")
    assert short(answer) == short(told("QuoteResponse"))


def test_the_hold_of_the_page_is_the_one_the_sale_pays_with(told: Told) -> None:
    request, hold, sale = told("HoldRequest"), told("HoldResponse"), told("CommitRequest").document
    assert (hold.points, (hold.expires_at - request.at).total_seconds()) == (request.points, request.ttl_seconds)
    assert [(payment.hold, payment.amount) for payment in sale.payments if payment.hold] == [(hold.hold, hold.amount)]
    assert sum(payment.amount for payment in sale.payments) == sale.gross
    assert sale.gross == told("QuoteResponse").total + hold.amount


def test_the_sale_and_the_return_are_what_the_engine_gives(programme: Compiled, told: Told) -> None:
    commit, answer = told("CommitRequest"), told("CommitResponse")
    settled = settle(programme, commit.document, MARIA, zone=LISBON, points_spent=told("HoldResponse").points, language="en")
    assert (answer.points_earned, answer.points_spent) == (settled.points_earned, settled.points_spent)
    assert answer.explanations == settled.explanations
    assert answer.balance.available == MARIA.balance_available + settled.points_earned - settled.points_spent

    back, reply = told("ReturnRequest"), told("ReturnResponse")
    undone = reversal(settled, {}, back.document, language="en")
    assert (reply.points_taken, reply.points_given) == (undone.points_taken, undone.points_given)
    assert reply.explanations == undone.explanations
    assert reply.balance.available == answer.balance.available - undone.points_taken + undone.points_given


def test_the_receipts_are_the_footer(programme: Compiled, told: Told) -> None:
    sale, back = told("CommitResponse"), told("ReturnResponse")
    figures = {"earned": sale.points_earned, "spent": sale.points_spent}
    assert sale.receipt == footer(language="en", **figures, **standing(programme, sale.balance))
    figures = {"taken": back.points_taken, "given": back.points_given}
    assert back.receipt == footer(language="en", **figures, **standing(programme, back.balance))


def standing(programme: Compiled, balance: Balance) -> dict[str, Any]:
    """What every footer says after its figures."""
    at = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
    return {"balance": balance, "next_reward": next_reward(programme, balance.available, frozenset({"points"}), at)}


def test_the_card_numbers_have_their_check_digit(told: Told) -> None:
    cards = [card.number for name in ("IdentifyResponse", "EnrolResponse") for card in told(name).customer.cards]
    assert cards
    assert all(is_card_number(number) for number in cards)


def test_the_event_id_is_the_one_that_the_content_gives(told: Told) -> None:
    (event,) = told("PushBatch").events
    document = SalesDocument.model_validate(event["document"])
    assert event["aggregate"] == document.keys[0]
    assert event["event_id"] == push.event_id("document", document.keys[0], document.revision)
    assert [result.event_id for result in told("PushReply").results] == [event["event_id"]]


def test_the_soap_examples_are_what_the_codec_reads_and_writes(api: Page, told: Told) -> None:
    name, request = soap.decode(api.one("identify").encode())
    assert (name, request) == ("identify", told("IdentifyRequest"))
    assert flat(soap.encode("identify", told("IdentifyResponse"))) == flat(api.one("identifyResponse").encode())


def test_the_fault_is_the_one_that_a_wrong_hold_gets(api: Page) -> None:
    bad = (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><hold xmlns="urn:v5:hooks:1"><request_id>1</request_id>'
        "<store>LX1</store><at>2026-03-14T12:00:40+00:00</at><customer><card>2</card></customer><points>many</points></hold></s:Body></s:Envelope>"
    )
    status, fault = soap.handle(bad.encode(), {})
    assert status == 500
    assert flat(fault) == flat(api.one("fault").encode())


def flat(xml: bytes) -> bytes:
    root = etree.fromstring(xml, etree.XMLParser(remove_blank_text=True))
    return etree.tostring(root, method="c14n")


def test_the_signature_of_the_worked_example_is_right(api: Page, tmp_path: Path) -> None:
    headers, body = api.one("signed request").rstrip("\n").split("\n\n")
    sent = dict(line.split(": ", 1) for line in headers.splitlines()[1:])
    public = base64.b64decode(api.text.split("The public key that was given at enrolment is `")[1].split("`")[0])
    stamp = int(sent["webhook-timestamp"])
    signing.verify(public, sent["webhook-id"], stamp, body.encode(), sent["webhook-signature"], now=stamp)

    script = tmp_path / "sign.py"
    script.write_text(api.one("sign.py"), encoding="utf-8")
    printed = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True).stdout.strip()
    assert printed == sent["webhook-signature"]


def test_the_refusals_that_the_page_promises(told: Told, api: Page) -> None:
    request = json.loads(api.one("HoldRequest"))
    for wrong in (100, 100.0, "many"):
        with pytest.raises(ValueError, match=r"decimal string|Input should be"):
            hooks.HoldRequest.model_validate(wire.loads(json.dumps(request | {"points": wrong})))
    with pytest.raises(ValueError, match="Extra inputs"):
        hooks.HoldRequest.model_validate(wire.loads(json.dumps(request | {"pionts": "1"})))
    with pytest.raises(ValueError, match="timezone"):
        hooks.HoldRequest.model_validate(wire.loads(json.dumps(request | {"at": "2026-03-14T12:00:40"})))


def test_the_dates_of_the_story_are_in_order(told: Told) -> None:
    assert (
        told("QuoteRequest").at
        < told("HoldRequest").at
        < told("CommitRequest").document.issued_at
        < told("ReturnRequest").document.issued_at
    )
    assert told("IdentifyResponse").customer.member_since < date(2026, 3, 14)
    assert told("PushBatch").events[0]["captured_at"] < told("PushReply").server_time.astimezone(UTC).isoformat()


def test_every_error_code_of_the_page_is_said_by_the_code(api: Page, root: Path) -> None:
    sources = "".join(
        path.read_text(encoding="utf-8") for part in ("core", "cloud", "agent") for path in (root / part / "src").rglob("*.py")
    )
    codes = [code.strip(" `") for cell in api.table_column("Errors") for code in cell.split(",")]
    assert len(codes) > 10
    assert [code for code in codes if f'"{code}"' not in sources] == []


def test_every_path_of_the_page_is_served(api: Page, tmp_path: Path) -> None:
    served = {
        (method.upper(), path)
        for path, methods in create_app(Settings(database_url=f"sqlite:///{tmp_path}/v5.sqlite")).openapi()["paths"].items()
        for method in methods
    }
    named = set(re.findall(r"`(GET|POST) (/v1/[a-z/{}]*[a-z}])[`?]", api.text))
    assert len(named) > 10
    simple = {(method, re.sub(r"{\w+}", "{id}", path)) for method, path in served}
    assert {(method, re.sub(r"{\w+}", "{id}", path)) for method, path in named} - simple == set()
    assert {("POST", f"/v1/hooks/{name}") for name in soap.OPERATIONS} <= served
