"""Stores fetch a customer again when anything changed that a till should know of, not points alone.

The replica counter stands on the customer's account. Whatever changes memberships, levels, vouchers, counted uses or what is on a stored
value moves it here: through the session (rows added or changed) or through a `WriteSet`; nobody has to think of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import bindparam, event, text
from sqlalchemy.orm import Session, UOWTransaction

from v5_cloud.models import CustomerDay, MembershipRow, StandingRow, TenantRow, UseCounter, VoucherRow

__all__ = ["stale", "stale_of"]

_STORED: Final = "sv_"
_SQLITE: Final = "(SELECT coalesce(max(b.replica), 0) + 1 FROM account b WHERE b.tenant_id = :tenant AND b.company_id = account.company_id)"
# The upper bits say which restore of the database this is; all rows of a company have the same.
_POSTGRES: Final = (
    "((SELECT coalesce(max(b.replica), 0) FROM account b WHERE b.tenant_id = :tenant AND b.company_id = account.company_id) >> 40 << 40)"
    " + CAST(CAST(pg_current_xact_id() AS text) AS bigint)"
)
_OWNERS: Final = {
    "members": "SELECT customer_id FROM membership WHERE tenant_id = :tenant AND id IN :ids",
    "accounts": "SELECT customer_id FROM voucher WHERE tenant_id = :tenant AND customer_id IS NOT NULL AND account_id IN :ids",
}


def stale(session: Session, tenant: str, found: Mapping[str, set[str]]) -> None:
    """Moves the counters of customers: by their ids, by their memberships, by the accounts of what is in their wallets."""
    connection = session.connection()
    customers = set(found.get("customers", ()))
    for kind, sql in _OWNERS.items():
        if found.get(kind):
            statement = text(sql).bindparams(bindparam("ids", expanding=True))
            customers |= set(connection.execute(statement, {"tenant": tenant, "ids": sorted(found[kind])}).scalars())
    if customers:
        counter = _SQLITE if connection.dialect.name == "sqlite" else _POSTGRES
        sql = f"UPDATE account SET replica = {counter} WHERE tenant_id = :tenant AND kind = 'points' AND customer_id IN :ids"  # noqa: S608 - fixed
        connection.execute(text(sql).bindparams(bindparam("ids", expanding=True)), {"tenant": tenant, "ids": sorted(customers)})


def stale_of(
    rows: Iterable[tuple[type[TenantRow], Iterable[Mapping[str, Any]]]], accounts: Iterable[Mapping[str, Any]]
) -> dict[str, set[str]]:
    """Whose counters a write set moves beside those of the accounts that it changes."""
    found: dict[str, set[str]] = {"customers": set(), "members": set(), "accounts": set()}
    for model, written in rows:
        if model in (StandingRow, CustomerDay):
            found["customers"] |= {row["customer_id"] for row in written}
        elif model is UseCounter:
            for row in written:
                kind, _, name = row["scope"].partition(":")
                if kind in ("customer", "member"):
                    found[f"{kind}s"].add(name)
    found["accounts"] |= {row["id"] for row in accounts if row["id"].startswith(_STORED)}
    return found


def _changed(session: Session, _: UOWTransaction) -> None:
    by_tenant: dict[str, set[str]] = {}
    for row in (*session.new, *session.dirty, *session.deleted):
        if isinstance(row, (MembershipRow, VoucherRow)) and row.customer_id:
            by_tenant.setdefault(row.tenant_id, set()).add(row.customer_id)
    for tenant, customers in by_tenant.items():
        stale(session, tenant, {"customers": customers})


event.listen(Session, "after_flush", _changed)
