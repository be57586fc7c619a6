"""Messages that go out, and whom to tell of what the manager is told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_APP_ROLE = "v5_app"
_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MINE = "tenant_id = (SELECT current_setting('v5.tenant', true)) OR (SELECT current_setting('v5.tenant', true)) = '*'"
_TEXTS = (
    "id", "company_id", "channel", "audience", "recipient", "title", "text", "customer_id", "topic", "subject_id", "state", "last_error",
)  # fmt: skip
_TIMES = ("due_at", "until", "created_at", "updated_at")


def upgrade() -> None:
    for table in ("company", "store"):
        for name in ("manager_email", "manager_phone"):
            op.add_column(table, sa.Column(name, sa.Text(), server_default="", nullable=False))
    op.create_table(
        "message_outbox",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        *[sa.Column(name, sa.Text(), nullable=False) for name in _TEXTS],
        sa.Column("attempts", _BIG, nullable=False),
        *[sa.Column(name, sa.DateTime(timezone=True), nullable=False) for name in _TIMES],
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_message_outbox")),
    )
    op.create_index("ix_message_outbox_due", "message_outbox", ["tenant_id", "company_id", "state", "due_at"], unique=False)
    op.create_index("ix_message_outbox_customer", "message_outbox", ["tenant_id", "customer_id"], unique=False)

    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    op.execute('ALTER TABLE "message_outbox" ENABLE ROW LEVEL SECURITY')
    op.execute('ALTER TABLE "message_outbox" FORCE ROW LEVEL SECURITY')
    op.execute(f'CREATE POLICY tenant ON "message_outbox" USING ({_MINE}) WITH CHECK ({_MINE})')
    if connection.scalar(sa.text("SELECT 1 FROM pg_roles WHERE rolname = :name"), {"name": _APP_ROLE}):
        op.execute(f'GRANT SELECT, INSERT, UPDATE, DELETE ON "message_outbox" TO "{_APP_ROLE}"')


def downgrade() -> None:
    op.drop_table("message_outbox")
    for table in ("company", "store"):
        for name in ("manager_email", "manager_phone"):
            op.drop_column(table, name)
