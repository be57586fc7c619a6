"""Simulations over REST."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path, Response

from v5_cloud.access.dependencies import Publisher
from v5_cloud.kit.container import Container, container
from v5_cloud.kit.pagination import Cursor, Limit, Page
from v5_cloud.kit.route import api_router
from v5_cloud.simulation import jobs, service
from v5_cloud.simulation.schemas import SimulationItem, SimulationOrder, SimulationRecord

__all__ = ["router"]

router = api_router("/v1/simulations", "simulations")
Held = Annotated[Container, Depends(container)]
SimulationId = Annotated[str, Path(max_length=80, pattern=r"^[A-Za-z0-9_-]+$")]


@router.post("", status_code=202)
def simulate(held: Held, machine: Publisher, body: SimulationOrder, response: Response) -> SimulationRecord:
    """Tries a draft on past sales; answers at once, and the address in `Location` says how far it is and what came out.

    Needs the scope `programmes`. Nothing is changed: no point moves, no voucher is made.
    """
    found = service.create(held, machine.scope, body, actor=f"key:{machine.id}")
    jobs.start(held, machine.scope, found.id)
    response.headers["Location"] = f"/v1/simulations/{found.id}"
    return found


@router.get("")
def list_simulations(held: Held, machine: Publisher, cursor: Cursor = None, limit: Limit = 50) -> Page[SimulationItem]:
    """Simulations, newest first."""
    return service.list_simulations(held, machine.scope, cursor=cursor, limit=limit)


@router.get("/{simulation}")
def get(held: Held, machine: Publisher, simulation: SimulationId) -> SimulationRecord:
    """One simulation; its `report` once `state` is done."""
    return service.get(held, machine.scope, simulation)
