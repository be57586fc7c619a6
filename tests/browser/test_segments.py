"""Segments in a browser: chosen, counted while one types, saved, seen in the list with the picture of all customers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from tests.browser.conftest import Visitor


pytestmark = pytest.mark.browser


@pytest.mark.parametrize("visit", [("pt", "desktop"), ("he", "phone")], indirect=True)
@pytest.mark.feature("RS-03", "PR-25")
def test_a_segment_is_made_from_a_form_and_counted_as_one_types(visit: Visitor) -> None:
    visit.sign_in()
    page = visit.page
    page.goto(f"{visit.url}/segments")
    page.locator("main a[href$='/new']").first.click()
    visit.looks_right("segment-kinds")
    page.locator("a[href$='kind=spend']").click()
    page.fill("#title", f"Gastam muito {visit.device}")
    page.fill("#low", "1")
    page.fill("#high", "")
    expect(page.locator("#live code")).to_have_text("spend(90) >= 1")
    expect(page.locator("#live .num")).to_have_text(re.compile(r"[1-9]"))
    visit.looks_right("segment-form")
    page.locator("form#segment button.btn-primary").click()
    expect(page).to_have_url(re.compile(r"/segments\?company=.*#s-gastam-muito"))
    page.locator("form[action$='/refresh'] button").click()
    expect(page.locator("article .num").first).to_have_text(re.compile(r"^\d+$"))
    visit.looks_right("segments")
    page.locator("a[href^='/bands']").click()
    if visit.language == "pt":
        page.locator("form[action$='/usual'] button").click()
        expect(page.locator("article")).to_have_count(8)
        page.locator("a[href^='/bands']").click()
    expect(page.locator("#bands tbody tr")).not_to_have_count(0)
    page.select_option("[id='recency.how']", "limits")
    page.fill("[id='recency.limits']", "7; 30")
    expect(page.locator("#live section").first.locator("li")).to_have_count(3)
    expect(page.locator("[id='recency.parts']")).to_be_hidden()
    visit.looks_right("bands")
    page.goto(f"{visit.url}/segments")
    page.locator("article h2 a", has_text="Gastam muito").first.click()
    visit.looks_right("segment")
    page.locator("form[action$='/remove'] button").click()
    expect(page).to_have_url(re.compile(r"/segments\?company="))
