"""Several processes on one port: each answers, one keeps house, limits and revocations hold in all, and all end together."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, create_engine, text
from typer.testing import CliRunner

from v5_cloud.cli import app
from v5_cloud.kit.settings import Settings

COMMAND = Path(sys.executable).parent / "v5-cloud"
only_postgres = pytest.mark.parametrize("database_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)


def until(condition: Callable[[], Any], seconds: float = 60) -> Any:
    """Waits until something is true and gives it."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)
    return found


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


class Fleet:
    """`v5-cloud serve --workers 2` and a look at its processes."""

    def __init__(self, url: str, folder: Path, **settings: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.env = {**os.environ, "V5_DATABASE_URL": url, **settings}
        out = subprocess.run([COMMAND, "sample"], env=self.env, capture_output=True, check=True, timeout=120)
        self.sample: dict[str, Any] = json.loads(out.stdout)
        self.engine: Engine = create_engine(Settings(database_url=url).sqlalchemy_url, isolation_level="AUTOCOMMIT")
        self.log = (folder / "log").open("w+b")
        command: list[str | Path] = [COMMAND, "serve", "--workers", "2", "--port", str(self.port)]
        self.process = subprocess.Popen(command, env=self.env, stdout=self.log, stderr=self.log)
        until(self._ready)

    def _ready(self) -> bool:
        assert self.process.poll() is None, "the service ended by itself"
        return len(self.workers()) == 2 and self.said().count(b"Application startup complete") == 2

    def said(self) -> bytes:
        return Path(self.log.name).read_bytes()

    def workers(self) -> list[int]:
        """The serving processes: the parent's children without multiprocessing's resource tracker."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text(encoding="ascii").split()
        commands = {int(one): Path(f"/proc/{one}/cmdline").read_bytes() for one in children if alive(int(one))}
        return [one for one, command in commands.items() if b"resource_tracker" not in command]

    def client_of(self, worker: int) -> httpx.Client:
        """A connection that this worker serves: nobody else is awake to accept it."""
        others = [one for one in self.workers() if one != worker]
        for one in others:
            os.kill(one, signal.SIGSTOP)
        try:
            client = httpx.Client(base_url=self.url, timeout=20)
            assert client.get("/v1/health").status_code == 200
        finally:
            for one in others:
                os.kill(one, signal.SIGCONT)
        return client

    def housekeepers(self) -> list[int]:
        """Processes that hold the housekeeping lock, as the database sees them."""
        sql = "SELECT application_name FROM pg_stat_activity JOIN pg_locks USING (pid) WHERE locktype = 'advisory' AND classid = 22069"
        with self.engine.connect() as connection:
            return [int(name.rsplit(" ", 1)[1]) for name in connection.scalars(text(sql)) if "housekeeping" in name]

    def run(self, sql: str) -> None:
        with self.engine.connect() as connection:
            connection.execute(text(sql))

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=30)
        self.engine.dispose()
        self.log.close()


@pytest.fixture
def fleet(database_url: str, tmp_path: Path) -> Iterator[Callable[..., Fleet]]:
    """Starts services; they end with the test."""
    started: list[Fleet] = []

    def start(**settings: str) -> Fleet:
        started.append(Fleet(database_url, tmp_path, **settings))
        return started[-1]

    yield start
    for one in started:
        one.close()


def auth(fleet: Fleet) -> dict[str, str]:
    return {"authorization": f"Bearer {fleet.sample['api_key']}"}


@only_postgres
@pytest.mark.feature("NX-11")
def test_two_workers_answer_one_keeps_house_and_all_end_together(fleet: Callable[..., Fleet]) -> None:
    service = fleet(V5_HOUSEKEEPING_SECONDS="1")
    first, second = service.workers()
    clients = [service.client_of(first), service.client_of(second)]
    customer = service.sample["customers"][0]
    for client in clients:
        assert client.get(f"/v1/customers/{customer['id']}", headers=auth(service)).status_code == 200
        client.close()
    keeper = until(service.housekeepers)
    assert len(keeper) == 1
    assert keeper[0] in (first, second)

    os.kill(keeper[0], signal.SIGKILL)
    # Nobody notices: the other goes on, takes over the house, and a new one joins it.
    for _ in range(5):
        assert httpx.get(f"{service.url}/v1/health", timeout=20).status_code == 200
    heir = until(lambda: [one for one in service.housekeepers() if one != keeper[0]])
    assert len(heir) == 1
    workers = until(lambda: len(service.workers()) == 2 and service.workers())
    assert keeper[0] not in workers

    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(timeout=30) == 0
    assert not any(alive(one) for one in workers)
    until(lambda: not service.housekeepers())
    assert b"Traceback" not in service.said()


@only_postgres
def test_no_worker_outlives_the_parent(fleet: Callable[..., Fleet]) -> None:
    service = fleet()
    workers = service.workers()
    service.process.kill()
    service.process.wait(timeout=10)
    until(lambda: not any(alive(one) for one in workers))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", service.port))


@only_postgres
@pytest.mark.feature("NX-11")
def test_workers_are_replaced_one_by_one_and_every_request_is_answered(fleet: Callable[..., Fleet]) -> None:
    service = fleet()
    old = service.workers()
    service.process.send_signal(signal.SIGHUP)

    def replaced() -> bool:
        # Each on a connection of its own, as callers that come and go.
        assert httpx.get(f"{service.url}/v1/health", timeout=20).status_code == 200
        return not any(alive(one) for one in old)

    until(replaced, seconds=120)
    assert len(service.workers()) == 2
    assert httpx.get(f"{service.url}/v1/health", timeout=20).status_code == 200


@only_postgres
def test_limits_hold_over_all_workers(fleet: Callable[..., Fleet]) -> None:
    service = fleet(V5_AUTH_FAILURE_RATE="10/minute", V5_MACHINE_RATE="200/minute")
    clients = [service.client_of(one) for one in service.workers()]
    path = f"/v1/customers/{service.sample['customers'][0]['id']}"
    given = [clients[number % 2].get(path, headers=auth(service)).status_code for number in range(240)]
    assert set(given) == {200, 429}
    assert 190 <= given.count(200) <= 200
    wrong = {"authorization": "Bearer v5_nobody_secret"}
    refused = [clients[number % 2].get(path, headers=wrong).status_code for number in range(30)]
    # Each process but one may learn of it by one attempt more, which is answered as the others after it.
    assert refused[:10] == [401] * 10
    assert set(refused[10:]) == {429}
    for client in clients:
        client.close()


@only_postgres
def test_a_revoked_key_is_dead_in_every_worker_within_five_seconds(fleet: Callable[..., Fleet]) -> None:
    service = fleet()
    clients = [service.client_of(one) for one in service.workers()]
    path = f"/v1/customers/{service.sample['customers'][0]['id']}"
    assert [client.get(path, headers=auth(service)).status_code for client in clients] == [200, 200]
    service.run("SELECT set_config('v5.tenant', '*', false); UPDATE api_key SET revoked_at = now()")
    revoked = time.monotonic()
    for client in clients:
        until(lambda client=client: client.get(path, headers=auth(service)).status_code == 401, seconds=15)  # type: ignore[misc]
    assert time.monotonic() - revoked < 7, "five seconds, and two for a busy machine"
    for client in clients:
        client.close()


def test_sqlite_is_for_one_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("V5_DATABASE_URL", f"sqlite:///{tmp_path / 'v5.sqlite'}")
    reply = CliRunner().invoke(app, ["serve", "--workers", "2"])
    assert reply.exit_code == 1
    assert "PostgreSQL" in reply.stderr
