"""The pages of the documentation, cut into their fenced blocks."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_FENCE = re.compile(r'^```(?P<language>[a-z]+)(?: title="(?P<title>[^"]*)")?\n(?P<text>.*?)^```$', re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One fenced block."""

    page: str
    language: str
    title: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.title or self.language}"


@dataclass(frozen=True)
class Page:
    """One page."""

    name: str
    text: str
    blocks: tuple[Block, ...]

    def one(self, title: str) -> str:
        """The text of the only block with this title."""
        (found,) = [block.text for block in self.blocks if block.title == title]
        return found

    def table_column(self, heading: str, column: int = 0) -> list[str]:
        """Cells of a column, without backticks, of all tables under a heading."""
        section = re.split(rf"^#+ {re.escape(heading)}$", self.text, flags=re.MULTILINE)[1]
        section = re.split(r"^#+ ", section, flags=re.MULTILINE)[0]
        rows = [[cell.strip() for cell in line.strip()[1:-1].split("|")] for line in section.splitlines() if line.startswith("|")]
        return [row[column].strip(" `") for row in rows if not set(row[0]) <= set("- |")][1:]


def _page(name: str) -> Page:
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    blocks = tuple(Block(name, one["language"], one["title"] or "", one["text"]) for one in _FENCE.finditer(text))
    return Page(name, text, blocks)


@pytest.fixture
def page() -> Callable[[str], Page]:
    return _page


@pytest.fixture
def pages() -> list[Page]:
    return [_page(path.relative_to(ROOT / "docs").as_posix()) for path in sorted((ROOT / "docs").rglob("*.md"))]


@pytest.fixture
def root() -> Path:
    return ROOT
