"""kill -9 at random points with sales flowing: every document of the ERP and of the till arrives, none is lost, none is doubled.

A real `v5-agent run` in its own process, a real plugin found by entry point, a cloud that records. V5_CRASH_ROUNDS says how often.
"""

from __future__ import annotations

import base64
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests

from v5_agent import identity as identities
from v5_core import signing
from v5_core.push import Replica

ROUNDS = int(os.environ.get("V5_CRASH_ROUNDS", "3"))
PLUGIN = '''
"""An ERP that is an SQLite table: rows with a time that repeats and a key that does not."""
import sqlite3
from datetime import UTC, datetime, timedelta

from v5_core.model import DocumentKind, FiscalKey, Line, Origin, SalesDocument
from v5_core.plugins import Batch, Capability, CheckResult, Manifest, PluginConfig, Support, SupportLevel


class Config(PluginConfig):
    path: str


class Plugin:
    manifest = Manifest("crashy", "Crash ERP", "tests", "1", Config, {Capability.READ_DOCUMENTS: Support(SupportLevel.FULL)})

    def check(self, config, *, now):
        return CheckResult(ok=True)

    def read(self, stream, cursor, limit, *, config, now):
        with sqlite3.connect(f"file:{config.path}?mode=ro", uri=True, timeout=10) as erp:
            start = cursor["id"] if cursor else 0
            rows = erp.execute("SELECT id, gross FROM sale WHERE id > ? ORDER BY id LIMIT ?", (start, limit)).fetchall()
        erp.close()
        records = tuple(document(number, gross) for number, gross in rows)
        return Batch(records, {"id": rows[-1][0]} if rows else cursor, complete=len(rows) < limit)

    def acknowledge(self, stream, cursor, *, config):
        return None

    def receipt_layouts(self):
        return ()


def document(number, gross):
    return SalesDocument(
        source="crashy", source_id=f"erp-{number}", origin=Origin.ERP, kind=DocumentKind.SALE,
        fiscal=FiscalKey(issuer="501442600", number=f"FT E/{number}"), store="LX1",
        issued_at=datetime(2026, 11, 20, 9, 0, tzinfo=UTC) + timedelta(seconds=number // 3), currency="EUR",
        lines=(Line(line_id="1", product="A", gross=gross, net=gross),), gross=gross, net=gross,
    )


plugin = Plugin()
'''


class Cloud:
    """Counts what arrives; now and then it takes a batch and dies before answering."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.keys: dict[str, bytes] = {}
        self.documents: dict[str, set[str]] = {}
        self.events: dict[str, dict[str, Any]] = {}
        self.silent = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                answer = outer.answer(self.path, self.headers, body)
                if answer is None:
                    self.close_connection = True
                    return
                status, data = answer
                raw = json.dumps(data).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *_: object) -> None:
                return

            def handle_one_request(self) -> None:
                try:
                    super().handle_one_request()
                except (ConnectionError, TimeoutError):
                    self.close_connection = True

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: object, client_address: object) -> None:
                """The agent is killed mid-request on purpose."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def answer(self, path: str, headers: Message, body: bytes) -> tuple[int, dict[str, Any]] | None:
        data = json.loads(body)
        if path == "/v1/agents/enrol":
            self.keys["a1"] = base64.b64decode(data["public_key"])
            return 200, {"agent": "a1", "tenant": "t", "company": "c", "store": "LX1", "config": {}}
        signing.verify(
            self.keys["a1"], headers["webhook-id"], int(headers["webhook-timestamp"]), body, headers["webhook-signature"], now=time.time()
        )
        now = datetime.now(UTC).isoformat()
        if path == "/v1/push":
            with self.lock:
                results = [self._take(event) for event in data["events"]]
                if random.random() < 0.2:
                    self.silent += 1
                    return None
            return 200, {"results": results, "server_time": now}
        if path == "/v1/replica":
            return 200, json.loads(Replica(version=1, complete=True).model_dump_json())
        if path == "/v1/agents/heartbeat":
            return 200, {"server_time": now}
        return 503, {"code": "busy"}

    def _take(self, event: dict[str, Any]) -> dict[str, str]:
        known = event["event_id"] in self.events
        self.events[event["event_id"]] = event
        self.documents.setdefault(event["aggregate"], set()).add(event["event_id"])
        return {"event_id": event["event_id"], "status": "duplicate" if known else "accepted"}


class Erp:
    """The shop's database: a sale a few milliseconds, until it is told to stop."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.stop = threading.Event()
        self.sold = 0
        with sqlite3.connect(path) as erp:
            erp.execute("CREATE TABLE sale (id INTEGER PRIMARY KEY, gross INTEGER NOT NULL)")
        erp.close()
        self.thread = threading.Thread(target=self._sell)
        self.thread.start()

    def _sell(self) -> None:
        erp = sqlite3.connect(self.path, timeout=10)
        while not self.stop.wait(0.01):
            erp.execute("INSERT INTO sale (gross) VALUES (?)", (random.randint(1, 9999),))
            erp.commit()
            self.sold += 1
        erp.close()


def start(folder: Path, site: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(site), "V5_AGENT_DATA": str(folder)}
    (folder / "run.json").unlink(missing_ok=True)
    command = [sys.executable, "-c", "from v5_agent.cli import app; app()", "run", "--quiet", "--port", "0"]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def port_of(folder: Path, process: subprocess.Popen[bytes]) -> int:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, "the agent ended by itself: see agent.log"
        try:
            return int(json.loads((folder / "run.json").read_text())["port"])
        except (OSError, ValueError):
            time.sleep(0.02)
    raise AssertionError("the agent did not come up")


def sell_at_the_till(port: int, token: str, acknowledged: set[str], until: float) -> None:
    """Sales through the hook; only those that were answered count as acknowledged."""
    while time.monotonic() < until:
        number = f"T{random.getrandbits(48)}"
        document = {
            "source": "till", "source_id": number, "origin": "hook", "kind": "sale", "store": "LX1", "issued_at": "2026-11-20T10:00:00Z",
            "fiscal": {"issuer": "501442600", "number": f"FS T/{number}"}, "gross": "1.00", "net": "1.00",
        }  # fmt: skip
        body = json.dumps({"request_id": number, "document": document})
        try:
            reply = requests.post(f"http://127.0.0.1:{port}/v1/hooks/commit", body, headers={"Authorization": f"Bearer {token}"}, timeout=5)
        except requests.RequestException:
            return  # killed
        if reply.status_code == 200:
            acknowledged.add(reply.json()["document"])


@pytest.mark.crash
@pytest.mark.feature("NX-03")
@pytest.mark.timeout(120 + ROUNDS * 30)
def test_killed_at_random_points_nothing_is_lost_and_nothing_doubled(tmp_path: Path) -> None:
    site, folder = tmp_path / "site", tmp_path / "agent"
    (site / "v5_crashy-1.dist-info").mkdir(parents=True)
    (site / "v5_crashy.py").write_text(PLUGIN)
    (site / "v5_crashy-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: v5-crashy\nVersion: 1\n")
    (site / "v5_crashy-1.dist-info" / "entry_points.txt").write_text("[v5.plugins]\ncrashy = v5_crashy:plugin\n")
    folder.mkdir()
    cloud, erp = Cloud(), Erp(tmp_path / "erp.db")
    identities.enrol(folder, cloud.url, "CODE", "crash", datetime.now(UTC))
    settings = (
        '[hooks]\ntoken = "crash"\nanswer_ms = 50\n[timing]\npoll = 0.05\nsend = 0.02\nprobe = 0.1\nrecovery_jitter = 0\n'
        f'[[source]]\nslug = "crashy"\nlimit = 7\nconfig = {{ path = {json.dumps(str(tmp_path / "erp.db"))} }}\n'
    )
    (folder / "agent.toml").write_text(settings)
    acknowledged: set[str] = set()
    process = None
    try:
        for _ in range(ROUNDS):
            process = start(folder, site)
            port = port_of(folder, process)
            life = random.uniform(0.2, 1.5)
            selling = threading.Thread(target=sell_at_the_till, args=(port, "crash", acknowledged, time.monotonic() + life + 5))
            selling.start()
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(life)
            process.send_signal(signal.SIGKILL)
            process.wait()
            selling.join()
        erp.stop.set()
        erp.thread.join()
        process = start(folder, site)
        port = port_of(folder, process)
        deadline = time.monotonic() + 60
        while True:
            reply = requests.post(f"http://127.0.0.1:{port}/v1/admin/poll", headers={"Authorization": "Bearer crash"}, timeout=30).json()
            if reply["queue_depth"] == 0 and not reply["polled"]["crashy"]["problem"] and not reply["sent"]["problem"]:
                break
            assert time.monotonic() < deadline, reply
        process.terminate()
        assert process.wait(20) == 0, "asked to end, it ends in order"
        assert not (folder / "run.json").exists()
    finally:
        erp.stop.set()
        erp.thread.join()
        if process and process.poll() is None:
            process.kill()
            process.wait()
        cloud.server.shutdown()
        cloud.server.server_close()
    expected = {f"fiscal:501442600:FT E/{number}" for number in range(1, erp.sold + 1)}
    arrived = set(cloud.documents)
    assert erp.sold > 20 * ROUNDS
    assert len(acknowledged) > ROUNDS
    assert expected - arrived == set(), "lost"
    assert acknowledged - arrived == set(), "a sale that was answered is lost"
    assert {name for name, ids in cloud.documents.items() if len(ids) > 1} == set(), "doubled: two event ids for one document"
    with sqlite3.connect(folder / "outbox.db") as outbox:
        assert outbox.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        assert outbox.execute("SELECT count(*) FROM outbox WHERE state <> 'sent'").fetchone()[0] == 0
    outbox.close()
