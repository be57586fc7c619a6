"""A thread that works out customers soon after something of them changed."""

from __future__ import annotations

import logging
import threading
from typing import Final

from v5_cloud.kit.container import Container
from v5_cloud.segments.refreshing import refresh_due

__all__ = ["SegmentKeeper"]

_log = logging.getLogger(__name__)
_SECONDS: Final = 2


class SegmentKeeper:
    """Looks every two seconds, in every process: two that meet on a customer write the same."""

    def __init__(self, container: Container) -> None:
        self._container = container
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="segments", daemon=True)

    def start(self) -> None:
        """Starts, unless the settings say that nobody keeps house."""
        if self._container.settings.housekeeping_seconds:
            self._thread.start()

    def stop(self) -> None:
        """Ends after the step under way."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def _run(self) -> None:
        while not self._stop.wait(_SECONDS):
            try:
                while refresh_due(self._container) and not self._stop.is_set():
                    pass
            except Exception as error:  # noqa: BLE001 - the next round tries again; the cause is in the log
                _log.error("segments could not be worked out: %s", type(error).__name__, exc_info=error)
