"""Runs over many customers, differences, external gift cards and API keys in the back office."""

from __future__ import annotations

import re
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from v5_cloud.giftcards.fake import MemoryGiftCards
from v5_cloud.giftcards.port import GiftCardUnreachableError
from v5_cloud.kit.tenant import Scope
from v5_cloud.ledger.tasks import housekeeping
from v5_cloud.membership import runs

if TYPE_CHECKING:
    from tests.cloud.conftest import Service, Till
    from tests.cloud.pages.conftest import AsRole, Person, SignIn

# What says nothing about a database runs on one.
ONE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def done(someone: Person, path: str, text: str = "Done on") -> str:
    """The page of a run once it is done; it is done in the background."""
    for _ in range(400):
        page = someone.get(path).text
        if text in page:
            return page
        time.sleep(0.02)
    raise AssertionError(page)


def press(someone: Person, path: str, verb: str, **fields: str) -> int:
    sent = {"csrf": someone.token(), "request_id": f"{verb}-{len(fields)}", **fields}
    return someone.post(f"{path}/{verb}", sent).status_code


@pytest.mark.feature("PR-24", "AR-12")
def test_points_for_many_are_previewed_confirmed_and_taken_back(counter: Service, person: SignIn) -> None:
    admin, till = person(counter), counter.till()
    new = "/runs/new/points"
    for fields, text in (
        ({"points": "0"}, "marked fields"),
        ({"points": "5", "where": "nonsense ="}, "cannot be read"),
        ({"points": "5", "where": "name = 'Nobody'"}, "Nobody is meant"),
    ):
        wrong = admin.fill(new, **({"reason": "Sorry"} | fields))
        assert (wrong.status_code, text in wrong.text) == (422, True), fields
    admin.cookies["v5_lang"] = "es"
    assert "En el carácter 11" in admin.fill(new, points="5", reason="x", where="nonsense =").text
    admin.cookies["v5_lang"] = "en"
    path = admin.fill(new, points="15", reason="Ten years", where="email != ''").headers["location"]
    page = admin.get(path).text
    assert all(text in page for text in ("Only previewed", ">6<", "+90", "Ten years", till.customer(5)["name"]))
    assert till.balance() == "0"
    assert press(admin, path, "confirm") == 303
    assert "Administração" in done(admin, path)
    assert [till.balance(index) for index in range(6)] == ["15"] * 6
    assert press(admin, path, "confirm") == 303
    assert till.balance() == "15", "confirmed twice, done once"
    assert press(admin, path, "reverse", reason="") == 422
    assert press(admin, path, "reverse", reason="Wrong list") == 303
    done(admin, path, "Taken back on")
    assert [till.balance(index) for index in range(6)] == ["0"] * 6
    assert press(admin, path, "reverse", reason="Wrong list again") == 409
    assert press(admin, path, "confirm") == 409
    assert "Ten years" in admin.get("/runs").text
    counter.sound()


@ONE
@pytest.mark.feature("PR-24")
def test_a_run_is_taken_back_where_it_was_broken_off_doing_or_undoing(
    counter: Service, person: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin, till = person(counter), counter.till()
    monkeypatch.setattr(runs, "_CHUNK", 2)
    # Whoever works on it in the background dies before it begins.
    monkeypatch.setattr("v5_cloud.membership.run_pages.begin", lambda *_: None)
    path = admin.fill("/runs/new/points", points="15", reason="Ten years").headers["location"]
    run, scope = path.rsplit("/", 1)[1], Scope(counter.sample["tenant"], counter.sample["company"])
    assert press(admin, path, "confirm") == 303
    assert runs.go_on_once(counter.held, scope, run)
    assert sorted(till.balance(index) for index in range(6)) == ["0"] * 4 + ["15"] * 2
    assert press(admin, path, "reverse", reason="Stop") == 303, "also while it is being done"
    page = admin.get(path, **{"hx-request": "true", "hx-request-type": "partial"}).text
    assert "Still to be taken back: 2 of 6 customers" in page
    assert 'value="4" max="6"' in page
    assert "hx-trigger" in page
    assert press(admin, path, "confirm") == 409
    housekeeping(counter.held)
    assert "Taken back on" in admin.get(path).text
    assert [till.balance(index) for index in range(6)] == ["0"] * 6
    counter.sound()


@ONE
@pytest.mark.feature("PR-24")
def test_a_reset_waits_for_its_day_or_is_dropped(counter: Service, person: SignIn) -> None:
    admin, till = person(counter), counter.till()
    assert admin.fill("/runs/new/reset", reason="New year").status_code == 422, "nobody has points"
    till.commit(till.document("1", [("LIVRO-ROM", "livros", "80.00")], customer={"card": till.customer()["card"]}))
    dropped = admin.fill("/runs/new/reset", reason="Mistake").headers["location"]
    assert press(admin, dropped, "reverse", reason="not confirmed") == 303
    on = (counter.clock.now + timedelta(days=10)).date().isoformat()
    path = admin.fill("/runs/new/reset", reason="New year", keep="20", on=on).headers["location"]
    assert press(admin, path, "confirm") == 303
    assert "Waits for its day" in admin.get(path).text
    assert till.balance() == "80"
    counter.clock.forward(days=10)
    housekeeping(counter.held)
    assert till.balance() == "20"
    assert "Done on" in person(counter).get(path).text
    counter.sound()


@pytest.mark.feature("FM-24", "FM-25")
def test_vouchers_by_turnover_are_previewed_issued_and_cancelled(counter: Service, person: SignIn) -> None:
    admin, till = person(counter), counter.till()
    for number in range(2):
        till.commit(till.document(f"a{number}", [("LIVRO-ROM", "livros", "100.00")], customer={"card": till.customer()["card"]}))
        till.commit(till.document(f"b{number}", [("LIVRO-ROM", "livros", "20.00")], customer={"card": till.customer(1)["card"]}))
    days = {"rule": "balcao/obrigado", "first": "2026-11-01", "last": "2026-11-30"}
    assert admin.fill("/runs/new/vouchers", **(days | {"last": "2026-10-01"})).status_code == 422
    assert admin.fill("/runs/new/vouchers", **(days | {"where": "home_store = 'XX'"})).status_code == 422
    path = admin.fill("/runs/new/vouchers", **days).headers["location"]
    page = admin.get(path).text
    assert all(text in page for text in (till.customer()["name"], "€200.00", "€10.00"))
    assert till.customer(1)["name"] not in page, "bought too little"
    assert "0 codes" in admin.get("/vouchers").text
    press(admin, path, "confirm")
    assert f"run={path.rsplit('/', 1)[1]}" in done(admin, path)
    assert ">1 code" in admin.get(f"/vouchers?run={path.rsplit('/', 1)[1]}").text
    assert press(admin, path, "reverse", reason="Wrong month") == 303
    done(admin, path, "Taken back on")
    assert ">1 code" in admin.get("/vouchers?state=cancelled").text
    counter.sound()


def told(till: Till, number: str, earned: str) -> dict[str, object]:
    event = till.event("document", till.document(number, [("CAFE-250", "mercearia", "10.00")], customer={"card": till.customer()["card"]}))
    return event | {"told": {"earned": earned, "explanations": [{"rule": "old-rule", "version": 3, "text": "twelve <points>"}]}}


@pytest.mark.feature("NX-03")
def test_what_a_till_was_told_stands_beside_what_the_ledger_decided(
    counter: Service, person: SignIn, as_role: AsRole, stranger: SignIn
) -> None:
    admin, till = person(counter), counter.till()
    assert "Nothing differs" in admin.get("/differences").text
    till.enrol_agent()
    till.push(told(till, "FS-1", "12"), told(till, "FS-2", "10"))
    page = admin.get("/differences").text
    assert all(text in page for text in ("1 entry", "FS-1", "−2", "twelve &lt;points&gt;", "compras v1"))
    assert "FS-2" not in page
    for query, shown in (
        ("store=LX1", 1),
        ("store=PT2", 0),
        ("kind=finding", 0),
        ("from=2026-11-20", 1),
        ("to=2026-11-19", 0),
        ("from=x", 1),
    ):
        assert ("FS-1" in admin.get(f"/differences?{query}").text) == bool(shown), query
    assert "FS-1" not in stranger(counter).get("/differences").text
    assert as_role(counter, "viewer").get("/differences").status_code == 403


@ONE
@pytest.mark.feature("V5-17")
def test_external_gift_cards_show_what_is_open_and_whether_anybody_answers(
    counter: Service, person: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin, till = person(counter), counter.till()
    path = "/giftcards/external"
    assert "No external system" in admin.get(path).text
    cards = MemoryGiftCards({"EXT-0077": 5000})
    counter.held.gift_cards = {"acme": cards}
    programme = {
        "id": "fora",
        "version": 1,
        "name": "Fora",
        "stored_value": [{"id": "acme-card", "title": "Acme", "kind": "gift_card", "external": "acme"}],
    }
    assert till.client.post("/v1/programmes", json=programme, headers=till.auth).status_code == 201
    assert till.client.post("/v1/programmes/fora/1/publish", headers=till.auth).status_code == 200
    hold = {
        "request_id": "h1",
        "store": "LX1",
        "at": counter.clock.now.isoformat(),
        "stored_value": [{"code": "EXT-0077", "amount": "20.00"}],
    }
    till.ok("hold", hold)
    page = admin.get(path).text
    assert all(text in page for text in ("acme", "•••• 0077", "€20.00", "Set aside for a payment"))
    assert "EXT-0077" not in page
    assert "Answers" in admin.post(path, {"csrf": admin.token(), "system": "acme"}).text

    def away(*_: object) -> None:
        raise GiftCardUnreachableError("No answer.")

    monkeypatch.setattr(cards, "balance", away)
    monkeypatch.setattr(cards, "reverse", away)
    assert "Does not answer" in admin.post(path, {"csrf": admin.token(), "system": "acme"}).text
    assert admin.post(path, {"csrf": admin.token(), "system": "other"}).status_code == 404
    counter.clock.forward(hours=1)
    housekeeping(counter.held)
    page = admin.get(path).text
    assert "Being undone" in page
    assert "No answer." in page
    mirror = f"/vouchers/{counter.sample['company']}/EXT0077"
    assert "/move" not in admin.get(mirror).text
    assert admin.fill(f"{mirror}/move", reason="x").status_code == 409, "another system keeps it"
    assert admin.fill(f"{mirror}/block", reason="Stolen").status_code == 303
    assert till.get("/v1/vouchers/EXT0077").json()["reason"] == "EXT-0077", "money given back still finds its card"


@ONE
@pytest.mark.feature("NX-08")
def test_an_api_key_is_made_shown_once_and_works_within_its_scopes(counter: Service, person: SignIn, as_role: AsRole) -> None:
    admin = person(counter)
    assert admin.fill("/keys/new", name="Shop").status_code == 422, "may do nothing"
    assert admin.fill("/keys/new", name="", scope="read").status_code == 422
    assert admin.fill("/keys/new", name="Shop", scope="root").status_code == 422
    made = admin.fill("/keys/new", name="Online <shop>", scope="read", days="30").text
    text = re.search(r'id="api-key">(v5_\w+_[\w-]+)<', made)
    assert text
    assert "Online &lt;shop&gt;" in made
    page = admin.get("/keys").text
    assert "Online &lt;shop&gt;" in page
    assert text[1].split("_", 2)[2] not in page, "never again"

    def ask(method: str) -> int:
        headers = {"authorization": f"Bearer {text[1]}"}
        body = {"request_id": "k1", "kind": "voucher", "amount": "5.00"}
        status: int = counter.client.request(method, "/v1/vouchers", json=body, headers=headers).status_code
        return status

    assert (ask("GET"), ask("POST")) == (200, 403)
    counter.clock.forward(days=31)
    assert ask("GET") == 401
    for role in ("manager", "cashier", "viewer"):
        someone = as_role(counter, role)
        assert someone.get("/keys/new").status_code == 403
        assert someone.post("/keys/new", {"csrf": someone.token(), "name": "x", "scope": "read"}).status_code == 403
