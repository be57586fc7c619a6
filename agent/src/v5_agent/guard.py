"""The door of the local service: this machine only, asked by its own name, by programs or by our own page.

A browser on this machine can be made to send requests by any web page (cross-site requests), and a name can be made to point here
(DNS rebinding). So: the peer is loopback, `Host` is exactly ours with the port, and a request that says it comes from a page
(`Origin`, `Sec-Fetch-Site`) is only heard under the companion's own paths and from the companion's own origin.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

__all__ = ["BODY_CAP", "COMPANION_PATHS", "Guard", "problem"]

BODY_CAP: Final = 256 * 1024
COMPANION_PATHS: Final = ("/ui/",)
_READ_SECONDS: Final = 15.0

_Scope = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
_Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
_App = Callable[[_Scope, _Receive, _Send], Awaitable[None]]

_POLICY: Final = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'none';"
    b" base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = (
    (
        b"content-security-policy",
        _POLICY,
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)


def problem(status: int, code: str, title: str, detail: str, **more: object) -> bytes:
    """RFC 9457."""
    return json.dumps({"type": f"urn:v5:problem:{code}", "title": title, "status": status, "detail": detail, "code": code, **more}).encode()


class Guard:
    """ASGI middleware; `port` is asked at each request, for it may be chosen by the system."""

    def __init__(self, app: _App, port: Callable[[], int]) -> None:
        self._app = app
        self._port = port

    async def __call__(self, scope: _Scope, receive: _Receive, send: _Send) -> None:
        """One request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return  # no web sockets here: uvicorn answers 500 to the handshake
        refusal = self._refusal(scope)
        body = b""
        if refusal is None:
            try:
                async with asyncio.timeout(_READ_SECONDS):
                    body, whole = await _whole_body(scope, receive)
            except TimeoutError:
                refusal = (408, "timeout", "Request Timeout", "the request's body did not arrive in time")
            else:
                if not whole:
                    refusal = (413, "too_large", "Content Too Large", f"a request may have {BODY_CAP} bytes")
        if refusal is not None:
            await _refuse(send, *refusal)
            return
        await self._app(scope, _replay(body, receive), _with_headers(send))

    def _refusal(self, scope: _Scope) -> tuple[int, str, str, str] | None:
        client = scope.get("client")
        if not client or not _loopback(client[0]):
            return 403, "not_local", "Forbidden", "only this machine may ask"
        headers: dict[bytes, list[bytes]] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name.lower(), []).append(value)
        port = self._port()
        hosts = {f"127.0.0.1:{port}".encode(), f"localhost:{port}".encode()}
        host = headers.get(b"host", [])
        if len(host) != 1 or host[0].lower() not in hosts:
            return 421, "wrong_host", "Misdirected Request", f"ask for 127.0.0.1:{port}"
        own = b"http://" + host[0].lower()
        companion = any(str(scope["path"]).startswith(prefix) for prefix in COMPANION_PATHS)
        origins = headers.get(b"origin", [])
        if origins and not (companion and origins == [own]):
            return 403, "origin_refused", "Forbidden", "web pages may not ask here"
        sites = headers.get(b"sec-fetch-site", [])
        if any(site not in {b"same-origin", b"none"} for site in sites):
            return 403, "origin_refused", "Forbidden", "other sites may not ask here"
        return None


def _loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


async def _whole_body(scope: _Scope, receive: _Receive) -> tuple[bytes, bool]:
    declared = [value for name, value in scope["headers"] if name.lower() == b"content-length"]
    if declared and (not declared[0].isdigit() or int(declared[0]) > BODY_CAP):
        return b"", False
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return bytes(body), True
        body += message.get("body", b"")
        if len(body) > BODY_CAP:
            return b"", False
        if not message.get("more_body", False):
            return bytes(body), True


def _replay(body: bytes, receive: _Receive) -> _Receive:
    given = False

    async def again() -> MutableMapping[str, Any]:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _with_headers(send: _Send) -> _Send:
    async def wrapped(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            names = {name for name, _ in message["headers"]}
            message = {**message, "headers": [*message["headers"], *(pair for pair in _HEADERS if pair[0] not in names)]}
        await send(message)

    return wrapped


async def _refuse(send: _Send, status: int, code: str, title: str, detail: str) -> None:
    body = problem(status, code, title, detail)
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
        *_HEADERS,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
