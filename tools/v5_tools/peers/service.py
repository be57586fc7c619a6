"""The service in process, over its real HTTP semantics, on SQLite in a temporary folder, with a clock that cases set."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from v5_cloud.app import create_app
from v5_cloud.kit.container import Container
from v5_cloud.kit.settings import Settings
from v5_cloud.migrations import migrate
from v5_tools.peers import hints
from v5_tools.peers.cases import Given

with warnings.catch_warnings():
    # It asks for the successor of httpx, which the workspace does not use.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

__all__ = ["Exchange", "RefusedError", "Service"]


@dataclass(frozen=True, slots=True)
class Exchange:
    """One call and its reply, for the report."""

    method: str
    path: str
    body: Any
    status: int
    reply: Any


class RefusedError(Exception):
    """The service answered with a problem."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(f"{status} {problem.get('code', '')}: {problem.get('detail', problem)}")
        self.status = status
        self.problem = problem
        self.hints: list[str] = []

    @property
    def code(self) -> str:
        """Of the problem."""
        return str(self.problem.get("code", ""))

    def __str__(self) -> str:
        wrong = "; ".join(self.hints or [f"{one['field']}: {one['message']}" for one in self.problem.get("errors") or ()])
        said, perhaps = str(self.args[0]), hints.word(str(self.args[0]))
        return "; ".join(filter(None, (f"{said} ({wrong})" if wrong and wrong.partition(": ")[2] not in said else said, perhaps)))


class Service:
    """A cloud on SQLite in a temporary folder; the tables are made once, whatever the number of cases."""

    def __init__(self) -> None:
        self.now = Given().now

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="v5-peers-")))
            settings = Settings(database_url=f"sqlite:///{folder / 'v5.sqlite'}", machine_rate="100000000/minute", housekeeping_seconds=0)
            migrate(settings)
            app = create_app(settings, clock=lambda: self.now)
            self.held: Container = app.state.v5
            self.client = stack.enter_context(TestClient(app, raise_server_exceptions=False))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
