"""What the commands share: logging, the service opened for one command, and errors in words."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, NoReturn

import typer
from rich.console import Console
from sqlalchemy.exc import OperationalError, ProgrammingError

from v5_cloud.kit.container import Container, build
from v5_cloud.kit.settings import Settings
from v5_core.errors import V5Error

__all__ = ["LOGGING", "LineFormatter", "err", "fail", "opened", "settings"]

err = Console(stderr=True)


class LineFormatter(logging.Formatter):
    """Tells the way to an error, not its words: what a database, a parser or a library says of a row holds the row."""

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's own name
        """The frames of the error and of what caused it, each with its kind."""
        told, error = [], ei[1]
        while error is not None:
            kind = f"{type(error).__module__}.{type(error).__qualname__}"
            state = getattr(getattr(error, "orig", None), "sqlstate", None)
            words = f": {error.message}" if isinstance(error, V5Error) else f" ({state})" if state else ""
            told.append("".join(traceback.format_tb(error.__traceback__)) + kind + words)
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return "\ncaused:\n".join(reversed(told))


# For `logging.config`: each process of the service sets itself up with it. The requests are the proxy's to log.
LOGGING: Final[dict[str, Any]] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"class": "v5_cloud.console.LineFormatter", "format": "%(asctime)s %(levelname)s [%(process)d] %(name)s %(message)s"}
    },
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
