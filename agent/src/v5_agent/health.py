"""Is the store's data flowing? The age of the oldest unsent document says it; a live process says nothing."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

import v5_agent
from v5_agent.capture import Source
from v5_agent.database import wal_reset_risk
from v5_agent.identity import Identity
from v5_agent.line import Line
from v5_agent.outbox import Outbox
from v5_agent.sender import PAUSED
from v5_core.errors import FatalError

__all__ = ["Health", "SourceHealth", "measure"]

Light = Literal["green", "yellow", "red"]
_YELLOW: Final = 15 * 60
_RED: Final = 4 * 3600
_LITTLE_DISK: Final = 500_000_000
_CLOCK: Final = 60.0


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """One ERP. `problem` is for people."""

    name: str
    slug: str
    ok: bool
    problem: str
    last_read: str | None
    findings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Health:
    """What the page shows and the heartbeat tells. Ages in seconds."""

    light: Light
    version: str
    agent: str
    store: str
    company: str
    oldest_unsent_seconds: float
    queue_depth: int
    quarantined: int
    last_cloud_ack: str | None
    last_erp_read: str | None
    clock_offset: float
    disk_free: int
    online: bool
    line_reason: str
    line_down_since: str | None
    replica_version: int
    replica_pulled_at: str | None
    sources: tuple[SourceHealth, ...]
    warnings: tuple[dict[str, Any], ...]
    set_aside: tuple[dict[str, Any], ...]
    last_error: str

    def as_json(self) -> dict[str, Any]:
        """For /health.json."""
        return asdict(self)


def measure(
    *,
    folder: Path,
    outbox: Outbox,
    identity: Identity | None,
    line: Line,
    clock_offset: float,
    sources: Mapping[str, Source],
    checks: Mapping[str, str],
    replica_version: int,
    pulled_at: datetime | None,
    company: str,
    now: datetime,
) -> Health:
    """Everything at one moment; `checks` holds the problem per source of its latest `check`.

    Never raises for a damaged outbox: then that is what it says.
    """
    warnings: list[dict[str, Any]] = []
    queued = quarantined = 0
    oldest = 0.0
    last_ack: str | None = None
    set_aside: tuple[dict[str, Any], ...] = ()
    capture_stopped = ""
    try:
        stats = outbox.stats()
        queued, quarantined = stats.queued, stats.quarantined + stats.rejected
        oldest = max(0.0, now.timestamp() - stats.oldest / 1000) if stats.oldest else 0.0
        last_ack = _iso(stats.last_sent)
        rows = outbox.db.read("SELECT source, ref, code, message, seen, last_at FROM quarantine ORDER BY last_at DESC LIMIT 20")
        set_aside = tuple({**dict(row), "last_at": _iso(row["last_at"])} for row in rows)
        if outbox.meta(PAUSED):
            warnings.append({"code": "paused"})
    except FatalError as error:
        capture_stopped = error.message
    entries = []
    for key, source in sources.items():
        state = source.state
        found = state.problem or checks.get(key, "")
        last = state.last_read.isoformat() if state.last_read else None
        entries.append(SourceHealth(key, source.config.slug, not found, found, last, tuple(state.findings)))
    free = shutil.disk_usage(folder).free
    if capture_stopped:
        warnings.append({"code": "capture", "reason": capture_stopped})
    if identity is None:
        warnings.append({"code": "not_enrolled"})
    if abs(clock_offset) > _CLOCK:
        warnings.append({"code": "clock", "seconds": round(clock_offset)})
    if free < _LITTLE_DISK:
        warnings.append({"code": "disk"})
    if wal_reset_risk():
        warnings.append({"code": "sqlite", "version": sqlite3.sqlite_version})
    reads = [entry.last_read for entry in entries if entry.last_read]
    down = line.down_since
    problems = [entry.problem for entry in entries if entry.problem]
    return Health(
        light=_light(
            oldest, stopped=bool(capture_stopped), enrolled=identity is not None, doubt=bool(problems or quarantined or free < _LITTLE_DISK)
        ),
        version=v5_agent.__version__,
        agent=identity.agent if identity else "",
        store=identity.store if identity else "",
        company=company,
        oldest_unsent_seconds=round(oldest, 1),
        queue_depth=queued,
        quarantined=quarantined,
        last_cloud_ack=last_ack,
        last_erp_read=max(reads) if reads else None,
        clock_offset=round(clock_offset, 3),
        disk_free=free,
        online=line.online and identity is not None,
        line_reason=line.reason,
        line_down_since=down.isoformat() if down else None,
        replica_version=replica_version,
        replica_pulled_at=pulled_at.isoformat() if pulled_at else None,
        sources=tuple(entries),
        warnings=tuple(warnings),
        set_aside=set_aside,
        last_error=capture_stopped or (problems[0] if problems else line.reason),
    )


def _light(oldest: float, *, stopped: bool, enrolled: bool, doubt: bool) -> Light:
    if stopped or not enrolled or oldest > _RED:
        return "red"
    return "yellow" if oldest > _YELLOW or doubt else "green"


def _iso(at: int | None) -> str | None:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat() if at else None
