"""The till companion on a member: level, clubs and what is left of them, vouchers, segments; a club joined and renewed with one button."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from starlette.types import ASGIApp

from v5_agent.config import AgentConfig
from v5_agent.service import Agent
from v5_agent.web import create_app
from v5_cloud.frontend.build import SOURCE
from v5_core.programme import Club, Entitlement, Programme, Tier, TierScheme
from v5_core.push import Replica, ReplicaCustomer, ReplicaMembership, ReplicaTier, ReplicaVoucher

pytestmark = pytest.mark.browser
Served = Callable[[ASGIApp, list[int]], AbstractContextManager[str]]
CARD = "2900000000018"
# Language, width, and what the page says: level, the state of a club that ends, to renew, to join, done.
TONGUES = {
    "pt": (1280, "faltam 900,00 € para Ouro", "a terminar", "Renovar", "Aderir: Corrida", "Feito"),
    "en": (390, "€900.00 to Ouro", "ends soon", "Renew", "Join Corrida", "Done"),
    "es": (1280, "faltan 900,00 € para Ouro", "termina pronto", "Renovar", "Unirse: Corrida", "Hecho"),
    "fr": (390, "encore 900,00 € pour Ouro", "bientôt échu", "Renouveler", "Adhérer : Corrida", "C'est fait"),
    "he": (390, "Ouro", "מסתיים בקרוב", "חידוש", "הצטרפות: Corrida", "בוצע"),
}


@pytest.fixture
def address(tmp_path: Path, served: Served) -> Iterator[str]:
    """A store whose line is down, with one member."""
    now = datetime.now(UTC)
    programme = Programme(
        id="club", name="Clube", state="published",
        tiers=TierScheme(tiers=(Tier(id="base", title="Base", threshold=0), Tier(id="prata", title="Prata", threshold=50_000),
                                Tier(id="ouro", title="Ouro", threshold=150_000))),
        clubs=(Club(id="gold", title="Clube Ouro", entitlements=(Entitlement(id="cafe", title="Café", uses=10),)),
               Club(id="run", title="Corrida")),
    )  # fmt: skip
    ends = now.date() + timedelta(days=12)
    member = ReplicaCustomer(
        customer="c1", name="Inês Gonçalves", cards=(CARD,), phone="+351912345678", balance_available=300_000, segments=("campeões",),
        tiers=(ReplicaTier(programme="club", tier="prata", measure=60_000),),
        memberships=(ReplicaMembership(programme="club", club="gold", since=date(2024, 1, 1), until=ends, used={"cafe": 3}),),
        vouchers=(ReplicaVoucher(code="GEFT2345CARD9", kind="wallet", programme="club", title="Cartão", amount=4250),),
    )  # fmt: skip
    with Agent(tmp_path, AgentConfig.model_validate({"store": {"code": "LX1"}}), None, {}) as agent:
        agent.replica.apply(Replica(version=1, complete=True, customers=(member,), programmes=(programme,)), now)
        ports: list[int] = []
        with served(create_app(agent, "t0ken", lambda: ports[0]), ports) as url:
            yield url


def looks_right(page: Page, name: str) -> None:
    folder = os.environ.get("V5_SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
    page.evaluate((SOURCE / "node_modules" / "axe-core" / "axe.min.js").read_text())
    found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    assert "\n".join(f"{one['id']}: {node['html'][:160]}" for one in found["violations"] for node in one["nodes"]) == ""
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@pytest.mark.feature("PR-31", "PR-11", "PR-20", "PR-25")
@pytest.mark.parametrize("language", TONGUES)
def test_a_member_is_seen_whole_joins_and_renews(browser: Browser, address: str, language: str) -> None:
    width, level, ending, renew, join, done = TONGUES[language]
    context = browser.new_context(viewport={"width": width, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(10_000)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(f"{address}/?lang={language}")
    page.get_by_role("search").get_by_role("textbox").fill(CARD)
    page.keyboard.press("Enter")
    result = page.locator("#result")
    expect(result.get_by_role("heading", name="Inês Gonçalves")).to_be_visible()
    said = result.inner_text().replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")
    for text in ("Prata", level, "campeões", "Clube Ouro", ending, "7", "GEFT-2345-CARD9"):
        assert text in said, text
    looks_right(page, f"companion_member_{language}")
    result.get_by_role("button", name=renew).click()
    expect(page.locator("#alert")).to_contain_text(done)
    expect(result.get_by_role("button", name=renew)).to_have_count(0)
    result.get_by_role("button", name=join).click()
    expect(result.locator(".clubs > li")).to_have_count(2)
    looks_right(page, f"companion_member_{language}_joined")
    context.close()
    assert faults == []
