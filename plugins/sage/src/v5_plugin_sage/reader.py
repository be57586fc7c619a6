"""Reads Sage: not implemented; `check` says whether its server answers."""

from __future__ import annotations

import socket
from datetime import datetime

from v5_core.errors import ConfigError
from v5_core.plugins import Batch, CheckResult, Cursor, Stream
from v5_plugin_sage.config import SageConfig

__all__ = ["check", "read"]


def check(config: SageConfig) -> CheckResult:
    """Opens a connection and closes it. Never ok while nothing can be read: the shop would wait for sales that do not come."""
    if config.product == "50c" and config.loyalty_in_sage:
        problem = "Sage 50c's own points are active: switch them off first, or customers collect twice; reading is not implemented yet"
        return CheckResult(ok=False, problem=problem)
    where = {"product": f"Sage {config.product}", "host": config.host, "port": str(config.port)}
    try:
        with socket.create_connection((config.host, config.port), timeout=config.timeout_seconds):
            pass
    except OSError:
        problem = f"nothing answers at {config.host}:{config.port}, and reading Sage is not implemented in this version"
        return CheckResult(ok=False, problem=problem, details=where)
    problem = f"{config.host}:{config.port} answers, but reading Sage is not implemented in this version"
    return CheckResult(ok=False, problem=problem, details=where)


def read(stream: Stream, cursor: Cursor | None, limit: int, config: SageConfig, *, now: datetime) -> Batch:
    """Refuses: the manifest declares no stream."""
    raise ConfigError(f"reading {stream.value} from Sage is not implemented in this version")
