"""The journal as the event loop sees it: one thread writes, in order, and a write that fails never stops a till."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from v5_spooler.printing.journal import Journal

__all__ = ["Store"]

T = TypeVar("T")
log = logging.getLogger("v5.spooler")


class Store:
    """Owns the journal and its thread.

    Attributes:
        problem: What was wrong with the last write; empty when it went well. Shown on the page and in /health.json.
    """

    def __init__(self, path: Path) -> None:
        self.journal = Journal(path)
        self.problem = ""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")

    async def do(self, work: Callable[[Journal], T]) -> T:
        """Runs the work on the journal's thread; raises what it raises."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, self.journal)

    async def attempt(self, work: Callable[[Journal], T], default: T) -> T:
        """The same, but trouble (disk full, file damaged) is noted and the default returned: printing goes on."""
        try:
            value = await self.do(work)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with the journal, the till must not stop
            if not self.problem:
                log.error("journal: %s: printing goes on without it", type(error).__name__)  # noqa: TRY400 - no stack trace for a full disk
            self.problem = f"{type(error).__name__}: {error}"[:200]
            return default
        self.problem = ""
        return value

    def later(self, work: Callable[[Journal], object]) -> None:
        """Queues work whose outcome nobody waits for."""

        def run() -> None:
            try:
                work(self.journal)
            except Exception as error:  # noqa: BLE001 - as above
                self.problem = f"{type(error).__name__}: {error}"[:200]

        self._thread.submit(run)

    async def prune(self, before: datetime) -> None:
        """Drops what is older."""
        await self.attempt(lambda journal: journal.prune(before), 0)

    def close(self) -> None:
        """Finishes what is queued and closes the file."""
        self._thread.shutdown(wait=True)
        self.journal.close()
