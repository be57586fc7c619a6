"""`v5-cloud`: run and look after the web service."""

from __future__ import annotations

import json
import logging.config
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from v5_cloud.backup import backup as make_backup
from v5_cloud.backup import restore as restore_backup
from v5_cloud.console import LOGGING, err, fail, settings
from v5_cloud.kit.container import build
from v5_cloud.kit.settings import Settings
from v5_cloud.ledger import checks
from v5_cloud.messages.commands import messages
from v5_cloud.migrations import migrate as run_migrations
from v5_cloud.sample import load as load_sample
from v5_cloud.tenants.commands import attach
from v5_core.errors import ConfigError, V5Error
from v5_core.money import format_scaled

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="The V5 web service. Settings come from the environment: V5_DATABASE_URL (SQLite by default), V5_HOST, V5_PORT, V5_WORKERS…",
)
users = typer.Typer(no_args_is_help=True, help="People who sign in to the back office.")
ledger = typer.Typer(no_args_is_help=True, help="The points ledger: check it, or ask it for a balance of any day.")
app.add_typer(users, name="user")
app.add_typer(ledger, name="ledger")
app.add_typer(messages, name="message")
attach(app)
_out = Console()


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; V5_HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="Port; V5_PORT, 8500 by default.")] = None,
    workers: Annotated[
        int | None, typer.Option(help="Processes; V5_WORKERS, 1 by default. More than one needs PostgreSQL.", min=1, max=64)
    ] = None,
) -> None:
    """Serves REST, SOAP and the back office until Ctrl-C or SIGTERM, which ends all processes after the requests under way.

    Each process uses one core. A process that dies is replaced; the others go on answering. SIGHUP replaces them one after the other.
    """
    import uvicorn

    held_settings = settings()
    count = workers or held_settings.workers
    if count > 1 and held_settings.is_sqlite:
        # One writer at a time is all that SQLite has: more processes would only wait for each other.
        fail(ConfigError("Several processes need PostgreSQL: set V5_DATABASE_URL, or leave --workers at 1."))
    logging.config.dictConfig(LOGGING)
    uvicorn.run(
        "v5_cloud.app:create_app",
        factory=True,
        host=host or held_settings.host,
        port=held_settings.port if port is None else port,
        workers=count,
        log_config=LOGGING,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
        timeout_worker_healthcheck=20,
    )


@app.command()
def migrate() -> None:
    """Creates the tables, or brings them up to date. Repeating it does no harm."""
    run_migrations(settings())
    err.print("The database is up to date.")


@app.command()
def sample(
    seed: Annotated[int, typer.Option(help="The same seed gives the same names, cards and codes.")] = 1,
    customers: Annotated[int, typer.Option(help="How many customers.", min=4, max=100_000)] = 40,
) -> None:
    """Loads a sample company with two stores and prints how to get in, as JSON. Repeating it changes nothing."""
    held_settings = settings()
    run_migrations(held_settings)
    held = build(held_settings)
    try:
        with err.status("Loading the sample company…"):
            found = load_sample(held, seed=seed, customers=customers)
    finally:
        held.database.dispose()
    typer.echo(json.dumps(found, ensure_ascii=False, indent=2))


@app.command()
def backup(target: Annotated[Path, typer.Argument(help="File to write.")]) -> None:
    """Writes a backup and reads it back: what cannot be restored is no backup."""
    _say(make_backup, settings(), target)


@app.command()
def restore(source: Annotated[Path, typer.Argument(help="File that `backup` wrote.", exists=True, dir_okay=False)]) -> None:
    """Restores a backup into an empty database, counts every table again and checks the ledger."""
    _say(restore_backup, settings(), source)


@users.command("add")
def user_add(
    email: Annotated[str, typer.Argument(help="Signs in with it.")],
    tenant: Annotated[str | None, typer.Option(help="Tenant id; not needed when there is only one.")] = None,
    role: Annotated[str, typer.Option(help="admin, manager, cashier or viewer.")] = "admin",
    language: Annotated[str, typer.Option(help="pt, en, fr, es or he.")] = "pt",
    password: Annotated[str | None, typer.Option(envvar="V5_PASSWORD", help="Asked for when it is not given.")] = None,
) -> None:
    """Adds someone who can sign in to the back office."""
    from v5_cloud.tenants.directory import only_tenant
    from v5_cloud.users.service import add_user

    secret = password or typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    held = build(settings())
    try:
        where = tenant or only_tenant(held)
        add_user(held.database, where, email=email, password=secret, now=held.clock(), role=role, language=language)
    except V5Error as error:
        fail(error)
    finally:
        held.database.dispose()
    err.print(f"{email} can sign in.")


@ledger.command("check")
def ledger_check() -> None:
    """Rebuilds every balance from its postings and lots; lists differences and exits 1 when there are any."""
    held = build(settings())
    try:
        with err.status("Checking the ledger…"):
            found = checks.check(held)
    finally:
        held.database.dispose()
    if found.differences:
        table = Table("tenant", "what", "where", "expected", "found")
        for one in found.differences:
            table.add_row(one.tenant, one.what, one.where, str(one.expected), str(one.found))
        _out.print(table)
        raise typer.Exit(1)
    _out.print(f"{found.accounts} accounts, {found.postings} postings: no difference.")


@ledger.command("balance")
def ledger_balance(
    customer: Annotated[str, typer.Argument(help="Customer id.")],
    at: Annotated[datetime | None, typer.Option(help="Instant, UTC when it names no zone; now when left out.")] = None,
) -> None:
    """The balance of a customer at any past instant, from the postings."""
    held = build(settings())
    moment = (at or held.clock()).replace(tzinfo=UTC) if at is None or at.tzinfo is None else at
    try:
        points = checks.balance_at(held, customer, moment)
    except V5Error as error:
        fail(error)
    finally:
        held.database.dispose()
    typer.echo(format_scaled(points, 3, trim=True))


def _say(work: Callable[[Settings, Path], str], found: Settings, path: Path) -> None:
    try:
        with err.status(f"{path.name}…"):
            err.print(work(found, path))
    except V5Error as error:
        fail(error)
