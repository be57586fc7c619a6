"""The plugin: takes files from the drop folder, reads them in slices into the queue, and hands the queue on.

A read does a bounded piece of work. A file is parsed once for all streams; its parser stays open between reads, and after a restart
the items that were already queued are skipped.
"""

from __future__ import annotations

import hashlib
import itertools
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from v5_core.errors import ConfigError, FatalError, RetryableError, V5Error, ValidationError
from v5_core.model import Customer, Product, SalesDocument
from v5_core.plugins import Batch, CheckResult, Cursor, Manifest, PluginConfig, Record, Rejected, Stream
from v5_core.sources.drop import DropFolder
from v5_core.sources.saft import Item, load_key, read
from v5_plugin_grid.config import GridConfig
from v5_plugin_grid.manifest import MANIFEST
from v5_plugin_grid.mapping import from_body, to_entry
from v5_plugin_grid.state import Queued, State, TakenFile

__all__ = ["GridPlugin"]

_CURSOR_VERSION: Final = 1
# Items parsed by one read beyond what was asked for: keeps a read short on a file of any size.
_SLICE: Final = 500
_BUDGET: Final = 4000
_ENDING: Final = b"AuditFile>"


class GridPlugin:
    """SAF-T (PT) files of GRID, or of any other certified program."""

    def __init__(self) -> None:
        self._open: dict[Path, tuple[int, Iterator[Item]]] = {}

    @property
    def manifest(self) -> Manifest:
        """Who this is."""
        return MANIFEST

    def check(self, config: PluginConfig, *, now: datetime) -> CheckResult:
        """Can the folder be read, and files in it moved? Changes nothing."""
        settings = _settings(config)
        try:
            folder = _folder(settings)
            waiting = len(folder.waiting())
            _public_key(settings)
        except (OSError, V5Error) as error:
            return CheckResult(ok=False, problem=error.message if isinstance(error, V5Error) else _unreadable(settings, error))
        failed = len(list(folder.failed.glob("*.report.txt"))) if folder.failed.is_dir() else 0
        details = {"waiting": str(waiting), "in_work": str(len(folder.claimed())), "failed": str(failed)}
        return CheckResult(ok=True, details=details)

    def read(self, stream: Stream, cursor: Cursor | None, limit: int, *, config: PluginConfig, now: datetime) -> Batch:
        """The next records of a stream; takes new files on the way.

        Raises:
            ConfigError: The folder, the public key or the cursor cannot be used.
            RetryableError: The disk does not answer as it should.
        """
        settings = _settings(config)
        folder = _folder(settings)
        key = _public_key(settings)
        try:
            with closing(State(settings.state_file)) as state:
                after = _after(cursor, state)
                self._take(folder, state, settings, now)
                state.confirm(stream, after)
                rows = state.queued(stream, after, limit)
                budget = max(_BUDGET, limit)
                while len(rows) < limit and budget > 0 and (file := state.unfinished()):
                    budget -= self._advance(file, folder, state, settings, key)
                    rows = state.queued(stream, after, limit)
                reading = state.unfinished()
                self._put_away(folder, state)
                if not rows and reading:
                    # Nothing for this stream yet: how far the file is read is the progress that a reader must show.
                    place: Cursor = {"v": _CURSOR_VERSION, "state": state.epoch, "entry": after}
                    return Batch((), place | {"file": reading.name, "items": reading.items}, complete=False)
                return _batch(rows, cursor, state.epoch, complete=len(rows) < limit and reading is None)
        except OSError as error:
            raise RetryableError(_unreadable(settings, error)) from None
        except sqlite3.OperationalError as error:
            raise RetryableError(f"{settings.state_file} cannot be written ({error})") from None
        except sqlite3.DatabaseError as error:
            text = f"{settings.state_file} is damaged ({error}): remove it, and what it knew is read again without being counted twice"
            raise FatalError(text) from None

    def acknowledge(self, stream: Stream, cursor: Cursor | None, *, config: PluginConfig) -> None:
        """Everything up to the cursor is safe: files of which nothing is left to hand on go to the archive."""
        settings = _settings(config)
        if cursor is None or not settings.state_file.exists():
            return
        with closing(State(settings.state_file)) as state:
            state.confirm(stream, _after(cursor, state))
            self._put_away(_folder(settings), state)

    def receipt_layouts(self) -> tuple[str, ...]:
        """None: receipts are captured from their fiscal QR code."""
        return ()

    def _take(self, folder: DropFolder, state: State, settings: GridConfig, now: datetime) -> None:
        for file in folder.claim(now):
            if not state.knows_file(file.name):
                with file.open("rb") as opened:
                    digest = hashlib.file_digest(opened, "sha256").hexdigest()
                state.take(file.name, digest, now)
                state.forget(now - timedelta(days=settings.keep_days))

    def _advance(self, file: TakenFile, folder: DropFolder, state: State, settings: GridConfig, key: bytes | None) -> int:
        """Reads the next slice of a file into the queue, in one transaction; how many items it was."""
        path = folder.work / file.name
        items: Iterator[Item] = iter(())
        problem, ended = "", False
        slice_: list[Item] = []
        try:
            items = self._items(path, file, settings, key)
            for item in itertools.islice(items, _SLICE):
                slice_.append(item)
            ended = len(slice_) < _SLICE
        except ValidationError as error:
            problem, ended = f"{error.error_code}: {error.message}", True
        except FileNotFoundError:
            problem, ended = "vanished: the file left the work folder before it was read", True
        read_so_far = file.items + len(slice_)
        with state.transaction():
            entries = (entry for item in slice_ if (entry := to_entry(item)))
            if state.add(file, entries, read_so_far) and ended:
                state.finish(file, problem)
        if ended:
            self._open.pop(path, None)
        else:
            self._open[path] = (read_so_far, items)
        return max(1, len(slice_))

    def _items(self, path: Path, file: TakenFile, settings: GridConfig, key: bytes | None) -> Iterator[Item]:
        place, items = self._open.pop(path, (-1, iter(())))
        if place == file.items:
            return items
        saft = read(path, zone=ZoneInfo(settings.zone), public_key=key, name=settings.source, store=settings.store, stores=settings.stores)
        items = iter(saft)
        skipped = sum(1 for _ in itertools.islice(items, file.items))
        if skipped < file.items:
            raise RetryableError(f"{path.name} is shorter than it was when reading began")
        return items

    def _put_away(self, folder: DropFolder, state: State) -> None:
        for file in state.done_files():
            if file.problem:
                folder.reject(folder.work / file.name, _report(file))
            else:
                folder.finish(folder.work / file.name)
            state.moved(file)


def _settings(config: PluginConfig) -> GridConfig:
    if not isinstance(config, GridConfig):
        raise ConfigError("these are not the settings of the grid plugin")
    return config


def _folder(settings: GridConfig) -> DropFolder:
    if not settings.folder.is_dir():
        raise ConfigError(f"the folder {settings.folder} does not exist: create it, or correct `folder`")
    return DropFolder(
        settings.folder, settings.patterns, ending=_ENDING, settle=settings.settle_seconds, patience=settings.patience_seconds
    )


def _public_key(settings: GridConfig) -> bytes | None:
    if settings.public_key_file is None:
        return None
    try:
        pem = settings.public_key_file.read_bytes()
        load_key(pem)
        return pem
    except OSError:
        raise ConfigError(f"the public key file {settings.public_key_file} cannot be read: correct `public_key_file`") from None


def _unreadable(settings: GridConfig, error: OSError) -> str:
    return f"the folder {settings.folder} cannot be used ({type(error).__name__}): the agent needs to read, create and rename files in it"


def _after(cursor: Cursor | None, state: State) -> int:
    """The queue's place that a cursor means. The queue of another state file (it was lost) is read from its beginning."""
    if cursor is None:
        return 0
    entry = cursor.get("entry")
    if cursor.get("v") != _CURSOR_VERSION or not isinstance(entry, int) or isinstance(entry, bool):
        raise ConfigError("the cursor was not written by this plugin: remove it to read from the beginning")
    return entry if cursor.get("state") == state.epoch else 0


def _batch(rows: list[Queued], cursor: Cursor | None, epoch: str, *, complete: bool) -> Batch:
    if not rows:
        return Batch((), cursor, complete)
    records: list[Record] = []
    rejected: list[Rejected] = []
    findings: list[str] = []
    for row in rows:
        item = from_body(row.form, row.body)
        if isinstance(item, SalesDocument | Customer | Product):
            records.append(item)
        elif isinstance(item, Rejected):
            rejected.append(item)
        else:
            findings.append(f"{row.file}: {item}")
    last = rows[-1]
    place: Cursor = {"v": _CURSOR_VERSION, "state": epoch, "entry": last.id}
    place |= {"file": last.file, "sha256": last.sha256, "time": last.taken_at}
    return Batch(tuple(records), place, complete, tuple(rejected), tuple(findings))


def _report(file: TakenFile) -> str:
    return (
        f"{file.name}\nsha256 {file.sha256}\ntaken {file.taken_at}\n\n{file.problem}\n\n"
        f"{file.items} items before this point were read and handed on. Export the file again and drop it here: what was read already "
        "is recognised and not counted twice.\n"
    )
