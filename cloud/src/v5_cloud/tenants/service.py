"""Companies and their stores, kept in memory for half a minute: they change a few times a year and every sale needs them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from v5_cloud.kit.container import Container
from v5_cloud.kit.tenant import DIRECTORY, Scope
from v5_cloud.models import Company, Store
from v5_cloud.segments.repository import SegmentRepository
from v5_cloud.tenants.repository import TenantRepository
from v5_cloud.tenants.schemas import CompanyItem, Overview, StoreItem
from v5_core.errors import NotFoundError

__all__ = ["CompanyInfo", "StoreInfo", "company_info", "company_item", "epoch_base", "forget", "overview", "store_item"]

_KEEP_SECONDS: Final = 30.0
_EPOCH_BITS: Final = 40


@dataclass(frozen=True, slots=True)
class StoreInfo:
    """A store as settlement needs it; the manager's addresses are the company's where it has none of its own."""

    id: str
    code: str
    name: str
    zone: ZoneInfo
    language: str
    directives: tuple[str, ...] = ()
    manager_email: str = ""
    manager_phone: str = ""


@dataclass(frozen=True, slots=True)
class CompanyInfo:
    """A company as settlement needs it."""

    id: str
    name: str
    country: str
    currency: str
    card_prefix: str
    receipt_url: str
    offline_points_limit: int
    stores: Mapping[str, StoreInfo]
    segmented: bool = False
    manager_email: str = ""
    manager_phone: str = ""

    @property
    def default_zone(self) -> ZoneInfo:
        """Zone for what happens in no store."""
        first = next(iter(self.stores.values()), None)
        return first.zone if first else ZoneInfo("UTC")

    def language(self, store: str) -> str:
        """In which a store's receipts and messages are; English for a store that the company does not have."""
        found = self.stores.get(store)
        return found.language if found else "en"


def company_info(container: Container, scope: Scope, *, store: str | None = None) -> CompanyInfo:
    """The scope's company; read anew when `store` is not among the stores that are remembered.

    Raises:
        NotFoundError: No such company for this tenant.
    """
    key = ("company", scope.tenant, scope.company)
    kept = container.cache.get(key)
    if kept is not None and kept[0] > time.monotonic():
        info = kept[1]
        if isinstance(info, CompanyInfo) and (store is None or store in info.stores):
            return info
    if kept is not None:
        # One reads anew, with a connection of its own; the others, who may hold one each, go on with what is known meanwhile.
        container.cache[key] = (time.monotonic() + _KEEP_SECONDS, kept[1])
    info = _read(container, scope)
    container.cache[key] = (time.monotonic() + _KEEP_SECONDS, info)
    return info


def _read(container: Container, scope: Scope) -> CompanyInfo:
    with container.database.read(scope) as session:
        repository = TenantRepository(session, scope)
        company = repository.company(scope.company)
        if company is None:
            raise NotFoundError("There is no such company.")
        stores = {
            row.code: StoreInfo(
                row.id,
                row.code,
                row.name,
                ZoneInfo(row.timezone),
                row.language,
                tuple(filter(None, row.directives.splitlines())),
                row.manager_email or company.manager_email,
                row.manager_phone or company.manager_phone,
            )
            for row in repository.stores()
        }
        segmented = SegmentRepository(session, scope).any()
    return CompanyInfo(
        company.id,
        company.name,
        company.country,
        company.currency,
        company.card_prefix,
        company.receipt_url,
        company.offline_points_limit,
        stores,
        segmented,
        company.manager_email,
        company.manager_phone,
    )


def overview(container: Container, scope: Scope) -> Overview:
    """The companies and stores in reach, as they are now."""
    with container.database.read(scope) as session:
        repository = TenantRepository(session, scope)
        return Overview([company_item(one) for one in repository.companies()], [store_item(one) for one in repository.stores()])


def company_item(row: Company) -> CompanyItem:
    """A company as it is shown."""
    return CompanyItem(
        id=row.id,
        name=row.name,
        tax_number=row.tax_number,
        address=row.address,
        currency=row.currency,
        country=row.country,
        receipt_url=row.receipt_url,
        manager_email=row.manager_email,
        manager_phone=row.manager_phone,
        offline_points_limit=row.offline_points_limit,
        closed_at=row.closed_at,
        closed_by=row.closed_by,
    )


def store_item(row: Store) -> StoreItem:
    """A store as it is shown."""
    return StoreItem(
        id=row.id,
        company=row.company_id,
        code=row.code,
        name=row.name,
        address=row.address,
        timezone=row.timezone,
        language=row.language,
        directives=[one for one in row.directives.splitlines() if one],
        manager_email=row.manager_email,
        manager_phone=row.manager_phone,
        closed_at=row.closed_at,
        closed_by=row.closed_by,
    )


def forget(container: Container, scope: Scope) -> None:
    """A company or store was changed: this process reads it anew; others do within half a minute."""
    for key in [one for one in container.cache if one[:2] in {("company", scope.tenant), ("pages.zone", scope.tenant)}]:
        container.cache.pop(key, None)


def epoch_base(container: Container) -> int:
    """Added to transaction numbers, so that replica counters grow even after a restore into another database."""
    kept = container.cache.get(("epoch",))
    if kept is None:
        scope = Scope(DIRECTORY)
        with container.database.read(scope) as session:
            kept = (0.0, TenantRepository(session, scope).epoch() << _EPOCH_BITS)
        container.cache[("epoch",)] = kept
    return kept[1] if isinstance(kept[1], int) else 0
