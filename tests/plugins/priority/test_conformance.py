"""The Priority plugin under the standard conformance tests."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from v5_core.testing import Facility, Harness, plugin_suite
from v5_plugin_priority import plugin
from v5_plugin_priority.config import PriorityConfig

TestConformance = plugin_suite(plugin, lacks={Facility.PASSWORD: "no login before there is reading"})


class PriorityHarness(Harness):
    """A server that accepts connections. Give it ways to sell, cancel and correct when reading begins; see `Harness`."""

    secrets = ("never-shown",)

    def __init__(self, port: int) -> None:
        self.port = port

    def config(self) -> PriorityConfig:
        return self.at(self.port)

    def at(self, port: int) -> PriorityConfig:
        url = f"http://127.0.0.1:{port}/odata/Priority/tabula.ini/demo"
        return PriorityConfig(url=url, token="never-shown", store="1", timeout_seconds=2)

    def unreachable(self) -> PriorityConfig:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            return self.at(free.getsockname()[1])


@pytest.fixture
def source() -> Iterator[PriorityHarness]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield PriorityHarness(server.getsockname()[1])
