"""Everything with a code in the back office: issued, found, loaded, blocked, moved and extended; codes are money, and guarded so."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

import pytest

from v5_cloud.ledger.tasks import housekeeping
from v5_core.codes import spell

if TYPE_CHECKING:
    from tests.cloud.conftest import Service
    from tests.cloud.pages.conftest import AsRole, SignIn

# What says nothing about a database runs on one.
ONE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@ONE
@pytest.mark.feature("FM-33", "FM-34")
def test_a_card_is_sold_loaded_blocked_moved_and_extended(counter: Service, person: SignIn) -> None:
    service = counter
    admin, till = person(service), service.till()
    card = till.customer()["card"]
    new = f"/vouchers/new?company={service.sample['company']}&what=wallet:carteira"
    wrong = admin.fill(new, amount="200,00", customer=card)
    assert wrong.status_code == 409
    assert "More than may be on it" in wrong.text
    nobody = admin.fill(new, amount="20", customer="nobody at all")
    assert nobody.status_code == 422
    assert "Nobody is found so" in nobody.text
    shown = admin.fill(new, amount="20,00", customer=card, store="LX1")
    assert till.get("/v1/vouchers").json()["items"] == [], "nothing yet"
    made = admin.sure(shown)
    assert made.status_code == 303
    wallet = made.headers["location"]
    assert admin.sure(shown).headers["location"] == wallet, "sent twice, issued once"
    assert "€20.00" in admin.get(wallet).text
    code = wallet.rsplit("/", 1)[1]

    assert admin.fill(f"{wallet}/load", amount="-5").status_code == 422
    assert admin.fill(f"{wallet}/load", amount="140").status_code == 409
    shown = admin.fill(f"{wallet}/load", amount="30.00", store="LX1")
    assert "€50.00" in shown.text
    assert till.get(f"/v1/vouchers/{code}").json()["balance"] == "20.00", "shown only"
    assert admin.sure(shown).headers["location"] == wallet
    assert admin.sure(shown).status_code == 303
    assert till.get(f"/v1/vouchers/{code}").json()["balance"] == "50.00", "loaded once"

    till.commit(till.document("1", [("CAFE-250", "mercearia", "8.00")], payments=[{"method": "wallet", "amount": "8.00", "code": code}]))
    assert admin.fill(f"{wallet}/block", reason="").status_code == 422
    assert admin.fill(f"{wallet}/block", reason="Lost").status_code == 303
    page = admin.get(wallet).text
    assert all(text in page for text in ("Issued", "Loaded", "Used in a sale", "Blocked", "Lost", "Administração", "−€8.00", "€42.00"))
    assert f'href="{wallet}/load"' not in page
    moved = admin.fill(f"{wallet}/move", reason="Lost").headers["location"]
    assert moved != wallet
    assert "€42.00" in admin.get(moved).text
    assert "Moved" in admin.get(wallet).text
    assert spell(moved.rsplit("/", 1)[1]) in admin.get(wallet).text
    ends = till.get(f"/v1/vouchers/{moved.rsplit('/', 1)[1]}").json()["valid_until"]
    assert admin.fill(f"{moved}/extend", until="2026-12-01", reason="x").status_code == 422
    assert admin.fill(f"{moved}/extend", until="2029-01-31", reason="Goodwill").status_code == 303
    assert "31 Jan 2029" in admin.get(moved).text
    service.clock.forward(days=500)
    housekeeping(service.held)
    found = till.get(f"/v1/vouchers/{moved.rsplit('/', 1)[1]}").json()
    assert (found["balance"], found["valid_until"] > ends) == ("42.00", True), "its money lives as long"
    service.sound()


@pytest.mark.feature("FM-34", "V5-17")
def test_cards_of_every_kind_are_issued_and_found(counter: Service, person: SignIn) -> None:
    service = counter
    admin = person(service)
    choose = admin.get("/vouchers/new").text
    assert "Cartão-oferta" in choose
    new = f"/vouchers/new?company={service.sample['company']}&what="
    own = admin.sure(admin.fill(new + "gift_card:oferta", amount="25", code="natal-0001", store="LX1")).headers["location"]
    assert own.endswith("/NATAL0001")
    assert admin.fill(new + "gift_card:oferta", amount="25", code="NATAL 0001").status_code == 409
    many = admin.sure(admin.fill(new + "coupon:dez", count="3", uses="2"))
    assert (many.status_code, len(re.findall(r'dir="ltr">[2-9A-Z]{4}-', many.text))) == (200, 3)
    assert admin.sure(admin.fill(new + "percent", percent="7,5")).status_code == 303
    assert admin.sure(admin.fill(new + "voucher", amount="5", until="2026-12-01")).status_code == 303
    for form, field in ((new + "percent", {"percent": "250"}), (new + "voucher", {"amount": ""}), (new + "voucher", {"amount": "1.2.3"})):
        assert admin.fill(form, **field).status_code == 422, form
    counts = {
        "": 6, "kind=gift_card": 1, "kind=coupon": 3, "type=oferta": 1, "state=blocked": 0, "validity=soon": 1, "validity=valid": 6,
        "validity=ended": 0, "q=natal": 1, "q=NATAL-0001": 1, "q=0001": 1, "q=zzzz": 0, "kind=percent&validity=soon": 0,
    }  # fmt: skip
    for query, count in counts.items():
        text = admin.get(f"/vouchers?{query}").text
        assert re.search(rf">{count} codes?\b", text), query
    assert "7.5%" in admin.get("/vouchers?kind=percent").text


@ONE
@pytest.mark.feature("V5-02")
def test_whoever_may_not_issue_sees_no_whole_code_and_cannot_guess_one(counter: Service, person: SignIn, as_role: AsRole) -> None:
    service = counter
    admin = person(service)
    new = f"/vouchers/new?company={service.sample['company']}&what=gift_card:oferta"
    path = admin.sure(admin.fill(new, amount="25")).headers["location"]
    code = path.rsplit("/", 1)[1]
    admin.sure(admin.fill(new, amount="25", count="30"))
    for role in ("cashier", "viewer"):
        someone = as_role(service, role)
        text = someone.get("/vouchers").text
        assert "•••• " in text
        assert not re.search(r"[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}-", text)
        more = re.search(r"after=([\w-]+)", text)
        assert more
        assert len(base64.urlsafe_b64decode(more[1] + "==")) < 12, "the cursor names no code"
        assert someone.get(f"/vouchers?after={more[1]}").status_code == 200
        assert code[-4:] in someone.get(f"/vouchers?q={code[-4:]}").text
        assert ">0 codes" in someone.get(f"/vouchers?q={code[-5:]}").text, "a longer end is no answer"
        assert path in someone.get(f"/vouchers?q={code}").text, "who holds the card opens it"
        page = someone.get(path).text
        assert "€25.00" in page
        assert "/block" not in page
        fields = {"csrf": someone.token(), "request_id": "x", "reason": "x"}
        for verb in ("load", "block", "unblock", "move", "extend"):
            assert someone.get(f"{path}/{verb}").status_code == 403
            assert someone.post(f"{path}/{verb}", fields).status_code == 403
        assert someone.get("/vouchers/new").status_code == 403
    for number in range(60):
        someone.get(path[:-2] + f"{number:02d}")
    assert someone.get(path).status_code == 429, "who guesses is stopped"
    assert admin.get(path).status_code == 200


@ONE
@pytest.mark.feature("V5-01")
def test_another_tenant_reaches_no_code(counter: Service, person: SignIn, stranger: SignIn) -> None:
    service, admin = counter, person(counter)
    new = f"/vouchers/new?company={service.sample['company']}&what=wallet:carteira"
    path = admin.sure(admin.fill(new, amount="25")).headers["location"]
    code = path.rsplit("/", 1)[1]
    thief = stranger(service)
    assert code[-4:] not in thief.get("/vouchers").text
    assert thief.get(f"/vouchers?company={service.sample['company']}").status_code == 404
    assert thief.get(path).status_code == 404
    elsewhere = f"/vouchers/co-sample-3/{code}"
    assert thief.get(elsewhere).status_code == 404
    fields = {"csrf": thief.token(), "request_id": "x", "reason": "x", "amount": "10", "sure": "1", "until": "2029-01-01"}
    for base in (path, elsewhere):
        for verb in ("load", "block", "move", "extend"):
            assert thief.post(f"{base}/{verb}", fields).status_code == 404, (base, verb)
    assert admin.post(f"{path}/load", {"amount": "10", "request_id": "x", "sure": "1"}).status_code == 403, "without the form's token"
    assert service.till().get(f"/v1/vouchers/{code}").json()["balance"] == "25.00"
