"""uvicorn around the local service, on 127.0.0.1."""

from __future__ import annotations

import gc
import json
import logging
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import uvicorn

from v5_agent.notify import notify
from v5_agent.web import create_app
from v5_core.errors import ConfigError

__all__ = ["RUN_FILE", "serve"]

RUN_FILE: Final = "run.json"
_log = logging.getLogger(__name__)


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Without this uvicorn raises the signal again when it is done, which would end the process before the outbox is closed."""
        before = {number: signal.signal(number, self._asked) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _asked(self, *_: object) -> None:
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()


def serve(agent: Any, token: str, port: int) -> None:
    """Answers until the process is asked to end (SIGTERM, SIGINT). `run.json` in the folder says the port and the process.

    Raises:
        ConfigError: The port is taken.
    """
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    with bound:
        if os.name == "posix":
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind(("127.0.0.1", port))
        except OSError:
            raise ConfigError(f"port {port} is taken: another agent, or choose another [hooks] port in agent.toml") from None
        number: int = bound.getsockname()[1]
        config = uvicorn.Config(
            create_app(agent, token, lambda: number),
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            ws="none",
            limit_concurrency=200,
            timeout_graceful_shutdown=5,
        )
        agent.start()
        run_file = Path(agent.folder) / RUN_FILE

        def ready() -> None:
            # What was loaded stays until the end: the collector need not walk it again and again while tills wait.
            gc.collect()
            gc.freeze()
            run_file.write_text(json.dumps({"pid": os.getpid(), "port": number}), encoding="utf-8")
            _log.info("answering on 127.0.0.1:%d", number)
            notify("READY=1")

        try:
            _Server(config, ready).run(sockets=[bound])
        finally:
            notify("STOPPING=1")
            run_file.unlink(missing_ok=True)
