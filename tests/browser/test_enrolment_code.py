"""An administrator makes an enrolment code with the button; the list beneath stays where it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from tests.browser.conftest import Visitor


pytestmark = pytest.mark.browser


@pytest.mark.feature("NX-10")
def test_the_button_shows_a_code(visit: Visitor) -> None:
    visit.sign_in()
    page = visit.page
    page.goto(f"{visit.url}/stores")
    page.locator("#fleet form button").first.click()
    expect(page.locator("#code #enrol-code")).to_have_text(re.compile(r"^[2-9A-Z]{4}(-[2-9A-Z]{4}){3}$"))
    expect(page.locator("#code-title")).to_be_focused()
    expect(page.get_by_role("heading", name="servidor-lx1")).to_be_visible()
    assert page.url.endswith("/stores")
    visit.axe()
    visit.fits()
