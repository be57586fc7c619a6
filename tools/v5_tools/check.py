"""Every static check, with one line each and the output of those that fail."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from rich.console import Console

ROOT: Final = Path(__file__).resolve().parents[2]
_MODULE_LINES: Final = 400
# Built from parts so that this file does not find itself.
_HOSTS: Final = re.compile("|".join(["py" + r"pi\.org", "python" + r"hosted\.org", "npm" + r"js\.(org|com)", r"deb\.debian" + r"\.org"]))
_TEXT: Final = {
    ".py",
    ".md",
    ".toml",
    ".json",
    ".lock",
    ".sh",
    ".yaml",
    ".yml",
    ".html",
    ".js",
    ".css",
    ".txt",
    ".service",
    ".ini",
    ".cfg",
    "",
}


def tracked(*suffixes: str) -> Iterator[Path]:
    """Files under version control, new ones included, by suffix."""
    out = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True, text=True
    ).stdout
    for name in filter(None, out.split("\0")):
        path = ROOT / name
        if path.is_file() and (not suffixes or path.suffix in suffixes):
            yield path


def long_modules() -> list[str]:
    """Modules over 400 lines."""
    found = []
    for path in tracked(".py"):
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > _MODULE_LINES:
            found.append(f"{path.relative_to(ROOT)}: {lines} lines, at most {_MODULE_LINES}")
    return found


def foreign_words() -> list[str]:
    """Paths of a machine and hosts of package registries: neither belongs in the project."""
    home = re.compile(r"(?<![\w.])/(home|root)/\w|" + re.escape(str(ROOT)) + r"\b")
    found = []
    for path in tracked():
        if path.suffix not in _TEXT:
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if _HOSTS.search(line) or home.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}")
    return found


def _run(*command: str) -> Callable[[], list[str]]:
    def call() -> list[str]:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        return [] if done.returncode == 0 else [(done.stdout + done.stderr).strip() or f"exit {done.returncode}"]

    return call


CHECKS: Final[dict[str, Callable[[], list[str]]]] = {
    "ruff: lint": _run("ruff", "check", "."),
    "ruff: format": _run("ruff", "format", "--check", "."),
    "mypy: strict types": _run(sys.executable, "-m", "mypy"),
    "import-linter: layers": _run("lint-imports"),
    "tenant guard": _run(sys.executable, "-m", "v5_tools.tenant_guard"),
    "plugin lint": _run(sys.executable, "-m", "v5_tools.plugin", "lint"),
    "modules under 400 lines": long_modules,
    "no machine paths, no registry hosts": foreign_words,
}


def main() -> int:
    """Entry point of `./v5 check`."""
    console = Console()
    failed = 0
    for name, check in CHECKS.items():
        started = time.monotonic()
        with console.status(name):
            problems = check()
        failed += bool(problems)
        mark = "[red]FAIL[/red]" if problems else "[green] ok [/green]"
        console.print(f"{mark} {name} [dim]{time.monotonic() - started:.1f} s[/dim]")
        for problem in problems:
            console.print(problem, markup=False, highlight=False, soft_wrap=True)
    console.print(f"{len(CHECKS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
