"""Batches of events from agents."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Response

from v5_cloud.access.dependencies import AnyMachine
from v5_cloud.kit.container import Container, held
from v5_cloud.kit.route import api_router, sent
from v5_cloud.push import service
from v5_core.errors import PermissionDeniedError
from v5_core.push import PushBatch, PushReply

__all__ = ["router"]

router = api_router("/v1", "push")


@router.post("/push", response_model=PushReply)
def push(container: Annotated[Container, Depends(held)], machine: AnyMachine, body: PushBatch) -> Response:
    """Up to 100 events; each is acknowledged by itself."""
    machine.may("push")
    if machine.kind == "agent" and body.agent != machine.id:
        raise PermissionDeniedError("The batch names another agent.")
    return sent(service.push(container, machine, body))
