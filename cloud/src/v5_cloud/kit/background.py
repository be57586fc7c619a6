"""Work that nobody waits for, in a thread of its own; how far it is stands in the database, so that another process can go on."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

__all__ = ["begin", "finish"]

_log = logging.getLogger(__name__)
_running: set[threading.Thread] = set()


def begin(name: str, work: Callable[[], object]) -> None:
    """Does it in the background, and comes back at once. A process that ends leaves it to housekeeping."""
    thread = threading.Thread(target=_do, args=(name, work), name=name, daemon=True)
    _running.add(thread)
    thread.start()


def finish(seconds: float = 5) -> None:
    """Lets what is nearly done come to its end before the database is closed; what takes longer is left to housekeeping."""
    end = time.monotonic() + seconds
    for thread in list(_running):
        thread.join(max(0, end - time.monotonic()))


def _do(name: str, work: Callable[[], object]) -> None:
    try:
        work()
    except Exception as error:  # noqa: BLE001 - a thread of its own: its rows stay as they are, and housekeeping goes on with them
        _log.error("%s was broken off: %s", name, type(error).__name__, exc_info=error)
    finally:
        _running.discard(threading.current_thread())
