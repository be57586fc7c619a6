"""Work that nobody waits for, in a thread of its own; how far it is stands in the database, so that another process can go on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

__all__ = ["begin"]

_log = logging.getLogger(__name__)


def begin(name: str, work: Callable[[], object]) -> None:
    """Does it in the background, and comes back at once. A process that ends leaves it to housekeeping."""
    threading.Thread(target=_do, args=(name, work), name=name, daemon=True).start()


def _do(name: str, work: Callable[[], object]) -> None:
    try:
        work()
    except Exception as error:  # noqa: BLE001 - a thread of its own: its rows stay as they are, and housekeeping goes on with them
        _log.error("%s was broken off: %s", name, type(error).__name__, exc_info=error)
