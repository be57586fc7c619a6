"""What the commands share: logging, the service opened for one command, and errors in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, NoReturn

import typer
from rich.console import Console
from sqlalchemy.exc import OperationalError, ProgrammingError

from v5_cloud.kit.container import Container, build
from v5_cloud.kit.settings import Settings
from v5_core.errors import V5Error

__all__ = ["LOGGING", "err", "fail", "opened", "settings"]

err = Console(stderr=True)

# For `logging.config`: each process of the service sets itself up with it. The requests are the proxy's to log.
LOGGING: Final[dict[str, Any]] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s [%(process)d] %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
}


def settings() -> Settings:
    """From the environment; what cannot be read ends the command."""
    try:
        return Settings.from_env()
    except V5Error as error:
        fail(error)


@contextmanager
def opened() -> Iterator[Container]:
    """The service for the length of a command; its errors end the command with a sentence and exit code 1."""
    held = build(settings())
    try:
        yield held
    except V5Error as error:
        fail(error)
    except (OperationalError, ProgrammingError) as error:
        err.print("[red]The database cannot be used.[/red] `v5-cloud migrate` makes its tables; V5_DATABASE_URL says where it is.")
        raise typer.Exit(1) from error
    finally:
        held.database.dispose()


def fail(error: V5Error) -> NoReturn:
    """Ends the command: what is wrong, field by field."""
    err.print(f"[red]{error.message}[/red]", highlight=False)
    for one in error.errors:
        err.print(f"  {one.field}: {one.message}", markup=False, highlight=False)
    raise typer.Exit(1)
