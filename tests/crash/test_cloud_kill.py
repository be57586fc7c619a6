"""kill -9 of `v5-cloud serve` with pushes flowing: what was acknowledged counts exactly once."""

from __future__ import annotations

import base64
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from v5_cloud.kit.container import build
from v5_cloud.kit.settings import Settings
from v5_cloud.kit.tenant import Scope
from v5_cloud.ledger.checks import check
from v5_cloud.sales.service import list_sales
from v5_core.signing import generate_key, signed_headers

ROUNDS = int(os.environ.get("V5_CRASH_ROUNDS", "3"))
BATCH = 10


class Cloud:
    """The service as a process that dies and comes back on the same port."""

    def __init__(self, folder: Path) -> None:
        self.command = Path(sys.executable).parent / "v5-cloud"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.settings = Settings(database_url=f"sqlite:///{folder / 'v5.sqlite'}")
        self.env = {**os.environ, "V5_DATABASE_URL": self.settings.database_url}
        self.log = (folder / "log").open("wb")
        out = subprocess.run([self.command, "sample"], env=self.env, capture_output=True, check=True, timeout=120)
        self.sample = json.loads(out.stdout)

    def start(self) -> None:
        self.process = subprocess.Popen([self.command, "serve", "--port", str(self.port)], env=self.env, stdout=self.log, stderr=self.log)
        end = time.monotonic() + 60
        while True:
            try:
                httpx.get(f"{self.url}/v1/health", timeout=2).raise_for_status()
                return
            except httpx.HTTPError:
                assert self.process.poll() is None, "the service ended by itself"
                assert time.monotonic() < end
                time.sleep(0.05)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=10)


class Pusher(threading.Thread):
    """An agent that sends until it is told to stop, and repeats whatever was not acknowledged."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(daemon=True)
        self.cloud, self.stop, self.sent = cloud, threading.Event(), 0
        self.acknowledged: set[str] = set()
        self.private, public = generate_key()
        body = {"code": cloud.sample["enrol_codes"]["LX1"], "public_key": base64.b64encode(public).decode(), "name": "crash"}
        self.agent = httpx.post(f"{cloud.url}/v1/agents/enrol", json=body, timeout=30).raise_for_status().json()["agent"]
        self.cards = [one["card"] for one in cloud.sample["customers"][:5]]

    def run(self) -> None:
        pending: list[dict[str, Any]] = []
        with httpx.Client(timeout=20) as client:
            while not self.stop.is_set() or pending:
                while len(pending) < BATCH and not self.stop.is_set():
                    pending.append(self._event())
                try:
                    results = self._send(client, pending)
                except httpx.HTTPError:
                    self.stop.wait(0.05)
                    continue
                done = {one["event_id"] for one in results if one["status"] in {"accepted", "duplicate"}}
                self.acknowledged |= done
                pending = [one for one in pending if one["event_id"] not in done]

    def _event(self) -> dict[str, Any]:
        self.sent += 1
        now = datetime.now(UTC).isoformat()
        line = {"line_id": "1", "product": "CAFE-250", "family": "mercearia", "gross": "1.00", "net": "1.00"}
        document = {
            "source": "phc",
            "source_id": f"d{self.sent}",
            "origin": "erp",
            "kind": "sale",
            "store": "LX1",
            "issued_at": now,
            "customer": {"card": self.cards[self.sent % len(self.cards)]},
            "lines": [line],
            "gross": "1.00",
            "net": "1.00",
        }
        return {"event_id": f"e{self.sent}", "type": "document", "aggregate": f"d{self.sent}", "captured_at": now, "document": document}

    def _send(self, client: httpx.Client, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        raw = json.dumps({"agent": self.agent, "sequence": self.sent, "events": events}).encode()
        stamp, name = int(time.time()), f"m{self.sent}-{time.monotonic_ns()}"
        headers = signed_headers(self.agent, self.private, name, stamp, raw) | {"content-type": "application/json"}
        reply = client.post(f"{self.cloud.url}/v1/push", content=raw, headers=headers)
        reply.raise_for_status()
        found: list[dict[str, Any]] = reply.json()["results"]
        return found


@pytest.mark.crash
@pytest.mark.timeout(120 + 30 * ROUNDS)
def test_kill_nine_while_sales_flow(tmp_path: Path) -> None:
    chance = random.Random(7)
    cloud = Cloud(tmp_path)
    cloud.start()
    pusher = Pusher(cloud)
    pusher.start()
    try:
        for _ in range(ROUNDS):
            before = len(pusher.acknowledged)
            end = time.monotonic() + 60
            while len(pusher.acknowledged) < before + BATCH:
                assert time.monotonic() < end, "nothing was acknowledged after the restart"
                time.sleep(0.01)
            pusher.stop.wait(chance.uniform(0, 0.4))
            cloud.kill()
            cloud.start()
        pusher.stop.set()
        pusher.join(timeout=60)
        assert not pusher.is_alive()
    finally:
        pusher.stop.set()
        cloud.kill()
        cloud.log.close()
    assert len(pusher.acknowledged) == pusher.sent
    held = build(cloud.settings)
    try:
        scope = Scope(cloud.sample["tenant"], cloud.sample["company"])
        numbers, cursor, points = [], None, 0
        while True:
            page = list_sales(held, scope, cursor=cursor, limit=200)
            numbers += [one.number for one in page.items]
            points += sum(one.points_earned for one in page.items)
            cursor = page.next_cursor
            if cursor is None:
                break
        assert sorted(numbers) == sorted(f"d{number}" for number in range(1, pusher.sent + 1))
        assert points == pusher.sent * 1000
        assert check(held).differences == []
    finally:
        held.database.dispose()
