"""The sale-time operations wherever they are offered: in memory, by an agent without a line, by the cloud over REST and over SOAP."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from v5_agent.config import AgentConfig
from v5_agent.service import Agent
from v5_agent.web import create_app as agent_app
from v5_cloud.app import create_app as cloud_app
from v5_cloud.kit.settings import Settings
from v5_cloud.kit.tenant import Scope
from v5_cloud.migrations import migrate
from v5_cloud.programmes.drafts import publish
from v5_cloud.sample import load, programme
from v5_core import soap
from v5_core.codes import fold_code
from v5_core.engine import Coupon, Stored
from v5_core.errors import V5Error
from v5_core.hooks import (
    CancelRequest,
    CancelResponse,
    CommitRequest,
    CommitResponse,
    CustomerView,
    EnrolRequest,
    EnrolResponse,
    HoldRequest,
    HoldResponse,
    Hooks,
    IdentifyRequest,
    IdentifyResponse,
    QuoteRequest,
    QuoteResponse,
    ReturnRequest,
    ReturnResponse,
    TierView,
)
from v5_core.model import CustomerRef, DocumentKind, Line, Origin, Payment, PaymentMethod, Reference, SalesDocument, Wire
from v5_core.programme import (
    AmountOffer,
    Club,
    Entitlement,
    GiftOffer,
    PercentOffer,
    Policies,
    Programme,
    StoredValueType,
    Tier,
    TierScheme,
)
from v5_core.push import Replica, ReplicaCustomer, ReplicaTier, ReplicaVoucher
from v5_core.soap import _codec
from v5_core.testing.fakes import FakeCustomer, FakeHooks

with warnings.catch_warnings():
    # It asks for the successor of httpx, which the workspace does not use.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
POINTS = 300_000
CARD = "2900000000018"
TOKEN = "t0ken-of-the-till"
ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
PROBLEM = {"v": "urn:v5:hooks:1"}

WALLET, COUPON = "WALT-WALT-WALTX", "CUPN-CUPN-CUPNX"

Send = Callable[[bytes], tuple[int, bytes]]


def house() -> Programme:
    """Beside the sample's programme, one of everything else that a till can meet; what may be used while a line is down is allowed."""
    return Programme(
        id="house",
        name="House",
        state="published",
        offers=(
            PercentOffer(id="autumn", title="Autumn", percent=1000, codes=("AUTUMN",), group="codes"),
            PercentOffer(id="for-silver", title="Silver", percent=500, when="tier = 'silver'", group="tiers", exclusive=False),
            AmountOffer(id="welcome", title="Welcome", amount=300, coupon=True, group="coupons", exclusive=False),
            AmountOffer(id="alter", title="Alteration", amount=200, entitlement="alteration", group="clubs", exclusive=False),
            GiftOffer(id="mug", title="Mug", products=("MUG",), cost=50_000),
        ),
        stored_value=(StoredValueType(id="wallet", kind="wallet", title="Wallet"),),
        tiers=TierScheme(tiers=(Tier(id="basic", title="Basic", threshold=0), Tier(id="silver", title="Silver", threshold=20_000),
                                Tier(id="gold-tier", title="Gold", threshold=90_000))),
        clubs=(Club(id="gold", title="Gold club", entitlements=(Entitlement(id="alteration", title="Alteration", uses=2),)),),
        policies=Policies(offline_value=100_000, offline_coupons=True),
    )  # fmt: skip


class RefusedError(Exception):
    """An answer that is a problem."""

    def __init__(self, status: int, code: str, fields: list[str]) -> None:
        super().__init__(status, code)
        self.status, self.code, self.fields = status, code, fields


@dataclass
class Remote:
    """The port over a wire."""

    call: Callable[[str, Wire], Any]

    def identify(self, request: IdentifyRequest) -> IdentifyResponse:
        return IdentifyResponse.model_validate(self.call("identify", request))

    def enrol(self, request: EnrolRequest) -> EnrolResponse:
        return EnrolResponse.model_validate(self.call("enrol", request))

    def quote(self, request: QuoteRequest) -> QuoteResponse:
        return QuoteResponse.model_validate(self.call("quote", request))

    def hold(self, request: HoldRequest) -> HoldResponse:
        return HoldResponse.model_validate(self.call("hold", request))

    def commit(self, request: CommitRequest) -> CommitResponse:
        return CommitResponse.model_validate(self.call("commit", request))

    def cancel(self, request: CancelRequest) -> CancelResponse:
        return CancelResponse.model_validate(self.call("cancel", request))

    def return_(self, request: ReturnRequest) -> ReturnResponse:
        return ReturnResponse.model_validate(self.call("return", request))


def by_rest(send: Callable[[str, bytes], tuple[int, bytes]]) -> Remote:
    def call(operation: str, request: Wire) -> Any:
        status, raw = send(f"/v1/hooks/{operation}", request.model_dump_json().encode())
        if status != 200:
            problem = json.loads(raw)
            assert problem["status"] == status
            assert problem["type"] == f"urn:v5:problem:{problem['code']}"
            raise RefusedError(status, problem["code"], [one["field"] for one in problem.get("errors", [])])
        return soap.OPERATIONS[operation][1].model_validate_json(raw)

    return Remote(call)


def by_soap(send: Callable[[str, bytes], tuple[int, bytes]]) -> Remote:
    def call(operation: str, request: Wire) -> Any:
        asked, answered = soap.OPERATIONS[operation]
        envelope = etree.Element(f"{{{ENVELOPE}}}Envelope")
        body = etree.SubElement(envelope, f"{{{ENVELOPE}}}Body")
        body.append(_codec.to_element(operation, request.model_dump(mode="json"), asked))
        status, raw = send("/soap", etree.tostring(envelope))
        found = etree.fromstring(raw).find(f"{{{ENVELOPE}}}Body")
        assert found is not None
        fault = found.find(f"{{{ENVELOPE}}}Fault")
        problem = fault.find(".//v:problem", PROBLEM) if fault is not None else None
        if problem is not None:
            assert status == 500, "as SOAP 1.1 demands"
            fields = [one.text or "" for one in problem.iterfind("v:errors/v:field", PROBLEM)]
            raise RefusedError(int(problem.findtext("v:status", "", PROBLEM)), problem.findtext("v:code", "", PROBLEM), fields)
        return answered.model_validate(_codec.to_data(found[0], answered))

    return Remote(call)


@dataclass
class Counter:
    """A till before one of them. `send` is the bare wire, None where there is none."""

    hooks: Hooks
    card: str
    send: Callable[[str, bytes], tuple[int, bytes]] | None = None
    path: str = "/v1/hooks/commit"
    number: int = 0
    wallet: str = ""
    coupon: str = ""

    def name(self) -> str:
        self.number += 1
        return f"r{self.number}"

    def balance(self) -> tuple[int, int]:
        """What the customer may spend, and what is held."""
        found = self.hooks.identify(IdentifyRequest(store="LX1", key=self.card)).customer
        assert found is not None
        return found.balance.available, found.balance.held

    def basket(self, **more: Any) -> QuoteResponse:
        """A basket of 100.00."""
        line = Line(line_id="1", product="CAFE-250", family="mercearia", gross=10_000, net=10_000)
        return self.hooks.quote(QuoteRequest(store="LX1", at=NOW, customer=CustomerRef(card=self.card), lines=(line,), **more))

    def who(self) -> CustomerView:
        """What the till sees of the customer."""
        found = self.hooks.identify(IdentifyRequest(store="LX1", key=self.card)).customer
        assert found is not None
        return found

    def keep(self, **more: Any) -> HoldResponse:
        """Reserves."""
        return self.hooks.hold(HoldRequest(request_id=self.name(), store="LX1", at=NOW, customer=CustomerRef(card=self.card), **more))

    def document(self, number: int, gross: int, *, of: int | None = None, hold: HoldResponse | None = None) -> SalesDocument:
        """A sale of one line; with `of` the return of that sale."""
        line = Line(
            line_id="1",
            product="CAFE-250",
            family="mercearia",
            gross=gross,
            net=gross,
            reference=Reference(document=f"sale-{of}", line="1") if of else None,
        )
        paid = (Payment(method=PaymentMethod.POINTS, amount=hold.amount, hold=hold.hold),) if hold else ()
        return SalesDocument(
            source="till",
            source_id=f"sale-{number}",
            origin=Origin.HOOK,
            kind=DocumentKind.RETURN if of else DocumentKind.SALE,
            store="LX1",
            issued_at=NOW,
            customer=CustomerRef(card=self.card),
            lines=(line,),
            payments=paid,
            gross=gross,
            net=gross,
        )

    def commit(self, number: int, gross: int, request_id: str = "", hold: HoldResponse | None = None) -> CommitResponse:
        return self.hooks.commit(CommitRequest(request_id=request_id or self.name(), document=self.document(number, gross, hold=hold)))

    def hold(self, points: int, card: str = "") -> HoldResponse:
        who = CustomerRef(card=card or self.card)
        return self.hooks.hold(HoldRequest(request_id=self.name(), store="LX1", at=NOW, customer=who, points=points))

    def refused(self, call: Callable[[], object]) -> tuple[int, str]:
        """Status and code of the refusal that the call meets."""
        try:
            call()
        except RefusedError as error:
            return error.status, error.code
        except V5Error as error:
            return error.status, error.error_code
        raise AssertionError("it was not refused")


def fake() -> Iterator[Counter]:
    silver = TierView(programme="house", tier="silver", title="Silver", next_tier="gold-tier", missing=60_000)
    ana = FakeCustomer("c1", "Ana Silva", CARD, points=POINTS, tiers=(silver,))
    wallet = Stored(WALLET, kind="wallet", type_id="wallet", balance=4000, customer="c1", title="Wallet")
    coupon = Coupon(COUPON, "welcome", "house", customer="c1", title="Welcome")
    yield Counter(
        FakeHooks([programme(), house()], [ana], lambda: NOW, coupons=[coupon], stored=[wallet]), CARD, wallet=WALLET, coupon=COUPON
    )


def agent(folder: Path, make: Callable[[Callable[[str, bytes], tuple[int, bytes]]], Remote]) -> Iterator[Counter]:
    ana = ReplicaCustomer(
        customer="c1", name="Ana Silva", cards=(CARD,), balance_available=POINTS,
        tiers=(ReplicaTier(programme="house", tier="silver", measure=30_000),),
        vouchers=(
            ReplicaVoucher(code=fold_code(WALLET), kind="wallet", programme="house", type="wallet", title="Wallet", amount=4000),
            ReplicaVoucher(code=fold_code(COUPON), kind="coupon", programme="house", rule="welcome", title="Welcome"),
        ),
    )  # fmt: skip
    page = Replica(version=1, complete=True, customers=(ana,), programmes=(programme(), house()), offline_points_limit=10**9)
    config = AgentConfig.model_validate({"store": {"code": "LX1"}})
    with Agent(folder, config, None, {}, lambda: NOW) as running:
        running.replica.apply(page, NOW)
        app = agent_app(running, TOKEN, lambda: 8750)
        with TestClient(app, base_url="http://127.0.0.1:8750", client=("127.0.0.1", 5), raise_server_exceptions=False) as client:

            def send(path: str, body: bytes) -> tuple[int, bytes]:
                reply = client.post(path, content=body, headers={"authorization": f"Bearer {TOKEN}"})
                return reply.status_code, reply.content

            yield Counter(make(send), CARD, send, wallet=WALLET, coupon=COUPON)


def cloud(folder: Path, make: Callable[[Callable[[str, bytes], tuple[int, bytes]]], Remote]) -> Iterator[Counter]:
    settings = Settings(database_url=f"sqlite:///{folder / 'v5.sqlite'}", housekeeping_seconds=0)
    migrate(settings)
    app = cloud_app(settings, clock=lambda: NOW)
    sample = load(app.state.v5, seed=1, customers=3)
    with TestClient(app, raise_server_exceptions=False) as client:

        def send(path: str, body: bytes) -> tuple[int, bytes]:
            kind = "text/xml" if path == "/soap" else "application/json"
            headers = {"authorization": f"Bearer {sample['api_key']}", "content-type": kind}
            reply = client.post(path, content=body, headers=headers)
            return reply.status_code, reply.content

        publish(app.state.v5, Scope(sample["tenant"], sample["company"]), house(), actor="test")
        ana = sample["customers"][0]
        counter = Counter(make(send), ana["card"], send)
        first = counter.commit(1000, POINTS // 10)
        assert first.points_earned == POINTS

        def issue(body: dict[str, Any]) -> str:
            headers = {"authorization": f"Bearer {sample['api_key']}"}
            reply = client.post("/v1/vouchers", json={"customer": ana["id"], **body}, headers=headers)
            assert reply.status_code == 201, reply.text
            return str(reply.json()["items"][0]["code"])

        counter.wallet = issue({"request_id": "w", "kind": "wallet", "type": "wallet", "amount": "40.00"})
        counter.coupon = issue({"request_id": "k", "kind": "coupon", "offer": "welcome"})
        yield counter


@pytest.fixture(params=["fake", "agent-rest", "agent-soap", "cloud-rest", "cloud-soap"])
def counter(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Counter]:
    """A till whose customer has 300 points."""
    where, _, way = request.param.partition("-")
    made = fake() if where == "fake" else (agent if where == "agent" else cloud)(tmp_path, by_soap if way == "soap" else by_rest)
    for one in made:
        one.path = "/soap" if way == "soap" else one.path
        yield one
