"""The Sifarma plugin under the standard conformance tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from v5_core.testing import NOON, Facility, Harness, plugin_suite
from v5_plugin_sifarma import plugin
from v5_plugin_sifarma.config import SifarmaConfig

TestConformance = plugin_suite(plugin, lacks={Facility.PASSWORD: "a folder has no password"})


class SifarmaHarness(Harness):
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def config(self) -> SifarmaConfig:
        return SifarmaConfig(export_folder=str(self.folder), store="1")

    def unreachable(self) -> SifarmaConfig:
        return SifarmaConfig(export_folder=str(self.folder / "gone"), store="1")


@pytest.fixture
def source(tmp_path: Path) -> SifarmaHarness:
    return SifarmaHarness(tmp_path)


def test_check_counts_the_exports(source: SifarmaHarness, tmp_path: Path) -> None:
    """The installer sees that the folder is the right one."""
    (tmp_path / "farmacia.TXT").touch()
    assert plugin.check(source.config(), now=NOON).details["exports"] == "1"
