"""Vouchers that a store prints while its line is down: the cloud gives each once, under the very code on the paper, and nobody else's."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from v5_agent.config import AgentConfig
from v5_agent.service import Agent
from v5_core.codes import fold_code, make_code
from v5_core.hooks import CommitRequest, CommitResponse, QuoteRequest
from v5_core.model import SalesDocument
from v5_core.push import Replica

if TYPE_CHECKING:
    from tests.cloud.conftest import Service, Start

LINES = [("CAFE-250", "mercearia", "80.00")]
PAPER = {
    "id": "papel", "version": 1, "name": "Papel",
    "vouchers": [
        {"kind": "anonymous", "id": "volte", "title": "Volte sempre", "steps": [{"amount_from": "50.00", "amount": "5.00"}]},
        {"kind": "till", "id": "cliente", "title": "Vale de cliente", "gives": "percent",
         "steps": [{"amount_from": "50.00", "percent": "10"}], "limits": [{"uses": 1, "per": "day", "by": "customer"}],
         "minimum_purchase": "20.00"},
        {"kind": "till", "id": "visitas", "title": "Dez visitas", "visits": 2, "period_days": 30, "steps": [{"amount": "1.00"}]},
        {"kind": "anonymous", "id": "grande", "title": "Grande", "steps": [{"amount_from": "200.00", "amount": "9.00"}]},
        {"kind": "next_purchase", "id": "primeiros", "title": "Primeiros", "when": "total >= 500", "steps": [{"amount": "9.00"}],
         "limits": [{"uses": 3}]},
    ],
}  # fmt: skip


class Shop:
    """The cloud, and a store's agent beside it whose line is down until `send`."""

    def __init__(self, service: Service, folder: Path) -> None:
        self.service, self.folder, self.till = service, folder, service.till()
        self.till.enrol_agent()
        self.agents: list[Agent] = []

    def publish(self, **policies: Any) -> None:
        body = {**PAPER, "policies": {"offline_vouchers": 2, **policies}}
        assert self.till.client.post("/v1/programmes", json=body, headers=self.till.auth).status_code == 201
        assert self.till.client.post("/v1/programmes/papel/1/publish", headers=self.till.auth).status_code == 200

    def agent(self, name: str = "agent") -> Agent:
        """An agent with today's replica; one of the same name goes on where it ended."""
        (self.folder / name).mkdir(exist_ok=True)
        made = Agent(self.folder / name, AgentConfig.model_validate({"store": {"code": "LX1"}}), None, {}, self.service.clock)
        page = self.till.signed("/v1/replica", {"since": 0})
        made.replica.apply(Replica.model_validate_json(page.content), self.service.clock.now)
        self.agents.append(made)
        return made

    def sale(self, number: str, card: str = "", **more: Any) -> SalesDocument:
        return SalesDocument.model_validate(
            self.till.document(
                number, LINES, customer={"card": card} if card else {}, fiscal={"issuer": "501442600", "number": number}, **more
            )
        )

    def sell(self, agent: Agent, number: str, card: str = "", request: str = "", **more: Any) -> CommitResponse:
        return agent.till.commit(CommitRequest(request_id=request or number, document=self.sale(number, card, **more)))

    def send(self, agent: Agent) -> list[str]:
        """The line is back: all that waits goes up, as the sender sends it."""
        rows = agent.outbox.db.read("SELECT payload FROM outbox ORDER BY seq")
        return [one["status"] for one in self.till.push(*(json.loads(row["payload"]) for row in rows))]

    def voucher(self, code: str) -> dict[str, Any]:
        reply = self.till.get(f"/v1/vouchers/{code}")
        assert reply.status_code == 200, code
        found: dict[str, Any] = reply.json()
        return found

    def known(self, code: str) -> bool:
        return self.till.get(f"/v1/vouchers/{code}").status_code == 200

    def all(self) -> list[str]:
        found = self.till.get("/v1/vouchers").json()["items"]
        return sorted(one["code"] for one in found if one["state"] == "active")

    def pays(self, code: str) -> str:
        """What a till elsewhere says of the code: the amount that it pays, or why not."""
        basket = self.till.document("basket", LINES)["lines"]
        body = {"store": "PT2", "at": self.service.clock.now.isoformat(), "lines": basket, "stored_value": [{"code": code}]}
        used = self.till.ok("quote", body)["stored_value"][0]
        return str(used["problem"] or used["amount"])


@pytest.fixture
def shop(start: Start, tmp_path: Path) -> Iterator[Shop]:
    made = Shop(start(f"sqlite:///{tmp_path / 'v5.sqlite'}"), tmp_path)
    made.publish()
    yield made
    for agent in made.agents:
        agent.close()


def codes(reply: CommitResponse) -> list[str]:
    return [one.code for one in reply.vouchers]


@pytest.mark.feature("FM-26", "FM-29", "PR-07", "NX-03")
def test_what_the_paper_says_is_what_the_cloud_gives_once_it_knows_the_sale(shop: Shop) -> None:
    card = shop.till.customer()["card"]
    agent = shop.agent()
    anonymous, member = shop.sell(agent, "FT A/1"), shop.sell(agent, "FT A/2", card)
    (first,), (second,) = codes(anonymous), codes(member)
    printed = [line.text for line in anonymous.receipt]
    assert f"Código {first}" in printed
    assert any(line.qr == f"V5:{fold_code(first)}" for line in anonymous.receipt)
    assert any("20,00" in line.text for line in member.receipt), "the minimum of the next purchase"
    assert (anonymous.vouchers[0].amount, member.vouchers[0].percent) == (500, 1000)
    # Nobody can use it before the sale is there: not elsewhere, and not at this very store.
    assert (shop.known(first), shop.pays(first)) == (False, "unknown")
    basket = QuoteRequest.model_validate(
        {"store": "LX1", "at": shop.service.clock.now, "lines": shop.till.document("b", LINES)["lines"], "stored_value": [{"code": first}]}
    )
    assert agent.till.quote(basket).stored_value[0].problem == "offline"

    assert shop.send(agent) == ["accepted"] * 2
    assert shop.all() == sorted([first, second])
    assert (shop.voucher(first)["balance"], shop.pays(first)) == ("5.00", "5.00")
    assert shop.voucher(second)["customer"] == shop.till.customer()["id"]
    # Told again in every way that there is: the same two.
    shop.send(agent)
    shop.sell(agent, "FT A/1", request="another request")
    shop.sell(agent, "FT A/1", request="FT A/1")
    shop.send(agent)
    shop.till.commit(json.loads(shop.sale("FT A/2", card).model_dump_json()))
    assert shop.all() == sorted([first, second])
    shop.service.sound()


@pytest.mark.feature("FM-26", "NX-03")
def test_two_vouchers_of_one_sale_have_two_codes(shop: Shop) -> None:
    def sell(agent: Agent, number: str, gross: str, card: str = "") -> list[str]:
        sold = shop.till.document(
            number, [("CAFE-250", "mercearia", gross)], customer={"card": card}, fiscal={"issuer": "501442600", "number": number}
        )
        return codes(agent.till.commit(CommitRequest(request_id=number, document=SalesDocument.model_validate(sold))))

    agent = shop.agent()
    made = sell(agent, "FT A/1", "240.00")
    assert len(set(made)) == 2
    assert shop.send(agent) == ["accepted"]
    assert shop.all() == sorted(made)
    # Within what the store may print, and nothing of which others may have taken the last.
    full = shop.agent("full")
    assert (len(sell(full, "FT B/1", "80.00")), len(sell(full, "FT B/2", "240.00"))) == (1, 1)
    assert len(sell(shop.agent("many"), "FT C/1", "600.00", shop.till.customer()["card"])) == 1


@pytest.mark.feature("FM-26", "NX-03")
def test_a_store_prints_no_more_than_it_may(shop: Shop) -> None:
    card = shop.till.customer()["card"]
    agent = shop.agent()
    replies = [shop.sell(agent, f"FT A/{number}") for number in (1, 2, 3)]
    assert [len(codes(one)) for one in replies] == [1, 1, 0], "two at most, until the cloud has heard of them"
    assert [len(one.messages) for one in replies] == [0, 0, 1], "the third follows"
    assert codes(shop.sell(agent, "FT A/2", request="again")) == codes(replies[1]), "what was printed stays printed"
    shop.send(agent)
    assert len(shop.all()) == 3
    fresh = shop.agent("second")
    twice = [shop.sell(fresh, f"FT B/{number}", card) for number in (1, 2)]
    assert [[one.rule for one in reply.vouchers] for reply in twice] == [["cliente"], []], "one a day and customer"


@pytest.mark.feature("FM-26", "NX-03")
def test_a_sale_that_is_told_again_has_the_code_that_is_on_its_paper(shop: Shop) -> None:
    """With room for more vouchers, so that nothing but the sale decides; also by an agent that was started again."""
    agent = shop.agent()
    (code,) = codes(shop.sell(agent, "FT A/1"))
    assert codes(shop.sell(agent, "FT A/1", request="again")) == [code]
    agent.close()
    later = shop.agent()
    assert codes(shop.sell(later, "FT A/1", request="once more")) == [code]
    (second,) = codes(shop.sell(later, "FT A/2"))
    assert second != code, "there was room for one more: the first counts once"
    assert shop.send(later) == ["accepted"] * 2
    assert shop.all() == sorted([code, second])


@pytest.mark.feature("FM-29", "NX-03")
def test_other_sources_may_tell_of_the_sale_first(shop: Shop) -> None:
    agent = shop.agent()
    (code,) = codes(shop.sell(agent, "FT A/1"))
    told = json.loads(shop.sale("FT A/1").model_dump_json())
    shop.till.push(shop.till.event("document", {**told, "source": "phc", "source_id": "77", "origin": "erp"}))
    (other,) = shop.all()
    assert other != code, "the cloud made one of its own: nobody has it in hand"
    shop.send(agent)
    assert shop.all() == [code]
    assert shop.pays(other) == "used_up"
    shop.service.sound()


@pytest.mark.feature("FM-29", "NX-03")
def test_a_late_answer_knows_the_code_that_was_printed(shop: Shop) -> None:
    """The cloud had the request and the till did not wait: what it printed meanwhile is what the request said."""
    asked: list[bytes] = []
    agent = shop.agent()
    agent.till._cloud.ask = lambda _, request, *__, **___: asked.append(request.model_dump_json().encode())  # type: ignore[method-assign]
    (code,) = codes(shop.sell(agent, "FT A/1"))
    reply = shop.till.ok("commit", json.loads(asked[0]))
    assert [one["code"] for one in reply["vouchers"]] == [code]
    assert shop.send(agent) == ["accepted"]
    assert shop.all() == [code]


@pytest.mark.feature("FM-26", "NX-03")
def test_the_thief(shop: Shop) -> None:
    till, agent = shop.till, shop.agent()
    victim = till.client.post(
        "/v1/vouchers", json={"request_id": "v", "kind": "voucher", "amount": "50.00"}, headers=till.auth
    ).json()["items"][0]["code"]  # fmt: skip

    def with_codes(number: str, *printed: tuple[str, str], **more: Any) -> dict[str, Any]:
        said = [{"rule": rule, "code": code} for rule, code in printed]
        return {**till.document(number, LINES, **more), "printed": said}

    # Codes of somebody else, weak ones, of rules that give nothing here, and the same one for two sales.
    assert codes_of(till.commit(with_codes("x-1", ("papel/volte", victim)))) != [victim]
    assert shop.voucher(victim)["balance"] == "50.00"
    assert codes_of(till.commit(with_codes("x-2", ("papel/volte", "1")))) != ["1"]
    mine = make_code()
    reply = till.commit(with_codes("x-3", ("papel/primeiros", mine), ("papel/cliente", make_code()), ("nothing/here", make_code())))
    assert not shop.known(mine)
    assert len([one for one in reply["messages"] if "impresso" in one["text"]]) == 3, "a person is told of each"
    taken = make_code()
    assert codes_of(till.commit(with_codes("x-4", ("papel/volte", taken)))) == [f"{taken[:4]}-{taken[4:8]}-{taken[8:]}"]
    assert codes_of(till.commit(with_codes("x-5", ("papel/volte", taken)))) != codes_of(
        till.commit(with_codes("x-4", ("papel/volte", taken)))
    )
    before = shop.all()

    # A copy of the store's disk: the same sale is one sale, another sale has codes of its own, and none of them can be guessed.
    (first,) = codes(shop.sell(agent, "FT A/1"))
    agent.close()
    shop.agents.remove(agent)
    shutil.copytree(shop.folder / "agent", shop.folder / "stolen")
    here, there = shop.agent(), shop.agent("stolen")
    (honest,), (forged,) = codes(shop.sell(here, "FT A/2")), codes(shop.sell(there, "FT A/3"))
    assert len({first, honest, forged}) == 3
    shop.send(here)
    shop.send(there)
    assert sorted(shop.all()) == sorted([*before, first, honest, forged]), "three sales were told, three vouchers"
    replica = till.signed("/v1/replica", {"since": 0}).text
    assert not any(fold_code(one) in replica for one in (first, honest, forged)), "the copy that stores hold has no bearer's codes"
    stranger = shop.agent("stranger")
    assert codes(shop.sell(stranger, "FT A/1")) != [first], "another machine does not come to the same code"
    shop.service.sound()


def codes_of(reply: dict[str, Any]) -> list[str]:
    return [str(one["code"]) for one in reply["vouchers"]]


@pytest.mark.feature("FM-26", "PR-07")
def test_a_return_says_which_vouchers_it_took_back(shop: Shop) -> None:
    till, agent = shop.till, shop.agent()
    (code,) = codes(shop.sell(agent, "FT A/1"))
    shop.send(agent)
    back: Callable[[str, str], dict[str, Any]] = lambda number, gross: till.give(  # noqa: E731
        till.document(number, [("CAFE-250", "mercearia", gross)], kind="return", reference={"document": "FT A/1", "line": "1"})
    )
    part = back("NC 1", "10.00")
    assert (part["withdrawn"], part["vouchers"]) == ([], []), "70.00 still reach the step"
    rest = back("NC 2", "30.00")
    assert [(one["code"], one["amount"]) for one in rest["withdrawn"]] == [(code, "0.00")]
    assert f"Anulado: {code}" in [line["text"] for line in rest["receipt"]]
    assert back("NC 3", "40.00")["withdrawn"] == [], "it is gone already"
    assert shop.pays(code) == "used_up"
    # The credit notes were mistakes: with the second one cancelled the sale reaches the step again, and its voucher is good again.

    def undo(number: str) -> dict[str, Any]:
        body = {"request_id": f"x-{number}", "store": "LX1", "at": shop.service.clock.now.isoformat(), "document": f"number:{number}"}
        return till.ok("cancel", body)

    assert undo("NC 3")["vouchers"] == []
    again = undo("NC 2")
    assert [(one["code"], one["amount"]) for one in again["vouchers"]] == [(code, "5.00")]
    assert shop.pays(code) == "5.00"
    assert [one["code"] for one in undo("FT A/1")["withdrawn"]] == [code]
    assert shop.pays(code) == "used_up"
    # A coupon or a percentage goes with the whole sale too.
    card = till.customer()["card"]
    (percent,) = codes_of(till.commit({**till.document("s-1", LINES, customer={"card": card})}))[:1]
    gone = till.give(till.document("n-1", LINES, kind="return", customer={"card": card}, refs=[{"document": "s-1"}]))
    assert [(one["code"], one["percent"]) for one in gone["withdrawn"]] == [(percent, "10")]
    shop.service.sound()
