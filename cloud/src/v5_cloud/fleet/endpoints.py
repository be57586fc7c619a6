"""Agents: enrolment, heartbeat, replica, list."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Response

from v5_cloud.access.dependencies import Reader, StoreAgent
from v5_cloud.fleet import service
from v5_cloud.fleet.replica import replica_page
from v5_cloud.fleet.schemas import AgentItem, EnrolAgentRequest, EnrolAgentResponse, Heartbeat, HeartbeatReply, ReplicaRequest
from v5_cloud.kit.container import Container, container
from v5_cloud.kit.pagination import Page
from v5_cloud.kit.route import api_router
from v5_core.push import Replica

__all__ = ["router"]

router = api_router("/v1", "agents")
Held = Annotated[Container, Depends(container)]


@router.post("/agents/enrol", openapi_extra={"security": []})
def enrol(request: Request, held: Held, body: EnrolAgentRequest) -> EnrolAgentResponse:
    """Turns a machine into a store's agent; the code works once."""
    held.limiter.hit(held.settings.enrol_rate, "enrol", request.client.host if request.client else "-")
    return service.enrol(held, body)


@router.post("/agents/heartbeat")
def heartbeat(held: Held, machine: StoreAgent, body: Heartbeat) -> HeartbeatReply:
    """How the agent is doing."""
    return HeartbeatReply(server_time=service.beat(held, machine, body))


@router.post("/replica", response_model=Replica)
def replica(held: Held, machine: StoreAgent, body: ReplicaRequest) -> Response:
    """A page of the store's replica; of a customer it says only what there is."""
    return Response(replica_page(held, machine, body.since).written(), media_type="application/json")


@router.get("/agents")
def agents(held: Held, machine: Reader) -> Page[AgentItem]:
    """All agents of the company."""
    return Page(items=service.list_agents(held, machine.scope))
