"""kill -9 of the spooler while receipts flow: each acknowledged sale is committed once, no receipt is printed twice."""

import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from v5_spooler.fake_agent import FakeAgent
from v5_spooler.testing import Sale, receipt

ROUNDS = int(os.environ.get("V5_CRASH_ROUNDS", "3"))


class Printer:
    """Paper that cannot be taken back: keeps the bytes of every connection, answers GS r 1."""

    def __init__(self) -> None:
        self.papers: list[bytearray] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._threads: list[threading.Thread] = []
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            paper = bytearray()
            self.papers.append(paper)
            thread = threading.Thread(target=self._serve, args=(connection, paper), daemon=True)
            thread.start()
            self._threads.append(thread)

    def _serve(self, connection: socket.socket, paper: bytearray) -> None:
        with connection:
            try:
                while data := connection.recv(65536):
                    paper += data
                    connection.sendall(b"\x00" * data.count(b"\x1dr\x01"))
            except OSError:
                return

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._accepting.join()
        for thread in self._threads:
            thread.join(5)

    @property
    def numbers(self) -> list[str]:
        return re.findall(r"\*G:(FS K/\d+)\*", b"\n".join(map(bytes, self.papers)).decode("latin-1"))


def start(config: Path) -> tuple[subprocess.Popen[str], int]:
    process = subprocess.Popen(
        [sys.executable, "-c", "from v5_spooler.cli import app; app()", "run", "-c", str(config)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    for line in process.stdout:
        if match := re.search(r"port (\d+)", line):
            return process, int(match[1])
    raise AssertionError("the spooler did not start")


def stop(process: subprocess.Popen[str], how: int) -> None:
    process.send_signal(how)
    process.wait(20)
    if process.stdout:
        process.stdout.close()


def sell(port: int, number: int, acknowledged: set[str]) -> bool:
    sale = Sale(f"FS K/{number}", datetime(2026, 11, 22, 10, tzinfo=UTC), [("Café", 1, 75, 13), ("Pão", 2, 120, 6)])
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as till:
            till.settimeout(10)
            till.sendall(receipt(sale) + b"\x1dr\x01")
            if till.recv(1) == b"\x00":
                acknowledged.add(sale.number)
                return True
    except OSError:
        return False
    return False


@pytest.mark.crash
@pytest.mark.feature("V5-06")
@pytest.mark.feature("NX-01")
@pytest.mark.timeout(60 + 15 * ROUNDS)
def test_every_acknowledged_sale_is_committed_once_and_nothing_prints_twice(tmp_path: Path) -> None:
    chance, acknowledged, number = random.Random(5), set[str](), 0
    printer = Printer()
    with FakeAgent() as agent:
        config = tmp_path / "spooler.toml"
        config.write_text(
            f'store = "LIS"\n[agent]\nurl = "{agent.url}"\ntoken = "secret"\n[page]\nenabled = false\n'
            f'[[printer]]\nname = "till-1"\nlisten = 0\ntarget = "127.0.0.1:{printer.port}"\ndeadline_ms = 200\n'
        )
        for _ in range(ROUNDS):
            agent.delay = chance.choice([0.0, 0.02, 0.3])
            process, port = start(config)
            killer = threading.Timer(chance.uniform(0.05, 0.9), process.send_signal, [signal.SIGKILL])
            killer.start()
            while process.poll() is None:
                number += 1
                sell(port, number, acknowledged)
            killer.join()
            stop(process, signal.SIGKILL)
        agent.delay = 0.0
        process, port = start(config)
        number += 1
        assert sell(port, number, acknowledged)
        deadline = time.monotonic() + 30
        committed: list[str] = []
        while time.monotonic() < deadline and not acknowledged <= set(committed):
            committed = [body["document"]["fiscal"]["number"] for _, body in list(agent.effects.values())]
            time.sleep(0.05)
        stop(process, signal.SIGTERM)
    printer.close()
    committed = [body["document"]["fiscal"]["number"] for _, body in agent.effects.values()]
    assert acknowledged <= set(committed)
    assert len(committed) == len(set(committed)), "one effect a document"
    assert len(printer.numbers) == len(set(printer.numbers)), "no receipt on paper twice"
    assert acknowledged <= set(printer.numbers)
