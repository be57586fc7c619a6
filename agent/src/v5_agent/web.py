"""The local service: hooks for tills, the companion page for people, health for whoever looks. On 127.0.0.1 only."""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Awaitable, Callable
from importlib import resources
from typing import Any, Final

import pydantic
from fastapi import Depends, FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from v5_agent import __version__, pages
from v5_agent.guard import Guard, problem
from v5_agent.i18n import choose
from v5_agent.sessions import COOKIE, HEADER, Sessions
from v5_core import soap, wire
from v5_core.errors import AuthError, FieldError, MalformedError, NotFoundError, V5Error, ValidationError
from v5_core.hooks import EnrolRequest, IdentifyRequest
from v5_core.model import Wire

__all__ = ["create_app"]

_log = logging.getLogger(__name__)
_TITLES: Final = {
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    422: "Unprocessable Content",
    503: "Service Unavailable",
}
# Faults that the framework finds; the cloud has the same.
_CODES: Final = {400: "bad_request", 404: "not_found", 405: "method_not_allowed"}


def create_app(agent: Any, token: str, port: Callable[[], int]) -> Guard:
    """The application behind its guard.

    Args:
        agent: The running `service.Agent`.
        token: What tills show as `Authorization: Bearer <token>`.
        port: The port that was bound, for the exact Host check.
    """
    app = FastAPI(title="V5 store agent", version=__version__, docs_url=None, redoc_url=None, openapi_url=None)
    sessions = Sessions()
    _errors(app)
    _hooks(app, agent, token, port)
    _admin(app, agent, token)
    _companion(app, agent, sessions)
    pages.add_health(app, agent)
    static = resources.files("v5_agent").joinpath("static")
    app.mount("/static", StaticFiles(directory=str(static)))
    return Guard(app, port)


async def _body(request: Request) -> bytes:
    return await request.body()


def _parse(body: bytes, model: type[Wire]) -> Any:
    try:
        data = wire.loads(body)
    except (ValueError, UnicodeDecodeError):
        raise MalformedError("the body is not JSON") from None
    try:
        return model.model_validate(data)
    except pydantic.ValidationError as error:
        fields = tuple(
            FieldError(".".join(str(part) for part in one["loc"]) or "body", one["type"], one["msg"])
            for one in error.errors(include_url=False, include_input=False, include_context=False)
        )
        raise ValidationError(f"{len(fields)} field(s) are wrong: see errors", errors=fields) from None


def _reply(answer: Wire) -> Response:
    return Response(answer.model_dump_json(), media_type="application/json")


def _errors(app: FastAPI) -> None:
    @app.exception_handler(V5Error)
    async def known(_: Request, error: V5Error) -> Response:
        status = error.status if error.status != 500 else 503
        fields = [{"field": one.field, "code": one.code, "message": one.message} for one in error.errors]
        body = problem(status, error.error_code, _TITLES.get(status, "Error"), error.message, errors=fields)
        headers = {"www-authenticate": "Bearer"} if status == 401 else {}
        return Response(body, status, headers, media_type="application/problem+json")

    @app.exception_handler(HTTPException)
    async def of_the_web(_: Request, error: HTTPException) -> Response:
        title = _TITLES.get(error.status_code, "Error")
        body = problem(error.status_code, _CODES.get(error.status_code, "http"), title, title)
        return Response(body, error.status_code, media_type="application/problem+json")

    @app.exception_handler(Exception)
    async def unknown(request: Request, error: Exception) -> Response:
        _log.error("%s failed", request.url.path, exc_info=error)
        body = problem(500, "internal", "Internal Server Error", "the operation failed; nothing is known to be wrong with the request")
        return Response(body, 500, media_type="application/problem+json")


def _authorised(token: str) -> Callable[[Request], Awaitable[None]]:
    expected = f"Bearer {token}".encode()

    # A coroutine, though it awaits nothing: FastAPI sends a plain function to another thread and back, which a till would wait for.
    async def check(request: Request) -> None:
        given = request.headers.getlist("authorization")
        if len(given) != 1 or not hmac.compare_digest(given[0].encode("latin-1"), expected):
            raise AuthError("the token is missing or wrong: it is in the agent's data folder (hooks.token)")

    return check


def _hooks(app: FastAPI, agent: Any, token: str, port: Callable[[], int]) -> None:
    till = _authorised(token)
    operations = soap.operations(agent.till)

    # Plain routes: a till waits for these, and FastAPI's own work costs as much as an identification.
    async def hook(request: Request) -> Response:
        await till(request)
        operation = request.path_params["operation"]
        if operation not in soap.OPERATIONS:
            raise NotFoundError(f"there is no operation {operation[:40]!r}", code="unknown_operation")
        asked = _parse(await request.body(), soap.OPERATIONS[operation][0])
        return _reply(await asyncio.to_thread(operations[operation], asked))

    async def call(request: Request) -> Response:
        await till(request)
        status, reply = await asyncio.to_thread(soap.handle, await request.body(), operations)
        return Response(reply, status, media_type=soap.CONTENT_TYPE)

    app.add_route("/v1/hooks/{operation}", hook, methods=["POST"])
    app.add_route("/soap", call, methods=["POST"])

    @app.get("/soap")
    async def contract() -> Response:
        return Response(soap.wsdl(f"http://127.0.0.1:{port()}/soap"), media_type=soap.CONTENT_TYPE)


def _admin(app: FastAPI, agent: Any, token: str) -> None:
    admin = Depends(_authorised(token))

    @app.post("/v1/admin/poll", dependencies=[admin])
    def poll(source: str = "") -> dict[str, Any]:
        if source and source not in agent.sources:
            raise NotFoundError(f"there is no source {source[:40]!r}; there are: {', '.join(agent.sources) or 'none'}")
        return dict(agent.all_now(source))

    @app.post("/v1/admin/send", dependencies=[admin])
    def send() -> dict[str, Any]:
        return dict(agent.send_now())

    @app.post("/v1/admin/replica", dependencies=[admin])
    def replica() -> dict[str, Any]:
        return dict(agent.pull_now())

    @app.post("/v1/admin/heartbeat", dependencies=[admin])
    def heartbeat() -> dict[str, Any]:
        return {"heard": agent.heartbeat(force=True), "checks": agent.check()}


def _companion(app: FastAPI, agent: Any, sessions: Sessions) -> None:
    async def known(request: Request) -> None:
        # The cookie alone is not enough: a form of another page could carry it, but no form can set a header.
        if request.headers.get(HEADER) != "1" or not sessions.valid(request.cookies.get(COOKIE)):
            raise AuthError("open the companion page again", code="session")

    session = Depends(known)

    @app.get("/")
    def home(request: Request) -> Response:
        response = pages.companion(agent, request)
        if not sessions.valid(request.cookies.get(COOKIE)):
            response.set_cookie(COOKIE, sessions.new(), httponly=True, samesite="strict", path="/")
        return response

    @app.post("/ui/identify", dependencies=[session])
    async def identify(request: Request, body: bytes = Depends(_body)) -> Response:
        data = wire.loads(body) if body else {}
        key = data.get("key") if isinstance(data, dict) else None
        asked = _parse(wire_bytes({"store": agent.store or "-", "key": key}), IdentifyRequest)
        language = choose(request.query_params.get("lang"), None, agent.local.language)
        return _reply(await asyncio.to_thread(agent.till.identify, asked, language))

    @app.post("/ui/enrol", dependencies=[session])
    async def enrol(body: bytes = Depends(_body)) -> Response:
        data = wire.loads(body)
        fields = {key: value for key, value in data.items() if value not in ("", None, [])} if isinstance(data, dict) else {}
        request = _parse(wire_bytes({**fields, "store": agent.store or "-"}), EnrolRequest)
        return _reply(await asyncio.to_thread(agent.till.enrol, request))

    @app.get("/ui/status", dependencies=[session])
    def status() -> dict[str, Any]:
        seen = agent.health()
        return {"light": seen.light, "online": seen.online, "queue": seen.queue_depth, "enrolled": bool(seen.agent)}


def wire_bytes(data: dict[str, Any]) -> bytes:
    """JSON of values that came through `wire.loads` (its integers are ints)."""
    import json

    return json.dumps(data).encode()
