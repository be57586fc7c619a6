"""The form of a programme: made from the model, so that every kind and field there is can be opened, read and saved."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import combinations
from typing import TYPE_CHECKING, Annotated, Any, Literal
from zoneinfo import ZoneInfo

import pytest
from babel import Locale
from pydantic import Field

import v5_cloud.pages  # noqa: F401 - the pages bring their parts in, in the right order
from tests.cloud.pages.forms import form_of
from v5_cloud.pages.formats import Formats
from v5_cloud.programmes.editing import Draft, model
from v5_cloud.programmes.form import Model, Sight, fields_of, read
from v5_cloud.programmes.form.choices import GROUPS, KINDS, PARTS
from v5_cloud.programmes.form.figures import Figures
from v5_cloud.programmes.form.names import Names
from v5_cloud.programmes.form.shapes import Shape
from v5_cloud.programmes.form.titles import FIELDS
from v5_cloud.sample import load
from v5_cloud.users.service import add_user
from v5_core.money import Quantity
from v5_core.programme import OfferBase, PercentOffer, Programme

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cloud.conftest import Service, Start
    from tests.cloud.pages.conftest import Person, SignIn

PASSWORD = "dez letras ou mais"
END = datetime(2026, 11, 22, 15, 40, tzinfo=UTC)
TEXTS = {
    "when": "weekday in (2, 5) and hour between 9 and 12 and store = 'LX1' and sales >= 3",
    "join": "age >= 18",
    "where": "unit_price >= 10",
    "message": "will_earn",
    "offer": "coupon",
    "entitlement": "coffee",
    "currency": "EUR",
}


def some(shape: Shape, number: int = 0) -> Any:
    """A value of a field that is not its default."""
    if shape.widget == "part":
        return {one.name: some(one, number) for one in shape.fields}
    if shape.widget == "list":
        return [some(shape.inner, 1), some(shape.inner, 2)]
    simple = {
        "switch": not shape.default, "number": 3, "scaled": 1000 * number, "date": "2026-12-24", "moment": "2026-12-24T10:30:15Z",
        "tongues": {"pt": "Olá {name}", "en": "Hello"}, "const": (shape.options or ("",))[0],
    }  # fmt: skip
    if shape.widget in simple:
        return simple[shape.widget]
    if shape.widget == "unit":
        return {"money": "12.34", "points": "12.5", "quantity": "2", "percent": "7.5"}[shape.unit]
    if shape.widget == "choice":
        return next((one for one in reversed(shape.options) if one != shape.default), shape.options[0])
    if shape.widget == "checks":
        return list(shape.options[1:3])
    if shape.widget == "chips":
        return ["15.00", "2.50"] if shape.inner.widget == "unit" else ["B 1", "A,2"]
    if shape.widget == "map":
        return {"CAFE-250": "3.99", "X 1": "0.50"}
    return f"{shape.owner.lower()}-{number}" if shape.name == "id" else TEXTS.get(shape.name, "algo")


OTHERS: dict[str, Any] = {
    "offers": {"kind": "percent_lines", "id": "coupon", "percent": "5", "coupon": True},
    "clubs": {"id": "club", "title": "Clube", "entitlements": [{"id": "coffee", "title": "Café", "uses": 1}]},
}


def holding(part: str, value: dict[str, Any]) -> dict[str, Any]:
    """What a programme holds besides its name: the rule, and what it may point at."""
    held = value if part == "basics" else {part: [value] if model().parts[part].many else value}
    return held | {name: [*held.get(name, []), one] for name, one in OTHERS.items()}


def fits(part: str, value: dict[str, Any]) -> bool:
    return Draft({"id": "x", "name": "x"} | holding(part, value)).read()[0] is not None


def fullest(part: str, full: dict[str, Any], wanted: list[str], needed: list[str]) -> dict[str, Any]:
    """As many of the fields as go together, the first ones before the others."""
    least = ([*needed, *more] for count in range(3) for more in combinations(wanted, count))
    kept = next(names for names in least if fits(part, {name: full[name] for name in names}))
    for count in (1, 2, 1):  # some only go together: a coupon and its offer
        for more in combinations([name for name in wanted if name not in kept], count):
            if not {*more} & {*kept} and fits(part, {one: full[one] for one in [*kept, *more]}):
                kept = [*kept, *more]
    return {name: full[name] for name in full if name in kept}


def every_rule() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Full rules of every part and kind that the schema knows; fields that exclude each other take turns."""
    for part in model().parts.values():
        for kind in part.kinds or ("",):
            shape = model().rule(part.name, kind)
            full = some(shape) | ({"kind": kind} if kind else {})
            needed = [one.name for one in shape.fields if one.required or one.name == "kind"]
            others = [one.name for one in shape.fields if one.name not in needed]
            left: list[str] = []
            while True:
                value = fullest(part.name, full, [*left, *(name for name in others if name not in left)], needed)
                still = [name for name in (left or others) if name not in value]
                yield part.name, kind, value
                if not still or still == left:
                    break
                left = still


def unlike(value: Any, number: int) -> Any:
    """The same with short names of its own."""
    if isinstance(value, list):
        return [unlike(one, number) for one in value]
    if not isinstance(value, dict):
        return value
    return {name: f"{one}-n{number}" if name == "id" else unlike(one, number) for name, one in value.items()}


def begin(admin: Person, service: Service, **fields: Any) -> str:
    reply = admin.post("/programmes/start", {"csrf": admin.token(), "company": service.sample["company"], "name": "Cartão", **fields})
    assert reply.status_code == 303, reply.text
    return reply.headers["location"].removesuffix("/edit")


def body_of(admin: Person, draft: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(admin.get(f"{draft}/json").text)
    return found


@pytest.mark.feature("V5-16", "V5-17", "V5-34")
def test_every_kind_of_rule_is_opened_and_saved_as_it_was(start: Start, tmp_path: Path, person: SignIn) -> None:
    service = start(f"sqlite:///{tmp_path / 'v5.sqlite'}")
    admin = person(service, language="pt")
    draft = begin(admin, service)
    whole = body_of(admin, draft)
    said: dict[str, set[str]] = {}
    rules: dict[str, list[dict[str, Any]]] = {}
    for part, kind, value in every_rule():
        if kind in {one.get("kind") for one in rules.get(part, ())} and not {*value} - said[part]:
            continue
        said.setdefault(part, set()).update(value)
        rules.setdefault(part, []).append(unlike(value, len(rules.get(part, ()))))
    for part, values in rules.items():
        held = {part: values} if model().parts[part].many else values[0] if part == "basics" else {part: values[0]}
        body = whole | held | {name: [*held.get(name, []), one] for name, one in OTHERS.items()}
        saved = admin.post("/programmes/new", {"csrf": admin.token(), "company": service.sample["company"], "text": json.dumps(body)})
        assert saved.status_code == 303, (part, saved.text)
        before = body_of(admin, draft)
        for at in range(len(values) if model().parts[part].many else 1):
            form = form_of(admin.get(f"{draft}/edit/{part}?at={at}").text)
            reply = admin.post(form.action, form.sent())
            assert reply.status_code == 303, (part, values[at], reply.text)
        assert body_of(admin, draft) == before, part
    # Nothing that the model knows was left out.
    for name, shape in model().parts.items():
        known = {one.name for kind in shape.kinds or ("",) for one in model().rule(name, kind).fields}
        assert known - said[name] == set(), name


def fields_within(shape: Shape) -> Iterator[Shape]:
    for one in shape.fields:
        if one.widget != "const":
            yield one
        yield from fields_within(one.inner if one.widget == "list" else one)


def test_every_field_and_choice_has_words_of_its_own() -> None:
    """What the model gains is in the form at once, under its own English name; here it is named until it has five languages."""
    names = Names(lambda text: text)
    bare: set[str] = set()
    for part in model().parts.values():
        bare |= {part.name} if part.name not in PARTS else set()
        for kind in part.kinds or ("",):
            bare |= {f"{part.name}.{kind}"} if kind and f"{part.name}.{kind}" not in KINDS else set()
            for shape in fields_within(model().rule(part.name, kind)):
                if not (FIELDS.get(f"{shape.owner}.{shape.name}") or FIELDS.get(shape.name)):
                    bare.add(f"{shape.owner}.{shape.name}")
                bare |= {
                    f"{shape.owner}.{shape.name}.{one}" for one in shape.options if names.option(shape, one)[0] == one.replace("_", " ")
                }
                bare |= {shape.group} - {*GROUPS}
    assert sorted(bare) == []


@pytest.mark.feature("V5-16", "V5-17")
def test_rules_are_added_changed_moved_undone_and_told_apart_from_what_counts(service: Service, person: SignIn) -> None:
    admin = person(service, language="en")
    draft = begin(admin, service, ready=["points", "second"])
    assert body_of(admin, draft)["offers"][0]["id"] == "second-half"
    publish = admin.post(f"{draft}/publish", {"csrf": admin.token()})
    assert publish.status_code == 303
    again = admin.post(f"{draft}/draft", {"csrf": admin.token()}).headers["location"]
    assert again.endswith("/2/edit")
    assert admin.post(f"{draft}/draft", {"csrf": admin.token()}).headers["location"] == again, "the draft that there is"
    draft = again.removesuffix("/edit")
    form = form_of(admin.get(f"{draft}/edit/offers?at=0").text)
    # A percentage is typed with a comma or a point; a wrong one is named at its field, and stays as it was typed.
    wrong = admin.post(form.action, form.sent(f__percent="cem"))
    assert (wrong.status_code, "A number is expected." in wrong.text, 'value="cem"' in wrong.text) == (422, True, True)
    saved = admin.post(form.action, form.sent(f__percent="33.5", f__when__weekdays=["2"], f__when__from_hour="9", f__when__until_hour="13"))
    assert saved.headers["location"] == f"{again}#part-offers"
    kept = body_of(admin, draft)["offers"][0]
    assert (kept["percent"], kept["when"]) == ("33.5", "weekday = 2 and hour between 9 and 12")
    page = admin.get(again).text
    assert re.search(r"Percentage off what is got:.*?<del[^>]*>50</del>.*?<ins[^>]*>33.5</ins>", page, re.DOTALL)
    assert "from 9 to 13 o&#39;clock" in page
    # Who had the form open since before does not overwrite what somebody else did.
    assert admin.post(form.action, form.sent(f__percent="1")).status_code == 409
    token = {"csrf": admin.token(), "stamp": stamp_of(page)}
    assert admin.post(f"{draft}/edit/offers/0/duplicate", token).status_code == 303
    page = admin.get(again).text
    assert "'second-half' and 'second-half-2' are exclusive" in html.unescape(page), "both rules are named"
    admin.cookies["v5_lang"] = "pt"
    assert "'second-half' e 'second-half-2' são exclusivas" in html.unescape(admin.get(again).text), "in the viewer's language"
    admin.cookies["v5_lang"] = "en"
    for verb, expected in (("down", ["second-half-2", "second-half"]), ("remove", ["second-half"])):
        assert admin.post(f"{draft}/edit/offers/0/{verb}", token | {"stamp": stamp_of(admin.get(again).text)}).status_code == 303
        assert [one["id"] for one in body_of(admin, draft)["offers"]] == expected
    for left in (["second-half-2", "second-half"], ["second-half", "second-half-2"], ["second-half"]):
        assert admin.post(f"{draft}/undo", {"csrf": admin.token()}).status_code == 303
        assert [one["id"] for one in body_of(admin, draft)["offers"]] == left
    assert admin.post(f"{draft}/undo", {"csrf": admin.token()}).status_code == 303
    assert body_of(admin, draft)["offers"][0]["percent"] == "50"
    assert admin.post(f"{draft}/undo", {"csrf": admin.token()}).status_code == 409, "back at the beginning"


def stamp_of(page: str) -> str:
    found = re.search(r'name="stamp" value="(\w+)"', page)
    assert found
    return found[1]


@pytest.mark.feature("V5-01")
def test_drafts_are_edited_by_an_administrator_of_this_tenant_only(service: Service, person: SignIn) -> None:
    admin = person(service)
    draft = begin(admin, service, ready=["points"])
    paths = (f"{draft}/undo", f"{draft}/try", f"{draft}/ready", f"{draft}/edit/earning", f"{draft}/edit/earning/check",
             f"{draft}/edit/earning/0/remove", f"{draft}/draft", "/programmes/start")  # fmt: skip
    before = body_of(admin, draft)
    add_user(
        service.held.database, service.sample["tenant"], email="g@exemplo.pt", password=PASSWORD, role="manager", now=service.clock.now
    )
    login = load(service.held, seed=3, customers=4)["login"]
    for someone, status in ((person(service, "g@exemplo.pt", PASSWORD), 403), (person(service, login["email"], login["password"]), 404)):
        fields = {"csrf": someone.token(), "company": service.sample["company"], "stamp": "x", "f.kind": "per_sale", "f.points": "9"}
        for path in paths:
            assert someone.post(path, fields).status_code == status, path
        assert someone.get(f"{draft}/edit").status_code == status
        assert someone.get(f"{draft}/edit/earning?at=0").status_code == status
    assert body_of(admin, draft) == before
    # What is no part, no kind, no rule, no row of a form.
    for path in ("x?at=0", "earning?at=7", "boosts?at=0"):
        assert admin.get(f"{draft}/edit/{path}").status_code == 404, path
    fields = {"csrf": admin.token(), "stamp": stamp_of(admin.get(f"{draft}/edit").text), "f.kind": "per_sale"}
    for extra in ({"f.kind": "free"}, {"do": "drop:caps.9"}, {"at": "9"}):
        assert admin.post(f"{draft}/edit/earning", fields | extra).status_code == 404, extra


def test_a_new_field_and_a_new_kind_are_in_the_form_without_a_page_being_touched() -> None:
    class Lottery(OfferBase):
        """One ticket for every so many units.

        Attributes:
            every: Units for one ticket.
            draw: The day of the draw.
        """

        form_first = ("title", "every")
        kind: Literal["lottery"] = "lottery"
        every: Annotated[Quantity, Field(gt=0)]
        draw: date | None = None
        colours: tuple[str, ...] = ()

    class Tomorrow(Programme):
        offers: tuple[Annotated[PercentOffer | Lottery, Field(discriminator="kind")], ...] = ()  # type: ignore[assignment]

    shapes = Model(Tomorrow.model_json_schema())
    assert "lottery" in shapes.parts["offers"].kinds
    shape = shapes.rule("offers", "lottery")
    figures = Figures(Locale("pt", "PT"), ZoneInfo("Europe/Lisbon"))
    value = {"kind": "lottery", "id": "tombola", "every": "2.5", "draw": "2026-12-24", "colours": ["red", "blue"]}
    root = fields_of(shape, value, Sight(Names(str), figures, Formats(Locale("pt", "PT"), ZoneInfo("Europe/Lisbon"), END)))
    shown = {one.shape.name: one for one in root.children}
    assert (shown["every"].widget, shown["every"].text, shown["every"].help) == ("unit", "2,5", "Units for one ticket.")
    assert (shown["draw"].widget, shown["draw"].text, shown["colours"].widget) == ("date", "2026-12-24", "chips")
    assert [one.shape.name for one in root.common][:2] == ["title", "every"]
    posted = {"f.every": ["3,5"], "f.draw": ["2026-12-31"], "f.colours": ["red\r\ngreen"], "f.id": ["tombola"], "f.exclusive": ["on"]}
    read_back = read(shape, posted, value, figures)
    made = Tomorrow.model_validate_json(json.dumps({"id": "x", "name": "x", "offers": [read_back]})).offers[0]
    assert isinstance(made, Lottery)
    assert (made.every, made.draw, made.colours) == (3500, date(2026, 12, 31), ("red", "green"))


def test_numbers_are_read_as_people_of_the_language_write_them() -> None:
    def reads(code: str, typed: str) -> str:
        return Figures(Locale.parse(code), ZoneInfo("Europe/Lisbon")).number(typed)

    cases = (
        ("pt_PT", "12,5", "12.5"), ("pt_PT", "1 234,50 €", "1234.50"), ("pt_PT", "1.5", "1.5"), ("en_GB", "1,234.50", "1234.50"),
        ("en_GB", "1,234", "1234"), ("es_ES", "1.234", "1234"), ("es_ES", "1.234,5", "1234.5"), ("he_IL", "12.5%", "12.5"),
        ("pt_PT", "dez", "dez"),
    )  # fmt: skip
    assert [reads(code, typed) for code, typed, _ in cases] == [expected for *_, expected in cases]
