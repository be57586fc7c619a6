"""Drafts tried on past sales."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_APP_ROLE = "v5_app"
_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MINE = "tenant_id = (SELECT current_setting('v5.tenant', true)) OR (SELECT current_setting('v5.tenant', true)) = '*'"


def upgrade() -> None:
    op.create_table(
        "simulation",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("version", _BIG, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("body", _JSON, nullable=False),
        sa.Column("asked", _JSON, nullable=False),
        sa.Column("documents", _BIG, nullable=False),
        sa.Column("total", _BIG, nullable=False),
        sa.Column("report", _JSON, nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_simulation")),
    )
    op.create_index("ix_simulation_list", "simulation", ["tenant_id", "company_id", "created_at", "id"], unique=False)

    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    op.execute('ALTER TABLE "simulation" ENABLE ROW LEVEL SECURITY')
    op.execute('ALTER TABLE "simulation" FORCE ROW LEVEL SECURITY')
    op.execute(f'CREATE POLICY tenant ON "simulation" USING ({_MINE}) WITH CHECK ({_MINE})')
    if connection.scalar(sa.text("SELECT 1 FROM pg_roles WHERE rolname = :name"), {"name": _APP_ROLE}):
        op.execute(f'GRANT SELECT, INSERT, UPDATE, DELETE ON "simulation" TO "{_APP_ROLE}"')


def downgrade() -> None:
    op.drop_table("simulation")
