"""The administrator's pages in a browser: each fits, passes axe, and is reached by links from the menu's pages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from tests.browser.conftest import Visitor


pytestmark = pytest.mark.browser


@pytest.mark.parametrize("visit", [("pt", "desktop"), ("he", "phone")], indirect=True)
@pytest.mark.feature("NX-10")
def test_agents_keys_stores_and_companies_are_reached_and_stand(visit: Visitor) -> None:
    visit.sign_in()
    page = visit.page
    for start, link, name in (
        ("/stores", "a[href^='/agents/'][href$='/revoke']", "switch-off"),
        ("/stores", "a[href='/keys']", "keys"),
        ("/keys", "a[href^='/keys/'][href$='/revoke']", "revoke-key"),
        ("/stores", "a[href='/companies']", "companies"),
        ("/companies", "a[href^='/companies/']", "company"),
        ("/stores", "a[href='/stores/st-lx1']", "store"),
        ("/stores/st-lx1", "a[href$='/close']", "close-store"),
        ("/stores/st-lx1", "a[href$='/remove']", "remove-store"),
    ):
        page.goto(visit.url + start)
        page.locator(link).first.click()
        expect(page.locator("h1")).to_be_visible()
        visit.looks_right(name)


@pytest.mark.parametrize("visit", [("pt", "desktop"), ("en", "phone")], indirect=True)
@pytest.mark.feature("NX-08")
def test_a_draft_is_made_from_what_is_in_force_and_thrown_away(visit: Visitor) -> None:
    visit.sign_in()
    page = visit.page
    page.goto(f"{visit.url}/programmes")
    page.locator("a[href^='/programmes/new?']").first.click()
    visit.looks_right("new-version")
    page.locator("form[action='/programmes/new'] button").click()
    expect(page).to_have_url(re.compile(r"/programmes/[^/]+/[^/]+/\d+$"))
    expect(page.locator("form[action$='/publish'] button")).to_be_visible()
    visit.looks_right("draft")
    page.locator("form[action$='/discard'] button").click()
    expect(page).to_have_url(re.compile(r"/programmes$"))
