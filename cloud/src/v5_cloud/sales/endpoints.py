"""Sales over REST."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from fastapi import Depends, Path, Query

from v5_cloud.access.dependencies import Reader
from v5_cloud.kit.container import Container, container
from v5_cloud.kit.pagination import Cursor, Limit, Page
from v5_cloud.kit.route import api_router
from v5_cloud.sales import service
from v5_cloud.sales.schemas import SaleFilter, SaleItem, SaleRecord

__all__ = ["router"]

router = api_router("/v1/sales", "sales")
Held = Annotated[Container, Depends(container)]
Id = Annotated[str, Path(max_length=80, pattern=r"^[A-Za-z0-9_-]+$")]
Filter = Annotated[str | None, Query(max_length=80, pattern=r"^[^\x00-\x1f]*$")]


@router.get("")
def list_sales(
    held: Held,
    machine: Reader,
    store: Filter = None,
    customer: Filter = None,
    kind: Annotated[Literal["sale", "return", "cancelled"] | None, Query()] = None,
    since: Annotated[date | None, Query(description="First business day.")] = None,
    until: Annotated[date | None, Query(description="Last business day.")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[SaleItem]:
    """Sales and returns, newest first."""
    wanted = SaleFilter(store=store or "", customer=customer or "", kind=kind or "", first=since, last=until)
    return service.list_sales(held, machine.scope, wanted, cursor=cursor, limit=limit)


@router.get("/{document}")
def get(held: Held, machine: Reader, document: Id) -> SaleRecord:
    """One document with its explanations."""
    return service.get(held, machine.scope, document)
