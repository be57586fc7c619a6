"""Counters of rate limits that several processes share."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_APP_ROLE = "v5_app"
_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MINE = "tenant_id = (SELECT current_setting('v5.tenant', true)) OR (SELECT current_setting('v5.tenant', true)) = '*'"


def upgrade() -> None:
    connection = op.get_bind()
    postgresql = connection.dialect.name == "postgresql"
    op.create_table(
        "rate_window",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("number", _BIG, nullable=False),
        sa.Column("taken", _BIG, nullable=False),
        sa.Column("before", _BIG, nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "key", name=op.f("pk_rate_window")),
        # Worth nothing after a crash of the server: not worth its log either.
        prefixes=["UNLOGGED"] if postgresql else [],
    )
    op.create_index("ix_rate_window_until", "rate_window", ["until"], unique=False)
    if not postgresql:
        return
    op.execute('ALTER TABLE "rate_window" ENABLE ROW LEVEL SECURITY')
    op.execute('ALTER TABLE "rate_window" FORCE ROW LEVEL SECURITY')
    op.execute(f'CREATE POLICY tenant ON "rate_window" USING ({_MINE}) WITH CHECK ({_MINE})')
    if connection.scalar(sa.text("SELECT 1 FROM pg_roles WHERE rolname = :name"), {"name": _APP_ROLE}):
        op.execute(f'GRANT SELECT, INSERT, UPDATE, DELETE ON "rate_window" TO "{_APP_ROLE}"')


def downgrade() -> None:
    op.drop_table("rate_window")
