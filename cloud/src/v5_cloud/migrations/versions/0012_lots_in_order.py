"""Lots found in the order of drawing, so that a sale need not load them all."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_NEW = {
    "ix_lot_open": (["tenant_id", "account_id", "expires_at", "earned_at", "lot_id"], "remaining <> 0"),
    "ix_lot_age": (["tenant_id", "account_id", "earned_at", "lot_id"], "remaining <> 0"),
    "ix_lot_pending": (["tenant_id", "account_id", "usable_from"], "remaining <> 0 AND usable_from IS NOT NULL"),
    "ix_lot_tied": (["tenant_id", "account_id"], "remaining < 0 OR held > 0"),
    "ix_lot_due": (["tenant_id", "expires_at"], "remaining <> 0"),
}


def _create(name: str, columns: list[str], where: str) -> None:
    op.create_index(name, "lot", columns, unique=False, postgresql_where=sa.text(where), sqlite_where=sa.text(where))


def upgrade() -> None:
    op.drop_index("ix_lot_open", table_name="lot")
    for name, (columns, where) in _NEW.items():
        _create(name, columns, where)


def downgrade() -> None:
    for name in _NEW:
        op.drop_index(name, table_name="lot")
    _create("ix_lot_open", ["tenant_id", "account_id"], "remaining <> 0")
