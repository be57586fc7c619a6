"""Sale-time operations over REST, for agents and API keys."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from v5_cloud.access.dependencies import AnyMachine
from v5_cloud.hooks.service import CloudHooks
from v5_cloud.kit.container import Container, container
from v5_cloud.kit.route import api_router
from v5_core import hooks

__all__ = ["Port", "router"]

router = api_router("/v1/hooks", "hooks")


def port(held: Annotated[Container, Depends(container)], machine: AnyMachine) -> CloudHooks:
    """The operations on behalf of the calling machine's company."""
    machine.may("hooks")
    return CloudHooks(held, machine.scope)


Port = Annotated[CloudHooks, Depends(port)]


@router.post("/identify")
def identify(called: Port, body: hooks.IdentifyRequest) -> hooks.IdentifyResponse:
    """Who is this?"""
    return called.identify(body)


@router.post("/enrol")
def enrol(called: Port, body: hooks.EnrolRequest) -> hooks.EnrolResponse:
    """A new customer at the till."""
    return called.enrol(body)


@router.post("/quote")
def quote(called: Port, body: hooks.QuoteRequest) -> hooks.QuoteResponse:
    """What does the basket give? Changes nothing."""
    return called.quote(body)


@router.post("/hold")
def hold(called: Port, body: hooks.HoldRequest) -> hooks.HoldResponse:
    """Reserves points for a payment."""
    return called.hold(body)


@router.post("/commit")
def commit(called: Port, body: hooks.CommitRequest) -> hooks.CommitResponse:
    """The document was issued."""
    return called.commit(body)


@router.post("/cancel")
def cancel(called: Port, body: hooks.CancelRequest) -> hooks.CancelResponse:
    """Releases a hold or undoes a document."""
    return called.cancel(body)


@router.post("/return")
def return_(called: Port, body: hooks.ReturnRequest) -> hooks.ReturnResponse:
    """A credit note."""
    return called.return_(body)
