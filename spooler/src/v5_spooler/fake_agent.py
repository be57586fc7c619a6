"""A stand-in for the store agent's local hooks: counts what it is told, and can be slow or broken on purpose."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

__all__ = ["FakeAgent"]

_FOOTER: list[dict[str, Any]] = [
    {"text": "Clube V5", "align": "center", "bold": True, "large": True},
    {"text": "Ganhou 12 pontos, saldo 152", "align": "center"},
    {"text": "", "qr": "https://v5.example/c/2900000012345"},
]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A spooler that is killed hangs up in the middle: nothing to tell."""


class FakeAgent:
    """Answers commit, return and cancel once per `request_id`, as the real agent does.

    Attributes:
        calls: Every request, in order: (operation, body).
        effects: What it would have done to the ledger: request id to (operation, body), once each.
        delay: Seconds before each answer.
        status: Answer with this instead of 200.
    """

    def __init__(self, port: int = 0, token: str = "secret") -> None:  # noqa: S107 - a stand-in's token
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.effects: dict[str, tuple[str, dict[str, Any]]] = {}
        self.delay = 0.0
        self.status = 200
        self.receipt: list[dict[str, Any]] = list(_FOOTER)
        self.token = token
        agent = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                status, reply = agent.answer(self.path, self.headers.get("authorization", ""), body)
                data = json.dumps(reply).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = _Server(("127.0.0.1", port), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._lock = threading.Lock()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """For the spooler's configuration."""
        return f"http://127.0.0.1:{self.port}"

    def answer(self, path: str, authorization: str, body: bytes) -> tuple[int, dict[str, Any]]:
        """One request."""
        if self.delay:
            time.sleep(self.delay)
        operation = path.rpartition("/")[2]
        data = json.loads(body)
        with self._lock:
            self.calls.append((operation, data))
            if authorization != f"Bearer {self.token}":
                return 401, {"code": "unauthorized"}
            if self.status != 200:
                return self.status, {"code": "trouble", "detail": "on purpose"}
            known = data["request_id"] in self.effects
            self.effects.setdefault(data["request_id"], (operation, data))
        return 200, {"document": "x", "duplicate": known, "receipt": self.receipt, "provisional": False}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
