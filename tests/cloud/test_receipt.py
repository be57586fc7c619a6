"""The loyalty footer that the cloud gives a till: one wording with the agent's, in the store's language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from v5_cloud.kit.tenant import Scope
from v5_core.receipts import footer

if TYPE_CHECKING:
    from tests.cloud.conftest import Service, Till


def speak(service: Service, language: str) -> None:
    """The sample's stores speak another language from now on."""
    with service.held.database.write(Scope(service.sample["tenant"])) as session:
        session.execute(text("UPDATE store SET language = :language"), {"language": language})
    service.held.cache.clear()


def printed(answer: dict[str, Any]) -> list[str]:
    return [" ".join(line["text"].split()) for line in answer["receipt"] if line["text"]]


def sold_and_returned(till: Till) -> tuple[dict[str, Any], dict[str, Any]]:
    """A sale of 129 points, and the return of a part of it."""
    card = {"card": till.customer()["card"]}
    sale = till.commit(till.document("1", [("CREME-50", "cosmetica", "24.90"), ("CAFE-250", "mercearia", "80.10")], customer=card))
    back = till.document(
        "2",
        [("CREME-50", "cosmetica", "24.90")],
        kind="return",
        document_type="NC",
        reference={"document": "1", "line": "1"},
    )
    return sale, till.give(back)


RECEIPTS = {
    "pt": (
        ["Exemplo, Lda.", "Pontos ganhos 129", "Saldo 129", "Faltam 121 para: Caneca da loja"],
        ["Exemplo, Lda.", "Pontos retirados 49", "Saldo 80", "Faltam 170 para: Caneca da loja"],
        "Consulte o seu saldo",
    ),
    "en": (
        ["Exemplo, Lda.", "Points earned 129", "Balance 129", "121 more for: Caneca da loja"],
        ["Exemplo, Lda.", "Points taken back 49", "Balance 80", "170 more for: Caneca da loja"],
        "See your balance",
    ),
}


@pytest.mark.feature("PR-04", "NX-01")
@pytest.mark.parametrize("language", RECEIPTS)
def test_the_receipt_of_a_sale_and_of_a_return(service: Service, till: Till, language: str) -> None:
    speak(service, language)
    sold, returned, scan = RECEIPTS[language]
    sale, back = sold_and_returned(till)
    assert printed(sale) == [*sold, scan]
    assert printed(back) == [*returned, scan]
    assert [line["qr"] for line in back["receipt"] if line.get("qr")] == ["V5:https://example.com/cartao"]
    assert (back["points_taken"], back["points_given"]) == ("49", "0")


def test_the_words_are_those_of_the_agent(till: Till) -> None:
    from v5_core.hooks import CommitResponse
    from v5_core.wire import loads

    reply = till.hook("commit", {"request_id": "r", "document": till.document("1", [("X", "livros", "5.00")], customer=card_of(till))})
    answer = CommitResponse.model_validate(loads(reply.content))
    assert answer.balance is not None
    lines = footer(language="pt", name="Exemplo, Lda.", earned=answer.points_earned, balance=answer.balance)
    assert answer.receipt[: len(lines)] == lines


def card_of(till: Till) -> dict[str, str]:
    return {"card": till.customer()["card"]}


@pytest.mark.parametrize(("language", "sale_says", "return_says"), [("pt", "pontos", "devolu"), ("en", "points", "return")])
def test_explanations_are_in_the_stores_language(service: Service, till: Till, language: str, sale_says: str, return_says: str) -> None:
    speak(service, language)
    sale, back = sold_and_returned(till)
    assert sale["explanations"], "a sale that earns says why"
    assert any(sale_says in one["text"] for one in sale["explanations"]), sale["explanations"]
    assert any(return_says in one["text"].lower() for one in back["explanations"]), back["explanations"]


@pytest.mark.parametrize(("language", "says"), [("pt", "O cartão está bloqueado"), ("en", "The card is blocked")])
def test_a_blocked_customer_gets_no_footer_and_the_cashier_reads_why(service: Service, till: Till, language: str, says: str) -> None:
    speak(service, language)
    with service.held.database.write(Scope(service.sample["tenant"])) as session:
        session.execute(text("UPDATE customer SET blocked = true"))
    answer = till.commit(till.document("1", [("X", "livros", "5.00")], customer=card_of(till)))
    assert answer["receipt"] == []
    assert [one["text"].startswith(says) for one in answer["messages"]] == [True]


@pytest.mark.feature("PR-28")
@pytest.mark.parametrize(
    ("language", "says"), [("pt", "Com cartão poupava 1,00"), ("fr", "Avec la carte : 1,00 de moins"), ("he", "עם כרטיס היית חוסך 1.00")]
)
def test_who_shows_no_card_reads_what_a_member_saves(service: Service, till: Till, language: str, says: str) -> None:
    speak(service, language)
    document = till.document("1", [("VINHO-DOURO", "vinhos", "20.00")])
    first, again = till.commit(document), till.commit(document)
    assert says in printed(first)
    assert first["receipt"] == again["receipt"]
