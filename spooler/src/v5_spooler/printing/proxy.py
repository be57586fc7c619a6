"""One printer's port: a live two-way relay that reads the jobs as they pass.

Bytes go on as they come; only the last feeds and the cut of a receipt wait, at most for the footer's deadline. Whatever goes
wrong in here (parsing, journal, agent), the till's bytes reach the printer unchanged.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import re
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from v5_spooler.config import PrinterConfig
from v5_spooler.escpos.modes import Modes
from v5_spooler.escpos.profiles import Profile
from v5_spooler.printing.agent import Answer, footer_lines
from v5_spooler.printing.journal import CaptureRow, JobState, Journal, NewJob
from v5_spooler.printing.replies import ReplyFilter
from v5_spooler.printing.sales import Sales
from v5_spooler.printing.store import Store
from v5_spooler.printing.stream import End, Job, JobStream, Send, Step
from v5_spooler.receipt.capture import Capture, Shop, read_sale
from v5_spooler.receipt.footer import compose_footer
from v5_spooler.receipt.layout import Layout
from v5_spooler.receipt.raster import read_codes

__all__ = ["Connection", "Printer"]

log = logging.getLogger("v5.spooler")
_CHUNK: Final = 65536
# An unfinished command waits this long for its other bytes before it goes out as it is.
_PARTIAL: Final = 0.25
_CONNECT: Final = 5.0
_PROOF: Final = 8.0
_LINGER: Final = 5.0
_REALTIME: Final = re.compile(rb"(?:\x10[\x04\x05].)+", re.DOTALL)


@dataclass
class Printer:
    """A configured printer: what its connections share."""

    config: PrinterConfig
    profile: Profile
    layout: Layout | None
    shop: Shop
    store: Store
    sales: Sales
    target: tuple[str, int]
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    modes: Modes = field(default_factory=Modes)
    tasks: set[asyncio.Task[Any]] = field(default_factory=set)
    problem: str = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One till's connection, from its first byte to its last."""
        try:
            async with asyncio.timeout(_CONNECT):
                out_reader, out_writer = await asyncio.open_connection(*self.target)
            self.problem = ""
        except (OSError, TimeoutError):
            # The till must see what it would see without us: no printer.
            self.problem = "the printer does not answer"
            log.warning("printer %s does not answer", self.config.name)
            writer.transport.abort()
            return
        peer = ":".join(map(str, (writer.get_extra_info("peername") or ("?", 0))[:2]))
        connection = Connection(self, peer, reader, writer, out_reader, out_writer)
        try:
            await connection.run()
        finally:
            for stream in (writer, out_writer):
                stream.close()
                with contextlib.suppress(OSError):
                    await stream.wait_closed()

    def background(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """A task that outlives the connection."""
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task


@dataclass(slots=True)
class _Open:
    """The job under way in the journal: its row, and what was counted of it."""

    row: int | None = None
    sent: int = 0


class Connection:
    """A till on one side, the printer on the other."""

    def __init__(
        self,
        printer: Printer,
        peer: str,
        till_in: asyncio.StreamReader,
        till_out: asyncio.StreamWriter,
        printer_in: asyncio.StreamReader,
        printer_out: asyncio.StreamWriter,
    ) -> None:
        self.printer, self.peer = printer, peer
        self.till_in, self.till_out, self.printer_in, self.printer_out = till_in, till_out, printer_in, printer_out
        self.stream = JobStream(printer.profile, printer.modes.copy())
        self.replies = ReplyFilter()
        self.open = _Open()
        self.plain = False
        self._read: asyncio.Task[bytes] | None = None
        self._backlog: list[bytes] = []
        self._unsent = bytearray()  # the till's bytes that have not gone out, for the case that something breaks in here

    async def run(self) -> None:
        """Relays until either side ends."""
        back = asyncio.create_task(self._relay_replies())
        forth = asyncio.create_task(self._relay_job())
        try:
            done, _ = await asyncio.wait({back, forth}, return_when=asyncio.FIRST_COMPLETED)
            if forth in done and forth.exception() is None:
                # The till has said all; the printer may still have something to answer.
                with contextlib.suppress(OSError):
                    self.printer_out.write_eof()
                await asyncio.wait({back}, timeout=_LINGER)
        finally:
            for task in (back, forth, *([self._read] if self._read else [])):
                task.cancel()
            await asyncio.gather(back, forth, *([self._read] if self._read else []), return_exceptions=True)
            if self.open.row is not None:
                await self._broken()

    async def _relay_replies(self) -> None:
        with contextlib.suppress(OSError):
            while data := await self.printer_in.read(_CHUNK):
                passed = self.replies.feed(data)
                if passed:
                    self.till_out.write(passed)
                    await self.till_out.drain()

    async def _relay_job(self) -> None:
        idle = self.printer.config.idle_ms / 1000
        quiet = 0.0
        while True:
            wait = _PARTIAL if quiet == 0.0 else max(idle - quiet, 0.01)
            data = await self._next(wait if self._unfinished else None)
            if data is None:
                quiet += wait
                await self._perform(self.stream.release() if quiet < idle else self.stream.finish())
                quiet = 0.0 if quiet >= idle else quiet
                continue
            quiet = 0.0
            if not data:
                break
            await self._accept(data)
        if not self.plain:
            await self._perform(self.stream.finish())

    @property
    def _unfinished(self) -> bool:
        return not self.plain and bool(self.stream.job.tokens or self.stream.waiting)

    async def _next(self, timeout: float | None) -> bytes | None:
        """The till's next bytes; None when none came in time. A read under way is kept for the next call."""
        if self._backlog:
            return self._backlog.pop(0)
        if self._read is None:
            self._read = asyncio.create_task(self.till_in.read(_CHUNK))
        done, _ = await asyncio.wait({self._read}, timeout=timeout)
        if not done:
            return None
        task, self._read = self._read, None
        try:
            return task.result()
        except OSError:
            return b""

    async def _accept(self, data: bytes) -> None:
        self._unsent += data
        if not self.plain:
            try:
                await self._perform(self.stream.feed(data))
                return
            except OSError:
                raise
            except Exception as error:  # noqa: BLE001 - fail open: an error of ours is never the till's
                log.error("jobs of %s pass unread: %s", self.printer.config.name, type(error).__name__)  # noqa: TRY400 - no job content in logs
                self.plain = True
        await self._write(bytes(self._unsent))
        self._unsent.clear()

    async def _perform(self, steps: list[Step]) -> None:
        """Journals everything at once, then acts in order."""
        if not steps:
            return
        found = [await self._read_sale(step.job) if isinstance(step, End) else None for step in steps]
        rows = await self._journal(steps, found)
        for index, step in enumerate(steps):
            if isinstance(step, Send):
                self.open.sent += len(step.data) if step.job else 0
                await self._write(step.data)
                del self._unsent[: len(step.data)]
            else:
                await self._end(step.job, found[index], rows[index])
        self.printer.modes = self.stream.modes.copy()

    async def _read_sale(self, job: Job) -> Capture | None:
        printer = self.printer
        try:
            if not job.printed:
                return None
            arrived = printer.now()
            raster: list[str] = []
            if not job.fiscal and any(token.name in {"GS v", "ESC *", "GS ( L", "GS 8 L"} for token in job.tokens):
                raster = await asyncio.get_running_loop().run_in_executor(None, read_codes, job.tokens, printer.profile)
            return read_sale(job.tokens, printer.profile, printer.layout, printer.shop, arrived, raster=raster)
        except Exception as error:  # noqa: BLE001 - fail open
            log.error("a job of %s could not be read: %s", printer.config.name, type(error).__name__)  # noqa: TRY400 - no job content in logs
            return None

    async def _journal(self, steps: list[Step], found: list[Capture | None]) -> list[_Ended | None]:
        now, new = self.printer.now(), NewJob(self.printer.config.name, self.peer, self.printer.now())
        start = self.open.row

        def work(journal: Journal) -> tuple[int | None, list[_Ended | None]]:
            row, ended = start, list[_Ended | None]()
            with journal.transaction():
                for step, capture in zip(steps, found, strict=True):
                    if isinstance(step, Send) and step.job is None:
                        ended.append(None)
                    elif isinstance(step, Send):
                        states = [JobState.SENDING] if row is None else []
                        row = journal.write(new, row, [step.data], now=now, states=states)
                        ended.append(None)
                    else:
                        row = row if row is not None else journal.write(new, None, [], now=now, states=[JobState.SENDING])
                        kind = "receipt" if capture else "other" if step.job.printed else "control"
                        note = "; ".join([step.job.obstacle] * bool(step.job.obstacle) + list(capture.findings if capture else ()))
                        fresh, known = journal.finish(row, step.job.tail, kind=kind, note=note, capture=capture, now=now)
                        ended.append(_Ended(row, fresh, known))
                        row = None
            return row, ended

        if all(isinstance(step, Send) and step.job is None for step in steps):
            return [None] * len(steps)
        failed: tuple[int | None, list[_Ended | None]] = (None, [None] * len(steps))
        self.open.row, rows = await self.printer.store.attempt(work, failed)
        return rows

    async def _end(self, job: Job, capture: Capture | None, ended: _Ended | None) -> None:
        """The tail, with the footer before it when there is one in time."""
        answer = await self._ask(job, capture, ended) if capture else None
        footer = self._footer(job, capture, ended, answer)
        at, self.open.sent = self.open.sent, 0
        proof = self._proof() if self.printer.profile.process_id and job.printed and not job.obstacle else b""
        expected = self.replies.expect(proof) if proof else None
        try:
            await self._write(footer + job.tail + proof)
        except OSError:
            if ended is not None:
                gone, when = ended.row, self.printer.now()
                self.printer.store.later(lambda journal: journal.note(gone, JobState.UNCONFIRMED, now=when, note="the printer hung up"))
            raise
        del self._unsent[: len(job.tail)]
        if ended is None:
            return
        row, now = ended.row, self.printer.now()
        if expected is None:
            self.printer.store.later(
                lambda journal: journal.settle(row, JobState.PRINTED, now=now, evidence="delivered", footer=footer, footer_at=at)
            )
        else:
            self.printer.background(self._await_proof(row, expected, footer, at))

    async def _ask(self, job: Job, capture: Capture, ended: _Ended | None) -> Answer | None:
        printer = self.printer
        if ended is not None and not ended.fresh:
            # A copy: counted once already. Its footer is printed only if none was before.
            known = ended.capture
            return Answer("committed", known.receipt) if known and known.state == "committed" and not known.footer_printed else None
        if not printer.sales.connected:
            return None
        if ended is None:
            printer.sales.keep(capture)
        task = printer.background(printer.sales.send(capture))
        if job.obstacle or not printer.config.footer:
            return None
        return await self._wait_for(task)

    async def _wait_for(self, task: asyncio.Task[Answer]) -> Answer | None:
        """The agent's answer, if it comes in time; the till's status questions go through meanwhile."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.printer.config.deadline_ms / 1000
        while not task.done() and (left := deadline - loop.time()) > 0:
            waiting: set[asyncio.Task[Any]] = {task}
            if not self._backlog:
                self._read = self._read or asyncio.create_task(self.till_in.read(_CHUNK))
                waiting.add(self._read)
            await asyncio.wait(waiting, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            if self._read is not None and self._read.done() and not task.done():
                data = await self._next(0)
                if data is not None and _REALTIME.fullmatch(data) and not self.stream.waiting:
                    await self._write(data)
                elif data is not None:
                    self._backlog.append(data)
        return task.result() if task.done() else None

    def _footer(self, job: Job, capture: Capture | None, ended: _Ended | None, answer: Answer | None) -> bytes:
        if capture is None or answer is None or job.obstacle or not self.printer.config.footer:
            return b""
        try:
            return compose_footer(footer_lines(answer.receipt), job.modes, self.printer.profile)
        except Exception as error:  # noqa: BLE001 - fail open
            log.error("footer for %s left out: %s", self.printer.config.name, type(error).__name__)  # noqa: TRY400 - no job content in logs
            return b""

    def _proof(self) -> bytes:
        # GS ( H fn 48: the printer answers with these four characters when all before it is on paper.
        number = int(hashlib.sha256(f"{self.printer.now()}{id(self)}".encode()).hexdigest()[:8], 16) % 10_000
        return b"\x1d(H\x06\x0000" + f"{number:04d}".encode()

    async def _await_proof(self, row: int, expected: asyncio.Future[None], footer: bytes, at: int) -> None:
        try:
            async with asyncio.timeout(_PROOF):
                await expected
            state, evidence = JobState.PRINTED, "printer"
        except (TimeoutError, asyncio.CancelledError):
            state, evidence = JobState.UNCONFIRMED, "no answer to GS ( H"
        now = self.printer.now()
        self.printer.store.later(lambda journal: journal.settle(row, state, now=now, evidence=evidence, footer=footer, footer_at=at))

    async def _write(self, data: bytes) -> None:
        if data:
            self.printer_out.write(data)
            await self.printer_out.drain()

    async def _broken(self) -> None:
        """The connection ended within a job: a person must look whether it is on paper."""
        row, now = self.open.row, self.printer.now()
        capture = await self._read_sale(self.stream.job)

        def work(journal: Journal) -> bool:
            fresh = False
            with journal.transaction():
                if row is not None:
                    kind = "receipt" if capture else "other"
                    fresh, _ = journal.finish(row, b"", kind=kind, note="the connection broke", capture=capture, now=now)
                    journal.note(row, JobState.UNCONFIRMED, now=now, note="the connection broke within the job")
            return fresh

        fresh = await self.printer.store.attempt(work, default=False)
        self.open.row = None
        if fresh and capture and self.printer.sales.connected:
            self.printer.background(self.printer.sales.send(capture))


@dataclass(frozen=True, slots=True)
class _Ended:
    """A finished job in the journal."""

    row: int
    fresh: bool
    capture: CaptureRow | None
