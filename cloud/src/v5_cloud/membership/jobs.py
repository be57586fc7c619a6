"""Runs in the background: whoever confirms one need not wait for it."""

from __future__ import annotations

import logging
import threading

from v5_cloud.kit.container import Container
from v5_cloud.kit.tenant import Scope
from v5_cloud.membership import runs

__all__ = ["start"]

_log = logging.getLogger(__name__)


def start(container: Container, scope: Scope, run: str) -> None:
    """Goes on with a confirmed run, and comes back at once. A process that ends leaves it to housekeeping."""
    threading.Thread(target=_work, args=(container, scope, run), name="run", daemon=True).start()


def _work(container: Container, scope: Scope, run: str) -> None:
    try:
        runs.go_on(container, scope, run)
    except Exception as error:  # noqa: BLE001 - a thread of its own: the row stays as it is, and housekeeping goes on with it
        _log.error("run %s was broken off: %s", run, type(error).__name__, exc_info=error)
