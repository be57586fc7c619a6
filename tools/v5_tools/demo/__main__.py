"""`./v5 demo`: the main job of V5 on this machine, with everything real but the shop."""

from __future__ import annotations

import argparse
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from v5_core.money import parse_scaled
from v5_core.programme import Programme
from v5_tools.demo.morning import Morning, Shopper
from v5_tools.demo.own_file import OwnFile
from v5_tools.demo.processes import DemoError, Processes
from v5_tools.demo.report import Result, collect
from v5_tools.demo.world import World, build, choose_ports, cloud_env, fresh_folder

_STEPS = 9


def main() -> int:
    """Entry point of `./v5 demo`."""
    parser = argparse.ArgumentParser(
        prog="v5 demo",
        description="Starts a cloud (SQLite), an enrolled store agent, the print spooler and a virtual printer, plays a morning of sales "
        "through all of them, and stays up until Ctrl-C.",
    )
    parser.add_argument("--once", action="store_true", help="play, print the result table, end; exit 0 if everything agrees, else 1")
    parser.add_argument(
        "--saft", metavar="FILE", type=Path, help="play your own SAF-T (PT) file instead: its customers get cards, its documents points"
    )
    options = parser.parse_args()
    if options.saft and not options.saft.is_file():
        parser.error(f"there is no file {options.saft}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell that starts us in the background has it ignored
    console = Console()
    with fresh_folder() as folder, Processes(folder / "logs") as processes:
        world = World(folder, processes)
        choose_ports(world, usual=not options.once)
        try:
            return _run(console, world, options)
        except DemoError as error:
            console.print(f"[red]The demo stopped:[/red] {escape(str(error))}", markup=True, highlight=False)
            return 1
        except KeyboardInterrupt:
            console.print("\nEnded.")
            return 0


def _run(console: Console, world: World, options: argparse.Namespace) -> int:
    columns = (SpinnerColumn(), BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("starting", total=_STEPS)

        def step(text: str) -> None:
            progress.update(task, advance=1, description=text)

        build(world, step)
        result = _own_file(world, options.saft, step) if options.saft else _morning(world, step)
    console.print(result.table())
    for note in result.notes:
        console.print(f"[yellow]noticed:[/yellow] {escape(note)}", highlight=False)
    for problem in result.problems:
        console.print(f"[red]differs:[/red] {escape(problem)}", highlight=False)
    console.print("Everything agrees." if not result.problems else f"{len(result.problems)} differences.")
    if not options.once:
        _stay(console, world)
    return 1 if result.problems else 0


def _morning(world: World, step: object) -> Result:
    assert callable(step)
    morning = Morning(world, shoppers(world), programme(world), now=datetime.now(UTC) - timedelta(minutes=1))
    morning.play(step)
    result = collect(world, morning)
    return _with_ledger(world, result)


def _own_file(world: World, file: Path, step: object) -> Result:
    assert callable(step)
    step(f"GRID: {file.name}")
    return _with_ledger(world, OwnFile(world, file, programme(world)).play())


def _with_ledger(world: World, result: Result) -> Result:
    """The ledger's own check: every balance rebuilt from its postings."""
    try:
        world.processes.run("v5-cloud ledger check", str(Path(sys.executable).parent / "v5-cloud"), "ledger", "check", env=cloud_env(world))
    except DemoError as error:
        result.problems.append(str(error))
    return result


def shoppers(world: World) -> list[Shopper]:
    """Four customers of the sample company with a card and a tax number."""
    found = [
        Shopper(
            one["id"],
            one["name"],
            one["cards"][0],
            one["tax_number"],
            parse_scaled(world.ask_cloud(f"/v1/customers/{one['id']}")["balance"], 3),
        )
        for one in world.all_of("/v1/customers")
        if one["cards"] and one["tax_number"] and not one["blocked"]
    ]
    if len(found) < 4:
        raise DemoError("the sample company has fewer than four customers with card and tax number")
    return sorted(found, key=lambda one: one.id)[:4]


def programme(world: World) -> Programme:
    """The programme in force."""
    return Programme.model_validate(world.sample["programme"])


def _stay(console: Console, world: World) -> None:
    login = world.sample["login"]
    console.print()
    for title, text in (
        ("Back office", f"{world.cloud_url}    e-mail {login['email']}    password {login['password']}"),
        ("Till companion", world.agent_url),
        ("Agent's health", f"{world.agent_url}/health"),
        ("Printed receipts", world.spooler_url),
        ("Printer (RAW)", f"127.0.0.1:{world.printer_port}"),
        ("SAF-T drop folder", str(world.drop)),
    ):
        console.print(f"  [bold]{title:<18}[/bold] {text}", highlight=False, soft_wrap=True)
    console.print("\nCtrl-C ends everything.")
    while True:
        world.processes.check()
        signal.sigtimedwait([], 1)


if __name__ == "__main__":
    sys.exit(main())
