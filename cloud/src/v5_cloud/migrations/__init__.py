"""Alembic migrations; run by `v5-cloud migrate`."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, event

from v5_cloud.kit.settings import Settings

__all__ = ["migrate"]


def config(settings: Settings) -> Config:
    """Alembic's configuration without a file of its own."""
    found = Config()
    found.set_main_option("script_location", str(Path(__file__).parent))
    found.attributes["url"] = settings.sqlalchemy_url
    found.attributes["role"] = settings.database_role
    return found


def migrate(settings: Settings, revision: str = "head") -> None:
    """Brings the database to a revision, as the owner of its tables. Repeating it does no harm."""
    path = settings.sqlite_path
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(settings.sqlalchemy_url)
    try:
        if engine.dialect.name == "sqlite":
            # The driver's own transaction handling would leave a half-done migration behind.
            event.listen(engine, "connect", lambda connection, _: setattr(connection, "isolation_level", None))
            event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
        made = config(settings)
        with engine.begin() as connection:
            made.attributes["connection"] = connection
            command.upgrade(made, revision)
    finally:
        engine.dispose()
