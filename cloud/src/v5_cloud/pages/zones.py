"""The time zone that a tenant's pages are shown in."""

from __future__ import annotations

import time
from typing import Final
from zoneinfo import ZoneInfo

from v5_cloud.kit.container import Container
from v5_cloud.kit.tenant import Repository, Scope
from v5_cloud.models import Store

__all__ = ["zone_of"]

_FRESH: Final = 300.0


class _Zones(Repository):
    def first(self) -> str | None:
        return self.session.scalars(self.columns(Store, Store.timezone).order_by(Store.created_at, Store.id).limit(1)).first()


def zone_of(held: Container, tenant: str) -> ZoneInfo:
    """The zone of the tenant's first store; remembered for some minutes, because every page asks."""
    key = ("pages.zone", tenant)
    found = held.cache.get(key)
    if found and found[0] > time.monotonic() and isinstance(found[1], ZoneInfo):
        return found[1]
    scope = Scope(tenant)
    with held.database.read(scope) as session:
        zone = ZoneInfo(_Zones(session, scope).first() or "Europe/Lisbon")
    held.cache[key] = (time.monotonic() + _FRESH, zone)
    return zone
