"""The adapter on the plugin page is built, found and put through the conformance kit, exactly as it is printed there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from v5_core.plugins import SupportLevel
from v5_core.testing import standard_tests

if TYPE_CHECKING:
    from tests.docs.conftest import Page


FILES = ("pyproject.toml", "v5_plugin_corner.py", "test_corner.py")


@pytest.fixture
def guide(page: Callable[[str], Page]) -> Page:
    return page("write-a-plugin.md")


@pytest.fixture
def installed(guide: Page, tmp_path: Path) -> Path:
    """The package of the page, built by its own pyproject and unpacked; the folder holds the vendor's test beside it."""
    for name in FILES:
        (tmp_path / name).write_text(guide.one(name), encoding="utf-8")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", "out"], cwd=tmp_path, check=True, capture_output=True)
    (wheel,) = (tmp_path / "out").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    (tmp_path / "v5_plugin_corner.py").unlink()
    return tmp_path


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(folder / "installed"), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run([sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.feature("NX-04")
def test_the_adapter_of_the_page_passes_the_kit(installed: Path) -> None:
    done = run(installed, "-m", "pytest", "-rs", "-p", "no:cacheprovider", "test_corner.py")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    counts = {word: int(number) for number, word in re.findall(r"(\d+) (passed|skipped)", done.stdout.splitlines()[-1])}
    assert counts["passed"] + counts["skipped"] == len(standard_tests()) + 1
    assert counts["passed"] >= 24, done.stdout
    assert "corner declares read_document_changes: not implemented" in done.stdout


def test_a_careless_adapter_does_not_pass(installed: Path) -> None:
    """The reader is asked to trust the kit: the page's adapter without its overlap loses the late row, and the kit says so."""
    module = installed / "installed" / "v5_plugin_corner.py"
    careful = module.read_text(encoding="utf-8")
    module.write_text(careful.replace("timedelta(hours=2)", "timedelta(0)"), encoding="utf-8")
    done = run(installed, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_corner.py")
    assert done.returncode == 1
    assert "test_late_row_is_found" in done.stdout


def test_the_agent_finds_it_and_takes_the_settings_of_the_page(guide: Page, installed: Path) -> None:
    settings = tomllib.loads(guide.one("agent.toml"))["source"][0]
    assert settings["slug"] == "corner"
    script = f"""
from v5_core.plugins import load_plugins

one = load_plugins()["corner"]
one.plugin.manifest.config_model.model_validate({settings["config"]!r})
print(one)
"""
    done = run(installed, "-c", script)
    assert done.returncode == 0, done.stderr
    assert "LoadedPlugin(slug='corner', plugin=<v5_plugin_corner.CornerPlugin" in done.stdout


def test_the_five_answers_are_all_named(guide: Page) -> None:
    for level in SupportLevel:
        assert f"`{level.value}`" in guide.text
