"""Everything with a code in a browser: a wallet is sold, loaded, found, blocked; each page fits, passes axe, works with the keyboard."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
import yaml
from playwright.sync_api import expect

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


@pytest.mark.parametrize("visit", [("pt", "desktop"), ("he", "phone")], indirect=True, ids="-".join)
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
