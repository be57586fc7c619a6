"""`./v5 peers PATH...`: runs acceptance cases."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from v5_tools.peers.cases import Case
from v5_tools.peers.runner import run

app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)


@app.command()
def main(
    paths: Annotated[list[Path] | None, typer.Argument(help="Case files (YAML), or folders with them.", show_default=False)] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show every request and reply.")] = False,
    schema: Annotated[bool, typer.Option("--schema", help="Write the JSON Schema of the case format, and end.")] = False,
) -> None:
    """Runs acceptance cases against a service of its own, and closes with `N passed, N failed`.

    The format is explained in docs/acceptance.md. Exits 1 when a case failed, or when there was none.
    """
    if schema:
        typer.echo(json.dumps(Case.model_json_schema(), ensure_ascii=False, indent=1, sort_keys=True))
        return
    if not paths:
        typer.echo("name case files, or folders with them; --help says more", err=True)
        raise typer.Exit(2)
    raise typer.Exit(run(paths, typer.echo, verbose=verbose))


if __name__ == "__main__":
    app(prog_name="v5 peers")
