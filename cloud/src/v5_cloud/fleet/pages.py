"""Pages: stores and their agents; who was let in, and how that is taken back."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Form
from fastapi.responses import RedirectResponse, Response

from v5_cloud.access.service import SCOPES, issue_key
from v5_cloud.fleet import credentials
from v5_cloud.fleet.schemas import AgentItem, CodeItem
from v5_cloud.fleet.service import Activity, activity, issue_code, list_agents
from v5_cloud.fleet.status import Light, Status, status_of
from v5_cloud.pages.companies import Chosen, chosen
from v5_cloud.pages.page import Page, page_for
from v5_cloud.pages.route import page_router
from v5_cloud.tenants.schemas import StoreItem
from v5_cloud.tenants.service import overview
from v5_cloud.users.roles import Permission
from v5_cloud.users.service import names_of
from v5_core.errors import ValidationError

__all__ = ["router"]

router = page_router()
Viewing = Annotated[Page, page_for(Permission.FLEET)]
_LASTING: Final = ("30", "90", "365", "730")
Admitting = Annotated[Page, page_for(Permission.ENROL)]


@dataclass(frozen=True, slots=True)
class Shown:
    """A store with its day, its agents and its open codes."""

    store: StoreItem
    company: str
    day: Activity
    agents: tuple[tuple[AgentItem, Status], ...]
    codes: tuple[CodeItem, ...]

    @property
    def light(self) -> Light:
        """The worst of those in use; grey without any."""
        used = [status.light for agent, status in self.agents if not agent.revoked]
        return max(used, key=lambda one: -1 if one is Light.GREY else int(one), default=Light.GREY)


@router.get("/stores")
def stores(page: Viewing) -> Response:
    """Every store: today's sales, and whether its agent delivers. Refreshes itself."""
    now = page.held.clock()
    shops = overview(page.held, page.scope)
    days = activity(page.held, page.scope, now.astimezone(page.zone).date())
    judged: dict[str, list[tuple[AgentItem, Status]]] = {}
    for agent in list_agents(page.held, page.scope):
        judged.setdefault(agent.store_id, []).append((agent, status_of(agent, now, page.gettext, page.formats.lasting)))
    codes: dict[str, list[CodeItem]] = {}
    for code in credentials.list_codes(page.held, page.scope):
        codes.setdefault(code.store_id, []).append(code)
    companies = {one.id: one.name for one in shops.companies}
    shown = [
        Shown(
            one,
            companies.get(one.company, ""),
            days.get((one.company, one.code), Activity()),
            tuple(judged.get(one.id, ())),
            tuple(codes.get(one.id, ())),
        )
        for one in sorted(shops.stores, key=lambda one: one.closed_at is not None)
    ]
    return page.render(
        "stores/cards.html" if page.partial else "stores/list.html",
        section="fleet",
        shown=shown,
        several=len(companies) > 1,
        currency=shops.currency,
        people=names_of(page.held, page.scope),
    )


@router.post("/stores/{store_id}/code")
def make_code(page: Admitting, store_id: str) -> Response:
    """A one-off code that turns a machine into this store's agent; shown in this answer and never again."""
    text, code, store = issue_code(page.held, page.scope, store_id, actor=page.actor)
    return page.render(
        "stores/code.html" if page.partial else "stores/code_page.html",
        section="fleet",
        code=text,
        store=store,
        until=code.expires_at,
        cloud=page.held.settings.public_url or str(page.request.base_url).rstrip("/"),
    )


@router.get("/agents/{agent_id}/revoke")
def agent_preview(page: Admitting, agent_id: str) -> Response:
    """What switching an agent off means, before it is done."""
    agent = credentials.get_agent(page.held, page.scope, agent_id)
    return page.render("stores/revoke_agent.html", section="fleet", agent=agent)


@router.post("/agents/{agent_id}/revoke")
def agent_revoke(page: Admitting, agent_id: str) -> Response:
    """Switches an agent off."""
    credentials.revoke_agent(page.held, page.scope, agent_id, actor=page.actor)
    return RedirectResponse("/stores", 303)


@router.get("/codes/{name}/revoke")
def code_preview(page: Admitting, name: str) -> Response:
    """Which code is about to be withdrawn."""
    return page.render("stores/revoke_code.html", section="fleet", code=credentials.get_code(page.held, page.scope, name))


@router.post("/codes/{name}/revoke")
def code_revoke(page: Admitting, name: str) -> Response:
    """Withdraws a code that was not used."""
    credentials.revoke_code(page.held, page.scope, name, actor=page.actor)
    return RedirectResponse("/stores", 303)


@router.get("/keys")
def keys(page: Admitting) -> Response:
    """API keys: who holds them, what they may do, whether they are still good."""
    return page.render(
        "stores/keys.html",
        section="fleet",
        keys=credentials.list_keys(page.held, page.scope),
        now=page.held.clock(),
        people=names_of(page.held, page.scope),
    )


@router.get("/keys/new")
def key_form(page: Admitting) -> Response:
    """What a new key is for and how far it reaches."""
    return _key_form(page, chosen(page), {}, ())


def _key_form(page: Page, shop: Chosen, typed: dict[str, str], scopes: Sequence[str], wrong: Set[str] = frozenset()) -> Response:
    return page.render(
        "stores/new_key.html",
        status=422 if wrong else 200,
        section="fleet",
        shop=shop,
        values={"name": "", "days": "365"} | typed,
        chosen=scopes,
        every=SCOPES,
        wrong=wrong,
    )


@router.post("/keys/new")
def key_made(
    page: Admitting,
    name: Annotated[str, Form(max_length=200)] = "",
    days: Annotated[str, Form(max_length=10)] = "0",
    company: Annotated[str, Form(max_length=80)] = "",
    scope: Annotated[Sequence[str], Form(max_length=20)] = (),
) -> Response:
    """Makes a key; its text is in this answer and never again."""
    shop = chosen(page, company)
    try:
        lasting = int(days) if days in _LASTING else 0
        text = issue_key(page.held, shop.scope, name, tuple(scope), days=lasting, actor=page.actor)
    except ValidationError as error:
        return _key_form(page, shop, {"name": name, "days": days}, scope, {one.field for one in error.errors})
    return page.render("stores/key.html", section="fleet", text=text, name=name.strip())


@router.get("/keys/{key_id}/revoke")
def key_preview(page: Admitting, key_id: str) -> Response:
    """What revoking a key means, before it is done."""
    return page.render("stores/revoke_key.html", section="fleet", key=credentials.get_key(page.held, page.scope, key_id))


@router.post("/keys/{key_id}/revoke")
def key_revoke(page: Admitting, key_id: str) -> Response:
    """Revokes a key."""
    credentials.revoke_key(page.held, page.scope, key_id, actor=page.actor)
    return RedirectResponse("/keys", 303)
