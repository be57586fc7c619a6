"""Reads Priority: not implemented; `check` says whether its server answers."""

from __future__ import annotations

import socket
from datetime import datetime
from urllib.parse import urlsplit

from v5_core.errors import ConfigError
from v5_core.plugins import Batch, CheckResult, Cursor, Stream
from v5_plugin_priority.config import PriorityConfig

__all__ = ["check", "read"]


def check(config: PriorityConfig) -> CheckResult:
    """Opens a connection and closes it. Never ok while nothing can be read: the shop would wait for sales that do not come."""
    address = urlsplit(config.url)
    host, port = address.hostname or "", address.port or (443 if address.scheme == "https" else 80)
    where = {"host": host, "port": str(port)}
    try:
        with socket.create_connection((host, port), timeout=config.timeout_seconds):
            pass
    except OSError:
        problem = f"nothing answers at {host}:{port}, and reading Priority is not implemented in this version"
        return CheckResult(ok=False, problem=problem, details=where)
    problem = f"{host}:{port} answers, but reading Priority is not implemented in this version"
    return CheckResult(ok=False, problem=problem, details=where)


def read(stream: Stream, cursor: Cursor | None, limit: int, config: PriorityConfig, *, now: datetime) -> Batch:
    """Refuses: the manifest declares no stream."""
    raise ConfigError(f"reading {stream.value} from Priority is not implemented in this version")
