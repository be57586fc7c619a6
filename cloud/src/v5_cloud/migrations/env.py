"""Called by Alembic. The connection comes from `v5_cloud.migrations.migrate`."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import create_engine

from v5_cloud.models import Base
from v5_cloud.models.base import UtcDateTime


def _render(kind: str, item: Any, _: AutogenContext) -> str | Literal[False]:
    # Migrations do not import our types: they must run as they were, whatever the code becomes.
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


def _run() -> None:
    attributes = context.config.attributes
    connection = attributes.get("connection")
    owned = None
    if connection is None:
        owned = create_engine(attributes["url"])
        connection = owned.connect()
    context.configure(connection=connection, target_metadata=Base.metadata, render_item=_render, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()
    if owned is not None:
        connection.close()
        owned.dispose()


_run()
