"""Gift cards that another system keeps: time-outs, retries, reversal; each unit of money is in one place, whatever the line does."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from v5_cloud.giftcards.fake import MemoryGiftCards
from v5_cloud.giftcards.port import ExternalGiftCards, GiftCardRefusedError, GiftCardUnreachableError
from v5_cloud.giftcards.rest import RestGiftCards
from v5_cloud.ledger.tasks import housekeeping
from v5_core.money import format_scaled, parse_scaled

if TYPE_CHECKING:
    from tests.cloud.conftest import Service, Till

CARD = "EXT-77 a"


@dataclass
class Elsewhere:
    """The other system over real HTTP; `moods` are taken one by one: "503", "lose" (done, and no answer), "drop" (nothing done)."""

    cards: MemoryGiftCards = field(default_factory=lambda: MemoryGiftCards({CARD: 5000}))
    moods: list[str] = field(default_factory=list)
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    url: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, method: str, path: str, key: str, body: dict[str, str]) -> tuple[int, dict[str, Any]]:
        with self.lock:
            self.asked.append((method, path, key))
            parts = path.strip("/").split("/")
            try:
                return self._done(parts, key, body)
            except GiftCardRefusedError as error:
                return 409, {"detail": error.message.rpartition(": ")[2]}

    def _done(self, parts: list[str], key: str, body: dict[str, str]) -> tuple[int, dict[str, Any]]:
        cards, amount = self.cards, parse_scaled(body.get("amount", "0"), 2)
        if parts[0] == "cards":
            found = cards.balance(parts[1].replace("%20", " "))
            return (404, {}) if found is None else (200, {"amount": format_scaled(found.amount, 2), "currency": found.currency})
        if parts[0] == "refunds":
            cards.refund(key, body["code"], amount, body["currency"])
        elif len(parts) == 1:
            cards.reserve(key, body["code"], amount, body["currency"])
        elif parts[2] == "capture":
            cards.capture(parts[1], amount)
        else:
            cards.reverse(parts[1])
        return 200, {}

    @property
    def money(self) -> int:
        """On cards and in open reservations: what was not spent."""
        return sum(self.cards.cards.values()) + sum(amount for _, amount, state in self.cards.reserved.values() if state == "open")


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    system = Elsewhere()
    release = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)) or b"{}")
            mood = system.moods.pop(0) if system.moods else ""
            status: int = 503
            answer: dict[str, Any] = {}
            if mood not in ("503", "drop"):
                status, answer = system.answer(self.command, self.path, self.headers.get("idempotency-key", ""), body)
            if mood in ("lose", "drop"):
                release.wait(5)
                self.close_connection = True
                return
            raw = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_POST = _serve  # noqa: N815 - the library asks for these names

        def log_message(self, format: str, *args: object) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    system.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield system
    release.set()
    server.shutdown()
    server.server_close()
    thread.join(timeout=5)


@pytest.fixture
def rest(elsewhere: Elsewhere) -> Iterator[RestGiftCards]:
    adapter = RestGiftCards(elsewhere.url, "secret", timeout=0.3, pause=0.01)
    yield adapter
    adapter.close()


@pytest.fixture(params=["memory", "rest"])
def port(request: pytest.FixtureRequest, elsewhere: Elsewhere) -> ExternalGiftCards:
    """The shipped fake and the adapter keep the same promises."""
    if request.param == "memory":
        return elsewhere.cards
    adapter: RestGiftCards = request.getfixturevalue("rest")
    return adapter


def test_the_promises_of_the_port(port: ExternalGiftCards, elsewhere: Elsewhere) -> None:
    balance = port.balance(CARD)
    assert balance is not None
    assert (balance.amount, port.balance("nobody")) == (5000, None)
    port.reserve("k1", CARD, 2000, "EUR")
    port.reserve("k1", CARD, 2000, "EUR")
    port.capture("k1", 1500)
    port.capture("k1", 1500)
    with pytest.raises(GiftCardRefusedError, match="not enough"):
        port.reserve("k2", CARD, 9999, "EUR")
    port.reverse("k3")
    with pytest.raises(GiftCardRefusedError):
        port.reserve("k3", CARD, 100, "EUR")
    port.refund("k4", CARD, 500, "EUR")
    port.refund("k4", CARD, 500, "EUR")
    assert elsewhere.cards.cards[CARD] == 4000


def test_an_answer_that_is_late_is_asked_for_again_under_the_same_key(rest: RestGiftCards, elsewhere: Elsewhere) -> None:
    elsewhere.moods = ["lose", "503"]
    rest.reserve("k1", CARD, 2000, "EUR")
    assert elsewhere.cards.cards[CARD] == 3000
    assert [key for _, _, key in elsewhere.asked] == ["k1", "k1"]


def test_a_line_that_stays_dead_says_that_nothing_is_known(rest: RestGiftCards, elsewhere: Elsewhere) -> None:
    elsewhere.moods = ["lose", "drop", "drop"]
    with pytest.raises(GiftCardUnreachableError):
        rest.reserve("k1", CARD, 2000, "EUR")
    rest.reverse("k1")
    assert elsewhere.cards.cards[CARD] == 5000


@dataclass
class Shop:
    """A till of a shop whose programme takes the other system's cards."""

    service: Service
    till: Till

    def hold(self, amount: str, request_id: str = "h1") -> Any:
        stored = [{"code": CARD, "amount": amount}]
        at = self.service.clock.now.isoformat()
        return self.till.hook("hold", {"request_id": request_id, "store": "LX1", "at": at, "stored_value": stored})

    def sale(self, number: str, gross: str, hold: str) -> None:
        lines = [("CAFE-250", "mercearia", gross)]
        self.till.commit(self.till.document(number, lines, payments=[{"method": "gift_card", "amount": gross, "hold": hold}]))

    def cancel(self, **what: str) -> None:
        body = {"request_id": f"c-{next(self.till.count)}", "store": "LX1", "at": self.service.clock.now.isoformat(), **what}
        self.till.ok("cancel", body)

    def later(self, rounds: int = 1, **delta: float) -> None:
        """Time passes, and housekeeping comes by."""
        for _ in range(rounds):
            self.service.clock.forward(**delta)
            housekeeping(self.service.held)


@pytest.fixture
def shop(service: Service, till: Till, rest: RestGiftCards) -> Shop:
    service.held.gift_cards = {"acme": rest}
    kind = {"id": "acme-card", "title": "Acme", "kind": "gift_card", "external": "acme"}
    saved = till.client.post(
        "/v1/programmes", json={"id": "cards", "version": 1, "name": "Cards", "stored_value": [kind]}, headers=till.auth
    )
    assert saved.status_code == 201, saved.text
    assert till.client.post("/v1/programmes/cards/1/publish", headers=till.auth).status_code == 200
    return Shop(service, till)


@pytest.mark.feature("V5-17")
def test_a_quote_knows_the_card_and_reserves_nothing(shop: Shop, elsewhere: Elsewhere) -> None:
    line = {"line_id": "1", "product": "CAFE-250", "gross": "40.00", "net": "40.00"}
    basket = {"store": "LX1", "at": shop.service.clock.now.isoformat(), "lines": [line], "stored_value": [{"code": CARD}]}
    quote = shop.till.ok("quote", basket)
    assert (quote["to_pay"], quote["stored_value"][0]["amount"], quote["stored_value"][0]["left"]) == ("0.00", "40.00", "10.00")
    assert elsewhere.cards.cards[CARD] == 5000
    elsewhere.moods = ["drop"] * 3
    quote = shop.till.ok("quote", basket)
    assert (quote["to_pay"], quote["stored_value"][0]["problem"]) == ("40.00", "unavailable")
    assert quote["stored_value"][0]["text"]


@pytest.mark.feature("V5-17")
def test_a_sale_takes_what_was_reserved(shop: Shop, elsewhere: Elsewhere) -> None:
    held = shop.hold("40.00").json()
    assert (held["stored_value"][0]["amount"], elsewhere.cards.cards[CARD]) == ("40.00", 1000)
    assert shop.hold("40.00").json() == held, "the same call again is the same hold"
    shop.sale("s1", "40.00", held["hold"])
    shop.later(hours=1)
    assert [state for _, _, state in elsewhere.cards.reserved.values()] == ["captured"]
    assert elsewhere.money == 1000
    shop.service.sound()


@pytest.mark.feature("V5-17")
def test_a_sale_that_takes_less_frees_the_rest(shop: Shop, elsewhere: Elsewhere) -> None:
    shop.sale("s1", "25.00", shop.hold("40.00").json()["hold"])
    shop.later(hours=1)
    assert elsewhere.cards.cards[CARD] == 2500
    shop.service.sound()


@pytest.mark.feature("V5-17")
def test_a_hold_that_is_cancelled_or_lapses_is_reversed_there(shop: Shop, elsewhere: Elsewhere) -> None:
    shop.cancel(hold=shop.hold("40.00").json()["hold"])
    shop.later(hours=1)
    assert elsewhere.cards.cards[CARD] == 5000
    shop.hold("30.00", "h2")
    shop.later(2, hours=1)
    assert elsewhere.cards.cards[CARD] == 5000
    shop.service.sound()


@pytest.mark.feature("V5-17")
def test_an_answer_that_never_came_is_reversed_and_the_till_hears_of_it(shop: Shop, elsewhere: Elsewhere) -> None:
    elsewhere.moods = ["lose", "drop", "drop"]
    reply = shop.hold("40.00")
    assert (reply.status_code, reply.json()["code"]) == (503, "gift_card_unreachable")
    assert elsewhere.cards.cards[CARD] == 1000, "it was done there"
    elsewhere.moods = ["drop"] * 3
    shop.later(minutes=5)
    assert elsewhere.cards.cards[CARD] == 1000, "the reversal got no answer either"
    shop.later(minutes=5)
    assert elsewhere.cards.cards[CARD] == 5000


@pytest.mark.feature("V5-17")
def test_a_capture_without_an_answer_is_told_again(shop: Shop, elsewhere: Elsewhere) -> None:
    shop.sale("s1", "40.00", shop.hold("40.00").json()["hold"])
    elsewhere.moods = ["lose", "drop", "drop"]
    shop.later(2, hours=1)
    assert [state for _, _, state in elsewhere.cards.reserved.values()] == ["captured"]
    assert elsewhere.money == 1000


@pytest.mark.feature("V5-17")
def test_a_card_without_enough_is_refused_in_words(shop: Shop) -> None:
    reply = shop.hold("60.00")
    assert (reply.status_code, reply.json()["code"]) == (409, "gift_card_refused")
    assert "not enough on the card" in reply.json()["detail"]


@pytest.mark.feature("V5-17")
def test_what_a_cancelled_sale_gives_back_reaches_the_card_once(shop: Shop, elsewhere: Elsewhere) -> None:
    shop.sale("s1", "40.00", shop.hold("40.00").json()["hold"])
    shop.later(hours=1)
    shop.cancel(document="s1")
    elsewhere.moods = ["lose", "drop", "drop"]
    shop.later(4, hours=1)
    assert elsewhere.cards.cards[CARD] == 5000
    shop.service.sound()


@pytest.mark.feature("V5-17")
def test_a_hold_that_is_refused_for_another_reason_leaves_nothing_reserved_there(shop: Shop, elsewhere: Elsewhere) -> None:
    card = shop.till.customer()["card"]
    body = {
        "request_id": "mixed", "store": "LX1", "at": shop.service.clock.now.isoformat(), "customer": {"card": card},
        "stored_value": [{"code": CARD, "amount": "20.00"}], "points": "999999",
    }  # fmt: skip
    assert shop.till.hook("hold", body).json()["code"] == "insufficient_points"
    assert elsewhere.cards.cards[CARD] == 5000, "at once, not when its time is over"
    elsewhere.moods = ["", "503", "503", "503"]
    assert shop.till.hook("hold", body).json()["code"] == "insufficient_points"
    assert elsewhere.cards.cards[CARD] == 3000, "the other system does not answer just now"
    shop.later(rounds=2, minutes=2)
    assert elsewhere.cards.cards[CARD] == 5000
    again = shop.till.hook("hold", {**body, "points": "0"})
    assert (again.status_code, elsewhere.cards.cards[CARD]) == (200, 3000)
    assert shop.till.hook("hold", {**body, "points": "0"}).json() == again.json()
    assert shop.till.hook("hold", {**body, "points": "0", "ttl_seconds": 60}).json()["code"] == "idempotency_conflict"
    assert elsewhere.cards.cards[CARD] == 3000, "the hold that there is stays"
