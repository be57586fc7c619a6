"""Alerts, nudges and the programmes' own words at a till whose line is down: the same as in the cloud, from the replica."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from v5_core.hooks import CommitRequest, IdentifyRequest, IdentifyResponse, QuoteRequest
from v5_core.model import CustomerRef, Origin
from v5_core.programme import Programme

if TYPE_CHECKING:
    from tests.agent.conftest import World

INES = "9512000144105"


@pytest.fixture
def store(world: World) -> World:
    """A store with alerts, which has pulled its replica and lost its line."""
    spoken: dict[str, Any] = {
        "alerts": [
            {"id": "mail", "when": "email = ''", "severity": "alert", "text": {"pt": "{name} não tem e-mail"}},
            {"id": "post", "when": "consent_post = false", "text": {"pt": "Não quer correio"}},
            {"id": "big", "when": "email = '' and total >= 100", "at": "quote", "text": {"pt": "Compra de {total}"}},
        ],
        "templates": [
            {"message": "will_earn", "text": {"pt": "Ganha {points}!"}},
            {"message": "receipt_balance", "text": {"pt": "Tem agora"}},
        ],
        "record": {"wanted": ["phone", "birth_date"], "nudge": True},
    }
    replica = world.cloud.replica
    assert replica is not None
    one = Programme.model_validate(replica.programmes[0].model_dump(mode="json") | spoken)
    world.cloud.replica = replica.model_copy(update={"programmes": (one,)})
    world.agent().pull()
    world.cloud.answers["/v1/push"] = [("cut", None, {})] * 3
    world.agent().line.down(world.clock(), "cut")
    return world


def who(store: World, key: str) -> IdentifyResponse:
    return store.agent().till.identify(IdentifyRequest(store="LX1", key=key))


@pytest.mark.feature("FM-10", "FM-16")
def test_alerts_are_raised_while_the_line_is_down(store: World) -> None:
    found = who(store, INES)
    assert found.provisional
    assert found.customer is not None
    said = [(one.severity, one.text) for one in found.customer.messages][-2:]
    # Who wants post is not kept here, and so it is not asked.
    assert said == [("alert", "Inês Gonçalves não tem e-mail"), ("warning", "Peça o que falta na ficha: data de nascimento")]
    nobody = who(store, "969696969")
    assert nobody.directives == ("Castanhas a 20 % até domingo", "Não há cliente com esses dados: ofereça um cartão")


@pytest.mark.feature("FM-10", "FM-16")
def test_a_basket_raises_its_own(store: World) -> None:
    def said(gross: int, card: str | None) -> list[str]:
        document = store.sale(1, gross=gross)
        request = QuoteRequest(store="LX1", at=document.issued_at, customer=CustomerRef(card=card), lines=document.lines)
        return [one.text.replace("\N{NO-BREAK SPACE}", " ") for one in store.agent().till.quote(request).messages]

    assert "Compra de 100,00 €" in said(10_000, INES)
    assert "Compra de 99,99 €" not in said(9_999, INES)
    assert "Ganha 100 pontos!" in said(10_000, INES)
    assert "Ainda sem cliente: peça o cartão ou ofereça um" in said(10_000, None)


def test_the_receipt_of_a_till_alone_has_the_programmes_words(store: World) -> None:
    sale = store.sale(2, origin=Origin.HOOK, source="till", card=INES)
    reply = store.agent().till.commit(CommitRequest(request_id="c2", document=sale))
    assert reply.provisional
    assert any(one.text.startswith("Tem agora") for one in reply.receipt)
