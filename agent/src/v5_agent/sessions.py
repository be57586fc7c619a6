"""Sessions of the companion page: whoever opens it on this machine, in a browser, gets one."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from typing import Final

__all__ = ["COOKIE", "HEADER", "Sessions"]

COOKIE: Final = "v5_companion"
HEADER: Final = "x-v5-companion"
_MOST: Final = 64


class Sessions:
    """In memory: after a restart the page asks for a new one by itself. The least used goes when there are too many."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def new(self) -> str:
        """A new session."""
        name = secrets.token_urlsafe(24)
        with self._lock:
            self._known[name] = None
            if len(self._known) > _MOST:
                self._known.popitem(last=False)
        return name

    def valid(self, name: str | None) -> bool:
        """Whether it is one of ours."""
        with self._lock:
            if not name or name not in self._known:
                return False
            self._known.move_to_end(name)
            return True
