"""Page: stores and their agents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi.responses import Response

from v5_cloud.dashboards.repository import DashboardRepository
from v5_cloud.fleet.queries import FleetReads
from v5_cloud.fleet.service import issue_code
from v5_cloud.fleet.status import Light, Status, status_of
from v5_cloud.models import Agent, Store
from v5_cloud.pages.page import Page, page_for
from v5_cloud.pages.route import page_router
from v5_cloud.users.roles import Permission

__all__ = ["router"]

router = page_router()


@dataclass(frozen=True, slots=True)
class Shown:
    """A store with its day and its agents."""

    store: Store
    company: str
    sales: int
    gross: int
    last: datetime | None
    agents: tuple[tuple[Agent, Status], ...]

    @property
    def light(self) -> Light:
        """The worst of those in use; grey without any."""
        used = [status.light for agent, status in self.agents if not agent.revoked_at]
        return max(used, key=lambda one: -1 if one is Light.GREY else int(one), default=Light.GREY)


@router.get("/stores")
def stores(page: Annotated[Page, page_for(Permission.FLEET)]) -> Response:
    """Every store: today's sales, and whether its agent delivers. Refreshes itself."""
    now = page.held.clock()
    with page.read() as session:
        reads = FleetReads(session, page.scope)
        companies, last, today = reads.companies(), reads.last_document(), reads.today(now.astimezone(page.zone).date())
        judged: dict[str, list[tuple[Agent, Status]]] = {}
        for agent in reads.agents():
            judged.setdefault(agent.store_id, []).append((agent, status_of(agent, now, page.gettext, page.formats.lasting)))
        shown = []
        for store in reads.stores():
            key = (store.company_id, store.code)
            sales, gross = today.get(key, (0, 0))
            shown.append(Shown(store, companies.get(store.company_id, ""), sales, gross, last.get(key), tuple(judged.get(store.id, ()))))
        return page.render(
            "stores/cards.html" if page.partial else "stores/list.html",
            section="fleet",
            shown=shown,
            several=len(companies) > 1,
            currency=DashboardRepository(session, page.scope).currency(),
        )


@router.post("/stores/{store_id}/code")
def make_code(page: Annotated[Page, page_for(Permission.ENROL)], store_id: str) -> Response:
    """A one-off code that turns a machine into this store's agent; shown in this answer and never again."""
    text, code, store = issue_code(page.held, page.scope, store_id, actor=page.who.user if page.who else "")
    return page.render(
        "stores/code.html" if page.partial else "stores/code_page.html",
        section="fleet",
        code=text,
        store=store,
        until=code.expires_at,
        cloud=page.held.settings.public_url or str(page.request.base_url).rstrip("/"),
    )
