"""The application: `create_app(settings)`."""

from __future__ import annotations

import importlib
import importlib.util
import multiprocessing
import os
import signal
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from fastapi import FastAPI

from v5_cloud.kit import background, problems
from v5_cloud.kit.container import Container, build, utc_now
from v5_cloud.kit.guard import Guard
from v5_cloud.kit.settings import Settings
from v5_cloud.ledger.tasks import Housekeeper
from v5_cloud.segments.tasks import SegmentKeeper

__all__ = ["create_app"]

_FEATURES = (
    "fleet",
    "push",
    "hooks",
    "soap",
    "customers",
    "sales",
    "programmes",
    "vouchers",
    "membership",
    "segments",
    "simulation",
    "tenants",
)


def create_app(settings: Settings | None = None, *, clock: Callable[[], datetime] = utc_now) -> FastAPI:
    """The whole web service.

    Args:
        settings: What an operator decides; from the environment when not given.
        clock: Tests move it.
    """
    held = build(settings or Settings.from_env(), clock)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        _end_with_parent()
        keeper = Housekeeper(held, held.settings.housekeeping_seconds)
        segments = SegmentKeeper(held)
        keeper.start()
        segments.start()
        yield
        segments.stop()
        keeper.stop()
        background.finish()
        held.database.dispose()

    app = FastAPI(
        title="V5",
        version="1",
        summary="Customer loyalty for shops on any ERP",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/v1/openapi.json",
    )
    app.state.v5 = held
    problems.install(app)
    for name in _FEATURES:
        app.include_router(importlib.import_module(f"v5_cloud.{name}.endpoints").router)
    _pages(app, held)
    app.add_middleware(Guard, body_limit=held.settings.body_limit)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


def _end_with_parent() -> None:
    """One of several processes does not outlive the one that started it: left alone it would keep the port."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent", daemon=True).start()


def _pages(app: FastAPI, held: Container) -> None:
    # The pages are a layer on top: the service runs without them.
    if importlib.util.find_spec("v5_cloud.pages") is None:
        return
    pages = importlib.import_module("v5_cloud.pages")
    setup = getattr(pages, "setup", None)
    if setup is not None:
        setup(app, held)
    router = getattr(pages, "router", None)
    if router is not None:
        app.include_router(router, include_in_schema=False)


def _openapi(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        schema = FastAPI.openapi(app)
        components = schema.setdefault("components", {})
        inner = problems.Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas = components.setdefault("schemas", {})
        schemas.update(inner.pop("$defs", {}))
        schemas["Problem"] = inner
        app.openapi_schema = schema
    return app.openapi_schema
