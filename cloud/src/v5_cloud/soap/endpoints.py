"""The sale-time operations as SOAP 1.1; the codec and the WSDL are `v5_core.soap`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.security.http import HTTPAuthorizationCredentials
from starlette.responses import Response

from v5_cloud.access.dependencies import machine as proven
from v5_cloud.access.dependencies import raw_body
from v5_cloud.hooks.service import CloudHooks
from v5_cloud.kit.container import Container, container
from v5_core import soap
from v5_core.errors import V5Error

__all__ = ["router"]

# The contract of these routes is the WSDL, not OpenAPI.
router = APIRouter(include_in_schema=False)


@router.post("/soap")
def call(request: Request, held: Annotated[Container, Depends(container)], body: Annotated[bytes, Depends(raw_body)]) -> Response:
    """One operation. What is wrong is a fault with the same code as in REST, a missing credential too."""
    try:
        bearer = request.headers.get("authorization", "")
        scheme, _, token = bearer.partition(" ")
        credentials = HTTPAuthorizationCredentials(scheme=scheme, credentials=token) if scheme.lower() == "bearer" and token else None
        found = proven(request, held, body, credentials, request.headers.get("v5-agent"))
        found.may("hooks")
    except V5Error as error:
        status, reply = soap.fault(error)
    else:
        status, reply = soap.handle(body, soap.operations(CloudHooks(held, found.scope)))
    return Response(reply, status, media_type=soap.CONTENT_TYPE)


@router.get("/soap")
def contract(request: Request, held: Annotated[Container, Depends(container)]) -> Response:
    """The WSDL, whatever the query says; it holds no data of anybody."""
    base = held.settings.public_url or str(request.base_url)
    return Response(soap.wsdl(f"{base.rstrip('/')}/soap"), media_type=soap.CONTENT_TYPE)
