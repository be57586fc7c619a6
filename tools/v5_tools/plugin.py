"""`./v5 plugin`: make an ERP adapter, check it, list the installed ones."""

from __future__ import annotations

import keyword
import re
from pathlib import Path
from string import Template
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from v5_core.plugins import Capability, load_plugins
from v5_tools.plugin_lint import lint as problems_of
from v5_tools.plugin_template import FILES, TEST

__all__ = ["app"]

ROOT: Final = Path(__file__).resolve().parents[2]
PLUGINS: Final = ROOT / "plugins"

app = typer.Typer(
    name="plugin",
    no_args_is_help=True,
    add_completion=False,
    help="Make an ERP adapter, check it, list the installed ones. The way: `new`, then the kit's tests, then one capability at a time.",
)


@app.command()
def new(
    slug: Annotated[str, typer.Argument(help="Short name, lower case: it names the entry point, the folder and the distribution.")],
    title: Annotated[str, typer.Option(help="The ERP's name as people write it; by default the slug.")] = "",
    into: Annotated[Path, typer.Option(help="Folder in which the plugin's folder is made.")] = PLUGINS,
) -> None:
    """Write a complete plugin that passes `lint` and the conformance kit as it is; it reads nothing yet, and says so."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{1,29}", slug) or keyword.iskeyword(slug):
        _stop(f"{slug!r} cannot be a slug: 2 to 30 lower-case letters, digits and underscores, beginning with a letter")
    if title and not re.fullmatch(r"[\w .,()/+-]{1,60}", title):
        _stop("the title may hold letters, digits, blanks and .,()/+- only")
    folder = into / slug
    if folder.exists():
        _stop(f"{folder} is there already; choose another name, or remove it first")
    name = "".join(part.capitalize() for part in slug.split("_"))
    values = {"slug": slug, "name": name, "title": title or slug.capitalize()}
    tests = ROOT / "tests" / "plugins" / slug if into.resolve() == PLUGINS else folder / "tests"
    written = {folder / Template(path).substitute(values): text for path, text in FILES.items()}
    written[tests / "test_conformance.py"] = TEST
    for path, text in written.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(Template(text).substitute(values), encoding="utf-8")
    typer.echo(f"{len(written)} files written in {folder}. Next:")
    if into.resolve() == PLUGINS:
        typer.echo(f'  add "plugins/{slug}" to the members and the import rules in pyproject.toml, then: ./v5 setup')
    else:
        typer.echo(f"  pip install -e {folder} pytest")
    typer.echo(f"  ./v5 plugin lint {folder}")
    typer.echo(f"  pytest {tests}")


@app.command()
def lint(
    plugins: Annotated[list[str] | None, typer.Argument(help="Slugs of this repository, or folders; by default all of plugins/.")] = None,
) -> None:
    """Check files, quality.yaml, manifest against entry point, dependency ranges, README sections, imports, and that the kit is run."""
    folders = [_folder(name) for name in plugins] if plugins else sorted(path.parent for path in PLUGINS.glob("*/pyproject.toml"))
    wrong = 0
    for folder in folders:
        problems = problems_of(folder)
        wrong += len(problems)
        typer.echo(f"{folder.name}: {'ok' if not problems else f'{len(problems)} to mend'}")
        for problem in problems:
            typer.echo(f"  {problem.where}: {problem.what}")
    if wrong:
        raise typer.Exit(1)


@app.command("list")
def list_() -> None:
    """Show the plugins of this environment and what each can do; a broken one with its reason."""
    found = load_plugins()
    table = Table()
    table.add_column("", no_wrap=True)
    for slug in found:
        table.add_column(slug)
    manifests = {slug: loaded.plugin.manifest for slug, loaded in found.items() if loaded.plugin is not None}
    table.add_row("version", *(manifests[slug].version if slug in manifests else "" for slug in found), end_section=True)
    for capability in Capability:
        supports = [manifests[slug].capabilities.get(capability) if slug in manifests else None for slug in found]
        table.add_row(
            capability.value, *(f"{support.level.value} {support.version}".strip() if support else "unknown" for support in supports)
        )
    Console().print(table)
    for slug, loaded in found.items():
        if loaded.plugin is None:
            typer.echo(f"{slug} cannot be used: {loaded.problem}")


def _folder(name: str) -> Path:
    folder = Path(name) if "/" in name or Path(name).is_dir() else PLUGINS / name
    if not folder.is_dir():
        _stop(f"there is no plugin {name!r}: a slug of plugins/ or a folder is expected")
    return folder.resolve()


def _stop(message: str) -> None:
    typer.echo(f"v5 plugin: {message}", err=True)
    raise typer.Exit(2)


if __name__ == "__main__":
    app()
