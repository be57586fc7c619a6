"""The outermost layer: a cap on bodies, no NUL in addresses and forms, and the security headers of every answer."""

from __future__ import annotations

from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Guard"]

_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_API_POLICY: Final = "default-src 'none'; frame-ancestors 'none'"


class _TooLarge(Exception):
    pass


class _Nul(Exception):
    # PostgreSQL keeps no text that has one, and nobody types one.
    pass


class Guard:
    """ASGI middleware. A page may set its own Content-Security-Policy; an API answer has the emptiest."""

    def __init__(self, app: ASGIApp, body_limit: int) -> None:
        self._app = app
        self._limit = body_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on, counted; passes the answer on, with headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        length = dict(scope["headers"]).get(b"content-length", b"0")
        if not length.isdigit() or int(length) > self._limit:
            await self._refuse(scope, receive, send)
            return
        if "\x00" in scope["path"] or b"%00" in scope["query_string"]:
            await _refuse_nul(scope, receive, send)
            return
        form = dict(scope["headers"]).get(b"content-type", b"").startswith(b"application/x-www-form-urlencoded")
        seen = 0
        started = False

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._limit:
                raise _TooLarge
            if form and b"%00" in message.get("body", b""):
                raise _Nul
            return message

        async def with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Content-Security-Policy", _API_POLICY)
                if scope["path"].startswith(("/v1/", "/soap")):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        try:
            await self._app(scope, counted, with_headers)
        except _TooLarge:
            if started:
                raise
            await self._refuse(scope, receive, send)
        except _Nul:
            if started:
                raise
            await _refuse_nul(scope, receive, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = {
            "type": "urn:v5:problem:too_large",
            "title": "Too large",
            "status": 413,
            "detail": f"A request body may have {self._limit} bytes.",
            "code": "too_large",
            "errors": [],
        }
        await JSONResponse(body, 413, dict(_HEADERS), media_type="application/problem+json")(scope, receive, send)


async def _refuse_nul(scope: Scope, receive: Receive, send: Send) -> None:
    body = {
        "type": "urn:v5:problem:malformed",
        "title": "Malformed request",
        "status": 400,
        "detail": "No text may hold the character U+0000.",
        "code": "malformed",
        "errors": [],
    }
    await JSONResponse(body, 400, dict(_HEADERS), media_type="application/problem+json")(scope, receive, send)
