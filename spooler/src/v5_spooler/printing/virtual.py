"""A printer without paper: answers status questions as an Epson does, and keeps every job as .bin, .txt and .png."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from v5_spooler.escpos.modes import is_cut, prints
from v5_spooler.escpos.profiles import Profile
from v5_spooler.escpos.tokens import Token, Tokenizer
from v5_spooler.receipt.image import render_png
from v5_spooler.receipt.text import render_text

__all__ = ["VirtualPrinter", "reply_to"]

# All is well: online, drawer pin high, cover closed, paper present.
_STATUS: Final = {1: b"\x16", 2: b"\x12", 3: b"\x12", 4: b"\x12"}
_IDENTITY: Final = {
    1: b"\x20",
    2: b"\x02",
    3: b"\x00",
    49: b"\x20",
    50: b"\x02",
    51: b"\x00",
    65: b"_V5 virtual 1.0\x00",
    66: b"_V5\x00",
    67: b"_VIRTUAL\x00",
    68: b"_0001\x00",
    69: b"_\x00",
}


def reply_to(token: Token) -> bytes:
    """What a printer answers to the token; nothing for most."""
    if token.name == "DLE EOT":
        return _STATUS.get(token.argument, b"")
    if token.name == "GS r":
        return b"\x00" if token.argument in {1, 2, 4, 49, 50, 52} else b""
    if token.name == "GS I":
        return _IDENTITY.get(token.argument, b"")
    if token.name in {"ESC v", "ESC u"}:
        return b"\x00"
    if token.name == "GS a" and token.argument:
        return b"\x14\x00\x00\x0f"
    if token.name == "GS ( H" and token.data[5:7] == b"00" and len(token.data) == 11:
        return b"\x37\x22" + token.data[7:11] + b"\x00"
    return b""


@dataclass
class VirtualPrinter:
    """A TCP server on `host:port` (0 picks one) that fills `folder`.

    Attributes:
        pace: Seconds of pause after every command, to play a slow printer.
        idle: Seconds of silence after which a job without a cut is complete.
    """

    folder: Path
    profile: Profile
    host: str = "127.0.0.1"
    port: int = 0
    pace: float = 0.0
    idle: float = 2.0
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    jobs: int = 0
    _server: asyncio.Server | None = None
    _connections: set[asyncio.Task[None]] = field(default_factory=set)
    _drawing: set[asyncio.Future[None]] = field(default_factory=set)

    async def start(self) -> None:
        """Listens; `port` then holds the real one."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._server = await asyncio.start_server(self._serve, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Ends open connections, finishes drawing."""
        if self._server is not None:
            self._server.close()
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, *self._drawing, return_exceptions=True)
        if self._server is not None:
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._connections.add(task)
        try:
            # Being cancelled is how stop() ends a connection: nobody waits for this task's outcome.
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await self._print(reader, writer)
        finally:
            if task is not None:
                self._connections.discard(task)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _print(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tokenizer = Tokenizer(self.profile.lengths)
        job: list[Token] = []
        while True:
            try:
                async with asyncio.timeout(self.idle if job else None):
                    data = await reader.read(65536)
            except TimeoutError:
                job = self._keep(job)
                continue
            if not data:
                break
            for token in tokenizer.feed(data):
                if reply := reply_to(token):
                    writer.write(reply)
                if self.pace:
                    await asyncio.sleep(self.pace)
                job.append(token)
                if is_cut(token):
                    job = self._keep(job)
            await writer.drain()
        self._keep([*job, *tokenizer.close()])

    def _keep(self, job: list[Token]) -> list[Token]:
        if any(prints(token) for token in job):
            self.jobs += 1
            stem = f"{self.now():%Y%m%d-%H%M%S}-{self.jobs:05d}-{hashlib.sha256(b''.join(token.data for token in job)).hexdigest()[:8]}"
            drawing = asyncio.get_running_loop().run_in_executor(None, self._draw, stem, job)
            self._drawing.add(drawing)
            drawing.add_done_callback(self._drawing.discard)
        return []

    def _draw(self, stem: str, job: list[Token]) -> None:
        base = self.folder / stem
        base.with_suffix(".bin").write_bytes(b"".join(token.data for token in job))
        base.with_suffix(".txt").write_text(render_text(job, self.profile), "utf-8")
        # Written beside and renamed: whoever watches the folder sees whole pictures only.
        part = base.with_suffix(".part")
        part.write_bytes(render_png(job, self.profile))
        part.rename(base.with_suffix(".png"))
