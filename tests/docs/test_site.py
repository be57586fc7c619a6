"""The site builds without a warning, and a reader's browser asks nobody else for anything."""

from __future__ import annotations

import os
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

FETCHED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "object": "data"}
LINKS = {"stylesheet", "preload", "preconnect", "dns-prefetch", "icon", "manifest", "modulepreload"}


class Fetches(HTMLParser):
    """Collects what a browser loads by itself; links that a person follows are not among it."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag in FETCHED:
            self.addresses.append(values.get(FETCHED[tag]) or "")
        elif tag == "link" and set((values.get("rel") or "").split()) & LINKS:
            self.addresses.append(values.get("href") or "")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = Path(__file__).resolve().parents[2]
    target = tmp_path_factory.mktemp("docs") / "site"
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(target)]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "WARNING" not in done.stderr
    return target


def test_every_page_is_built_and_reached_from_the_navigation(site: Path, root: Path) -> None:
    names = [path.relative_to(root / "docs") for path in (root / "docs").rglob("*.md")]
    assert len(names) >= 14
    entry = (site / "index.html").read_text(encoding="utf-8")
    for name in names:
        folder = name.parent if name.name == "index.md" else name.with_suffix("")
        assert (site / folder / "index.html").is_file(), name
        link = f'href="{folder.as_posix()}/"' if folder != Path() else 'href="."'
        assert link in entry, f"{name} is not in the navigation"


def test_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    checked = 0
    for page in site.rglob("*.html"):
        parser = Fetches()
        parser.feed(page.read_text(encoding="utf-8"))
        outside = [address for address in parser.addresses if address.startswith(("http:", "https:", "//"))]
        assert outside == [], page
        checked += len(parser.addresses)
    assert checked > 20
    sheets = "".join(path.read_text(encoding="utf-8") for path in site.rglob("*.css"))
    assert "url(http" not in sheets
    assert "@import" not in sheets


def test_the_picture_is_there_and_described(site: Path) -> None:
    page = (site / "architecture" / "index.html").read_text(encoding="utf-8")
    assert 'src="../assets/architecture.svg"' in page
    assert 'alt="The way of a sale' in page
    assert "<title" in (site / "assets" / "architecture.svg").read_text(encoding="utf-8")
