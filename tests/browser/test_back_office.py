"""The back office in a browser: Portuguese and English, desktop and phone; every page accessible, nothing refused by its policy."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from tests.browser.conftest import Visitor


pytestmark = pytest.mark.browser
EVERYWHERE = pytest.mark.parametrize(
    "visit", [(language, device) for language in ("pt", "en") for device in ("desktop", "phone")], indirect=True, ids="-".join
)


@EVERYWHERE
@pytest.mark.feature("V5-02")
def test_signing_in(visit: Visitor) -> None:
    page = visit.page
    page.goto(f"{visit.url}/customers")
    expect(page).to_have_url(re.compile(r"/login\?next="))
    visit.shot("login")
    visit.axe()
    visit.fits()
    page.fill("#email", visit.sample["login"]["email"])
    page.fill("#password", "not this one at all")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text(
        {"pt": "O e-mail ou a palavra-passe não estão certos.", "en": "E-mail or password is not right."}[visit.language]
    )
    visit.shot("login_wrong")
    visit.axe()
    page.fill("#password", visit.sample["login"]["password"])
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/customers$"))


@EVERYWHERE
@pytest.mark.feature("V5-20", "V5-21")
def test_home(visit: Visitor) -> None:
    visit.sign_in()
    page = visit.page
    expect(page.locator("[data-chart] svg path").first).to_be_attached()
    expect(page.locator("[data-drawn]")).to_have_count(1)
    expect(page.get_by_role("heading", name={"pt": "Vendas mais recentes", "en": "Newest sales"}[visit.language])).to_be_visible()
    visit.shot("home")
    visit.axe()
    visit.fits()


@EVERYWHERE
@pytest.mark.feature("PR-16", "V5-27", "NX-05")
def test_finding_a_customer_and_reading_why(visit: Visitor) -> None:
    visit.sign_in()
    page = visit.page
    card = visit.sample["customers"][0]["card"]
    page.goto(f"{visit.url}/customers")
    visit.shot("customers")
    visit.axe()
    visit.fits()
    page.get_by_role("searchbox").last.fill(f"{card[:4]} {card[4:]}")
    expect(page.locator("[data-result]")).to_have_count(1)
    expect(page).to_have_url(re.compile("q="))
    visit.shot("customers_search")
    page.locator("[data-result]").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(visit.sample["customers"][0]["name"])
    visit.shot("customer")
    visit.axe()
    visit.fits()
    page.locator("details[id^=m-] > summary").first.click()
    expect(page.locator("[data-explanation]").first).to_contain_text(re.compile(r"\d+ ponto|\d+ point"))
    visit.shot("customer_explanation")
    visit.axe()


@EVERYWHERE
def test_sales(visit: Visitor) -> None:
    visit.sign_in()
    page = visit.page
    page.goto(f"{visit.url}/sales")
    visit.shot("sales")
    visit.axe()
    visit.fits()
    rows = page.locator("#rows tr[class*=row]")
    expect(rows).to_have_count(25)
    page.locator("#more a").click()
    expect(rows).to_have_count(50)
    page.select_option("select#kind", "return")
    expect(rows).to_have_count(1)
    visit.shot("sales_filtered")
    rows.locator("a").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("NC 2026LX1/")
    visit.shot("return")
    visit.axe()
    visit.fits()
    page.goto(f"{visit.url}/sales?kind=sale&customer=with")
    page.locator("#rows a").first.click()
    visit.shot("document")
    visit.axe()
    visit.fits()


@EVERYWHERE
@pytest.mark.feature("V5-16")
def test_programmes(visit: Visitor) -> None:
    visit.sign_in()
    page = visit.page
    page.goto(f"{visit.url}/programmes")
    expect(
        page.get_by_text(
            {"pt": "1 ponto por cada 1,00 €", "en": "1 point for every €1.00"}[visit.language].replace(" €", "\xa0€"), exact=True
        )
    ).to_be_visible()
    visit.shot("programmes")
    visit.axe()
    visit.fits()


@EVERYWHERE
@pytest.mark.feature("NX-10")
def test_stores(visit: Visitor) -> None:
    visit.sign_in()
    page = visit.page
    page.goto(f"{visit.url}/stores")
    expect(page.get_by_role("heading", name="servidor-lx1")).to_be_visible()
    visit.shot("stores")
    visit.axe()
    visit.fits()


@pytest.mark.parametrize(
    "visit", [(language, device) for language in ("es", "fr", "he") for device in ("desktop", "phone")], indirect=True, ids="-".join
)
def test_every_page_in_every_other_language(visit: Visitor) -> None:
    page = visit.page
    page.goto(f"{visit.url}/login")
    expect(page.get_by_role("heading", level=1)).to_have_text(
        {"es": "Bienvenido de nuevo", "fr": "Heureux de vous revoir", "he": "ברוכים השבים"}[visit.language]
    )
    assert page.evaluate("getComputedStyle(document.body).direction") == ("rtl" if visit.language == "he" else "ltr")
    visit.looks_right("login")
    visit.sign_in()
    expect(page.locator("[data-drawn]")).to_have_count(1)
    visit.looks_right("home")
    page.goto(f"{visit.url}/customers")
    visit.looks_right("customers")
    page.get_by_role("searchbox").last.fill(visit.sample["customers"][0]["card"])
    expect(page.locator("[data-result]")).to_have_count(1)
    page.locator("[data-result]").click()
    visit.looks_right("customer")
    page.locator("details[id^=m-] > summary").first.click()
    expect(page.locator("[data-explanation]").first).to_be_visible()
    visit.looks_right("customer_explanation")
    page.goto(f"{visit.url}/sales")
    visit.looks_right("sales")
    page.goto(f"{visit.url}/sales?kind=return")
    page.locator("#rows tr[class*=row] a").first.click()
    visit.looks_right("return")
    page.goto(f"{visit.url}/sales?kind=sale&customer=with")
    page.locator("#rows tr[class*=row] a").first.click()
    visit.looks_right("document")
    page.goto(f"{visit.url}/programmes")
    visit.looks_right("programmes")
    page.goto(f"{visit.url}/stores")
    visit.looks_right("stores")
