"""Drop folders: files that another program leaves for us, taken whole or not at all.

folder/            where the ERP writes
folder/work/       taken by us (an atomic rename on the same disk), being read
folder/archive/    read, and everything of it is safe elsewhere
folder/failed/     could not be read to the end; beside each file a report that says why
"""

from __future__ import annotations

import contextlib
import fnmatch
import os
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

__all__ = ["DropFolder"]

_TAIL: Final = 4096
_DONE: Final = ".done"


@dataclass(frozen=True, slots=True)
class DropFolder:
    """One folder.

    Attributes:
        path: Where the ERP writes.
        patterns: Names that are ours, without regard to case.
        ending: Bytes near the end of a file that is whole, such as a closing root tag; empty when the kind of file has none.
        settle: Seconds that a file must have rested.
        patience: Seconds after which a file is taken although it does not look whole, so that somebody learns of it.
    """

    path: Path
    patterns: tuple[str, ...] = ("*.xml",)
    ending: bytes = b""
    settle: float = 5
    patience: float = 600

    @property
    def work(self) -> Path:
        """Files being read."""
        return self.path / "work"

    @property
    def archive(self) -> Path:
        """Files that are done."""
        return self.path / "archive"

    @property
    def failed(self) -> Path:
        """Files that could not be read to the end."""
        return self.path / "failed"

    def waiting(self) -> list[Path]:
        """Files of ours in the folder, the oldest first."""
        found = []
        for entry in self.path.iterdir():
            with contextlib.suppress(FileNotFoundError):  # another poll may take it while we look
                if self._is_ours(entry.name) and entry.is_file():
                    found.append((entry.stat().st_mtime_ns, entry.name, entry))
        return [entry for _, _, entry in sorted(found)]

    def claim(self, now: datetime) -> list[Path]:
        """Takes every file that is whole into the work folder and gives all that are there, in the order they were taken."""
        taken = 0
        for entry in self.waiting():
            if self._is_whole(entry, now):
                self.work.mkdir(exist_ok=True)
                # Sorted as taken; never a name that was there before, whatever the clock does.
                stamp = f"{now.astimezone(UTC):%Y%m%dT%H%M%S%f}-{taken:03d}-{uuid.uuid4().hex[:8]}"
                taken += self._move(entry, self.work / f"{stamp}-{entry.name}")
                entry.with_name(entry.name + _DONE).unlink(missing_ok=True)
        return self.claimed()

    def claimed(self) -> list[Path]:
        """Files in the work folder, in the order they were taken."""
        if not self.work.is_dir():
            return []
        return sorted(entry for entry in self.work.iterdir() if self._is_ours(entry.name) and entry.is_file())

    def finish(self, file: Path) -> None:
        """Puts a file that is done into the archive; nothing happens if it is there already."""
        self.archive.mkdir(exist_ok=True)
        self._move(file, self.archive / file.name)

    def reject(self, file: Path, report: str) -> None:
        """Puts a file that could not be read among the failed ones, with a report beside it."""
        self.failed.mkdir(exist_ok=True)
        (self.failed / f"{file.name}.report.txt").write_text(report, encoding="utf-8")
        self._move(file, self.failed / file.name)

    def _is_ours(self, name: str) -> bool:
        return any(fnmatch.fnmatchcase(name.casefold(), pattern.casefold()) for pattern in self.patterns)

    def _is_whole(self, file: Path, now: datetime) -> bool:
        if file.with_name(file.name + _DONE).exists():
            return True
        try:
            state = file.stat()
            rested = now.timestamp() - state.st_mtime
            # A clock that is ahead on the writer's side must not hold its files back: then the ending alone decides.
            if 0 <= rested < self.settle or state.st_size == 0:
                return False
            if rested >= self.patience:
                return True
            return not self.ending or self.ending in _tail(file)
        except OSError:
            return False  # still held by its writer, or gone again: the next poll sees

    @staticmethod
    def _move(file: Path, target: Path) -> bool:
        try:
            os.replace(file, target)  # noqa: PTH105 - the atomic rename is the point
        except (FileNotFoundError, PermissionError):
            return False  # another poll took it, or its writer still holds it
        return True


def _tail(file: Path) -> bytes:
    with file.open("rb") as opened:
        opened.seek(0, os.SEEK_END)
        opened.seek(max(0, opened.tell() - _TAIL))
        return opened.read()
