"""Wishes of the cloud, from a closed list; each obeyed once, each noted."""

from __future__ import annotations

import json
import logging
import zipfile
from typing import TYPE_CHECKING, Final

from v5_agent.config import CONFIG_FILE
from v5_agent.logs import LOG_FILE, redact
from v5_agent.outbox import millis
from v5_agent.sender import PAUSED
from v5_core.push import Signal

if TYPE_CHECKING:
    from v5_agent.service import Agent

__all__ = ["DIAGNOSTICS", "diagnostics", "obey"]

_log = logging.getLogger(__name__)
DIAGNOSTICS: Final = "diagnostics.zip"


def obey(signal: Signal, agent: Agent) -> None:
    """Does what the signal asks, unless it was done before."""
    now = agent.now()
    if agent.outbox.db.read("SELECT 1 FROM signal WHERE signal_id = ?", (signal.signal_id,)):
        return
    _log.warning("signal from the cloud: %s", signal.kind)
    match signal.kind:
        case "reread":
            for source in agent.sources.values():
                source.reread(signal.stream, signal.since, signal.signal_id)
        case "pause":
            agent.outbox.set_meta(PAUSED, now.isoformat())
        case "resume":
            with agent.outbox.transaction() as tx:
                tx.execute("DELETE FROM meta WHERE key = ?", (PAUSED,))
        case "diagnostics":
            diagnostics(agent)
        case "update":
            _log.warning("an update is asked for: this installation is updated by its package manager")
    with agent.outbox.transaction() as tx:
        tx.execute(
            "INSERT OR IGNORE INTO signal (signal_id, kind, handled_at) VALUES (?, ?, ?)", (signal.signal_id, signal.kind, millis(now))
        )


def diagnostics(agent: Agent) -> None:
    """Health, the names of settings and the newest log lines, redacted, in a file for support. No payload, no secret."""
    log = agent.folder / LOG_FILE
    tail = log.read_text(encoding="utf-8", errors="replace")[-500_000:] if log.exists() else ""
    settings = agent.config.model_dump(mode="json", exclude={"source": {"__all__": {"config"}}})
    with zipfile.ZipFile(agent.folder / DIAGNOSTICS, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("health.json", redact(json.dumps(agent.health().as_json(), indent=2)))
        archive.writestr(CONFIG_FILE + ".json", redact(json.dumps(settings, indent=2)))
        archive.writestr(LOG_FILE, redact(tail))
