"""A programme published over REST: drafts, what stands in their way named by the path in the JSON, and what counts afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from v5_cloud.access.service import issue_key

if TYPE_CHECKING:
    from tests.cloud.conftest import Service, Till

ADDRESS = "/v1/programmes"


def draft(till: Till, **more: Any) -> dict[str, Any]:
    """The next version of the sample's programme."""
    shown = till.get(ADDRESS).json()["items"]
    newest: dict[str, Any] = max(shown, key=lambda one: int(one["version"]))["programme"]
    return newest | {"version": 7} | more


def send(till: Till, body: object, path: str = "") -> httpx.Response:
    reply: httpx.Response = till.client.post(ADDRESS + path, json=body, headers=till.auth)
    return reply


@pytest.mark.feature("NX-08")
def test_a_draft_is_saved_checked_and_published_and_counts(till: Till) -> None:
    member = {"card": till.customer()["card"]}
    body = draft(till)
    body["earning"] = [one | ({"points": "5"} if one["kind"] == "per_amount" else {}) for one in body["earning"]]
    saved = send(till, body)
    assert saved.status_code == 201, saved.text
    assert (saved.json()["state"], saved.json()["findings"]) == ("draft", [])
    before = till.commit(till.document("1", [("CAFE-250", "mercearia", "10.00")], customer=member))["points_earned"]
    assert before == "10", "a draft decides nothing"
    published = send(till, None, f"/{body['id']}/7/publish")
    assert (published.status_code, published.json()["state"]) == (200, "published")
    till.clock.forward(minutes=1)
    assert till.commit(till.document("2", [("CAFE-250", "mercearia", "10.00")], customer=member))["points_earned"] == "50"
    again = send(till, None, f"/{body['id']}/7/publish")
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    assert send(till, body).status_code == 409, "a published version never changes"
    assert till.client.delete(f"{ADDRESS}/{body['id']}/7", headers=till.auth).status_code == 404


@pytest.mark.feature("NX-08")
def test_errors_name_the_path_in_the_json(till: Till) -> None:
    body = draft(till)
    broken = body | {"earning": [*body["earning"], {"kind": "per_amount", "id": "x", "points": "many", "amount": "1.00"}]}
    reply = send(till, broken)
    assert reply.status_code == 422
    assert [one["field"] for one in reply.json()["errors"]] == [f"earning.{len(body['earning'])}.points"]
    offer = body["offers"][0]
    tied = body | {"offers": [*body["offers"], offer | {"id": "other"}], "currency": "BRL"}
    found = send(till, tied)
    assert found.status_code == 201, "an unfinished draft is kept"
    places = {one["field"]: one["message"] for one in found.json()["findings"]}
    assert "currency" in places
    assert next(one for one in places if one.startswith("offers.")).split(".")[1].isdigit()
    assert any("other" in message for message in places.values())
    refused = send(till, None, f"/{body['id']}/7/publish")
    assert (refused.status_code, refused.json()["code"]) == (422, "programme")
    assert {one["field"] for one in refused.json()["errors"]} == set(places)
    unreadable = body | {"earning": [body["earning"][0] | {"when": "colour = 'red'"}]}
    assert [one["field"] for one in send(till, unreadable).json()["findings"]] == ["earning.0.when"]
    # Saved again in its place, it can go; an older version than what is in force cannot.
    assert send(till, body).json()["findings"] == []
    assert send(till, None, f"/{body['id']}/7/publish").status_code == 200
    late = send(till, body | {"version": 6}).json()["findings"]
    assert [(one["field"], "8 or higher" in one["message"]) for one in late] == [("version", True)]


def test_a_draft_is_thrown_away(till: Till) -> None:
    body = draft(till)
    send(till, body)
    assert till.get(f"{ADDRESS}/{body['id']}/7").json()["state"] == "draft"
    assert till.client.delete(f"{ADDRESS}/{body['id']}/7", headers=till.auth).status_code == 204
    assert till.get(f"{ADDRESS}/{body['id']}/7").status_code == 404
    assert till.get(f"{ADDRESS}/{body['id']}/seven").status_code == 404


def test_a_key_that_only_reads_publishes_nothing(service: Service, till: Till) -> None:
    key = issue_key(service.held, service.scope, "reader", ("read",))
    auth = {"authorization": f"Bearer {key}"}
    body = draft(till)
    assert till.client.post(ADDRESS, json=body, headers=auth).json()["code"] == "scope"
    send(till, body)
    assert till.client.post(f"{ADDRESS}/{body['id']}/7/publish", headers=auth).status_code == 403
    assert till.client.delete(f"{ADDRESS}/{body['id']}/7", headers=auth).status_code == 403
