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


@pytest.mark.feature("V5-16", "V5-17")
def test_rows_come_and_go_by_keyboard_and_everything_can_be_undone(visit: Visitor) -> None:
    page = begin(visit, "Vales da Serra", "steps")
    page.locator("form[action='/programmes/start'] button").click()
    page.locator("#part-vouchers a[href*='at=0']").click()
    rows = page.locator("input[name='f.steps.#']")
    expect(rows).to_have_count(3)
    add = page.locator("button[value='add:steps']")
    add.focus()
    add.press("Enter")
    expect(rows).to_have_count(4)
    # Every step must say what it gives: named at the row, and nothing is saved.
    page.locator("form#rule button.btn-primary").press("Enter")
    expect(page.locator("form#rule [role=alert]")).to_be_visible()
    assert [("422" in one) for one in visit.faults] == [True], "the browser's own line about the answer"
    visit.faults.clear()
    page.fill("#f-steps-3-amount_from", "500")
    page.fill("#f-steps-3-amount", "80")
    expect(page.locator("#saying")).to_contain_text("80,00")
    visit.looks_right("programme-voucher")
    page.locator("button[value='drop:steps.0']").press("Enter")
    expect(rows).to_have_count(3)
    expect(page.locator("#f-steps-2-amount")).to_have_value("80")
    # Chips by keyboard alone: what is typed is kept when the field is left.
    page.evaluate("document.querySelectorAll('form#rule details').forEach((one) => (one.open = true))")
    page.locator("#f-selector-families-new").focus()
    page.keyboard.type("vinhos")
    page.keyboard.press("Tab")
    expect(page.locator(".v5-chip")).to_have_text(re.compile("vinhos"))
    page.locator("form#rule button.btn-primary").press("Enter")
    expect(page.locator("#part-vouchers")).to_contain_text("80,00")
    page.locator("form[action$='/undo'] button").click()
    expect(page.locator("#part-vouchers")).not_to_contain_text("80,00")
    finish(page)
