"""Writes the JSON Schemas of the documentation site (docs/schemas/): `python -m v5_tools.schemas`; `--check` only compares."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from v5_core.programme import Programme
from v5_tools.peers.cases import Case

__all__ = ["SCHEMAS", "stale"]

FOLDER: Final = Path(__file__).resolve().parents[2] / "docs" / "schemas"
SCHEMAS: Final[Mapping[str, Callable[[], dict[str, Any]]]] = {
    "programme.json": Programme.model_json_schema,
    "acceptance-case.json": Case.model_json_schema,
}


def text(name: str) -> str:
    """A schema as its file holds it."""
    return json.dumps(SCHEMAS[name](), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def stale() -> list[str]:
    """Names of the files that are not what the models say."""
    return [name for name in SCHEMAS if not (FOLDER / name).is_file() or (FOLDER / name).read_text(encoding="utf-8") != text(name)]


def main() -> int:
    """Entry point."""
    old = stale()
    if "--check" not in sys.argv[1:]:
        FOLDER.mkdir(exist_ok=True)
        for name in old:
            (FOLDER / name).write_text(text(name), encoding="utf-8")
            sys.stdout.write(f"written: docs/schemas/{name}\n")
        return 0
    for name in old:
        sys.stdout.write(f"docs/schemas/{name} is not current: run python -m v5_tools.schemas\n")
    return 1 if old else 0


if __name__ == "__main__":
    sys.exit(main())
