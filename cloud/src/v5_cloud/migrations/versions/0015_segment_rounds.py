"""How far the segments of a company are being worked out, and earlier bands to step back to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_APP_ROLE = "v5_app"
_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MINE = "tenant_id = (SELECT current_setting('v5.tenant', true)) OR (SELECT current_setting('v5.tenant', true)) = '*'"
_TABLES = ("segment_round", "segment_step")


def upgrade() -> None:
    op.create_table(
        "segment_round",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("done", _BIG, nullable=False),
        sa.Column("total", _BIG, nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "company_id", name=op.f("pk_segment_round")),
    )
    op.create_table(
        "segment_step",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("number", _BIG, nullable=False),
        sa.Column("body", _JSON, nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "company_id", "number", name=op.f("pk_segment_step")),
    )
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    known = connection.scalar(sa.text("SELECT 1 FROM pg_roles WHERE rolname = :name"), {"name": _APP_ROLE})
    for table in _TABLES:
        op.execute(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY')
        op.execute(f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY')
        op.execute(f'CREATE POLICY tenant ON "{table}" USING ({_MINE}) WITH CHECK ({_MINE})')
        if known:
            op.execute(f'GRANT SELECT, INSERT, UPDATE, DELETE ON "{table}" TO "{_APP_ROLE}"')


def downgrade() -> None:
    for table in _TABLES:
        op.drop_table(table)
