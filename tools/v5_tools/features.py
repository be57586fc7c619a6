"""Prints the catalogue (docs/features.md) with how many tests drive each row."""

from __future__ import annotations

import contextlib
import io
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Final

import pytest
from rich.console import Console
from rich.table import Table

ROOT: Final = Path(__file__).resolve().parents[2]
_ROW: Final = re.compile(r"^\| (?P<id>[A-Z0-9]{2}-\d{2}) \| (?P<title>.+?) \| (?P<where>.+?) \|$")


class _Collector:
    """Counts the feature marks of collected tests."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            self.counts.update({str(one) for mark in item.iter_markers("feature") for one in mark.args})


def catalogue() -> dict[str, tuple[str, str]]:
    """Rows of docs/features.md: id to (title, where)."""
    text = (ROOT / "docs" / "features.md").read_text(encoding="utf-8")
    return {m["id"]: (m["title"], m["where"]) for m in map(_ROW.match, text.splitlines()) if m}


def main() -> int:
    """Entry point of `./v5 features`; fails when a test names a row that does not exist."""
    rows = catalogue()
    collector = _Collector()
    with contextlib.redirect_stdout(io.StringIO()):  # the list of tests is not what was asked for
        code = pytest.main(["--collect-only", "-qq", "--no-header"], plugins=[collector])
    if code not in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
        sys.stderr.write("some tests could not be collected: './v5 test --collect-only' says why\n")
        return 1
    table = Table("id", "feature", "where", "tests", title="V5: the catalogue and the tests that drive it")
    for key, (title, where) in rows.items():
        count = collector.counts[key]
        table.add_row(key, title, where, str(count) if count else "[dim]-[/dim]")
    console = Console()
    console.print(table)
    driven = sum(1 for key in rows if collector.counts[key])
    console.print(f"{driven} of {len(rows)} rows are driven by tests.")
    unknown = sorted(set(collector.counts) - set(rows))
    if unknown:
        console.print(f"[red]tests name rows that the catalogue does not have: {', '.join(unknown)}[/red]")
    return 1 if unknown else 0


if __name__ == "__main__":
    sys.exit(main())
