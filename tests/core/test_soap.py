"""SOAP as a till's vendor meets it: zeep reads the WSDL and drives every operation over HTTP."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
import zeep
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from v5_core import soap
from v5_core.errors import ConflictError, FieldError, NotFoundError, RetryableError
from v5_core.hooks import (
    Benefit,
    CancelRequest,
    CancelResponse,
    CommitRequest,
    CommitResponse,
    CustomerView,
    EnrolRequest,
    EnrolResponse,
    Explanation,
    HoldRequest,
    HoldResponse,
    IdentifyRequest,
    IdentifyResponse,
    Message,
    QuoteRequest,
    QuoteResponse,
    ReceiptLine,
    ReturnRequest,
    ReturnResponse,
    Reward,
)
from v5_core.model import Balance, Card, Wire

NS = "urn:v5:hooks:1"
NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
MARIA = CustomerView(
    customer="c1",
    name="Maria Conceição €",
    cards=(Card(number="2000000000015"), Card(number="2000000000022", active=False)),
    balance=Balance(available=12_500, expiring=500, expiring_on=date(2026, 12, 31)),
    member_since=date(2020, 1, 2),
    messages=(Message(audience="cashier", text="Faz anos hoje"),),
)


class Till:
    """Answers with what it was asked, so that a test sees both directions."""

    def __init__(self) -> None:
        self.asked: list[Wire] = []
        self.error: Exception | None = None

    def _note(self, request: Wire) -> None:
        self.asked.append(request)
        if self.error:
            raise self.error

    def identify(self, request: IdentifyRequest) -> IdentifyResponse:
        self._note(request)
        return IdentifyResponse(customer=MARIA, candidates=(MARIA, MARIA), directives=("Sorria", "Saco: 0,10 €"))

    def enrol(self, request: EnrolRequest) -> EnrolResponse:
        self._note(request)
        return EnrolResponse(customer=MARIA, created=True, provisional=True)

    def quote(self, request: QuoteRequest) -> QuoteResponse:
        self._note(request)
        return QuoteResponse(
            total=8_99,
            discount=1_00,
            benefits=(Benefit(rule="ten", title="10 %", amount=1_00, shares={"1": 34, "2": 66}),),
            points_earned=8_990,
            rewards=(Reward(rule="mug", title="Caneca", cost=50_000, missing=37_500),),
            explanations=(Explanation(rule="ten", version=3, lines=("1", "2"), text="10 % de 9,99"),),
        )

    def hold(self, request: HoldRequest) -> HoldResponse:
        self._note(request)
        return HoldResponse(hold="h1", points=request.points, amount=50, expires_at=NOON)

    def commit(self, request: CommitRequest) -> CommitResponse:
        self._note(request)
        footer = (ReceiptLine(text="Ganhou 9 pontos", align="center", bold=True), ReceiptLine(qr="https://v5.example/r/1"))
        return CommitResponse(document=request.document.keys[0], points_earned=9_000, balance=MARIA.balance, receipt=footer)

    def cancel(self, request: CancelRequest) -> CancelResponse:
        self._note(request)
        return CancelResponse(released=True)

    def return_(self, request: ReturnRequest) -> ReturnResponse:
        self._note(request)
        return ReturnResponse(document=request.document.keys[0], points_taken=4_500, balance=Balance(available=-1_500))


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def till() -> Till:
    return Till()


@pytest.fixture
def client(till: Till) -> Iterator[zeep.Client]:
    address = ""

    def application(environ: dict[str, Any], start: Any) -> list[bytes]:
        if environ["REQUEST_METHOD"] == "GET":
            start("200 OK", [("Content-Type", soap.CONTENT_TYPE)])
            return [soap.wsdl(address)]
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        status, reply = soap.handle(body, soap.operations(till))
        start(f"{status} -", [("Content-Type", soap.CONTENT_TYPE)])
        return [reply]

    with make_server("127.0.0.1", 0, application, handler_class=_Quiet) as server:
        address = f"http://127.0.0.1:{server.server_port}/soap"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            with zeep.Client(f"{address}?wsdl") as found:
                yield found
        finally:
            server.shutdown()
            thread.join()


def document(**change: object) -> dict[str, object]:
    base: dict[str, object] = {
        "source": "till",
        "source_id": "42",
        "origin": "hook",
        "kind": "sale",
        "fiscal": {"issuer": "500000000", "number": "FS A/1", "atcud": "CDF7T5HD-1"},
        "store": "L1",
        "issued_at": NOON,
        "customer": {"card": "2000000000015"},
        "lines": [
            {
                "line_id": "1",
                "product": "P1",
                "quantity": Decimal("1.5"),
                "gross": Decimal("10.00"),
                "net": Decimal("8.13"),
                "vat_rate": 23,
            },
            {"line_id": "2", "product": "P2", "gross": Decimal("2.5"), "net": Decimal("2.36"), "reference": {"document": "FS A/0"}},
        ],
        "payments": [{"method": "points", "amount": Decimal("0.50"), "hold": "h1"}, {"method": "cash", "amount": Decimal("12.00")}],
        "gross": Decimal("12.50"),
        "net": Decimal("10.49"),
    }
    return base | change


def post(body: str | bytes, till: Till | None = None) -> etree._Element:
    status, reply = soap.handle(body.encode() if isinstance(body, str) else body, soap.operations(till or Till()))
    root = etree.fromstring(reply)
    assert (status == 200) == (root.find(".//faultcode") is None)
    return root


def envelope(inner: str, header: str = "") -> str:
    space = "http://schemas.xmlsoap.org/soap/envelope/"
    return f'<s:Envelope xmlns:s="{space}" xmlns="{NS}">{header}<s:Body>{inner}</s:Body></s:Envelope>'


def problem(root: etree._Element) -> tuple[str, list[str]]:
    code = root.findtext(f".//{{{NS}}}problem/{{{NS}}}code")
    assert code is not None
    return code, [str(entry.findtext(f"{{{NS}}}field")) for entry in root.iter(f"{{{NS}}}errors")]


def test_zeep_drives_a_whole_sale(client: zeep.Client, till: Till) -> None:
    found = client.service.identify(store="L1", key="912345678")
    assert found.customer.name == "Maria Conceição €"
    assert [card.number for card in found.customer.cards] == ["2000000000015", "2000000000022"]
    assert found.customer.balance.available == Decimal("12.5")
    assert found.customer.balance.expiring_on == date(2026, 12, 31)
    assert len(found.candidates) == 2
    assert found.directives == ["Sorria", "Saco: 0,10 €"]
    assert found.provisional is False

    made = client.service.enrol(request_id="r1", store="L1", name="João Ávila", birth_date=date(1980, 2, 29), consent_sms=True)
    assert made.created is True
    assert till.asked[-1] == EnrolRequest(request_id="r1", store="L1", name="João Ávila", birth_date=date(1980, 2, 29), consent_sms=True)

    lines = document()["lines"]
    quoted = client.service.quote(store="L1", at=NOON, lines=lines, points_to_use=Decimal("0.5"))
    assert quoted.total == Decimal("8.99")
    assert {share.line: share.amount for share in quoted.benefits[0].shares.share} == {"1": Decimal("0.34"), "2": Decimal("0.66")}
    assert quoted.rewards[0].missing == Decimal("37.5")
    assert quoted.explanations[0].lines == ["1", "2"]

    held = client.service.hold(request_id="r2", store="L1", at=NOON, customer={"customer": "c1"}, points=Decimal("0.5"), ttl_seconds=60)
    assert (held.hold, held.points, held.amount, held.expires_at) == ("h1", Decimal("0.5"), Decimal("0.50"), NOON)

    done = client.service.commit(request_id="r3", document=document())
    assert done.document == "fiscal:500000000:FS A/1"
    assert [line.qr for line in done.receipt] == [None, "https://v5.example/r/1"]
    sent = till.asked[-1]
    assert isinstance(sent, CommitRequest)
    assert sent.document.gross == 1250
    assert sent.document.lines[0].quantity == 1500
    assert sent.document.lines[0].vat_rate == 2300
    assert sent.document.lines[1].reference is not None
    assert [payment.hold for payment in sent.document.payments] == ["h1", None]
    assert sent.document.issued_at == NOON

    back = client.service["return"](request_id="r4", document=document(kind="return"))
    assert (back.points_taken, back.balance.available) == (Decimal("4.5"), Decimal("-1.5"))
    assert client.service.cancel(request_id="r5", store="L1", at=NOON, hold="h1").released is True
    assert len(till.asked) == 7


@pytest.mark.parametrize(
    ("error", "code", "status", "side"),
    [
        (ConflictError("sent before with another body"), "conflict", 409, "soap:Client"),
        (NotFoundError("no such customer", errors=(FieldError("key", "unknown", "scan again"),)), "not_found", 404, "soap:Client"),
        (RetryableError("the line is down"), "retry", 503, "soap:Server"),
    ],
)
def test_a_refusal_reaches_zeep_with_the_problems_fields(
    client: zeep.Client, till: Till, error: Exception, code: str, status: int, side: str
) -> None:
    till.error = error
    with pytest.raises(zeep.exceptions.Fault) as caught:
        client.service.identify(store="L1", key="912345678")
    assert caught.value.code == side
    told = client.get_element(f"{{{NS}}}problem").parse(caught.value.detail[0], client.wsdl.types)
    assert (told.code, told.status, told.detail) == (code, status, str(error))
    assert [entry.field for entry in told.errors] == [entry.field for entry in getattr(error, "errors", ())]


def test_what_breaks_inside_tells_the_caller_nothing(till: Till, caplog: pytest.LogCaptureFixture) -> None:
    till.error = ZeroDivisionError("maria@example.com")
    root = post(envelope("<identify><store>L1</store><key>91</key></identify>"), till)
    text = etree.tostring(root, encoding="unicode")
    assert problem(root) == ("internal", [])
    assert not re.search("maria|Zero|Traceback|File", text)
    assert "ZeroDivisionError" in caplog.text
    assert "maria" not in caplog.text


def test_wrong_fields_are_named_as_rest_names_them(till: Till) -> None:
    line = "<lines><line_id>1</line_id><product>P</product><gross>{}</gross><net>1.00</net></lines>"
    quote = "<quote><store>L1</store><at>2026-03-14T12:00:00{}</at>{}</quote>"
    wrong = {
        quote.format("Z", line.format("1.00") + line.format("dez").replace(">1<", ">2<")): ["lines.1.gross"],
        quote.format("Z", line.format("1.005")): ["lines.0.gross"],
        quote.format("Z", line.format("1e2")): ["lines.0.gross"],
        quote.format("Z", line.format("-1")): ["lines.0.gross"],
        quote.format("", line.format("1.00")): ["at"],
        quote.format("Z", ""): ["lines"],
        quote.format("Z", line.format("1.00").replace("<product>P</product>", "")): ["lines.0.product"],
        "<identify><store>L1</store></identify>": ["key"],
        quote.format("Z", line.format("1.00").replace("<net>", "<colour/><net>")): ["lines.0.colour"],
        "<identify><store>L1</store><key>9</key></identify>": ["key"],
        "<identify><store>L1</store><key>91</key><key>92</key></identify>": ["key"],
        "<identify><store>L1</store><key><b>91</b></key></identify>": ["key"],
    }
    for inner, fields in wrong.items():
        code, named = problem(post(envelope(inner), till))
        assert code == "validation", inner
        assert [field for field in fields if field in named] == fields, (inner, named)
    assert till.asked == []


def test_what_toolkits_differ_in_does_not_matter(till: Till) -> None:
    nil = 'xmlns:x="http://www.w3.org/2001/XMLSchema-instance" x:nil="true"'
    inner = f"""<enrol>
      <name>Zé</name><!-- any order --> <store>L1</store><request_id>r</request_id>
      <birth_date {nil}/><email/><phone></phone><consent_sms>1</consent_sms></enrol>"""
    assert post(envelope(inner), till).find(".//faultcode") is None
    assert till.asked == [EnrolRequest(request_id="r", store="L1", name="Zé", consent_sms=True)]
    zoned = "<enrol><request_id>r</request_id><store>L1</store><birth_date>1980-02-29+02:00</birth_date></enrol>"
    post(envelope(zoned).encode("utf-16"), till)
    post(envelope(zoned), till)
    assert till.asked[1] == till.asked[2] == EnrolRequest(request_id="r", store="L1", birth_date=date(1980, 2, 29))


def test_attacks_and_junk_are_faults() -> None:
    bomb = '<!DOCTYPE b [<!ENTITY a "aaaaaaaaaa">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 9)).replace(
        "&a0;", "&a;"
    )
    asked = "<identify><store>&a8;</store><key>91</key></identify>"
    cases = {
        '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
        + envelope("<identify><store>&x;</store><key>91</key></identify>"): "malformed",
        bomb + "]>" + envelope(asked): "malformed",
        "<!DOCTYPE x>" + envelope(asked.replace("&a8;", "L1")): "malformed",
        "": "malformed",
        "GET / HTTP/1.1": "malformed",
        "<a><b></a>": "malformed",
        "<a/>": "malformed",
        envelope(""): "malformed",
        envelope("<identify/><identify/>"): "malformed",
        envelope("<drop/>"): "unknown_operation",
        envelope('<identify xmlns="urn:other"/>'): "unknown_operation",
        envelope("<identify><store>L1</store><key>" + "9" * 262_144 + "</key></identify>"): "too_large",
    }
    for body, code in cases.items():
        root = post(body)
        assert problem(root)[0] == code, body[:200]
        assert b"root:" not in etree.tostring(root)


def test_soap_names_its_own_refusals() -> None:
    fine = "<identify><store>L1</store><key>91</key></identify>"
    newer = envelope(fine).replace("http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope")
    assert post(newer).findtext(".//faultcode") == "soap:VersionMismatch"
    must = '<s:Header><Security s:mustUnderstand="1"/></s:Header>'
    assert post(envelope(fine, must)).findtext(".//faultcode") == "soap:MustUnderstand"
    assert post(envelope(fine, must.replace("1", "0"))).find(".//faultcode") is None
    assert problem(etree.fromstring(soap.handle(envelope(fine).encode(), {})[1]))[0] == "unknown_operation"


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_get_a_fault(body: bytes) -> None:
    assert post(body).find(".//faultcode") is not None


# Name, text and children.
Tree = tuple[str, str, list["Tree"]]
_NAMES = st.sampled_from(["identify", "quote", "commit", "store", "key", "lines", "gross", "at", "customer", "shares", "nonsense"])
_TREES: st.SearchStrategy[Tree] = st.recursive(
    st.builds(lambda name, text: (name, text, []), _NAMES, st.text("ab1.-Z:&<]\u00e7\U0001f600 ", max_size=8)),
    lambda inner: st.builds(lambda name, children: (name, "", children), _NAMES, st.lists(inner, max_size=4)),
    max_leaves=12,
)


def _build(tree: Tree) -> etree._Element:
    element = etree.Element(f"{{{NS}}}{tree[0]}")
    element.text = tree[1]
    element.extend(_build(child) for child in tree[2])
    return element


@settings(max_examples=150, deadline=None)
@given(_TREES)
def test_any_elements_get_an_answer_or_named_fields(tree: Tree) -> None:
    root = post(envelope(etree.tostring(_build(tree), encoding="unicode")))
    if root.find(".//faultcode") is not None:
        assert problem(root)[0] in {"validation", "unknown_operation"}
