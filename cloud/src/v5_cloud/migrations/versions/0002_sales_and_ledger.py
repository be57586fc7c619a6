"""Sales documents and the ledger."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("balance", _BIG, nullable=False),
        sa.Column("held", _BIG, nullable=False),
        sa.Column("earned", _BIG, nullable=False),
        sa.Column("spent", _BIG, nullable=False),
        sa.Column("version", _BIG, nullable=False),
        sa.Column("sequence", _BIG, nullable=False),
        sa.Column("expiring", _BIG, nullable=False),
        sa.Column("expiring_on", sa.Date(), nullable=True),
        sa.Column("replica", _BIG, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("earned >= 0 AND spent >= 0", name=op.f("ck_account_totals")),
        sa.CheckConstraint("held >= 0", name=op.f("ck_account_held")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_account")),
        sa.UniqueConstraint("tenant_id", "customer_id", "kind", name=op.f("uq_account_tenant_id_customer_id_kind")),
    )
    op.create_index("ix_account_replica", "account", ["tenant_id", "company_id", "replica"], unique=False)
    op.create_table(
        "allocation",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("lot_id", sa.Text(), nullable=False),
        sa.Column("points", _BIG, nullable=False),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_allocation")),
    )
    op.create_index("ix_allocation_entry", "allocation", ["tenant_id", "entry"], unique=False)
    op.create_index("ix_allocation_origin", "allocation", ["tenant_id", "origin"], unique=False)
    op.create_table(
        "document_key",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("document_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "company_id", "key", name=op.f("pk_document_key")),
    )
    op.create_table(
        "document_revision",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("document_id", sa.Text(), nullable=False),
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", _JSON, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "document_id", "revision", name=op.f("pk_document_revision")),
    )
    op.create_table(
        "hold",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("alias", sa.Text(), nullable=False),
        sa.Column("points", _BIG, nullable=False),
        sa.Column("captured", _BIG, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("parts", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("points > 0 AND captured >= 0 AND captured <= points", name=op.f("ck_hold_points")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_hold")),
    )
    op.create_index("ix_hold_alias", "hold", ["tenant_id", "company_id", "alias"], unique=False)
    op.create_index(
        "ix_hold_open",
        "hold",
        ["tenant_id", "account_id"],
        unique=False,
        postgresql_where=sa.text("state = 'open'"),
        sqlite_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "lot",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("lot_id", sa.Text(), nullable=False),
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("points", _BIG, nullable=False),
        sa.Column("remaining", _BIG, nullable=False),
        sa.Column("held", _BIG, nullable=False),
        sa.Column("expired", _BIG, nullable=False),
        sa.Column("debt", sa.Text(), nullable=True),
        sa.Column("earned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sequence", _BIG, nullable=False),
        sa.CheckConstraint("held >= 0 AND (held = 0 OR held <= remaining)", name=op.f("ck_lot_held")),
        sa.PrimaryKeyConstraint("tenant_id", "account_id", "lot_id", name=op.f("pk_lot")),
    )
    op.create_index("ix_lot_entry", "lot", ["tenant_id", "entry"], unique=False)
    op.create_index(
        "ix_lot_open",
        "lot",
        ["tenant_id", "account_id"],
        unique=False,
        postgresql_where=sa.text("remaining <> 0"),
        sqlite_where=sa.text("remaining <> 0"),
    )
    op.create_table(
        "pending_ref",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("document_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "company_id", "key", "document_id", name=op.f("pk_pending_ref")),
    )
    op.create_table(
        "posting",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("document_id", sa.Text(), nullable=True),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("points", _BIG, nullable=False),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("store", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("points <> 0", name=op.f("ck_posting_points")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_posting")),
    )
    op.create_index("ix_posting_entry", "posting", ["tenant_id", "entry"], unique=False)
    op.create_index("ix_posting_owner", "posting", ["tenant_id", "owner", "at"], unique=False)
    op.create_table(
        "return_link",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("return_id", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("original_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "return_id", "ref", name=op.f("pk_return_link")),
    )
    op.create_index("ix_return_link_original", "return_link", ["tenant_id", "original_id"], unique=False)
    op.create_index("ix_return_link_ref", "return_link", ["tenant_id", "company_id", "ref"], unique=False)
    op.create_table(
        "sales_document",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("store", sa.Text(), nullable=False),
        sa.Column("till", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("document_type", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("business_day", sa.Date(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("gross", _BIG, nullable=False),
        sa.Column("net", _BIG, nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=True),
        sa.Column("account_id", sa.Text(), nullable=True),
        sa.Column("origins", sa.Text(), nullable=False),
        sa.Column("points_earned", _BIG, nullable=False),
        sa.Column("points_spent", _BIG, nullable=False),
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("has_returns", sa.Boolean(), nullable=False),
        sa.Column("merged_into", sa.Text(), nullable=True),
        sa.Column("keys", _JSON, nullable=False),
        sa.Column("body", _JSON, nullable=False),
        sa.Column("parts", _JSON, nullable=False),
        sa.Column("links", _JSON, nullable=False),
        sa.Column("settlement", _JSON, nullable=False),
        sa.Column("answer", _JSON, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_sales_document")),
    )
    op.create_index("ix_sales_document_customer", "sales_document", ["tenant_id", "customer_id", "issued_at"], unique=False)
    op.create_index("ix_sales_document_list", "sales_document", ["tenant_id", "company_id", "issued_at", "id"], unique=False)
    op.create_table(
        "store_day",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("store", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("slot", _BIG, nullable=False),
        sa.Column("sales", _BIG, nullable=False),
        sa.Column("gross", _BIG, nullable=False),
        sa.Column("member_sales", _BIG, nullable=False),
        sa.Column("member_gross", _BIG, nullable=False),
        sa.Column("points", _BIG, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "company_id", "store", "day", "slot", name=op.f("pk_store_day")),
    )


def downgrade() -> None:
    op.drop_table("store_day")
    op.drop_table("sales_document")
    op.drop_table("return_link")
    op.drop_table("posting")
    op.drop_table("pending_ref")
    op.drop_table("lot")
    op.drop_table("hold")
    op.drop_table("document_revision")
    op.drop_table("document_key")
    op.drop_table("allocation")
    op.drop_table("account")
