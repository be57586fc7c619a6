"""What was asked of external gift-card systems."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_APP_ROLE = "v5_app"
_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MINE = "tenant_id = (SELECT current_setting('v5.tenant', true)) OR (SELECT current_setting('v5.tenant', true)) = '*'"


def upgrade() -> None:
    op.create_table(
        "external_card_act",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("amount", _BIG, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("captured", _BIG, nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", _BIG, nullable=False),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount > 0 AND captured >= 0 AND captured <= amount", name=op.f("ck_external_card_act_amounts")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_external_card_act")),
    )
    op.create_index("ix_external_card_act_due", "external_card_act", ["tenant_id", "company_id", "state", "due_at"], unique=False)
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    op.execute('ALTER TABLE "external_card_act" ENABLE ROW LEVEL SECURITY')
    op.execute('ALTER TABLE "external_card_act" FORCE ROW LEVEL SECURITY')
    op.execute(f'CREATE POLICY tenant ON "external_card_act" USING ({_MINE}) WITH CHECK ({_MINE})')
    if connection.scalar(sa.text("SELECT 1 FROM pg_roles WHERE rolname = :name"), {"name": _APP_ROLE}):
        op.execute(f'GRANT SELECT, INSERT, UPDATE, DELETE ON "external_card_act" TO "{_APP_ROLE}"')


def downgrade() -> None:
    op.drop_table("external_card_act")
