"""Page: home."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Annotated, Final

from fastapi import Depends, Query
from fastapi.responses import RedirectResponse, Response

from v5_cloud.dashboards.repository import DashboardRepository, DayTotal, Period
from v5_cloud.pages.page import Page, page_of
from v5_cloud.pages.route import page_router
from v5_cloud.sales.schemas import SaleFilter
from v5_cloud.sales.service import list_sales
from v5_cloud.tenants.schemas import StoreItem
from v5_cloud.tenants.service import overview
from v5_cloud.users.roles import Permission, allowed
from v5_core.errors import AuthError

__all__ = ["router"]

router = page_router()
_PERIODS: Final = (7, 30, 90)
_NEWEST: Final = 8


@router.get("/")
def home(
    page: Annotated[Page, Depends(page_of)], days: Annotated[int, Query()] = 30, store: Annotated[str, Query(max_length=80)] = ""
) -> Response:
    """Figures, turnover per day and store, newest sales."""
    if page.who is None:
        raise AuthError("Sign in first.", code="sign_in")
    if not allowed(page.who.role, Permission.HOME):
        return RedirectResponse("/customers", 303)
    days = days if days in _PERIODS else 30
    now = page.held.clock()
    today = now.astimezone(page.zone).date()
    period = Period(today - timedelta(days=days - 1), today)
    before = Period(period.first - timedelta(days=days), period.first - timedelta(days=1))

    def start(which: Period) -> datetime:
        return datetime.combine(which.first, time.min, page.zone)

    shops = overview(page.held, page.scope)
    stores, currency = shops.stores, shops.currency
    chosen = store if store in shops.store_names else ""
    with page.read() as session:
        figures = DashboardRepository(session, page.scope)
        chart = _chart(page, figures.days(period, chosen), stores, period, currency)
        return page.render(
            "home/home.html",
            section="home",
            days=days,
            periods=_PERIODS,
            store=chosen,
            stores=stores,
            store_names=shops.store_names,
            currency=currency,
            period=period,
            sums=figures.sums(period, chosen),
            before=figures.sums(before, chosen),
            points_moved=figures.points(period, chosen),
            liability=figures.liability(),
            customers=figures.customers(),
            joined=figures.new_customers(start(period), now),
            joined_before=figures.new_customers(start(before), start(period)),
            newest=list_sales(page.held, page.scope, SaleFilter(store=chosen), limit=_NEWEST).items,
            chart=chart,
            chart_json=json.dumps(chart),
        )


def _chart(page: Page, totals: list[DayTotal], stores: Sequence[StoreItem], period: Period, currency: str) -> dict[str, object]:
    formats, names = page.formats, {one.code: one.name for one in stores}
    days = [period.first + timedelta(days=number) for number in range((period.last - period.first).days + 1)]
    by_store: dict[str, dict[object, int]] = {}
    for one in totals:
        by_store.setdefault(one.store, {})[one.day] = one.gross
    series = [{"name": names.get(code, code), "values": [by_store[code].get(day, 0) / 100 for day in days]} for code in sorted(by_store)]
    return {
        "currency": currency,
        "labels": [formats.day(day, "d MMM") for day in days],
        "titles": [formats.day(day, "full") for day in days],
        "series": series,
        "description": page.gettext(
            "Turnover per day and store, from %(first)s to %(last)s.", first=formats.day(period.first), last=formats.day(period.last)
        ),
    }
