"""The till companion and the agent's health page in a browser, with a cloud behind them: a real chain, from the sale to the till."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import create_engine, select, update
from starlette.types import ASGIApp

from v5_agent import identity as identities
from v5_agent.config import AgentConfig
from v5_agent.service import Agent
from v5_agent.web import create_app as create_agent_app
from v5_cloud.app import create_app as create_cloud_app
from v5_cloud.frontend.build import SOURCE
from v5_cloud.kit.settings import Settings
from v5_cloud.kit.tenant import Scope
from v5_cloud.migrations import migrate
from v5_cloud.models import CustomerRow
from v5_cloud.sample import load
from v5_core.plugins import load_plugins
from v5_plugin_phc import sample as phc

pytestmark = pytest.mark.browser
Served = Callable[[ASGIApp, list[int]], AbstractContextManager[str]]
TOKEN = "t0ken-of-this-till"
WIDTHS = {"desktop": (1280, 900), "phone": (390, 844)}
REMARK = "Alergia a frutos secos: avisar antes de oferecer prova"
EVERYWHERE = pytest.mark.parametrize(
    "till", [(language, device) for language in ("pt", "en") for device in ("desktop", "phone")], indirect=True, ids="-".join
)


class Clock:
    """The machine's clock, that a test may put forward."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class Chain:
    """The company's cloud, and what it was loaded with."""

    url: str
    sample: dict[str, Any]
    numbers: dict[str, str]


def sale(number: int, card: str, at: datetime, gross: int) -> dict[str, Any]:
    """What a till tells the cloud about a sale."""
    amount = f"{gross // 100}.{gross % 100:02d}"
    line = {"line_id": "1", "product": "CAFE-250", "description": "Café moído 250 g", "family": "mercearia", "gross": amount, "net": amount}
    return {
        "source": "till",
        "source_id": f"LX1-{number}",
        "origin": "hook",
        "kind": "sale",
        "store": "LX1",
        "issued_at": at.isoformat(),
        "fiscal": {"issuer": "500100144", "number": f"FS LX1/{number}"},
        "customer": {"card": card},
        "lines": [line],
        "payments": [{"method": "card", "amount": amount}],
        "gross": amount,
        "net": amount,
    }


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory, served: Served) -> Iterator[Chain]:
    """A cloud with customers: the first has points of a year ago and of today and a remark, the second no phone."""
    settings = Settings(database_url=f"sqlite:///{tmp_path_factory.mktemp('companion') / 'v5.sqlite'}", housekeeping_seconds=0)
    migrate(settings)
    app = create_cloud_app(settings)
    held = app.state.v5
    sample = load(held, customers=12)
    now = datetime.now(UTC)
    with served(app, []) as url:
        card = sample["customers"][0]["card"]
        key = {"authorization": f"Bearer {sample['api_key']}"}
        with httpx.Client(base_url=url, timeout=30, headers=key) as client:
            for number, days, gross in ((1, 340, 12_050), (2, 3, 21_300)):
                document = sale(number, card, now - timedelta(days=days), gross)
                reply = client.post("/v1/hooks/commit", json={"request_id": f"c-{number}", "document": document})
                assert reply.status_code == 200, reply.text
            found = client.post("/v1/hooks/identify", json={"store": "LX1", "key": card}).json()["customer"]
        scope = Scope(sample["tenant"], sample["company"])
        with held.database.write(scope) as session:
            row = session.scalars(select(CustomerRow).where(CustomerRow.id == found["customer"])).one()
            numbers = {"tax": row.tax_number, "phone": row.phone, "card": card, "name": row.name}
            session.execute(update(CustomerRow).where(CustomerRow.id == found["customer"]).values(remark=REMARK))
            session.execute(update(CustomerRow).where(CustomerRow.name == sample["customers"][1]["name"]).values(phone=None))
        yield Chain(url, sample, numbers)
    held.database.dispose()


@dataclass
class Store:
    """An agent of a store, and where it answers."""

    url: str
    agent: Agent
    clock: Clock


@contextmanager
def opened(folder: Path, chain: Chain, store: str, served: Served) -> Iterator[Store]:
    clock = Clock()
    folder.mkdir()
    identity = identities.enrol(folder, chain.url, chain.sample["enrol_codes"][store], f"servidor-{store.lower()}", clock())
    engine = create_engine(f"sqlite:///{folder / 'phc.db'}")
    phc.create(engine)
    engine.dispose()
    source = {"slug": "phc", "config": {"driver": "sqlite", "database": str(folder / "phc.db"), "store": store}}
    settings = {"timing": {"recovery_jitter": 0}, "hooks": {"answer_ms": 5000}, "source": [source]}
    with Agent(folder, AgentConfig.model_validate(settings), identity, load_plugins(), clock) as agent:
        agent.poll(force=True)
        agent.send(force=True)
        assert agent.heartbeat(force=True)
        agent.pull(force=True)
        ports: list[int] = []
        with served(create_agent_app(agent, TOKEN, lambda: ports[0]), ports) as url:
            yield Store(url, agent, clock)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, chain: Chain, served: Served) -> Iterator[Store]:
    """A store with its line up."""
    with opened(tmp_path_factory.mktemp("lx1") / "agent", chain, "LX1", served) as made:
        yield made


@pytest.fixture(scope="module")
def cut_off(tmp_path_factory: pytest.TempPathFactory, chain: Chain, served: Served) -> Iterator[Store]:
    """A store whose line went down five hours ago, one sale after."""
    with opened(tmp_path_factory.mktemp("pt2") / "agent", chain, "PT2", served) as made:
        made.agent.line.down(made.clock(), "the name of the cloud cannot be found")
        document = sale(900, chain.numbers["card"], made.clock(), 1250) | {"store": "PT2"}
        reply = httpx.post(
            f"{made.url}/v1/hooks/commit",
            json={"request_id": "c-900", "document": document},
            headers={"authorization": f"Bearer {TOKEN}"},
            timeout=30,
        )
        assert reply.status_code == 200, reply.text
        made.clock.ahead = timedelta(hours=5)
        made.agent.line.down(made.clock(), "the name of the cloud cannot be found")
        yield made


@dataclass
class Till:
    """The browser beside the till; keeps all that went wrong in it."""

    page: Page
    context: BrowserContext
    language: str
    device: str
    faults: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    def say(self, pt: str, en: str) -> str:
        return pt if self.language == "pt" else en

    def open(self, store: Store, path: str = "/") -> None:
        self.page.goto(f"{store.url}{path}?lang={self.language}")

    def seek(self, text: str) -> None:
        self.page.get_by_role("search").get_by_role("textbox").fill(text)
        self.page.keyboard.press("Enter")

    def looks_right(self, name: str) -> None:
        """Accessible by all of axe's rules, no wider than the window; and a picture for whoever wants to see."""
        folder = os.environ.get("V5_SCREENSHOTS")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=Path(folder) / f"{name}_{self.language}_{self.device}.png", full_page=True)
        self.page.evaluate((SOURCE / "node_modules" / "axe-core" / "axe.min.js").read_text())
        found = self.page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
        assert "\n".join(f"{one['id']}: {node['html'][:160]}" for one in found["violations"] for node in one["nodes"]) == ""
        assert self.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@pytest.fixture
def till(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Till]:
    """A visitor that ends well: no error of a script, nothing that the policy refused, nothing from another host."""
    language, device = getattr(request, "param", ("pt", "desktop"))
    width, height = WIDTHS[device]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        locale={"pt": "pt-PT", "en": "en-GB"}.get(language, language),
        reduced_motion="reduce",
        timezone_id="Europe/Lisbon",
    )
    page = context.new_page()
    page.set_default_timeout(10_000)
    made = Till(page, context, language, device)
    context.expose_binding("refusedByPolicy", lambda _, what: made.faults.append(what))
    context.add_init_script(
        "addEventListener('securitypolicyviolation', (one) => refusedByPolicy(`${one.violatedDirective}: ${one.blockedURI}`))"
    )
    page.on("pageerror", lambda error: made.faults.append(str(error)))
    page.on("console", lambda one: made.faults.append(one.text) if one.type == "error" and "status of 422" not in one.text else None)
    page.on("request", lambda one: made.hosts.add(urlsplit(one.url).hostname or ""))
    yield made
    context.close()
    assert made.faults == []
    assert made.hosts == {"127.0.0.1"}


@EVERYWHERE
@pytest.mark.feature("PR-31", "FM-08")
def test_every_way_to_ask_for_a_customer_shows_all_of_their_data(till: Till, store: Store, chain: Chain) -> None:
    till.open(store)
    page, name = till.page, chain.numbers["name"]
    expect(page.get_by_text(till.say("Ligado", "Line up"))).to_be_visible()
    till.looks_right("companion")
    for text in (name, chain.numbers["phone"].removeprefix("+351"), chain.numbers["tax"], chain.numbers["card"]):
        page.keyboard.press("Escape")
        expect(page.get_by_role("heading", name=till.say("Quem está na caixa?", "Who is at the till?"))).to_be_visible()
        till.seek(text)
        expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
    result = page.locator("#result")
    expect(result).to_contain_text(re.compile(r"333(,5|\.5)?"))
    expect(result).to_contain_text(till.say("A expirar", "Expiring"))
    expect(result).to_contain_text("120")
    expect(
        page.get_by_role("list").get_by_text(re.compile(rf"^{' ?'.join(re.findall('.{4}|.+', chain.numbers['card']))}$"))
    ).to_be_visible()
    remark = page.get_by_text(REMARK)
    expect(remark).to_have_count(1)
    red, green, blue = (int(one) for one in re.findall(r"\d+", remark.evaluate("one => getComputedStyle(one).color"))[:3])
    assert red > 150
    assert green < 60
    assert blue < 60
    till.looks_right("companion_customer")


@EVERYWHERE
@pytest.mark.feature("AR-09", "AR-10")
def test_a_scanned_card_is_recognised_wherever_the_cursor_is(till: Till, store: Store, chain: Chain) -> None:
    till.open(store)
    page, key = till.page, till.page.get_by_role("search").get_by_role("textbox")
    for cursor_elsewhere in (False, True):
        page.keyboard.press("Escape")
        if cursor_elsewhere:
            key.evaluate("one => one.blur()")
        page.keyboard.type(chain.numbers["card"])
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name=chain.numbers["name"], exact=True)).to_be_visible()
    has_card = till.say("Tem cartão de pontos: 333 pontos disponíveis", "Has a points card: 333 points available")
    expect(page.get_by_role("listitem").get_by_text(has_card)).to_be_visible()
    page.keyboard.type(chain.sample["customers"][2]["card"])
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=chain.sample["customers"][2]["name"], exact=True)).to_be_visible()
    expect(page.get_by_text(REMARK)).to_have_count(0)


@EVERYWHERE
@pytest.mark.feature("FM-16")
def test_the_cashier_is_asked_for_what_the_record_lacks(till: Till, store: Store, chain: Chain) -> None:
    till.open(store)
    till.seek(chain.sample["customers"][1]["card"])
    nudge = till.say("Ficha sem telefone: peça-o ao cliente", "No phone on the record: ask the customer for it")
    expect(till.page.get_by_role("listitem").get_by_text(nudge)).to_be_visible()
    till.looks_right("companion_nudge")
    till.seek("Nome Que Ninguém Tem")
    expect(till.page.get_by_role("heading", name=till.say("Ninguém encontrado", "Nobody found"))).to_be_visible()
    till.looks_right("companion_nobody")
    till.page.locator("#result").get_by_role("button", name=till.say("Novo cliente", "New customer")).click()
    expect(till.page.get_by_label(till.say("Nome", "Name"), exact=True)).to_have_value("Nome Que Ninguém Tem")


@EVERYWHERE
def test_one_of_several_is_chosen_by_keyboard(till: Till, store: Store, chain: Chain) -> None:
    till.open(store)
    shared = max(
        (one["name"].split()[0] for one in chain.sample["customers"]),
        key=lambda first: sum(one["name"].startswith(first) for one in chain.sample["customers"]),
    )
    till.seek(shared)
    expect(till.page.get_by_role("heading", name=till.say("Vários clientes: escolha um", "Several customers: choose one"))).to_be_visible()
    till.looks_right("companion_choose")
    chosen = till.page.locator("#result button").first
    expect(chosen).to_be_focused()
    name = chosen.locator("span").first.inner_text()
    till.page.keyboard.press("Enter")
    expect(till.page.get_by_role("heading", name=name, exact=True)).to_be_visible()


@EVERYWHERE
@pytest.mark.feature("PR-09")
def test_a_customer_joins_without_the_mouse_and_is_known_in_the_cloud(till: Till, store: Store, chain: Chain) -> None:
    till.open(store)
    page = till.page
    page.keyboard.press("F2")
    page.keyboard.type("Beatriz Vale")
    for text in ("12", f"beatriz.{till.language}.{till.device}@example.com", "123456780"):
        page.keyboard.press("Tab")
        page.keyboard.type(text)
    page.keyboard.press("Enter")
    number = f"91{['pt', 'en'].index(till.language)}{list(WIDTHS).index(till.device)}23456"
    for label, reason, right in (
        (till.say("NIF", "Tax number"), till.say("Este NIF não está certo", "This tax number is not right"), ""),
        (
            till.say("Telemóvel", "Mobile phone"),
            till.say("Este número de telefone não está certo", "This phone number is not right"),
            number,
        ),
    ):
        wrong = page.get_by_label(label, exact=True)
        expect(wrong).to_be_focused()
        expect(wrong).to_have_attribute("aria-invalid", "true")
        expect(wrong).to_have_accessible_description(re.compile(f"^{reason}"))
        till.looks_right(f"companion_enrol_wrong_{'phone' if right else 'tax'}")
        page.keyboard.press("Control+A")
        page.keyboard.press("Delete")
        page.keyboard.type(right)
        page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text(till.say("Cliente criado", "Customer created"))
    expect(page.get_by_role("heading", name="Beatriz Vale", exact=True)).to_be_visible()
    till.looks_right("companion_enrolled")
    answer = httpx.post(
        f"{chain.url}/v1/hooks/identify",
        json={"store": "PT2", "key": number},
        headers={"authorization": f"Bearer {chain.sample['api_key']}"},
        timeout=30,
    ).json()
    assert answer["customer"]["name"] == "Beatriz Vale"


@EVERYWHERE
def test_without_the_line_the_page_says_so_and_still_answers(till: Till, cut_off: Store, chain: Chain) -> None:
    till.open(cut_off)
    expect(till.page.get_by_text(till.say("Sem ligação", "Line down"))).to_be_visible()
    till.seek(chain.numbers["card"])
    expect(till.page.get_by_role("heading", name=chain.numbers["name"], exact=True)).to_be_visible()
    expect(till.page.get_by_text(till.say("Sem ligação: valores de", "The line is down: figures as of"))).to_be_visible()
    till.looks_right("companion_offline")


@EVERYWHERE
def test_health_is_one_light(till: Till, store: Store, cut_off: Store) -> None:
    till.open(store, "/health")
    expect(till.page.get_by_role("heading", level=1)).to_have_text(till.say("Tudo a correr bem", "Everything flows"))
    expect(till.page.locator(".headline")).to_have_attribute("data-light", "green")
    till.looks_right("health_green")
    till.open(cut_off, "/health")
    expect(till.page.get_by_role("heading", level=1)).to_have_text(till.say("Precisa de alguém agora", "Needs somebody now"))
    expect(till.page.locator(".headline")).to_have_attribute("data-light", "red")
    expect(till.page.get_by_text("5 h", exact=True)).to_be_visible()
    till.looks_right("health_red")


@pytest.mark.parametrize("till", [("es", "desktop"), ("fr", "phone")], indirect=True, ids="-".join)
def test_spanish_and_french_speak_throughout(till: Till, store: Store, chain: Chain) -> None:
    till.open(store)
    title, asked = {"es": ("¿Quién está en caja?", "Nombre"), "fr": ("Qui est en caisse ?", "Nom")}[till.language]
    expect(till.page.get_by_role("heading", name=title)).to_be_visible()
    till.seek(chain.numbers["card"])
    expect(till.page.get_by_role("heading", name=chain.numbers["name"], exact=True)).to_be_visible()
    till.looks_right("companion_customer")
    till.page.keyboard.press("F2")
    expect(till.page.get_by_label(asked, exact=True)).to_be_focused()
    expect(till.page.locator("#f-phone")).to_have_value("")  # the card just read is of somebody else
    expect(till.page.locator("#f-card")).to_have_value("")
    till.looks_right("companion_enrol")
    till.open(store, "/health")
    till.looks_right("health_green")


@pytest.mark.parametrize("till", [("he", "desktop"), ("he", "phone")], indirect=True, ids="-".join)
def test_a_language_from_right_to_left_does_not_break(till: Till, store: Store, chain: Chain) -> None:
    till.open(store)
    till.seek(chain.numbers["card"])
    expect(till.page.get_by_role("heading", name=chain.numbers["name"], exact=True)).to_be_visible()
    till.page.evaluate("document.documentElement.dir = 'rtl'")
    till.looks_right("companion")
    till.open(store, "/health")
    till.page.evaluate("document.documentElement.dir = 'rtl'")
    till.looks_right("health")
