"""Earlier states of drafts, to step back to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_APP_ROLE = "v5_app"
_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MINE = "tenant_id = (SELECT current_setting('v5.tenant', true)) OR (SELECT current_setting('v5.tenant', true)) = '*'"


def upgrade() -> None:
    op.create_table(
        "draft_step",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("version", _BIG, nullable=False),
        sa.Column("number", _BIG, nullable=False),
        sa.Column("body", _JSON, nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "company_id", "slug", "version", "number", name=op.f("pk_draft_step")),
    )
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    op.execute('ALTER TABLE "draft_step" ENABLE ROW LEVEL SECURITY')
    op.execute('ALTER TABLE "draft_step" FORCE ROW LEVEL SECURITY')
    op.execute(f'CREATE POLICY tenant ON "draft_step" USING ({_MINE}) WITH CHECK ({_MINE})')
    if connection.scalar(sa.text("SELECT 1 FROM pg_roles WHERE rolname = :name"), {"name": _APP_ROLE}):
        op.execute(f'GRANT SELECT, INSERT, UPDATE, DELETE ON "draft_step" TO "{_APP_ROLE}"')


def downgrade() -> None:
    op.drop_table("draft_step")
