"""The running spooler: journal, printers, the loop that sends sales, and the page."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from v5_core.errors import ConfigError, ConflictError, NotFoundError, RetryableError
from v5_spooler.config import PrinterConfig, SpoolerConfig
from v5_spooler.escpos.profiles import load_profile
from v5_spooler.escpos.tokens import tokenize
from v5_spooler.printing.agent import AgentClient
from v5_spooler.printing.journal import JobState, Journal, NewJob
from v5_spooler.printing.proxy import Printer
from v5_spooler.printing.sales import Sales
from v5_spooler.printing.store import Store
from v5_spooler.printing.virtual import VirtualPrinter
from v5_spooler.receipt.capture import Shop, read_sale
from v5_spooler.receipt.layout import load_layout

__all__ = ["Service"]

log = logging.getLogger("v5.spooler")
_HOUSEKEEPING: Final = 6 * 3600.0
_CONNECT: Final = 5.0


def _utc() -> datetime:
    return datetime.now(UTC)


@dataclass
class Service:
    """Everything that runs. Use `async with service.running():`.

    Attributes:
        ports: Printer name to the port it listens on.
    """

    config: SpoolerConfig
    now: Callable[[], datetime] = _utc
    printers: dict[str, Printer] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # Wrong profiles and layouts are said before anything listens.
        self._profiles = {printer.name: load_profile(printer.profile) for printer in self.config.printer}
        self._layouts = {printer.name: load_layout(printer.layout) if printer.layout else None for printer in self.config.printer}
        self.store = Store(self.config.data / "journal.db")
        agent = self.config.agent
        self.sales = Sales(self.store, AgentClient(agent.url, agent.token.get_secret_value()) if agent else None, self.now)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Service]:
        """Listens on every port until the block ends."""
        async with contextlib.AsyncExitStack() as stack:
            stack.callback(self.store.close)
            stack.callback(self.sales.close)
            await self.store.attempt(self._recover, None)
            for config in self.config.printer:
                await self._start(config, stack)
            for loop in (self.sales.run(), self._housekeeping()):
                task = asyncio.create_task(loop)
                stack.push_async_callback(_cancel, task)
            yield self

    async def _start(self, config: PrinterConfig, stack: contextlib.AsyncExitStack) -> None:
        profile = self._profiles[config.name]
        if config.target == "virtual":
            paper = VirtualPrinter(self.config.data / "gallery" / config.name, profile)
            await paper.start()
            stack.push_async_callback(paper.stop)
            target = (paper.host, paper.port)
        else:
            target = config.address
        shop = Shop(self.config.store, ZoneInfo(self.config.zone), config.till, self.config.currency)
        printer = Printer(config, profile, self._layouts[config.name], shop, self.store, self.sales, target, self.now)
        connections: set[asyncio.Task[None]] = set()

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            if task is not None:
                connections.add(task)
                task.add_done_callback(connections.discard)
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await printer.serve(reader, writer)

        try:
            server = await asyncio.start_server(accept, config.host, config.listen)
        except OSError as error:
            raise ConfigError(f"printer {config.name}: cannot listen on {config.host}:{config.listen}: {error.strerror}") from error

        async def stop() -> None:
            server.close()
            for task in list(connections):
                task.cancel()
            await asyncio.gather(*connections, *printer.tasks, return_exceptions=True)
            await server.wait_closed()

        stack.push_async_callback(stop)
        self.ports[config.name] = server.sockets[0].getsockname()[1]
        self.printers[config.name] = printer
        log.info("printer %s listens on %s:%d", config.name, config.host, self.ports[config.name])

    def _recover(self, journal: Journal) -> None:
        # A sale whose receipt was cut off by a crash is a sale all the same: the document was issued before it was printed.
        now = self.now()
        zone = ZoneInfo(self.config.zone)
        for number in journal.recover(now):
            row = journal.job(number)
            name = row.printer if row else ""
            if name not in self._profiles:
                continue
            profile, config = self._profiles[name], next(p for p in self.config.printer if p.name == name)
            shop = Shop(self.config.store, zone, config.till, self.config.currency)
            tokens = tokenize(journal.original(number), profile.lengths)
            capture = read_sale(tokens, profile, self._layouts[name], shop, datetime.fromisoformat(row.arrived_at) if row else now)
            if capture:
                journal.keep_capture(capture, number, now)

    async def _housekeeping(self) -> None:
        while True:
            await self.store.prune(self.now() - timedelta(days=self.config.keep_days))
            await asyncio.sleep(_HOUSEKEEPING)

    async def mark(self, job: int, state: JobState) -> None:
        """A person says what became of an unconfirmed job."""
        row = await self.store.do(lambda journal: journal.job(job))
        if row is None:
            raise NotFoundError("no such job")
        if row.state not in {JobState.UNCONFIRMED, JobState.FAILED}:
            raise ConflictError("only an unconfirmed or failed job can be marked")
        await self.store.do(lambda journal: journal.note(job, state, now=self.now(), note="marked by a person"))

    async def resend(self, job: int) -> int:
        """A person wants the job printed again; the new job's number."""
        row = await self.store.do(lambda journal: journal.job(job))
        if row is None:
            raise NotFoundError("no such job")
        printer = self.printers.get(row.printer)
        if printer is None:
            raise ConflictError("that printer is no longer configured")
        data = await self.store.do(lambda journal: journal.printed(job))
        now = self.now()
        new = NewJob(row.printer, "page", now, resent_of=job)
        number = await self.store.do(lambda journal: journal.write(new, None, [data], now=now, states=[JobState.SENDING]))
        await self.store.do(lambda journal: journal.finish(number, b"", kind=row.kind, note="resent by a person", capture=None, now=now))
        try:
            async with asyncio.timeout(_CONNECT):
                _, writer = await asyncio.open_connection(*printer.target)
        except (OSError, TimeoutError):
            await self.store.do(lambda journal: journal.note(number, JobState.FAILED, now=now, note="the printer does not answer"))
            raise RetryableError("the printer does not answer") from None
        try:
            writer.write(data)
            await writer.drain()
            writer.write_eof()
            await self.store.do(lambda journal: journal.settle(number, JobState.PRINTED, now=now, evidence="delivered"))
        except OSError:
            await self.store.do(lambda journal: journal.note(number, JobState.UNCONFIRMED, now=now, note="the printer hung up"))
            raise RetryableError("the printer hung up") from None
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        return number


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
