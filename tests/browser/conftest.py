"""A real server on SQLite with the sample company and six weeks of sales through its hooks, and Debian's Chromium to look at it."""

from __future__ import annotations

import base64
import json
import os
import random
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from starlette.types import ASGIApp

from v5_cloud.app import create_app
from v5_cloud.auth.sessions import sign_in
from v5_cloud.frontend.build import SOURCE, build
from v5_cloud.kit.settings import Settings
from v5_cloud.migrations import migrate
from v5_cloud.sample import load
from v5_core.signing import generate_key, signed_headers

END = datetime(2026, 11, 22, 15, 40, tzinfo=UTC)
CHROMIUM = shutil.which("chromium")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
GOODS = (
    ("CAFE-250", "Café moído 250 g", "mercearia", 449),
    ("AZEITE-075", "Azeite virgem 0,75 l", "mercearia", 899),
    ("VINHO-DOURO", "Vinho do Douro tinto", "vinhos", 1250),
    ("CREME-50", "Creme de rosto 50 ml", "cosmetica", 2490),
    ("CHAMPO-400", "Champô 400 ml", "cosmetica", 675),
    ("LIVRO-ROM", "Romance", "livros", 1690),
)


def euros(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


@dataclass
class Clock:
    """The service's clock."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Morning:
    """Plays sales through the public hooks, as a till does."""

    client: httpx.Client
    sample: dict[str, Any]
    clock: Clock
    chance: random.Random = field(default_factory=lambda: random.Random(5))
    number: int = 100
    keys: list[tuple[str, bytes]] = field(default_factory=list)

    def call(self, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        reply = self.client.post(f"/v1/hooks/{operation}", json=body, headers={"authorization": f"Bearer {self.sample['api_key']}"})
        assert reply.status_code == 200, reply.text
        answer: dict[str, Any] = reply.json()
        return answer

    def document(self, at: datetime, store: str, customer: int | None, **more: Any) -> dict[str, Any]:
        self.clock.now = at
        self.number += 1
        picked = self.chance.sample(GOODS, self.chance.randint(1, 4))
        lines = [
            {
                "line_id": str(place),
                "product": code,
                "description": text,
                "family": family,
                "gross": euros(price),
                "net": euros(round(price / 1.23)),
                "vat_rate": "23",
            }
            for place, (code, text, family, price) in enumerate(picked, 1)
        ]
        gross = sum(price for *_, price in picked)
        body = {
            "source": "till",
            "source_id": f"{store}-{self.number}",
            "origin": "hook",
            "kind": "sale",
            "store": store,
            "till": "1",
            "operator": "Marta",
            "issued_at": at.isoformat(),
            "document_type": "FS",
            "fiscal": {"issuer": "500100200", "number": f"FS 2026{store}/{self.number}", "atcud": f"JFTX8K2P-{self.number}"},
            "lines": lines,
            "payments": [{"method": "card", "amount": euros(gross)}],
            "gross": euros(gross),
            "net": euros(sum(round(price / 1.23) for *_, price in picked)),
            **more,
        }
        if customer is not None:
            body["customer"] = {"card": self.sample["customers"][customer]["card"]}
        return body

    def sell(self, at: datetime, store: str, customer: int | None, *, seen_twice: bool = False) -> dict[str, Any]:
        body = self.document(at, store, customer)
        self.call("commit", {"request_id": f"c-{self.number}", "document": body})
        if seen_twice:
            again = body | {"source": "impressora", "source_id": f"p-{self.number}", "origin": "print"}
            self.call("commit", {"request_id": f"p-{self.number}", "document": again})
        return body

    def bring_back(self, at: datetime, sold: dict[str, Any]) -> None:
        line = sold["lines"][0]
        number = f"NC 2026{sold['store']}/{self.number}"
        reference = {"document": sold["fiscal"]["number"], "line": "1"}
        changes: dict[str, Any] = {
            "kind": "return",
            "source_id": number,
            "document_type": "NC",
            "fiscal": {"issuer": "500100200", "number": number},
            "issued_at": at.isoformat(),
            "lines": [line | {"reference": reference}],
            "payments": [{"method": "cash", "amount": line["gross"]}],
            "gross": line["gross"],
            "net": line["net"],
        }
        self.clock.now = at
        self.call("return", {"request_id": number, "document": sold | changes})

    def pay_with_points(self, at: datetime, store: str, customer: int) -> None:
        body = self.document(at, store, customer)
        hold = {"request_id": f"h-{self.number}", "store": store, "at": at.isoformat(), "customer": body["customer"], "points": "100"}
        held = self.call("hold", hold)
        rest = euros(round(float(body["gross"]) * 100) - round(float(held["amount"]) * 100))
        body["payments"] = [{"method": "points", "amount": held["amount"], "hold": held["hold"]}, {"method": "card", "amount": rest}]
        self.call("commit", {"request_id": f"c-{self.number}", "document": body})

    def play(self) -> None:
        """Six weeks in two stores, and a busy last day."""
        people = len(self.sample["customers"])
        for day in range(45, 0, -1):
            for store in self.sample["stores"]:
                for turn in range(self.chance.randint(1, 2)):
                    at = (END - timedelta(days=day)).replace(hour=9 + turn * 3, minute=self.chance.randint(0, 59))
                    buyer = self.chance.randrange(people) if self.chance.random() < 0.7 else None
                    self.sell(at, store, buyer, seen_twice=self.chance.random() < 0.3)
        first, second = self.sample["stores"][:2]
        for days in range(9, 2, -1):
            self.sell(END - timedelta(days=days, hours=2), first, 0)
        sold = self.sell(END - timedelta(days=1), first, 0, seen_twice=True)
        self.pay_with_points(END - timedelta(hours=3), first, 0)
        self.bring_back(END - timedelta(minutes=50), sold)
        cancelled = self.sell(END - timedelta(minutes=30), second, 4)
        self.call(
            "cancel",
            {
                "request_id": "x-1",
                "store": second,
                "at": END.isoformat(),
                "document": cancelled["fiscal"]["number"],
                "reason": "Cliente desistiu",
            },
        )
        self.sell(END - timedelta(minutes=4), first, 2, seen_twice=True)
        self.clock.now = END

    def enrol(self) -> None:
        """An agent in each store; their codes do not live long."""
        for store in self.sample["stores"]:
            private, public = generate_key()
            body = {
                "code": self.sample["enrol_codes"][store],
                "public_key": base64.b64encode(public).decode(),
                "name": f"servidor-{store.lower()}",
            }
            reply = self.client.post("/v1/agents/enrol", json=body)
            assert reply.status_code == 200, reply.text
            self.keys.append((reply.json()["agent"], private))

    def heartbeats(self) -> None:
        """One store whose agent is well, and one whose line was down for a while."""
        for place, (agent, private) in enumerate(self.keys):
            beat = {
                "version": "0.1.0",
                "queue_depth": 37 * place,
                "oldest_unsent_seconds": 2710 * place,
                "quarantined": 2 * place,
                "last_error": "A linha esteve em baixo." if place else "",
                "plugins": [{"slug": "phc", "ok": True, "problem": ""}, {"slug": "grid", "ok": True, "problem": ""}],
                "clock_offset": 0.4,
            }
            raw, stamp = json.dumps(beat).encode(), int(self.clock.now.timestamp())
            headers = signed_headers(agent, private, f"b-{place}", stamp, raw)
            reply = self.client.post("/v1/agents/heartbeat", content=raw, headers=headers | {"content-type": "application/json"})
            assert reply.status_code == 200, reply.text


class Server(uvicorn.Server):
    """In a thread: leaves signals alone."""

    def install_signal_handlers(self) -> None:
        return


@contextmanager
def _served(app: ASGIApp, ports: list[int]) -> Iterator[str]:
    """An application on a free port of this machine; `ports` learns which."""
    server = Server(uvicorn.Config(app, port=0, log_level="warning", lifespan="off", ws="none"))
    listener = server.config.bind_socket()
    ports.append(listener.getsockname()[1])
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{ports[0]}"
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


@pytest.fixture(scope="session")
def served() -> Callable[[ASGIApp, list[int]], AbstractContextManager[str]]:
    """Serves an application while a `with` lasts."""
    return _served


@dataclass
class Running:
    """Where the service answers, and what browsers reported to it."""

    url: str
    app: FastAPI
    sample: dict[str, Any]
    secret: str


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    build()
    settings = Settings(database_url=f"sqlite:///{tmp_path_factory.mktemp('browser') / 'v5.sqlite'}", housekeeping_seconds=0)
    migrate(settings)
    clock = Clock(END - timedelta(days=46))
    app = create_app(settings, clock=clock)
    held = app.state.v5
    sample = load(held, customers=30)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with httpx.Client(base_url=url, timeout=30) as client:
            morning = Morning(client, sample, clock)
            morning.enrol()
            morning.play()
            morning.heartbeats()
        login = sample["login"]
        yield Running(url, app, sample, sign_in(held, login["email"], login["password"], address="127.0.0.1"))
        server.should_exit = True
        thread.join(10)
    held.database.dispose()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # Not for the whole session: while it is open, Playwright keeps an event loop running in the main thread, and asyncio.run fails for all.
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed: `apt-get install -y --no-install-recommends chromium`")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()


WIDTHS = {"desktop": (1280, 900), "phone": (390, 844)}


@dataclass
class Visitor:
    """A browser at a width and in a language, that keeps what went wrong."""

    page: Page
    context: BrowserContext
    url: str
    language: str
    device: str
    secret: str
    sample: dict[str, Any]
    faults: list[str] = field(default_factory=list)

    def sign_in(self) -> None:
        """As the form does it, without the form: that has a test of its own."""
        self.context.add_cookies([{"name": "v5_session", "value": self.secret, "url": self.url}])
        self.page.goto(f"{self.url}/")

    def shot(self, name: str, *, full: bool = True) -> None:
        folder = os.environ.get("V5_SCREENSHOTS")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            picture = Path(folder) / f"{name}_{self.language}_{self.device}.png"
            # Hiding the caret would need an inline style, which the page refuses and reports.
            self.page.screenshot(path=picture, full_page=full, caret="initial")

    def axe(self) -> None:
        """No violation of WCAG 2.0 to 2.2, A and AA, and of axe's best practices."""
        script = (SOURCE / "node_modules" / "axe-core" / "axe.min.js").read_text()
        self.page.evaluate(script)  # through the debugger: the page's own policy would refuse it as a script element
        found = self.page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
        assert [(one["id"], [node["html"][:160] for node in one["nodes"]]) for one in found["violations"]] == []

    def looks_right(self, name: str) -> None:
        """Accessible, as wide as the window, and kept as a picture."""
        self.shot(name)
        self.axe()
        self.fits()

    def fits(self) -> None:
        """Nothing is wider than the window."""
        assert self.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@pytest.fixture
def visit(service: Running, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Visitor]:
    language, device = getattr(request, "param", ("pt", "desktop"))
    width, height = WIDTHS[device]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        locale={"pt": "pt-PT", "en": "en-GB", "es": "es-ES", "fr": "fr-FR", "he": "he-IL"}[language],
        reduced_motion="reduce",
        timezone_id="Europe/Lisbon",
    )
    context.add_cookies([{"name": "v5_lang", "value": language, "url": service.url}])
    page = context.new_page()
    page.set_default_timeout(10_000)
    visitor = Visitor(page, context, service.url, language, device, service.secret, service.sample)
    page.on("pageerror", lambda error: visitor.faults.append(str(error)))
    page.on(
        "console", lambda message: visitor.faults.append(message.text) if message.type == "error" and "401" not in message.text else None
    )
    service.app.state.csp_reports.clear()
    yield visitor
    context.close()
    assert visitor.faults == []
    assert list(service.app.state.csp_reports) == []
