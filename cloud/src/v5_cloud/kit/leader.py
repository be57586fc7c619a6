"""One process of many: whoever holds an advisory lock of PostgreSQL on a connection of its own. On SQLite there is only one process.

When the process dies, the server ends the connection, and another process takes the lock at its next attempt.
"""

from __future__ import annotations

import logging
import os
from typing import Final

from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from v5_cloud.kit.database import Database

__all__ = ["Leader"]

_log = logging.getLogger(__name__)
# Two numbers: the locks of sales are named by one, so the two kinds never meet.
_ATTEMPT: Final = text("SELECT pg_try_advisory_lock(22069, 1)")
# A host that vanished without a word must not keep the lock for the two hours that TCP waits by default.
_WATCHED: Final = text(
    "SELECT set_config('application_name', :name, false), set_config('tcp_keepalives_idle', '30', false), "
    "set_config('tcp_keepalives_interval', '10', false), set_config('tcp_keepalives_count', '3', false)"
)


class Leader:
    """Whether this process is the one. Used by one thread."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Connection | None = None

    def leads(self) -> bool:
        """Asks again each time, for a lost connection is a lost lock."""
        if self._database.is_sqlite:
            return True
        if self._connection is not None:
            try:
                self._connection.execute(text("SELECT 1"))
            except DBAPIError:
                _log.warning("the connection that held the housekeeping lock was lost")
                self.resign()
            else:
                return True
        return self._attempt()

    def _attempt(self) -> bool:
        connection = self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        if not connection.execute(_ATTEMPT).scalar():
            connection.close()
            return False
        # Kept for as long as the process lives: not one of the pool's.
        connection.detach()
        self._connection = connection
        connection.execute(_WATCHED, {"name": f"v5-cloud housekeeping {os.getpid()}"})
        _log.info("housekeeping is done by process %d", os.getpid())
        return True

    def resign(self) -> None:
        """Gives the lock back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
