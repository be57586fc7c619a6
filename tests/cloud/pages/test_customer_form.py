"""A customer's record edited in the back office: what was typed stays when it is wrong, and nobody overwrites somebody else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from v5_cloud.sample import load

if TYPE_CHECKING:
    from tests.cloud.conftest import Service, Start, Till
    from tests.cloud.pages.conftest import SignIn


def revision(page: str) -> str:
    found = re.search(r'name="revision" value="([^"]+)"', page)
    assert found
    return found.group(1)


@pytest.mark.feature("PR-16")
def test_a_record_is_edited_and_two_clerks_are_told_apart(service: Service, till: Till, person: SignIn) -> None:
    clerk = person(service)
    address = f"/customers/{till.customer()['id']}/edit"
    assert f'href="{address}"' in clerk.get(address.removesuffix("/edit")).text
    seen = revision(clerk.get(address).text)
    form = {"name": "Ana Prado", "phone": "912000111", "remark": "Pays on Fridays", "consent_sms": "1", "revision": seen}
    assert clerk.post(address, form).status_code == 403, "without the form's token"
    wrong = clerk.post(address, form | {"csrf": clerk.token(), "phone": "12", "birth_date": "soon"})
    assert (wrong.status_code, wrong.text.count('aria-invalid="true"')) == (422, 1)
    assert "Pays on Fridays" in wrong.text
    saved = clerk.post(address, form | {"csrf": clerk.token()})
    assert saved.headers["location"] == address.removesuffix("/edit")
    record = till.get(f"/v1/customers/{till.customer()['id']}").json()
    assert (record["name"], record["remark"], record["phone"]) == ("Ana Prado", "Pays on Fridays", "+351912000111")
    assert (record["consent_sms"], record["consent_email"], record["email"]) == (True, False, None)
    late = clerk.post(address, form | {"csrf": clerk.token(), "name": "Ana Silva"})
    assert (late.status_code, "in the meantime" in late.text, "Ana Prado" in late.text) == (409, True, True)
    assert till.get(f"/v1/customers/{till.customer()['id']}").json()["name"] == "Ana Prado"


@pytest.mark.feature("V5-01")
def test_another_tenant_edits_nothing(start: Start, database_url: str, person: SignIn) -> None:
    service = start(database_url)
    address = f"/customers/{service.till().customer()['id']}/edit"
    login = load(service.held, seed=3, customers=4)["login"]
    stranger = person(service, login["email"], login["password"])
    assert stranger.get(address).status_code == 404
    assert stranger.post(address, {"csrf": stranger.token(), "name": "x", "revision": "*"}).status_code == 404
