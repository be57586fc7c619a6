"""A spooler between a till and a printer that keeps what it gets, and the sales that go through it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import pytest

from v5_spooler.config import AgentConfig, PrinterConfig, SpoolerConfig
from v5_spooler.fake_agent import FakeAgent
from v5_spooler.service import Service
from v5_spooler.testing import Sale

LISBON = ZoneInfo("Europe/Lisbon")


class MakeSale(Protocol):
    """A sale; `changes` are fields of `Sale`."""

    def __call__(self, number: int = 1, **changes: Any) -> Sale: ...


class OpenBench(Protocol):
    """Opens a bench; `printer` are fields of `PrinterConfig`."""

    def __call__(self, agent_url: str = "", **printer: Any) -> contextlib.AbstractAsyncContextManager[Bench]: ...


@pytest.fixture
def agent() -> Iterator[FakeAgent]:
    with FakeAgent() as fake:
        yield fake


@pytest.fixture
def sale() -> MakeSale:
    def make(number: int = 1, **changes: Any) -> Sale:
        values: dict[str, Any] = {
            "number": f"{changes.get('document_type', 'FS')} V5A/{number}",
            "at": datetime(2026, 11, 22, 10, 5, tzinfo=LISBON),
            "items": [("Café expresso", 2, 75, 13), ("Pão de forma", 1, 219, 6), ("Vinho tinto Douro 0,75 L", 1, 899, 23)],
            "card": "2900000012345",
        }
        return Sale(**(values | changes))

    return make


@dataclass
class PaperPrinter:
    """Keeps every byte it gets; answers status questions; can be slow."""

    received: bytearray = field(default_factory=bytearray)
    connections: int = 0
    pause: float = 0.0
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.suppress(OSError, asyncio.CancelledError):
            while data := await reader.read(256 if self.pause else 65536):
                if self.pause:
                    await asyncio.sleep(self.pause)
                self.received += data
                for question, answer in ((b"\x10\x04\x01", b"\x16"), (b"\x1dr\x01", b"\x00")):
                    writer.write(answer * data.count(question))
                await writer.drain()
        writer.close()

    async def has(self, wanted: bytes, seconds: float = 10.0) -> bytes:
        async with asyncio.timeout(seconds):
            while wanted not in self.received:
                await asyncio.sleep(0.005)
        return bytes(self.received)


@dataclass
class Bench:
    service: Service
    paper: PaperPrinter
    port: int

    async def till(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def send(self, data: bytes) -> None:
        reader, writer = await self.till()
        writer.write(data)
        writer.write_eof()
        async with asyncio.timeout(20):
            await reader.read()
        writer.close()
        await writer.wait_closed()

    async def until(self, check: Callable[[], bool], seconds: float = 10.0) -> None:
        async with asyncio.timeout(seconds):
            while not check():
                await asyncio.sleep(0.01)


@pytest.fixture
def bench(tmp_path: Path) -> OpenBench:
    """A spooler between a till and a paper printer."""

    @contextlib.asynccontextmanager
    async def open_bench(agent_url: str = "", **printer: Any) -> AsyncIterator[Bench]:
        paper = PaperPrinter()
        server = await asyncio.start_server(paper.serve, "127.0.0.1", 0)
        paper.port = server.sockets[0].getsockname()[1]
        settings = {"name": "till-1", "listen": 0, "target": f"127.0.0.1:{paper.port}", "deadline_ms": 3000, "idle_ms": 400} | printer
        config = SpoolerConfig(
            store="LIS",
            data=tmp_path,
            agent=AgentConfig(url=agent_url, token="secret") if agent_url else None,
            printer=(PrinterConfig(**settings),),
        )
        service = Service(config)
        try:
            async with service.running():
                yield Bench(service, paper, service.ports["till-1"])
        finally:
            server.close()
            await server.wait_closed()

    return open_bench
