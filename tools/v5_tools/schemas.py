"""Writes the JSON Schemas of the documentation site and the page made from them: `python -m v5_tools.schemas`; `--check` only compares."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from v5_core.programme import Programme
from v5_tools import reference
from v5_tools.peers.cases import Case

__all__ = ["SCHEMAS", "stale"]

FOLDER: Final = Path(__file__).resolve().parents[2] / "docs"


def _json(schema: Callable[[], dict[str, Any]]) -> Callable[[], str]:
    return lambda: json.dumps(schema(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


SCHEMAS: Final[Mapping[str, Callable[[], str]]] = {
    "schemas/programme.json": _json(Programme.model_json_schema),
    "schemas/acceptance-case.json": _json(Case.model_json_schema),
    "programme-reference.md": reference.page,
}


def text(name: str) -> str:
    """A file as it should be."""
    return SCHEMAS[name]()


def stale() -> list[str]:
    """Names of the files that are not what the models say."""
    return [name for name in SCHEMAS if not (FOLDER / name).is_file() or (FOLDER / name).read_text(encoding="utf-8") != text(name)]


def main() -> int:
    """Entry point."""
    old = stale()
    if "--check" not in sys.argv[1:]:
        for name in old:
            (FOLDER / name).parent.mkdir(exist_ok=True)
            (FOLDER / name).write_text(text(name), encoding="utf-8")
            sys.stdout.write(f"written: docs/{name}\n")
        return 0
    for name in old:
        sys.stdout.write(f"docs/{name} is not current: run python -m v5_tools.schemas\n")
    return 1 if old else 0


if __name__ == "__main__":
    sys.exit(main())
