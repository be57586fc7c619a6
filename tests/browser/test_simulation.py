"""A draft tried on past sales, in a browser: asked for, watched, read; then thrown away."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from tests.browser.conftest import Visitor

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("visit", [("pt", "desktop"), ("he", "phone")], indirect=True)
@pytest.mark.feature("NX-06")
def test_a_draft_is_tried_on_the_sales_of_the_past_and_its_figures_are_read(visit: Visitor) -> None:
    visit.sign_in()
    page, key = visit.page, {"authorization": f"Bearer {visit.sample['api_key']}"}
    newest = max(page.request.get(f"{visit.url}/v1/programmes", headers=key).json()["items"], key=lambda one: int(one["version"]))
    version = int(newest["version"]) + 20
    fifth = {"kind": "percent_lines", "id": "quinto", "title": "Um quinto", "percent": "20", "limits": [{"uses": 25}]}
    draft = newest["programme"] | {"version": version, "state": "draft", "offers": [*newest["programme"]["offers"], fifth]}
    made = page.request.post(f"{visit.url}/v1/programmes", data=draft, headers=key)
    assert made.status == 201, made.text()
    address = f"{visit.url}/programmes/{visit.sample['company']}/{draft['id']}/{version}"
    try:
        page.goto(address)
        page.locator("a[href$='/simulate']").click()
        visit.looks_right("simulate")
        page.locator("form[action$='/simulate'] button").click()
        expect(page).to_have_url(re.compile(r"/simulations/"))
        expect(page.locator("#documents-title")).to_be_visible(timeout=60_000)
        page.locator("details.v5-reveal summary").first.click()
        visit.looks_right("simulated")
        row = page.locator("tr", has_text="Um quinto")
        expect(row.first).to_be_visible()
    finally:
        page.goto(address)
        page.locator("form[action$='/discard'] button").click()
        expect(page).to_have_url(re.compile(r"/programmes$"))
