"""Routes whose JSON bodies are read by `v5_core.wire.loads`, so that a JSON number never passes as an amount."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute

from v5_cloud.kit.problems import PROBLEMS
from v5_core import wire
from v5_core.model import Wire

__all__ = ["WireRoute", "api_router", "sent"]


class _WireRequest(Request):
    async def json(self) -> Any:
        if not hasattr(self, "_json"):
            self._json = wire.loads(await self.body())
        return self._json


class WireRoute(APIRoute):
    """A route that reads its body strictly."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wraps the request before FastAPI parses it."""
        handler = super().get_route_handler()

        async def strict(request: Request) -> Response:
            return await handler(_WireRequest(request.scope, request.receive))

        return strict


def sent(reply: Wire) -> Response:
    """A reply written once, as it is: FastAPI would check it again, in one more thread."""
    return Response(reply.model_dump_json(by_alias=True), media_type="application/json")


def api_router(prefix: str, tag: str) -> APIRouter:
    """A router of the public API: strict bodies, problems documented."""
    return APIRouter(prefix=prefix, tags=[tag], route_class=WireRoute, responses=PROBLEMS)
