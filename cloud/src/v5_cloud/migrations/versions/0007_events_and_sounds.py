"""Points for events, who brought whom, consent to post, names by their sound."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_APP_ROLE = "v5_app"
_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MINE = "tenant_id = (SELECT current_setting('v5.tenant', true)) OR (SELECT current_setting('v5.tenant', true)) = '*'"
_TABLES = ("customer_event", "customer_sound")


def upgrade() -> None:
    op.create_table(
        "customer_event",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("occurrence", sa.Text(), nullable=False),
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("version", _BIG, nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("points", _BIG, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "customer_id", "programme", "rule", "occurrence", name=op.f("pk_customer_event")),
    )
    op.create_index("ix_customer_event_entry", "customer_event", ["tenant_id", "entry"], unique=False)
    op.create_index(
        "ix_customer_event_subject",
        "customer_event",
        ["tenant_id", "company_id", "subject"],
        unique=False,
        postgresql_where=sa.text("subject <> ''"),
        sqlite_where=sa.text("subject <> ''"),
    )
    op.create_table(
        "customer_sound",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("sound", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "company_id", "sound", "customer_id", name=op.f("pk_customer_sound")),
    )
    op.create_index("ix_customer_sound_customer", "customer_sound", ["tenant_id", "customer_id"], unique=False)
    op.add_column("customer", sa.Column("consent_post", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("customer", sa.Column("referred_by", sa.Text(), nullable=True))
    op.create_index(
        "ix_customer_referred",
        "customer",
        ["tenant_id", "company_id", "referred_by"],
        unique=False,
        postgresql_where=sa.text("referred_by IS NOT NULL"),
        sqlite_where=sa.text("referred_by IS NOT NULL"),
    )
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    granted = connection.scalar(sa.text("SELECT 1 FROM pg_roles WHERE rolname = :name"), {"name": _APP_ROLE})
    for name in _TABLES:
        op.execute(f'ALTER TABLE "{name}" ENABLE ROW LEVEL SECURITY')
        op.execute(f'ALTER TABLE "{name}" FORCE ROW LEVEL SECURITY')
        op.execute(f'CREATE POLICY tenant ON "{name}" USING ({_MINE}) WITH CHECK ({_MINE})')
        if granted:
            op.execute(f'GRANT SELECT, INSERT, UPDATE, DELETE ON "{name}" TO "{_APP_ROLE}"')


def downgrade() -> None:
    op.drop_index("ix_customer_referred", table_name="customer")
    op.drop_column("customer", "referred_by")
    op.drop_column("customer", "consent_post")
    for name in _TABLES:
        op.drop_table(name)
