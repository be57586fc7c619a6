"""Pages: a draft tried before it is published."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Annotated, Any, Final

from fastapi import Form
from fastapi.responses import RedirectResponse, Response

from v5_cloud.kit.tenant import Scope
from v5_cloud.pages.page import Page, page_for
from v5_cloud.pages.route import page_router
from v5_cloud.programmes import drafts
from v5_cloud.simulation import jobs, service
from v5_cloud.simulation.schemas import SimulationOrder, SimulationRecord
from v5_cloud.tenants.changes import get_company
from v5_cloud.tenants.service import overview
from v5_cloud.users.roles import Permission
from v5_core.errors import NotFoundError, V5Error
from v5_core.simulation import Report

__all__ = ["router"]

router = page_router()
Here = Annotated[Page, page_for(Permission.PUBLISH)]
_DAYS: Final = (30, 90, 365)
_EARLIER: Final = 5


def _company(page: Page, company: str) -> Scope:
    return Scope(page.scope.tenant, get_company(page.held, page.scope, company).id)


def _number(version: str) -> int:
    if version.isascii() and version.isdigit() and len(version) < 10:
        return int(version)
    raise NotFoundError("There is no such version.")


@router.get("/programmes/{company}/{programme}/{version}/simulate")
def ask(page: Here, company: str, programme: str, version: str) -> Response:
    """On which sales to try it, and what was tried before."""
    return _form(page, company, programme, _number(version))


def _form(page: Page, company: str, programme: str, version: int, refused: V5Error | None = None) -> Response:
    scope = _company(page, company)
    found = drafts.get(page.held, scope, programme, version)
    return page.render(
        "simulation/ask.html",
        status=refused.status if refused else 200,
        section="programmes",
        found=found,
        company=company,
        days=_DAYS,
        chosen=service.DAYS,
        stores=[one for one in overview(page.held, scope).stores if one.company == company],
        earlier=service.list_simulations(page.held, scope, limit=_EARLIER, slug=programme, version=version).items,
        refused=refused,
    )


@router.post("/programmes/{company}/{programme}/{version}/simulate")
def begin(
    page: Here,
    company: str,
    programme: str,
    version: str,
    days: Annotated[int, Form()] = service.DAYS,
    store: Annotated[str, Form(max_length=80)] = "",
    alone: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Begins, and shows how far it is."""
    scope = _company(page, company)
    today = page.held.clock().astimezone(page.zone).date()
    order = SimulationOrder(
        id=programme,
        version=_number(version),
        since=today - timedelta(days=(days if days in _DAYS else service.DAYS) - 1),
        until=today,
        stores=[store] if store else [],
        follow=not alone,
        language=page.language.code,
    )
    try:
        made = service.create(page.held, scope, order, actor=page.actor)
    except NotFoundError:
        raise
    except V5Error as error:
        return _form(page, company, programme, _number(version), error)
    jobs.start(page.held, scope, made.id)
    return RedirectResponse(f"/simulations/{company}/{made.id}", 303)


@router.get("/simulations/{company}/{simulation}")
def result(page: Here, company: str, simulation: str) -> Response:
    """What came out, or how far it is; looks again by itself until it is done."""
    scope = _company(page, company)
    found = service.get(page.held, scope, simulation)
    months = [one.name for one in found.report.months] if found.report is not None else []
    names = {one: page.formats.day(date.fromisoformat(f"{one}-01"), "MMMM y") for one in months}
    chart = _chart(page, found, found.report, [names[one] for one in months]) if found.report is not None else None
    return page.render(
        "simulation/report.html" if page.partial else "simulation/result.html",
        section="programmes",
        found=found,
        report=found.report,
        company=company,
        currency=found.report.currency if found.report is not None else "",
        store_names=overview(page.held, scope).store_names,
        month_names=names,
        chart=chart,
        chart_json=json.dumps(chart),
    )


def _chart(page: Page, found: SimulationRecord, report: Report, titles: list[str]) -> dict[str, Any]:
    return {
        "currency": report.currency,
        "apart": True,
        "labels": titles,
        "titles": titles,
        "series": [
            {"name": page.gettext("Today"), "values": [one.base.cost / 100 for one in report.months]},
            {"name": page.gettext("Draft"), "values": [one.draft.cost / 100 for one in report.months]},
        ],
        "description": page.gettext(
            "What points, discounts and vouchers cost in each month, today and with the draft, from %(first)s to %(last)s.",
            first=page.formats.day(found.since),
            last=page.formats.day(found.until),
        ),
    }
