"""The Sage plugin under the standard conformance tests."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from v5_core.testing import NOON, Facility, Harness, plugin_suite
from v5_plugin_sage import plugin
from v5_plugin_sage.config import SageConfig

TestConformance = plugin_suite(plugin, lacks={Facility.PASSWORD: "no login before there is reading"})


class SageHarness(Harness):
    """A server that accepts connections. Give it ways to sell, cancel and correct when reading begins; see `Harness`."""

    secrets = ("never-shown",)

    def __init__(self, port: int) -> None:
        self.port = port

    def config(self) -> SageConfig:
        return SageConfig(product="x3", host="127.0.0.1", port=self.port, password="never-shown", store="1", timeout_seconds=2)

    def unreachable(self) -> SageConfig:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            return self.config().model_copy(update={"port": free.getsockname()[1]})


@pytest.fixture
def source() -> Iterator[SageHarness]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield SageHarness(server.getsockname()[1])


def test_both_point_systems_are_refused() -> None:
    """A customer must not collect in Sage and in V5: the installer is told before anything else."""
    config = SageConfig(product="50c", loyalty_in_sage=True, host="127.0.0.1", port=9, store="1")
    assert "switch them off" in plugin.check(config, now=NOON).problem
