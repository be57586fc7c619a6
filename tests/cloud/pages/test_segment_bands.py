"""Bands of recency, frequency and value in the back office: tried before they are saved, saved with the segments made of them, undone."""

from __future__ import annotations

import html
import re
import time
from typing import TYPE_CHECKING, Any

import pytest

from v5_cloud.sample import load
from v5_cloud.segments.bands import spans_of
from v5_cloud.segments.refreshing import refresh
from v5_cloud.users.service import add_user

if TYPE_CHECKING:
    from tests.cloud.conftest import Service, Start, Till
    from tests.cloud.pages.conftest import Person, SignIn

PASSWORD = "dez letras ou mais"
LIMITS = {
    "days": "90", "recency.how": "limits", "recency.limits": "7; 30", "frequency.how": "limits", "frequency.limits": "2",
    "value.how": "limits", "value.limits": "25,50; 100",
}  # fmt: skip


def sold(till: Till) -> None:
    """The first customer buys twice for 60, the second once for 20, the third nothing."""
    for number, index, price in (("1", 0, "30.00"), ("2", 0, "30.00"), ("3", 1, "20.00")):
        till.commit(till.document(number, [("LIVRO-ROM", "livros", price)], customer={"card": till.customer(index)["card"]}))


def fields_of(page: str) -> dict[str, str]:
    """The form as a browser would send it."""
    form = page[page.index('id="bands"') : page.index("</form>", page.index('id="bands"'))]
    found = {
        html.unescape(name): html.unescape(value) for name, value in re.findall(r'<input[^>]* name="([^"]+)"[^>]* value="([^"]*)"', form)
    }
    for name, inner in re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', inner)
        found[html.unescape(name)] = chosen[1] if chosen else ""
    return found


def bands_of(shown: str) -> list[list[str]]:
    """Customers by band, as the page lists them: the best band first."""
    text = shown[shown.index('id="live"') :] if 'id="live"' in shown else shown
    return [re.findall(r'<span class="num font-medium">(\d+)</span>', part) for part in text.split("<section")[1:4]]


def worked_out(service: Service, till: Till, segment: str, members: int) -> None:
    """Until the background has worked everybody out."""
    for _ in range(400):
        found = till.get(f"/v1/segments/{segment}").json()
        if found["refreshed_at"] and found["members"] == members:
            return
        time.sleep(0.02)
    raise AssertionError(found)


@pytest.mark.feature("RS-03", "PR-25")
def test_bands_are_tried_saved_with_their_segments_and_undone(service: Service, person: SignIn) -> None:
    admin, till = person(service), service.till()
    sold(till)
    put(till, "best", "Os melhores", "r = 5 and f >= 3 and v >= 3")
    put(till, "mixed", "Mistos", "r >= 3 and email = ''")
    refresh(service.held, service.scope)
    home, customers = f"/bands/{service.sample['company']}", len(service.sample["customers"])
    page = admin.get("/bands").text
    form = fields_of(page)
    assert (form["days"], form["recency.how"], form["recency.parts"]) == ("365", "parts", "5")
    assert (form["s.best.r.low"], form["s.best.r.high"], form["s.best.f.low"], form["s.best.f.high"]) == ("5", "5", "3", "")
    assert "s.mixed.r.low" not in form
    assert f"{customers - 2} customers bought nothing" in page
    # Tried: nobody is in band 5 any more, which the segment asks for.
    tried = form | LIMITS
    live = admin.post(f"{home}/check", tried).text
    assert bands_of(live) == [["2", "0", "0"], ["1", "1"], ["0", "1", "1"]]
    assert all(text in live for text in ("up to 7 days ago", "8 to 30 days ago", "31 days ago or longer", "2 or more", "up to €25.49"))
    assert re.search(r"Os melhores.*?>1<.*?>0<", live, re.DOTALL)
    assert till.get("/v1/rfm").json()["rfm"]["days"] == 365, "nothing was stored"
    # Saved with the segment asking for the best of these bands.
    tried |= {"s.best.r.low": "3", "s.best.r.high": "", "s.best.f.low": "2", "s.best.v.low": "2"}
    assert admin.post(home, tried).status_code == 303
    kept = till.get("/v1/rfm").json()["rfm"]
    assert kept == {
        "days": 90, "recency": {"limits": [7, 30], "quantiles": None}, "frequency": {"limits": [2], "quantiles": None},
        "value": {"limits": ["25.50", "100.00"], "quantiles": None},
    }  # fmt: skip
    assert till.get("/v1/segments/best").json()["where"] == "r >= 3 and f >= 2 and v >= 2"
    worked_out(service, till, "best", 1)
    # Somebody whose form is older does not undo that unseen.
    assert admin.post(home, form | LIMITS).status_code == 409
    assert fields_of(admin.get("/bands").text)["value.limits"] == "25.5; 100"
    assert admin.post(f"{home}/undo", {"csrf": admin.token()}).status_code == 303
    assert till.get("/v1/rfm").json()["rfm"]["days"] == 365
    assert till.get("/v1/segments/best").json()["where"] == "r = 5 and f >= 3 and v >= 3"
    assert admin.post(f"{home}/undo", {"csrf": admin.token()}).status_code == 409, "back at the beginning"


def put(till: Till, segment: str, title: str, where: str) -> None:
    sent = till.client.put(f"/v1/segments/{segment}", json={"title": title, "where": where}, headers=till.auth)
    assert sent.status_code == 200, sent.text


@pytest.mark.feature("RS-03")
def test_what_is_no_band_is_marked_and_nothing_is_lost(service: Service, person: SignIn) -> None:
    admin, home = person(service), f"/bands/{service.sample['company']}"
    put(service.till(), "best", "Os melhores", "r = 5")
    form = fields_of(admin.get("/bands").text)
    wrong: tuple[tuple[dict[str, str], str], ...] = (
        ({"days": "0"}, "days"),
        ({"days": "10 000 000"}, "days"),
        ({"recency.parts": "1"}, "recency.parts"),
        ({"recency.how": "limits", "recency.limits": ""}, "recency.limits"),
        ({"recency.how": "limits", "recency.limits": "30; 7"}, "recency.limits"),
        ({"frequency.how": "limits", "frequency.limits": "-2; 5"}, "frequency.limits"),
        ({"value.how": "limits", "value.limits": "ten"}, "value.limits"),
        ({"value.how": "limits", "value.limits": "; ".join(map(str, range(1, 11)))}, "value.limits"),
        ({"s.best.r.low": "", "s.best.r.high": ""}, "s.best"),
        ({"s.best.r.low": "4", "s.best.r.high": "2"}, "s.best"),
    )
    for changes, name in wrong:
        shown = admin.post(home, form | changes)
        assert shown.status_code == 422, changes
        marks = re.findall(r'name="([^"]+)"[^>]*aria-invalid="true"', shown.text)
        assert (marks or ["s.best"] * ("This cannot be used" in shown.text)) == [name], changes
        assert fields_of(shown.text) | {"csrf": ""} == form | changes | {"csrf": ""}, changes
    assert service.till().get("/v1/rfm").json()["rfm"]["days"] == 365


@pytest.mark.feature("RS-03")
def test_the_usual_segments_are_added_once(service: Service, person: SignIn) -> None:
    admin, home, till = person(service), f"/bands/{service.sample['company']}", service.till()
    admin.cookies["v5_lang"] = "pt"
    put(till, "champions", "Os nossos", "r = 5")
    assert admin.post(f"{home}/usual", {"csrf": admin.token()}).status_code == 303
    titles = {one["id"]: one["title"] for one in till.get("/v1/segments").json()["items"]}
    assert (len(titles), titles["champions"], titles["hibernating"]) == (7, "Os nossos", "Adormecidos")
    assert "/usual" not in admin.get("/bands").text


@pytest.mark.feature("RS-03", "V5-01")
def test_bands_over_rest_are_tried_and_undone_and_belong_to_their_tenant(start: Start, database_url: str, person: SignIn) -> None:
    service = start(database_url)
    till, home = service.till(), f"/bands/{service.sample['company']}"
    sold(till)
    body = {"days": 30, "recency": {"limits": [7]}, "frequency": {"limits": [2]}, "value": {"limits": ["25.50"]}}

    def sent(path: str, **json: Any) -> Any:
        return till.client.post(f"/v1/rfm/{path}", json=json or None, headers=till.auth)

    tried = sent("preview", **body).json()
    assert tried["value"] == [
        {"band": 1, "low": None, "high": "25.49", "customers": 1}, {"band": 2, "low": "25.50", "high": None, "customers": 1},
    ]  # fmt: skip
    assert [one["customers"] for one in tried["recency"]] == [0, 2]
    assert sent("preview", **(body | {"days": 0})).status_code == 422
    assert sent("undo").status_code == 409
    assert till.client.put("/v1/rfm", json=body, headers=till.auth).status_code == 200
    assert till.client.put("/v1/rfm", json=body | {"days": 60}, headers=till.auth).status_code == 200
    assert sent("undo").json()["rfm"]["days"] == 30
    assert sent("undo").json()["rfm"]["days"] == 365
    login = load(service.held, seed=3, customers=4)["login"]
    stranger = person(service, login["email"], login["password"])
    people: list[tuple[Person, int, int]] = [(stranger, 404, 404)]
    for role, reads in (("manager", 200), ("viewer", 403), ("cashier", 403)):
        email = f"{role}@exemplo.pt"
        add_user(service.held.database, service.sample["tenant"], email=email, password=PASSWORD, role=role, now=service.clock.now)
        people.append((person(service, email, PASSWORD), reads, 403))
    for someone, reads, writes in people:
        assert someone.get(f"/bands?company={service.sample['company']}").status_code == reads
        assert someone.post(f"{home}/check", LIMITS | {"csrf": someone.token()}).status_code == reads
        for path in (home, f"{home}/undo", f"{home}/usual"):
            assert someone.post(path, LIMITS | {"csrf": someone.token()}).status_code == writes, path
            assert someone.post(path, LIMITS).status_code == 403, "without the token of the form"


def test_criteria_that_say_nothing_but_bands() -> None:
    table: dict[str, Any] = {
        "r = 5": {"r": (5, 5)},
        "r > 3 and f <= 2": {"r": (4, None), "f": (None, 2)},
        "r < 3 and v between 1 and 2": {"r": (None, 2), "v": (1, 2)},
        "r = 5 or f = 1": None,
        "r != 5": None,
        "r = 5 and r = 4": None,
        "r = 5 and email = ''": None,
        "not r = 5": None,
        "r in (4, 5)": None,
    }
    assert {text: spans_of(text) for text in table} == table
