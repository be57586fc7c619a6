"""Stores over REST, and whether the service is alive."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from pydantic import BaseModel

from v5_cloud.access.dependencies import Reader
from v5_cloud.kit.container import Container, container
from v5_cloud.kit.pagination import Page
from v5_cloud.kit.route import api_router
from v5_cloud.tenants.schemas import StoreItem
from v5_cloud.tenants.service import overview

__all__ = ["router"]

router = api_router("/v1", "stores")
Held = Annotated[Container, Depends(container)]


class Health(BaseModel):
    """The service answers."""

    status: str


@router.get("/stores")
def stores(held: Held, machine: Reader) -> Page[StoreItem]:
    """All stores of the company."""
    return Page(items=list(overview(held, machine.scope).stores))


@router.get("/health", openapi_extra={"security": []})
def health() -> Health:
    """Alive; says nothing else to strangers."""
    return Health(status="ok")
