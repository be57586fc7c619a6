"""Vouchers, stored value, counted uses, tiers and clubs; points by hand; pending points."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_APP_ROLE = "v5_app"
_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MINE = "tenant_id = (SELECT current_setting('v5.tenant', true)) OR (SELECT current_setting('v5.tenant', true)) = '*'"
_TABLES = ("adjustment", "customer_day", "customer_standing", "membership", "reservation", "run", "use_counter", "voucher")
_COLUMNS = (
    ("account", "unit"),
    ("card", "rate"),
    ("card", "valid_until"),
    ("customer", "rates"),
    ("customer", "shares_with"),
    ("lot", "usable_from"),
    ("posting", "unit"),
    ("sales_document", "extras"),
)


def upgrade() -> None:
    op.create_table(
        "adjustment",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("points", _BIG, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("reversed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reversed_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_adjustment")),
    )
    op.create_index("ix_adjustment_customer", "adjustment", ["tenant_id", "customer_id", "created_at"], unique=False)
    op.create_index("ix_adjustment_run", "adjustment", ["tenant_id", "run_id"], unique=False)
    op.create_table(
        "customer_day",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("gross", _BIG, nullable=False),
        sa.Column("points", _BIG, nullable=False),
        sa.Column("sales", _BIG, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "company_id", "customer_id", "day", name=op.f("pk_customer_day")),
    )
    op.create_table(
        "customer_standing",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("tiers", _JSON, nullable=False),
        sa.Column("changes_on", sa.Date(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "customer_id", name=op.f("pk_customer_standing")),
    )
    op.create_index("ix_customer_standing_changes", "customer_standing", ["tenant_id", "company_id", "changes_on"], unique=False)
    op.create_table(
        "membership",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("club", sa.Text(), nullable=False),
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("card", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("starts", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.Column("breaks", _JSON, nullable=False),
        sa.Column("renewals", _JSON, nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("version", _BIG, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "customer_id", "programme", "club", name=op.f("pk_membership")),
    )
    op.create_index("ix_membership_club", "membership", ["tenant_id", "company_id", "club", "customer_id"], unique=False)
    op.create_index("ix_membership_ends", "membership", ["tenant_id", "company_id", "ends_on"], unique=False)
    op.create_table(
        "reservation",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("alias", sa.Text(), nullable=False),
        sa.Column("store", sa.Text(), nullable=False),
        sa.Column("till", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("body", _JSON, nullable=False),
        sa.Column("document_id", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_reservation")),
    )
    op.create_index("ix_reservation_alias", "reservation", ["tenant_id", "company_id", "alias"], unique=False)
    op.create_index(
        "ix_reservation_open",
        "reservation",
        ["tenant_id", "company_id", "store", "expires_at"],
        unique=False,
        postgresql_where=sa.text("state = 'open'"),
        sqlite_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "run",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked", _JSON, nullable=False),
        sa.Column("found", _JSON, nullable=False),
        sa.Column("customers", _BIG, nullable=False),
        sa.Column("total", _BIG, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.Text(), nullable=False),
        sa.Column("reversed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reversed_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_run")),
    )
    op.create_index("ix_run_list", "run", ["tenant_id", "company_id", "created_at", "id"], unique=False)
    op.create_table(
        "use_counter",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("used", _BIG, nullable=False),
        sa.Column("held", _BIG, nullable=False),
        sa.CheckConstraint("held >= 0", name=op.f("ck_use_counter_held")),
        sa.PrimaryKeyConstraint("tenant_id", "company_id", "scope", "period", "key", name=op.f("pk_use_counter")),
    )
    op.create_table(
        "voucher",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("offer", sa.Text(), nullable=False),
        sa.Column("percent", _BIG, nullable=False),
        sa.Column("account_id", sa.Text(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("face", _BIG, nullable=False),
        sa.Column("uses", _BIG, nullable=False),
        sa.Column("used", _BIG, nullable=False),
        sa.Column("held", _BIG, nullable=False),
        sa.Column("excess", _BIG, nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stores", _JSON, nullable=False),
        sa.Column("minimum", _BIG, nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("by_code", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("moved_to", sa.Text(), nullable=False),
        sa.Column("document_id", sa.Text(), nullable=True),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("used >= 0 AND held >= 0 AND excess >= 0 AND used + held <= uses", name=op.f("ck_voucher_uses")),
        sa.PrimaryKeyConstraint("tenant_id", "company_id", "code", name=op.f("pk_voucher")),
    )
    op.create_index("ix_voucher_account", "voucher", ["tenant_id", "account_id"], unique=False)
    op.create_index("ix_voucher_customer", "voucher", ["tenant_id", "customer_id"], unique=False)
    op.create_index("ix_voucher_list", "voucher", ["tenant_id", "company_id", "created_at", "code"], unique=False)
    op.create_index(
        "ix_voucher_run",
        "voucher",
        ["tenant_id", "run_id"],
        unique=False,
        postgresql_where=sa.text("run_id IS NOT NULL"),
        sqlite_where=sa.text("run_id IS NOT NULL"),
    )
    op.add_column("account", sa.Column("unit", sa.Text(), server_default="points", nullable=False))
    op.add_column("card", sa.Column("rate", _BIG, server_default="0", nullable=False))
    op.add_column("card", sa.Column("valid_until", sa.Date(), nullable=True))
    op.add_column("customer", sa.Column("rates", _JSON, server_default="[]", nullable=False))
    op.add_column("customer", sa.Column("shares_with", sa.Text(), nullable=True))
    op.create_index(
        "ix_customer_shares",
        "customer",
        ["tenant_id", "shares_with"],
        unique=False,
        postgresql_where=sa.text("shares_with IS NOT NULL"),
        sqlite_where=sa.text("shares_with IS NOT NULL"),
    )
    op.add_column("lot", sa.Column("usable_from", sa.DateTime(timezone=True), nullable=True))
    op.add_column("posting", sa.Column("unit", sa.Text(), server_default="points", nullable=False))
    op.add_column("sales_document", sa.Column("extras", _JSON, server_default="{}", nullable=False))

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
    op.drop_index("ix_customer_shares", "customer")
    for table, column in _COLUMNS:
        op.drop_column(table, column)
    for name in _TABLES:
        op.drop_table(name)
