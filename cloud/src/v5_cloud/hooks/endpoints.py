"""Sale-time operations over REST, for agents and API keys."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Response

from v5_cloud.access.dependencies import AnyMachine
from v5_cloud.hooks.service import CloudHooks
from v5_cloud.kit.container import Container, held
from v5_cloud.kit.route import api_router, sent
from v5_core import hooks

__all__ = ["Port", "router"]

router = api_router("/v1/hooks", "hooks")


async def port(service: Annotated[Container, Depends(held)], machine: AnyMachine) -> CloudHooks:
    """The operations on behalf of the calling machine's company."""
    machine.may("hooks")
    return CloudHooks(service, machine.scope)


Port = Annotated[CloudHooks, Depends(port)]


@router.post("/identify", response_model=hooks.IdentifyResponse)
def identify(called: Port, body: hooks.IdentifyRequest) -> Response:
    """Who is this?"""
    return sent(called.identify(body))


@router.post("/enrol", response_model=hooks.EnrolResponse)
def enrol(called: Port, body: hooks.EnrolRequest) -> Response:
    """A new customer at the till."""
    return sent(called.enrol(body))


@router.post("/quote", response_model=hooks.QuoteResponse)
def quote(called: Port, body: hooks.QuoteRequest) -> Response:
    """What does the basket give? Changes nothing."""
    return sent(called.quote(body))


@router.post("/hold", response_model=hooks.HoldResponse)
def hold(called: Port, body: hooks.HoldRequest) -> Response:
    """Reserves points for a payment."""
    return sent(called.hold(body))


@router.post("/commit", response_model=hooks.CommitResponse)
def commit(called: Port, body: hooks.CommitRequest) -> Response:
    """The document was issued."""
    return sent(called.commit(body))


@router.post("/cancel", response_model=hooks.CancelResponse)
def cancel(called: Port, body: hooks.CancelRequest) -> Response:
    """Releases a hold or undoes a document."""
    return sent(called.cancel(body))


@router.post("/return", response_model=hooks.ReturnResponse)
def return_(called: Port, body: hooks.ReturnRequest) -> Response:
    """A credit note."""
    return sent(called.return_(body))
