"""Customers over REST."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path, Query

from v5_cloud.access.dependencies import Reader
from v5_cloud.customers import service
from v5_cloud.customers.schemas import CustomerItem, CustomerRecord, MovementItem
from v5_cloud.kit.container import Container, container
from v5_cloud.kit.pagination import Cursor, Limit, Page
from v5_cloud.kit.route import api_router

__all__ = ["router"]

router = api_router("/v1/customers", "customers")
Held = Annotated[Container, Depends(container)]
CustomerId = Annotated[str, Path(max_length=80, pattern=r"^[A-Za-z0-9_-]+$")]


@router.get("")
def search(
    held: Held,
    machine: Reader,
    q: Annotated[str, Query(max_length=80, pattern=r"^[^\x00-\x1f]*$", description="Name, card, phone or tax number.")] = "",
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[CustomerItem]:
    """Customers by name, card, phone or tax number."""
    return service.search(held, machine.scope, q, cursor=cursor, limit=limit)


@router.get("/{customer}")
def get(held: Held, machine: Reader, customer: CustomerId) -> CustomerRecord:
    """One customer in full."""
    return service.get(held, machine.scope, customer)


@router.get("/{customer}/movements")
def movements(held: Held, machine: Reader, customer: CustomerId, cursor: Cursor = None, limit: Limit = 50) -> Page[MovementItem]:
    """Movements of points, newest first, each with its explanation."""
    return service.movements(held, machine.scope, customer, cursor=cursor, limit=limit)
