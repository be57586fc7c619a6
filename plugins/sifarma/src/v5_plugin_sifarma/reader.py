"""Reads Sifarma: not implemented; `check` says whether the export folder is there and holds an export."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from v5_core.errors import ConfigError
from v5_core.plugins import Batch, CheckResult, Cursor, Stream
from v5_plugin_sifarma.config import SifarmaConfig

__all__ = ["check", "read"]


def check(config: SifarmaConfig) -> CheckResult:
    """Looks into the folder. Never ok while nothing can be read: the pharmacy would wait for sales that do not come."""
    folder = Path(config.export_folder)
    try:
        exports = sum(1 for path in folder.iterdir() if path.suffix.lower() == ".txt")
    except OSError:
        problem = "the export folder cannot be read, and reading Sifarma is not implemented in this version"
        return CheckResult(ok=False, problem=problem, details={"folder": str(folder)})
    problem = f"the export folder holds {exports} exports, but reading Sifarma is not implemented in this version"
    return CheckResult(ok=False, problem=problem, details={"folder": str(folder), "exports": str(exports)})


def read(stream: Stream, cursor: Cursor | None, limit: int, config: SifarmaConfig, *, now: datetime) -> Batch:
    """Refuses: the manifest declares no stream."""
    raise ConfigError(f"reading {stream.value} from Sifarma is not implemented in this version")
