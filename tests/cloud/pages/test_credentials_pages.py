"""Agents, codes and keys taken back in the back office: a step that says what it means, administrators only, who did it is shown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from v5_cloud.fleet import credentials
from v5_cloud.sample import load
from v5_cloud.users.service import add_user

if TYPE_CHECKING:
    from tests.cloud.conftest import Service, Start, Till
    from tests.cloud.pages.conftest import Person, SignIn

PASSWORD = "dez letras ou mais"


def as_role(service: Service, person: SignIn, role: str) -> Person:
    email = f"{role}@exemplo.pt"
    add_user(service.held.database, service.sample["tenant"], email=email, password=PASSWORD, role=role, now=service.clock.now)
    return person(service, email, PASSWORD)


@pytest.mark.feature("NX-10")
def test_an_agent_is_switched_off_after_a_step_that_says_what_it_means(service: Service, till: Till, person: SignIn) -> None:
    agent = till.enrol_agent()["agent"]
    till.signed("/v1/agents/heartbeat", {"queue_depth": 3})
    admin = person(service)
    address = f"/agents/{agent}/revoke"
    assert f'href="{address}"' in admin.get("/stores").text
    step = admin.get(address).text
    assert "stays on the machine" in step
    assert "3 records have not arrived yet." in step
    assert till.signed("/v1/replica", {"since": 0}).status_code == 200, "looking changes nothing"
    assert admin.post(address, {}).status_code == 403, "without the form's token"
    assert admin.post(address, {"csrf": admin.token()}).headers["location"] == "/stores"
    assert till.signed("/v1/replica", {"since": 0}).json()["code"] == "agent.revoked"
    page = admin.get("/stores").text
    assert f'href="{address}"' not in page
    assert re.search(r"Switched off on .* by ", page)
    assert admin.post(address, {"csrf": admin.token()}).status_code == 409


@pytest.mark.feature("NX-10")
def test_a_code_and_a_key_are_withdrawn(service: Service, till: Till, person: SignIn) -> None:
    admin = person(service)
    code = credentials.list_codes(service.held, service.scope)[0]
    assert f'href="/codes/{code.id}/revoke"' in admin.get("/stores").text
    assert "after this nobody can" in admin.get(f"/codes/{code.id}/revoke").text.lower()
    assert admin.post(f"/codes/{code.id}/revoke", {"csrf": admin.token()}).status_code == 303
    assert admin.get(f"/codes/{code.id}/revoke").status_code == 404
    key = credentials.list_keys(service.held, service.scope)[0]
    assert f'href="/keys/{key.id}/revoke"' in admin.get("/keys").text
    assert "sample" in admin.get(f"/keys/{key.id}/revoke").text
    assert till.get("/v1/stores").status_code == 200
    assert admin.post(f"/keys/{key.id}/revoke", {"csrf": admin.token()}).headers["location"] == "/keys"
    assert till.get("/v1/stores").json()["code"] == "key.revoked"
    assert "Revoked on" in admin.get("/keys").text


@pytest.mark.feature("V5-01")
def test_only_an_administrator_of_this_tenant_takes_back(start: Start, database_url: str, person: SignIn) -> None:
    service = start(database_url)
    agent = service.till().enrol_agent()["agent"]
    code, key = credentials.list_codes(service.held, service.scope)[0].id, credentials.list_keys(service.held, service.scope)[0].id
    addresses = (f"/agents/{agent}/revoke", f"/codes/{code}/revoke", f"/keys/{key}/revoke")
    for role in ("manager", "viewer", "cashier"):
        someone = as_role(service, person, role)
        assert "/revoke" not in someone.get("/stores").text
        assert someone.get("/keys").status_code == 403
        for address in addresses:
            assert someone.get(address).status_code == 403, (role, address)
            assert someone.post(address, {"csrf": someone.token()}).status_code == 403, (role, address)
    login = load(service.held, seed=3, customers=4)["login"]
    stranger = person(service, login["email"], login["password"])
    for address in addresses:
        assert stranger.get(address).status_code == 404, address
        assert stranger.post(address, {"csrf": stranger.token()}).status_code == 404, address
    assert key not in stranger.get("/keys").text
    assert not credentials.get_agent(service.held, service.scope, agent).revoked
    assert credentials.get_key(service.held, service.scope, key).revoked_at is None
