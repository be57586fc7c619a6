"""`./v5 plugin`: a vendor's first hour. What `new` writes is green at once, and `lint` finds what is wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.feature("NX-04")
ROOT = Path(__file__).parents[3]


def tool(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tools"), "COLUMNS": "160", "NO_COLOR": "1"}
    command = [sys.executable, "-m", "v5_tools.plugin", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """A plugin just made."""
    made = tool("new", "winpos", "--title", "WinPOS 3", "--into", str(tmp_path))
    assert made.returncode == 0, made.stderr
    return tmp_path / "winpos"


def test_new_plugin_passes_lint(fresh: Path) -> None:
    result = tool("lint", str(fresh))
    assert (result.returncode, result.stdout.strip()) == (0, "winpos: ok"), result.stdout + result.stderr


def test_new_plugin_passes_the_kit(fresh: Path) -> None:
    """As installed: the entry point is found, the suite is green, and what is skipped says why."""
    metadata = fresh / "src" / "v5_plugin_winpos-0.1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: v5-plugin-winpos\nVersion: 0.1.0\n", encoding="utf-8")
    (metadata / "entry_points.txt").write_text("[v5.plugins]\nwinpos = v5_plugin_winpos:plugin\n", encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(fresh / "src")}
    command = [
        sys.executable,
        "-m",
        "pytest",
        str(fresh / "tests"),
        "-q",
        "-rs",
        "-p",
        "no:cacheprovider",
        "-c",
        os.devnull,
        "--rootdir",
        str(fresh),
    ]
    done = subprocess.run(command, cwd=fresh, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "winpos declares read_documents: not implemented" in done.stdout


def test_new_plugin_is_typed_and_clean(fresh: Path) -> None:
    command = [sys.executable, "-m", "ruff", "check", "--config", str(ROOT / "pyproject.toml"), str(fresh / "src")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout
    environment = {**os.environ, "MYPYPATH": str(fresh / "src")}
    command = [sys.executable, "-m", "mypy", str(fresh / "src"), str(fresh / "tests")]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == 0, done.stdout


def test_new_refuses_what_it_cannot_do(fresh: Path) -> None:
    assert "is there already" in tool("new", "winpos", "--into", str(fresh.parent)).stderr
    assert "cannot be a slug" in tool("new", "Win-POS", "--into", str(fresh.parent)).stderr
    assert "cannot be a slug" in tool("new", "../evil", "--into", str(fresh.parent)).stderr


def edit(folder: Path, name: str, old: str, new: str) -> None:
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("quality.yaml", "  check: done\n", "", "says nothing about check"),
        ("quality.yaml", "hook_mode: todo", "hook_mode: maybe", "hook_mode: done, todo"),
        ("quality.yaml", "hook_mode: todo", "hook_mode: {status: exempt}", "exempt, reason"),
        ("quality.yaml", "hook_mode: todo", "gold: done", "there is no rule gold"),
        ("pyproject.toml", '"v5-core>=0.1,<1"', '"v5-core>=0.1"', "a range with both ends"),
        ("pyproject.toml", 'version = "0.1.0"', 'version = "0.2.0"', "pyproject.toml says 0.2.0"),
        ("pyproject.toml", "winpos = ", "other = ", "must name exactly winpos"),
        ("README.md", "## Removal", "## Bye", "'## Removal' is missing"),
        ("src/v5_plugin_winpos/manifest.py", 'slug="winpos"', 'slug="win"', "the slug is 'win'"),
        ("src/v5_plugin_winpos/manifest.py", "        Capability.READ_PRODUCTS: _NOT_YET,\n", "", "says nothing about read_products"),
        ("src/v5_plugin_winpos/reader.py", "import socket", "import socket\nimport v5_plugin_phc", "imports another plugin"),
        ("src/v5_plugin_winpos/reader.py", "import socket", "import socket\nimport threading", "the runner owns threads"),
        ("src/v5_plugin_winpos/reader.py", "import socket", "import socket\nfrom v5_cloud import kit", "knows the core only"),
        ("src/v5_plugin_winpos/reader.py", "import socket", "import socket\nimport no_such_module", "cannot be loaded"),
        ("tests/test_conformance.py", "plugin_suite(", "no_suite(", "no test file runs the conformance kit"),
    ],
)
def test_lint_finds(fresh: Path, name: str, old: str, new: str, said: str) -> None:
    edit(fresh, name, old, new)
    result = tool("lint", str(fresh))
    assert result.returncode == 1
    assert said in result.stdout


def test_lint_misses_no_file(fresh: Path) -> None:
    (fresh / "src" / "v5_plugin_winpos" / "hooks.py").unlink()
    result = tool("lint", str(fresh))
    assert result.returncode == 1
    assert "hooks.py: the file is missing" in result.stdout


@pytest.mark.parametrize("slug", ["phc", "sage", "sifarma", "priority"])
def test_our_own_plugins_pass_lint(slug: str) -> None:
    result = tool("lint", slug)
    assert result.returncode == 0, result.stdout


def test_list_shows_what_each_can_do() -> None:
    result = tool("list")
    assert result.returncode == 0
    assert "read_documents" in result.stdout
    assert "phc" in result.stdout
    assert "not implemented" in result.stdout


def test_unknown_plugin_is_said_in_words() -> None:
    result = tool("lint", "nobody")
    assert result.returncode == 2
    assert "there is no plugin 'nobody'" in result.stderr
