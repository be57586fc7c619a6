"""Runs the measurements of bench/, prints one table and keeps it in bench/results/.

Each script in bench/ prints JSON lines {"name", "value", "baseline", "ratio", "unit", "aim", "note"}; everything else it says is
shown as it is. The baseline is measured by the same script in the same minute: an absolute time says nothing on a shared machine.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

ROOT: Final = Path(__file__).resolve().parents[2]


def scripts(wanted: list[str]) -> list[Path]:
    """The scripts to run: those named, or all."""
    found = sorted(path for path in (ROOT / "bench").glob("*.py") if not path.name.startswith("_"))
    if not wanted:
        return found
    unknown = sorted(set(wanted) - {path.stem for path in found})
    if unknown:
        sys.exit(f"no such measurement: {', '.join(unknown)}; there are {', '.join(path.stem for path in found)}")
    return [path for path in found if path.stem in wanted]


def run(script: Path, console: Console) -> list[dict[str, Any]]:
    """Runs one script and returns its figures."""
    figures: list[dict[str, Any]] = []
    with console.status(f"measuring {script.stem}"):
        done = subprocess.run([sys.executable, str(script)], cwd=ROOT, capture_output=True, text=True, check=False)
    for line in done.stdout.splitlines():
        try:
            figure = json.loads(line)
        except ValueError:
            figure = None
        if isinstance(figure, dict) and "name" in figure:
            figures.append(figure)
        else:
            console.print(f"[dim]{script.stem}: {line}[/dim]", highlight=False)
    if done.returncode or not figures:
        console.print(f"[red]{script.stem} gave no figure (exit {done.returncode})[/red]")
        console.print(done.stderr[-2000:], markup=False)
        figures.append({"name": script.stem, "value": None, "note": f"failed, exit {done.returncode}"})
    return figures


def main() -> int:
    """Entry point of `./v5 bench`."""
    parser = argparse.ArgumentParser(prog="v5 bench", description=__doc__)
    parser.add_argument("names", nargs="*", help="measurements to run (file names in bench/ without .py); all when none is named")
    parser.add_argument("--no-save", action="store_true", help="print only")
    options = parser.parse_args()
    console = Console()
    figures = [figure for script in scripts(options.names) for figure in run(script, console)]
    table = Table("figure", "measured", "baseline", "ratio", "aim", "note", title="V5 beside its baselines, same run")
    for one in figures:
        unit = one.get("unit", "")
        table.add_row(
            one["name"],
            "-" if one.get("value") is None else f"{one['value']:,.2f} {unit}",
            "-" if one.get("baseline") is None else f"{one['baseline']:,.2f}",
            "-" if one.get("ratio") is None else f"{one['ratio']:.2f}",
            str(one.get("aim", "")),
            str(one.get("note", "")),
        )
    console.print(table)
    if not options.no_save:
        now = datetime.now(UTC)
        target = ROOT / "bench" / "results" / f"{now:%Y-%m-%dT%H%M%SZ}.json"
        target.parent.mkdir(parents=True, exist_ok=True)
        machine = {"python": platform.python_version(), "cores": os.cpu_count(), "load": os.getloadavg()[0]}
        target.write_text(json.dumps({"at": now.isoformat(), "machine": machine, "figures": figures}, indent=1) + "\n", encoding="utf-8")
        console.print(f"kept in {target.relative_to(ROOT)}")
    return 1 if any(one.get("value") is None for one in figures) else 0


if __name__ == "__main__":
    sys.exit(main())
