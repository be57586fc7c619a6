"""Our own lint of the cloud: no statement without the tenant guard, no commit outside the unit of work, no time without a zone.

    python -m v5_tools.tenant_guard [folder]

Rules:
    V5T001  a repository takes `select`, `insert`, `update`, `delete` or `text` from SQLAlchemy instead of the guarded methods
    V5T002  SQL outside a repository (`session.execute`, `session.scalars`, `select(...)`)
    V5T003  `commit()` outside the unit of work
    V5T004  a datetime without a zone (`utcnow`, `now()`, `datetime(...)` without tzinfo, `fromtimestamp` without tz)
    V5T005  a relation that could load lazily
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

__all__ = ["Finding", "check_file", "check_folder", "main"]

_STATEMENTS: Final = frozenset({"select", "insert", "update", "delete", "text"})
_RUNS: Final = frozenset({"execute", "scalars", "scalar"})
# The unit of work itself, what writes for it, and what an operator runs below the service (whole-database tools).
_KIT: Final = ("kit/", "models/", "migrations/", "backup.py")
_UNIT_OF_WORK: Final = "kit/database.py"

Finding = tuple[str, int, str, str]


def check_folder(folder: Path) -> list[Finding]:
    """All findings below a folder, sorted by place."""
    found = []
    for path in sorted(folder.rglob("*.py")):
        name = path.relative_to(folder).as_posix()
        found += check_file(name, path.read_text(encoding="utf-8"))
    return found


def check_file(name: str, source: str) -> list[Finding]:
    """Findings of one file; `name` is its path below the package, which decides what it may do."""
    tree = ast.parse(source, name)
    allowed = _allowed_aliases(source)
    found = list(_times(name, tree))
    if not name.startswith(_KIT):
        found += _statements(name, tree, allowed)
    if name != _UNIT_OF_WORK:
        found += _commits(name, tree)
    found += _relations(name, tree)
    return sorted(found)


def _is_repository(name: str, tree: ast.Module) -> bool:
    # By name, or by what it defines: a class that starts from the guarded base.
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    return name.endswith("/repository.py") or any(ast.unparse(base).endswith("Repository") for node in classes for base in node.bases)


def _allowed_aliases(source: str) -> set[int]:
    # `# tenant-guard: reason` on an import line: the reason is read by people, the line is let through.
    return {number for number, line in enumerate(source.splitlines(), 1) if "# tenant-guard:" in line}


def _statements(name: str, tree: ast.Module, allowed: set[int]) -> Iterator[Finding]:
    repository = _is_repository(name, tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "sqlalchemy":
            taken = sorted(alias.name for alias in node.names if alias.name in _STATEMENTS)
            if taken and not allowed & set(range(node.lineno, (node.end_lineno or node.lineno) + 1)):
                yield name, node.lineno, "V5T001", f"{', '.join(taken)} of SQLAlchemy: use self.{taken[0]}(...), which knows the tenant"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _RUNS and not repository:
            owner = ast.unparse(node.func.value)
            if owner.rsplit(".", 1)[-1] in {"session", "connection"}:
                yield name, node.lineno, "V5T002", "SQL belongs into a repository"


def _commits(name: str, tree: ast.Module) -> Iterator[Finding]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr != "commit":
            continue
        owner = ast.unparse(node.func.value).rsplit(".", 1)[-1].lower()
        if owner in {"session", "connection", "database", "db", "tx", "transaction", "_session"}:
            yield name, node.lineno, "V5T003", "the unit of work commits: use `with database.write(scope)`"


def _times(name: str, tree: ast.Module) -> Iterator[Finding]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        last = called.rsplit(".", 1)[-1]
        keywords = {keyword.arg for keyword in node.keywords}
        naive = (
            last in {"utcnow", "utcfromtimestamp"}
            or (called in {"datetime.now", "datetime.datetime.now"} and not node.args and "tz" not in keywords)
            or (last == "fromtimestamp" and called.startswith("datetime") and len(node.args) < 2 and "tz" not in keywords)
            or (called in {"datetime", "datetime.datetime"} and len(node.args) < 8 and "tzinfo" not in keywords)
        )
        if naive:
            yield name, node.lineno, "V5T004", f"{called}(...) gives a time without a zone"


def _relations(name: str, tree: ast.Module) -> Iterator[Finding]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).rsplit(".", 1)[-1] == "relationship":
            yield name, node.lineno, "V5T005", "relations load when nobody expects it: ask a repository"


def main(arguments: list[str] | None = None) -> int:
    """Prints findings; 1 when there are any."""
    given = sys.argv[1:] if arguments is None else arguments
    folder = Path(given[0]) if given else Path(__file__).parents[2] / "cloud" / "src" / "v5_cloud"
    found = check_folder(folder)
    for name, line, code, message in found:
        print(f"{name}:{line}: {code} {message}")
    if not found:
        print(f"tenant guard: {sum(1 for _ in folder.rglob('*.py'))} files, nothing found")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
