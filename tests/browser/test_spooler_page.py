"""The spooler's page in a browser: receipts, a job, what a person decides; five languages, desktop and phone, accessible."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect

from v5_cloud.frontend.build import SOURCE
from v5_spooler.config import AgentConfig, PrinterConfig, SpoolerConfig
from v5_spooler.printing.journal import JobState, Journal, NewJob
from v5_spooler.service import Service
from v5_spooler.testing import Sale, receipt
from v5_spooler.web.app import make_app

pytestmark = pytest.mark.browser
WIDTHS = {"desktop": (1280, 900), "phone": (390, 844)}
TITLES = {"pt": "Talões impressos", "en": "Printed receipts", "es": "Tickets impresos", "fr": "Tickets imprimés", "he": "קבלות שהודפסו"}
DECIDE = {"pt": "Precisa de ver", "en": "Needs a look", "es": "Hay que mirarlo", "fr": "À vérifier", "he": "דורש בדיקה"}


def _writing(paper: bytes, at: datetime, states: list[JobState]) -> Callable[[Journal], int]:
    return lambda journal: journal.write(NewJob("till-1", "x", at), None, [paper], now=at, states=states)


async def _serve(data: Path, ready: threading.Event, found: dict[str, Any], stop: asyncio.Event) -> None:
    # Nobody listens at the target: nothing is printed here, the page shows what the journal holds.
    printer = PrinterConfig(name="till-1", listen=0, target="127.0.0.1:9")
    service = Service(
        SpoolerConfig(store="LIS", data=data, agent=AgentConfig(url="http://127.0.0.1:9", token="secret"), printer=(printer,))
    )
    async with service.running():
        at = datetime(2026, 11, 22, 10, 5, tzinfo=UTC)
        goods = [("Café expresso", 2, 75, 13), ("Pão de forma", 1, 219, 6), ("Vinho tinto Douro 0,75 L", 1, 899, 23)]
        for number in range(1, 6):
            paper = receipt(Sale(number=f"FS V5A/{number}", at=at, items=goods[: 1 + number % 3], card="2900000012345"))
            states = [JobState.SENDING] if number == 5 else [JobState.SENDING, JobState.PRINTED]
            await service.store.do(_writing(paper, at, states))
        await service.store.do(lambda journal: journal.recover(at))
        server = uvicorn.Server(uvicorn.Config(make_app(service), port=0, log_level="warning"))
        listener = server.config.bind_socket()
        found["url"] = f"http://127.0.0.1:{listener.getsockname()[1]}"
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        ready.set()
        await stop.wait()
        server.should_exit = True
        await serving
        listener.close()


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    found: dict[str, Any] = {}
    ready, stop, loop = threading.Event(), asyncio.Event(), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_until_complete, args=(_serve(tmp_path_factory.mktemp("spooler"), ready, found, stop),))
    thread.start()
    assert ready.wait(30)
    yield str(found["url"])
    loop.call_soon_threadsafe(stop.set)
    thread.join(20)
    loop.close()


def looks_right(page: Page, name: str) -> None:
    if folder := os.environ.get("V5_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
    page.evaluate((SOURCE / "node_modules" / "axe-core" / "axe.min.js").read_text())
    found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    assert [(one["id"], [node["html"][:160] for node in one["nodes"]]) for one in found["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@pytest.mark.feature("V5-06")
@pytest.mark.parametrize("device", WIDTHS)
@pytest.mark.parametrize("language", TITLES)
def test_receipts_jobs_and_decisions(browser: Browser, url: str, language: str, device: str) -> None:
    width, height = WIDTHS[device]
    context = browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce")
    page, faults = context.new_page(), []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.goto(f"{url}/?lang={language}")
    expect(page.get_by_role("heading", name=TITLES[language])).to_be_visible()
    expect(page.get_by_role("heading", name=DECIDE[language])).to_be_visible()
    expect(page.locator(".shot img")).to_have_count(5)
    assert page.evaluate("document.documentElement.dir") == ("rtl" if language == "he" else "ltr")
    looks_right(page, f"spooler_{language}_{device}")
    page.locator(".shot").first.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    looks_right(page, f"spooler_job_{language}_{device}")
    context.close()
    assert faults == []
