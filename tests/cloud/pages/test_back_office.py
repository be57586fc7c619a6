"""The back office without a browser: who may see what, sessions, forged requests, weight, what a sale shows."""

from __future__ import annotations

import gzip
import re
from typing import TYPE_CHECKING

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from sqlalchemy import delete

from v5_cloud.frontend.build import DIST, LOCALE, PACKAGE
from v5_cloud.kit.tenant import Scope
from v5_cloud.models import CustomerRow
from v5_cloud.sample import load
from v5_cloud.users.service import add_user

if TYPE_CHECKING:
    from tests.cloud.conftest import Service, Start, Till
    from tests.cloud.pages.conftest import Person, SignIn


PAGES = ("/", "/customers", "/sales", "/programmes", "/stores")


def rows(path: str, pattern: str, someone: Person) -> str:
    found = re.search(pattern, someone.get(path).text)
    assert found, path
    return found.group(1)


def test_nobody_sees_a_page_without_signing_in(service: Service) -> None:
    for path in (*PAGES, "/customers/x", "/customers/x/movements", "/customers/x/movements/y", "/sales/x"):
        reply = service.client.get(path, headers={"accept": "text/html"}, follow_redirects=False)
        assert (reply.status_code, reply.headers["location"].split("?")[0]) == (303, "/login"), path
    fragment = service.client.get("/customers", headers={"hx-request": "true", "hx-request-type": "partial"}, follow_redirects=False)
    assert (fragment.status_code, fragment.headers["hx-redirect"], fragment.text) == (204, "/login", "")


@pytest.mark.feature("V5-01")
def test_another_tenant_gets_nothing_and_learns_nothing(start: Start, database_url: str, person: SignIn) -> None:
    service = start(database_url)
    till = service.till()
    till.commit(till.document("S1", [("CAFE-250", "mercearia", "40.00")], customer={"card": till.customer()["card"]}))
    owner = person(service)
    customer = till.customer()["id"]
    document = rows("/sales", r'href="/sales/(\w+)"', owner)
    movement = rows(f"/customers/{till.customer()['id']}", r'id="m-([^"]+)"', owner)
    names = {one["name"] for one in service.sample["customers"] if one.get("name")}

    with_other = add_other_tenant(service)
    stranger = person(service, *with_other)
    missing = stranger.get("/customers/none").text
    for path in (
        f"/customers/{customer}",
        f"/sales/{document}",
        f"/customers/{till.customer()['id']}/movements",
        f"/customers/{till.customer()['id']}/movements/{movement}",
    ):
        assert owner.get(path).status_code == 200, path
        reply = stranger.get(path)
        assert reply.status_code == 404, path
        assert strip_tokens(reply.text).replace(path, "") == strip_tokens(missing).replace("/customers/none", "")
    for path in PAGES:
        text = stranger.get(path).text
        assert not [name for name in names if name in text]
        assert customer not in text
        assert document not in text


def strip_tokens(text: str) -> str:
    return re.sub(r'value="[^"]*"|X-CSRF-Token[^}]*|section[^>]*', "", re.sub(r'(href|class|aria-current)="[^"]*"', "", text))


def add_other_tenant(service: Service) -> tuple[str, str]:
    other = load(service.held, seed=2, customers=4)
    # Same names may come from the sample; the stranger's tenant is emptied of customers, so that any name is a leak.
    with service.held.database.write(Scope(other["tenant"])) as session:
        session.execute(delete(CustomerRow).where(CustomerRow.tenant_id == other["tenant"]))
    return other["login"]["email"], other["login"]["password"]


def test_roles_open_their_pages_only(service: Service, person: SignIn) -> None:
    add_user(
        service.held.database,
        service.sample["tenant"],
        email="caixa@exemplo.pt",
        password="dez letras ou mais",
        role="cashier",
        now=service.clock.now,
    )
    cashier = person(service, "caixa@exemplo.pt", "dez letras ou mais")
    assert cashier.get("/").headers["location"] == "/customers"
    assert {path: cashier.get(path).status_code for path in PAGES[1:]} == {
        "/customers": 200,
        "/sales": 403,
        "/programmes": 200,
        "/stores": 403,
    }
    assert 'href="/sales"' not in cashier.get("/customers").text


def test_unknown_user_and_wrong_password_sound_the_same(service: Service) -> None:
    known = service.sample["login"]["email"]
    texts = []
    for email in (known, "nobody@example.com"):
        reply = service.client.post("/login", data={"email": email, "password": "wrong wrong wrong"})
        assert reply.status_code == 401
        texts.append(reply.text.replace(email, ""))
    assert texts[0] == texts[1]


def test_guessing_ends_after_ten(service: Service) -> None:
    fields = {"email": service.sample["login"]["email"], "password": "wrong wrong wrong"}
    # Ten in a minute; a slow machine may meet the turn of a minute on the way.
    seen: list[int] = []
    while len(seen) < 21 and 429 not in seen:
        seen.append(service.client.post("/login", data=fields).status_code)
    assert seen[:10] == [401] * 10
    assert seen[-1] == 429
    right = {"email": fields["email"], "password": service.sample["login"]["password"]}
    assert service.client.post("/login", data=right, follow_redirects=False).status_code == 429


def test_a_session_ends_by_idleness_and_in_any_case(service: Service, person: SignIn) -> None:
    idle = person(service)
    service.clock.forward(minutes=119)
    assert idle.get("/").status_code == 200
    service.clock.forward(minutes=121)
    assert idle.get("/").status_code == 303
    busy = person(service)
    for _ in range(12):
        service.clock.forward(minutes=59)
        assert busy.get("/").status_code == 200
    service.clock.forward(minutes=13)
    assert busy.get("/").status_code == 303


def test_signing_out_makes_a_copied_cookie_worthless(service: Service, person: SignIn) -> None:
    someone = person(service)
    copy = dict(someone.cookies)
    assert someone.post("/logout", {"csrf": someone.token()}).status_code == 303
    someone.cookies = copy
    assert someone.get("/").status_code == 303


def test_a_forged_request_changes_nothing(service: Service, person: SignIn) -> None:
    someone = person(service)
    assert someone.post("/logout", {}).status_code == 403
    assert someone.post("/logout", {"csrf": "AAAA"}).status_code == 403
    assert someone.post("/logout", {"csrf": someone.token()}, origin="https://evil.example").status_code == 403
    login = service.sample["login"]
    assert service.client.post("/login", data=login, headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert someone.get("/").status_code == 200


def test_after_signing_in_one_stays_on_this_site(service: Service) -> None:
    for path, expected in (
        ("/sales?kind=return", "/sales?kind=return"),
        ("https://evil.example", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
    ):
        reply = service.client.post("/login", data={**service.sample["login"], "next": path}, follow_redirects=False)
        assert reply.headers["location"] == expected


def test_cookies_and_headers(start: Start, database_url: str) -> None:
    service = start(database_url, secure_cookies=True)
    reply = service.client.post("/login", data=service.sample["login"], follow_redirects=False)
    cookie = reply.headers["set-cookie"]
    assert cookie.startswith("__Host-v5=")
    assert {"HttpOnly", "Secure", "SameSite=lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    page = service.client.get("/login")
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert "unsafe" not in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["strict-transport-security"]
    assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=", page.text)


@pytest.mark.feature("NX-05", "V5-27")
def test_a_sale_at_the_till_is_seen_and_explained(service: Service, till: Till, person: SignIn) -> None:
    given = till.commit(till.document("S1", [("CAFE-250", "mercearia", "40.00")], customer={"card": till.customer()["card"]}))
    someone = person(service)
    home = someone.get("/").text
    assert "€40.00" in home
    record = someone.get(f"/customers/{till.customer()['id']}").text
    movement = re.search(r'id="m-([^"]+)"', record)
    assert movement
    assert f"+{given['points_earned']}" in record
    explained = someone.get(
        f"/customers/{till.customer()['id']}/movements/{movement.group(1)}", **{"hx-request": "true", "hx-request-type": "partial"}
    ).text
    assert "<html" not in explained
    # In the viewer's language, and not the store's: the rule keeps its own name.
    said = "1 ponto por cada 1,00 € com IVA: 1 point per €1.00, on €40.00 = 40 points"
    assert given["explanations"][0]["text"].endswith("= 40 pontos")
    assert said in explained
    sale = re.search(r'href="(/sales/\w+)"', home)
    assert sale
    document = someone.get(sale.group(1)).text
    assert "Till" in document
    assert said in document


@pytest.mark.feature("PR-16")
def test_customers_are_found_by_parts_of_what_is_known(service: Service, person: SignIn, till: Till) -> None:
    someone = person(service)
    customer = service.client.get(f"/v1/customers/{till.customer()['id']}", headers=till.auth).json()
    card = till.customer()["card"]
    first, last = customer["name"].split()[0], customer["name"].split()[-1]
    for term in (card, card[4:10], f"{card[:4]} {card[4:8]} {card[8:]}", customer["phone"][-6:], f"{last.upper()} {first[:3]}"):
        assert f"/customers/{customer['id']}" in someone.get(f"/customers?q={term}").text, term
    assert "Nobody by that name" in someone.get("/customers?q=zzzz").text
    assert someone.get("/customers?q=%25").status_code == 200
    assert "Nobody by that name" in someone.get("/customers?q=%25%25%25").text


def test_nonsense_in_an_address_gives_a_page(service: Service, person: SignIn) -> None:
    someone = person(service)
    for path, status in (
        ("/sales?after=%01", 422),
        ("/customers?after=zz", 422),
        ("/sales?from=yesterday", 200),
        ("/?days=abc", 422),
        ("/nowhere", 404),
        ("/?days=12&store=XX", 200),
    ):
        reply = someone.get(path)
        assert (reply.status_code, reply.headers["content-type"]) == (status, "text/html; charset=utf-8"), path
    assert service.client.get("/v1/nowhere", headers={"accept": "text/html"}).headers["content-type"] == "application/problem+json"


def test_every_page_is_light(service: Service, person: SignIn) -> None:
    """HTML, styles, scripts and icons as they travel; fonts (35 KB, kept for a year) and the charts of the home page aside."""
    someone = person(service)
    for path in PAGES:
        reply = someone.get(path, **{"accept-encoding": "gzip"})
        files = {
            name for name in re.findall(r"/static/([\w.-]+)", reply.text) if not name.endswith(".woff2") and not name.startswith("charts-")
        }
        weight = len(gzip.compress(reply.content, 5)) + sum((DIST / f"{name}.gz").stat().st_size for name in files)
        assert weight <= 60 * 1024, (path, weight)


def test_built_files_are_kept_for_ever_and_compressed(service: Service) -> None:
    page = service.client.get("/login").text
    style = re.search(r"/static/app-\w+\.css", page)
    assert style
    reply = service.client.get(style.group(), headers={"accept-encoding": "gzip"})
    assert (reply.headers["content-encoding"], "immutable" in reply.headers["cache-control"]) == ("gzip", True)
    assert service.client.get("/static/../pages/page.py").status_code == 404
    assert service.client.get("/static/manifest.json").status_code == 404


def test_every_message_is_translated() -> None:
    methods = [("templates/**.html", "jinja2"), ("**.py", "python")]
    wanted = {
        one[2] if isinstance(one[2], str) else one[2][0]
        for one in extract_from_dir(str(PACKAGE), method_map=methods, options_map={"templates/**.html": {"trimmed": "true"}})
    }
    assert len(wanted) > 200
    assert {path.parent.parent.name for path in LOCALE.glob("*/LC_MESSAGES/messages.po")} == {"pt", "es", "fr", "he"}
    for catalogue in LOCALE.glob("*/LC_MESSAGES/messages.po"):
        with catalogue.open("rb") as stream:
            found = {(one.id if isinstance(one.id, str) else one.id[0]): one for one in read_po(stream) if one.id}
        assert wanted - set(found) == set(), catalogue
        assert [name for name in found if name not in wanted] == [], catalogue
        for one in found.values():
            forms = [form or "" for form in (one.string if isinstance(one.string, tuple | list) else [one.string])]
            assert not one.fuzzy, (catalogue, one.id)
            assert all(forms), (catalogue, one.id)
            # "One customer" needs no figure where the form is for one alone; French counts nought with it.
            alone = len(forms) > 1 and catalogue.parts[-3] == "he"
            for form in forms[1:] if alone else forms:
                assert placeholders(form) == placeholders(one.id if isinstance(one.id, str) else one.id[0]), (catalogue, one.id)
            assert "\ufffd" not in "".join(forms)


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"%\(\w+\)\w|%(?!\()", text))


def test_templates_use_logical_sides_only() -> None:
    """Left and right become wrong when a language is written from the right."""
    wrong = re.compile(
        r"(?<![\w-])-?(?:m[lr]|p[lr]|left|right|text-left|text-right|border-[lr]|rounded-[lr])-(?!\[)[\w./]+|text-(?:left|right)\b"
    )
    found = [(path.name, match) for path in (PACKAGE / "templates").rglob("*.html") for match in wrong.findall(path.read_text())]
    assert found == []


def test_every_icon_that_a_page_names_is_in_the_sprite() -> None:
    sprite = next(DIST.glob("icons-*.svg")).read_text()
    named = {
        (path.name, name)
        for path in (PACKAGE / "templates").rglob("*.html")
        for name in re.findall(r'icon\("([a-z0-9-]+)"', path.read_text())
    }
    assert len(named) > 100
    assert [one for one in sorted(named) if f'<symbol id="{one[1]}"' not in sprite] == []
