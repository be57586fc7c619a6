"""What an administrator does in the back office: a code that lets a machine in; and what lapses, day by day."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

import httpx
import pytest

from v5_cloud.sample import load
from v5_cloud.users.service import add_user
from v5_core.signing import generate_key

if TYPE_CHECKING:
    from tests.cloud.conftest import Service, Start, Till
    from tests.cloud.pages.conftest import SignIn


STORE = "/stores/st-lx1/code"
PARTIAL = {"hx-request": "true", "hx-request-type": "partial"}


def shown_code(page: str) -> str:
    found = re.search(r'id="enrol-code">([^<]+)<', page)
    assert found, page
    return found.group(1)


def enrol(service: Service, code: str) -> httpx.Response:
    _, public = generate_key()
    body = {"code": code, "public_key": base64.b64encode(public).decode(), "name": "Till 1"}
    reply: httpx.Response = service.client.post("/v1/agents/enrol", json=body)
    return reply


@pytest.mark.feature("NX-10")
@pytest.mark.parametrize(("language", "says"), [("en", "It is not shown again."), ("pt", "Não volta a ser mostrado.")])
def test_an_administrator_makes_a_code_that_enrols_one_machine(service: Service, person: SignIn, language: str, says: str) -> None:
    admin = person(service, language=language)
    assert f'action="{STORE}"' in admin.get("/stores").text
    reply = admin.post(STORE, {"csrf": admin.token()}, **PARTIAL)
    assert reply.status_code == 200
    assert "<html" not in reply.text
    assert says in reply.text
    assert reply.headers["cache-control"] == "no-store"
    code = shown_code(reply.text)
    assert code not in admin.get("/stores").text
    assert enrol(service, code).json()["store"] == "LX1"
    assert enrol(service, code).status_code == 401


def test_without_scripts_the_code_is_a_page(service: Service, person: SignIn) -> None:
    admin = person(service)
    reply = admin.post(STORE, {"csrf": admin.token()})
    assert "<html" in reply.text
    assert enrol(service, shown_code(reply.text)).status_code == 200


@pytest.mark.feature("V5-01")
def test_only_an_administrator_of_this_tenant_makes_one(start: Start, database_url: str, person: SignIn) -> None:
    service = start(database_url)
    login = load(service.held, seed=3, customers=4)["login"]
    # The stranger's tenant has stores of the same ids; this store exists here alone.
    admin = person(service)
    assert admin.post(STORE, {}).status_code == 403, "without the form's token"
    for role in ("manager", "viewer", "cashier"):
        email = f"{role}@exemplo.pt"
        add_user(
            service.held.database, service.sample["tenant"], email=email, password="dez letras ou mais", role=role, now=service.clock.now
        )
        someone = person(service, email, "dez letras ou mais")
        assert STORE not in someone.get("/stores").text
        assert someone.post(STORE, {"csrf": someone.token()}).status_code == 403, role
    from v5_cloud.kit.tenant import Scope
    from v5_cloud.tenants.setup import add_store

    store = add_store(service.held, Scope(service.sample["tenant"], service.sample["company"]), "LX9", "Nova")
    stranger = person(service, login["email"], login["password"])
    reply = stranger.post(f"/stores/{store}/code", {"csrf": stranger.token()})
    assert reply.status_code == 404
    assert "enrol-code" not in reply.text
    assert admin.post(f"/stores/{store}/code", {"csrf": admin.token()}).status_code == 200


def test_points_that_lapse_on_one_day_are_one_row(service: Service, till: Till, person: SignIn) -> None:
    card = {"card": till.customer()["card"]}
    for number in ("1", "2", "3"):
        till.commit(till.document(number, [("CAFE-250", "mercearia", "10.00")], customer=card))
    service.clock.forward(days=30)
    till.commit(till.document("4", [("CAFE-250", "mercearia", "7.00")], customer=card))
    page = person(service).get(f"/customers/{till.customer()['id']}").text
    section = page[page.index('id="lots-title"') :]
    rows = re.findall(r"<li.*?</li>", section[: section.index("</section>")], re.DOTALL)
    assert [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row)).split() for row in rows] == [
        ["30", "Nov", "2027", "30"],
        ["31", "Dec", "2027", "7"],
    ]
