"""Companies and stores edited, closed and removed in the back office: administrators of this tenant only, with a step in between."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from v5_cloud.sample import load
from v5_cloud.tenants.setup import add_store
from v5_cloud.users.service import add_user

if TYPE_CHECKING:
    from tests.cloud.conftest import Service, Start, Till
    from tests.cloud.pages.conftest import SignIn

PASSWORD = "dez letras ou mais"
FORM = {"name": "Baixa & Chiado", "address": "Rua Nova 1", "timezone": "Atlantic/Azores", "language": "en", "directives": "Ask\nSmile"}


@pytest.mark.feature("V5-01")
def test_a_store_and_a_company_are_edited(service: Service, person: SignIn) -> None:
    admin = person(service)
    assert 'href="/stores/st-lx1"' in admin.get("/stores").text
    assert admin.post("/stores/st-lx1", FORM).status_code == 403, "without the form's token"
    wrong = admin.post("/stores/st-lx1", FORM | {"csrf": admin.token(), "timezone": "Lisbon", "name": ""})
    assert wrong.status_code == 422
    assert wrong.text.count('aria-invalid="true"') == 2
    assert "Rua Nova 1" in wrong.text, "what was typed stays"
    assert admin.post("/stores/st-lx1", FORM | {"csrf": admin.token()}).headers["location"] == "/stores"
    page = admin.get("/stores/st-lx1").text
    assert all(text in page for text in ("Baixa &amp; Chiado", "Atlantic/Azores", "Ask\nSmile"))
    company = f"/companies/{service.sample['company']}"
    assert f'href="{company}"' in admin.get("/companies").text
    assert admin.post(company, {"csrf": admin.token(), "name": "Nova, Lda.", "receipt_url": "ftp://x"}).status_code == 422
    assert admin.post(company, {"csrf": admin.token(), "name": "Nova, Lda.", "address": "Porto"}).status_code == 303
    assert "Nova, Lda." in admin.get("/companies").text


@pytest.mark.feature("V5-01")
def test_a_store_is_closed_or_removed_after_a_step(service: Service, till: Till, person: SignIn) -> None:
    admin = person(service)
    till.commit(till.document("1", [("CAFE-250", "mercearia", "10.00")]))
    assert "something points at it" in admin.get("/stores/st-lx1/remove").text
    assert admin.post("/stores/st-lx1/remove", {"csrf": admin.token()}).status_code == 409
    till.enrol_agent()
    assert "still in use" in admin.post("/stores/st-lx1/close", {"csrf": admin.token()}).text
    made = add_store(service.held, service.scope, "LX9", "Mistake")
    assert "keeps its documents" in admin.get(f"/stores/{made}/close").text
    assert admin.post(f"/stores/{made}/close", {"csrf": admin.token()}).status_code == 303
    page = admin.get("/stores").text
    assert "Closed on" in page
    assert f'action="/stores/{made}/code"' not in page
    assert admin.post(f"/stores/{made}/reopen", {"csrf": admin.token()}).status_code == 303
    assert admin.post(f"/stores/{made}/remove", {"csrf": admin.token()}).status_code == 303
    assert admin.get(f"/stores/{made}").status_code == 404
    assert admin.get("/stores/st-lx1/burn").status_code == 404
    assert admin.get(f"/companies/{service.sample['company']}/close").status_code == 200


@pytest.mark.feature("V5-01")
def test_only_an_administrator_of_this_tenant_edits(start: Start, database_url: str, person: SignIn) -> None:
    service = start(database_url)
    made = add_store(service.held, service.scope, "LX9", "Nova")
    login = load(service.held, seed=3, customers=4)["login"]
    addresses = [f"/stores/{made}", *(f"/stores/{made}/{verb}" for verb in ("close", "reopen", "remove"))]
    addresses += [one.replace(f"stores/{made}", f"companies/{service.sample['company']}") for one in addresses]
    stranger = person(service, login["email"], login["password"])
    for role in ("manager", "viewer", "cashier"):
        email = f"{role}@exemplo.pt"
        add_user(service.held.database, service.sample["tenant"], email=email, password=PASSWORD, role=role, now=service.clock.now)
        someone = person(service, email, PASSWORD)
        for address in addresses:
            assert someone.get(address).status_code == 403, (role, address)
            assert someone.post(address, FORM | {"csrf": someone.token()}).status_code == 403, (role, address)
        assert someone.get("/companies").status_code == 403
    for address in addresses[:4]:
        assert stranger.get(address).status_code == 404, address
        assert stranger.post(address, FORM | {"csrf": stranger.token()}).status_code == 404, address
    assert "Nova" in person(service).get(f"/stores/{made}").text
