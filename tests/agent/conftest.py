"""A cloud that fits in a test: it checks signatures with the real code, keeps every event, and fails when it is told to."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal, Protocol

import pytest

from v5_agent import identity as identities
from v5_agent.config import AgentConfig
from v5_agent.identity import Identity
from v5_agent.service import Agent
from v5_core import signing
from v5_core.errors import AuthError
from v5_core.model import CustomerRef, DocumentKind, FiscalKey, Line, Origin, SalesDocument
from v5_core.plugins import (
    Batch,
    Capability,
    CheckResult,
    Cursor,
    LoadedPlugin,
    Manifest,
    PluginConfig,
    Rejected,
    Stream,
    Support,
    SupportLevel,
)
from v5_core.programme import EarnPerAmount, Programme, Redemption, RewardLevel
from v5_core.push import Replica, ReplicaCustomer

ISSUER = "501442600"

# Status, body and headers; in place of a status, what else may happen to a request.
Answer = tuple[int | Literal["cut", "sleep"], Any, dict[str, str]]


@dataclass
class FakeCloud:
    """What a cloud remembers.

    `answers` overrides the next replies per path; `intercept` sees every signed request first and may answer it.
    """

    codes: set[str] = field(default_factory=lambda: {"CODE-1234"})
    keys: dict[str, bytes] = field(default_factory=dict)
    pushes: list[dict[str, Any]] = field(default_factory=list)
    events: dict[str, dict[str, Any]] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    doubles: int = 0
    heartbeats: list[dict[str, Any]] = field(default_factory=list)
    hooks: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    intercept: Callable[[str, dict[str, Any]], Answer | None] = lambda _path, _data: None
    verdict: Callable[[dict[str, Any]], dict[str, Any] | None] = lambda _event: None
    signals: list[dict[str, Any]] = field(default_factory=list)
    replica: Replica | None = None
    clock_ahead: float = 0.0
    refused: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    url: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.clock_ahead)

    def reply(self, path: str, headers: Message, body: bytes) -> Answer:
        with self.lock:
            if queue := self.answers.get(path):
                status, data, more = queue.pop(0)
                if status == "sleep":
                    time.sleep(data)  # the cloud itself is slow: this is the behaviour under test, not a wait for it
                else:
                    return status, data, more
            if path == "/v1/agents/enrol":
                return self._enrol(json.loads(body))
            agent = headers.get("v5-agent", "")
            try:
                self.ids.append(headers["webhook-id"])
                signing.verify(
                    self.keys[agent],
                    headers["webhook-id"],
                    int(headers["webhook-timestamp"]),
                    body,
                    headers["webhook-signature"],
                    now=self.now(),
                )
            except (KeyError, AuthError) as error:
                code = getattr(error, "error_code", "unknown_agent")
                self.refused.append(code)
                return 401, {"code": code, "server_time": self.now().isoformat()}, {}
            read = json.loads(body)
            return self.intercept(path, read) or self._known(path, read)

    def _enrol(self, data: dict[str, Any]) -> Answer:
        if data["code"] not in self.codes:
            return 401, {"code": "enrolment_code", "detail": "unknown code"}, {}
        self.codes.discard(data["code"])
        name = f"agent-{len(self.keys) + 1}"
        self.keys[name] = base64.b64decode(data["public_key"])
        return 200, {"agent": name, "tenant": "t1", "company": "c1", "store": "LX1", "config": {}}, {}

    def _known(self, path: str, data: dict[str, Any]) -> Answer:
        if path == "/v1/push":
            self.pushes.append(data)
            results = [self._event(event) for event in data["events"]]
            obeyed = data.get("obeyed", [])
            self.signals = [one for one in self.signals if one["signal_id"] not in obeyed]
            signals = list(self.signals)
            version = self.replica.version if self.replica else 0
            return 200, {"results": results, "server_time": self.now().isoformat(), "signals": signals, "replica_version": version}, {}
        if path == "/v1/replica":
            page = self.replica or Replica(version=0, complete=True)
            return 200, json.loads(page.model_dump_json()), {}
        if path == "/v1/agents/heartbeat":
            self.heartbeats.append(data)
            return 200, {"server_time": self.now().isoformat()}, {}
        if path.startswith("/v1/hooks/"):
            self.hooks.append((path.rsplit("/", 1)[1], data))
            return 503, {"code": "busy"}, {}
        return 404, {"code": "not_found"}, {}

    def _event(self, event: dict[str, Any]) -> dict[str, Any]:
        verdict = self.verdict(event)
        if verdict:
            return {"event_id": event["event_id"], **verdict}
        known = event["event_id"] in self.events
        self.doubles += known
        if not known:
            self.events[event["event_id"]] = event
            self.order.append(event["event_id"])
        return {"event_id": event["event_id"], "status": "duplicate" if known else "accepted"}


def start_cloud(cloud: FakeCloud, port: int = 0) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            status, data, more = cloud.reply(self.path, self.headers, body)
            if isinstance(status, str):
                self.close_connection = True
                return
            raw = data if isinstance(data, bytes) else json.dumps(data).encode()
            self.send_response(status)
            for name, value in {"content-type": "application/json", **more}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    cloud.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    return server


@pytest.fixture
def cloud() -> Iterator[FakeCloud]:
    """A cloud with customers, a programme and an offline limit of 100 points."""
    fake = FakeCloud(replica=sample_replica())
    server = start_cloud(fake)
    yield fake
    server.shutdown()
    server.server_close()


def sample_replica(**changes: Any) -> Replica:
    programme = Programme(
        id="club",
        name="Clube",
        state="published",
        earning=(EarnPerAmount(id="per-euro", points=1000, amount=100),),
        redemption=Redemption(points=100_000, amount=500),
        rewards=(RewardLevel(id="coffee", title="Café", cost=200_000), RewardLevel(id="mug", title="Caneca", cost=500_000)),
    )
    values: dict[str, Any] = {
        "version": 7,
        "complete": True,
        "company_name": "Mercearia Aurora",
        "store_name": "Aurora Chiado",
        "customers": (
            ReplicaCustomer(
                customer="cus_1",
                name="Inês Gonçalves",
                cards=("9512000144105",),
                phone="+351912345678",
                tax_number="123456789",
                balance_available=300_000,
                expiring=50_000,
                expiring_on="2026-12-31",
                remark="Alergia a frutos secos",
                member_since="2024-03-01",
            ),
            ReplicaCustomer(
                customer="cus_2", name="João Almeida", cards=("9512000177233",), phone="+351913333333", balance_available=10_000
            ),
            ReplicaCustomer(customer="cus_3", name="Inês Almeida Prado", phone="+351914444444", blocked=True, balance_available=900_000),
        ),
        "programmes": (programme,),
        "directives": ("Castanhas a 20 % até domingo",),
        "offline_points_limit": 100_000,
    }
    return Replica(**{**values, **changes})


def sale(
    number: int, *, gross: int = 1250, card: str | None = None, origin: Origin = Origin.ERP, source: str = "phc", **more: Any
) -> SalesDocument:
    """A sale of one line; `number` names it."""
    return SalesDocument(
        source=source,
        source_id=f"doc-{number}",
        origin=origin,
        kind=more.pop("kind", DocumentKind.SALE),
        fiscal=FiscalKey(issuer=ISSUER, number=f"FT A/{number}"),
        store="LX1",
        issued_at=datetime(2026, 11, 20, 10, 0, tzinfo=UTC) + timedelta(minutes=number),
        customer=CustomerRef(card=card),
        lines=(Line(line_id="1", product="A1", description="Azeite", gross=gross, net=round(gross / 1.23)),),
        gross=gross,
        net=round(gross / 1.23),
        **more,
    )


class NoConfig(PluginConfig):
    """Nothing to set."""


class ListPlugin:
    """An ERP that is a list: the cursor is a position and the key of the record before it."""

    def __init__(self, slug: str = "list", config_model: type[PluginConfig] = NoConfig) -> None:
        self.records: list[Any] = []
        self.rejected: list[Rejected] = []
        self.acknowledged: list[Cursor | None] = []
        self.reads = 0
        self.before_read: Callable[[], object] = lambda: None
        self.on_check: Callable[[], CheckResult] = lambda: CheckResult(ok=True)
        full = Support(SupportLevel.FULL)
        self.manifest = Manifest(slug, "A list", "tests", "1", config_model, {Capability.READ_DOCUMENTS: full})

    def check(self, config: PluginConfig, *, now: datetime) -> CheckResult:
        return self.on_check()

    def read(self, stream: Stream, cursor: Cursor | None, limit: int, *, config: PluginConfig, now: datetime) -> Batch:
        self.reads += 1
        self.before_read()
        start = cursor["at"] if cursor else 0
        page = tuple(self.records[start : start + limit])
        rejected, self.rejected = tuple(self.rejected), []
        end = start + len(page)
        following = {"at": end, "key": page[-1].source_id} if page else cursor
        return Batch(page, following, complete=end >= len(self.records), rejected=rejected)

    def acknowledge(self, stream: Stream, cursor: Cursor | None, *, config: PluginConfig) -> None:
        self.acknowledged.append(cursor)

    def receipt_layouts(self) -> tuple[str, ...]:
        return ()


class Clock:
    """A clock that tests move; it starts at the machine's, for signatures are checked against that."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def move(self, seconds: float) -> None:
        self.ahead += timedelta(seconds=seconds)


@dataclass
class World:
    """One store: its folder, its agent, its ERPs."""

    folder: Path
    cloud: FakeCloud
    clock: Clock
    plugins: dict[str, ListPlugin]
    settings: dict[str, Any]
    agents: list[Agent] = field(default_factory=list)
    sale: Callable[..., SalesDocument] = sale

    def identity(self) -> Identity:
        found = identities.load_identity(self.folder)
        if found is None:
            self.cloud.codes.add("CODE-T")
            found = identities.enrol(self.folder, self.cloud.url, "CODE-T", "till 1", self.clock())
        return found

    def agent(self, *, fresh: bool = False) -> Agent:
        """The store's agent; `fresh` after ending the one before, as a restart does."""
        if self.agents and fresh:
            self.agents.pop().close()
        if not self.agents:
            loaded = {slug: LoadedPlugin(slug, plugin) for slug, plugin in self.plugins.items()}
            config = AgentConfig.model_validate(
                {
                    "source": [{"slug": slug, "limit": 50} for slug in self.plugins],
                    "timing": {"recovery_jitter": 0, "read_timeout": 2, "probe": 15},
                    **self.settings,
                }
            )
            self.agents.append(Agent(self.folder, config, self.identity(), loaded, self.clock))
        return self.agents[0]

    def add_source(self, slug: str) -> ListPlugin:
        self.plugins[slug] = ListPlugin(slug)
        return self.plugins[slug]

    @property
    def erp(self) -> ListPlugin:
        return self.plugins["list"]


@pytest.fixture
def world(tmp_path: Path, cloud: FakeCloud) -> Iterator[World]:
    """An enrolled store with one ERP."""
    folder = tmp_path / "agent"
    made = World(folder, cloud, Clock(), {"list": ListPlugin()}, {})
    folder.mkdir()
    yield made
    for agent in made.agents:
        agent.close()


class Make:
    """Builders for tests, which cannot import this file when they run."""

    document = staticmethod(sale)
    replica = staticmethod(sample_replica)


@pytest.fixture
def make() -> type[Make]:
    return Make


class Eventually(Protocol):
    """Waits on a condition, never on time alone."""

    def __call__(self, condition: Callable[[], bool], seconds: float = 10.0) -> None: ...


def wait_for(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


@pytest.fixture
def eventually() -> Eventually:
    return wait_for


@pytest.fixture
def store(world: World) -> World:
    """A store that has pulled its replica."""
    agent = world.agent()
    agent.pull()
    return world
