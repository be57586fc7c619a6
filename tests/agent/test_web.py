"""The local service as its callers meet it, and as an attacker would."""

from __future__ import annotations

import http.client
import json
import re
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn
from zeep import Client, Settings
from zeep.transports import Transport

from v5_agent.web import create_app

if TYPE_CHECKING:
    from tests.agent.conftest import World


TOKEN = "t0ken-of-the-till"
INES = "9512000144105"


class Local:
    """Talks to the running service with nothing but what it is given."""

    def __init__(self, port: int) -> None:
        self.port = port

    def ask(
        self, method: str, path: str, body: Any = None, host: str | list[str] | None = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for value in [f"127.0.0.1:{self.port}"] if host is None else [host] if isinstance(host, str) else host:
                connection.putheader("Host", value)
            raw = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
            if body is not None and "Content-Length" not in headers:
                connection.putheader("Content-Length", str(len(raw)))
            for name, value in headers.items():
                connection.putheader(name.replace("_", "-"), value)
            connection.endheaders(raw or None)
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read()
        finally:
            connection.close()

    def hook(self, operation: str, body: Any, **headers: str) -> tuple[int, dict[str, Any]]:
        status, _, raw = self.ask("POST", f"/v1/hooks/{operation}", body, **{"Authorization": f"Bearer {TOKEN}", **headers})
        return status, json.loads(raw)

    def session(self, **headers: str) -> str:
        _, given, _ = self.ask("GET", "/", **headers)
        return given["set-cookie"].split(";")[0]


@pytest.fixture
def local(world: World) -> Iterator[Local]:
    agent = world.agent()
    agent.pull()
    agent.line.down(world.clock(), "cut")
    ports: list[int] = []
    config = uvicorn.Config(create_app(agent, TOKEN, lambda: ports[0]), port=0, log_config=None, ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
    ports.append(server.servers[0].sockets[0].getsockname()[1])
    yield Local(ports[0])
    server.should_exit = True
    thread.join()


def commit_body(world: World, number: int = 1, gross: str = "12.50") -> dict[str, Any]:
    document = json.loads(world.sale(number, source="till").model_dump_json())
    document |= {"origin": "hook", "customer": {"card": INES}}
    document["gross"] = document["lines"][0]["gross"] = gross
    return {"request_id": f"c{number}", "document": document}


# ── tills ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.feature("PR-22")
def test_a_sale_by_rest(local: Local, world: World) -> None:
    status, answer = local.hook("identify", {"store": "LX1", "key": INES})
    assert (status, answer["customer"]["balance"]["available"]) == (200, "300")
    lines = commit_body(world)["document"]["lines"]
    status, quote = local.hook("quote", {"store": "LX1", "at": "2026-11-20T10:00:00Z", "customer": {"card": INES}, "lines": lines})
    assert (status, quote["points_earned"]) == (200, "12")
    status, hold = local.hook(
        "hold", {"request_id": "h", "store": "LX1", "at": "2026-11-20T10:00:00Z", "customer": {"card": INES}, "points": "100"}
    )
    assert (status, hold["amount"]) == (200, "5.00")
    body = commit_body(world)
    body["document"]["payments"] = [{"method": "points", "amount": "5.00", "hold": hold["hold"]}]
    status, sold = local.hook("commit", body)
    assert (status, sold["points_spent"], sold["provisional"]) == (200, "100", True)
    assert local.hook("commit", body) == (200, sold | {"duplicate": True})
    assert local.hook("commit", commit_body(world, 1, "13.50"))[0] == 409


def test_a_sale_by_soap(local: Local, world: World) -> None:
    transport = Transport()
    transport.session.headers["Authorization"] = f"Bearer {TOKEN}"
    client = Client(f"http://127.0.0.1:{local.port}/soap?wsdl", transport=transport, settings=Settings(strict=True))
    try:
        answer = client.service.identify(store="LX1", key=INES)
        assert answer.customer.name == "Inês Gonçalves"
        with pytest.raises(Exception, match="contract"):
            client.service.identify(store="LX1", key="x")
    finally:
        transport.session.close()


def test_bad_input_names_the_field_and_a_number_is_no_amount(local: Local, world: World) -> None:
    body = commit_body(world)
    body["document"]["gross"] = 12.5
    status, problem = local.hook("commit", body)
    assert status == 422
    assert "document.gross" in [one["field"] for one in problem["errors"]]
    body["document"]["gross"] = 1250
    assert local.hook("commit", body)[0] == 422
    assert local.hook("commit", b"null")[0] == 422
    for raw in (b"{", b"\xff\xfe", b"[" * 5000, b'{"a": NaN}'):
        status, problem = local.hook("commit", raw)
        assert (status, problem["code"]) == (400, "malformed")
    assert local.hook("frobnicate", {})[0] == 404
    assert world.agent().outbox.stats().queued == 0


def test_without_the_token_nothing_is_answered(local: Local, world: World) -> None:
    for path in ("/v1/hooks/identify", "/soap", "/v1/admin/poll", "/v1/admin/send"):
        for header in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}, {"Authorization": "Bearer "}):
            status, _, raw = local.ask("POST", path, {"store": "LX1", "key": INES}, **header)
            assert status == 401
            assert b"In\\u00eas" not in raw


def test_admin_polls_and_sends_now(local: Local, world: World) -> None:
    world.erp.records = [world.sale(n) for n in range(5)]
    status, _, raw = local.ask("POST", "/v1/admin/poll", b"", Authorization=f"Bearer {TOKEN}")
    report = json.loads(raw)
    assert status == 200
    assert report["polled"]["list"]["captured"] == 5
    assert report["sent"]["accepted"] == 5
    assert report["queue_depth"] == 0
    assert local.ask("POST", "/v1/admin/poll?source=nobody", b"", Authorization=f"Bearer {TOKEN}")[0] == 404


# ── attackers ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1.evil.example:{port}", "127.0.0.1:1", "127.1:{port}", "0.0.0.0:{port}",
     "localhost:{port}.evil.example", "[::1]:{port}", "127.0.0.1:{port}@evil.example", ""],
)  # fmt: skip
def test_a_name_that_was_made_to_point_here_is_refused(local: Local, host: str) -> None:
    for method, path in (("GET", "/"), ("POST", "/v1/hooks/identify"), ("GET", "/health.json"), ("POST", "/ui/identify")):
        status, headers, _ = local.ask(method, path, host=host.format(port=local.port), Authorization=f"Bearer {TOKEN}")
        assert status == 421 or (host == "" and status == 400)
        assert "set-cookie" not in headers


def test_two_hosts_or_none_are_refused(local: Local) -> None:
    good = f"127.0.0.1:{local.port}"
    assert local.ask("GET", "/health.json", host=[good, "evil.example"])[0] in {400, 421}
    assert local.ask("GET", "/health.json", host=[])[0] in {400, 421}
    assert local.ask("GET", "/health.json", host=f"localhost:{local.port}")[0] == 200


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1", "http://localhost:1", "https://127.0.0.1:{port}", "file://"]
)
def test_a_web_page_of_another_origin_is_refused_even_with_everything_right(local: Local, origin: str) -> None:
    cookie = local.session()
    origin = origin.format(port=local.port)
    for method, path in (
        ("POST", "/ui/identify"),
        ("POST", "/v1/hooks/identify"),
        ("POST", "/soap"),
        ("GET", "/"),
        ("GET", "/health.json"),
    ):
        status, _, _ = local.ask(
            method, path, {"key": INES}, Cookie=cookie, X_V5_Companion="1", Origin=origin, Authorization=f"Bearer {TOKEN}"
        )
        assert status == 403


def test_the_hooks_hear_no_page_at_all_not_even_our_own(local: Local) -> None:
    own = f"http://127.0.0.1:{local.port}"
    assert local.hook("identify", {"store": "LX1", "key": INES}, Origin=own)[0] == 403
    assert local.ask("OPTIONS", "/v1/hooks/identify", Origin=own, Access_Control_Request_Method="POST")[0] == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site", "weird"])
def test_the_browser_s_own_word_about_another_site_is_believed(local: Local, site: str) -> None:
    for method, path in (("GET", "/"), ("POST", "/ui/identify"), ("GET", "/health")):
        status, headers, _ = local.ask(method, path, Sec_Fetch_Site=site)
        assert status == 403
        assert "set-cookie" not in headers


def test_a_forged_form_has_no_header_and_no_cookie_of_ours(local: Local) -> None:
    cookie = local.session()
    assert local.ask("POST", "/ui/identify", {"key": INES}, Cookie=cookie)[0] == 401
    assert local.ask("POST", "/ui/identify", {"key": INES}, X_V5_Companion="1")[0] == 401
    assert local.ask("POST", "/ui/identify", {"key": INES}, X_V5_Companion="1", Cookie="v5_companion=guess")[0] == 401
    assert local.ask("GET", "/ui/status", Cookie=cookie)[0] == 401


def test_the_session_cookie_is_kept_from_scripts_and_other_sites(local: Local) -> None:
    _, headers, _ = local.ask("GET", "/")
    flags = headers["set-cookie"].lower()
    assert "httponly" in flags
    assert "samesite=strict" in flags


def test_pages_run_nothing_that_is_not_ours_and_sit_in_no_frame(local: Local) -> None:
    for path in ("/", "/health", "/?lang=en", "/health?lang=en"):
        status, headers, raw = local.ask("GET", path)
        assert status == 200
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        page = raw.decode()
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", page)
        assert not re.search(r"(?:src|href)=\"(?:https?:)?//", page)


def test_a_large_body_is_refused_before_it_is_read(local: Local, world: World) -> None:
    assert local.hook("commit", b"x" * (256 * 1024 + 1))[0] == 413
    assert local.ask("POST", "/v1/hooks/commit", b"{}", Authorization=f"Bearer {TOKEN}", Content_Length="2")[0] in {400, 422}
    connection = http.client.HTTPConnection("127.0.0.1", local.port, timeout=10)
    try:
        chunks = (b"x" * 60_000 for _ in range(6))
        connection.request("POST", "/v1/hooks/commit", body=chunks, headers={"Authorization": f"Bearer {TOKEN}"}, encode_chunked=True)
        assert connection.getresponse().status == 413
    except (BrokenPipeError, ConnectionResetError):
        pass  # refused while it was still being sent: as good
    finally:
        connection.close()


def test_paths_lead_nowhere_else(local: Local) -> None:
    for path in ("/static/../config.py", "/static/%2e%2e/config.py", "/static/..%2f..%2fcli.py", "/docs", "/openapi.json", "/hooks.token"):
        assert local.ask("GET", path)[0] in {400, 404}


# ── people ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.feature("PR-09", "PR-30")
def test_the_companion_identifies_and_enrols(local: Local) -> None:
    cookie = local.session()
    own = {"Cookie": cookie, "X_V5_Companion": "1", "Origin": f"http://127.0.0.1:{local.port}", "Sec_Fetch_Site": "same-origin"}
    status, _, raw = local.ask("POST", "/ui/identify", {"key": INES}, **own)
    assert (status, json.loads(raw)["customer"]["name"]) == (200, "Inês Gonçalves")
    form = {
        "request_id": "e1",
        "name": "Rui <b>Matos</b>",
        "phone": "915555555",
        "email": "",
        "birth_date": "1990-02-30",
        "tax_country": "PT",
    }
    status, _, raw = local.ask("POST", "/ui/enrol", form, **own)
    assert status == 422
    assert json.loads(raw)["errors"][0]["field"] == "birth_date"
    status, _, raw = local.ask("POST", "/ui/enrol", form | {"birth_date": ""}, **own)
    assert (status, json.loads(raw)["created"]) == (200, True)
    assert local.ask("POST", "/ui/identify", {"key": ["x"]}, **own)[0] == 422
    assert local.ask("POST", "/ui/identify", b"[1]", **own)[0] == 422
    assert json.loads(local.ask("GET", "/ui/status", **own)[2])["online"] is False


def test_health_says_it_in_both_languages_and_for_programs(local: Local, world: World) -> None:
    world.erp.records = [world.sale(1)]
    agent = world.agent()
    agent.poll()
    agent.check()
    _, _, page = local.ask("GET", "/health?lang=pt")
    assert "Mais antigo por enviar" in page.decode()
    _, _, page = local.ask("GET", "/health", Accept_Language="en-GB,en;q=0.9,pt;q=0.1")
    assert "Oldest unsent" in page.decode()
    status, _, raw = local.ask("GET", "/health.json")
    seen = json.loads(raw)
    assert (status, seen["queue_depth"], seen["light"], seen["agent"]) == (200, 1, "green", "agent-1")
    world.clock.move(20 * 60)
    assert json.loads(local.ask("GET", "/health.json")[2])["light"] == "yellow"
    world.clock.move(5 * 3600)
    assert json.loads(local.ask("GET", "/health.json")[2])["light"] == "red"
