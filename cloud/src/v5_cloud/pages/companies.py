"""Which of the tenant's companies a page is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from v5_cloud.kit.tenant import Scope
from v5_cloud.pages.page import Page
from v5_cloud.tenants.schemas import CompanyItem, StoreItem
from v5_cloud.tenants.service import overview
from v5_core.errors import NotFoundError

__all__ = ["Chosen", "chosen"]


@dataclass(frozen=True, slots=True)
class Chosen:
    """A company of the viewer's tenant, and those it was chosen from."""

    item: CompanyItem
    scope: Scope
    companies: Sequence[CompanyItem]
    stores: Sequence[StoreItem]

    @property
    def store_names(self) -> dict[str, str]:
        """Names by code."""
        return {one.code: one.name for one in self.stores}

    @property
    def id(self) -> str:
        """The company's id."""
        return self.item.id

    @property
    def currency(self) -> str:
        """The company's currency."""
        return self.item.currency


def chosen(page: Page, company: str = "") -> Chosen:
    """The company that is named, or the tenant's first.

    Raises:
        NotFoundError: Not one of this tenant's, or there is none yet.
    """
    shops = overview(page.held, page.scope)
    found = shops.company(company) if company else next(iter(shops.companies), None)
    if found is None:
        raise NotFoundError("There is no such company.")
    stores = [one for one in shops.stores if one.company == found.id]
    return Chosen(found, Scope(page.scope.tenant, found.id), shops.companies, stores)
