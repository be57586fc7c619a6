"""What customers bought by day and article, taken from the documents that are there; segments."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_APP_ROLE = "v5_app"
_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MINE = "tenant_id = (SELECT current_setting('v5.tenant', true)) OR (SELECT current_setting('v5.tenant', true)) = '*'"
_TABLES = ("segment", "segment_due", "segment_member", "segment_model", "shopping_day", "shopping_product")
_COUNTED = "d.status = 'issued' AND d.state <> 'merged' AND d.customer_id IS NOT NULL"
_SIGN = "CASE WHEN kind = 'sale' THEN 1 ELSE -1 END"
_DAYS = """
INSERT INTO shopping_day (tenant_id, company_id, customer_id, day, store, sales, gross, points)
SELECT tenant_id, company_id, customer_id, business_day, store, sum(CASE WHEN kind = 'sale' THEN 1 ELSE 0 END),
    sum({sign} * gross), sum(points_earned)
FROM sales_document d WHERE {counted} GROUP BY tenant_id, company_id, customer_id, business_day, store
"""
_PRODUCTS = """
INSERT INTO shopping_product (tenant_id, company_id, customer_id, product, family, day, sales, quantity, gross)
SELECT tenant_id, company_id, customer_id, product, family, business_day, sum(CASE WHEN kind = 'sale' THEN 1 ELSE 0 END),
    sum({sign} * quantity), sum({sign} * gross)
FROM (
    SELECT d.tenant_id, d.company_id, d.customer_id, d.id, d.business_day, d.kind, {product} AS product, {family} AS family,
        sum({quantity}) AS quantity, sum({gross}) AS gross
    FROM sales_document d, {lines} WHERE {counted} AND {line_kind} IN ('product', 'service')
    GROUP BY d.tenant_id, d.company_id, d.customer_id, d.id, d.business_day, d.kind, {product}, {family}
) AS bought
GROUP BY tenant_id, company_id, customer_id, product, family, business_day
"""
# By database: the lines of a document, a text of a line, a number of a line.
_LINES = {
    "postgresql": (
        "jsonb_array_elements(d.body -> 'lines') AS x(line)", "x.line ->> '{}'", "CAST(round(CAST({} AS numeric) * {}) AS bigint)"
    ),
    "sqlite": ("json_each(d.body, '$.lines') AS x", "json_extract(x.value, '$.{}')", "CAST(round(CAST({} AS real) * {}) AS integer)"),
}  # fmt: skip


def _products(dialect: str) -> str:
    lines, member, number = _LINES[dialect]
    return _PRODUCTS.format(
        sign=_SIGN,
        counted=_COUNTED,
        lines=lines,
        product=member.format("product"),
        family=member.format("family"),
        line_kind=member.format("kind"),
        quantity=number.format(member.format("quantity"), 1000),
        gross=number.format(member.format("gross"), 100),
    )


def filling(dialect: str) -> tuple[str, str]:
    """Statements that take the purchases from the documents that are there."""
    return _DAYS.format(sign=_SIGN, counted=_COUNTED), _products(dialect)


def _table(name: str, keys: list[str], *columns: sa.Column[Any]) -> None:
    own = [sa.Column(key, sa.Date() if key == "day" else sa.Text(), nullable=False) for key in keys]
    key = sa.PrimaryKeyConstraint("tenant_id", *keys, name=op.f(f"pk_{name}"))
    op.create_table(name, sa.Column("tenant_id", sa.String(length=40), nullable=False), *own, *columns, key)


def _text(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=False)


def _number(name: str) -> sa.Column[Any]:
    return sa.Column(name, _BIG, nullable=False)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    _table("shopping_day", ["company_id", "customer_id", "day", "store"], _number("sales"), _number("gross"), _number("points"))
    _table(
        "shopping_product",
        ["company_id", "customer_id", "product", "family", "day"],
        _number("sales"),
        _number("quantity"),
        _number("gross"),
    )
    _table(
        "segment",
        ["company_id", "id"],
        _text("title"),
        _text("criteria"),
        _number("members"),
        sa.Column("refreshed_on", sa.Date(), nullable=True),
        _instant("refreshed_at", nullable=True),
        _instant("created_at"),
        _text("created_by"),
        _instant("updated_at"),
    )
    _table("segment_member", ["company_id", "segment", "customer_id"], _instant("since"))
    op.create_index("ix_segment_member_customer", "segment_member", ["tenant_id", "customer_id"], unique=False)
    _table("segment_due", ["company_id", "customer_id"], _instant("marked_at"))
    _table(
        "segment_model",
        ["company_id"],
        sa.Column("rfm", _JSON, nullable=False),
        sa.Column("cuts", _JSON, nullable=False),
        sa.Column("cut_on", sa.Date(), nullable=True),
        _instant("updated_at"),
    )
    connection = op.get_bind()
    postgres = connection.dialect.name == "postgresql"
    if postgres:
        # Row-level security binds the owner too: this once it looks at the documents of all.
        op.execute("SELECT set_config('v5.tenant', '*', true)")
    for statement in filling(connection.dialect.name):
        op.execute(statement)
    if not postgres:
        return
    granted = connection.scalar(sa.text("SELECT 1 FROM pg_roles WHERE rolname = :name"), {"name": _APP_ROLE})
    for name in _TABLES:
        op.execute(f'ALTER TABLE "{name}" ENABLE ROW LEVEL SECURITY')
        op.execute(f'ALTER TABLE "{name}" FORCE ROW LEVEL SECURITY')
        op.execute(f'CREATE POLICY tenant ON "{name}" USING ({_MINE}) WITH CHECK ({_MINE})')
        if granted:
            op.execute(f'GRANT SELECT, INSERT, UPDATE, DELETE ON "{name}" TO "{_APP_ROLE}"')


def downgrade() -> None:
    for name in _TABLES:
        op.drop_table(name)
