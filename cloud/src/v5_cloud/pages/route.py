"""Routes of pages: find out who asks, refuse forged requests, show errors as pages, set the page's headers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from typing import Any, Final
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from v5_cloud.auth.sessions import cookie_name, csrf_matches, resume
from v5_cloud.kit.container import container
from v5_cloud.pages.page import Page, page_of
from v5_core.errors import PermissionDeniedError, V5Error

__all__ = ["POLICY", "PageRoute", "error_page", "page_router"]

_log = logging.getLogger(__name__)

# data: only for pictures: daisyUI draws some marks so. Nothing is loaded from elsewhere, nothing runs inline.
POLICY: Final = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "report-uri /csp-report"
)
_SAFE: Final = {"GET", "HEAD", "OPTIONS"}


async def _refuse_forged(request: Request) -> None:
    """A request that changes something must come from our own page, and prove it when someone is signed in."""
    if request.method in _SAFE:
        return
    forged = PermissionDeniedError("This page was open too long; load it again and repeat.", code="csrf")
    origin = request.headers.get("origin")
    if request.headers.get("sec-fetch-site") in {"cross-site", "same-site"} or (
        origin and urlsplit(origin).netloc != request.headers.get("host")
    ):
        raise forged
    who = request.state.signed_in
    # Signing in needs no token: the form may have been open since before another tab signed in, and its origin was just checked.
    if who is None or request.url.path == "/login":
        return
    token = request.headers.get("x-csrf-token")
    if not token:
        form = await request.form()
        token = str(form.get("csrf", ""))
    if not csrf_matches(who.csrf, token):
        raise forged


class PageRoute(APIRoute):
    """A route whose answers are HTML, errors too."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wraps FastAPI's handler."""
        inner = super().get_route_handler()

        async def handler(request: Request) -> Response:
            held = container(request)
            name = cookie_name(secure=held.settings.secure_cookies)
            request.state.signed_in = await run_in_threadpool(resume, held, request.cookies.get(name))
            try:
                await _refuse_forged(request)
                response = await inner(request)
            except (V5Error, RequestValidationError, HTTPException) as error:
                response = await run_in_threadpool(_error, request, error)
            except Exception:  # noqa: BLE001
                # People get a page even then; the trace is for the log only.
                _log.exception("%s %s failed", request.method, request.url.path)
                response = await run_in_threadpool(error_page, page_of(request), 500, "")
            response.headers.setdefault("Content-Security-Policy", POLICY)
            response.headers.setdefault("Cache-Control", "no-store")
            if held.settings.secure_cookies:
                response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
            return response

        return handler


def page_router() -> APIRouter:
    """A router of pages."""
    return APIRouter(route_class=PageRoute, include_in_schema=False)


def _error(request: Request, error: Exception) -> Response:
    page = page_of(request)
    if isinstance(error, V5Error):
        if error.error_code == "sign_in":
            return _to_login(page)
        if error.status >= 500:
            _log.error("%s %s: %s", request.method, request.url.path, error.message, exc_info=error)
        return error_page(page, error.status, error.error_code)
    status = error.status_code if isinstance(error, HTTPException) else 422
    return error_page(page, status, "")


def _to_login(page: Page) -> Response:
    if page.request.headers.get("hx-request") == "true":
        return Response(status_code=204, headers={"HX-Redirect": "/login"})
    here = page.request.url.path + (f"?{page.request.url.query}" if page.request.url.query else "")
    target = "/login" if here == "/" else f"/login?next={quote(here, safe='')}"
    return RedirectResponse(target, 303)


def error_page(page: Page, status: int, code: str) -> Response:
    """An error in words, as a page or as a fragment; never with its inner detail."""
    _ = page.gettext
    words = {
        403: (_("This is not for you"), _("Your role does not include this page. Ask the administrator of your company.")),
        404: (_("Nothing here"), _("What you are looking for does not exist, or not any more.")),
        422: (_("That cannot be read"), _("Something in the address or the form is not as expected. Go back and try again.")),
        429: (_("A moment, please"), _("Too many requests came from here. Wait a little and try again.")),
        503: (_("A moment, please"), _("The service is busy. Wait a little and try again.")),
    }
    title, message = words.get(
        status, (_("That did not work"), _("The service met an error; it has been noted. Try again, and call support if it stays."))
    )
    if code == "csrf":
        title, message = _("Please try again"), _("This page was open too long. Load it again and repeat what you did.")
    return page.render("error.html", status=status, section="", title=title, message=message)
