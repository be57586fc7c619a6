"""What the spooler adds to a receipt's way to the printer, beside a bare asyncio relay doing the same way.

The receipt has a fiscal QR code and items, so it is journalled (fsync), tokenised and read as a sale; no agent is asked, for its
answer is awaited on purpose and has a bench of its own. Prints one JSON line: milliseconds a job, median.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from v5_spooler.config import PageConfig, PrinterConfig, SpoolerConfig
from v5_spooler.service import Service
from v5_spooler.testing import Sale, receipt

JOBS = 60


async def printer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError, asyncio.CancelledError):
        while data := await reader.read(65536):
            writer.write(b"\x00" * data.count(b"\x1dr\x01"))
    writer.close()


def relay(port: int) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        out_reader, out_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(pump(reader, out_writer), pump(out_reader, writer))

    return serve


async def measure(port: int, run: str) -> float:
    """Median of the time from a receipt's first byte to the printer's answer after its last."""
    times = []
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for number in range(JOBS):
        sale = Sale(
            f"FS {run}/{number}", datetime(2026, 11, 22, 10, tzinfo=UTC), [("Café", 2, 75, 13), ("Pão", 1, 219, 6), ("Vinho", 1, 899, 23)]
        )
        job = receipt(sale) + b"\x1dr\x01"
        start = time.perf_counter()
        writer.write(job)
        async with asyncio.timeout(10):
            await reader.readexactly(1)
        times.append(time.perf_counter() - start)
    writer.close()
    await writer.wait_closed()
    return statistics.median(times[5:]) * 1000


async def main() -> None:
    paper = await asyncio.start_server(printer, "127.0.0.1", 0)
    port = paper.sockets[0].getsockname()[1]
    bare = await asyncio.start_server(relay(port), "127.0.0.1", 0)
    with tempfile.TemporaryDirectory() as folder:
        till = PrinterConfig(name="bench", listen=0, target=f"127.0.0.1:{port}")
        config = SpoolerConfig(store="LIS", data=Path(folder), page=PageConfig(enabled=False), printer=(till,))
        async with Service(config).running() as service:
            relayed = bare.sockets[0].getsockname()[1]
            rounds = [(await measure(relayed, "B"), await measure(service.ports["bench"], f"S{number}")) for number in range(3)]
    for server in (bare, paper):
        server.close()
    baseline = min(base for base, _ in rounds)
    value = min(full for _, full in rounds)
    line = {"name": "spooler: added latency a receipt", "value": round(value - baseline, 3), "baseline": round(baseline, 3)}
    print(json.dumps(line | {"ratio": round(value / baseline, 2), "unit": "ms"}))


if __name__ == "__main__":
    asyncio.run(main())
