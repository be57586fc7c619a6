"""All tenants: for the operator's command line and for what is done in the background."""

from __future__ import annotations

from v5_cloud.kit.container import Container
from v5_cloud.kit.tenant import DIRECTORY, Repository, Scope
from v5_cloud.models import Company, CustomerRow, SegmentDue, Tenant
from v5_core.errors import NotFoundError, ValidationError

__all__ = ["DirectoryRepository", "only_tenant", "scopes", "tenants", "waiting"]


class DirectoryRepository(Repository):
    """Who there is."""

    def tenants(self) -> list[str]:
        """All tenant ids."""
        return [tenant for tenant, _ in self.named()]

    def named(self) -> list[tuple[str, str]]:
        """All tenants: id and name."""
        return [(row.tenant_id, row.name) for row in self.session.scalars(self.everywhere(Tenant).order_by(Tenant.tenant_id))]

    def companies(self) -> list[tuple[str, str]]:
        """(tenant, company) of all companies."""
        return [(row.tenant_id, row.id) for row in self.session.scalars(self.everywhere(Company).order_by(Company.tenant_id, Company.id))]

    def waiting(self) -> list[tuple[str, str]]:
        """(tenant, company) of whoever has customers to work out."""
        statement = self.everywhere(SegmentDue).with_only_columns(SegmentDue.tenant_id, SegmentDue.company_id).distinct()
        return [(tenant, company) for tenant, company in self.session.execute(statement)]

    def customer(self, customer_id: str) -> CustomerRow | None:
        """A customer by id alone; ids are unique by chance."""
        return self.session.scalars(self.everywhere(CustomerRow).where(CustomerRow.id == customer_id)).one_or_none()


def waiting(container: Container) -> list[Scope]:
    """Companies with customers whose segments are to be worked out anew."""
    with container.database.read(Scope(DIRECTORY)) as session:
        return [Scope(tenant, company) for tenant, company in DirectoryRepository(session, Scope(DIRECTORY)).waiting()]


def only_tenant(container: Container) -> str:
    """The tenant, when there is exactly one.

    Raises:
        NotFoundError: None yet.
        ValidationError: Several: one must be named.
    """
    with container.database.read(Scope(DIRECTORY)) as session:
        found = DirectoryRepository(session, Scope(DIRECTORY)).tenants()
    if not found:
        raise NotFoundError("There is no tenant yet; `v5-cloud tenant add NAME` makes one, `v5-cloud sample` one to try things with.")
    if len(found) > 1:
        raise ValidationError(f"There are {len(found)} tenants; name one with --tenant.")
    return found[0]


def tenants(container: Container) -> list[tuple[str, str]]:
    """All tenants: id and name."""
    with container.database.read(Scope(DIRECTORY)) as session:
        return DirectoryRepository(session, Scope(DIRECTORY)).named()


def scopes(container: Container) -> list[Scope]:
    """Every company of every tenant."""
    with container.database.read(Scope(DIRECTORY)) as session:
        return [Scope(tenant, company) for tenant, company in DirectoryRepository(session, Scope(DIRECTORY)).companies()]
