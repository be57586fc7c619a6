"""Routes whose JSON bodies are read by `v5_core.wire.loads`, so that a JSON number never passes as an amount."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute

from v5_cloud.kit.problems import PROBLEMS
from v5_core import wire
from v5_core.errors import MalformedError
from v5_core.model import Wire

__all__ = ["WireRoute", "api_router", "sent"]


class _WireRequest(Request):
    async def json(self) -> Any:
        if not hasattr(self, "_json"):
            self._json = wire.loads(await self.body())
        return self._json

    async def holds_nul(self) -> bool:
        """Whether a text of the body has a NUL in it."""
        if b"\\u0000" not in await self.body():
            return False
        try:
            return _holds_nul(await self.json())
        except (ValueError, RecursionError):
            return False  # no JSON: whoever reads it says so


def _holds_nul(value: Any) -> bool:
    # PostgreSQL keeps no text that has one, and nobody types one.
    if isinstance(value, dict):
        return any(_holds_nul(one) for pair in value.items() for one in pair)
    return any(_holds_nul(one) for one in value) if isinstance(value, list) else isinstance(value, str) and "\x00" in value


class WireRoute(APIRoute):
    """A route that reads its body strictly."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wraps the request before FastAPI parses it."""
        handler = super().get_route_handler()

        async def strict(request: Request) -> Response:
            wired = _WireRequest(request.scope, request.receive)
            # A batch of events is taken all the same, without the event that holds it.
            if not self.path.endswith("/push") and await wired.holds_nul():
                raise MalformedError("No text may hold the character U+0000.")
            return await handler(wired)

        return strict


def sent(reply: Wire) -> Response:
    """A reply written once, as it is: FastAPI would check it again, in one more thread."""
    return Response(reply.model_dump_json(by_alias=True), media_type="application/json")


def api_router(prefix: str, tag: str) -> APIRouter:
    """A router of the public API: strict bodies, problems documented."""
    return APIRouter(prefix=prefix, tags=[tag], route_class=WireRoute, responses=PROBLEMS)
