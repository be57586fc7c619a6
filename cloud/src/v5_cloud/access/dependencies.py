"""FastAPI dependencies: who is calling."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyHeader, HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials

from v5_cloud.access.service import Machine, by_key, by_signature
from v5_cloud.kit.container import Container, held
from v5_core.errors import AuthError

__all__ = ["AnyMachine", "Clerk", "Issuer", "Publisher", "Reader", "StoreAgent", "machine", "raw_body"]

_bearer = HTTPBearer(auto_error=False, scheme_name="apiKey", description="`Authorization: Bearer v5_<id>_<secret>`")
_agent = APIKeyHeader(
    name="v5-agent",
    auto_error=False,
    scheme_name="agent",
    description="Agent id; with webhook-id, webhook-timestamp and webhook-signature (Standard Webhooks, v1a) over the body.",
)


async def raw_body(request: Request) -> bytes:
    """The body as received, which is what was signed."""
    return await request.body()


def machine(
    request: Request,
    service: Annotated[Container, Depends(held)],
    body: Annotated[bytes, Depends(raw_body)],
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
    agent: Annotated[str | None, Security(_agent)],
) -> Machine:
    """The machine that calls, proven.

    Raises:
        AuthError: Not proven.
        TooManyError: Too many failed attempts, or too many requests.
    """
    address = request.client.host if request.client else "-"
    service.limiter.check(service.settings.auth_failure_rate, "auth", address)
    try:
        if agent:
            headers = request.headers
            signed = (headers.get("webhook-id", ""), headers.get("webhook-timestamp", ""), headers.get("webhook-signature", ""))
            found = by_signature(service, agent, signed, body)
        elif bearer is not None:
            found = by_key(service, bearer.credentials)
        else:
            raise AuthError("Send an API key, or sign the request as an agent.")
    except AuthError as error:
        if error.error_code != "clock_skew":
            service.limiter.hit(service.settings.auth_failure_rate, "auth", address)
        raise
    service.limiter.hit(service.settings.machine_rate, found.kind, found.id)
    return found


AnyMachine = Annotated[Machine, Depends(machine)]


async def _agent_only(found: AnyMachine) -> Machine:
    found.may("agent")
    return found


async def _reader(found: AnyMachine) -> Machine:
    found.may("read")
    return found


async def _clerk(found: AnyMachine) -> Machine:
    found.may("customers")
    return found


async def _publisher(found: AnyMachine) -> Machine:
    found.may("programmes")
    return found


async def _issuer(found: AnyMachine) -> Machine:
    found.may("vouchers")
    return found


StoreAgent = Annotated[Machine, Depends(_agent_only)]
Reader = Annotated[Machine, Depends(_reader)]
Clerk = Annotated[Machine, Depends(_clerk)]
Publisher = Annotated[Machine, Depends(_publisher)]
Issuer = Annotated[Machine, Depends(_issuer)]
