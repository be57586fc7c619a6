"""Processes of the demo: started with a log each, waited for by asking them, ended together."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import requests

_PATIENCE: Final = 60.0


class DemoError(Exception):
    """The demo cannot go on; the message says why and where to look."""


def free_port(wanted: int = 0) -> int:
    """`wanted` when nobody listens there, otherwise any free port."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return int(probe.getsockname()[1])
    raise DemoError("no free port on 127.0.0.1")


class Processes:
    """Starts commands and ends them all, whatever happens.

    Args:
        logs: Folder for one log file per process.
    """

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        logs.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        # Whoever loses patience now would leave half of them behind.
        before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            self.stop_all()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def log(self, name: str) -> Path:
        """Where a process writes."""
        return self._logs / f"{name}.log"

    def run(self, name: str, *command: str, env: Mapping[str, str] | None = None) -> str:
        """Runs a command to its end and returns what it printed.

        Raises:
            DemoError: It failed; the end of what it said is in the message.
        """
        done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **(env or {})}, check=False)
        if done.returncode:
            said = (done.stderr or done.stdout).strip()[-1500:]
            raise DemoError(f"{name} failed with exit {done.returncode}:\n{said}")
        return done.stdout

    def start(self, name: str, *command: str, env: Mapping[str, str] | None = None) -> None:
        """Starts a process that stays; Ctrl-C at the terminal is ours to handle, so it gets a group of its own."""
        with self.log(name).open("ab") as log:
            self._running[name] = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, **(env or {})}, start_new_session=True
            )

    def stop(self, name: str) -> None:
        """Ends one process politely, then firmly."""
        process = self._running.pop(name, None)
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def stop_all(self) -> None:
        """Ends everything, the newest first."""
        for name in reversed(list(self._running)):
            self.stop(name)

    def check(self) -> None:
        """Raises when a process has ended by itself."""
        for name, process in self._running.items():
            if process.poll() is not None:
                tail = self.log(name).read_text(encoding="utf-8", errors="replace").strip()[-1500:]
                raise DemoError(f"{name} ended by itself with exit {process.returncode}; its last words:\n{tail}")

    def wait_port(self, name: str, port: int) -> None:
        """Waits until something listens on the port."""
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            self.check()
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                return
            time.sleep(0.05)
        raise DemoError(f"{name} does not listen on port {port}; see {self.log(name)}")

    def wait_http(self, name: str, url: str) -> None:
        """Waits until the address answers with something else than a server error."""
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            self.check()
            with contextlib.suppress(requests.RequestException):
                if requests.get(url, timeout=2).status_code < 500:
                    return
            time.sleep(0.05)
        raise DemoError(f"{name} does not answer at {url}; see {self.log(name)}")
