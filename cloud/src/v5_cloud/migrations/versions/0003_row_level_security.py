"""Row-level security of every table, and the role that the service takes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_APP_ROLE = "v5_app"
# What is only ever added to cannot be changed by the service itself.
_APPEND_ONLY = frozenset({"posting", "allocation", "event", "document_revision", "audit"})
_MINE = "tenant_id = (SELECT current_setting('v5.tenant', true)) OR (SELECT current_setting('v5.tenant', true)) = '*'"


def upgrade() -> None:
    """PostgreSQL: each table shows a transaction the rows of its tenant only, the owner included (FORCE).

    The service takes a role that owns nothing. Where the owner may not create roles, FORCE alone binds it (a superuser it cannot bind).
    "*" is the scope of the look-ups that find the tenant in the first place.
    """
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    may_create = connection.scalar(sa.text("SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user"))
    exists = connection.scalar(sa.text("SELECT 1 FROM pg_roles WHERE rolname = :name"), {"name": _APP_ROLE})
    if may_create and not exists:
        op.execute(f'CREATE ROLE "{_APP_ROLE}" NOLOGIN NOSUPERUSER NOBYPASSRLS')
        op.execute(f'GRANT "{_APP_ROLE}" TO current_user')
        exists = True
    tables = _tables(connection)
    for name in tables:
        op.execute(f'ALTER TABLE "{name}" ENABLE ROW LEVEL SECURITY')
        op.execute(f'ALTER TABLE "{name}" FORCE ROW LEVEL SECURITY')
        op.execute(f'CREATE POLICY tenant ON "{name}" USING ({_MINE}) WITH CHECK ({_MINE})')
    if exists:
        op.execute(f'GRANT USAGE ON SCHEMA public TO "{_APP_ROLE}"')
        for name in tables:
            rights = "SELECT, INSERT" if name in _APPEND_ONLY else "SELECT, INSERT, UPDATE, DELETE"
            op.execute(f'GRANT {rights} ON "{name}" TO "{_APP_ROLE}"')


def downgrade() -> None:
    """Takes the policies off; the role stays, for other databases of the server may use it."""
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    for name in _tables(connection):
        op.execute(f'DROP POLICY IF EXISTS tenant ON "{name}"')
        op.execute(f'ALTER TABLE "{name}" NO FORCE ROW LEVEL SECURITY')
        op.execute(f'ALTER TABLE "{name}" DISABLE ROW LEVEL SECURITY')


def _tables(connection: sa.Connection) -> list[str]:
    return [name for name in sa.inspect(connection).get_table_names() if name != "alembic_version"]
