"""Messages to managers: told once for each use whatever is retried, sent by real servers, and nothing of them in a log."""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from v5_cloud.kit.container import carriers
from v5_cloud.kit.settings import Settings
from v5_cloud.ledger.tasks import housekeeping
from v5_cloud.messages.fake import MemoryCarrier
from v5_cloud.messages.mail import SmtpMail
from v5_cloud.messages.port import Carrier, CarrierDownError, MessageRefusedError, MessageUnconfirmedError, Outgoing
from v5_cloud.messages.repository import MessageRepository
from v5_cloud.messages.service import Addressee, erase, queue, send_again
from v5_cloud.messages.sms import HttpSms
from v5_cloud.models import Company, MessageRow, Store
from v5_cloud.tenants import changes
from v5_core.errors import ConflictError, NotFoundError, V5Error, ValidationError

if TYPE_CHECKING:
    from tests.cloud.conftest import Service, Start, Till

MAIL, PHONE = "gerente@aurora.example", "+351912345678"
VIP = {
    "id": "vips", "version": 1, "name": "VIP",
    "offers": [{"kind": "card_discount", "id": "vip", "title": "Cartão VIP", "percent": "20", "codes": ["#VIP#"], "notify": True,
                "members_only": False}],
    "vouchers": [{"kind": "anonymous", "id": "volte", "title": "Volte sempre", "steps": [{"amount_from": "50.00", "amount": "5.00"}],
                  "notify": True}],
}  # fmt: skip


# ── every carrier keeps the same promises ──────────────────────────────────────────────────────────────────────────────────────
@dataclass
class Post:
    """A mail server or an SMS gateway over a real socket; `mood` is what it does next."""

    mood: str = ""
    sent: list[tuple[str, str, str, str]] = field(default_factory=list)

    async def handle_RCPT(self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]) -> str:  # noqa: N802
        if self.mood == "refuse":
            return "550 no such person"
        if self.mood == "down":
            return "451 try later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        found = message_from_bytes(bytes(envelope.original_content or b""), policy=policy.default)
        body = found.get_body()
        assert body is not None
        self.sent.append((envelope.rcpt_tos[0], str(found["subject"]), body.get_content().strip(), str(found["message-id"])))
        if self.mood == "silent":
            assert server.transport is not None
            server.transport.close()
        return "250 OK"


@pytest.fixture
def mail_server() -> Iterator[tuple[Post, SmtpMail]]:
    """A real SMTP server on loopback."""
    post = Post()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(post, hostname="127.0.0.1", port=port)
    controller.start()
    yield post, SmtpMail("127.0.0.1", port, "Aurora <clube@aurora.example>", tls="none", timeout=5)
    controller.stop()


@pytest.fixture
def gateway() -> Iterator[tuple[Post, str]]:
    """A real HTTP server that takes messages."""
    post = Post()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            status = {"refuse": 422, "down": 503}.get(post.mood, 202)
            if status == 202:
                post.sent.append((body["phone"], "", body["message"], self.headers["idempotency-key"]))
                assert body["from"] == "Aurora"
                assert self.headers["authorization"] == "Bearer s3cret"
            if post.mood == "silent":
                self.close_connection = True
                self.connection.close()
                return
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield post, f"http://127.0.0.1:{server.server_address[1]}/messages"
    server.shutdown()
    server.server_close()


def sms(url: str, **more: Any) -> HttpSms:
    return HttpSms(url, "s3cret", sender="Aurora", fields={"to": "phone", "text": "message"}, timeout=5, **more)


@pytest.mark.parametrize("kind", ["memory", "mail", "sms"])
def test_every_carrier_keeps_the_promises_of_the_port(kind: str, request: pytest.FixtureRequest) -> None:
    memory = MemoryCarrier()
    carrier: Carrier = memory
    mood: Callable[[str], None]
    if kind == "memory":

        def mood(what: str) -> None:
            memory.down, memory.silent = what == "down", what == "silent"
            memory.refused = {MAIL} if what == "refuse" else set()

    else:
        post, made = request.getfixturevalue("mail_server" if kind == "mail" else "gateway")
        carrier = made if kind == "mail" else sms(made)

        def mood(what: str) -> None:
            post.mood = what

    one = Outgoing("m_1", MAIL if kind != "sms" else PHONE, "Cartão VIP", "Usado em Aurora: 12,50 €\n. fim")
    mood("")
    carrier.send(one)
    for what, error in (("down", CarrierDownError), ("refuse", MessageRefusedError), ("silent", MessageUnconfirmedError)):
        mood(what)
        with pytest.raises(error):
            carrier.send(one)
    arrived = [(sent.recipient, sent.text) for sent in memory.sent] if kind == "memory" else [(sent[0], sent[2]) for sent in post.sent]
    arrived = [(to, text.replace("\r\n", "\n")) for to, text in arrived]  # mail ends its lines so
    assert arrived == [(one.recipient, one.text)] * 2, "once, and once without our being told"
    if kind == "mail":
        assert {(title, name) for _, title, _, name in post.sent} == {("Cartão VIP", "<m_1@aurora.example>")}


def test_what_cannot_be_reached_or_written_to(gateway: tuple[Post, str]) -> None:
    nobody = Outgoing("m_1", "no address", "", "x")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    for carrier in (SmtpMail("127.0.0.1", port, "a@b.example", tls="none"), sms(f"http://127.0.0.1:{port}/")):
        with pytest.raises(CarrierDownError):
            carrier.send(Outgoing("m_1", MAIL, "", "x"))
    # A recipient is data: it can be no second header and no second recipient.
    for wrong in ("no address", "a@b.example\r\nBcc: all@b.example", "a@b.example, c@d.example"):
        with pytest.raises(MessageRefusedError):
            SmtpMail("127.0.0.1", port, "a@b.example").send(Outgoing("m_1", wrong, "", "x"))
    post, url = gateway
    post.mood = "silent"
    with pytest.raises(CarrierDownError):  # may be sent again: the gateway knows it by its key
        sms(url, idempotent=True).send(nobody)


# ── what is told, and how often ────────────────────────────────────────────────────────────────────────────────────────────────
def vip(service: Service) -> tuple[Till, MemoryCarrier, MemoryCarrier]:
    """A shop with a VIP card, whose manager has an address and a number."""
    till = service.till()
    assert till.client.post("/v1/programmes", json=VIP, headers=till.auth).status_code == 201
    assert till.client.post("/v1/programmes/vips/1/publish", headers=till.auth).status_code == 200
    values = {"manager_email": MAIL, "manager_phone": PHONE}
    changes.change(service.held, service.scope, Company, service.scope.company, values, actor="test")
    mail, phone = MemoryCarrier(), MemoryCarrier()
    service.held.carriers = {"email": mail, "sms": phone}
    return till, mail, phone


def used(till: Till, number: str, **more: Any) -> dict[str, Any]:
    applied = [{"rule": "vip", "code": "#VIP#"}]
    return till.document(number, [("CAFE-250", "mercearia", "80.00")], applied=applied, **more)


@pytest.mark.feature("FM-35")
def test_the_manager_is_told_of_each_use_of_a_vip_card_once_however_often_it_is_sent(service: Service) -> None:
    till, mail, phone = vip(service)
    till.enrol_agent()
    card = {"customer": {"card": till.customer()["card"]}}
    fiscal = {"issuer": "501442600", "number": "FT A/1"}
    sale = used(till, "v-1", fiscal=fiscal, **card)
    till.commit(sale, "r-vip")
    till.commit(sale, "r-vip")
    till.commit(sale, "another id")
    till.push(till.event("document", {**sale, "origin": "erp", "source": "phc", "source_id": "77", "applied": []}))
    till.push(till.event("document", sale))
    till.commit(till.document("plain", [("CAFE-250", "mercearia", "9.00")], **card))
    with ThreadPoolExecutor(4) as many:
        list(many.map(lambda _: housekeeping(service.held), range(4)))
    assert [one.recipient for one in mail.sent] == [MAIL]
    name = till.get(f"/v1/customers/{till.customer()['id']}").json()["name"]
    text = mail.sent[0].text
    assert all(part in text for part in ("Cartão VIP", name, "80,00", "FT A/1", "20/11/2026 10:00")), text
    assert [one.recipient for one in phone.sent] == [PHONE]


@pytest.mark.feature("FM-35", "FM-29")
def test_uses_without_a_customer_and_vouchers_that_say_so_are_told_old_sales_are_not(start: Start, tmp_path: Any) -> None:
    service = start(f"sqlite:///{tmp_path / 'v5.sqlite'}")
    till, mail, _ = vip(service)
    changes.change(service.held, service.scope, Store, store_id(service, "LX1"), {"manager_email": "chiado@aurora.example"}, actor="test")
    reply = till.commit(used(till, "v-2"))
    assert [one["kind"] for one in reply["vouchers"]] == ["voucher"]
    old = used(till, "v-old")
    till.commit({**old, "issued_at": "2026-10-01T10:00:00+00:00"})
    housekeeping(service.held)
    assert sorted(one.title for one in mail.sent) == ["Cartão VIP: Loja de Lisboa", "Volte sempre: Loja de Lisboa"]
    assert {one.recipient for one in mail.sent} == {"chiado@aurora.example"}
    for wrong in ({"manager_email": "nobody"}, {"manager_phone": "912"}):
        with pytest.raises(ValidationError):
            changes.change(service.held, service.scope, Company, service.scope.company, wrong, actor="test")


def store_id(service: Service, code: str) -> str:
    shops = service.till().get("/v1/stores").json()
    return str(next(one["id"] for one in shops["items"] if one["code"] == code))


def write(service: Service, *, to: Addressee, subject: str = "s-1", **more: Any) -> str:
    from v5_cloud.kit.bulk import WriteSet

    rows = queue(service.scope, to, "test", subject, "Olá", "Inês comprou", service.held.clock(), **more)
    with service.held.database.write(service.scope) as session:
        writes = WriteSet(service.scope)
        writes.put(MessageRow, rows, "keep")
        writes.flush(session, 0)
    return str(rows[0]["id"])


def state(service: Service, message: str) -> tuple[str, int, str]:
    with service.held.database.read(service.scope) as session:
        row = MessageRepository(session, service.scope).lock(message)
        assert row is not None
        return row.state, row.attempts, row.text


def due(service: Service, message: str) -> datetime:
    with service.held.database.read(service.scope) as session:
        row = MessageRepository(session, service.scope).lock(message)
        assert row is not None
        return row.due_at


@pytest.mark.feature("FM-35")
def test_a_carrier_that_is_down_is_tried_later_and_stale_news_is_not_sent(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    mail = MemoryCarrier(down=True)
    service.held.carriers = {"email": mail}
    first = write(service, to=Addressee(email=MAIL))
    assert write(service, to=Addressee(email="another@aurora.example")) == first, "the same thing is told once"
    pauses = []
    for _ in range(5):
        housekeeping(service.held)
        pauses.append(due(service, first) - service.clock.now)
        service.clock.now = due(service, first)
    assert [round(one.total_seconds()) for one in pauses] == [30, 60, 120, 240, 480]
    second = write(service, to=Addressee(email=MAIL), subject="s-2")
    housekeeping(service.held)
    assert state(service, second)[1] + state(service, first)[1] == 6, "one look a round is enough to know that the server is down"
    mail.down = False
    service.clock.forward(hours=1)
    housekeeping(service.held)
    assert [one.key for one in mail.sent].count(first) == 1
    assert len(mail.sent) == 2
    late = write(service, to=Addressee(phone=PHONE), subject="s-3")
    service.clock.forward(days=3)
    housekeeping(service.held)
    assert (state(service, late)[0], state(service, first)[0]) == ("expired", "sent")
    service.clock.forward(days=31)
    housekeeping(service.held)
    assert [state(service, one)[2] for one in (first, late)] == ["", ""], "nobody needs the words any more"
    assert MAIL not in caplog.text
    assert "Inês" not in caplog.text


@pytest.mark.feature("FM-35", "RS-12")
def test_what_may_have_arrived_is_not_sent_again_by_itself(service: Service) -> None:
    mail = MemoryCarrier(silent=True, refused={"gone@aurora.example"})
    service.held.carriers = {"email": mail}
    doubt = write(service, to=Addressee(email=MAIL))
    refused = write(service, to=Addressee(email="gone@aurora.example"), subject="s-2")
    housekeeping(service.held)
    service.clock.forward(hours=12)
    housekeeping(service.held)
    assert (state(service, doubt)[0], state(service, refused)[0], len(mail.sent)) == ("unconfirmed", "refused", 1)
    mail.silent = False
    send_again(service.held, service.scope, doubt)  # a person looked
    housekeeping(service.held)
    assert (state(service, doubt)[0], len(mail.sent)) == ("sent", 2)
    with pytest.raises(NotFoundError):
        send_again(service.held, service.scope, doubt)


@dataclass
class Dies:
    """A process that ends while it sends."""

    def send(self, message: Outgoing) -> None:
        raise KeyboardInterrupt(message.key)


@pytest.mark.feature("FM-35", "RS-02", "RS-12")
def test_a_process_that_died_blocked_customers_and_erasure(start: Start, tmp_path: Any) -> None:
    service = start(f"sqlite:///{tmp_path / 'v5.sqlite'}")
    till, mail = service.till(), MemoryCarrier()
    ana, rui = till.customer(0)["id"], till.customer(1)["id"]
    service.held.carriers = {"email": Dies()}
    broken = write(service, to=Addressee(email=MAIL))
    with pytest.raises(KeyboardInterrupt):
        housekeeping(service.held)
    service.held.carriers = {"email": mail}
    housekeeping(service.held)
    assert (state(service, broken)[0], mail.sent) == ("sending", []), "whoever has it may still be at it"
    service.clock.forward(minutes=11)
    housekeeping(service.held)
    assert (state(service, broken)[0], mail.sent) == ("unconfirmed", [])

    to_ana = write(service, to=Addressee(email="ana@aurora.example", customer=ana), subject="s-2")
    about_rui = write(service, to=Addressee(email=MAIL), subject="s-3", about=rui)
    block = till.client.patch(f"/v1/customers/{ana}", json={"blocked": True}, headers={**till.auth, "if-match": "*"})
    assert block.status_code == 200, block.text
    assert erase(service.held, service.scope, rui) == 1
    housekeeping(service.held)
    assert mail.sent == []
    assert (state(service, to_ana)[0], state(service, about_rui)) == ("cancelled", ("cancelled", 0, ""))


@dataclass
class Busy:
    """A carrier during whose work something else happens; then it is down, perhaps."""

    meanwhile: Callable[[], object]
    down: bool = True
    sent: int = 0

    def send(self, message: Outgoing) -> None:
        assert message.recipient
        self.sent += 1
        self.meanwhile()
        if self.down:
            raise CarrierDownError("busy")


@pytest.mark.feature("RS-12")
def test_what_happens_while_a_message_is_under_way_stands(start: Start, tmp_path: Any) -> None:
    service = start(f"sqlite:///{tmp_path / 'v5.sqlite'}")
    rui = service.till().customer(1)["id"]
    erasing = Busy(lambda: erase(service.held, service.scope, rui))
    service.held.carriers = {"email": erasing}
    about_rui = write(service, to=Addressee(email=MAIL), about=rui)
    for _ in range(2):
        housekeeping(service.held)
        service.clock.forward(minutes=1)
    assert (state(service, about_rui), erasing.sent) == (("cancelled", 1, ""), 1)
    erasing.down = False
    both = [write(service, to=Addressee(email=MAIL), subject=name, about=rui) for name in ("s-3", "s-4")]
    housekeeping(service.held)
    assert (sorted(state(service, one)[0] for one in both), erasing.sent) == (["cancelled", "sent"], 2)

    # So slow that another worker ended it: what comes back too late changes nothing.
    def give_up() -> None:
        service.clock.forward(minutes=11)
        housekeeping(service.held)

    slow = Busy(give_up)
    service.held.carriers = {"email": slow}
    late = write(service, to=Addressee(email=MAIL), subject="s-2", part="offer")
    housekeeping(service.held)
    assert (state(service, late)[0], slow.sent) == ("unconfirmed", 1)
    assert write(service, to=Addressee(email=MAIL), subject="s-2", part="voucher") != late


def test_settings_say_how_messages_go() -> None:
    env = {
        "V5_SMTP": '{"host": "mail.example", "sender": "Aurora <a@b.example>", "user": "u", "password": "hush"}',
        "V5_SMS": '{"url": "https://sms.example/m", "token": "hush", "fields": {"to": "phone"}}',
    }
    made: dict[str, Carrier] = carriers(Settings.from_env(env))
    assert sorted(made) == ["email", "sms"]
    assert carriers(Settings.from_env({})) == {}
    assert "hush" not in repr(Settings.from_env(env))
    with pytest.raises((V5Error, ConflictError)):
        Settings.from_env({"V5_SMTP": '{"host": "mail.example", "sender": "nobody"}'})
