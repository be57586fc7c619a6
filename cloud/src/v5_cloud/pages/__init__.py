"""The back office: server-rendered pages on the same services as REST and SOAP."""

from __future__ import annotations

from collections import deque

from fastapi import APIRouter, FastAPI, Request
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

from v5_cloud.auth import pages as auth
from v5_cloud.customers import pages as customers
from v5_cloud.dashboards import pages as dashboards
from v5_cloud.fleet import pages as fleet
from v5_cloud.frontend import assets
from v5_cloud.giftcards import pages as giftcards
from v5_cloud.kit.container import Container
from v5_cloud.membership import adjust_pages as points
from v5_cloud.membership import member_pages as members
from v5_cloud.membership import pages as clubs
from v5_cloud.membership import run_pages as runs
from v5_cloud.pages import reports
from v5_cloud.pages.page import page_of
from v5_cloud.pages.route import POLICY, error_page
from v5_cloud.programmes import pages as programmes
from v5_cloud.push import pages as differences
from v5_cloud.sales import pages as sales
from v5_cloud.segments import band_pages as bands
from v5_cloud.segments import pages as segments
from v5_cloud.simulation import pages as simulation
from v5_cloud.tenants import pages as tenants
from v5_cloud.vouchers import action_pages as voucher_actions
from v5_cloud.vouchers import pages as vouchers

__all__ = ["router", "setup"]

router = APIRouter()
_SHOP = (auth, dashboards, customers, members, points, sales, programmes, segments, bands, simulation, fleet, tenants)
_VALUE = (vouchers, voucher_actions, giftcards, clubs, runs, differences)
for part in (assets, reports, *_SHOP, *_VALUE):
    router.include_router(part.router)

_MACHINES = ("/v1/", "/soap")


def setup(app: FastAPI, held: Container) -> None:
    """Gives people a page where nothing answers; machines keep their problem document."""
    app.state.csp_reports = deque(maxlen=100)
    problem = app.exception_handlers[HTTPException]

    async def not_here(request: Request, error: Exception) -> Response:
        wants_page = "text/html" in request.headers.get("accept", "") and not request.url.path.startswith(_MACHINES)
        if not isinstance(error, HTTPException) or not wants_page:
            answer: Response = await problem(request, error)  # type: ignore[misc]
            return answer
        response = await run_in_threadpool(error_page, page_of(request), error.status_code, "")
        response.headers["Content-Security-Policy"] = POLICY
        return response

    app.add_exception_handler(HTTPException, not_here)
