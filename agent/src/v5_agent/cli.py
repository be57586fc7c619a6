"""`v5-agent`: enrol a store's machine, run the agent, look at it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final

import requests
import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import track
from rich.table import Table

from v5_agent import __version__, logs
from v5_agent import identity as identities
from v5_agent.config import AgentConfig, data_folder, hooks_token, load_config
from v5_agent.database import wal_reset_risk
from v5_agent.identity import Identity
from v5_agent.lock import FolderLock
from v5_agent.outbox import FILE, Outbox
from v5_agent.replica import FILE as REPLICA_FILE
from v5_agent.server import RUN_FILE, serve
from v5_agent.service import Agent, utc_now
from v5_core.errors import AuthError, ConfigError, V5Error
from v5_core.plugins import load_plugins

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True, help="The V5 store agent: captures sales, answers the tills, tells the cloud.", pretty_exceptions_enable=False
)
outbox_app = typer.Typer(no_args_is_help=True, help="Look into what waits for the cloud, and send it again.")
plugins_app = typer.Typer(no_args_is_help=True, help="ERP adapters.")
app.add_typer(outbox_app, name="outbox")
app.add_typer(plugins_app, name="plugins")

_out = Console(highlight=False)
_err = Console(stderr=True, highlight=False)
_TROUBLE: Final = 1
_ENROL: Final = "run v5-agent enrol --cloud ADDRESS --code CODE (the code is made in the back office, under Stores)"
_STATUS_ROWS: Final = (
    *("light", "running", "version", "agent", "store", "online", "line_reason", "queue_depth", "oldest_unsent_seconds"),
    *("quarantined", "last_erp_read", "last_cloud_ack", "clock_offset", "disk_free", "replica_version"),
)
Data = Annotated[
    Path | None,
    typer.Option("--data", envvar="V5_AGENT_DATA", help="Folder of this agent: agent.toml, key, outbox. Default: the user's state folder."),
]


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except V5Error as error:
        _err.print(error.message, style="red", markup=False, soft_wrap=True)
        for field in error.errors:
            _err.print(f"  {field.field}: {field.message}", markup=False, soft_wrap=True)
        raise typer.Exit(_TROUBLE) from None
    except OSError as error:
        _err.print(f"{error.strerror or error} {error.filename or ''}", style="red", markup=False, soft_wrap=True)
        raise typer.Exit(_TROUBLE) from None


def _version(*, wanted: bool) -> None:
    if wanted:
        _out.print(f"v5-agent {__version__}")
        raise typer.Exit


@app.callback()
def main(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=lambda value: _version(wanted=value), is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """The V5 store agent."""


@app.command()
def enrol(
    cloud: Annotated[str, typer.Option(help="Address of the cloud, such as https://v5.example.com.")],
    code: Annotated[str, typer.Option(help="The one-off code from the back office, under Stores.", envvar="V5_ENROL_CODE")],
    name: Annotated[str, typer.Option(help="What people call this machine.")] = "",
    data: Data = None,
) -> None:
    """Bind this machine to its store. Makes the key here; only its public part leaves. Enrolling again keeps the outbox."""
    folder = data_folder(data)
    with _told():
        os.makedirs(folder, mode=0o700, exist_ok=True)  # noqa: PTH103 - pathlib's mkdir gives no mode to parents
        with FolderLock(folder):
            before = identities.load_identity_quietly(folder)
            found = identities.enrol(folder, cloud, code, name or _machine_name(), utc_now())
            if before and (before.tenant, before.company, before.store) != (found.tenant, found.company, found.store):
                for suffix in ("", "-wal", "-shm"):
                    (folder / (REPLICA_FILE + suffix)).unlink(missing_ok=True)
            token = hooks_token(load_config(folder), folder)
    _out.print(f"Enrolled as [bold]{found.agent}[/bold] for store [bold]{found.store}[/bold].")
    _out.print(f"Data folder: {folder}", soft_wrap=True)
    _out.print(f"Tills show the token in hooks.token ({len(token)} characters). Start with: v5-agent run")


@app.command()
def run(
    port: Annotated[int | None, typer.Option(help="Port on 127.0.0.1, 0 for any; otherwise from agent.toml.")] = None,
    *,
    once: Annotated[bool, typer.Option(help="Read the ERPs, send, fetch the replica, print what happened, and end.")] = False,
    quiet: Annotated[bool, typer.Option(help="Log to the file only.")] = False,
    data: Data = None,
) -> None:
    """Run the agent until it is stopped (systemd, a Windows service, or Ctrl-C)."""
    folder = data_folder(data)
    with _told():
        config, found = _ready(folder)
        if found is None:
            _err.print(f"Not enrolled: what is captured waits here. {_ENROL}", markup=False, soft_wrap=True)
        logs.set_up(folder, console=not quiet)
        with FolderLock(folder), Agent(folder, config, found, load_plugins()) as agent:
            if once:
                report = agent.all_now()
                sys.stdout.write(json.dumps(report, indent=2) + "\n")
                problems = [one["problem"] for one in report["polled"].values() if one["problem"]]
                raise typer.Exit(_TROUBLE if problems or report["sent"]["problem"] or report["replica"]["problem"] else 0)
            serve(agent, hooks_token(config, folder), config.hooks.port if port is None else port)


@app.command()
def check(data: Data = None) -> None:
    """Say whether everything is in order: settings, enrolment, outbox, every ERP, the cloud. Changes nothing."""
    folder = data_folder(data)
    results: list[tuple[str, bool, str]] = []
    with _told():
        config, found = _ready(folder)
        results.append(("settings", True, str(folder)))
        results.append(("enrolment", found is not None, found.agent if found else _ENROL))
        results.append(("SQLite", True, wal_reset_risk() or "safe"))
        with Agent(folder, config, found, load_plugins()) as agent:
            damage = agent.outbox.db.integrity()
            results.append(("outbox", not damage, "; ".join(damage) or f"{agent.outbox.stats().queued} waiting"))
            for key, source in track(agent.sources.items(), description="Asking the ERPs", console=_err, transient=True):
                result = source.check()
                details = ", ".join(f"{name}: {value}" for name, value in result.details.items())
                results.append((f"source {key}", result.ok, result.problem or details or "can be read"))
            if found:
                heard = agent.heartbeat(force=True)
                results.append(("cloud", heard, found.cloud if heard else agent.line.reason or "does not answer"))
    table = Table("What", "", "Detail")
    for what, good, detail in results:
        table.add_row(what, "[green]ok[/green]" if good else "[red]no[/red]", escape(detail))
    _out.print(table)
    if not all(good for _, good, _ in results):
        raise typer.Exit(_TROUBLE)


@app.command()
def status(*, as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False, data: Data = None) -> None:
    """How the agent is: the running one when there is one, else what its files say."""
    folder = data_folder(data)
    with _told():
        shown = _running(folder) or _resting(folder)
    if as_json:
        sys.stdout.write(json.dumps(shown, indent=2) + "\n")
        return
    table = Table(show_header=False)
    for name in _STATUS_ROWS:
        table.add_row(name.removesuffix("_seconds").replace("_", " "), escape(_shown(name, shown[name])))
    for one in shown["sources"]:
        table.add_row(f"source {one['name']}", "reads" if one["ok"] else escape(one["problem"]))
    _out.print(table)
    if not shown["agent"]:
        _err.print(f"Not enrolled: {_ENROL}", markup=False, soft_wrap=True)
    if not shown["running"]:
        _err.print("Not running: this is what its files say. Start it with: v5-agent run", soft_wrap=True)


@outbox_app.command("check")
def outbox_check(data: Data = None) -> None:
    """Check the outbox file and every row of it."""
    with _told(), _outbox(data) as outbox:
        problems = outbox.db.integrity()
        stats = outbox.stats()
        damaged = [
            row["event_id"] for row in track(outbox.export(), description="Checking rows", console=_err, transient=True) if row["damaged"]
        ]
    counts = f"queued {stats.queued}, sent {stats.sent}, quarantined {stats.quarantined}, rejected records {stats.rejected}"
    _out.print(f"{counts}, damaged {len(damaged)}")
    for problem in [*problems, *(f"damaged row: {event}" for event in damaged)]:
        _err.print(problem, style="red", markup=False, soft_wrap=True)
    if problems or damaged:
        _err.print(
            "Keep a copy of the folder. `v5-agent outbox export` saves what can be read; a damaged row is set aside when its turn comes.",
            soft_wrap=True,
        )
        raise typer.Exit(_TROUBLE)


@outbox_app.command("export")
def outbox_export(
    to: Annotated[Path | None, typer.Option(help="File to write; standard output by default. Holds personal data.")] = None,
    state: Annotated[str | None, typer.Option(help="Only rows in this state: queued, sent or quarantined.")] = None,
    data: Data = None,
) -> None:
    """Write the outbox as JSON lines."""
    if state not in {None, "queued", "sent", "quarantined"}:
        raise typer.BadParameter("queued, sent or quarantined", param_hint="--state")
    with _told(), _outbox(data) as outbox:
        stream = to.open("w", encoding="utf-8") if to else sys.stdout
        try:
            for row in outbox.export(state):
                stream.write(json.dumps(row, ensure_ascii=False) + "\n")
        finally:
            if to:
                stream.close()


@outbox_app.command("replay")
def outbox_replay(
    *,
    quarantined: Annotated[bool, typer.Option(help="What the cloud rejected, after its cause was mended.")] = False,
    since: Annotated[datetime | None, typer.Option(help="What was captured since this local time.")] = None,
    data: Data = None,
) -> None:
    """Queue events once more. The cloud recognises what it has: nothing is counted twice."""
    if not quarantined and since is None:
        raise typer.BadParameter("say --quarantined or --since")
    with _told(), FolderLock(data_folder(data)), _outbox(data) as outbox:
        count = outbox.replay(since=since.astimezone() if since else None, quarantined=quarantined)
    _out.print(f"{count} queued again")


@plugins_app.command("list")
def plugins_list(*, as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """Show the plugins that are installed, also those that cannot be loaded."""
    rows: list[dict[str, Any]] = []
    for slug, loaded in load_plugins().items():
        manifest = loaded.plugin.manifest if loaded.plugin else None
        able = [name.value for name, support in manifest.capabilities.items() if support.usable] if manifest else []
        title, number = (manifest.title, manifest.version) if manifest else ("", "")
        rows.append({"slug": slug, "title": title, "version": number, "capabilities": able, "problem": loaded.problem})
    if as_json:
        sys.stdout.write(json.dumps(rows, indent=2) + "\n")
        return
    table = Table("Slug", "ERP", "Version", "Can", "Problem")
    for row in rows:
        able_to = ", ".join(row["capabilities"]) or ("" if row["problem"] else "nothing yet")
        table.add_row(row["slug"], row["title"], row["version"], able_to, escape(row["problem"]))
    _out.print(table if rows else "No plugin is installed: for instance `uv pip install v5-agent[phc]`.")


def _ready(folder: Path) -> tuple[AgentConfig, Identity | None]:
    if not folder.is_dir():
        raise ConfigError(f"{folder} does not exist: {_ENROL}, or name the folder with --data")
    config, found = load_config(folder), identities.load_identity(folder)
    if found:
        identities.check_machine(found, identities.fingerprint())
    return config, found


@contextmanager
def _outbox(data: Path | None) -> Iterator[Outbox]:
    path = data_folder(data) / FILE
    if not path.exists():
        raise ConfigError(f"there is no outbox in {path.parent}")
    with Outbox(path) as outbox:
        yield outbox


def _running(folder: Path) -> dict[str, Any] | None:
    try:
        port = json.loads((folder / RUN_FILE).read_text(encoding="utf-8"))["port"]
        reply = requests.get(f"http://127.0.0.1:{port}/health.json", timeout=5)
        return {**reply.json(), "running": True} if reply.status_code == 200 else None
    except (OSError, ValueError, KeyError, requests.RequestException):
        return None


def _resting(folder: Path) -> dict[str, Any]:
    try:
        config, found = _ready(folder)
    except AuthError as error:
        raise ConfigError(error.message) from None
    with Agent(folder, config, found, load_plugins()) as agent:
        return {**agent.health().as_json(), "running": False}


def _shown(name: str, value: Any) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name == "disk_free":
        return f"{value / 1e9:.1f} GB"
    return f"{value:g} s" if name in {"oldest_unsent_seconds", "clock_offset"} else str(value)


def _machine_name() -> str:
    import platform

    return platform.node()[:80] or "store"
