"""Who revoked a credential, and who closed a store or a company; their addresses."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def _text(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=False, server_default="")


def _instant(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=True)


def _columns() -> dict[str, list[sa.Column[Any]]]:
    return {
        "agent": [_text("revoked_by")],
        "api_key": [_text("revoked_by")],
        "enrol_code": [_instant("revoked_at"), _text("revoked_by")],
        "store": [_text("address"), _instant("closed_at"), _text("closed_by")],
        "company": [_text("address"), _instant("closed_at"), _text("closed_by")],
    }


def upgrade() -> None:
    for table, columns in _columns().items():
        for column in columns:
            op.add_column(table, column)


def downgrade() -> None:
    for table, columns in _columns().items():
        for column in columns:
            op.drop_column(table, column.name)
