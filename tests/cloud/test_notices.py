"""Whom vouchers that no sale makes are told to, whose consent a message needs, and runs that give what was previewed."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from v5_cloud.kit.bulk import WriteSet
from v5_cloud.ledger.tasks import housekeeping
from v5_cloud.messages.fake import MemoryCarrier
from v5_cloud.messages.repository import MessageRepository
from v5_cloud.messages.service import Addressee, queue
from v5_cloud.models import Company, CustomerRow, MessageRow, Store
from v5_cloud.tenants import changes
from v5_cloud.tenants.service import company_info

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cloud.conftest import Service, Start, Till

CHIEF, SHOP = "gerente@aurora.example", "chiado@aurora.example"


def programme(version: int, amount: str) -> dict[str, Any]:
    """Three rules that tell the manager, and one that does not."""
    gives: dict[str, Any] = {"steps": [{"amount": "10.00"}], "notify": True, "valid_days": 15}
    return {
        "id": "avisos",
        "version": version,
        "name": "Avisos",
        "vouchers": [
            {"kind": "birthday", "id": "parabens", "title": "Parabéns", **gives},
            {"kind": "birthday", "id": "calado", "title": "Calado", **gives, "notify": False},
            {"kind": "new_customer", "id": "ola", "title": "Olá", **gives, "gives": "percent", "steps": [{"percent": "10"}]},
            {"kind": "turnover", "id": "obrigado", "title": "Obrigado", **gives, "steps": [{"amount_from": "50.00", "amount": amount}]},
        ],
    }


def publish(till: Till, body: dict[str, Any]) -> None:
    assert till.client.post("/v1/programmes", json=body, headers=till.auth).status_code == 201
    path = f"/v1/programmes/{body['id']}/{body['version']}/publish"
    assert till.client.post(path, headers=till.auth).status_code == 200


@pytest.fixture
def shop(start: Start, tmp_path: Path) -> Service:
    """A shop whose company and first store have each a manager."""
    service = start(f"sqlite:///{tmp_path / 'v5.sqlite'}")
    changes.change(service.held, service.scope, Company, service.scope.company, {"manager_email": CHIEF}, actor="test")
    stores = service.till().get("/v1/stores").json()["items"]
    store = next(one["id"] for one in stores if one["code"] == "LX1")
    changes.change(service.held, service.scope, Store, store, {"manager_email": SHOP}, actor="test")
    publish(service.till(), programme(1, "5.00"))
    return service


def told(service: Service) -> list[tuple[str, str]]:
    """What goes out now: recipient and words."""
    mail = MemoryCarrier()
    service.held.carriers = {"email": mail}
    housekeeping(service.held)
    housekeeping(service.held)
    return sorted((one.recipient, one.text.replace("\N{NO-BREAK SPACE}", " ")) for one in mail.sent)


def post(till: Till, path: str, **body: Any) -> dict[str, Any]:
    reply = till.client.post(path, json=body, headers=till.auth)
    assert reply.status_code in {200, 201}, reply.text
    answer: dict[str, Any] = reply.json()
    return answer


@pytest.mark.feature("FM-30", "PR-06")
def test_the_manager_is_told_of_vouchers_that_no_sale_made(shop: Service) -> None:
    till = shop.till()
    one, other = till.customer(0), till.customer(1)
    with shop.held.database.write(shop.scope) as session:
        for customer, home in ((one, "LX1"), (other, "")):
            row = session.get(CustomerRow, (shop.scope.tenant, customer["id"]))
            assert row is not None
            row.birth_date, row.home_store = date(1980, 11, 20), home
    name = company_info(shop.held, shop.scope).name
    assert told(shop) == [
        (SHOP, f"Parabéns: 10,00 €, dado a {one['name']} (Loja de Lisboa), válido até 04/12/2026"),
        (CHIEF, f"Parabéns: 10,00 €, dado a {other['name']} ({name}), válido até 04/12/2026"),
    ]
    body = {"request_id": "e", "store": "LX1", "name": "Nova Cliente", "email": "nova@exemplo.pt"}
    till.ok("enrol", body)
    till.ok("enrol", body)
    assert told(shop) == [(SHOP, "Olá: 10%, dado a Nova Cliente (Loja de Lisboa), válido até 04/12/2026")]
    assert told(shop) == [], "each is told once"


@pytest.mark.feature("FM-24")
def test_a_run_gives_what_was_previewed_and_is_told_as_one(shop: Service) -> None:
    till = shop.till()
    for who in range(2):
        till.commit(till.document(f"s{who}", [("CAFE-250", "", "80.00")], customer={"card": till.customer(who)["card"]}))
    asked = {"programme": "avisos", "rule": "obrigado", "first": "2026-11-01", "last": "2026-11-30"}
    run = post(till, "/v1/runs/turnover", request_id="t", **asked)
    shop.clock.forward(minutes=1)
    publish(till, programme(2, "50.00"))
    post(till, f"/v1/runs/{run['id']}/confirm")
    made = till.get("/v1/vouchers", run=run["id"]).json()["items"]
    assert [one["balance"] for one in made] == ["5.00", "5.00"], "not what was published after somebody looked"
    assert told(shop) == [(CHIEF, "Obrigado: dado a 2 clientes de uma vez (10,00 €)")]
    later = post(till, "/v1/runs/turnover", request_id="u", **asked)
    shop.clock.forward(minutes=1)
    publish(till, {**programme(3, "50.00"), "vouchers": []})
    refused = till.client.post(f"/v1/runs/{later['id']}/confirm", headers=till.auth)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "unknown_rule")
    shop.sound()


@pytest.mark.feature("FM-24")
def test_a_turnover_without_vat_is_measured_without_it(shop: Service) -> None:
    till = shop.till()
    publish(till, {**programme(2, "5.00"), "vouchers": [programme(2, "5.00")["vouchers"][3] | {"basis": "net"}]})
    for who, net in ((0, "49.00"), (1, "51.00")):
        document = till.document(f"s{who}", [("CAFE-250", "", "60.00")], customer={"card": till.customer(who)["card"]})
        document["net"] = document["lines"][0]["net"] = net
        till.commit(document)
    run = post(till, "/v1/runs/turnover", request_id="t", programme="avisos", rule="obrigado", first="2026-11-01", last="2026-11-30")
    assert [(one["customer"], one["measured"]) for one in run["lines"]] == [(till.customer(1)["id"], "51.00")]


@pytest.mark.feature("FM-24", "PR-08")
def test_a_relative_on_anothers_account_has_a_turnover_whoever_is_meant(shop: Service) -> None:
    till = shop.till()
    till.commit(till.document("s", [("CAFE-250", "", "60.00")], customer={"card": till.customer(1)["card"]}))
    with shop.held.database.write(shop.scope) as session:
        row = session.get(CustomerRow, (shop.scope.tenant, till.customer(1)["id"]))
        assert row is not None
        row.shares_with = till.customer(0)["id"]
    asked = {"programme": "avisos", "rule": "obrigado", "first": "2026-11-01", "last": "2026-11-30"}
    for number, where in enumerate(("", "name != ''")):
        run = post(till, "/v1/runs/turnover", request_id=str(number), where=where, **asked)
        assert [one["customer"] for one in run["lines"]] == [till.customer(1)["id"]], where


@pytest.mark.feature("PR-14", "RS-12")
def test_what_is_no_notice_by_contract_goes_only_to_who_consents_to_that_way(shop: Service) -> None:
    customer = shop.till().customer(0)["id"]
    ways = {"email": "ines@exemplo.pt", "phone": "+351912345678", "customer": customer}

    def sent(number: int, *, email: bool, sms: bool, contractual: bool = False) -> list[str]:
        rows = queue(shop.scope, Addressee(**ways, contractual=contractual), "test", f"s{number}", "Olá", "Texto", shop.held.clock())
        with shop.held.database.write(shop.scope) as session:
            row = session.get(CustomerRow, (shop.scope.tenant, customer))
            assert row is not None
            row.consent_email, row.consent_sms = email, sms
            writes = WriteSet(shop.scope)
            writes.put(MessageRow, rows, "keep")
            writes.flush(session, 0)
        carriers = {"email": MemoryCarrier(), "sms": MemoryCarrier()}
        shop.held.carriers = dict(carriers)
        housekeeping(shop.held)
        with shop.held.database.read(shop.scope) as session:
            counted = MessageRepository(session, shop.scope).counted()
        assert not {state for _, state in counted} & {"queued", "sending"}, "nothing waits for a consent that may never come"
        return [name for name, one in carriers.items() if one.sent]

    assert sent(1, email=True, sms=False) == ["email"]
    assert sent(2, email=False, sms=True) == ["sms"]
    assert sent(3, email=False, sms=False) == []
    assert sent(4, email=False, sms=False, contractual=True) == ["email", "sms"]
