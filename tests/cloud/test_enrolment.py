"""Who is enrolled: found although written otherwise, not doubled, with papers that are checked and consents that are said once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from v5_cloud.customers.sounding import hear_all

if TYPE_CHECKING:
    from tests.cloud.conftest import Service, Till


def enrol(till: Till, name: str, status: int = 200, /, **more: Any) -> dict[str, Any]:
    reply = till.hook("enrol", {"request_id": f"n-{next(till.count)}", "store": "LX1", "name": name, **more})
    assert reply.status_code == status, reply.text
    found: dict[str, Any] = reply.json()
    return found


def names(till: Till, query: str) -> list[str]:
    return [one["name"] for one in till.get("/v1/customers", q=query).json()["items"]]


def identified(till: Till, key: str) -> list[str]:
    found = till.ok("identify", {"store": "LX1", "key": key})
    return [one["name"] for one in (found["candidates"] or [found["customer"]]) if one]


@pytest.mark.feature("PR-17")
def test_names_are_found_by_their_sound_in_any_order_in_part_and_in_the_other_script(service: Service, till: Till) -> None:
    for name in ("Yosef Cohen", "Filipa Sousa Gonçalves", "רחל לוי", "Joaquim Brandão"):
        enrol(till, name)
    assert names(till, "gonsalves philipa") == ["Filipa Sousa Gonçalves"]
    assert names(till, "Souza Filip") == ["Filipa Sousa Gonçalves"]
    assert names(till, "כהן יוסף") == ["Yosef Cohen"]
    assert names(till, "Raquel Levy") == ["רחל לוי"]
    assert identified(till, "joakin brandon") == ["Joaquim Brandão"]
    assert identified(till, "Gonsal Phili") == ["Filipa Sousa Gonçalves"], "the beginning of a word will do"
    assert names(till, "Zzyzx Qwrt") == []
    # Written so is better than sounding so.
    enrol(till, "Elena Cruz")
    enrol(till, "Helena Cruz")
    assert names(till, "helena cruz") == ["Helena Cruz"]
    assert hear_all(service.held, service.scope) == 0, "all were kept as they came"


@pytest.mark.feature("PR-17")
def test_a_changed_name_is_found_by_its_new_sound_only(till: Till) -> None:
    made = enrol(till, "Filipa Gonçalves")["customer"]["customer"]
    reply = till.client.patch(f"/v1/customers/{made}", json={"name": "Filipa Marques"}, headers={**till.auth, "if-match": "*"})
    assert reply.status_code == 200
    assert names(till, "Philippa Markes") == ["Filipa Marques"]
    assert names(till, "Philippa Gonsalves") == []


@pytest.mark.feature("PR-17")
def test_a_likely_duplicate_is_shown_and_refused_when_the_till_wants_so(till: Till) -> None:
    first = enrol(till, "Maria João Sousa", birth_date="1980-02-03", phone="912345678")["customer"]
    asked = enrol(till, "Souza, Maria", 409, birth_date="1980-02-03", unless_similar=True)
    assert (asked["code"], asked["errors"][0]["field"]) == ("possible_duplicate", "name")
    assert first["cards"][0]["number"] in asked["errors"][0]["message"]
    assert names(till, "souza, maria") == ["Maria João Sousa"], "nothing was written"
    made = enrol(till, "Souza, Maria", birth_date="1980-02-03")
    assert (made["created"], [one["customer"] for one in made["similar"]]) == (True, [first["customer"]])
    assert made["customer"]["messages"][-1]["text"] == f"Talvez já seja cliente: Maria João Sousa ({first['cards'][0]['number']})"
    # Another birthday is another person; and who is named by the phone is the same one.
    assert enrol(till, "Maria Souza", birth_date="1991-07-08", unless_similar=True)["similar"] == []
    again = enrol(till, "Maria Souza", phone="+351 912 345 678", unless_similar=True)
    assert (again["created"], again["similar"]) == (False, [])


@pytest.mark.feature("PR-15")
def test_papers_are_checked_and_tell_who_it_is(till: Till) -> None:
    made = enrol(till, "Ana Prado", identity="00000000 0 ZZ4")["customer"]["customer"]
    assert enrol(till, "A. Prado", identity="000000000zz4")["customer"]["customer"] == made
    wrong = enrol(till, "Rui Faro", 422, identity="00000000 0 ZZ5")
    assert (wrong["errors"][0]["field"], wrong["errors"][0]["code"]) == ("identity", "identity")
    line = "L898902C36UTO7408122F1204159ZE184226B<<<<<10"
    guest = enrol(till, "Anna Maria Eriksson", identity=line, identity_kind="passport")
    assert guest["created"] is True
    assert enrol(till, "A. Eriksson", identity="L898902C3 6", identity_kind="passport")["created"] is False
    bad = enrol(till, "Rui Faro", 422, identity=line.replace("1204159", "1204158"), identity_kind="passport")
    assert bad["errors"][0]["code"] == "passport"
    assert names(till, "L898902C3") == ["Anna Maria Eriksson"] or names(till, "L898902C3") == ["A. Eriksson"]


@pytest.mark.feature("PR-14")
def test_one_consent_stands_for_all_ways_that_are_not_said(till: Till) -> None:
    def ways(made: dict[str, Any]) -> tuple[Any, ...]:
        found = till.get(f"/v1/customers/{made['customer']['customer']}").json()
        return found["home_store"], found["consent_sms"], found["consent_email"], found["consent_post"]

    assert ways(enrol(till, "Ana Prado", consent=True)) == ("LX1", True, True, True)
    assert ways(enrol(till, "Rui Faro", consent=True, consent_sms=False)) == ("LX1", False, True, True)
    assert ways(enrol(till, "Eva Lima", consent_post=True)) == ("LX1", False, False, True)
    made = enrol(till, "Ida Melo", consent=True)
    path = f"/v1/customers/{made['customer']['customer']}"
    assert till.client.patch(path, json={"consent_post": False}, headers={**till.auth, "if-match": "*"}).status_code == 200
    assert ways(made) == ("LX1", True, True, False)


@pytest.mark.feature("PR-13")
def test_what_the_company_requires_must_be_said_at_the_till_but_not_by_who_was_offline(till: Till) -> None:
    programme = {"id": "ficha", "name": "Ficha", "record": {"required": ["name", "phone", "birth_date"], "nudge": True}}
    assert till.client.post("/v1/programmes", json=programme, headers=till.auth).status_code == 201
    assert till.client.post("/v1/programmes/ficha/1/publish", headers=till.auth).status_code == 200
    refused = enrol(till, "Ana Prado", 422, birth_date="1990-05-01")
    assert [(one["field"], one["code"], one["message"]) for one in refused["errors"]] == [("phone", "missing", "telefone")]
    assert enrol(till, "Ana Prado", birth_date="1990-05-01", phone="912345678")["created"] is True
    till.enrol_agent()
    late = {"request_id": "off-1", "store": "LX1", "name": "Rui Faro"}
    assert [one["status"] for one in till.push(till.event("enrol", late))] == ["accepted"]
    assert names(till, "Rui Faro") == ["Rui Faro"]


@pytest.mark.feature("FM-16")
@pytest.mark.feature("FM-10")
def test_the_till_is_told_what_to_ask_when_somebody_is_identified(service: Service, till: Till) -> None:
    programme = {
        "id": "avisos", "name": "Avisos", "record": {"wanted": ["email"], "nudge": True},
        "alerts": [
            {
                "id": "mail", "when": "email = '' and balance >= 50", "order": 1, "severity": "alert",
                "text": {"pt": "{name}: {balance} pontos e sem e-mail"},
            },
            {"id": "grande", "when": "email = '' and total >= 1000", "at": "quote", "text": {"pt": "Compra de {total}: peça o e-mail"}},
        ],
        "templates": [
            {"message": "will_earn", "text": {"pt": "Ganha {points} hoje"}},
            {"message": "receipt_balance", "text": {"pt": "Os seus pontos"}},
        ],
    }  # fmt: skip
    assert till.client.post("/v1/programmes", json=programme, headers=till.auth).status_code == 201
    assert till.client.post("/v1/programmes/avisos/1/publish", headers=till.auth).status_code == 200
    service.clock.forward(minutes=1)
    made = enrol(till, "Ana Prado")["customer"]
    card = made["cards"][0]["number"]

    def said() -> list[tuple[str, str]]:
        found = till.ok("identify", {"store": "LX1", "key": card})["customer"]["messages"]
        return [(one["severity"], one["text"]) for one in found]

    assert said() == [("warning", "Peça o que falta na ficha: e-mail")]
    sold = till.commit(till.document("s1", [("CAFE-250", "mercearia", "60.00")], customer={"card": card}))
    assert any("Os seus pontos" in one["text"] for one in sold["receipt"])
    assert said() == [("alert", "Ana Prado: 60 pontos e sem e-mail"), ("warning", "Peça o que falta na ficha: e-mail")]
    basket = {
        "store": "LX1",
        "at": till.clock.now.isoformat(),
        "lines": till.document("x", [("CAFE-250", "mercearia", "1000.00")])["lines"],
    }
    quoted = till.ok("quote", {**basket, "customer": {"card": card}})["messages"]
    assert [one["text"] for one in quoted if "hoje" in one["text"] or "e-mail" in one["text"]] == [
        "Ganha 1000 pontos hoje",
        "Compra de 1000,00\N{NO-BREAK SPACE}€: peça o e-mail",
    ]
    assert "Ainda sem cliente: peça o cartão ou ofereça um" in [one["text"] for one in till.ok("quote", basket)["messages"]]
    nobody = till.ok("identify", {"store": "LX1", "key": "912000999"})
    assert nobody["directives"][-1] == "Não há cliente com esses dados: ofereça um cartão"
    reply = till.client.patch(
        f"/v1/customers/{made['customer']}", json={"email": "ana@example.com"}, headers={**till.auth, "if-match": "*"}
    )
    assert reply.status_code == 200
    assert said() == []
