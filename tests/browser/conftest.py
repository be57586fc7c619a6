"""A real server on SQLite with a company of two stores, and Debian's Chromium to look at it."""

from __future__ import annotations

import os
import random
import shutil
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from v5_cloud.app import create_app
from v5_cloud.auth.sessions import sign_in
from v5_cloud.frontend.build import SOURCE, build
from v5_cloud.kit.settings import Settings
from v5_cloud.kit.tenant import Scope
from v5_cloud.models import (
    AccountRow,
    Agent,
    AllocationRow,
    Base,
    CardRow,
    Company,
    CustomerKey,
    CustomerRow,
    DocumentRevision,
    DocumentRow,
    LotRow,
    PostingRow,
    ProgrammeRow,
    ReturnLink,
    Store,
    StoreDay,
    Tenant,
    TenantRow,
    new_id,
)
from v5_cloud.users.service import add_user
from v5_core.hooks import Explanation
from v5_core.model import (
    DocumentKind,
    DocumentStatus,
    FiscalKey,
    Line,
    Origin,
    Payment,
    PaymentMethod,
    Reference,
    SalesDocument,
)
from v5_core.programme import Boost, EarnPerAmount, Expiry, Offer, Programme, Redemption, RewardLevel, Selector

NOW = datetime(2026, 11, 22, 15, 40, tzinfo=UTC)
EMAIL, PASSWORD = "ana@pharmacia.example", "uma frase bem comprida"
CHROMIUM = shutil.which("chromium")
ARGUMENTS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync"
).split()
STORES = (("LX1", "Lisboa Chiado"), ("PO1", "Porto Boavista"))
NAMES = (
    "Inês Gonçalves", "João Almeida", "Márcia Antão", "Tiago Conceição", "Beatriz Falcão", "Rui Assunção", "Leonor Quintela", "Sérgio Patrão",
    "Matilde Simões", "Duarte Guimarães", "Graça Moura", "Luís Brandão", "Catarina Vilhena", "Nuno Serrão", "Teresa Lobo", "André Magalhães",
    "Francisca Leitão", "Hugo Vaz", "Rita Sarmento", "Afonso Peixoto", "Carolina Estêvão", "Vasco Roquete", "Clara Zambujal", "Gil Murteira",
    "Joana Açucena", "Mário Ventura", "Olga Petrescu", "Paulo Tojal", "Sílvia Coutinho", "Xavier Neto", "Zélia Barroso",
)  # fmt: skip
GOODS = (
    ("7310", "Creme hidratante 400 ml", "Dermocosmética", 1895), ("2204", "Protetor solar SPF 50", "Dermocosmética", 1649),
    ("5120", "Vitamina D 60 cápsulas", "Suplementos", 1290), ("5188", "Magnésio 30 ampolas", "Suplementos", 2175),
    ("8801", "Escova de dentes suave", "Higiene oral", 425), ("8830", "Pasta dentífrica 75 ml", "Higiene oral", 389),
    ("9004", "Leite de crescimento 800 g", "Bebé", 1580), ("9050", "Fraldas tamanho 4", "Bebé", 1199),
)  # fmt: skip


def ean13(body: str) -> str:
    """A card number with its check digit."""
    return body + str(-sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body)) % 10)


@dataclass
class World:
    """Rows of one tenant."""

    tenant: str
    company: str = ""
    rows: list[TenantRow] = field(default_factory=list)
    chance: random.Random = field(default_factory=lambda: random.Random(5))
    postings: int = 0

    def put(self, row: TenantRow) -> None:
        self.rows.append(row)

    def id(self, prefix: str, at: datetime = NOW) -> str:
        return new_id(prefix, at)


def programme() -> Programme:
    return Programme(
        id="clube",
        version=3,
        name="Clube Pharmácia",
        state="published",
        earning=(
            EarnPerAmount(
                id="base",
                title="Um ponto por euro",
                points=1000,
                amount=100,
                selector=Selector(exclude_families=("Bebé",), exclude_discounted=True),
            ),
        ),
        boosts=(Boost(id="terca", title="Terça-feira em dobro", factor=20_000, when="weekday = 2"),),
        offers=(
            Offer(
                id="derma",
                title="Semana da pele",
                percent=1500,
                selector=Selector(families=("Dermocosmética",)),
                minimum=2000,
                maximum=1000,
            ),
        ),
        redemption=Redemption(points=100_000, amount=500, minimum=100_000, step=50_000, max_share=5000),
        rewards=(
            RewardLevel(id="vale5", title="Vale de 5 €", cost=100_000, amount=500),
            RewardLevel(id="cesto", title="Cesto de Natal", cost=750_000),
        ),
        expiry=Expiry(kind="months", count=18),
    )


def customer(world: World, number: int, name: str) -> tuple[CustomerRow, AccountRow]:
    since = date(2024, 1, 10) + timedelta(days=number * 31)
    created = NOW - timedelta(days=max(1, (31 - number) * 3))
    phone, tax, card = f"+3519{12000000 + number * 13579:08d}", f"{231000000 + number * 7}", ean13(f"2400000{10000 + number * 37:05d}")
    row = CustomerRow(
        tenant_id=world.tenant, id=world.id("cus"), company_id=world.company, name=name, search="", phone=phone, tax_number=tax,
        email=f"{name.split()[0].lower()}.{number}@correio.example".replace("ê", "e").replace("ã", "a").replace("á", "a").replace("é", "e").replace("ç", "c").replace("í", "i"),
        birth_date=date(1960 + number, 1 + number % 12, 3 + number % 25), home_store=STORES[number % 2][0], origin="till", consent_sms=number % 2 == 0,
        consent_email=number % 3 != 0, member_since=since, created_at=created, updated_at=NOW, blocked=number == 11,
        remark="Alérgica a perfumes: oferecer amostras sem fragrância." if number == 0 else "",
    )  # fmt: skip
    from v5_cloud.customers.keys import fold

    row.search = fold(name)
    account = AccountRow(
        tenant_id=world.tenant,
        id=world.id("acc"),
        company_id=world.company,
        customer_id=row.id,
        updated_at=NOW,
        balance=0,
        held=0,
        earned=0,
        spent=0,
    )
    world.put(row)
    world.put(account)
    world.put(CardRow(tenant_id=world.tenant, company_id=world.company, number=card, customer_id=row.id, created_at=created))
    for key in (f"card:{card}", f"phone:{phone}", f"tax:PT:{tax}"):
        world.put(CustomerKey(tenant_id=world.tenant, company_id=world.company, key=key, customer_id=row.id))
    return row, account


def post(world: World, account: AccountRow, doc: DocumentRow, operation: str, points: int, rule: str) -> None:
    counter = "issued" if operation in {"earn", "take"} else "redeemed"
    for side, sign in ((account.id, 1), (counter, -1)):
        world.postings += 1
        world.put(
            PostingRow(
                tenant_id=world.tenant, id=f"pst_{world.postings:08d}", company_id=world.company, account=side, owner=account.id, document_id=doc.id,
                entry=doc.keys[0], operation=operation, points=sign * points, programme="clube", rule=rule, store=doc.store, day=doc.business_day,
                at=doc.issued_at, written_at=doc.issued_at,
            )
        )  # fmt: skip
    account.balance += points
    account.earned += points if operation in {"earn", "take"} else 0
    account.spent -= points if operation in {"spend", "give"} else 0


def sale(world: World, number: int, at: datetime, store: str, buyer: tuple[CustomerRow, AccountRow] | None, *, kind: DocumentKind = DocumentKind.SALE, cancelled: bool = False, spend: int = 0, origins: tuple[str, ...] = ("erp",), original: DocumentRow | None = None) -> DocumentRow:  # fmt: skip
    picked = world.chance.sample(GOODS, 1 if original else world.chance.randint(1, 4))
    reference = Reference(document=original.number, line="1") if original else None
    lines = tuple(
        Line(
            line_id=str(place + 1),
            product=code,
            description=text,
            family=family,
            quantity=1000,
            gross=price,
            net=round(price / 1.23),
            vat_rate=2300,
            reference=reference,
        )
        for place, (code, text, family, price) in enumerate(picked)
    )
    gross, net = sum(line.gross for line in lines), sum(line.net for line in lines)
    label = "NC" if kind is DocumentKind.RETURN else "FS"
    paid = [Payment(method=PaymentMethod.POINTS, amount=spend // 200)] if spend else []
    body = SalesDocument(
        source="phc", source_id=f"ADM{number:08d}", origin=Origin.ERP, kind=kind, status=DocumentStatus.CANCELLED if cancelled else DocumentStatus.ISSUED,
        fiscal=FiscalKey(issuer="500100200", number=f"{label} 2026{store}/{number}", atcud=f"JFTX8K2P-{number}"), document_type=label, store=store, till="1",
        operator="Marta", issued_at=at, lines=lines, payments=(*paid, Payment(method=PaymentMethod.CARD, amount=gross - spend // 200)), gross=gross, net=net,
        cancel_reason="Cliente desistiu da compra" if cancelled else "",
    )  # fmt: skip
    eligible = sum(line.gross for line in lines if line.family != "Bebé") // 100 * 1000
    said = [
        Explanation(
            rule="base",
            version=3,
            lines=tuple(line.line_id for line in lines if line.family != "Bebé"),
            text=f"Um ponto por euro: 1 ponto por 1,00, sobre {eligible // 1000},00 = {eligible // 1000} pontos",
            points=eligible,
        )
    ]
    doc = DocumentRow(
        tenant_id=world.tenant, id=world.id("doc", at), company_id=world.company, store=store, till="1", number=body.fiscal.number if body.fiscal else "",
        document_type=label, kind=str(kind), status=str(body.status), issued_at=at, business_day=at.date(), currency="EUR", gross=gross, net=net,
        customer_id=buyer[0].id if buyer else None, account_id=buyer[1].id if buyer else None, origins=",".join(sorted(origins)), revision="r1",
        keys=[f"fiscal:500100200:{label} 2026{store}/{number}"], body=body.model_dump(mode="json"), parts={},
        settlement={"explanations": [one.model_dump(mode="json") for one in said]} if buyer else {}, answer={}, links=[], created_at=at, updated_at=at,
    )  # fmt: skip
    world.put(doc)
    for minutes, origin in enumerate(origins):
        source = {"erp": "phc", "print": "Impressora balcão", "hook": "Caixa 1", "saft": "grid"}[origin]
        world.put(
            DocumentRevision(
                tenant_id=world.tenant,
                document_id=doc.id,
                revision=f"r{minutes}",
                company_id=world.company,
                source=source,
                origin=origin,
                received_at=at + timedelta(minutes=minutes),
                body={},
            )
        )
    if cancelled:
        return doc
    sign = -1 if kind is DocumentKind.RETURN else 1
    world.put(
        StoreDay(
            tenant_id=world.tenant,
            company_id=world.company,
            store=store,
            day=at.date(),
            slot=number,
            sales=sign > 0,
            gross=sign * gross,
            member_sales=int(bool(buyer) and sign > 0),
            member_gross=gross if buyer else 0,
        )
    )
    if buyer and eligible:
        account = buyer[1]
        if spend:
            doc.points_spent = spend
            post(world, account, doc, "spend", -spend, "")
            world.put(
                AllocationRow(
                    tenant_id=world.tenant,
                    id=world.id("alc"),
                    company_id=world.company,
                    account_id=account.id,
                    entry=doc.keys[0],
                    origin=doc.keys[0],
                    operation="spend",
                    lot_id=f"lot-{account.id}",
                    points=spend,
                    at=at,
                )
            )
        doc.points_earned = sign * eligible
        post(world, account, doc, "earn" if sign > 0 else "take", sign * eligible, "base")
        world.put(
            LotRow(
                tenant_id=world.tenant,
                account_id=account.id,
                lot_id=f"lot-{doc.id}" if account.earned != eligible else f"lot-{account.id}",
                company_id=world.company,
                entry=doc.keys[0],
                programme="clube",
                rule="base",
                points=eligible,
                remaining=eligible,
                earned_at=at,
                expires_at=at + timedelta(days=547),
                sequence=number,
            )
        )
    if original:
        world.put(
            ReturnLink(tenant_id=world.tenant, return_id=doc.id, ref=original.number, company_id=world.company, original_id=original.id)
        )
    return doc


def fill(world: World) -> None:
    world.company = world.id("com")
    world.put(Tenant(tenant_id=world.tenant, name="Pharmácia Lda", created_at=NOW - timedelta(days=700)))
    world.put(
        Company(
            tenant_id=world.tenant, id=world.company, name="Pharmácia Lda", tax_number="500100200", created_at=NOW - timedelta(days=700)
        )
    )
    made = programme()
    for version, state in ((3, "published"), (4, "draft")):
        world.put(
            ProgrammeRow(
                tenant_id=world.tenant,
                company_id=world.company,
                slug="clube",
                version=version,
                name=made.name,
                state=state,
                body=made.model_dump(mode="json"),
                created_at=NOW,
                published_at=NOW - timedelta(days=40) if version == 3 else None,
            )
        )
    for place, (code, name) in enumerate(STORES):
        store = Store(
            tenant_id=world.tenant, id=world.id("str"), company_id=world.company, code=code, name=name, created_at=NOW - timedelta(days=600)
        )
        world.put(store)
        world.put(
            Agent(
                tenant_id=world.tenant, id=world.id("agt"), company_id=world.company, store_id=store.id, name=f"servidor-{code.lower()}", public_key="", version="0.1.0",
                created_at=NOW, last_seen_at=NOW - timedelta(seconds=40), queue_depth=37 * place, oldest_unsent_seconds=2710 * place, quarantined=2 * place,
                last_error="A impressora 192.168.1.40 não responde." if place else "", plugins=[{"slug": "phc", "ok": True, "problem": ""}, {"slug": "grid", "ok": True, "problem": ""}],
            )
        )  # fmt: skip
    people = [customer(world, number, name) for number, name in enumerate(NAMES)]
    number = 100
    for day in range(75, -1, -1):
        for store, _ in STORES:
            for turn in range(world.chance.randint(2, 4)):
                number += 1
                at = (NOW - timedelta(days=day)).replace(hour=9 + turn * 2, minute=world.chance.randint(0, 39))
                if at > NOW:
                    continue
                buyer = world.chance.choice(people) if world.chance.random() < 0.72 else None
                origins = world.chance.choice([("erp",), ("erp", "hook"), ("erp", "hook", "print"), ("print", "saft")])
                sale(world, number, at, store, buyer, origins=origins, cancelled=world.chance.random() < 0.03)
    ines = people[0]
    sold = sale(world, 900, NOW - timedelta(days=2, hours=3), "LX1", ines, origins=("erp", "hook", "print"))
    sale(world, 901, NOW - timedelta(days=1, hours=1), "LX1", ines, spend=50_000, origins=("hook", "print"))
    sale(world, 902, NOW - timedelta(minutes=50), "LX1", ines, kind=DocumentKind.RETURN, original=sold)
    sale(world, 903, NOW - timedelta(minutes=12), "PO1", people[4], cancelled=True)
    sale(world, 904, NOW - timedelta(minutes=4), "LX1", people[7], origins=("hook",))


class Server(uvicorn.Server):
    """In a thread: leaves signals alone."""

    def install_signal_handlers(self) -> None:
        return


@dataclass
class Running:
    """Where the service answers, and what browsers reported to it."""

    url: str
    app: Any
    secret: str


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    build()
    folder = tmp_path_factory.mktemp("browser")
    app = create_app(Settings(database_url=f"sqlite:///{folder / 'v5.sqlite'}"), clock=lambda: NOW)
    held = app.state.v5
    Base.metadata.create_all(held.database.engine)
    world = World("ten_browser")
    fill(world)
    with held.database.write(Scope(world.tenant)) as session:
        session.add_all(world.rows)
    add_user(held.database, world.tenant, email=EMAIL, password=PASSWORD, name="Ana Marques", now=NOW)
    secret = sign_in(held, EMAIL, PASSWORD, address="127.0.0.1")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        yield Running(f"http://127.0.0.1:{listener.getsockname()[1]}", app, secret)
        server.should_exit = True
        thread.join(10)
    held.database.dispose()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
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
    faults: list[str] = field(default_factory=list)

    def sign_in(self) -> None:
        """As the form does it, without the form: that has a test of its own."""
        self.context.add_cookies([{"name": "v5_session", "value": self.secret, "url": self.url}])
        self.page.goto(f"{self.url}/")

    def shot(self, name: str, *, full: bool = True) -> None:
        folder = os.environ.get("V5_SCREENSHOTS")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=Path(folder) / f"{name}_{self.language}_{self.device}.png", full_page=full)

    def axe(self) -> None:
        """No violation of WCAG 2.0 to 2.2, A and AA, and of axe's best practices."""
        script = (SOURCE / "node_modules" / "axe-core" / "axe.min.js").read_text()
        self.page.evaluate(script)  # through the debugger: the page's own policy would refuse it as a script element
        found = self.page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
        assert [(one["id"], [node["html"][:160] for node in one["nodes"]]) for one in found["violations"]] == []

    def fits(self) -> None:
        """Nothing is wider than the window."""
        assert self.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@pytest.fixture
def visit(service: Running, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Visitor]:
    language, device = getattr(request, "param", ("pt", "desktop"))
    width, height = WIDTHS[device]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        locale={"pt": "pt-PT", "en": "en-GB"}.get(language, language),
        reduced_motion="reduce",
        timezone_id="Europe/Lisbon",
    )
    context.add_cookies([{"name": "v5_lang", "value": language, "url": service.url}])
    page = context.new_page()
    page.set_default_timeout(10_000)
    visitor = Visitor(page, context, service.url, language, device, service.secret)
    page.on("pageerror", lambda error: visitor.faults.append(str(error)))
    page.on(
        "console", lambda message: visitor.faults.append(message.text) if message.type == "error" and "401" not in message.text else None
    )
    service.app.state.csp_reports.clear()
    yield visitor
    context.close()
    assert visitor.faults == []
    assert list(service.app.state.csp_reports) == []
