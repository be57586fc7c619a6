"""Segments in the back office: defined by small forms or by criteria, counted as one types, exported, refused to whoever may not."""

from __future__ import annotations

import html
import re
import time
from typing import TYPE_CHECKING

import pytest

from v5_cloud.sample import load
from v5_cloud.segments import refreshing, rounds
from v5_cloud.segments.readymade import READY
from v5_cloud.users.service import add_user
from v5_core.criteria import parse
from v5_core.segments import SEGMENT_FIELDS

if TYPE_CHECKING:
    from tests.cloud.conftest import Service, Start
    from tests.cloud.pages.conftest import Person, SignIn

PASSWORD = "dez letras ou mais"
GIVEN: dict[str, dict[str, str | list[str]]] = {
    "bands": {"r_low": "4", "f_low": "2", "f_high": "3"},
    "frequency": {"often": ["weekly", "monthly"]},
    "spend": {"low": "12,50", "high": "100", "period": "last month"},
    "months": {"bought": "2026-03", "missed": "2026-04"},
    "quiet": {"days": "90"},
    "favourite": {"product": "CAFE'1", "family": "vinhos"},
    "store": {"preferred": "LX1", "home": "PT2"},
    "age": {"low": "18", "high": "30"},
    "birthday": {"days": "7"},
    "incomplete": {"missing": ["email", "phone"]},
}
WRITTEN = {
    "champions": "r = 5 and f >= 4 and v >= 4",
    "bands": "r >= 4 and f between 2 and 3",
    "frequency": "frequency in ('weekly', 'monthly')",
    "spend": "spend('last month') between 12.50 and 100",
    "months": "bought('2026-03') and not bought('2026-04')",
    "quiet": "days_since_sale >= 90",
    "favourite": "favourite_product = 'CAFE''1' and favourite_family = 'vinhos'",
    "store": "preferred_store = 'LX1' and home_store = 'PT2'",
    "age": "age between 18 and 30",
    "birthday": "days_to_birthday <= 7",
    "incomplete": "email = '' or phone = ''",
}


@pytest.mark.feature("RS-03", "PR-25")
def test_each_ready_made_form_writes_its_criteria(service: Service, person: SignIn) -> None:
    admin = person(service)
    home = f"/segments/{service.sample['company']}"
    for kind in READY:
        assert admin.get(f"{home}/new?kind={kind}").status_code == 200
        fields = GIVEN.get(kind, {}) | {"csrf": admin.token(), "kind": kind, "title": f"Os {kind}"}
        shown = html.unescape(admin.post(f"{home}/check", fields).text)
        if kind in WRITTEN:
            assert WRITTEN[kind] in shown, kind
        saved = admin.post(f"{home}/new", fields)
        assert (saved.status_code, saved.headers["location"].rsplit("#", 1)[1]) == (303, f"s-os-{kind}"), kind
        kept = service.till().get(f"/v1/segments/os-{kind}").json()["where"]
        parse(kept, SEGMENT_FIELDS)
        assert kept == WRITTEN.get(kind, kept), kind


@pytest.mark.feature("RS-03")
def test_a_segment_is_worked_out_shown_with_its_offers_and_exported(service: Service, person: SignIn) -> None:
    admin = person(service)
    home = f"/segments/{service.sample['company']}"
    form = {"csrf": admin.token(), "title": "=Todos", "where": "member_days >= 0"}
    assert admin.post(f"{home}/new", form).status_code == 303
    assert "being worked out" in admin.get("/segments").text
    assert admin.post(f"{home}/refresh", {"csrf": admin.token()}).status_code == 303
    count = len(service.sample["customers"])
    assert re.search(rf'font-semibold">{count}<', worked_out(admin))
    file = admin.get(f"{home}/todos/export")
    assert file.headers["content-type"].startswith("text/csv")
    assert len(file.text.strip().splitlines()) == count + 1
    # Who asks for it is named where it is.
    start = admin.post("/programmes/start", {"csrf": admin.token(), "company": service.sample["company"], "name": "Novo"})
    rule = start.headers["location"] + "/offers"
    offer = {"at": "-1", "kind": "percent_lines", "f.kind": "percent_lines", "f.title": "Para todos", "f.percent": "5"}
    stamp = re.search(r'name="stamp" value="(\w+)"', admin.get(f"{rule}?kind=percent_lines").text)
    assert stamp
    saved = admin.post(rule, offer | {"csrf": admin.token(), "stamp": stamp[1], "f.when.segments": "todos"})
    assert saved.status_code == 303
    assert "Para todos" in admin.get(f"{home}/todos").text
    # A mistake is said with its place, and nothing is lost.
    wrong = admin.post(f"{home}/todos", form | {"where": "sepnd > 3"})
    assert (wrong.status_code, "unknown field" in wrong.text, "sepnd" in wrong.text) == (422, True, True)
    for language, said in (("pt", "No carácter 1: campo desconhecido: 'sepnd'; espera-se um de"), ("fr", "champ inconnu : 'sepnd'")):
        admin.cookies["v5_lang"] = language
        for path in ("check", "todos"):
            shown = html.unescape(admin.post(f"{home}/{path}", form | {"where": "sepnd > 3"}).text).replace("\N{NO-BREAK SPACE}", " ")
            assert said in shown, (language, path)
    admin.cookies["v5_lang"] = "en"
    assert admin.post(f"{home}/todos/remove", {"csrf": admin.token()}).status_code == 303
    assert admin.get(f"{home}/todos").status_code == 404


def worked_out(someone: Person) -> str:
    """The list once everybody is worked out; that is done in the background."""
    for _ in range(400):
        page = someone.get("/segments").text
        if 'id="round"' not in page:
            return page
        time.sleep(0.02)
    raise AssertionError(page)


@pytest.mark.feature("RS-03")
def test_working_everybody_out_is_followed_piece_by_piece_by_one_process_and_gone_on_with(
    service: Service, person: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin, home = person(service), f"/segments/{service.sample['company']}"
    assert admin.post(f"{home}/new", {"csrf": admin.token(), "title": "Todos", "where": "member_days >= 0"}).status_code == 303
    monkeypatch.setattr(refreshing, "_PIECE", 5)
    monkeypatch.setattr(rounds, "_TOLD_EVERY", -1)
    # Whoever works on it in the background dies before it begins.
    monkeypatch.setattr("v5_cloud.segments.pages.begin", lambda *_: None)
    assert admin.post(f"{home}/refresh", {"csrf": admin.token()}).status_code == 303
    assert 'id="round"' in admin.get("/segments").text
    assert refreshing.refresh(service.held, service.scope) == 0, "somebody works on it"
    seen = []
    tell = rounds.Round.tell

    def told(self: rounds.Round, done: int, total: int) -> None:
        tell(self, done, total)
        page = admin.get(f"{home}/progress").text
        assert f'value="{done}" max="{total}"' in page
        seen.append((done, total))

    monkeypatch.setattr(rounds.Round, "tell", told)
    service.clock.forward(minutes=6)
    count = len(service.sample["customers"])
    assert refreshing.refresh_stale(service.held, service.scope) == count, "housekeeping goes on with what is broken off"
    assert sorted({done for done, _ in seen}) == list(range(0, count + 1 if count % 5 == 0 else count, 5))
    assert {total for _, total in seen} == {count}
    assert 'hx-trigger="load"' in admin.get(f"{home}/progress").text
    whole = admin.get("/segments", **{"hx-request": "true", "hx-request-type": "partial"}).text
    assert whole.lstrip().startswith('<div id="segments">')
    assert f'font-semibold">{count}<' in whole


@pytest.mark.feature("V5-01")
def test_segments_are_for_whoever_may_and_for_no_other_tenant(start: Start, database_url: str, person: SignIn) -> None:
    service = start(database_url)
    admin, home = person(service), f"/segments/{service.sample['company']}"
    assert admin.post(f"{home}/new", {"csrf": admin.token(), "title": "Todos", "where": "sales >= 0"}).status_code == 303
    expected = {"manager": (200, 403), "viewer": (403, 403), "cashier": (403, 403)}
    for role, (reads, writes) in expected.items():
        email = f"{role}@exemplo.pt"
        add_user(service.held.database, service.sample["tenant"], email=email, password=PASSWORD, role=role, now=service.clock.now)
        someone = person(service, email, PASSWORD)
        for path in ("/segments", f"{home}/progress", f"{home}/todos", f"{home}/todos/export"):
            assert someone.get(path).status_code == reads, (role, path)
        for path in (f"{home}/new", f"{home}/todos", f"{home}/todos/remove"):
            assert someone.post(path, {"csrf": someone.token(), "title": "x", "where": "sales > 1"}).status_code == writes, (role, path)
    login = load(service.held, seed=3, customers=4)["login"]
    stranger = person(service, login["email"], login["password"])
    for path in (f"{home}/progress", f"{home}/todos", f"{home}/todos/export", f"/segments?company={service.sample['company']}"):
        assert stranger.get(path).status_code == 404, path
    for path in (f"{home}/check", f"{home}/refresh", f"{home}/new", f"{home}/todos/remove"):
        assert stranger.post(path, {"csrf": stranger.token(), "where": "sales > 0"}).status_code == 404, path
