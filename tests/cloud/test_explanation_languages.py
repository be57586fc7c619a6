"""A movement explained in five languages at any later time, by REST and on its page; the figures are those that were posted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from v5_core.words import LANGUAGES

if TYPE_CHECKING:
    from tests.cloud.conftest import Service, Till

EARNED = {
    "pt": "1 ponto por 1,00 €, sobre 12,50 € = 12 pontos",
    "en": "1 point per €1.00, on €12.50 = 12 points",
    "es": "1 punto por cada 1,00 €, sobre 12,50 € = 12 puntos",
    "fr": "1 point par tranche de 1,00 €, sur 12,50 € = 12 points",
    "he": "נקודה אחת על כל",
}


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


def ask(till: Till, movement: str, *, language: str = "", header: str = "") -> tuple[dict[str, Any], str]:
    path = f"/v1/customers/{till.customer()['id']}/movements/{movement}/explanation"
    reply = till.client.get(path, params={"language": language} if language else {}, headers=till.auth | {"accept-language": header})
    assert reply.status_code == 200, reply.text
    body: dict[str, Any] = reply.json()
    return body, reply.headers.get("content-language", "")


@pytest.mark.feature("NX-05")
def test_a_movement_is_explained_in_five_languages(till: Till) -> None:
    member = {"card": till.customer()["card"]}
    till.commit(till.document("FS 1", [("CAFE-250", "mercearia", "12.50")], customer=member))
    till.clock.forward(minutes=1)
    till.give(till.document("NC 1", [("CAFE-250", "mercearia", "5.00")], kind="return", refs=[{"document": "FS 1"}]))
    back, sale = till.get(f"/v1/customers/{till.customer()['id']}/movements").json()["items"]
    for language in LANGUAGES:
        told, said = ask(till, sale["id"], language=language)
        assert (told["language"], said, told["complete"], told["points"]) == (language, language, True, "12")
        assert EARNED[language] in plain(told["explanations"][0]["text"])
        assert [one | {"text": ""} for one in told["explanations"]] == [one | {"text": ""} for one in sale["explanations"]], (
            "only words change"
        )
        taken, _ = ask(till, back["id"], language=language)
        assert (taken["complete"], taken["points"]) == (True, back["points"])
    assert "taken back in proportion" in ask(till, back["id"], language="en")[0]["explanations"][0]["text"]
    stored, said = ask(till, sale["id"])
    assert (stored["language"], said, stored["explanations"]) == ("", "", sale["explanations"])
    assert ask(till, sale["id"], header="de-DE, he-IL;q=0.8, en;q=0.5")[1] == "he"
    assert ask(till, sale["id"], language="fr", header="he")[1] == "fr"
    wrong = till.get(f"/v1/customers/{till.customer()['id']}/movements/{sale['id']}/explanation", language="xx")
    assert wrong.status_code == 422
    assert till.get(f"/v1/customers/{till.customer()['id']}/movements/nothing/explanation").status_code == 404


@pytest.mark.feature("NX-05")
def test_the_page_speaks_the_viewers_language(service: Service, till: Till) -> None:
    till.commit(till.document("FS 1", [("CAFE-250", "mercearia", "12.50")], customer={"card": till.customer()["card"]}))
    move = till.get(f"/v1/customers/{till.customer()['id']}/movements").json()["items"][0]
    login = service.sample["login"]
    signed = service.client.post("/login", data={"email": login["email"], "password": login["password"]}, follow_redirects=False)
    cookies = dict(signed.cookies)
    service.client.cookies.clear()
    for language in ("en", "fr", "pt"):
        sent = {"cookie": "; ".join(f"{name}={value}" for name, value in (cookies | {"v5_lang": language}).items())}
        for page in (f"/customers/{till.customer()['id']}/movements/{move['id']}", f"/sales/{move['document']}"):
            assert EARNED[language] in plain(service.client.get(page, headers=sent).text), (language, page)


@pytest.mark.feature("NX-05")
def test_each_movement_of_a_sale_says_its_own(till: Till) -> None:
    member = {"card": till.customer()["card"]}
    till.commit(till.document("FS 1", [("CAFE-250", "mercearia", "300.00")], customer=member))
    till.clock.forward(days=1)
    held = till.ok("hold", {"request_id": "h", "store": "LX1", "at": till.clock.now.isoformat(), "customer": member, "points": "100"})
    paid = [{"method": "points", "amount": "1.00", "hold": held["hold"]}, {"method": "cash", "amount": "9.00"}]
    till.commit(till.document("FS 2", [("CAFE-250", "mercearia", "10.00")], customer=member, payments=paid))
    till.give(till.document("NC 1", [("CAFE-250", "mercearia", "10.00")], kind="return", refs=[{"document": "FS 2"}]))
    moves = {(one["number"], one["operation"]): one for one in till.get(f"/v1/customers/{till.customer()['id']}/movements").json()["items"]}
    english = {
        key: [one["text"] for one in ask(till, move["id"], language="en")[0]["explanations"]]
        for key, move in moves.items()
        if key[0] != "FS 1"
    }
    assert english["FS 2", "spend"] == ["100 points used as €1.00"]
    assert len(english["FS 2", "earn"]) == 1
    assert "on €9.00 = 9 points" in english["FS 2", "earn"][0]
    assert english["NC 1", "give"] == ["Return: 100 points that had been used are given back"]
    assert [text.startswith("Return: 9 points of") for text in english["NC 1", "take"]] == [True]
