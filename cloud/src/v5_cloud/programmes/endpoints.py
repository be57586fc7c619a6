"""Programmes over REST."""

from __future__ import annotations

import functools
from typing import Annotated, Any

from fastapi import Depends

from v5_cloud.access.dependencies import Reader
from v5_cloud.kit.container import Container, container
from v5_cloud.kit.pagination import Page
from v5_cloud.kit.route import api_router
from v5_cloud.programmes import service
from v5_cloud.programmes.schemas import ProgrammeItem
from v5_core.programme import Programme

__all__ = ["router"]

router = api_router("/v1/programmes", "programmes")


@router.get("")
def list_programmes(held: Annotated[Container, Depends(container)], machine: Reader) -> Page[ProgrammeItem]:
    """Every version of every programme."""
    return Page(items=service.list_programmes(held, machine.scope))


@router.get("/schema", openapi_extra={"security": []})
@functools.cache
def schema() -> dict[str, Any]:
    """The JSON Schema of a programme, for forms and for editors; no key needed, for it says nothing of anybody."""
    return Programme.model_json_schema()
