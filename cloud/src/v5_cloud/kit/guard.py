"""The outermost layer: a cap on bodies, no NUL in addresses and forms, and the security headers of every answer."""

from __future__ import annotations

from typing import Any, Final

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


def _problem(status: int, code: str, title: str, detail: str) -> dict[str, Any]:
    return {"type": f"urn:v5:problem:{code}", "title": title, "status": status, "detail": detail, "code": code, "errors": []}


# PostgreSQL keeps no text that has one, and nobody types one.
_NUL: Final = _problem(400, "malformed", "Malformed request", "No text may hold the character U+0000.")


class _Refused(Exception):
    def __init__(self, problem: dict[str, Any]) -> None:
        super().__init__(problem["code"])
        self.problem = problem


class Guard:
    """ASGI middleware. A page may set its own Content-Security-Policy; an API answer has the emptiest."""

    def __init__(self, app: ASGIApp, body_limit: int) -> None:
        self._app = app
        self._limit = body_limit
        self._too_large = _problem(413, "too_large", "Too large", f"A request body may have {body_limit} bytes.")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on, counted; passes the answer on, with headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        seen = 0
        started = False

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            body = message.get("body", b"")
            seen += len(body)
            if seen > self._limit:
                raise _Refused(self._too_large)
            if form and b"%00" in body:
                raise _Refused(_NUL)
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

        headers = dict(scope["headers"])
        form = headers.get(b"content-type", b"").startswith(b"application/x-www-form-urlencoded")
        try:
            self._check(scope, headers.get(b"content-length", b"0"))
            await self._app(scope, counted, with_headers)
        except _Refused as refusal:
            if started:
                raise
            answer = JSONResponse(refusal.problem, refusal.problem["status"], dict(_HEADERS), media_type="application/problem+json")
            await answer(scope, receive, send)

    def _check(self, scope: Scope, length: bytes) -> None:
        if not length.isdigit() or int(length) > self._limit:
            raise _Refused(self._too_large)
        if "\x00" in scope["path"] or b"%00" in scope["query_string"]:
            raise _Refused(_NUL)
