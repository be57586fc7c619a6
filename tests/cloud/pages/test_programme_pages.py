"""A programme brought into force in the back office: pasted or uploaded, read in words, checked, published by an administrator."""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from v5_cloud.sample import load, programme
from v5_cloud.users.service import add_user

if TYPE_CHECKING:
    from tests.cloud.conftest import Service, Start, Till
    from tests.cloud.pages.conftest import SignIn

PASSWORD = "dez letras ou mais"


def body(**more: Any) -> dict[str, Any]:
    found: dict[str, Any] = programme().model_dump(mode="json")
    return found | {"version": 7, "name": "Novo cartão"} | more


@pytest.mark.feature("NX-08")
def test_a_pasted_programme_is_read_in_words_and_published(service: Service, till: Till, person: SignIn) -> None:
    admin = person(service)
    company = service.sample["company"]
    assert 'href="/programmes/new"' in admin.get("/programmes").text
    form = {"csrf": admin.token(), "company": company, "text": json.dumps(body())}
    assert admin.post("/programmes/new", form | {"csrf": ""}).status_code == 403
    saved = admin.post("/programmes/new", form)
    address = saved.headers["location"]
    assert (saved.status_code, address) == (303, f"/programmes/{company}/{body()['id']}/7")
    page = admin.get(address).text
    assert "Novo cartão" in page
    assert "How points are earned" in page
    assert f'action="{address}/publish"' in page
    assert "Novo cartão" not in till.get("/v1/programmes").json()["items"][-1]["name"]
    assert admin.post(f"{address}/publish", {"csrf": admin.token()}).headers["location"] == "/programmes"
    assert "Novo cartão" in admin.get("/programmes").text
    assert "/publish" not in admin.get(address).text
    again = admin.post(f"{address}/publish", {"csrf": admin.token()})
    assert (again.status_code, "published already" in again.text) == (409, True)
    # The next version starts from what is in force.
    start = re.search(r'href="(/programmes/new\?[^"]+)"', admin.get("/programmes").text)
    assert start
    text = re.search(r"<textarea[^>]*>(.*?)</textarea>", admin.get(html.unescape(start.group(1))).text, re.DOTALL)
    assert text
    assert json.loads(html.unescape(text.group(1))) == body(version=8, state="published")


@pytest.mark.feature("NX-08")
def test_what_stands_in_the_way_is_named_by_its_path(service: Service, person: SignIn) -> None:
    admin = person(service)
    form = {"csrf": admin.token(), "company": service.sample["company"]}
    unread = admin.post("/programmes/new", form | {"text": "{"})
    assert unread.status_code == 422
    broken = body()
    broken["earning"][0]["points"] = "many"
    refused = admin.post("/programmes/new", form | {"text": json.dumps(broken)})
    assert (refused.status_code, "earning.0.points" in refused.text) == (422, True)
    assert "many" in refused.text, "what was pasted stays"
    tied = body()
    tied["offers"] = [*tied["offers"], tied["offers"][0] | {"id": "other"}]
    address = admin.post("/programmes/new", form | {"text": json.dumps(tied)}).headers["location"]
    page = admin.get(address).text
    assert re.search(r"<code[^>]*>offers\.\d+</code>", page)
    assert "/publish" not in page, "no button for what would be refused"
    assert admin.post(f"{address}/publish", {"csrf": admin.token()}).status_code == 422
    assert admin.post(f"{address}/discard", {"csrf": admin.token()}).status_code == 303
    assert admin.get(address).status_code == 404


def test_a_file_is_uploaded(service: Service, person: SignIn) -> None:
    admin = person(service)
    files = {"file": ("programme.json", json.dumps(body()).encode(), "application/json")}
    cookie = "; ".join(f"{name}={value}" for name, value in admin.cookies.items())
    fields = {"csrf": admin.token(), "company": service.sample["company"], "text": ""}
    reply = service.client.post("/programmes/new", data=fields, files=files, headers={"cookie": cookie}, follow_redirects=False)
    assert (reply.status_code, reply.headers["location"].rsplit("/", 1)[1]) == (303, "7")


@pytest.mark.feature("V5-01")
def test_only_an_administrator_of_this_tenant_publishes(start: Start, database_url: str, person: SignIn) -> None:
    service = start(database_url)
    form = {"company": service.sample["company"], "text": json.dumps(body())}
    admin = person(service)
    address = admin.post("/programmes/new", form | {"csrf": admin.token()}).headers["location"]
    for role in ("manager", "viewer", "cashier"):
        email = f"{role}@exemplo.pt"
        add_user(service.held.database, service.sample["tenant"], email=email, password=PASSWORD, role=role, now=service.clock.now)
        someone = person(service, email, PASSWORD)
        assert someone.get("/programmes/new").status_code == 403
        assert "/publish" not in someone.get(address).text
        for target, fields in (("/programmes/new", form), (f"{address}/publish", {}), (f"{address}/discard", {})):
            assert someone.post(target, fields | {"csrf": someone.token()}).status_code == 403, (role, target)
    login = load(service.held, seed=3, customers=4)["login"]
    stranger = person(service, login["email"], login["password"])
    assert stranger.get(address).status_code == 404
    assert stranger.post(f"{address}/publish", {"csrf": stranger.token()}).status_code == 404
    assert "publish-title" in admin.get(address).text
