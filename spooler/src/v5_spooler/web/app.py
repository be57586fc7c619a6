"""The page: queue, gallery of receipts, and what a person decides about unconfirmed jobs. Loopback only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any, Final
from zoneinfo import ZoneInfo

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse
from jinja2 import Environment, PackageLoader, select_autoescape
from starlette.concurrency import run_in_threadpool

from v5_core.errors import NotFoundError, V5Error
from v5_spooler.escpos.profiles import Profile, load_profile
from v5_spooler.escpos.tokens import Token, tokenize
from v5_spooler.printing.journal import JobRow, JobState
from v5_spooler.receipt.image import render_png
from v5_spooler.receipt.text import render_text
from v5_spooler.service import Service
from v5_spooler.web.words import RIGHT_TO_LEFT, WORDS, language_of

__all__ = ["make_app"]

_POLICY: Final = "default-src 'none'; img-src 'self'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
_HEADERS: Final = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
_loader = PackageLoader("v5_spooler.web")
_templates: Final = Environment(loader=_loader, autoescape=select_autoescape(), trim_blocks=True, lstrip_blocks=True)


@cache
def _static(name: str) -> str:
    return files("v5_spooler.web").joinpath("static", name).read_text("utf-8")


def make_app(service: Service) -> FastAPI:
    """The page over a running service."""
    app = FastAPI(title="V5 spooler", docs_url=None, redoc_url=None, openapi_url=None)

    @app.middleware("http")
    async def guard(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        refused = _refusal(request)
        response = refused or await call_next(request)
        response.headers.update(_HEADERS)
        return response

    @app.exception_handler(V5Error)
    async def trouble(_: Request, error: V5Error) -> Response:
        return PlainTextResponse(error.message, error.status)

    _add_pages(app, service)
    _add_actions(app, service)
    return app


def _page(service: Service, name: str, request: Request, **values: Any) -> HTMLResponse:
    language = language_of(request.query_params.get("lang"), request.headers.get("accept-language", ""))
    shown = {
        "w": WORDS[language],
        "lang": language,
        "direction": "rtl" if language in RIGHT_TO_LEFT else "ltr",
        "languages": [(code, words["name"]) for code, words in WORDS.items()],
        "local": _local(ZoneInfo(service.config.zone)),
    }
    return HTMLResponse(_templates.get_template(name).render(**shown, **values))


async def _tokens(service: Service, row: JobRow) -> list[Token]:
    return tokenize(await service.store.do(lambda journal: journal.printed(row.id)), _profile(service, row).lengths)


def _profile(service: Service, row: JobRow) -> Profile:
    printer = service.printers.get(row.printer)
    return printer.profile if printer else load_profile("epson")


async def _row(service: Service, job: int) -> JobRow:
    row = await service.store.do(lambda journal: journal.job(job))
    if row is None:
        raise NotFoundError("no such job")
    return row


def _add_pages(app: FastAPI, service: Service) -> None:
    @app.get("/")
    async def home(request: Request) -> HTMLResponse:
        jobs = await service.store.do(lambda journal: journal.jobs(60))
        looks = await service.store.do(lambda journal: journal.jobs(50, JobState.UNCONFIRMED))
        waiting, oldest = await service.store.do(lambda journal: journal.pending())
        refused = [row for row in await service.store.do(lambda journal: journal.captures(100)) if row.state == "refused"]
        printers = [(name, service.ports[name], printer.config.target, printer.problem) for name, printer in service.printers.items()]
        found = {"jobs": jobs, "looks": looks, "waiting": waiting, "oldest": oldest, "refused": refused}
        return _page(service, "home.html", request, printers=printers, store=service.store, **found)

    @app.get("/jobs/{job}")
    async def one(request: Request, job: int) -> HTMLResponse:
        row = await _row(service, job)
        history = await service.store.do(lambda journal: journal.history(job))
        text = render_text(await _tokens(service, row), _profile(service, row))
        return _page(service, "job.html", request, job=row, history=history, text=text)

    @app.get("/jobs/{job}/receipt.png")
    async def picture(job: int) -> Response:
        row = await _row(service, job)
        png = await run_in_threadpool(render_png, await _tokens(service, row), _profile(service, row))
        return Response(png, media_type="image/png")

    @app.get("/spooler.css")
    async def style() -> Response:
        return Response(_static("spooler.css"), media_type="text/css")

    @app.get("/icon.svg")
    async def icon() -> Response:
        return Response(_static("icon.svg"), media_type="image/svg+xml")


def _add_actions(app: FastAPI, service: Service) -> None:
    @app.post("/jobs/{job}/mark")
    async def mark(job: int) -> Response:
        await service.mark(job, JobState.PRINTED)
        return RedirectResponse(f"/jobs/{job}", 303)

    @app.post("/jobs/{job}/resend")
    async def resend(job: int) -> Response:
        return RedirectResponse(f"/jobs/{await service.resend(job)}", 303)

    @app.get("/health.json")
    async def health() -> JSONResponse:
        waiting, oldest = await service.store.do(lambda journal: journal.pending())
        looks = await service.store.do(lambda journal: journal.jobs(50, JobState.UNCONFIRMED))
        printers = {name: {"port": service.ports[name], "problem": printer.problem} for name, printer in service.printers.items()}
        body = {
            "ok": not service.store.problem,
            "journal": service.store.problem,
            "sales_waiting": waiting,
            "oldest_waiting": oldest,
            "unconfirmed": len(looks),
            "printers": printers,
        }
        return JSONResponse(body, 200 if not service.store.problem else 503)


def _refusal(request: Request) -> Response | None:
    """A page of another site must not reach this one: the exact host, and for changes the same origin."""
    server = request.scope.get("server") or ("", 0)
    allowed = {f"127.0.0.1:{server[1]}", f"localhost:{server[1]}"}
    host = request.headers.get("host", "")
    if host not in allowed:
        return PlainTextResponse("wrong host", 421)
    if request.method != "GET" and request.headers.get("origin") != f"http://{host}":
        return PlainTextResponse("this must come from the spooler's own page", 403)
    return None


def _local(zone: ZoneInfo) -> Callable[[str | None], str]:
    def show(text: str | None) -> str:
        return f"{datetime.fromisoformat(text).astimezone(zone):%Y-%m-%d %H:%M:%S}" if text else ""

    return show
