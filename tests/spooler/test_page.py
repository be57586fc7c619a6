"""The page on loopback: what a person sees and decides, and who is kept out."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx
import pytest

from v5_spooler.fake_agent import FakeAgent
from v5_spooler.printing.journal import JobState, NewJob
from v5_spooler.service import Service
from v5_spooler.testing import receipt
from v5_spooler.web.app import make_app

if TYPE_CHECKING:
    from tests.spooler.conftest import Bench, MakeSale, OpenBench


HOME = "http://127.0.0.1:8760"


@contextlib.asynccontextmanager
async def browser(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(make_app(service)), base_url=HOME) as client:
        yield client


async def unconfirmed(b: Bench, data: bytes) -> int:
    now = datetime.now(UTC)
    job = await b.service.store.do(
        lambda journal: journal.write(NewJob("till-1", "x", now), None, [data], now=now, states=[JobState.SENDING])
    )
    await b.service.store.do(lambda journal: journal.recover(now))
    return job


@pytest.mark.feature("V5-06")
def test_page_shows_receipts_in_portuguese_and_english(bench: OpenBench, agent: FakeAgent, sale: MakeSale) -> None:
    async def journey() -> None:
        async with bench(agent.url) as b, browser(b.service) as page:
            await b.send(receipt(sale()))
            await b.until(lambda: any(row.state == "printed" for row in b.service.store.journal.jobs()))
            portuguese, english = await page.get("/?lang=pt"), await page.get("/?lang=en")
            assert "Talões impressos" in portuguese.text
            assert "Printed receipts" in english.text
            assert "FS V5A/1" in portuguese.text
            assert "script" not in portuguese.headers["content-security-policy"]
            assert "default-src 'none'" in portuguese.headers["content-security-policy"]
            picture = await page.get("/jobs/1/receipt.png")
            assert picture.content.startswith(b"\x89PNG")
            assert "Ganhou 12 pontos" in (await page.get("/jobs/1?lang=pt")).text
            assert (await page.get("/jobs/99")).status_code == 404
            assert (await page.get("/health.json")).json()["ok"] is True

    asyncio.run(journey())


def test_other_hosts_and_other_sites_are_refused(bench: OpenBench) -> None:
    async def journey() -> None:
        async with bench() as b, browser(b.service) as page:
            assert (await page.get("/", headers={"host": "evil.example"})).status_code == 421
            job = await unconfirmed(b, b"text\n")
            assert (await page.post(f"/jobs/{job}/resend")).status_code == 403
            assert (await page.post(f"/jobs/{job}/resend", headers={"origin": "http://evil.example"})).status_code == 403
            assert b.paper.received == b""

    asyncio.run(journey())


@pytest.mark.feature("V5-06")
def test_unconfirmed_job_waits_for_a_person_who_marks_or_prints_it_again(bench: OpenBench) -> None:
    async def journey() -> None:
        async with bench() as b, browser(b.service) as page:
            job = await unconfirmed(b, b"only once\n")
            assert "Precisa de ver" in (await page.get("/?lang=pt")).text
            assert b.paper.received == b"", "nothing is printed again by itself"
            sent = await page.post(f"/jobs/{job}/resend", headers={"origin": HOME})
            assert sent.status_code == 303
            assert await b.paper.has(b"only once\n") == b"only once\n"
            assert (await page.post(f"/jobs/{job}/mark", headers={"origin": HOME})).status_code == 303
            row = b.service.store.journal.job(job)
            assert row is not None
            assert row.state == "printed"
            assert (await page.post(f"/jobs/{job}/mark", headers={"origin": HOME})).status_code == 409

    asyncio.run(journey())
