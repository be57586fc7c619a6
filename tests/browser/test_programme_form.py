"""A programme written by people who read no JSON: begun, filled, tried on a basket, mended, undone and published."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

if TYPE_CHECKING:
    from tests.browser.conftest import Visitor


pytestmark = pytest.mark.browser


def begin(visit: Visitor, name: str, *ready: str) -> Page:
    """A new programme with some of what is ready-made."""
    visit.sign_in()
    page = visit.page
    page.goto(f"{visit.url}/programmes/new")
    page.fill("#name", name)
    for one in ready:
        page.check(f"input[name=ready][value={one}]")
    return page


def finish(page: Page) -> None:
    """Leaves nothing behind for the next test."""
    page.locator("a[href$='/edit'], header + *").first.wait_for(state="attached")
    page.goto(page.url.split("/edit")[0])
    page.locator("form[action$='/discard'] button").click()
    expect(page).to_have_url(re.compile(r"/programmes$"))


@pytest.mark.parametrize("visit", [("pt", "desktop"), ("he", "phone")], indirect=True)
@pytest.mark.feature("V5-16", "V5-34")
def test_a_programme_is_begun_and_a_rule_written_and_tried(visit: Visitor) -> None:
    page = begin(visit, "Clube da Serra", "points", "birthday", "levels")
    visit.looks_right("programme-start")
    page.locator("form[action='/programmes/start'] button").click()
    expect(page).to_have_url(re.compile(r"/clube-da-serra(-\d+)?/1/edit$"))
    visit.looks_right("programme-edit")
    page.locator("a[href$='/edit/offers']").first.click()
    visit.looks_right("programme-kinds")
    page.locator("a[href$='kind=percent_lines']").click()
    expect(page.locator("#f-percent")).to_be_visible()
    # Nothing is said yet; then the rule in words, and what it does on the basket.
    page.fill("#f-percent", "101")
    expect(page.locator("#f-percent-error")).not_to_be_empty()
    page.fill("#f-title", "Vinhos à terça")
    page.fill("#f-percent", "12,5")
    families = page.locator("#f-selector-families-new")
    families.fill("vinhos")
    families.press("Enter")
    expect(page.locator(".v5-chip")).to_have_text(re.compile("vinhos"))
    expect(page.locator("#saying")).to_contain_text("12")
    expect(page.locator("#f-percent-error")).to_be_empty()
    page.fill("input[name='b.0.product']", "VINHO-DOURO")
    page.fill("input[name='b.0.quantity']", "2")
    page.fill("input[name='b.0.price']", "10")
    expect(page.locator("#result .text-success").first).to_be_visible()
    expect(page.locator("#result")).to_contain_text("2,50" if visit.language == "pt" else "2.50")
    visit.looks_right("programme-rule")
    page.locator("form#rule button.btn-primary").click()
    expect(page).to_have_url(re.compile(r"/edit#part-offers$"))
    expect(page.locator("#part-offers")).to_contain_text("Vinhos à terça")
    finish(page)
