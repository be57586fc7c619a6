"""One agent per folder: two would send the same outbox and write the same file."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Self

from v5_core.errors import ConfigError

__all__ = ["FolderLock"]


class FolderLock:
    """Held while a process works in the folder; the system frees it when the process dies, however it dies."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "agent.lock"
        self._handle = -1

    def __enter__(self) -> Self:
        self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if sys.platform == "win32":
                import msvcrt

                msvcrt.locking(self._handle, msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._handle)
            raise ConfigError(f"an agent is running in {self._path.parent}: stop it first") from None
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._handle)
