"""Codes, clubs, runs and keys in a browser, a journey each: every page fits, passes axe and works with the keyboard."""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
import yaml
from playwright.sync_api import expect

from v5_cloud.fleet.service import issue_code
from v5_cloud.kit.tenant import Scope
from v5_core.signing import generate_key, sign

if TYPE_CHECKING:
    from tests.browser.conftest import Running, Visitor


pytestmark = pytest.mark.browser
PROGRAMME = Path(__file__).parents[1] / "cloud" / "pages" / "counter.yaml"


@pytest.fixture(scope="module", autouse=True)
def _counter(service: Running) -> None:
    """The shop sells cards and has a club."""
    with httpx.Client(base_url=service.url, headers={"authorization": f"Bearer {service.sample['api_key']}"}, timeout=30) as client:
        client.post("/v1/programmes", json=yaml.safe_load(PROGRAMME.read_text(encoding="utf-8")))
        client.post("/v1/programmes/balcao/1/publish")


@pytest.fixture(scope="module")
def difference(service: Running) -> None:
    """A store told its till another figure than the ledger's."""
    held, scope = service.app.state.v5, Scope(service.sample["tenant"], service.sample["company"])
    code, _, _ = issue_code(held, scope, "st-pt2", actor="test")
    private, public = generate_key()
    document = {
        "source": "till", "source_id": "fora-1", "origin": "hook", "kind": "sale", "store": "PT2", "issued_at": END.isoformat(),
        "customer": {"card": service.sample["customers"][2]["card"]}, "gross": "12.50", "net": "10.16",
        "lines": [{"line_id": "1", "product": "VINHO-DOURO", "family": "vinhos", "gross": "12.50", "net": "10.16"}],
    }  # fmt: skip
    told = {"earned": "15", "explanations": [{"rule": "compras", "version": 1, "text": "15 pontos por 15,00 €"}]}
    event = {
        "event_id": "e1",
        "type": "document",
        "aggregate": "fora-1",
        "captured_at": END.isoformat(),
        "document": document,
        "told": told,
    }
    with httpx.Client(base_url=service.url, timeout=30) as client:
        body = {"code": code, "public_key": base64.b64encode(public).decode(), "name": "caixa-2"}
        agent = client.post("/v1/agents/enrol", json=body).json()["agent"]
        raw, stamp = json.dumps({"agent": agent, "sequence": 1, "events": [event]}).encode(), int(END.timestamp())
        headers = {"v5-agent": agent, "webhook-id": "m1", "webhook-timestamp": str(stamp), "content-type": "application/json"}
        headers["webhook-signature"] = sign(private, "m1", stamp, raw)
        reply = client.post("/v1/push", content=raw, headers=headers)
    assert reply.json()["results"][0]["status"] == "accepted", reply.text


def prints(visit: Visitor, name: str) -> None:
    """On paper there is the page and nothing to click."""
    visit.page.emulate_media(media="print")
    expect(visit.page.locator("main a.btn, main form button, aside, body > nav").locator("visible=true")).to_have_count(0)
    visit.shot(f"{name}_print")
    visit.page.emulate_media(media="screen")


END = datetime(2026, 11, 22, 15, 40, tzinfo=UTC)  # the clock of the service that is looked at
TWO = pytest.mark.parametrize("visit", [("pt", "desktop"), ("he", "phone")], indirect=True, ids="-".join)


@TWO
@pytest.mark.feature("FM-33", "FM-34")
def test_a_wallet_is_sold_loaded_found_and_blocked(visit: Visitor) -> None:
    visit.sign_in()
    page = visit.page
    card = visit.sample["customers"][3]["card"]
    page.goto(f"{visit.url}/vouchers")
    visit.looks_right("vouchers_first")
    page.locator("a[href^='/vouchers/new']").first.click()
    visit.looks_right("voucher_choose")
    page.locator("a[href*='wallet']").click()
    page.fill("#amount", "500")
    page.fill("#customer", card)
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    visit.looks_right("voucher_refused")
    visit.faults.clear()  # browsers note a refusal as an error
    page.fill("#amount", "20,00")
    page.select_option("#store", "LX1")
    page.keyboard.press("Enter")
    expect(page.locator("input[name=sure]")).to_have_value("1")
    visit.looks_right("voucher_sure")
    page.locator("main form.panel button").first.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page).to_have_url(re.compile(r"/vouchers/[\w-]+/[2-9A-Z]{13}$"))
    code = page.url.rsplit("/", 1)[1]
    page.locator("a[href$='/load']").click()
    page.fill("#amount", "30")
    page.keyboard.press("Enter")
    expect(page.locator("input[name=sure]")).to_have_value("1")
    visit.looks_right("voucher_load")
    page.locator("main form.panel button").first.click()
    expect(page.locator(".brand-ground")).to_contain_text("50")
    visit.looks_right("voucher")
    prints(visit, "voucher")
    page.goto(f"{visit.url}/vouchers")
    page.locator("#q").press_sequentially(code[:6].lower())
    expect(page.locator("#rows tr")).to_have_count(1)
    visit.looks_right("vouchers")
    page.locator("#rows a").first.click()
    page.locator("a[href$='/block']").click()
    page.fill("#reason", "Perdida")
    visit.looks_right("voucher_block")
    page.keyboard.press("Enter")
    expect(page.locator("a[href$='/unblock']")).to_be_visible()
    visit.looks_right("voucher_blocked")


@TWO
@pytest.mark.feature("PR-19", "PR-32", "V5-29", "AR-11", "V5-26")
def test_somebody_joins_a_club_and_gets_points_by_hand(visit: Visitor) -> None:
    visit.sign_in()
    page = visit.page
    who = visit.sample["customers"][0 if visit.language == "pt" else 6]
    page.goto(f"{visit.url}/clubs")
    visit.looks_right("clubs")
    page.locator("h2 a").first.click()
    page.fill("#join", who["card"])
    page.keyboard.press("Enter")
    page.locator("a[href*='/join?card=']").click()
    visit.looks_right("club_join")
    page.locator("main form.panel button").click()
    expect(page.locator("h1")).to_contain_text(who["name"])
    expect(page.get_by_text("Um café").first).to_be_visible()
    visit.looks_right("benefits")
    prints(visit, "benefits")
    page.locator("a[href$='/pause']").click()
    visit.looks_right("club_pause")
    page.keyboard.press("Tab")
    page.locator("main form.panel button").click()
    page.locator("a[href$='/resume']").click()
    page.locator("main form.panel button").click()
    page.locator("a[href$='/relatives']").click()
    page.fill("#relative", visit.sample["customers"][9 if visit.language == "pt" else 10]["card"])
    page.keyboard.press("Enter")
    expect(page.locator("main form.panel[method=post]")).to_be_visible()
    visit.looks_right("relatives")
    page.locator("main form.panel[method=post] button").click()
    expect(page.locator("form[action$='/part'] button")).to_be_visible()
    page.goto(f"{visit.url}/customers/{who['id']}/points")
    page.fill("#points", "75")
    page.fill("#reason", "Pedido de desculpa")
    page.keyboard.press("Enter")
    expect(page.locator("input[name=sure]")).to_have_value("1")
    visit.looks_right("points_sure")
    page.locator("main form.panel button").first.click()
    page.locator("main details > summary").first.click()
    visit.looks_right("points")
    page.goto(f"{visit.url}/clubs")
    page.locator("h2 a").first.click()
    expect(page.locator("#rows tr").first).to_be_visible()
    visit.looks_right("club")
    page.goto(f"{visit.url}/customers/{who['id']}/edit")
    if page.locator("input[x-ref=master]").is_checked():
        page.locator("input[x-ref=master]").uncheck()
    page.locator("input[x-ref=master]").check()
    expect(page.locator("input[name=consent_post]")).to_be_checked()
    visit.looks_right("customer_edit")


@TWO
@pytest.mark.usefixtures("difference")
@pytest.mark.feature("FM-24", "PR-24", "NX-03", "NX-08")
def test_vouchers_by_turnover_run_differences_are_read_and_a_key_is_made(visit: Visitor) -> None:
    visit.sign_in()
    page = visit.page
    page.goto(f"{visit.url}/runs")
    visit.looks_right("runs_first")
    page.locator("a[href*='/runs/new/vouchers']").click()
    page.fill("#first", "2026-10-01")
    page.fill("#last", "2026-11-30")
    visit.looks_right("run_new")
    page.locator("main form.panel button").click()
    expect(page.locator("form[action$='/confirm'] button")).to_be_visible()
    visit.looks_right("run_preview")
    page.locator("form[action$='/confirm'] button").click()
    expect(page.locator("a[href*='run=']")).to_be_visible()
    visit.looks_right("run_done")
    prints(visit, "run")
    page.locator("#state details > summary").click()
    page.fill("#reason", "Período errado")
    page.locator("form[action$='/reverse'] button").click()
    expect(page.locator("form[action$='/reverse']")).to_have_count(0)
    page.goto(f"{visit.url}/runs")
    visit.looks_right("runs")
    page.goto(f"{visit.url}/differences")
    page.locator("#results summary").first.click()
    expect(page.get_by_text("15 pontos por 15,00 €")).to_be_visible()
    visit.looks_right("differences")
    if visit.device == "phone":
        page.locator("nav summary").last.click()
        visit.shot("more", full=False)
        visit.axe()
    page.goto(f"{visit.url}/giftcards/external")
    visit.looks_right("external_first")
    page.goto(f"{visit.url}/keys")
    page.locator("a[href='/keys/new']").first.click()
    page.fill("#name", "Loja online")
    page.locator("input[value=read]").check()
    visit.looks_right("key_new")
    page.locator("main form.panel button").click()
    expect(page.locator("#api-key")).to_contain_text("v5_")
    visit.looks_right("key")
