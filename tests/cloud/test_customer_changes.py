"""A customer's record changed over REST: only what is named, never over somebody else's change, found by the new phone at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from tests.cloud.conftest import Service, Till


def send(till: Till, body: dict[str, Any], etag: str | None, index: int = 0) -> httpx.Response:
    headers = till.auth | ({"if-match": etag} if etag else {})
    reply: httpx.Response = till.client.patch(f"/v1/customers/{till.customer(index)['id']}", json=body, headers=headers)
    return reply


def etag(till: Till, index: int = 0) -> str:
    return str(till.get(f"/v1/customers/{till.customer(index)['id']}").headers["etag"])


@pytest.mark.feature("PR-16")
def test_what_is_named_changes_and_the_rest_stays(service: Service, till: Till) -> None:
    before = till.get(f"/v1/customers/{till.customer()['id']}").json()
    till.enrol_agent()
    seen = till.signed("/v1/replica", {"since": 0}).json()["version"]
    wanted = {"remark": "Pays on Fridays", "phone": "912 000 111", "email": "new@example.com", "consent_email": True}
    reply = send(till, wanted | {"birth_date": "1980-02-29"}, etag(till))
    assert reply.status_code == 200, reply.text
    after = reply.json()
    assert reply.headers["etag"] == f'"{after["revision"]}"' == etag(till)
    assert (after["remark"], after["phone"], after["email"], after["birth_date"]) == (
        "Pays on Fridays",
        "+351912000111",
        "new@example.com",
        "1980-02-29",
    )
    same = ("name", "tax_number", "consent_sms", "balance", "cards", "member_since")
    assert [after[one] for one in same] == [before[one] for one in same]
    found = till.ok("identify", {"store": "LX1", "key": "912000111"})["customer"]
    assert (found["customer"], found["remark"]) == (till.customer()["id"], "Pays on Fridays")
    assert till.ok("identify", {"store": "LX1", "key": before["phone"]})["customer"] is None
    fresh = till.signed("/v1/replica", {"since": seen}).json()["customers"]
    assert [(one["customer"], one["remark"]) for one in fresh] == [(till.customer()["id"], "Pays on Fridays")]
    cleared = send(till, {"email": None, "birth_date": None, "remark": ""}, etag(till)).json()
    assert (cleared["email"], cleared["birth_date"], cleared["remark"], cleared["phone"]) == (None, None, "", "+351912000111")


@pytest.mark.feature("PR-16")
def test_two_clerks_do_not_overwrite_each_other(till: Till) -> None:
    read = etag(till)
    assert send(till, {"name": "Ana Prado"}, read).status_code == 200
    late = send(till, {"name": "Ana Silva"}, read)
    assert (late.status_code, late.json()["code"]) == (412, "stale")
    assert till.get(f"/v1/customers/{till.customer()['id']}").json()["name"] == "Ana Prado"
    blind = send(till, {"name": "Ana Silva"}, None)
    assert (blind.status_code, blind.json()["code"]) == (428, "revision_missing")
    assert send(till, {"name": "Ana Silva"}, "*").status_code == 200
    # Points that move between reading and writing are nobody's edit.
    read = etag(till)
    till.commit(till.document("1", [("CAFE-250", "mercearia", "10.00")], customer={"card": till.customer()["card"]}))
    assert send(till, {"remark": "x"}, read).status_code == 200


def test_what_cannot_be_is_refused_by_field(till: Till) -> None:
    other = till.get(f"/v1/customers/{till.customer(1)['id']}").json()
    reply = send(till, {"phone": "12", "email": "nobody", "birth_date": "2199-01-01"}, "*")
    assert reply.status_code == 422
    assert {one["field"] for one in reply.json()["errors"]} == {"phone", "email", "birth_date"}
    taken = send(till, {"phone": other["phone"]}, "*")
    assert (taken.status_code, taken.json()["code"]) == (409, "phone_taken")
    assert other["name"] not in taken.text
    assert send(till, {"tax_number": "1"}, "*").json()["errors"][0]["field"] == "tax_number"
    assert till.client.patch("/v1/customers/nobody", json={"remark": "x"}, headers=till.auth | {"if-match": "*"}).status_code == 404


def test_a_key_that_only_reads_changes_nothing(service: Service, till: Till) -> None:
    from v5_cloud.access.service import issue_key

    key = issue_key(service.held, service.scope, "reader", ("read",))
    headers = {"authorization": f"Bearer {key}", "if-match": "*"}
    reply = till.client.patch(f"/v1/customers/{till.customer()['id']}", json={"remark": "x"}, headers=headers)
    assert (reply.status_code, reply.json()["code"]) == (403, "scope")
