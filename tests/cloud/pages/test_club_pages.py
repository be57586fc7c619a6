"""Clubs, levels, relatives and points by hand in the back office: each step by whoever may, on this tenant's customers only."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from v5_cloud.tenants.setup import add_company

if TYPE_CHECKING:
    from tests.cloud.conftest import Service
    from tests.cloud.pages.conftest import AsRole, SignIn

# What says nothing about a database runs on one.
ONE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.mark.feature("PR-11", "PR-18", "PR-19", "PR-32")
def test_a_customer_joins_rests_is_extended_and_renewed(counter: Service, person: SignIn) -> None:
    admin, till = person(counter), counter.till()
    who, card = till.customer()["id"], till.customer()["card"]
    tab, club = f"/customers/{who}/benefits", f"/customers/{who}/clubs/vip"
    found = admin.get(f"/clubs/{counter.sample['company']}/vip?join={card}").text
    assert f"{club}/join" in found
    assert admin.fill(f"{club}/join", card=till.customer(1)["card"]).status_code == 422, "somebody else's card"
    assert admin.fill(f"/customers/{who}/clubs/lisboa/join").status_code == 409, "not for everybody"
    assert admin.fill(f"{club}/join", card=card).headers["location"] == tab
    assert admin.fill(f"{club}/join").status_code == 409, "a member already"
    page = admin.get(tab).text
    assert all(text in page for text in ("Clube VIP", "Um café", "until 19 Nov 2027"))
    assert re.search(r"Um café</bdi>.*?>2</bdi>", page, re.DOTALL), "two coffees this month"
    basket = till.document("1", [("CAFE", "x", "1.00")], customer={"card": card}, applied=[{"rule": "cafe"}])
    till.commit(basket)
    assert re.search(r"Um café</bdi>.*?>1</bdi>", admin.get(tab).text, re.DOTALL), "one is left"
    assert "too early" in admin.fill(f"{club}/renew", card=card).text
    assert admin.fill(f"{club}/pause", last="2026-11-29").headers["location"] == tab
    assert "Rests" in admin.get(tab).text
    assert admin.fill(f"{club}/resume").status_code == 303
    assert admin.fill(f"{club}/resume").status_code == 409
    assert admin.fill(f"{club}/extend", days="ten", reason="x").status_code == 422
    assert admin.fill(f"{club}/extend", days="10", reason="Goodwill").status_code == 303
    assert "until 29 Nov 2027" in admin.get(tab).text
    counter.clock.forward(days=350)
    list_, soon = f"/clubs/{counter.sample['company']}/vip", "?validity=soon"
    admin = person(counter)
    assert till.customer()["name"] in admin.get(list_ + soon).text
    assert "1 ends soon" in admin.get("/clubs").text
    assert admin.fill(f"{club}/renew").status_code == 422, "without the card"
    assert admin.fill(f"{club}/renew", card=till.customer(1)["card"]).status_code == 422, "with somebody else's"
    assert admin.fill(f"{club}/renew", card=card).status_code == 303
    assert "until 29 Nov 2028" in admin.get(tab).text
    assert till.customer()["name"] not in admin.get(list_ + soon).text
    assert till.customer()["name"] in admin.get(f"{list_}?q={till.customer()['name'].split()[0]}").text
    assert admin.fill(f"{club}/leave").status_code == 303
    assert till.customer()["name"] in admin.get(f"{list_}?validity=over").text
    assert "Join again" in admin.get(tab).text


@ONE
@pytest.mark.feature("V5-29", "V5-27")
def test_the_record_shows_the_level_since_when_and_what_is_missing(counter: Service, person: SignIn) -> None:
    admin, till = person(counter), counter.till()
    who, card = till.customer()["id"], till.customer()["card"]
    for number, gross in (("1", "60.00"), ("2", "60.00")):
        till.commit(till.document(number, [("LIVRO-ROM", "livros", gross)], customer={"card": card}))
        counter.clock.forward(minutes=60 * 24 * 3)
    admin = person(counter)
    page = admin.get(f"/customers/{who}/benefits").text
    assert all(text in page for text in ("Prata", "since 23 November 2026", "€4,880.00", "more for Ouro"))
    counter.clock.forward(days=500)
    admin = person(counter)
    assert "since 20 December 2027" in admin.get(f"/customers/{who}/benefits").text, "lost when the grace was over, between two purchases"
    code = admin.sure(admin.fill(f"/vouchers/new?company={counter.sample['company']}&what=wallet:carteira", amount="12", customer=card))
    assert code.headers["location"] in admin.get(f"/customers/{who}/benefits").text
    admin.fill(f"/customers/{who}/edit", name="Ana", consent_post="1", blocked="1")
    record = till.get(f"/v1/customers/{who}").json()
    assert (record["consent_post"], record["consent_sms"], record["blocked"]) == (True, False, True)
    assert "Blocked" in admin.get(f"/customers/{who}").text


@ONE
@pytest.mark.feature("PR-08")
def test_relatives_share_an_account_and_part(counter: Service, person: SignIn) -> None:
    admin, till = person(counter), counter.till()
    first, second = till.customer(), till.customer(1)
    path = f"/customers/{first['id']}/relatives"
    till.commit(till.document("1", [("LIVRO-ROM", "livros", "30.00")], customer={"card": second["card"]}))
    shown = admin.get(f"{path}?relative={second['card']}").text
    assert "30 points move to this account" in shown
    fields = {"csrf": admin.token(), "relative": second["id"]}
    assert admin.post(path, fields).status_code == 409, "in no club whose account may be shared"
    admin.fill(f"/customers/{first['id']}/clubs/vip/join")
    assert admin.post(path, fields).status_code == 303
    assert till.balance() == "30"
    assert second["name"] in admin.get(f"/customers/{first['id']}/benefits").text
    assert "Uses the account of" in admin.get(f"/customers/{second['id']}/benefits").text
    assert admin.post(f"{path}/{second['id']}/part", {"csrf": admin.token()}).status_code == 303
    assert "Nobody shares" in admin.get(path).text
    counter.sound()


@ONE
@pytest.mark.feature("AR-11", "V5-26", "AR-12")
def test_points_by_hand_are_shown_first_done_once_and_taken_back(counter: Service, person: SignIn) -> None:
    admin, till = person(counter), counter.till()
    path = f"/customers/{till.customer()['id']}/points"
    for fields in (
        {"points": "0"},
        {"points": "ten"},
        {"points": "1.000"},
        {"points": "5", "reason": ""},
        {"points": "5", "expires_on": "2020-01-01"},
    ):
        answer = admin.fill(path, **({"reason": "Sorry"} | fields))
        if fields.get("expires_on"):
            answer = admin.sure(answer)
        assert answer.status_code == 422, fields
    shown = admin.fill(path, points="-40", reason="Counted twice")
    assert "more than there is" in shown.text
    shown = admin.fill(path, points="120,5", reason="Sorry <b>")
    assert "120.5" in shown.text
    assert till.balance() == "0", "shown only"
    assert admin.sure(shown).headers["location"] == path
    assert admin.sure(shown).status_code == 303
    assert till.balance() == "120.5", "done once"
    page = admin.get(path).text
    assert "Sorry &lt;b&gt;" in page
    assert "Administração" in page
    made = re.search(rf'action="({path}/\w+/reverse)"', page)
    assert made
    assert admin.post(made[1], {"csrf": admin.token(), "request_id": "r1", "reason": ""}).status_code == 422
    other = made[1].replace(till.customer()["id"], till.customer(1)["id"])
    assert admin.post(other, {"csrf": admin.token(), "request_id": "r1", "reason": "x"}).status_code == 404
    assert admin.post(made[1], {"csrf": admin.token(), "request_id": "r1", "reason": "Wrong one"}).status_code == 303
    assert admin.post(made[1], {"csrf": admin.token(), "request_id": "r2", "reason": "Again"}).status_code == 409
    assert till.balance() == "0"
    assert "Taken back" in admin.get(path).text
    counter.sound()


@ONE
@pytest.mark.feature("V5-02", "V5-01")
def test_each_role_and_no_stranger(counter: Service, person: SignIn, as_role: AsRole, stranger: SignIn) -> None:
    till = counter.till()
    who, company = till.customer()["id"], counter.sample["company"]
    person(counter).fill(f"/customers/{who}/clubs/vip/join")
    club = f"/customers/{who}/clubs/vip"
    everybody = {f"{club}/{verb}" for verb in ("join", "renew", "pause", "resume")} | {"/clubs", f"/clubs/{company}/vip"}
    few = {f"{club}/extend", f"{club}/leave", f"/customers/{who}/relatives", f"/customers/{who}/points", "/runs", "/runs/new/points",
           "/differences", "/giftcards/external"}  # fmt: skip
    for role, allowed in (("manager", everybody | few), ("cashier", everybody), ("viewer", set())):
        someone = as_role(counter, role)
        fields = {"csrf": someone.token(), "request_id": "x", "reason": "x", "points": "5", "sure": "1", "relative": who}
        for path in everybody | few:
            expected = 200 if path in allowed else 403
            assert someone.get(path).status_code == expected, (role, path)
            if expected == 403 and path not in {"/clubs", f"/clubs/{company}/vip", "/runs", "/differences"}:
                assert someone.post(path, fields).status_code == 403, (role, path)
        # Days that nobody paid for, whichever step would give them.
        assert ('name="until"' in someone.get(f"{club}/renew").text) == (role == "manager"), role
        for verb in ("join", "renew") if role == "cashier" else ():
            assert someone.post(f"{club}/{verb}", fields | {"until": "2099-12-31", "card": "1"}).status_code == 403, verb
    thief = stranger(counter)
    fields = {"csrf": thief.token(), "request_id": "x", "reason": "x", "points": "5", "sure": "1", "days": "5", "relative": who}
    for path in (*(f"{club}/{verb}" for verb in ("join", "renew", "pause", "resume", "extend", "leave")), f"/customers/{who}/relatives",
                 f"/customers/{who}/points"):  # fmt: skip
        assert thief.get(path).status_code == 404, path
        assert thief.post(path, fields).status_code == 404, path
    assert thief.get(f"/customers/{who}/benefits").status_code == 404
    assert thief.get(f"/clubs/{company}/vip").status_code == 404
    assert thief.get(f"/clubs?company={company}").status_code == 404
    assert "until 19 Nov 2027" in person(counter).get(f"/customers/{who}/benefits").text


@ONE
@pytest.mark.feature("V5-01")
def test_each_company_of_a_tenant_has_its_own_codes_clubs_and_runs(counter: Service, person: SignIn) -> None:
    second = add_company(counter.held, counter.sample["tenant"], "Segunda, Lda.")
    admin, till = person(counter), counter.till()
    admin.fill(f"/customers/{till.customer()['id']}/clubs/vip/join")
    made = admin.sure(admin.fill(f"/vouchers/new?company={second}&what=voucher", amount="5")).headers["location"]
    assert made.startswith(f"/vouchers/{second}/")
    code = made.rsplit("/", 1)[1]
    assert admin.get(f"/vouchers/{counter.sample['company']}/{code}").status_code == 404
    for path, text in (("/vouchers", "1 code<"), ("/clubs", "Clube VIP"), ("/runs", "Segunda"), ("/differences", "Nothing differs")):
        here, there = admin.get(f"{path}?company={counter.sample['company']}").text, admin.get(f"{path}?company={second}").text
        assert "Segunda, Lda." in here, "the other company can be chosen"
        if path in ("/vouchers", "/clubs"):
            assert (text in here) != (text in there), path
    assert admin.fill(f"/vouchers/new?company={second}&what=voucher", amount="5", customer=till.customer()["card"]).status_code == 422
    assert admin.fill(f"/runs/new/points?company={second}", points="5", reason="x").status_code == 422, "nobody is a customer there"
