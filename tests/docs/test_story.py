"""The story of the API page, told to a running cloud: every answer of the page is the service's own."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel
from sqlalchemy import create_engine, text

from v5_cloud import sample
from v5_cloud.app import create_app
from v5_cloud.kit.container import Container
from v5_cloud.kit.settings import Settings
from v5_cloud.migrations import migrate
from v5_core import hooks, soap, wire
from v5_core.programme import Programme

if TYPE_CHECKING:
    from tests.docs.conftest import Page


with warnings.catch_warnings():
    # It asks for the successor of httpx, which the workspace does not use.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient


class Teller:
    """Sends the page's requests and keeps what is answered, with the page's names for the ids that the service made."""

    def __init__(self, client: TestClient, key: str, page: Page) -> None:
        self.client = client
        self.auth = {"authorization": f"Bearer {key}"}
        self.page = page
        self.now = datetime(2024, 5, 2, 10, 0, tzinfo=UTC)
        self.names: dict[str, str] = {}

    def send(self, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        raw = json.dumps(body)
        for name, real in self.names.items():
            raw = raw.replace(f'"{name}"', f'"{real}"')
        reply = self.client.post(f"/v1/hooks/{operation}", content=raw, headers=self.auth | {"content-type": "application/json"})
        assert reply.status_code == 200, reply.text
        return dict(reply.json())

    def tell(self, operation: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """The page's request sent; what was answered and what the page says, both without what has its default."""
        name = operation.capitalize()
        answered = self.send(operation, json.loads(self.page.one(f"{name}Request")))
        shown = json.loads(self.page.one(f"{name}Response"))
        self.names |= {ours: theirs for ours, theirs in zip(ids(shown), ids(answered), strict=False) if ours and theirs}
        model = getattr(hooks, f"{name}Response")
        back = json.dumps(answered)
        for page_id, real in self.names.items():
            back = back.replace(f'"{real}"', f'"{page_id}"')
        return short(model, json.loads(back)), short(model, shown)


def ids(reply: dict[str, Any]) -> list[str | None]:
    """What the answering service names by itself."""
    who = reply.get("customer") or {}
    cards = [card["number"] for card in who.get("cards", ())]
    return [reply.get("hold"), reply.get("document"), who.get("customer"), *cards]


def short(model: type[BaseModel], data: object) -> dict[str, Any]:
    read = model.model_validate(wire.loads(json.dumps(data)))
    return read.model_dump(mode="json", exclude_defaults=True)


@pytest.fixture
def story(page: Callable[[str], Page], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Teller]:
    """A company with the page's programme, and Maria with 180 points, who joined when the page says."""
    told = page("api.md")
    programme = Programme.model_validate(wire.loads(told.one("Programme")))
    monkeypatch.setattr(sample, "programme", lambda: programme)
    settings = Settings(database_url=f"sqlite:///{tmp_path / 'v5.sqlite'}", housekeeping_seconds=0)
    migrate(settings)
    teller: Teller | None = None
    app = create_app(settings, clock=lambda: teller.now if teller else datetime(2024, 5, 2, 9, 0, tzinfo=UTC))
    held: Container = app.state.v5
    with TestClient(app) as client:
        loaded = sample.load(held, customers=4)
        engine = create_engine(settings.sqlalchemy_url)
        with engine.begin() as connection:
            connection.execute(text("UPDATE store SET language = 'en', directives = ''"))
            connection.execute(text("UPDATE company SET receipt_url = '', name = ''"))
        engine.dispose()
        held.cache.clear()
        teller = Teller(client, loaded["api_key"], told)
        teller.send("enrol", {"request_id": "e", "store": "LX1", "name": "Maria Conceição", "card": "2000000000015"})
        teller.now = datetime(2026, 1, 10, 10, 0, tzinfo=UTC)
        line = {"line_id": "1", "product": "TEAPOT", "gross": "180.00", "net": "146.34", "vat_rate": "23"}
        sale: dict[str, Any] = {
            "source": "till",
            "source_id": "1",
            "origin": "hook",
            "kind": "sale",
            "store": "LX1",
            "issued_at": teller.now.isoformat(),
        }
        sale |= {"customer": {"card": "2000000000015"}, "lines": [line], "gross": "180.00", "net": "146.34"}
        teller.send("commit", {"request_id": "c", "document": sale})
        yield teller


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


STORY = (
    ("identify", at("2026-03-14T11:59:00")),
    ("enrol", at("2026-03-14T11:59:30")),
    ("quote", at("2026-03-14T12:00:00")),
    ("hold", at("2026-03-14T12:00:40")),
    ("commit", at("2026-03-14T12:01:10")),
    ("cancel", at("2026-03-14T12:05:00")),
    ("return", at("2026-03-16T10:20:00")),
)


@pytest.mark.feature("V5-14", "NX-05")
def test_every_answer_of_the_page_is_the_services_own(story: Teller) -> None:
    assert {name for name, _ in STORY} == set(soap.OPERATIONS)
    for operation, moment in STORY:
        story.now = moment
        if operation == "cancel":
            second = {"request_id": "h2", "store": "LX1", "at": moment.isoformat(), "customer": {"card": "2000000000015"}, "points": "50"}
            story.names["hold-0002"] = story.send("hold", second)["hold"]
        answered, shown = story.tell(operation)
        assert answered == shown, operation


@pytest.mark.feature("NX-08")
def test_sending_twice_is_what_the_page_promises(story: Teller) -> None:
    for operation, moment in STORY[:5]:
        story.now = moment
        first, _ = story.tell(operation)
    again, _ = story.tell("commit")
    assert again == first | {"duplicate": True}

    body = json.loads(story.page.one("CommitRequest"))
    other = json.dumps(body | {"document": body["document"] | {"till": "2"}}).replace("hold-0001", story.names["hold-0001"])
    refused = story.client.post("/v1/hooks/commit", content=other, headers=story.auth | {"content-type": "application/json"})
    assert refused.status_code == 409
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["code"] == "idempotency_conflict"

    duplicate = story.send("commit", body | {"request_id": "another"})
    assert duplicate["duplicate"] is True
    assert duplicate["balance"]["available"] == first["balance"]["available"]


def test_the_problem_of_the_page_is_the_one_that_a_number_as_amount_gets(story: Teller) -> None:
    body = json.loads(story.page.one("CommitRequest"))
    body["document"]["gross"] = 12.60
    reply = story.client.post("/v1/hooks/commit", json=body, headers=story.auth)
    assert (reply.status_code, reply.json()) == (422, json.loads(story.page.one("Problem")))


def test_the_soap_request_of_the_page_is_answered(story: Teller) -> None:
    story.now = STORY[0][1]
    reply = story.client.post("/soap", content=story.page.one("identify").encode(), headers=story.auth | {"content-type": "text/xml"})
    assert reply.status_code == 200
    assert "<name>Maria Conceição</name>" in reply.text
    refused = story.client.post("/soap", content=story.page.one("identify").encode(), headers={"content-type": "text/xml"})
    assert refused.status_code == 500
    assert "<code>unauthorized</code>" in refused.text
    assert "urn:v5:hooks:1" in story.client.get("/soap?wsdl").text
