"""What every plugin must have. Each check takes a plugin's folder and says what is wrong, with what to do."""

from __future__ import annotations

import ast
import importlib
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from packaging.requirements import InvalidRequirement, Requirement

from v5_core.plugins import CONTRACT_VERSION, Capability, Manifest

__all__ = ["QUALITY_RULES", "Problem", "lint"]

_MODULES: Final = ("__init__", "manifest", "config", "reader", "writer", "mapping", "hooks")
_SECTIONS: Final = ("Installation", "Rights in the ERP", "What is found, and when", "Known limits", "Removal")
_WINGS: Final = ("v5_agent", "v5_cloud", "v5_spooler")
_FORBIDDEN_MODULES: Final = {"threading": "the runner owns threads", "multiprocessing": "the runner owns processes"}
_LINES: Final = 400

# Rule: what it means when it is done.
QUALITY_RULES: Final = {
    "conformance": "the conformance suite is green",
    "check": "`check` tells the installer what to do",
    "secrets_hidden": "secrets are SecretStr and are never shown",
    "strict_typing": "mypy strict is clean",
    "docs_installation": "the README tells how to install it",
    "docs_removal": "the README tells how to remove it",
    "known_limits": "the README tells what it cannot do",
    "error_table": "the driver's errors are mapped as data and tested",
    "read_only_rights": "tests run with the rights of the README and no more",
    "real_erp_version": "tested against a real installation of one ERP version",
    "two_erp_versions": "tested against two ERP versions",
    "hook_mode": "the ERP calls V5 at sale time",
    "messages_pt_en": "what people read is there in Portuguese and English",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where, and what to do."""

    where: str
    what: str


def lint(folder: Path) -> list[Problem]:
    """All problems of the plugin in a folder; none means it is as it should be."""
    problems = list(_files(folder))
    if problems:
        return problems  # the other checks read these files
    return [problem for check in _CHECKS for problem in check(folder)]


def _package(folder: Path) -> Path:
    return folder / "src" / f"v5_plugin_{folder.name}"


def _project(folder: Path) -> dict[str, Any]:
    project: dict[str, Any] = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8")).get("project", {})
    return project


def _files(folder: Path) -> Iterator[Problem]:
    package = _package(folder)
    wanted = [folder / name for name in ("pyproject.toml", "README.md", "quality.yaml")]
    wanted += [package / f"{name}.py" for name in _MODULES] + [package / "py.typed"]
    for path in wanted:
        if not path.is_file():
            yield Problem(str(path.relative_to(folder)), "the file is missing; every plugin has the same files")


def _quality(folder: Path) -> Iterator[Problem]:
    where = "quality.yaml"
    try:
        content = yaml.safe_load((folder / where).read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        yield Problem(where, f"not YAML: {str(error).splitlines()[0]}")
        return
    rules = content.get("rules") if isinstance(content, dict) else None
    if not isinstance(rules, dict):
        yield Problem(where, "`rules:` with one line a rule is expected")
        return
    for name in QUALITY_RULES.keys() - rules.keys():
        yield Problem(where, f"says nothing about {name} ({QUALITY_RULES[name]})")
    for name, value in rules.items():
        if name not in QUALITY_RULES:
            yield Problem(where, f"there is no rule {name}")
        elif isinstance(value, dict):
            if value.get("status") != "exempt" or not str(value.get("reason") or "").strip():
                yield Problem(where, f"{name}: write {{status: exempt, reason: why}}")
        elif value not in {"done", "todo"}:
            yield Problem(where, f"{name}: done, todo, or {{status: exempt, reason: why}}")


def _entry_point(folder: Path) -> Iterator[Problem]:
    slug, project = folder.name, _project(folder)
    points = project.get("entry-points", {}).get("v5.plugins", {})
    if set(points) != {slug}:
        yield Problem("pyproject.toml", f'[project.entry-points."v5.plugins"] must name exactly {slug}')
        return
    if project.get("name") != f"v5-plugin-{slug}":
        yield Problem("pyproject.toml", f"the distribution must be called v5-plugin-{slug}")
    module, _, attribute = points[slug].partition(":")
    try:
        manifest = getattr(_load(folder, module), attribute).manifest
    except Exception as error:  # noqa: BLE001 - a vendor's module may raise anything when it is imported
        yield Problem(points[slug], f"cannot be loaded: {type(error).__name__}: {error}")
        return
    yield from _manifest(manifest, slug, str(project.get("version")))


def _load(folder: Path, module: str) -> Any:
    source = str(folder / "src")
    sys.path.insert(0, source)
    try:
        return importlib.import_module(module)
    finally:
        sys.path.remove(source)


def _manifest(manifest: object, slug: str, version: str) -> Iterator[Problem]:
    if not isinstance(manifest, Manifest):
        yield Problem("manifest.py", "`manifest` must be a v5_core.plugins.Manifest")
        return
    if manifest.slug != slug:
        yield Problem("manifest.py", f"the slug is {manifest.slug!r}, the folder and entry point say {slug!r}")
    if manifest.version != version:
        yield Problem("manifest.py", f"the version is {manifest.version}, pyproject.toml says {version}")
    if manifest.contract_version != CONTRACT_VERSION:
        yield Problem("manifest.py", f"the contract version is {manifest.contract_version}, the core's is {CONTRACT_VERSION}")
    for capability in Capability:
        if capability not in manifest.capabilities:
            yield Problem("manifest.py", f"says nothing about {capability.value}")


def _dependencies(folder: Path) -> Iterator[Problem]:
    project = _project(folder)
    named = list(project.get("dependencies", []))
    named += [text for extra in project.get("optional-dependencies", {}).values() for text in extra]
    for text in named:
        try:
            operators = {specifier.operator for specifier in Requirement(text).specifier}
        except InvalidRequirement:
            yield Problem("pyproject.toml", f"{text!r} is not a requirement")
            continue
        if not operators & {">=", ">", "~="} or not operators & {"<", "<=", "~="}:
            yield Problem("pyproject.toml", f"{text!r}: a range with both ends, such as 'name>=1.2,<2': all plugins share one environment")
    if not any(Requirement(text).name == "v5-core" for text in named):
        yield Problem("pyproject.toml", "v5-core is missing from the dependencies")


def _readme(folder: Path) -> Iterator[Problem]:
    lines = (folder / "README.md").read_text(encoding="utf-8").splitlines()
    for section in _SECTIONS:
        if f"## {section}" not in lines:
            yield Problem("README.md", f"the section '## {section}' is missing")
            continue
        start = lines.index(f"## {section}") + 1
        end = next((place for place in range(start, len(lines)) if lines[place].startswith("## ")), len(lines))
        if not any(line.strip() for line in lines[start:end]):
            yield Problem("README.md", f"the section '## {section}' is empty")


def _imports(folder: Path) -> Iterator[Problem]:
    own = f"v5_plugin_{folder.name}"
    for path in sorted(_package(folder).rglob("*.py")):
        where = str(path.relative_to(folder))
        text = path.read_text(encoding="utf-8")
        if len(text.splitlines()) >= _LINES:
            yield Problem(where, f"{_LINES} lines or more: split it")
        try:
            names = sorted({name for node in ast.walk(ast.parse(text)) for name in _imported(node)})
        except SyntaxError as error:
            yield Problem(f"{where}:{error.lineno}", "not Python")
            continue
        for name in names:
            top = name.partition(".")[0]
            if top.startswith("v5_plugin_") and top != own:
                yield Problem(where, f"imports another plugin: {top}; what two plugins share belongs in v5_core.sources")
            if top in _WINGS:
                yield Problem(where, f"imports {top}: a plugin knows the core only")
            if top in _FORBIDDEN_MODULES:
                yield Problem(where, f"imports {top}: {_FORBIDDEN_MODULES[top]}")


def _imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
        yield node.module


def _test(folder: Path) -> Iterator[Problem]:
    places = [folder / "tests", folder.parent.parent / "tests" / "plugins" / folder.name]
    files = [path for place in places if place.is_dir() for path in place.rglob("test_*.py")]
    if not any("plugin_suite(" in path.read_text(encoding="utf-8") for path in files):
        yield Problem("tests", "no test file runs the conformance kit: TestConformance = plugin_suite(plugin)")


_CHECKS: Final[tuple[Callable[[Path], Iterator[Problem]], ...]] = (_quality, _entry_point, _dependencies, _readme, _imports, _test)
