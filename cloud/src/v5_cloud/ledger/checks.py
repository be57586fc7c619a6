"""The ledger's invariants, proven from the rows: what is cached must equal what the postings and lots say."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from v5_cloud.kit.container import Container
from v5_cloud.kit.tenant import DIRECTORY, Scope
from v5_cloud.ledger.audit import LedgerAudit
from v5_cloud.programmes.service import current
from v5_cloud.tenants.directory import DirectoryRepository, scopes
from v5_core.errors import NotFoundError

__all__ = ["Difference", "Report", "balance_at", "check"]


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that does not agree."""

    tenant: str
    what: str
    where: str
    expected: int
    found: int


@dataclass(slots=True)
class Report:
    """What was checked, and what does not agree."""

    accounts: int = 0
    postings: int = 0
    differences: list[Difference] = field(default_factory=list)


def check(container: Container) -> Report:
    """Checks every company: balances, lots, holds, and that every movement sums to zero."""
    report = Report()
    for scope in scopes(container):
        clips = any(one.policies.negative_balance == "clip" for one, _ in current(container, scope).versions)
        with container.database.read(scope) as session:
            audit = LedgerAudit(session, scope)
            report.accounts += audit.accounts()
            report.postings += audit.postings()
            found = [
                ("balance is the sum of the postings", audit.balances()),
                ("balance is the sum of the lots", audit.lots()),
                ("held is the sum of the open holds", audit.holds()),
                ("held lots are the open holds", audit.held_lots()),
                ("a movement sums to zero", audit.unbalanced()),
                ("a lot is its points less what was drawn", audit.drawn()),
                ("a document's points are its postings", audit.documents(clips=clips)),
                ("a document counts once", audit.doubled()),
                ("what is held of coupons and limits is what open holds hold", audit.reserved()),
                ("levels are measured by the documents", audit.levels()),
            ]
        for what, rows in found:
            report.differences += [Difference(scope.tenant, what, where, expected, value) for where, expected, value in rows]
    return report


def balance_at(container: Container, customer: str, at: datetime) -> int:
    """Points of a customer at an instant, from the postings that count by then.

    Raises:
        NotFoundError: No such customer.
    """
    with container.database.read(Scope(DIRECTORY)) as session:
        row = DirectoryRepository(session, Scope(DIRECTORY)).customer(customer)
    if row is None:
        raise NotFoundError("There is no such customer.")
    scope = Scope(row.tenant_id, row.company_id)
    with container.database.read(scope) as session:
        return LedgerAudit(session, scope).balance_at(customer, at)
