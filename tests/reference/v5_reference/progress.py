"""A line that says how far a long run is; nothing in a short one."""

from __future__ import annotations

import os
import sys
import time
from types import TracebackType
from typing import Self

__all__ = ["Progress"]


class Progress:
    """Counts steps, and tells the terminal (past the capture of a test) now and then where `V5_PROGRESS` is set."""

    def __init__(self, what: str, total: int) -> None:
        self.what, self.total, self.done = what, total, 0
        self.began = self.told = time.monotonic()
        self.on = bool(os.environ.get("V5_PROGRESS"))

    def __enter__(self) -> Self:
        return self

    def step(self) -> None:
        """One more is done."""
        self.reach(self.done + 1)

    def reach(self, done: int) -> None:
        """So many are done by now."""
        self.done = done
        if self.on and time.monotonic() - self.told > 1:
            self._tell()

    def _tell(self) -> None:
        self.told = time.monotonic()
        seconds = self.told - self.began
        left = seconds / self.done * max(0, self.total - self.done) if self.done else 0
        line = f"\r{self.what}: {self.done:,} of {self.total:,} ({100 * self.done // max(1, self.total)} %), {left:,.0f} s left   "
        print(line, end="", file=sys.__stderr__, flush=True)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.on:
            self._tell()
            print(file=sys.__stderr__, flush=True)
